import Foundation
import RidCore

/// A face-to-face presentation: the app owns the radio and the screen, this object everything else.
///
/// Iterate over ``steps`` and do what each says, or call ``next()`` in a loop. The radio's events (``connected()``, ``receivedChunk(_:)``,
/// ``disconnected()``) may come from any thread. An answer to a question that was not asked is `WalletError.Misuse` (`not_asked`) and
/// changes nothing.
public final class PresentationSession: Sendable {
    private let core: Presentation
    private let told = Told()

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
                } catch WalletError.Cancelled {
                    // Called away by `cancel`: the next call says what is left to be done.
                    return nil
                }
            },
            tick: { try self.tick() })
    }

    /// What is to be done now; the same until it was done. One call at a time: another is `WalletError.Misuse` (`busy`).
    public func next() async throws -> PresentationStep {
        try await calling(callAway: { self.core.park() }) { try await self.core.next() }
    }

    /// `advertise`, `send` or `receipt` was done.
    public func proceed() throws {
        try core.proceed()
        told.note(done: true)
    }

    /// The person's answer to `ask`. Another question's is `WalletError.Misuse` (`consent_binding`).
    public func answer(_ answer: ConsentAnswer) throws {
        try WalletError.check(answer.id)
        try WalletError.check(answer.hash)
        if case .agree(_, let documents) = answer.decision {
            for path in documents.flatMap(\.elements) { try WalletError.check(path) }
        }
        try core.answer(answer: answer)
        told.note(done: true)
    }

    /// The answer to `unlock`: the wallet was unlocked, or the person gave up.
    public func unlocked() throws {
        try core.unlocked()
        told.note(done: true)
    }

    /// The link is up.
    public func connected() throws {
        defer { told.note() }
        try core.connected()
    }

    /// One characteristic write came; whole messages are put together here. A malformed one, or a message over 1 MiB, is
    /// `WalletError.PeerRefused` (`transport_limit`), and the session is over by that name.
    public func receivedChunk(_ chunk: Data) throws {
        try WalletError.check(chunk)
        do {
            try core.receivedChunk(chunk: chunk)
            told.note()
        } catch let refused as WalletError {
            if case .PeerRefused = refused { told.note(done: true) }
            throw refused
        }
    }

    /// The message of `send` as characteristic writes for an MTU of 23 to 515.
    public func chunks(mtu: UInt16) throws -> [Data] {
        try core.chunks(mtu: mtu)
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

    /// Ends it: a running ``next()`` throws `WalletError.Cancelled` at once, a later one says farewell to the peer, then `closed`.
    public func cancel() {
        core.cancel()
        told.note(done: true)
    }
}
