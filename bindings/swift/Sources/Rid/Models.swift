import Foundation
import Observation
import RidCore

/// The list of a wallet, for views.
@MainActor @Observable
public final class WalletModel {
    /// What is held.
    public private(set) var credentials: [CredentialView] = []
    /// Why the last call failed: a stable code.
    public private(set) var failure: String?

    private let wallet: RidWallet

    /// Over an open wallet.
    public init(wallet: RidWallet) {
        self.wallet = wallet
    }

    /// Reads the list again.
    public func refresh() async {
        do {
            credentials = try await wallet.credentials()
            failure = nil
        } catch {
            failure = code(of: error)
        }
    }

    /// Deletes one, and reads the list again.
    public func delete(_ id: CredentialId) async {
        do {
            try await wallet.delete(id)
        } catch {
            failure = code(of: error)
        }
        await refresh()
    }
}

/// The question of a presentation, for views.
@MainActor @Observable
public final class PresentationModel {
    /// The step to be shown.
    public private(set) var step: PresentationStep?

    private let session: PresentationSession

    /// Over a session; call ``run(_:)``.
    public init(session: PresentationSession) {
        self.session = session
    }

    /// Follows the session to its end, handing each step to the app's radio first.
    public func run(_ radio: @Sendable (PresentationStep) async throws -> Void) async throws {
        for try await step in session.steps {
            self.step = step
            try await radio(step)
        }
    }

    /// The person's answer to the question shown.
    public func answer(_ answer: ConsentAnswer) throws {
        try session.answer(answer)
    }
}

/// The stable code of an error of this package; `unknown` for any other.
public func code(of error: any Error) -> String {
    switch error {
    case let error as WalletError:
        switch error {
        case .BadInput(let code), .Bug(let code), .Expired(let code), .Misuse(let code), .PeerRefused(let code),
            .StorageDamaged(let code), .Unsupported(let code):
            code
        case .NotTrusted(_, let why): why
        case .Cancelled: "cancelled"
        case .Locked: "locked"
        case .Offline: "offline"
        case .SignInAgain: "sign_in_again"
        }
    case let error as ReaderError:
        switch error {
        case .BadInput(let code), .Bug(let code), .Misuse(let code), .PeerRefused(let code), .Unsupported(let code): code
        case .Cancelled: "cancelled"
        }
    default: "unknown"
    }
}
