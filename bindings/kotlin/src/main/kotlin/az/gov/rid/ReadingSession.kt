package az.gov.rid

import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.RidException
import az.gov.rid.core.Reading
import az.gov.rid.core.ReadingStep
import kotlinx.coroutines.flow.Flow

/**
 * One reading: the app owns the camera, the radio and the screen, this object everything else.
 *
 * Collect [steps] and do what each says, or call [next] in a loop. The radio's events may come from any thread.
 *
 * The link or the time may end the session while a step is being done. From then on the radio's events do nothing, neither does
 * [proceed], [chunks] gives none, and the next step is a farewell or `Closed`.
 */
public class ReadingSession internal constructor(private val core: Reading) : AutoCloseable {
    private val told = StepSignal()

    /**
     * Each step once, until [ReadingStep.Closed]. The collector does what the step says and tells it by [connected] or [proceed]; then
     * the next one comes. While there is a time limit the flow calls [tick] by itself. Cancelling the collector ends nothing:
     * collect again to go on. One collector at a time.
     */
    public val steps: Flow<ReadingStep> =
        told.steps(
            rest = { step ->
                when (step) {
                    is ReadingStep.Closed -> Rest.OVER
                    is ReadingStep.Wait -> if (step.untilMillis == null) Rest.WAIT else Rest.WAIT_UNTIL
                    else -> Rest.DO
                }
            },
            next = {
                try {
                    next()
                } catch (_: RidException.Cancelled) {
                    // Called away by `cancel`: the next call says what is left to be done.
                    null
                }
            },
            tick = ::tick,
        )

    /** What is to be done now; the same until it was done. One call at a time: another is [RidException.Misuse] (`busy`). */
    public suspend fun next(): ReadingStep = Boundary.await { core.next() }

    /** `Send` or `Judged` was done. For `Send`: the link took the last chunk, and the wallet's time begins. */
    public fun proceed() {
        unlessOver({}) { core.proceed() }
        told.done()
    }

    /** The link is up, with this MTU: the answer to `Connect`. Below 23 it is [RidException.BadInput] (`transport_mtu`). */
    public fun connected(mtu: UShort) {
        Boundary.call { core.connected(mtu) }
        told.done()
    }

    /**
     * One characteristic write came; whole messages are put together here. A malformed one, or a message over 1 MiB, is
     * [RidException.PeerRefused] (`transport_limit`), and the session is over by that name.
     */
    public fun receivedChunk(chunk: ByteArray) {
        try {
            Boundary.call { core.receivedChunk(Boundary.bytes(chunk)) }
            told.note()
        } catch (ended: RidException.PeerRefused) {
            told.done()
            throw ended
        }
    }

    /** The message of `Send` as characteristic writes of at most 512 bytes, for the MTU that the platform reports (23 or more). */
    public fun chunks(mtu: UShort): List<ByteArray> = unlessOver({ emptyList() }) { core.chunks(mtu) }

    /** The link is down. Harmless after the end, also after [close]. */
    public fun disconnected(): Unit = told.noting { Boundary.event { core.disconnected() } }

    /** Time has passed: ends the session if it was too much. Harmless at any time. */
    public fun tick(): Unit = told.noting { Boundary.event { core.tick() } }

    /** Asks again in the same session, after a verdict. [RidException.Misuse] (`session_closed`) when the session has ended. */
    public fun ask(asked: List<DocumentAsk>) {
        Boundary.call { core.ask(Boundary.asked(asked)) }
        told.done()
    }

    /** Ends the session in order. */
    public fun finish() {
        Boundary.call { core.finish() }
        told.done()
    }

    /**
     * Ends it at once, also while an answer is judged; nothing is handed out afterwards. A running [next] throws
     * [RidException.Cancelled], a later one gives a farewell to the peer, then `Closed`.
     */
    public fun cancel() {
        Boundary.call { core.cancel() }
        told.done()
    }

    /** Ends it without a farewell and lets go of the library's memory; a running [next] ends at once. Every later call says [RidException.Misuse] (`closed`). */
    override fun close() {
        Boundary.closing({ core.cancel() }, { core.close() })
        told.done()
    }

    private inline fun <T> unlessOver(late: () -> T, call: () -> T): T =
        try {
            Boundary.call(call)
        } catch (misuse: RidException.Misuse) {
            if (misuse.code in LATE && Boundary.call { core.isOver() }) late() else throw misuse
        }
}
