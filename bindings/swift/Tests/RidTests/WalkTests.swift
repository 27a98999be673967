import Foundation
import Rid
import RidTesting
import Testing

@Suite(.serialized) struct WalkTests {
    @Test func theSuiteOfThePortIsPassed() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        try await secureAreaSuite(area: try rig.area())
    }

    @Test func enrolListShowLockDelete() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        #expect(wallet.environment == .test)
        let accepted = try await rig.enrol(wallet, kinds: ["mdl", "pid"])
        #expect(accepted.count == 2)
        let listed = try await wallet.credentials()
        let license = try #require(listed.first { $0.kind == mdl })
        #expect(license.copiesLeft == 2 && license.state == .ready && !license.issuer.isEmpty)
        #expect(license.validUntil > Date() && license.name == "Driving licence")
        let detail = try await wallet.credential(license.id)
        let name = try #require(detail.elements.first { $0.path.last == "family_name" })
        guard case .text(let text) = name.value else { throw Failure("a text") }
        #expect(!text.reveal().isEmpty && "\(detail)".contains(text.reveal()) == false)
        #expect(detail.elements.contains { $0.portrait && $0.value == .nothing })
        let portrait = try #require(try await wallet.portrait(license.id))
        #expect(portrait.image.reveal().prefix(2) == Data([0xff, 0xd8]) && !portrait.spoken.isEmpty)
        try wallet.lock()
        #expect(try wallet.lockState == .locked)
        await #expect(throws: WalletError.Locked) { try await wallet.credential(license.id) }
        try await wallet.unlock()
        try await wallet.delete(license.id)
        #expect(try await wallet.credentials().count == 1)
        #expect(try await wallet.history().last?.kind == .deletion)
        try await wallet.closeStore()
    }

    @Test func twoRequestsInOneSessionWithAnUntickedElement() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let result = try await present(
            wallet, try rig.reader(), [ask("family_name", "birth_date")], further: [[ask("given_name")]]
        ) { request in
            #expect(request.requester.verified && request.environment == .test)
            return try request.agree { $0.path.last != "birth_date" }
        }
        #expect(result.verdicts.map(\.decision) == [.accepted, .accepted])
        #expect(result.verdicts[0].documents[0].elements.map(\.path.last) == ["family_name"])
        #expect(result.reader == "done" && result.holder == "session_terminated")
        #expect(try await wallet.credentials()[0].copiesLeft == 0)
    }

    @Test func aRefusalLooksLikeNotHeld() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let result = try await present(wallet, try rig.reader(), [ask("family_name")]) { $0.refuse() }
        #expect(result.verdicts.map(\.code) == ["not_returned"])
        #expect(try await wallet.credentials()[0].copiesLeft == 2)
        #expect(try await wallet.history().last?.outcome == .refused)
    }

    @Test func ridPresentsAndSwiftReads() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let challenge = try rig.rid("issue", "--challenge").trimmingCharacters(in: .whitespacesAndNewlines)
        _ = try rig.rid("enrol", "--kind", "mdl", "--challenge", challenge, "--out", rig.home + "/request")
        _ = try rig.rid("issue", "--request", rig.home + "/request", "--out", rig.home + "/answer")
        _ = try rig.rid("enrol", "--accept", rig.home + "/answer")
        let (listening, port) = try LoopbackLink.listen()
        close(listening)
        let handoff = rig.home + "/handoff"
        try FileManager.default.createDirectory(atPath: handoff, withIntermediateDirectories: true)
        let text = handoff + "/qr.txt"
        let process = try rig.start("present", ["--yes", "--port", String(port), "--mtu", String(mtu), "--handoff", handoff])
        defer { process.0.terminate() }
        var qr = ""
        for _ in 0..<200 where qr.isEmpty {
            try await Task.sleep(nanoseconds: 25_000_000)
            qr = ((try? String(contentsOfFile: text, encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let session = try rig.reader().read(qr: qr, asking: [ask("family_name")])
        let verified = try await verify(session, port: port)
        #expect(verified.verdicts.map(\.decision) == [.accepted])
        process.0.waitUntilExit()
        #expect(process.0.terminationStatus == 0)
    }

    @Test func theLinesOfTheReadmePresent() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        try await wallet.closeStore()
        let (listening, port) = try LoopbackLink.listen()
        let shown = Later<String>()
        let radio = Radio(listening: listening)
        let options = try rig.options()
        let area = try rig.area()
        let folder = rig.walletFolder
        async let done: Void = readme(
            folder: folder, options: options, secureArea: area, screen: Screen(shown: shown), radio: radio)
        let session = try rig.reader().read(qr: await shown.get(), asking: [ask("family_name", "birth_date")])
        let verified = try await verify(session, port: port)
        try await done
        #expect(verified.verdicts.map(\.decision) == [.accepted])
        #expect(verified.verdicts[0].documents[0].elements.map(\.path.last) == ["family_name"])
        #expect(radio.stopped)
        close(listening)
    }
}

struct Screen: ReadmeScreen {
    let shown: Later<String>

    func showQr(_ text: String) {
        Task { await shown.set(text) }
    }

    func isTicked(_ element: RequestedElementView) -> Bool {
        element.path.last != "birth_date"
    }
}

final class Radio: ReadmeRadio, @unchecked Sendable {
    let mtu = RidTesting.mtu
    private let listening: Int32
    private let lock = NSLock()
    private var link: LoopbackLink?
    private var isStopped = false

    init(listening: Int32) {
        self.listening = listening
    }

    var stopped: Bool { lock.withLock { isStopped } }

    func serve(_ service: Data?, _ session: PresentationSession) {
        let listening = listening
        Thread.detachNewThread {
            guard let link = try? LoopbackLink.accept(listening) else { return }
            self.lock.withLock { self.link = link }
            link.listen(
                connected: { try? session.connected() }, received: { try? session.receivedChunk($0) },
                disconnected: { try? session.disconnected() })
        }
    }

    func write(_ chunks: [Data]) {
        lock.withLock { link }?.send(chunks)
    }

    func stop() {
        lock.withLock { isStopped = true }
        lock.withLock { link }?.end()
    }
}
