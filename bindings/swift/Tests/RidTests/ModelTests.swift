import Foundation
import Observation
import Rid
import RidTesting
import Testing

/// What an app's views hold.
@Suite struct ModelTests {
    @MainActor @Test func theListFollowsTheWalletAndNamesFailures() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let id = try await rig.enrol(wallet)[0].id
        let model = WalletModel(wallet: wallet)
        let changed = Later<Bool>()
        withObservationTracking { _ = model.credentials } onChange: { Task { await changed.set(true) } }
        await model.refresh()
        #expect(await changed.get() && model.credentials.map(\.id) == [id] && model.failure == nil)
        await model.delete("nothing")
        #expect(model.failure == "credential_unknown" && model.credentials.count == 1)
        await model.delete(id)
        #expect(model.failure == nil && model.credentials.isEmpty)
        try await wallet.closeStore()
        await model.refresh()
        #expect(model.failure == "closed")
    }

    @MainActor @Test func thePresentationModelShowsTheStep() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let session = try wallet.present()
        let model = PresentationModel(session: session)
        try await model.run { step in
            if case .advertise = step { try session.proceed() }
            if case .wait = step { session.cancel() }
        }
        #expect(model.step == .closed(code: "cancelled"))
        // The session ended while the person read: the answer does nothing.
        try model.answer(ConsentAnswer(id: "", hash: Data(), decision: .refuse))
    }

    @Test func everyErrorHasItsCode() {
        #expect(RidError.notTrusted(who: "reader", why: "root_unknown").code == "root_unknown")
        #expect(RidError.locked.code == "locked" && RidError.signInAgain.code == "sign_in_again")
        #expect(RidError.offline(retryAfter: 1).code == "offline" && RidError.cancelled.code == "cancelled")
        #expect(RidError.misuse(code: "busy").code == "busy")
    }
}
