import RidCore

/// One reading: the app owns the camera, the radio and the screen, this object everything else. A verdict that says no is no error.
///
/// `connected` answers `connect`; `proceed` answers `send` and `judged`. `wait` and `closed` want no answer. After a verdict call ``ask(_:)`` or
/// ``finish()``.
public final class ReadingSession: LinkSession<ReadingStep>, @unchecked Sendable {
    private let core: Reading

    init(core: Reading) {
        self.core = core
        super.init(core, isConnectedAnAnswer: true) { step in
            switch step {
            case .closed: .over
            case .wait(let until): .wait(limited: until != nil)
            default: .act
            }
        }
    }

    /// Asks again in the same session, after a verdict. Throws `RidError.misuse` (`session_closed`) when the session has ended.
    public func ask(_ asked: [DocumentAsk]) throws {
        try RidError.check(asked)
        defer { signal.note() }
        try core.ask(asked: asked)
    }

    /// Ends the session in order.
    public func finish() throws {
        defer { signal.note() }
        try core.finish()
    }
}

extension Reading: LinkFlow {}
