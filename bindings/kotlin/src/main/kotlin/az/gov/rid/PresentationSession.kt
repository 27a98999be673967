package az.gov.rid

import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.Presentation
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.RidException

/**
 * A face-to-face presentation: the app owns the radio and the screen, this object everything else.
 *
 * [proceed] answers `Advertise`, `Send` and `Receipt`; [answer] answers `Ask`, [unlocked] answers `Unlock`. `Wait` and `Closed` want no
 * answer. An answer to a question that was not asked is [RidException.Misuse] (`not_asked`) and changes nothing. After [cancel], a question
 * that was open leaves a row in the history.
 */
public class PresentationSession internal constructor(private val core: Presentation) :
    LinkSession<PresentationStep>(
        FlowCalls(
            rest = { step ->
                when (step) {
                    is PresentationStep.Closed -> Rest.OVER
                    is PresentationStep.Wait -> if (step.untilMillis == null) Rest.WAIT else Rest.WAIT_UNTIL
                    else -> Rest.DO
                }
            },
            core::next, core::proceed, core::tick, core::isOver, core::cancel, core::close,
        ),
        LinkCalls(core::connected, core::receivedChunk, core::chunks, core::disconnected, isConnectedAnAnswer = false),
    ) {
    /**
     * The person's answer to `Ask`; build it with [agree] or [refuse]. A wrong answer leaves the question open.
     *
     * @throws RidException.Misuse `consent_binding`: the answer to another question
     * @throws RidException.BadInput `consent_selection`: a document, credential or element that is not offered
     */
    public fun answer(answer: ConsentAnswer): Unit = answering { core.answer(checked(answer)) }

    /** The answer to `Unlock`: the wallet was unlocked, or the person cancelled. */
    public fun unlocked(): Unit = answering { core.unlocked() }
}

/** The answer of an app, checked as far as the generated code needs it. */
internal fun checked(answer: ConsentAnswer): ConsentAnswer {
    Boundary.text(answer.id)
    Boundary.bytes(answer.hash)
    val decision = answer.decision
    if (decision is ConsentDecision.Agree) {
        for (document in decision.documents) {
            Boundary.text(document.credential)
            for (path in document.elements) Boundary.path(path.steps)
        }
    }
    return answer
}
