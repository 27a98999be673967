import Foundation
import Rid
import RidTesting
import Testing

@Suite struct MemoryTests {
    /// Kilobytes of this process.
    private func resident() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * Int(getpagesize()) / 1024
    }

    @Test func tenThousandSessionsOpenedAndClosedLeaveNothingBehind() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let reader = try rig.reader(signed: false)
        guard case .advertise(let qr, _, _) = try await wallet.present().next() else { throw Failure("a QR code") }
        func rounds(_ count: Int) async throws {
            for round in 0..<count {
                let presentation = try wallet.present()
                let reading = try reader.read(qr: qr, asking: [ask("family_name")])
                if round % 10 == 0 {
                    _ = try await presentation.next()
                    _ = try await reading.next()
                    try wallet.lock()
                    try await wallet.unlock()
                    _ = try wallet.enrol(kinds: ["mdl"], challenge: Data(count: 32), audience: audience, copies: 1)
                    _ = try await wallet.credentials()
                    // Interrupted while it runs, as when a view disappears.
                    let task = Task { try await presentation.next() }
                    task.cancel()
                    _ = await task.result
                }
            }
        }
        try await rounds(2_000)
        // Growth of the runtime's own ends; a leak does not. 512 kB: 50 bytes for each session opened.
        var growths: [Int] = []
        repeat {
            let before = try resident()
            try await rounds(5_000)
            growths.append(try resident() - before)
        } while growths.count < 4 && growths.last.map { $0 >= 512 } == true
        #expect(growths.last.map { $0 < 512 } == true, "grew by \(growths) kB")
    }

    @Test func tenThousandWalletsOpenedAndClosedLeaveNothingBehind() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let first = try await rig.open()
        try await rig.enrol(first)
        try await first.closeStore()
        let rigs = [rig, try rig.copied()]
        defer { rigs[1].remove() }
        var growths: [Int] = []
        for _ in 0..<4 {
            let before = try resident()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for one in rigs {
                    group.addTask { for _ in 0..<1_250 { try await one.open().closeStore() } }
                }
                try await group.waitForAll()
            }
            growths.append(try resident() - before)
        }
        // The runtime takes memory in steps, once in a while; a leak grows in every quarter.
        #expect(growths.count(where: { $0 < 256 }) >= 2, "grew by \(growths) kB")
        #expect(try await rig.open().credentials().count == 1)
    }
}
