import Foundation
import Rid
import RidTesting
import Testing

@Suite(.serialized) struct FaultTests {
    private func filled(copies: UInt32 = 2) async throws -> (Rig, RidWallet, FaultyArea) {
        let rig = try Rig()
        let area = try FaultyArea(folder: rig.home + "/swift-keys")
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet, copies: copies)
        return (rig, wallet, area)
    }

    /// Copies used, and rows of presentations: always as many of the one as of the other.
    private func used(_ wallet: RidWallet) async throws -> (copies: UInt32, rows: UInt32) {
        let credential = try #require(try await wallet.credentials().first)
        let rows = try await wallet.history().filter { $0.kind == .presentation }.count
        return (credential.copiesTotal - credential.copiesLeft, UInt32(rows))
    }

    @Test func neg_m01_whatASecureAreaThrowsHasAName() async throws {
        let (rig, wallet, area) = try await filled(copies: 8)
        defer { rig.remove() }
        for (fault, closed) in [
            (Fault.throwsForeign, "key_unavailable"), (.throwsTyped(.Cancelled), "key_cancelled"),
            (.throwsTyped(.Invalidated), "key_invalidated"), (.throwsTyped(.Locked), "key_locked"),
        ] {
            area.fault = fault
            let result = try await present(wallet, try rig.reader(), [ask("family_name")]) { try $0.agree { _ in true } }
            #expect(result.holder == closed && result.verdicts.isEmpty)
        }
        area.fault = .none
        let result = try await present(wallet, try rig.reader(), [ask("family_name")]) { try $0.agree { _ in true } }
        #expect(result.verdicts.map(\.decision) == [.accepted])
        let now = try await used(wallet)
        #expect(now.copies == now.rows && now.copies == 5)
    }

    @Test func neg_m01_aSlowAreaIsWaitedForAndALateAnswerIsDropped() async throws {
        let (rig, wallet, area) = try await filled()
        defer { rig.remove() }
        area.fault = .slow(nanoseconds: 300_000_000)
        let result = try await present(wallet, try rig.reader(), [ask("family_name")]) { try $0.agree { _ in true } }
        #expect(result.verdicts.map(\.decision) == [.accepted])
        let session = try wallet.enrol(kinds: ["mdl"], challenge: Data([1]), audience: audience, copies: 1)
        let task = Task { try await session.next() }
        try await Task.sleep(nanoseconds: 60_000_000)
        let begun = Date()
        session.cancel()
        await #expect(throws: WalletError.Cancelled) { try await task.value }
        #expect(Date().timeIntervalSince(begun) < 0.2)
        // The late answer comes now, to nobody.
        try await Task.sleep(nanoseconds: 400_000_000)
        area.fault = .none
        #expect(try await wallet.credentials().count == 1)
    }

    @Test func neg_m06_aTaskIsCancelledAtEveryCallOfTheArea() async throws {
        let (rig, wallet, area) = try await filled(copies: 20)
        defer { rig.remove() }
        for call in 1...3 {
            let before = try await used(wallet)
            let holder = try Holder(wallet, try wallet.present()) { try $0.agree { _ in true } }
            let running = Running()
            area.onCall { number in if number == call { running.cancel() } }
            running.start {
                // Cancelled at the call, and taken up again: nothing is lost.
                do { return try await holder.run() } catch is CancellationError { return try await Task.detached { try await holder.again() }.value }
            }
            let session = try rig.reader().read(qr: await holder.qr.get(), asking: [ask("family_name")])
            let verified = try await verify(session, port: holder.port)
            let closed = try await running.value
            area.onCall(nil)
            let now = try await used(wallet)
            #expect(now.copies == now.rows, "call \(call): \(closed)")
            #expect(verified.verdicts.map(\.decision) == [.accepted] && now.copies == before.copies + 1, "call \(call): \(closed)")
        }
    }

    @Test func neg_m06_anEnrolmentIsCancelledAtEveryCall() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = try FaultyArea(folder: rig.home + "/swift-keys")
        let wallet = try await rig.open(area)
        for call in 1...3 {
            let session = try wallet.enrol(kinds: ["mdl"], challenge: Data([1]), audience: audience, copies: 2)
            let running = Running()
            area.fault = .slow(nanoseconds: 50_000_000)
            area.onCall { number in if number == call { running.cancel() } }
            running.start {
                _ = try await session.next()
                return ""
            }
            await #expect(throws: CancellationError.self) { try await running.value }
            area.onCall(nil)
            area.fault = .none
            await #expect(throws: WalletError.Misuse(code: "interrupted")) { try await session.next() }
        }
        #expect(try await wallet.credentials().isEmpty)
    }

    @Test func twoHundredCallsAtOnce() async throws {
        let (rig, wallet, _) = try await filled()
        defer { rig.remove() }
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for n in 0..<200 {
                group.addTask { n % 2 == 0 ? try await wallet.credentials().count : try await wallet.history().count }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.count == 200 && counts.allSatisfy { $0 == 1 })
        let session = try wallet.present()
        async let first = session.next()
        async let second = session.next()
        let results = [try? await first, try? await second].compactMap { $0 }
        #expect(!results.isEmpty)
    }

    @Test func tenThousandSessionsLeaveNoMemoryBehind() async throws {
        let (rig, wallet, _) = try await filled()
        defer { rig.remove() }
        func round(_ count: Int) async throws {
            for _ in 0..<count {
                let session = try wallet.present()
                guard case .advertise = try await session.next() else { throw Failure("a QR code") }
                session.cancel()
            }
        }
        try await round(3_000)
        let before = resident()
        try await round(7_000)
        let grown = resident() - before
        #expect(grown < 3_000, "\(grown) kB")
    }

    /// Kilobytes of memory in use.
    private func resident() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4
    }

    @Test func neg_m06_aProcessDiesAtEveryStep() async throws {
        let demo = "/build/package/.build/debug/rid-swift-demo"
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet, copies: 12)
        try await wallet.closeStore()
        for step in 1...5 {
            let (listening, port) = try LoopbackLink.listen()
            close(listening)
            let file = rig.home + "/qr-\(step).txt"
            let process = Process()
            process.executableURL = URL(fileURLWithPath: demo)
            process.arguments = ["wallet", rig.home, String(port), file]
            process.environment = ProcessInfo.processInfo.environment.merging(["RID_DIE_AT": String(step)]) { $1 }
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            if step > 1 {
                var qr = ""
                for _ in 0..<200 where qr.isEmpty && process.isRunning {
                    try await Task.sleep(nanoseconds: 25_000_000)
                    qr = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
                }
                if let session = try? rig.reader().read(qr: qr, asking: [ask("family_name")]) {
                    _ = try? await verify(session, port: port)
                }
            }
            process.waitUntilExit()
            let again = try await rig.open()
            let now = try await used(again)
            #expect(now.copies == now.rows, "killed before step \(step)")
            // The session is over: a new one begins at its beginning.
            guard case .advertise = try await again.present().next() else { throw Failure("a QR code") }
            try await again.closeStore()
        }
    }
}

/// A task that another thread may cancel.
final class Running: @unchecked Sendable {
    private let lock = NSLock()
    private var task: Task<String, any Error>?
    private var early = false

    func start(_ work: @escaping @Sendable () async throws -> String) {
        let made = Task { try await work() }
        let cancelled = lock.withLock { () -> Bool in
            task = made
            return early
        }
        if cancelled { made.cancel() }
    }

    func cancel() {
        lock.withLock { () -> Task<String, any Error>? in
            early = true
            return task
        }?.cancel()
    }

    var value: String {
        get async throws {
            guard let task = lock.withLock({ task }) else { throw Failure("not started") }
            return try await task.value
        }
    }
}
