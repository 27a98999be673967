import Foundation
import Rid
import RidTesting
import Testing

/// Both sessions, chunk by chunk, without a radio.
private struct Sessions {
    let presentation: PresentationSession
    let reading: ReadingSession

    init(_ rig: Rig, _ wallet: RidWallet) async throws {
        presentation = try wallet.present()
        guard case .advertise(let qr, _, _) = try await presentation.next() else { throw Failure("a QR code") }
        reading = try rig.reader().read(qr: qr, asking: [ask("family_name")])
    }

    /// Runs up to a step of the wallet.
    @discardableResult
    func until(_ wanted: (PresentationStep) -> Bool) async throws -> PresentationStep {
        try presentation.proceed()
        try presentation.connected(mtu: mtu)
        guard case .connect = try await reading.next() else { throw Failure("a link") }
        try reading.connected(mtu: mtu)
        while true {
            let step = try await presentation.next()
            if wanted(step) { return step }
            switch step {
            case .ask(let request): try presentation.answer(try #require(request.agree { _, _ in true }))
            case .send: try deliver()
            case .wait:
                guard case .send = try await reading.next() else { continue }
                for chunk in try reading.chunks(mtu: mtu) { try presentation.receivedChunk(chunk) }
                try reading.proceed()
            default: throw Failure("\(step)")
            }
        }
    }

    func deliver() throws {
        for chunk in try presentation.chunks(mtu: mtu) { try reading.receivedChunk(chunk) }
        try presentation.proceed()
    }
}

/// Sessions that end: by the link, by the app, by a panic, with the radio still talking.
@Suite struct EndingTests {
    private let nobody = ConsentAnswer(id: "", hash: Data(count: 32), decision: .refuse)

    private func isAsk(_ step: PresentationStep) -> Bool { if case .ask = step { true } else { false } }
    private func isSend(_ step: PresentationStep) -> Bool { if case .send = step { true } else { false } }
    private func isReceipt(_ step: PresentationStep) -> Bool { if case .receipt = step { true } else { false } }

    /// The outcomes of presentations, as the history has them.
    private func outcomes(_ wallet: RidWallet) async throws -> [HistoryOutcome] {
        try await wallet.events().filter { $0.kind == .presentation }.map(\.outcome)
    }

    @Test func callsAfterTheEndDoNothing() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        for way in ["cancelled", "transport_disconnected", "done"] {
            let sessions = try await Sessions(rig, wallet)
            let (presentation, reading) = (sessions.presentation, sessions.reading)
            switch way {
            case "cancelled":
                presentation.cancel()
                reading.cancel()
            case "transport_disconnected":
                try presentation.disconnected()
                try reading.disconnected()
            default:
                try await sessions.until(isReceipt)
                try presentation.proceed()
                guard case .judged = try await reading.next() else { throw Failure("a verdict") }
                try reading.proceed()
                try presentation.disconnected()
                try reading.disconnected()
            }
            for _ in 0..<2 {
                for chunk in [Data(), Data([9, 9]), Data([0, 1])] {
                    try presentation.receivedChunk(chunk)
                    try reading.receivedChunk(chunk)
                }
                try presentation.connected(mtu: mtu)
                try presentation.tick()
                try presentation.disconnected()
                try presentation.proceed()
                try presentation.unlocked()
                try presentation.answer(nobody)
                #expect(try presentation.chunks(mtu: mtu).isEmpty)
                try reading.connected(mtu: mtu)
                try reading.tick()
                try reading.disconnected()
                try reading.proceed()
                try reading.finish()
                #expect(try reading.chunks(mtu: mtu).isEmpty)
                // A question that nobody will ever answer is named.
                #expect(throws: RidError.misuse(code: "session_closed")) { try reading.ask([ask("given_name")]) }
                #expect(try await presentation.next() == .closed(code: way))
                #expect(try await reading.next() == .closed(code: way))
            }
        }
    }

    @Test func anAnswerAfterTheLinkEndedDoesNothingAndTheStepsGoOn() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let sessions = try await Sessions(rig, wallet)
        let asked = try await sessions.until(isAsk)
        var steps: [PresentationStep] = []
        for try await step in sessions.presentation.steps {
            steps.append(step)
            if case .ask(let request) = step {
                // The person still reads when the reader goes away.
                try sessions.presentation.disconnected()
                try sessions.presentation.answer(try #require(request.agree { _, _ in true }))
            }
        }
        #expect(steps == [asked, .closed(code: "transport_disconnected")])
        #expect(try await wallet.credentials()[0].copiesLeft == 2)
    }

    @Test func neg_c37_aResponseThatWasHandedOutAndNotSentIsOfUnknownDelivery() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let lost = try await Sessions(rig, wallet)
        try await lost.until(isSend)
        #expect(try await outcomes(wallet) == [.unknownDelivery])
        try lost.presentation.disconnected()
        #expect(try await lost.presentation.next() == .closed(code: "transport_disconnected"))
        try lost.presentation.proceed()
        #expect(try await outcomes(wallet) == [.unknownDelivery])

        let sent = try await Sessions(rig, wallet)
        try await sent.until(isSend)
        try sent.deliver()
        guard case .receipt = try await sent.presentation.next() else { throw Failure("a receipt") }
        sent.presentation.cancel()
        #expect(try await outcomes(wallet) == [.unknownDelivery, .finished])
        guard case .judged(let verdict) = try await sent.reading.next() else { throw Failure("a verdict") }
        #expect(verdict.decision == .accepted)
    }

    @Test func neg_c38_nothingIsHandedOutAfterCancel() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        for wanted in [isAsk, isSend] {
            let sessions = try await Sessions(rig, wallet)
            try await sessions.until(wanted)
            sessions.presentation.cancel()
            var left: [PresentationStep] = []
            for try await step in sessions.presentation.steps {
                left.append(step)
                if case .send(let message) = step {
                    // A farewell is some bytes, a response with a document is not.
                    #expect(message.count < 64)
                    try sessions.presentation.proceed()
                }
            }
            #expect(left.count <= 2 && left.last == .closed(code: "cancelled"), "\(left)")
        }
        let rows = try await wallet.events().filter { $0.kind == .presentation }
        #expect(rows.map(\.outcome) == [.refused, .unknownDelivery] && rows[0].reason == "cancelled")
        #expect(try await wallet.credentials()[0].copiesLeft == 1)
    }

    @Test func std_m47_anMtuBelow23IsRefusedBeforeACopyIsUsed() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let sessions = try await Sessions(rig, wallet)
        try sessions.presentation.proceed()
        guard case .connect = try await sessions.reading.next() else { throw Failure("a link") }
        for mtu in [-1, 0, 22] {
            #expect(throws: RidError.badInput(code: "transport_mtu")) { try sessions.presentation.connected(mtu: mtu) }
            #expect(throws: RidError.badInput(code: "transport_mtu")) { try sessions.reading.connected(mtu: mtu) }
        }
        guard case .wait = try await sessions.presentation.next() else { throw Failure("it waits on") }
        guard case .connect = try await sessions.reading.next() else { throw Failure("it connects still") }
        #expect(try await wallet.credentials()[0].copiesLeft == 2)
        try sessions.presentation.connected(mtu: 517)
        try sessions.reading.connected(mtu: 517)
        guard case .send = try await sessions.reading.next() else { throw Failure("a request") }
    }

    @Test func neg_m03_aPanicBreaksItsObjectByNameAndNoOther() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let sessions = try await Sessions(rig, wallet)
        let presentation = sessions.presentation
        panicInsideClock()
        #expect(throws: RidError.bug(code: "panic")) { try presentation.tick() }
        let nobody = nobody
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await presentation.next() }, { try presentation.proceed() }, { try presentation.answer(nobody) },
            { try presentation.unlocked() }, { try presentation.connected(mtu: mtu) }, { try presentation.receivedChunk(Data([0, 1])) },
            { _ = try presentation.chunks(mtu: mtu) }, { try presentation.disconnected() }, { try presentation.tick() },
            { for try await _ in presentation.steps {} },
        ]
        for call in calls { await #expect(throws: RidError.bug(code: "broken")) { try await call() } }
        presentation.cancel()

        let reading = sessions.reading
        panicInsideClock()
        #expect(throws: RidError.bug(code: "panic")) { try reading.tick() }
        let readings: [@Sendable () async throws -> Void] = [
            { _ = try await reading.next() }, { try reading.proceed() }, { try reading.connected(mtu: mtu) },
            { try reading.receivedChunk(Data([0, 1])) }, { _ = try reading.chunks(mtu: mtu) }, { try reading.disconnected() },
            { try reading.tick() }, { try reading.ask([ask("given_name")]) }, { try reading.finish() },
            { for try await _ in reading.steps {} },
        ]
        for call in readings { await #expect(throws: RidError.bug(code: "broken")) { try await call() } }
        reading.cancel()

        // The wallet and other sessions go on.
        let met = try await present(wallet, try rig.reader(), [ask("family_name")]) { $0.agree { _, _ in true } }
        #expect(met.verdicts.map(\.decision) == [.accepted])
    }

    @Test func aCancelledEnrolmentLeavesNoKeys() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet)
        func keys() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: rig.home + "/swift-keys").count }
        let before = try keys()
        for name in ["createKeys", "sign"] {
            let session = try wallet.enrol(kinds: ["mdl"], challenge: try rig.challenge(), audience: audience, copies: 2)
            let asked = Later<Bool>()
            area.watch(before: { _, method in
                guard method == name else { return }
                await asked.set(true)
                try await Task.sleep(nanoseconds: 60_000_000_000)
            })
            let running = Task { try await session.next() }
            _ = await asked.get()
            session.cancel()
            await #expect(throws: RidError.cancelled) { try await running.value }
            area.watch()
            _ = try await wallet.credentials()
            #expect(try keys() == before, "\(name)")
        }
        // After its message was given an enrolment waits for the issuer.
        let session = try wallet.enrol(kinds: ["mdl"], challenge: try rig.challenge(), audience: audience, copies: 2)
        let enrolment = try await session.next()
        session.cancel()
        _ = try await wallet.credentials()
        #expect(try await wallet.accept(id: enrolment.id, answer: try rig.answer(enrolment.message)).count == 1)
    }

    @Test func timeIsCountedFromTheStartOfTheMachineAndCountsSleep() throws {
        guard let text = try? String(contentsOfFile: "/proc/uptime", encoding: .utf8), let seconds = Double(text.prefix { $0 != " " }) else { return }
        #expect(abs(Double(uptimeMillis()) - seconds * 1_000) < 1_000)
    }
}
