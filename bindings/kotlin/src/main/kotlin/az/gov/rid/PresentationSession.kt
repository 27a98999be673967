package az.gov.rid

import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.Presentation
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.RidException
import kotlinx.coroutines.flow.Flow

/**
 * A face-to-face presentation: the app owns the radio and the screen, this object everything else.
 *
 * Collect [steps] and do what each says, or call [next] in a loop. The radio's events ([connected], [receivedChunk], [disconnected])
 * may come from any thread. An answer to a question that was not asked is [RidException.Misuse] (`not_asked`) and changes nothing.
 *
 * The link or the time may end the session while a step is being done. From then on the radio's events do nothing, neither does a call
 * that answers a step ([proceed], [answer], [unlocked]; [chunks] gives none), and the next step is a farewell or `Closed`.
 */
public class PresentationSession internal constructor(private val core: Presentation) : AutoCloseable {
    private val told = StepSignal()

    /**
     * Each step once, until [PresentationStep.Closed]. The collector does what the step says and tells it by [proceed], [answer] or
     * [unlocked]; then the next one comes. While there is a time limit the flow calls [tick] by itself. Cancelling the collector
     * ends nothing: collect again to go on. One collector at a time.
     */
    public val steps: Flow<PresentationStep> =
        told.steps(
            rest = { step ->
                when (step) {
                    is PresentationStep.Closed -> Rest.OVER
                    is PresentationStep.Wait -> if (step.untilMillis == null) Rest.WAIT else Rest.WAIT_UNTIL
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
    public suspend fun next(): PresentationStep = Boundary.await { core.next() }

    /**
     * `Advertise`, `Send` or `Receipt` was done. For `Send`: the link took the last chunk. If the link was lost before, call
     * [disconnected] instead: the history then says that the delivery is unknown.
     */
    public fun proceed() {
        unlessOver({}) { core.proceed() }
        told.done()
    }

    /**
     * The person's answer to `Ask`; build it with [agree] or [refuse]. A wrong answer leaves the question open.
     *
     * @throws RidException.Misuse `consent_binding`: the answer to another question
     * @throws RidException.BadInput `consent_selection`: a document, credential or element that is not offered
     */
    public fun answer(answer: ConsentAnswer) {
        unlessOver({}) { core.answer(checked(answer)) }
        told.done()
    }

    /** The answer to `Unlock`: the wallet was unlocked, or the person gave up. */
    public fun unlocked() {
        unlessOver({}) { core.unlocked() }
        told.done()
    }

    /** The link is up, with this MTU. Below 23 it is [RidException.BadInput] (`transport_mtu`), and no copy is used. */
    public fun connected(mtu: UShort): Unit = told.noting { Boundary.call { core.connected(mtu) } }

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

    /**
     * Ends it at once, also while a message is checked; nothing is handed out afterwards. A running [next] throws
     * [RidException.Cancelled], a later one gives a farewell to the peer, then `Closed`. A question that was open leaves a row in the
     * history.
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

    private fun checked(answer: ConsentAnswer): ConsentAnswer {
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
}
