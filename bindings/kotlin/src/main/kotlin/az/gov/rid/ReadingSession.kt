package az.gov.rid

import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.Reading
import az.gov.rid.core.ReadingStep
import az.gov.rid.core.RidException

/**
 * One reading: the app owns the camera, the radio and the screen, this object everything else.
 *
 * [connected] answers `Connect`; [proceed] answers `Send` and `Judged`. `Wait` and `Closed` want no answer. After a verdict call [ask] or
 * [finish].
 */
public class ReadingSession internal constructor(private val core: Reading) :
    LinkSession<ReadingStep>(
        FlowCalls(
            rest = { step ->
                when (step) {
                    is ReadingStep.Closed -> Rest.OVER
                    is ReadingStep.Wait -> if (step.untilMillis == null) Rest.WAIT else Rest.WAIT_UNTIL
                    else -> Rest.DO
                }
            },
            core::next, core::proceed, core::tick, core::isOver, core::cancel, core::close,
        ),
        LinkCalls(core::connected, core::receivedChunk, core::chunks, core::disconnected, isConnectedAnAnswer = true),
    ) {
    /** Asks again in the same session, after a verdict. [RidException.Misuse] (`session_closed`) when the session has ended. */
    public fun ask(asked: List<DocumentAsk>) {
        Boundary.call { core.ask(Boundary.asked(asked)) }
        signal.done()
    }

    /** Ends the session in order. */
    public fun finish() {
        Boundary.call { core.finish() }
        signal.done()
    }
}
