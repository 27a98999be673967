import Foundation
import Rid
import RidTesting
import Testing

/// What an app or a peer hands in that it must not: a named error each, and the object usable or ended by name.
@Suite struct BadInputTests {
    private let huge = Data(count: (1 << 20) + 1)
    private let long = String(repeating: "x", count: (1 << 20) + 1)

    @Test func neg_m04_emptyAndOversizeInputsOfAWalletAreNamed() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let (huge, long) = (huge, long)
        let tooLarge = RidError.badInput(code: "input_too_large")
        await #expect(throws: tooLarge) { try await wallet.accept(id: "00", answer: Data(count: (5 << 20) + 1)) }
        await #expect(throws: tooLarge) { try await wallet.accept(id: long, answer: Data()) }
        await #expect(throws: tooLarge) { try await wallet.credential(long) }
        await #expect(throws: tooLarge) { try await wallet.portrait(long) }
        await #expect(throws: tooLarge) { try await wallet.delete(long) }
        for (kinds, challenge, issuer) in [(["mdl"], huge, audience), ([long], Data([1]), audience), (["mdl"], Data([1]), long)] {
            #expect(throws: tooLarge) { try wallet.enrol(kinds: kinds, challenge: challenge, audience: issuer) }
        }
        await #expect(throws: RidError.badInput(code: "enrolment_unknown")) { try await wallet.accept(id: "", answer: Data()) }
        await #expect(throws: RidError.badInput(code: "enrolment_unknown")) { try await wallet.withdraw(id: "00") }
        await #expect(throws: RidError.badInput(code: "enrolment_unknown")) { try await wallet.accept(id: "\0", answer: Data([0])) }
        await #expect(throws: RidError.badInput(code: "credential_unknown")) { try await wallet.credential("") }
        #expect(throws: RidError.badInput(code: "kind_unknown")) { try wallet.enrol(kinds: [""], challenge: Data([1]), audience: audience) }
        // Half a surrogate pair cannot be a Swift text: what comes from elsewhere was replaced before.
        let half = String(decoding: [0xD800, 0x61] as [UInt16], as: UTF16.self)
        await #expect(throws: RidError.badInput(code: "credential_unknown")) { try await wallet.credential(half) }
        #expect(try await wallet.history(from: .max, max: .max).isEmpty)
        for root in [Data(), huge, Data("no certificate".utf8)] {
            let options = try rig.options(issuerRoots: rig.issuerRoots(root))
            await #expect(throws: RidError.self) {
                try await RidWallet.open(folder: rig.home + "/other", options: options, secureArea: try rig.area())
            }
        }
        await #expect(throws: RidError.self) {
            try await RidWallet.open(folder: "", options: try rig.options(), secureArea: try rig.area())
        }
        // The wallet works on.
        #expect(try await rig.enrol(wallet).count == 1)
    }

    @Test func neg_m04_chunksThatAreNoneEndASessionByName() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        var long = Data(count: 400_000)
        long[0] = 1
        for chunks in [[Data()], [Data([9, 1])], [long, long, long, long]] {
            let session = try wallet.present()
            _ = try await session.next()
            try session.proceed()
            #expect(throws: RidError.peerRefused(code: "transport_limit")) {
                for chunk in chunks { try session.receivedChunk(chunk) }
            }
            #expect(try await session.next() == .closed(code: "transport_limit"))
        }
        let session = try wallet.present()
        guard case .advertise(let qr, _, _) = try await session.next() else { throw Failure("a QR code") }
        try session.proceed()
        #expect(throws: RidError.badInput(code: "input_too_large")) { try session.receivedChunk(huge) }
        guard case .wait = try await session.next() else { throw Failure("it waits on") }
        let reading = try rig.reader().read(qr: qr, asking: [ask("family_name")])
        guard case .connect = try await reading.next() else { throw Failure("a link") }
        try reading.connected(mtu: mtu)
        #expect(throws: RidError.badInput(code: "input_too_large")) { try reading.receivedChunk(huge) }
        #expect(throws: RidError.peerRefused(code: "transport_limit")) { try reading.receivedChunk(Data()) }
        #expect(try await reading.next() == .closed(code: "transport_limit"))
    }

    @Test func neg_m04_aReaderRefusesWhatIsNoQrCodeAndNoQuestion() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        guard case .advertise(let qr, _, _) = try await wallet.present().next() else { throw Failure("a QR code") }
        let reader = try rig.reader()
        for text in ["", "mdoc:", "https://example.org", "mdoc:====", String(qr.dropLast(8))] {
            #expect(throws: RidError.self) { try reader.read(qr: text, asking: [ask("family_name")]) }
        }
        #expect(throws: RidError.badInput(code: "input_too_large")) { try reader.read(qr: long, asking: [ask("family_name")]) }
        #expect(throws: RidError.badInput(code: "input_too_large")) { try reader.read(qr: qr, asking: [ask(long)]) }
        for asked in [[], [ask()]] {
            #expect(throws: RidError.badInput(code: "ask_invalid")) { try reader.read(qr: qr, asking: asked) }
        }
    }

    @Test func neg_m04_answersToQuestionsNotAskedChangeNothing() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let session = try wallet.present()
        let notAsked = RidError.misuse(code: "not_asked")
        let nobody = ConsentAnswer(id: "", hash: Data(), decision: .refuse)
        #expect(throws: notAsked) { try session.proceed() }
        guard case .advertise(let qr, _, _) = try await session.next() else { throw Failure("a QR code") }
        #expect(throws: notAsked) { try session.answer(nobody) }
        #expect(throws: notAsked) { try session.unlocked() }
        #expect(throws: notAsked) { try session.chunks(mtu: mtu) }
        guard case .advertise = try await session.next() else { throw Failure("the same step") }
        try session.proceed()
        #expect(throws: notAsked) { try session.proceed() }
        guard case .wait = try await session.next() else { throw Failure("it waits") }

        let reading = try rig.reader().read(qr: qr, asking: [ask("family_name")])
        #expect(throws: RidError.misuse(code: "not_asked")) { try reading.proceed() }
        guard case .connect = try await reading.next() else { throw Failure("a link") }
        #expect(throws: RidError.misuse(code: "not_asked")) { try reading.ask([ask("given_name")]) }
        try reading.connected(mtu: mtu)
        #expect(throws: RidError.misuse(code: "not_asked")) { try reading.connected(mtu: mtu) }
        guard case .send = try await reading.next() else { throw Failure("a request") }
        for mtu in [-1, 0, 22] {
            #expect(throws: RidError.badInput(code: "transport_mtu")) { try reading.chunks(mtu: mtu) }
        }
        for mtu in [23, 517, 65_535, 100_000] {
            let longest = try reading.chunks(mtu: mtu).map(\.count).max() ?? 0
            #expect(longest >= 2 && longest <= min(512, mtu - 3))
        }
    }

    @Test func neg_m04_twoAnswersAndAnswersOfAnotherQuestion() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let session = try wallet.present()
        let holder = try Holder(wallet, session) { request in
            let right = try #require(request.agree { _, _ in true })
            let binding = RidError.misuse(code: "consent_binding")
            for (id, hash) in [
                ("00", right.hash), ("no hex", right.hash), ("", right.hash), (right.id, Data(count: 32)), (right.id, Data()),
            ] {
                #expect(throws: binding) { try session.answer(ConsentAnswer(id: id, hash: hash, decision: right.decision)) }
            }
            guard case .agree(let documents) = right.decision else { throw Failure("it is agreed") }
            let selection = RidError.badInput(code: "consent_selection")
            let one = documents[0]
            let never = ConsentedDocument(position: 0, credential: one.credential, elements: [path("birth_date")])
            let beside = ConsentedDocument(position: 7, credential: one.credential, elements: one.elements)
            let another = ConsentedDocument(position: 0, credential: "none of these", elements: one.elements)
            for documents in [[never], [beside], [another], [one, one]] {
                let decision = ConsentDecision.agree(documents: documents)
                #expect(throws: selection) { try session.answer(ConsentAnswer(id: right.id, hash: right.hash, decision: decision)) }
            }
            try session.answer(right)
            #expect(throws: RidError.misuse(code: "not_asked")) { try session.answer(right) }
            // The role answers once more; that is refused too, and the exchange goes on.
            return right
        }
        let running = Task { try await holder.run() }
        let reading = try rig.reader().read(qr: await holder.qr.get(), asking: [ask("family_name")])
        async let verified = verify(reading, port: holder.port)
        await #expect(throws: RidError.misuse(code: "not_asked")) { try await running.value }
        #expect(try await holder.run() == "done")
        let verdicts = try await verified.verdicts
        #expect(verdicts.map(\.decision) == [.accepted])
    }

    @Test func neg_m04_useAfterTheEnd() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let session = try wallet.present()
        guard case .advertise(let qr, _, _) = try await session.next() else { throw Failure("a QR code") }
        session.cancel()
        for _ in 0..<2 { #expect(try await session.next() == .closed(code: "cancelled")) }
        session.cancel()
        var steps: [PresentationStep] = []
        for try await step in session.steps { steps.append(step) }
        #expect(steps == [.closed(code: "cancelled")])

        let reading = try rig.reader().read(qr: qr, asking: [ask("family_name")])
        reading.cancel()
        #expect(try await reading.next() == .closed(code: "cancelled"))
        #expect(throws: RidError.misuse(code: "session_closed")) { try reading.ask([ask("given_name")]) }

        let enrolling = try wallet.enrol(kinds: ["mdl"], challenge: Data(count: 32), audience: audience, copies: 1)
        enrolling.cancel()
        await #expect(throws: RidError.cancelled) { try await enrolling.next() }

        let open = try wallet.present()
        try await wallet.closeStore()
        await #expect(throws: RidError.misuse(code: "closed")) { try await wallet.credentials() }
        await #expect(throws: RidError.self) { try await wallet.closeStore() }
        _ = try? await open.next()
    }

    @Test func neg_m04_aWaitingIterationIsEndedByCancel() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let session = try wallet.present()
        let waiting = Later<Bool>()
        let iteration = Task {
            var last: PresentationStep?
            for try await step in session.steps {
                last = step
                if case .advertise = step { try session.proceed() }
                if case .wait = step { await waiting.set(true) }
            }
            return last
        }
        _ = await waiting.get()
        session.cancel()
        #expect(try await iteration.value == .closed(code: "cancelled"))
    }

    /// `bindings/swift/test` looks whether the library printed a panic's text.
    @Test func neg_m03_aPanicInsideIsNamedAndSaysNothing() async throws {
        #expect(throws: RidError.bug(code: "panic")) { try panicInside() }
        await #expect(throws: RidError.bug(code: "panic")) { try await panicInsideLater() }
    }

    @Test func privateTextPrintsNothing() {
        let text = PrivateText("Gülçöhrə")
        #expect("\(text)" == "PrivateText" && String(reflecting: text) == "PrivateText")
        var dumped = ""
        dump(ClaimValue.text(text: text), to: &dumped)
        #expect(!dumped.contains("Gül") && text.reveal() == "Gülçöhrə")
        #expect("\(PrivateBytes(Data([1, 2, 3])))" == "PrivateBytes")
    }

    @Test func theLogHasCodesOnlyAndMayThrow() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let sink = Sink()
        logTo(sink: sink)
        defer { logTo(sink: nil) }
        await #expect(throws: RidError.self) { try await wallet.credential("a person's name") }
        #expect(sink.lines == ["wallet.credential credential_unknown"])
    }
}

final class Sink: LogSink, @unchecked Sendable {
    struct Broken: Error {}

    private let lock = NSLock()
    private var said: [String] = []

    var lines: [String] { lock.withLock { said } }

    func log(record: LogRecord) throws {
        lock.withLock { said.append("\(record.operation) \(record.code)") }
        throw Broken()
    }
}
