import Foundation
import RidCore

/// A flow as a loop over steps: do what a step says, tell the session so, take the next step. Every flow of the package is used in this way,
/// whatever its steps are.
///
/// Iterate over ``steps``, or call ``next()`` in a loop. The time or another task can end the session while a step is being done. From then on
/// the calls that answer a step do nothing, and the next step is a farewell or `closed`.
public class StepSession<Step: Equatable & Sendable>: @unchecked Sendable {
    private let flow: any StepFlow<Step>
    private let rest: @Sendable (Step) -> Rest
    let signal = StepSignal()

    init(_ flow: any StepFlow<Step>, rest: @escaping @Sendable (Step) -> Rest) {
        self.flow = flow
        self.rest = rest
    }

    /// Each step once, until `closed`. Do what the step says and answer it, by ``proceed()`` where the step names no other call; then the next
    /// one comes. While there is a time limit the sequence calls ``tick()`` by itself.
    public var steps: Steps<Step> {
        Steps(
            signal: signal, rest: rest,
            step: {
                do {
                    return try await self.next()
                } catch RidError.cancelled {
                    // `cancel` interrupted it: the next call says what is left to be done.
                    return nil
                }
            },
            tick: { try self.tick() })
    }

    /// The step to be done now; the same until it was done. One call at a time: another is `RidError.misuse` (`busy`).
    public func next() async throws -> Step {
        try await interruptible(interrupt: { self.flow.park() }) { try await self.flow.next() }
    }

    /// The step was done. A step that wants another answer than this one says so.
    public func proceed() throws {
        try answering { try flow.proceed() }
    }

    /// Time has passed: ends the session if it was too much. Harmless at any time. ``steps`` calls it by itself.
    public func tick() throws {
        defer { signal.note() }
        try flow.tick()
    }

    /// Ends it at once, also while a message is checked; nothing is handed out afterwards. A running ``next()`` throws
    /// `RidError.cancelled`, a later one gives a farewell to the peer, then `closed`.
    public func cancel() {
        flow.cancel()
        signal.note(done: true)
    }

    /// Answers the step. After the end of the session it does nothing.
    func answering(_ call: () throws -> Void) throws {
        try unlessOver(()) { try call() }
        signal.note(done: true)
    }

    func unlessOver<T>(_ late: T, _ call: () throws -> T) throws -> T {
        do {
            return try call()
        } catch RidError.misuse(let code) where isLate(code) && (try? flow.isOver()) == true {
            return late
        }
    }
}

/// A ``StepSession`` over a radio that the app owns. The events of the radio (``connected(mtu:)``, ``receivedChunk(_:)``, ``disconnected()``)
/// may come from any thread; after the end they do nothing.
public class LinkSession<Step: Equatable & Sendable>: StepSession<Step>, @unchecked Sendable {
    private let link: any LinkFlow<Step>
    private let isConnectedAnAnswer: Bool

    /// A reader is asked to connect, so ``connected(mtu:)`` answers a step. A wallet advertises and waits.
    init(_ link: any LinkFlow<Step>, isConnectedAnAnswer: Bool, rest: @escaping @Sendable (Step) -> Rest) {
        self.link = link
        self.isConnectedAnAnswer = isConnectedAnAnswer
        super.init(link, rest: rest)
    }

    /// The link is up, with this MTU, as the platform reports it. Below 23 it is `RidError.badInput` (`transport_mtu`), and nothing is used.
    public func connected(mtu: Int) throws {
        defer { signal.note() }
        try link.connected(mtu: UInt16(clamping: mtu))
        if isConnectedAnAnswer { signal.note(done: true) }
    }

    /// One characteristic write came; whole messages are put together here. A malformed one, or a message over 1 MiB, is
    /// `RidError.peerRefused` (`transport_limit`), and the session is over by that name.
    public func receivedChunk(_ chunk: Data) throws {
        try RidError.check(chunk)
        do {
            try link.receivedChunk(chunk: chunk)
            signal.note()
        } catch let refused as RidError {
            if case .peerRefused = refused { signal.note(done: true) }
            throw refused
        }
    }

    /// The message of `send` as characteristic writes of at most 512 bytes, for the MTU that the platform reports (23 or more; where it reports
    /// the longest write, add 3). When the link took the last one, call ``proceed()``; when it was lost before, call ``disconnected()``.
    public func chunks(mtu: Int) throws -> [Data] {
        try unlessOver([]) { try link.chunks(mtu: UInt16(clamping: mtu)) }
    }

    /// The link is down. Harmless after the end.
    public func disconnected() throws {
        defer { signal.note() }
        try link.disconnected()
    }
}

/// The calls of the library that every flow has.
protocol StepFlow<Step>: AnyObject, Sendable {
    associatedtype Step
    func next() async throws -> Step
    func proceed() throws
    func tick() throws
    func isOver() throws -> Bool
    func park()
    func cancel()
}

/// The calls of the library that a flow over a radio has beside.
protocol LinkFlow<Step>: StepFlow {
    func connected(mtu: UInt16) throws
    func receivedChunk(chunk: Data) throws
    func chunks(mtu: UInt16) throws -> [Data]
    func disconnected() throws
}
