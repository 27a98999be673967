import Foundation
import Rid
import RidTesting
import Testing

/// Tasks cancelled where nothing is written: a reader's calls, and looking into a wallet.
@Suite struct LookingCancelTests {
    struct Foreign: Error {
        let text = "a name in a text"
    }

    @Test func neg_m06_aReadingGoesOnWhereItStood() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet, copies: 12)
        let area = WatchedArea(try rig.readerArea())
        let reader = try rig.reader(area)
        let calls = try await everyCall { at, acted in
            let holder = try Holder(wallet, try wallet.present()) { $0.agree { _, _ in true } }
            async let closed = holder.run()
            let session = try reader.read(qr: await holder.qr.get(), asking: [ask("family_name")])
            // The link of the first run is the link of the second.
            let link = Later<LoopbackLink>()
            let port = holder.port
            let came = await cut(area, at: at, acted: acted) { _ = try await verify(session, port: port, link: link) }
            if came {
                let verified = try await verify(session, port: port, link: link)
                #expect(verified.verdicts.map(\.decision) == [.accepted])
            }
            #expect(try await closed == "done")
            try await consistent(wallet, "call \(at)")
            return came
        }
        #expect(calls == 1, "a request is signed once")
        #expect(try await wallet.events().allSatisfy { $0.kind != .presentation || $0.outcome == .finished })
    }

    @Test func neg_m01_aReadersAreaThatThrowsEndsTheReadingByName() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let area = WatchedArea(try rig.readerArea())
        area.watch(before: { _, _ in throw Foreign() })
        let met = try await present(wallet, try rig.reader(area), [ask("family_name")]) { $0.refuse() }
        #expect(met.reader == "key_unavailable" && met.verdicts.isEmpty)
        #expect(met.holder == "transport_disconnected")
        #expect(try await wallet.history().isEmpty)
    }

    @Test func neg_m06_lookingCutAtAnyMoment() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let id = try await rig.enrol(wallet)[0].id
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await wallet.credentials() }, { _ = try await wallet.credential(id) },
            { _ = try await wallet.portrait(id) }, { _ = try await wallet.history() },
        ]
        for call in calls {
            for round in 0..<30 {
                let looking = Task.detached { try await call() }
                try await Task.sleep(nanoseconds: UInt64(round) * 40_000)
                looking.cancel()
                _ = await looking.result
            }
        }
        #expect(try await wallet.credentials().count == 1)
        #expect(try await !wallet.credential(id).elements.isEmpty)
        #expect(try await wallet.portrait(id) != nil)
        #expect(try await wallet.history().count == 1)
    }

    @Test func neg_m06_closingCutAtAnyMoment() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let first = try await rig.open()
        try await rig.enrol(first)
        try await first.closeStore()
        for round in 0..<40 {
            let wallet = try await rig.open()
            let closing = Task.detached { try await wallet.closeStore() }
            try await Task.sleep(nanoseconds: UInt64(round) * 40_000)
            closing.cancel()
            _ = await closing.result
            let again = try await rig.open()
            #expect(try await again.credentials().count == 1)
            try await again.closeStore()
        }
    }

    @Test func neg_m01_aSlowAreaHoldsUpNobodyElse() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        let (going, gate) = (Later<Bool>(), Later<Bool>())
        area.watch(before: { _, method in
            guard method == "createKeys" else { return }
            await going.set(true)
            _ = await gate.get()
        })
        let session = try wallet.enrol(kinds: ["mdl"], challenge: try rig.challenge(), audience: audience, copies: 1)
        let slow = Task { try await session.next() }
        _ = await going.get()
        #expect(try await wallet.credentials().isEmpty)
        await #expect(throws: RidError.misuse(code: "busy")) { try await session.next() }
        guard case .advertise = try await wallet.present().next() else { throw Failure("a QR code") }
        await gate.set(true)
        #expect(try await slow.value.keys == 1)
    }
}
