import Foundation

/// Whether a call came too late: the session ended while its step was being done.
func isLate(_ code: String) -> Bool {
    code == "not_asked" || code == "session_closed"
}

/// The meaning of a step to the loop over steps.
enum Rest {
    /// Something to be done: given once, until it was.
    case act
    /// The link is waited for.
    case wait(limited: Bool)
    /// It is over.
    case over
}

/// Wakes the iteration over steps when its session was called.
final class StepSignal: @unchecked Sendable {
    private let lock = NSLock()
    private var count: UInt64 = 0
    private var done: UInt64 = 0
    private var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    private var next: UInt64 = 0

    /// How often the session was called, and how often a step was done.
    var counts: (calls: UInt64, done: UInt64) { lock.withLock { (count, done) } }

    /// Something came from outside.
    func note(done isDone: Bool = false) {
        let woken = lock.withLock {
            count += 1
            if isDone { done += 1 }
            let all = Array(waiting.values)
            waiting = [:]
            return all
        }
        for continuation in woken { continuation.resume() }
    }

    /// Waits until the session is called after `seen`, a second has passed where there is a limit, or the task is cancelled. Returns true if it was
    /// called.
    func wait(after seen: UInt64, limited: Bool) async -> Bool {
        let id = lock.withLock { () -> UInt64 in
            next += 1
            return next
        }
        let clock = limited ? Task { try? await Task.sleep(nanoseconds: 1_000_000_000); self.wake(id) } : nil
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let now = lock.withLock { () -> Bool in
                    if count != seen || Task.isCancelled { return true }
                    waiting[id] = continuation
                    return false
                }
                if now { continuation.resume() }
            }
        } onCancel: {
            wake(id)
        }
        clock?.cancel()
        return lock.withLock { count != seen }
    }

    private func wake(_ id: UInt64) {
        lock.withLock { waiting.removeValue(forKey: id) }?.resume()
    }
}

/// The steps of a session, each once, until it is over. Cancelling the task that iterates ends nothing: iterate again to go on. One
/// iteration at a time.
public struct Steps<Step: Equatable & Sendable>: AsyncSequence, Sendable {
    /// A step.
    public typealias Element = Step

    let signal: StepSignal
    let rest: @Sendable (Step) -> Rest
    let step: @Sendable () async throws -> Step?
    let tick: @Sendable () throws -> Void

    /// Begins an iteration, or goes on where a cancelled one was.
    public func makeAsyncIterator() -> Iterator {
        Iterator(steps: self)
    }

    /// Asks the session for its next step when it was called.
    public struct Iterator: AsyncIteratorProtocol {
        let steps: Steps
        private var last: Step?
        private var lastDone: UInt64?
        private var over = false

        init(steps: Steps) {
            self.steps = steps
        }

        /// The next step; `nil` after the last.
        public mutating func next() async throws -> Step? {
            while !over {
                try Task.checkCancellation()
                let before = steps.signal.counts
                guard let step = try await steps.step() else { continue }
                if steps.signal.counts.done != before.done { continue }
                let rest = steps.rest(step)
                let again: Bool
                switch rest {
                case .act: again = last == step && lastDone == before.done
                case .wait, .over: again = last == step
                }
                if !again {
                    last = step
                    lastDone = before.done
                    if case .over = rest { over = true }
                    return step
                }
                let limited: Bool
                if case .wait(limited: true) = rest { limited = true } else { limited = false }
                if await !steps.signal.wait(after: before.calls, limited: limited), limited {
                    try steps.tick()
                }
            }
            return nil
        }
    }
}
