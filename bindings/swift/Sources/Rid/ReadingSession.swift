import Foundation
import RidCore

/// One reading: the app owns the camera, the radio and the screen, this object everything else.
///
/// Iterate over ``steps`` and do what each says, or call ``next()`` in a loop. A verdict that says no is no error.
///
/// The link or the time may end the session while a step is being done. From then on the radio's events do nothing, neither does
/// ``proceed()``, ``chunks(mtu:)`` gives none, and the next step is a farewell or `closed`.
public final class ReadingSession: Sendable {
    private let core: Reading
    private let told = StepSignal()

    init(core: Reading) {
        self.core = core
    }

    /// Each step once, until `closed`. Do what the step says and tell it by ``connected(mtu:)`` or ``proceed()``; then the next one comes. While
    /// there is a time limit the sequence calls ``tick()`` by itself.
    public var steps: Steps<ReadingStep> {
        Steps(
            told: told,
            rest: { step in
                switch step {
                case .closed: .over
                case .wait(let until): .wait(limited: until != nil)
                default: .act
                }
            },
            step: {
                do {
                    return try await self.next()
                } catch RidError.cancelled {
                    // Called away by `cancel`: the next call says what is left to be done.
                    return nil
                }
            },
            tick: { try self.tick() })
    }

    /// What is to be done now; the same until it was done. One call at a time: another is `RidError.misuse` (`busy`).
    public func next() async throws -> ReadingStep {
        try await interruptible(interrupt: { self.core.park() }) { try await self.core.next() }
    }

    /// `send` or `judged` was done. For `send`: the link took the last chunk, and the wallet's time begins.
    public func proceed() throws {
        try unlessOver(()) { try core.proceed() }
        told.note(done: true)
    }

    /// The link is up, with this MTU: the answer to `connect`. Below 23 it is `RidError.badInput` (`transport_mtu`).
    public func connected(mtu: UInt16) throws {
        try core.connected(mtu: mtu)
        told.note(done: true)
    }

    /// One characteristic write came; whole messages are put together here. A malformed one, or a message over 1 MiB, is
    /// `RidError.peerRefused` (`transport_limit`), and the session is over by that name.
    public func receivedChunk(_ chunk: Data) throws {
        try RidError.check(chunk)
        do {
            try core.receivedChunk(chunk: chunk)
            told.note()
        } catch let refused as RidError {
            if case .peerRefused = refused { told.note(done: true) }
            throw refused
        }
    }

    /// The message of `send` as characteristic writes of at most 512 bytes, for the MTU that the platform reports (23 or more).
    public func chunks(mtu: UInt16) throws -> [Data] {
        try unlessOver([]) { try core.chunks(mtu: mtu) }
    }

    /// The link is down.
    public func disconnected() throws {
        defer { told.note() }
        try core.disconnected()
    }

    /// Time has passed: ends the session if it was too much. Harmless at any time.
    public func tick() throws {
        defer { told.note() }
        try core.tick()
    }

    /// Asks again in the same session, after a verdict. Throws `RidError.misuse` (`session_closed`) when the session has ended.
    public func ask(_ asked: [DocumentAsk]) throws {
        try RidError.check(asked)
        defer { told.note() }
        try core.ask(asked: asked)
    }

    /// Ends the session in order.
    public func finish() throws {
        defer { told.note() }
        try core.finish()
    }

    /// Ends it at once, also while an answer is judged; nothing is handed out afterwards. A running ``next()`` throws
    /// `RidError.cancelled`, a later one gives a farewell to the peer, then `closed`.
    public func cancel() {
        core.cancel()
        told.note(done: true)
    }

    private func unlessOver<T>(_ late: T, _ call: () throws -> T) throws -> T {
        do {
            return try call()
        } catch RidError.misuse(let code) where isLate(code) && (try? core.isOver()) == true {
            return late
        }
    }
}
