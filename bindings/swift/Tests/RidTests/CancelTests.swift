import Foundation
import Rid
import RidTesting
import Testing

/// Tasks cancelled at every await, and many at once.
@Suite struct CancelTests {
    @Test func neg_m06_opening() async throws {
        let fresh = try Rig()
        defer { fresh.remove() }
        let calls = try await everyCall { at, acted in
            let rig = try fresh.copied()
            defer { rig.remove() }
            let area = WatchedArea(try rig.area())
            let came = await cut(area, at: at, acted: acted) { try await rig.open(area).closeStore() }
            let wallet = try await rig.open(area)
            #expect(try await wallet.credentials().isEmpty)
            return came
        }
        #expect(calls >= 2)
    }

    @Test func neg_m06_openingCutAtAnyMoment() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        try await wallet.closeStore()
        for round in 0..<60 {
            let call = Task.detached { try await rig.open().closeStore() }
            try await Task.sleep(nanoseconds: UInt64(round) * 100_000)
            call.cancel()
            _ = await call.result
            // The next start finds the folder free and everything in it.
            let again = try await rig.open()
            #expect(try await again.credentials().count == 1)
            try await again.closeStore()
        }
    }

    @Test func neg_m06_unlocking() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet)
        let calls = try await everyCall { at, acted in
            try wallet.lock()
            let came = await cut(area, at: at, acted: acted) { try await wallet.unlock() }
            #expect(try wallet.lockState == (came ? .locked : .unlocked))
            try await wallet.unlock()
            #expect(try await wallet.credentials().count == 1)
            return came
        }
        #expect(calls >= 1)
    }

    @Test func neg_m06_enrolling() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        let calls = try await everyCall { at, acted in
            let session = try wallet.enrol(kinds: ["mdl"], challenge: try rig.challenge(), audience: audience, copies: 2)
            let came = await cut(area, at: at, acted: acted) { _ = try await session.next() }
            if came {
                for _ in 0..<2 {
                    await #expect(throws: RidError.misuse(code: "interrupted")) { try await session.next() }
                }
            } else {
                let enrolment = try await session.next()
                #expect(try await wallet.accept(id: enrolment.id, answer: try rig.answer(enrolment.message)).count == 1)
            }
            return came
        }
        #expect(calls == 3)
        #expect(try await wallet.credentials().count == 2)
    }

    @Test func neg_m06_deleting() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        let calls = try await everyCall { at, acted in
            let id = try await rig.enrol(wallet)[0].id
            let came = await cut(area, at: at, acted: acted) { try await wallet.delete(id) }
            // Gone, or deleted by the next call; never half.
            if try await !wallet.credentials().isEmpty { try await wallet.delete(id) }
            await #expect(throws: RidError.badInput(code: "credential_unknown")) { try await wallet.credential(id) }
            #expect(try await wallet.credentials().isEmpty)
            return came
        }
        #expect(calls >= 1)
    }

    @Test(arguments: [DeviceAuthMethod.signature, .mac])
    func neg_m06_presentingGoesOnWhereItStood(method: DeviceAuthMethod) async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area, method)
        try await rig.enrol(wallet, copies: 14)
        let calls = try await everyCall(repeats: true) { at, acted in
            let came = Later<Bool>()
            let interrupted = Later<Bool>()
            let decision = try await meet(rig, wallet) { holder in
                await came.set(await cut(area, at: at, acted: acted) { _ = try await holder.run() })
                // While a copy is consumed nothing may be asked twice: the session is over by name.
                await interrupted.set(await came.get() && area.latest == "info")
                return await came.get() ? try await holder.run() : "done"
            }
            let expected: Decision? = await interrupted.get() ? nil : .accepted
            #expect(decision == expected, "call \(at)")
            try await consistent(wallet, "call \(at)")
            return await came.get()
        }
        #expect(calls >= 1)
        let rows = try await wallet.events().filter { $0.kind == .presentation }
        #expect(rows.allSatisfy { $0.outcome == .finished || $0.outcome == .failed })
    }

    @Test func neg_m06_presentingCutAtAnyMoment() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet, copies: 40)
        var random = Seeded(state: 7)
        var accepted = 0
        for round in 1...40 {
            let longest = UInt64(200 * pow(1.2, Double(round)))
            var delays = (0..<2_000).map { _ in UInt64.random(in: 100..<longest, using: &random) * 1_000 }.makeIterator()
            let given = delays.next() ?? 0
            let all = [given] + Array(IteratorSequence(delays))
            let decision = try await meet(rig, wallet) { holder in
                // Whoever iterates is cancelled again and again; each time another one goes on.
                for delay in all {
                    let run = Task.detached { try await holder.run() }
                    let cutter = Task.detached {
                        try await Task.sleep(nanoseconds: delay)
                        run.cancel()
                    }
                    let result = await run.result
                    cutter.cancel()
                    switch result {
                    case .success(let code): return code
                    case .failure(is CancellationError): continue
                    case .failure(let error): throw error
                    }
                }
                return try await holder.run()
            }
            #expect(decision != .refused)
            if decision == .accepted { accepted += 1 }
            try await consistent(wallet, "round \(round)")
        }
        #expect(accepted > 0)
    }

    @Test func neg_m06_acceptingCutAtAnyMoment() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        for round in 0..<20 {
            let session = try wallet.enrol(kinds: ["mdl"], challenge: try rig.challenge(), audience: audience, copies: 1)
            let enrolment = try await session.next()
            let answer = try rig.answer(enrolment.message)
            let call = Task.detached { try await wallet.accept(id: enrolment.id, answer: answer) }
            try await Task.sleep(nanoseconds: UInt64(round) * 500_000)
            call.cancel()
            _ = await call.result
            // All or nothing, and what is not done yet can be done again.
            if try await wallet.credentials().count == round { _ = try await wallet.accept(id: enrolment.id, answer: answer) }
            #expect(try await wallet.credentials().count == round + 1)
            #expect(try await wallet.events().filter { $0.kind == .issuance }.count == round + 1)
        }
    }

    /// A task that was cancelled before begins nothing.
    @Test func neg_m06_aCancelledTaskBeginsNothing() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let id = try await rig.enrol(wallet)[0].id
        let session = try wallet.present()
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await wallet.credentials() }, { _ = try await wallet.credential(id) }, { _ = try await wallet.portrait(id) },
            { try await wallet.delete(id) }, { _ = try await wallet.history() }, { try await wallet.unlock() },
            { _ = try await wallet.accept(id: id, answer: Data()) }, { _ = try await session.next() },
            { for try await _ in session.steps {} }, { _ = try await rig.open() },
        ]
        await beginsNone(of: calls)
        #expect(try await wallet.credentials().count == 1)
    }

    @Test func twoHundredCallsAtOnce() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let id = try await rig.enrol(wallet)[0].id
        let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    switch number % 5 {
                    case 0: return try await wallet.credentials().count == 1
                    case 1: return try await !wallet.credential(id).elements.isEmpty
                    case 2: return try await wallet.history().count == 1
                    case 3: return try await wallet.portrait(id) != nil
                    default:
                        if case .advertise = try await wallet.present().next() { return true }
                        return false
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 200 && answers.allSatisfy { $0 })
        let session = try wallet.present()
        let steps = await withTaskGroup(of: Result<PresentationStep, any Error>.self) { group in
            for _ in 0..<200 {
                group.addTask { await Task { try await session.next() }.result }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var given = 0
        for step in steps {
            switch step {
            case .success: given += 1
            case .failure(let error): #expect(error as? RidError == .misuse(code: "busy"))
            }
        }
        #expect(given > 0)
    }

    /// A presentation whose holder is run by `run`; the verdict, if one came.
    private func meet(
        _ rig: Rig, _ wallet: RidWallet, _ run: @escaping @Sendable (Holder) async throws -> String
    ) async throws -> Decision? {
        let holder = try Holder(wallet, try wallet.present()) { $0.agree { _, _ in true } }
        async let closed = run(holder)
        let session = try rig.reader(signed: false).read(qr: await holder.qr.get(), asking: [ask("family_name")])
        let verified = try await verify(session, port: holder.port)
        let code = try await closed
        #expect(["done", "interrupted"].contains(code))
        return verified.verdicts.first?.decision
    }
}

/// The same numbers in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
