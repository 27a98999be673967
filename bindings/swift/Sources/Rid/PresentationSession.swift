import Foundation
import RidCore

/// A face-to-face presentation: the app owns the radio and the screen, this object everything else.
///
/// Iterate over ``steps`` and do what each says, or call ``next()`` in a loop. The radio's events (``connected(mtu:)``, ``receivedChunk(_:)``,
/// ``disconnected()``) may come from any thread. An answer to a question that was not asked is `RidError.misuse` (`not_asked`) and
/// changes nothing.
///
/// The link or the time may end the session while a step is being done. From then on the radio's events do nothing, neither does a call that
/// answers a step (``proceed()``, ``answer(_:)``, ``unlocked()``; ``chunks(mtu:)`` gives none), and the next step is a farewell or `closed`.
public final class PresentationSession: Sendable {
    private let core: Presentation
    private let told = StepSignal()

    init(core: Presentation) {
        self.core = core
    }

    /// Each step once, until `closed`. Do what the step says and tell it by ``proceed()``, ``answer(_:)`` or ``unlocked()``; then the next
    /// one comes. While there is a time limit the sequence calls ``tick()`` by itself.
    public var steps: Steps<PresentationStep> {
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
    public func next() async throws -> PresentationStep {
        try await interruptible(interrupt: { self.core.park() }) { try await self.core.next() }
    }

    /// `advertise`, `send` or `receipt` was done. For `send`: the link took the last chunk. If the link was lost before, call ``disconnected()``
    /// instead: the history then says that the delivery is unknown.
    public func proceed() throws {
        try unlessOver(()) { try core.proceed() }
        told.note(done: true)
    }

    /// The person's answer to `ask`; build it with `agree` or `refuse`. A wrong answer leaves the question open.
    ///
    /// Throws `RidError.misuse` (`consent_binding`) for the answer to another question, and `BadInput` (`consent_selection`) for a document,
    /// credential or element that is not offered.
    public func answer(_ answer: ConsentAnswer) throws {
        try RidError.check(answer.id)
        try RidError.check(answer.hash)
        if case .agree(let documents) = answer.decision {
            try RidError.check(documents.map(\.credential))
            for path in documents.flatMap(\.elements) { try RidError.check(path) }
        }
        try unlessOver(()) { try core.answer(answer: answer) }
        told.note(done: true)
    }

    /// The answer to `unlock`: the wallet was unlocked, or the person gave up.
    public func unlocked() throws {
        try unlessOver(()) { try core.unlocked() }
        told.note(done: true)
    }

    /// The link is up, with this MTU. Below 23 it is `RidError.badInput` (`transport_mtu`), and no copy is used.
    public func connected(mtu: UInt16) throws {
        defer { told.note() }
        try core.connected(mtu: mtu)
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

    /// Ends it at once, also while a message is checked; nothing is handed out afterwards. A running ``next()`` throws
    /// `RidError.cancelled`, a later one gives a farewell to the peer, then `closed`. A question that was open leaves a row in the history.
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
