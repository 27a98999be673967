import Foundation
import Observation
import RidCore

/// The list of a wallet, for views.
@MainActor @Observable
public final class WalletModel {
    /// What is held.
    public private(set) var credentials: [CredentialSummary] = []
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
            failure = code(error)
        }
    }

    /// Deletes one, and reads the list again; ``failure`` is that of the deletion, if it failed.
    public func delete(_ id: CredentialId) async {
        var failed: String?
        do {
            try await wallet.delete(id)
        } catch {
            failed = code(error)
        }
        await refresh()
        if let failed { failure = failed }
    }

    private func code(_ error: any Error) -> String {
        (error as? RidError)?.code ?? "cancelled"
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
