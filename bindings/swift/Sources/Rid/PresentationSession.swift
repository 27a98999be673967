import RidCore

/// A face-to-face presentation: the app owns the radio and the screen, this object everything else.
///
/// `proceed` answers `advertise`, `send` and `receipt`; ``answer(_:)`` answers `ask`, ``unlocked()`` answers `unlock`. `wait` and `closed` want no
/// answer. An answer to a question that was not asked is `RidError.misuse` (`not_asked`) and changes nothing. After `cancel`, a question that was
/// open leaves a row in the history.
public final class PresentationSession: LinkSession<PresentationStep>, @unchecked Sendable {
    private let core: Presentation

    init(core: Presentation) {
        self.core = core
        super.init(core, isConnectedAnAnswer: false) { step in
            switch step {
            case .closed: .over
            case .wait(let until): .wait(limited: until != nil)
            default: .act
            }
        }
    }

    /// The person's answer to `ask`; build it with `agree` or `refuse`. A wrong answer leaves the question open.
    ///
    /// Throws `RidError.misuse` (`consent_binding`) for the answer to another question, and `RidError.badInput` (`consent_selection`) for a
    /// document, credential or element that is not offered.
    public func answer(_ answer: ConsentAnswer) throws {
        try RidError.check(answer)
        try answering { try core.answer(answer: answer) }
    }

    /// The answer to `unlock`: the wallet was unlocked, or the person cancelled.
    public func unlocked() throws {
        try answering { try core.unlocked() }
    }
}

extension Presentation: LinkFlow {}
