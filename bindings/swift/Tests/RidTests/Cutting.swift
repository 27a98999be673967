import Rid
import RidTesting
import Testing

/// Runs `act` and cancels its task at a call of the area, before or after that acts; whether it came so far. `spared` methods are not called
/// away: they take their time and go on.
func cut(
    _ area: WatchedArea, at: Int, acted: Bool, spared: Set<String> = [], _ act: @escaping @Sendable () async throws -> Void
) async -> Bool {
    let reached = Later<Bool>()
    let hang: WatchedArea.Hook = { call, method in
        guard call == at else { return }
        await reached.set(true)
        guard !spared.contains(method) else { return try await Task.sleep(nanoseconds: 10_000_000) }
        // Ended by cancellation only: a call that is not told of it makes the test hang.
        try await Task.sleep(nanoseconds: 60_000_000_000)
    }
    if acted { area.watch(after: hang) } else { area.watch(before: hang) }
    let task = Task.detached { try await act() }
    Task.detached {
        _ = await task.result
        await reached.set(false)
    }
    let came = await reached.get()
    task.cancel()
    _ = await task.result
    area.watch()
    return came
}

/// At each call, before and after; how many calls there were. `repeats`: a call may be made twice where the link ends while it runs.
func everyCall(repeats: Bool = false, _ run: (_ at: Int, _ acted: Bool) async throws -> Bool) async throws -> Int {
    var at = 1
    while true {
        let before = try await run(at, false)
        let after = try await run(at, true)
        #expect(repeats || before == after)
        if !before && !after { return at - 1 }
        at += 1
    }
}

/// As many copies used as rows of presentations.
func consistent(_ wallet: RidWallet, _ hint: String = "") async throws {
    let used = try await wallet.credentials().reduce(0) { $0 + $1.copiesTotal - $1.copiesLeft }
    let rows = try await wallet.events().filter { $0.kind == .presentation && $0.outcome != .refused }
    #expect(used == UInt32(rows.count), "\(hint)")
}

/// A task that was cancelled before calls each: it comes out cancelled.
func beginsNone(of calls: [@Sendable () async throws -> Void]) async {
    for (place, call) in calls.enumerated() {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await call()
        }
        task.cancel()
        await #expect(throws: CancellationError.self, "call \(place)") { try await task.value }
    }
}
