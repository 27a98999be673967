import Foundation
import RidCore

/// The largest buffer an app may hand in: a message of a link is at most 1 MiB (ISO/IEC 18013-5 says less).
let largest = 1 << 20

/// Runs an async call of the boundary. When the task is cancelled, the running call is called away: Swift never drops a Rust future, so
/// `park` is repeated until the call has returned.
func calling<T: Sendable>(
    park: @escaping @Sendable () -> Void, _ call: @Sendable () async throws -> T
) async throws -> T {
    try Task.checkCancellation()
    let done = Done()
    return try await withTaskCancellationHandler {
        defer { done.set() }
        do {
            return try await call()
        } catch WalletError.Cancelled where Task.isCancelled {
            throw CancellationError()
        } catch ReaderError.Cancelled where Task.isCancelled {
            throw CancellationError()
        }
    } onCancel: {
        Task.detached {
            while !done.isSet {
                park()
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
