import Foundation
import Rid
import RidTesting
import Testing

@Suite(.serialized) struct BadInputTests {
    private func filled() async throws -> (Rig, RidWallet) {
        let rig = try Rig()
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        return (rig, wallet)
    }

    @Test func neg_m04_emptyAndOversizeBuffersAreNamed() async throws {
        let (rig, wallet) = try await filled()
        defer { rig.remove() }
        let huge = Data(count: (1 << 20) + 1)
        let session = try wallet.present()
        guard case .advertise(let qr, _, _) = try await session.next() else { throw Failure("a QR code") }
        #expect(throws: WalletError.BadInput(code: "input_too_large")) { try session.receivedChunk(huge) }
        #expect(throws: WalletError.PeerRefused(code: "transport_limit")) { try session.receivedChunk(Data()) }
        #expect(try await session.next() == .closed(code: "transport_limit"))
        #expect(throws: WalletError.BadInput(code: "input_too_large")) {
            try wallet.enrol(kinds: ["mdl"], challenge: huge, audience: audience)
        }
        await #expect(throws: WalletError.BadInput(code: "enrolment_unknown")) { try await wallet.accept(id: "", answer: Data()) }
        await #expect(throws: WalletError.BadInput(code: "credential_unknown")) { try await wallet.credential("") }
        #expect(throws: WalletError.BadInput(code: "kind_unknown")) {
            try wallet.enrol(kinds: ["none"], challenge: Data([1]), audience: audience)
        }
        let reader = try rig.reader()
        for text in ["", "mdoc:", "https://example.org", String(repeating: "A", count: (1 << 20) + 1)] {
            #expect(throws: ReaderError.self) { try reader.read(qr: text, asking: [ask("family_name")]) }
        }
        #expect(throws: ReaderError.BadInput(code: "ask_invalid")) { try reader.read(qr: qr, asking: []) }
        // The wallet works on.
        #expect(try await wallet.credentials().count == 1)
    }

    @Test func neg_m04_answersOutOfTurnChangeNothing() async throws {
        let (rig, wallet) = try await filled()
        defer { rig.remove() }
        let session = try wallet.present()
        let nobody = ConsentAnswer(id: "", hash: Data(), decision: .refuse)
        #expect(throws: WalletError.Misuse(code: "not_asked")) { try session.answer(nobody) }
        #expect(throws: WalletError.Misuse(code: "not_asked")) { try session.unlocked() }
        #expect(throws: WalletError.Misuse(code: "not_asked")) { try session.proceed() }
        #expect(throws: WalletError.Misuse(code: "not_asked")) { try session.chunks(mtu: mtu) }
        guard case .advertise = try await session.next() else { throw Failure("a QR code") }
        try session.proceed()
        #expect(throws: WalletError.Misuse(code: "not_asked")) { try session.proceed() }
        session.cancel()
        #expect(try await session.next() == .closed(code: "cancelled"))
        #expect(throws: WalletError.Misuse(code: "session_closed")) { try session.receivedChunk(Data([0, 1])) }
        #expect(throws: WalletError.Misuse(code: "session_closed")) { try session.connected() }
    }

    @Test func neg_m04_anotherQuestionsAnswerAndTwoAnswersAreRefused() async throws {
        let (rig, wallet) = try await filled()
        defer { rig.remove() }
        let result = try await present(wallet, try rig.reader(), [ask("family_name")]) { request in
            let foreign = ConsentAnswer(id: request.id, hash: Data(count: 32), decision: .refuse)
            Answers.shared.keep(foreign, request)
            return try request.agree { _ in true }
        }
        #expect(result.verdicts.map(\.decision) == [.accepted])
        let (foreign, request) = try #require(Answers.shared.kept)
        let session = try wallet.present()
        #expect(throws: WalletError.Misuse(code: "not_asked")) { try session.answer(foreign) }
        #expect(throws: WalletError.Misuse(code: "not_asked")) { try session.answer(request.refuse()) }
        session.cancel()
    }

    @Test func neg_m03_aPanicInsideIsNamedAndSaysNothing() throws {
        #expect(throws: WalletError.Bug(code: "panic")) { try panicInside() }
    }

    @Test func privateTextPrintsNothing() {
        let text = PrivateText("Gülçöhrə")
        #expect("\(text)" == "PrivateText" && String(reflecting: text) == "PrivateText")
        var dumped = ""
        dump(text, to: &dumped)
        #expect(!dumped.contains("Gül") && text.reveal() == "Gülçöhrə")
        #expect("\(PrivateBytes(Data([1, 2, 3])))" == "PrivateBytes")
    }

    @Test func theLogHasCodesOnlyAndMayThrow() async throws {
        let (rig, wallet) = try await filled()
        defer { rig.remove() }
        let sink = Sink()
        logTo(sink: sink)
        defer { logTo(sink: nil) }
        await #expect(throws: WalletError.self) { try await wallet.credential("a person's name") }
        #expect(sink.lines == ["wallet.credential credential_unknown"])
    }
}

final class Answers: @unchecked Sendable {
    static let shared = Answers()
    private let lock = NSLock()
    private var value: (ConsentAnswer, RequestView)?

    func keep(_ answer: ConsentAnswer, _ request: RequestView) {
        lock.withLock { value = (answer, request) }
    }

    var kept: (ConsentAnswer, RequestView)? { lock.withLock { value } }
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
