import Foundation
import Rid
import RidTesting
import Testing

@Suite struct WalkTests {
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
        #expect(license.copiesTotal == 2 && license.validFrom <= Date() && !license.spoken.isEmpty)
        #expect(license.validUntil > Date() && license.name == "Driving licence")
        let detail = try await wallet.credential(license.id)
        let name = try #require(detail.elements.first { $0.path.last == "family_name" })
        guard case .text(let text) = name.value else { throw Failure("a text") }
        #expect(!text.reveal().isEmpty && "\(detail)".contains(text.reveal()) == false)
        #expect(detail.elements.allSatisfy { !$0.label.isEmpty && !$0.spoken.isEmpty })
        #expect(detail.elements.contains { $0.portrait && $0.value == .nothing })
        let portrait = try #require(try await wallet.portrait(license.id))
        #expect(portrait.image.reveal().prefix(2) == Data([0xff, 0xd8]) && !portrait.spoken.isEmpty)
        try wallet.lock()
        #expect(try wallet.lockState == .locked)
        await #expect(throws: RidError.locked) { try await wallet.credential(license.id) }
        await #expect(throws: RidError.locked) { try await wallet.portrait(license.id) }
        try await wallet.unlock()
        try await wallet.delete(license.id)
        #expect(try await wallet.credentials().count == 1)
        #expect(try await wallet.events().last?.kind == .deletion)
        try await wallet.closeStore()
        // It lies in the folder for the next start.
        #expect(try await rig.open().credentials().count == 1)
    }

    @Test func theAnswerOfAnotherEnrolmentIsRefused() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        func enrolment() async throws -> Enrolment {
            try await wallet.enrol(kinds: ["mdl"], challenge: try rig.challenge(), audience: audience, copies: 1).next()
        }
        let one = try await enrolment()
        let answer = try rig.answer(one.message)
        let other = try await enrolment()
        await #expect(throws: RidError.self) { try await wallet.accept(id: other.id, answer: answer) }
        #expect(try await wallet.credentials().isEmpty)
        #expect(try await wallet.accept(id: one.id, answer: answer).count == 1)
    }

    @Test func aLockedWalletIsUnlockedInBetweenAndAnswersByMac() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open(nil, .mac)
        try await rig.enrol(wallet)
        try wallet.lock()
        let met = try await present(wallet, try rig.reader(signed: false), [ask("portrait", "family_name")]) { request in
            #expect(!request.requester.verified)
            return request.agree { _, _ in true }
        }
        #expect(try wallet.lockState == .unlocked)
        let verdict = try #require(met.verdicts.first)
        #expect(verdict.decision == .accepted && verdict.documents[0].checks.contains { $0.code == "device_authentication" })
        let portrait = try #require(verdict.documents[0].current?.issuerSigned.first { $0.portrait })
        guard case .binary(let bytes) = portrait.value else { throw Failure("a portrait") }
        #expect(bytes.reveal().count > 100)
    }

    @Test func swiftPresentsAndRidReads() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let holder = try Holder(wallet, try wallet.present()) { $0.agree { _, _ in true } }
        async let closed = holder.run()
        let said = try rig.rid(
            "read", "--qr-text", await holder.qr.get(), "--port", String(holder.port), "--mtu", String(mtu), "--json", "--ask",
            "\(mdl)/\(mdlSpace)/family_name")
        #expect(said.contains("\"accepted\""))
        let code = try await closed
        #expect(code == "done")
        #expect(try await wallet.events().last?.outcome == .finished)
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
            return request.agree { $1.path.last != "birth_date" }
        }
        #expect(result.verdicts.map(\.decision) == [.undecided, .accepted])
        #expect(result.verdicts[0].currentNames == [["family_name"]])
        #expect(result.verdicts[0].documents[0].notReturned == [path("birth_date")])
        #expect(result.reader == "done" && result.holder == "done")
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
        #expect(try await wallet.events().last?.outcome == .refused)
    }

    @Test func ridPresentsAndSwiftReads() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let challenge = try rig.rid("issue", "--challenge").trimmingCharacters(in: .whitespacesAndNewlines)
        _ = try rig.rid("enrol", "--kind", "mdl", "--challenge", challenge, "--out", rig.home + "/request", "--force")
        _ = try rig.rid("issue", "--request", rig.home + "/request", "--out", rig.home + "/answer", "--force")
        _ = try rig.rid("enrol", "--accept", rig.home + "/answer")
        let handoff = rig.home + "/handoff"
        try FileManager.default.createDirectory(atPath: handoff, withIntermediateDirectories: true)
        let process = try rig.start("present", ["--yes", "--port", "0", "--mtu", String(mtu), "--handoff", handoff])
        defer { process.0.terminate() }
        func handed(_ name: String) async throws -> String {
            for _ in 0..<400 {
                let text = ((try? String(contentsOfFile: "\(handoff)/\(name)", encoding: .utf8)) ?? "")
                if !text.isEmpty { return text.trimmingCharacters(in: .whitespacesAndNewlines) }
                try await Task.sleep(nanoseconds: 25_000_000)
            }
            throw Failure("no \(name)")
        }
        let port = try #require(UInt16(try await handed("port")))
        let qr = try await handed("qr.txt")
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
        #expect(verified.verdicts.map(\.decision) == [.undecided] && verified.verdicts[0].code == "not_returned")
        #expect(verified.verdicts[0].currentNames == [["family_name"]])
        #expect(radio.stopped)
        listening.stop()
    }
}

struct Screen: ReadmeScreen {
    let shown: Later<String>

    func showQr(_ text: String) {
        Task { await shown.set(text) }
    }

    func isTicked(_ document: RequestedDocument, _ element: RequestedElement) -> Bool {
        element.path.last != "birth_date"
    }

    func unlock(_ wallet: RidWallet) async throws {
        try await wallet.unlock(pin: Pin("480913"))
    }
}

final class Radio: ReadmeRadio, @unchecked Sendable {
    let mtu = RidTesting.mtu
    private let listening: Socket
    private let lock = NSLock()
    private var link: LoopbackLink?
    private var isStopped = false

    init(listening: Socket) {
        self.listening = listening
    }

    var stopped: Bool { lock.withLock { isStopped } }

    func serve(_ service: Data?, _ session: PresentationSession) {
        let listening = listening
        Thread.detachNewThread {
            guard let link = try? LoopbackLink.accept(listening) else { return }
            self.lock.withLock { self.link = link }
            link.listen(
                connected: { try? session.connected(mtu: RidTesting.mtu) }, received: { try? session.receivedChunk($0) },
                disconnected: { try? session.disconnected() })
        }
    }

    func write(_ chunks: [Data]) -> Bool {
        lock.withLock { link }?.send(chunks) == true
    }

    func stop() {
        lock.withLock { isStopped = true }
        lock.withLock { link }?.end()
    }
}
