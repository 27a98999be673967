import RidCore

/// An enrolment under way: keys and proofs may take a person's finger each, so it can be cancelled and asked again.
public final class EnrolmentSession: Sendable {
    private let core: Enrolling

    init(core: Enrolling) {
        self.core = core
    }

    /// Makes and proves the keys and gives the message for the issuer, at each call the same. After a cancelled call the next one cleans up
    /// and throws `RidError.misuse` (`interrupted`).
    public func next() async throws -> Enrolment {
        try await interruptible(interrupt: { self.core.park() }) { try await self.core.next() }
    }

    /// Ends it: a running ``next()`` throws `RidError.cancelled` at once. Before the message was given, its keys are deleted, by the next call of
    /// the wallet at the latest; after it, the issuer's answer can still be accepted.
    public func cancel() {
        core.cancel()
    }
}
