import Rid
import RidTesting
import Testing

/// Runs `act` and cancels its task at a call of the area, before or after that acts; whether it came so far.
func cut(
    _ area: WatchedArea, at: Int, acted: Bool, _ act: @escaping @Sendable () async throws -> Void
) async -> Bool {
    let reached = Later<Bool>()
    let hang: WatchedArea.Hook = { call, _ in
        guard call == at else { return }
        await reached.set(true)
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

/// At each call, before and after; how many calls there were.
func everyCall(_ run: (_ at: Int, _ acted: Bool) async throws -> Bool) async throws -> Int {
    var at = 1
    while true {
        let before = try await run(at, false)
        let after = try await run(at, true)
        #expect(before == after)
        if !before { return at - 1 }
        at += 1
    }
}

/// As many copies used as rows of presentations.
func consistent(_ wallet: RidWallet, _ hint: String = "") async throws {
    let used = try await wallet.credentials().reduce(0) { $0 + $1.copiesTotal - $1.copiesLeft }
    let rows = try await wallet.history(max: 1_000).filter { $0.kind == .presentation && $0.outcome != .refused }
    #expect(used == UInt32(rows.count), "\(hint)")
}
