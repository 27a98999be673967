import Foundation
import RidCore

/// One person's wallet in one folder.
///
/// Methods may be called from any task; a task may be cancelled at any of them, and the wallet stays as usable as it was: what had begun was
/// done whole or not at all. Every failure is a `RidError` with a code and no text about a person, a cancelled task's a
/// `CancellationError`. Open a folder once in a process.
public final class RidWallet: Sendable {
    private let inner: Wallet
    let area: GuardedSecureArea
    let closed = Done()

    private init(core: Wallet, area: GuardedSecureArea) {
        inner = core
        self.area = area
    }

    /// Opens the wallet in `folder`, or makes an empty one; keys are in `secureArea`. A presentation that a process exit interrupted is
    /// over: its row in the history, if it used a copy, says `started`, or `unknownDelivery` when the response had been handed out.
    /// Whatever `secureArea` throws beside `SecureAreaError` counts as `Unavailable`.
    public static func open(folder: String, options: WalletOptions, secureArea: any SecureArea) async throws -> RidWallet {
        try RidError.check([folder] + options.locales)
        try RidError.check(options.issuerRoots)
        try RidError.check(options.readerRoots)
        let area = GuardedSecureArea(secureArea)
        let core = try await interruptible(interrupt: { area.interrupt() }) {
            try await Wallet.open(folder: folder, options: options, secureArea: area)
        }
        return RidWallet(core: core, area: area)
    }

    /// Whose roots are loaded: a test is shown on every screen.
    public var environment: TrustEnvironment { inner.environment() }

    /// Certificates among the roots that cannot be read. They are not used; the others are.
    public var rootWarnings: [RootWarning] { inner.rootWarnings() }

    /// The languages of all views from now on (BCP 47), first wanted first. A step that was given out keeps its language.
    public func setLocales(_ locales: [String]) throws {
        try RidError.check(locales)
        try core().setLocales(locales: locales)
    }

    /// Whether personal data can be read.
    public var lockState: LockState {
        get throws { try core().lockState() }
    }

    /// Drops the keys of personal data from memory.
    public func lock() throws {
        try core().lock()
    }

    /// All credentials. Decrypts no copy and no portrait.
    public func credentials() async throws -> [CredentialSummary] {
        let core = try core()
        return try await interruptible { try await core.credentials() }
    }

    /// One credential with its values, all but the portrait.
    public func credential(_ id: CredentialId) async throws -> CredentialDetails {
        try RidError.check(id)
        let core = try core()
        return try await interruptible { try await core.credential(id: id) }
    }

    /// Its portrait, if it has one.
    public func portrait(_ id: CredentialId) async throws -> Portrait? {
        try RidError.check(id)
        let core = try core()
        return try await interruptible { try await core.portrait(id: id) }
    }

    /// Deletes a credential, its copies and keys; leaves a row in the history.
    public func delete(_ id: CredentialId) async throws {
        try RidError.check(id)
        let core = try core()
        try await interruptible(interrupt: { self.area.interrupt([.delete]) }) { try await core.delete(id: id) }
    }

    /// Starts asking an issuer, whose `challenge` and name (`audience`) these are, for `copies` one-time copies (0: as many as usual) of each
    /// of `kinds` (short name or document type).
    public func enrol(kinds: [String], challenge: Data, audience: String, copies: Int = 0) throws -> EnrolmentSession {
        try RidError.check(challenge)
        try RidError.check(kinds + [audience])
        return EnrolmentSession(
            core: try core().enrol(kinds: kinds, copies: UInt32(clamping: copies), challenge: challenge, audience: audience))
    }

    /// Checks an issuer's answer to the enrolment `id` fully and stores it: every credential or none.
    public func accept(id: String, answer: Data) async throws -> [CredentialSummary] {
        try RidError.check(id)
        try RidError.check(answer, Limit.answer)
        let core = try core()
        return try await interruptible(interrupt: { self.area.interrupt([.info, .delete]) }) { try await core.accept(id: id, answer: answer) }
    }

    /// Withdraws the enrolment `id` whose message was given out: its keys are removed, and from then on the issuer's answer is refused.
    public func withdraw(id: String) async throws {
        try RidError.check(id)
        let core = try core()
        try await interruptible(interrupt: { self.area.interrupt([.info, .delete]) }) { try await core.withdraw(id: id) }
    }

    /// Starts a face-to-face presentation.
    public func present() throws -> PresentationSession {
        PresentationSession(core: try core().present())
    }

    /// Closes the store, so that it can be opened again at once; every later call throws `RidError.misuse` (`closed`). Sessions still open
    /// end with named errors. A task that was cancelled closes it too.
    public func closeStore() async throws {
        let core = try core()
        try await core.closeStore()
        closed.set()
    }

    func core() throws -> Wallet {
        guard !closed.isSet else { throw RidError.misuse(code: "closed") }
        return inner
    }
}
