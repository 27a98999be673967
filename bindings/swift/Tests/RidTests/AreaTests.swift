import Foundation
import RidTesting
import Testing

@testable import Rid

/// What a secure area does that it should not: a named error each, and the wallet works on.
@Suite struct AreaTests {
    struct Foreign: Error {
        let text = "a name in a text"
    }

    @Test func theSuiteOfThePortIsPassed() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        try await secureAreaSuite(area: try rig.area())
        try await secureAreaSuite(area: GuardedSecureArea(try rig.area()))
    }

    @Test func theSuiteFindsAnAreaThatDoesNotHold() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WrongArea(try rig.area(), deletes: false)
        // Any guarded call makes panics tell their place only.
        _ = try derivePoint(input: Data(count: 32))
        await #expect(throws: SuiteError.self) { try await secureAreaSuite(area: area) }
    }

    @Test func thePointThatAnEnclaveAgreesWith() throws {
        #expect(try derivePoint(input: Data(count: 32)).count == 65)
        for count in [0, 31, 33] {
            #expect(throws: SecureAreaError.unavailable) { try derivePoint(input: Data(count: count)) }
        }
    }

    @Test func neg_m01_everyThrowIsANamedError() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        let thrown: [(any Error, String)] = [
            (Foreign(), "key_unavailable"), (CancellationError(), "cancelled"), (CocoaError(.fileNoSuchFile), "key_unavailable"),
            (RidError.locked, "key_unavailable"), (SecureAreaError.unavailable, "key_unavailable"),
            (SecureAreaError.cancelled, "cancelled"), (SecureAreaError.locked, "locked"),
        ]
        for (error, code) in thrown {
            for method in ["createKeys", "sign"] {
                area.watch(before: { _, called in if called == method { throw error } })
                let session = try wallet.enrol(kinds: ["mdl"], challenge: Data(count: 32), audience: audience, copies: 1)
                do {
                    _ = try await session.next()
                    Issue.record("\(method) threw \(error)")
                } catch let failed as RidError {
                    #expect(failed.code == code, "\(method) threw \(error)")
                    #expect(!"\(failed)".contains("a name"))
                }
            }
        }
        area.watch()
        #expect(try await rig.enrol(wallet).count == 1)
    }

    @Test func neg_m01_everyThrowEndsAPresentationByName() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet, copies: 6)
        let thrown: [(any Error, String)] = [
            (Foreign(), "key_unavailable"), (SecureAreaError.cancelled, "key_cancelled"),
            (SecureAreaError.invalidated, "key_invalidated"), (SecureAreaError.locked, "key_locked"),
        ]
        for (error, code) in thrown {
            area.watch(before: { _, method in if method == "sign" { throw error } })
            let met = try await present(wallet, try rig.reader(), [ask("family_name")]) { $0.agree { _, _ in true } }
            #expect(met.holder == code && met.verdicts.isEmpty)
        }
        area.watch()
        let met = try await present(wallet, try rig.reader(), [ask("family_name")]) { $0.agree { _, _ in true } }
        #expect(met.verdicts.map(\.decision) == [.accepted])
        // Each began with its copy and its row.
        #expect(try await wallet.credentials()[0].copiesLeft == 1)
        #expect(try await wallet.events().filter { $0.kind == .presentation }.count == 5)
    }

    @Test func neg_m01_anAnswerOfAWrongFormIsUnavailable() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        for count in [0, 63, 65, 72, 2 << 20] {
            let wallet = try await rig.open(WrongArea(try rig.area(), signature: Data(count: count)))
            let session = try wallet.enrol(kinds: ["mdl"], challenge: Data(count: 32), audience: audience, copies: 1)
            await #expect(throws: RidError.unsupported(code: "key_unavailable")) { try await session.next() }
            try await wallet.closeStore()
        }
    }

    @Test func neg_m01_aSlowAreaIsWaitedFor() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet)
        area.watch(before: { _, _ in try await Task.sleep(nanoseconds: 300_000_000) })
        let met = try await present(wallet, try rig.reader(), [ask("family_name")]) { $0.agree { _, _ in true } }
        #expect(met.verdicts.map(\.decision) == [.accepted])
    }

    /// It does not listen to cancellation: `next()` returns at once all the same, and the late answer harms nothing.
    @Test func neg_m01_anAreaThatAnswersAfterCancelHarmsNothing() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        for byTask in [true, false] {
            let (going, gate) = (Later<Bool>(), Later<Bool>())
            area.watch(after: { _, method in
                guard method == "sign" else { return }
                await going.set(true)
                _ = await gate.get()
            })
            let session = try wallet.enrol(kinds: ["mdl"], challenge: Data(count: 32), audience: audience, copies: 1)
            let call = Task { try await session.next() }
            _ = await going.get()
            if byTask { call.cancel() } else { session.cancel() }
            switch await call.result {
            case .success: Issue.record("it was cancelled")
            case .failure(let error): #expect(byTask ? error is CancellationError : error as? RidError == .cancelled)
            }
            await gate.set(true)
            try await Task.sleep(nanoseconds: 50_000_000)
            area.watch()
            if byTask {
                await #expect(throws: RidError.misuse(code: "interrupted")) { try await session.next() }
            }
        }
        #expect(try await rig.enrol(wallet).count == 1)
    }

    @Test func neg_m01_anAnswerAfterCancellationIsWipedAndReplaced() async throws {
        let area = LateArea()
        let guarded = GuardedSecureArea(area)
        let call = Task { try await guarded.derive(key: "key", input: Data(count: 32), prompt: .unlock) }
        _ = await area.going.get()
        #expect(area.secret.allSatisfy { $0 == 7 })
        call.cancel()
        await area.gate.set(true)
        await #expect(throws: SecureAreaError.cancelled) { try await call.value }
        #expect(area.secret.allSatisfy { $0 == 0 })
    }
}

/// Answers when the gate is opened, cancelled or not; a test looks at the very bytes of its answer.
private final class LateArea: SecureArea, @unchecked Sendable {
    let going = Later<Bool>()
    let gate = Later<Bool>()
    let secret = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 32)

    deinit { secret.deallocate() }

    func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        secret.initialize(repeating: 7)
        await going.set(true)
        _ = await gate.get()
        return Data(bytesNoCopy: secret.baseAddress!, count: 32, deallocator: .none)
    }

    func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] { throw SecureAreaError.unavailable }
    func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data { throw SecureAreaError.unavailable }
    func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data { throw SecureAreaError.unavailable }
    func info(key: KeyId) async throws -> KeyInfo { throw SecureAreaError.notFound }
    func delete(key: KeyId) async throws {}
}
