import Foundation
import RidCore

/// A verifier's reader: no vault, no documents of its own.
public final class RidReader: Sendable {
    private let core: Reader

    /// A reader; its key, if it has one, is in `secureArea`.
    public init(options: ReaderOptions, secureArea: any SecureArea) throws {
        try RidError.check(options.locales + [options.key ?? ""])
        try RidError.check(options.issuerRoots)
        try RidError.check(options.chain)
        core = try Reader(options: options, secureArea: GuardedSecureArea(secureArea))
    }

    /// Whose roots are loaded: a test is shown on every screen.
    public var environment: TrustEnvironment { core.environment() }

    /// Certificates among the roots that cannot be read. They are not used; the others are.
    public var rootWarnings: [RootWarning] { core.rootWarnings() }

    /// The languages of the readings that start from now on (BCP 47), first wanted first.
    public func setLocales(_ locales: [String]) throws {
        try RidError.check(locales)
        core.setLocales(locales: locales)
    }

    /// Starts from the text of a QR code.
    public func read(qr: String, asking asked: [DocumentAsk]) throws -> ReadingSession {
        try RidError.check(qr)
        try RidError.check(asked)
        return ReadingSession(core: try core.read(qr: qr, asked: asked))
    }
}
