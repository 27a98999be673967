import Foundation
import Rid
import RidTesting
import Testing

/// A process that dies at every point of a walk, and what the next start finds.
@Suite struct DeathTests {
    private func child(_ arguments: [String], dieAt: Int) throws -> (Process, FileHandle) {
        let process = Process()
        let tool = try #require(ProcessInfo.processInfo.environment["RID_SWIFT_DEMO"])
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["RID_DIE_AT": String(dieAt), "RID_PIN": pin]) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        return (process, pipe.fileHandleForReading)
    }

    /// What it said to its end, and whether it was killed; it ends in no third way.
    private func end(_ process: Process, _ said: FileHandle, _ before: String = "") throws -> (died: Bool, said: String) {
        let text = before + String(decoding: said.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let died = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
        guard died || process.terminationStatus == 0 else { throw Failure("exit code \(process.terminationStatus): \(text)") }
        return (died, text)
    }

    /// Kills a process at points 1, 2, ... of a walk up to the point named `last`, and returns where each died.
    /// A walk has a step less when the other side hangs up early; such a run outlives its point, which is tried again.
    private func everyPoint(to last: String, _ run: (Int) async throws -> (died: Bool, said: String)) async throws -> [String] {
        var points: [String] = []
        var outlived = 0
        while outlived < 5 {
            let ended = try await run(points.count + 1)
            if ended.died {
                points.append(ended.said.split(separator: "\n").last.map(String.init) ?? "")
            } else if points.last?.hasSuffix(last) == true {
                return points
            } else {
                outlived += 1
            }
        }
        throw Failure("no walk reached \(last): \(points)")
    }

    @Test func neg_m06_deathAtEveryPointOfAnEnrolment() async throws {
        let fresh = try Rig()
        defer { fresh.remove() }
        let points = try await everyPoint(to: "closed store") { point in
            let rig = try fresh.copied()
            defer { rig.remove() }
            let (process, output) = try child(["enrol", rig.home], dieAt: point)
            let ended = try end(process, output)
            let wallet = try await rig.open()
            let locked = try wallet.lockState == .locked
            // Once it was said that the PIN is set, it is.
            if ["PIN set", "unlocked", "sign"].contains(where: ended.said.contains) { #expect(locked, "\(ended.said)") }
            if locked { try await wallet.unlock(pin: Pin(pin)) }
            #expect(try await wallet.checkHistory().whole)
            #expect(try await wallet.unlockState().pinTriesLeft == 5)
            let held = try await wallet.credentials()
            // All or nothing, and its row with it.
            let rows = try await wallet.events().filter { $0.kind == .issuance }
            #expect(held.count == rows.count && held.allSatisfy { $0.copiesLeft == 2 && $0.copiesTotal == 2 }, "\(ended.said)")
            if !ended.died { #expect(held.count == 1) }
            if held.isEmpty, let answer = FileManager.default.contents(atPath: rig.home + "/answer") {
                // What was under way goes on where it stood.
                let id = try String(contentsOfFile: rig.home + "/enrolment-id", encoding: .utf8)
                #expect(try await wallet.accept(id: id, answer: answer).count == 1, "\(ended.said)")
            } else if held.isEmpty {
                #expect(try await rig.enrol(wallet).count == 1, "\(ended.said)")
            }
            try await wallet.closeStore()
            return ended
        }
        for name in [
            "createKeys", "sign", "derive", "delete", "opened", "PIN set", "unlocked", "enrolment made", "answer came", "accepted", "shown",
            "closed store",
        ] {
            #expect(points.contains { $0.contains(name) }, "no death at \(name): \(points)")
        }
    }

    @Test func neg_m06_deathAtEveryPointOfAPresentation() async throws {
        let enrolled = try Rig()
        defer { enrolled.remove() }
        let first = try await enrolled.open()
        try await enrolled.enrol(first, copies: 3)
        try await first.setPin(Pin(pin))
        try await first.closeStore()
        let outcomes: Set<HistoryOutcome> = [.started, .unknownDelivery, .finished]
        var consumed = 0
        var left: [HistoryOutcome] = []
        let points = try await everyPoint(to: "closed store") { point in
            let rig = try enrolled.copied()
            defer { rig.remove() }
            let file = rig.home + "/qr.txt"
            let (process, output) = try child(["wallet", rig.home, "0", file], dieAt: point)
            // Its port, or where it died.
            var said = ""
            while !said.hasSuffix("\n") {
                let more = output.availableData
                if more.isEmpty { break }
                said += String(decoding: more, as: UTF8.self)
            }
            var accepted = 0
            var closed: String?
            if said.hasPrefix("port "), let port = UInt16(said.dropFirst(5).prefix { $0.isNumber }) {
                while process.isRunning && !FileManager.default.fileExists(atPath: file) {
                    try await Task.sleep(nanoseconds: 5_000_000)
                }
                if let qr = try? String(contentsOfFile: file, encoding: .utf8), process.isRunning {
                    let session = try rig.reader().read(qr: qr, asking: [ask("family_name")])
                    do {
                        // A second request in the same session, and a third one that is refused.
                        let verified = try await verify(session, port: port, further: [[ask("given_name")], [ask("birth_date")]])
                        accepted = verified.verdicts.filter { $0.decision == .accepted }.count
                        closed = verified.closed
                    } catch is Failure {
                        // Who finds nobody listening any more ends the session himself.
                        session.cancel()
                        closed = try await verify(session, port: port).closed
                    }
                }
            }
            let ended = try end(process, output, said)
            let wallet = try await rig.open()
            await #expect(throws: RidError.locked) { try await wallet.credentials() }
            try await wallet.unlock(pin: Pin(pin))
            #expect(try await wallet.checkHistory().whole)
            let card = try #require(try await wallet.credentials().first)
            let all = try await wallet.events().filter { $0.kind == .presentation }
            let rows = all.filter { $0.outcome != .refused }
            #expect(all.count - rows.count <= 1 && (all.count == rows.count || rows.count == 2), "\(ended.said)")
            // The session is over by name on both sides. A row is `started` until the response is handed out, then its delivery is unknown.
            if let closed { #expect(["done", "cancelled", "transport_disconnected"].contains(closed), "\(ended.said)") }
            if ended.died { #expect(rows.allSatisfy { outcomes.contains($0.outcome) }) }
            left += rows.map(\.outcome)
            // A copy is used up if and only if its row is there.
            #expect(card.copiesTotal - card.copiesLeft == UInt32(rows.count), "\(ended.said)")
            #expect(accepted <= rows.count, "\(ended.said)")
            if !ended.died { #expect(accepted == 2 && rows.map(\.outcome) == [.finished, .finished] && all.count == 3) }
            consumed += rows.count
            // That session is over; another begins at its beginning.
            guard case .advertise = try await wallet.present().next() else { throw Failure("a QR code") }
            try await wallet.closeStore()
            return ended
        }
        let names = [
            "opened", "unlocked", "before unlock", "after unlock", "advertise", "wait", "before ask", "after ask", "before sign", "after sign",
            "send", "receipt", "closed", "closed store",
        ]
        for name in names {
            #expect(points.contains { $0.contains(name) }, "no death at \(name): \(points)")
        }
        #expect(Set(left) == outcomes)
        #expect(consumed > 1 && consumed < 2 * points.count)
    }

    @Test func neg_m06_deathAtEveryPointOfWhatKeepsAWallet() async throws {
        let enrolled = try Rig()
        defer { enrolled.remove() }
        let first = try await enrolled.open()
        try await enrolled.enrol(first)
        try await first.setPin(Pin(pin))
        try await first.closeStore()
        let points = try await everyPoint(to: "wiped") { point in
            let rig = try enrolled.copied()
            defer { rig.remove() }
            let (process, output) = try child(["keep", rig.home], dieAt: point)
            let ended = try end(process, output)
            let wallet = try await rig.open()
            if try wallet.lockState == .unlocked {
                // The wipe had begun: opening completed it.
                #expect(try await wallet.unlockState().needsPin, "\(ended.said)")
                #expect(try await wallet.credentials().isEmpty, "\(ended.said)")
                #expect(try await wallet.history().isEmpty, "\(ended.said)")
            } else {
                do {
                    try await wallet.unlock(pin: Pin(pin))
                    // One of the two, and the new one once it was said.
                    #expect(!["PIN changed", "biometrics", "sign"].contains(where: ended.said.contains), "\(ended.said)")
                } catch RidError.badInput(code: "pin_wrong") {
                    try await wallet.unlock(pin: Pin(otherPin))
                }
                #expect(try await wallet.checkHistory().whole, "\(ended.said)")
                #expect(try await wallet.examine().findings.isEmpty, "\(ended.said)")
                let held = try await wallet.credentials()
                let deleted = try await wallet.events().filter { $0.kind == .deletion }
                #expect(held.count + deleted.count == 1 && held.allSatisfy { $0.copiesLeft == 2 }, "\(ended.said)")
                for card in held { #expect(try await !wallet.credential(card.id).elements.isEmpty, "\(ended.said)") }
            }
            try await wallet.wipe()
            return ended
        }
        let names = [
            "createKeys", "derive", "delete", "PIN changed", "biometrics", "code", "container", "taken in", "exported", "row deleted", "keys turned",
            "credential deleted", "wiped",
        ]
        for name in names { #expect(points.contains { $0.contains(name) }, "no death at \(name): \(points)") }
    }
}
