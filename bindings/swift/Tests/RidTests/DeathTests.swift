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
        process.environment = ProcessInfo.processInfo.environment.merging(["RID_DIE_AT": String(dieAt)]) { $1 }
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

    /// Points 1, 2, ... until a process outlives its walk; where the others died.
    private func everyPoint(_ run: (Int) async throws -> (died: Bool, said: String)) async throws -> [String] {
        var points: [String] = []
        while true {
            let ended = try await run(points.count + 1)
            guard ended.died else { return points }
            points.append(ended.said.split(separator: "\n").last.map(String.init) ?? "")
        }
    }

    @Test func neg_m06_deathAtEveryPointOfAnEnrolment() async throws {
        let fresh = try Rig()
        defer { fresh.remove() }
        let points = try await everyPoint { point in
            let rig = try fresh.copied()
            defer { rig.remove() }
            let (process, output) = try child(["enrol", rig.home], dieAt: point)
            let ended = try end(process, output)
            let wallet = try await rig.open()
            let held = try await wallet.credentials()
            // All or nothing, and its row with it.
            let rows = try await wallet.history().filter { $0.kind == .issuance }
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
        for name in ["createKeys", "sign", "derive", "opened", "enrolment made", "answer came", "accepted", "closed store"] {
            #expect(points.contains { $0.contains(name) }, "no death at \(name): \(points)")
        }
    }

    @Test func neg_m06_deathAtEveryPointOfAPresentation() async throws {
        let enrolled = try Rig()
        defer { enrolled.remove() }
        let first = try await enrolled.open()
        try await enrolled.enrol(first)
        try await first.closeStore()
        var consumed = 0
        var left: [HistoryOutcome] = []
        let points = try await everyPoint { point in
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
            var accepted = false
            var closed: String?
            if said.hasPrefix("port "), let port = UInt16(said.dropFirst(5).prefix { $0.isNumber }) {
                while process.isRunning && !FileManager.default.fileExists(atPath: file) {
                    try await Task.sleep(nanoseconds: 5_000_000)
                }
                if let qr = try? String(contentsOfFile: file, encoding: .utf8), process.isRunning {
                    let session = try rig.reader().read(qr: qr, asking: [ask("family_name")])
                    do {
                        let verified = try await verify(session, port: port)
                        accepted = verified.verdicts.first?.decision == .accepted
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
            let card = try #require(try await wallet.credentials().first)
            let rows = try await wallet.history().filter { $0.kind == .presentation }
            // The session is over by name on both sides: what died in between says no more than that it was started.
            if let closed { #expect(["done", "cancelled", "transport_disconnected"].contains(closed), "\(ended.said)") }
            if ended.died { #expect(rows.allSatisfy { $0.outcome == .started || $0.outcome == .finished }) }
            left += rows.map(\.outcome)
            // A copy is used up if and only if its row is there.
            #expect(card.copiesTotal - card.copiesLeft == UInt32(rows.count), "\(ended.said)")
            if accepted { #expect(rows.count == 1, "\(ended.said)") }
            if !ended.died { #expect(rows.map(\.outcome) == [.finished]) }
            consumed += rows.count
            // That session is over; another begins at its beginning.
            guard case .advertise = try await wallet.present().next() else { throw Failure("a QR code") }
            try await wallet.closeStore()
            return ended
        }
        let names = ["opened", "advertise", "wait", "before ask", "after ask", "before sign", "after sign", "send", "receipt", "closed", "closed store"]
        for name in names {
            #expect(points.contains { $0.contains(name) }, "no death at \(name): \(points)")
        }
        #expect(left.contains(.started) && left.contains(.finished))
        #expect(consumed > 1 && consumed < points.count)
    }
}
