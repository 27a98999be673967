import Foundation
import RidCore

/// Runs an async call of the boundary. When the task is cancelled, `interrupt` is repeated until the call has returned: Swift never drops a
/// Rust future, and an interrupted call may ask once more. Without it the call runs to its end; its ports are short.
func interruptible<T: Sendable>(
    interrupt: (@Sendable () -> Void)? = nil, _ call: @Sendable () async throws -> T
) async throws -> T {
    try Task.checkCancellation()
    let done = Done()
    return try await withTaskCancellationHandler {
        defer { done.set() }
        do {
            return try await call()
        } catch RidError.cancelled where Task.isCancelled {
            throw CancellationError()
        }
    } onCancel: {
        guard let interrupt else { return }
        Task.detached {
            while !done.isSet {
                interrupt()
                try? await Task.sleep(nanoseconds: 2_000_000)
            }
        }
    }
}

/// A flag two tasks share.
final class Done: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }

    func set() {
        lock.withLock { value = true }
    }
}
