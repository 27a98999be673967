import Foundation
import RidCore

/// One person's wallet in one folder.
///
/// Methods may be called from any task; a task may be cancelled at any of them, and the wallet stays as usable as it was. Every failure is a
/// `WalletError` with a code and no text about a person. Open a folder once in a process.
public final class RidWallet: Sendable {
    private let core: Wallet

    init(core: Wallet) {
        self.core = core
    }

    /// Opens the wallet in `folder`, or makes an empty one; keys are in `secureArea`. A presentation cut off by the death of the process is
    /// over. Whatever `secureArea` throws beside `SecureAreaError` counts as `Unavailable`.
    public static func open(folder: String, options: WalletOptions, secureArea: any SecureArea) async throws -> RidWallet {
        try Task.checkCancellation()
        return RidWallet(core: try await Wallet.open(folder: folder, options: options, secureArea: GuardedSecureArea(secureArea)))
    }

    /// Whose roots are loaded: a test is shown on every screen.
    public var environment: Environment { core.environment() }

    /// Whether personal data can be read.
    public var lockState: LockState {
        get throws { try core.lockState() }
    }

    /// Drops the keys of personal data from memory.
    public func lock() throws {
        try core.lock()
    }

    /// Brings them back through the secure area.
    public func unlock() async throws {
        try await core.unlock()
    }

    /// All credentials. Decrypts no copy and no portrait.
    public func credentials() async throws -> [CredentialView] {
        try await core.credentials()
    }

    /// One credential with its values, all but the portrait.
    public func credential(_ id: CredentialId) async throws -> CredentialDetail {
        try await core.credential(id: id)
    }

    /// Its portrait, if it has one.
    public func portrait(_ id: CredentialId) async throws -> PortraitView? {
        try await core.portrait(id: id)
    }

    /// Deletes a credential, its copies and keys; leaves a row in the history.
    public func delete(_ id: CredentialId) async throws {
        try await core.delete(id: id)
    }

    /// Rows of the history from place `from` on, at most `max`, oldest first.
    public func history(from: UInt64 = 0, max: UInt32 = 100) async throws -> [HistoryView] {
        try await core.history(from: from, max: max)
    }

    /// Starts asking an issuer, whose `challenge` and name (`audience`) these are, for `copies` one-time copies (0: as many as usual) of each
    /// of `kinds` (short name or document type).
    public func enrol(kinds: [String], challenge: Data, audience: String, copies: UInt32 = 0) throws -> EnrolmentSession {
        try limited(challenge)
        return EnrolmentSession(
            core: try core.enrol(kinds: kinds, copies: copies, challenge: challenge, audience: audience))
    }

    /// Checks an issuer's answer to the enrolment `id` fully and stores it: every credential or none.
    public func accept(id: String, answer: Data) async throws -> [CredentialView] {
        guard answer.count <= 64 * largest else { throw WalletError.BadInput(code: "input_too_large") }
        return try await core.accept(id: id, answer: answer)
    }

    /// Starts a face-to-face presentation.
    public func present() throws -> PresentationSession {
        PresentationSession(core: try core.present())
    }

    /// Closes the store and lets other processes open it. Sessions still open end with named errors.
    public func closeStore() async throws {
        try await core.closeStore()
    }

    private func limited(_ data: Data) throws {
        guard data.count <= largest else { throw WalletError.BadInput(code: "input_too_large") }
    }
}
