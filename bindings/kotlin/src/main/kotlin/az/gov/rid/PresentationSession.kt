package az.gov.rid

import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.Presentation
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.WalletException
import kotlinx.coroutines.flow.Flow

/**
 * A face-to-face presentation: the app owns the radio and the screen, this object everything else.
 *
 * Collect [steps] and do what each says, or call [next] in a loop. The radio's events ([connected], [receivedChunk], [disconnected])
 * may come from any thread. An answer to a question that was not asked is [WalletException.Misuse] (`not_asked`) and changes nothing.
 */
public class PresentationSession internal constructor(private val core: Presentation) : AutoCloseable {
    private val told = Told()

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
                } catch (_: WalletException.Cancelled) {
                    // Called away by `cancel`: the next call says what is left to be done.
                    null
                }
            },
            tick = ::tick,
        )

    /** What is to be done now; the same until it was done. One call at a time: another is [WalletException.Misuse] (`busy`). */
    public suspend fun next(): PresentationStep = WalletRim.await { core.next() }

    /** `Advertise`, `Send` or `Receipt` was done. */
    public fun proceed() {
        WalletRim.call { core.proceed() }
        told.done()
    }

    /** The person's answer to `Ask`. Another question's is [WalletException.Misuse] (`consent_binding`). */
    public fun answer(answer: ConsentAnswer) {
        WalletRim.call { core.answer(checked(answer)) }
        told.done()
    }

    /** The answer to `Unlock`: the wallet was unlocked, or the person gave up. */
    public fun unlocked() {
        WalletRim.call { core.unlocked() }
        told.done()
    }

    /** The link is up. */
    public fun connected(): Unit = told.noting { WalletRim.call { core.connected() } }

    /**
     * One characteristic write came; whole messages are put together here. A malformed one, or a message over 1 MiB, is
     * [WalletException.PeerRefused] (`transport_limit`), and the session is over by that name.
     */
    public fun receivedChunk(chunk: ByteArray) {
        try {
            WalletRim.call { core.receivedChunk(WalletRim.bytes(chunk)) }
            told.note()
        } catch (ended: WalletException.PeerRefused) {
            told.done()
            throw ended
        }
    }

    /** The message of `Send` as characteristic writes for an MTU of 23 to 515. */
    public fun chunks(mtu: UShort): List<ByteArray> = WalletRim.call { core.chunks(mtu) }

    /** The link is down. */
    public fun disconnected(): Unit = told.noting { WalletRim.call { core.disconnected() } }

    /** Time has passed: ends the session if it was too much. Harmless at any time. */
    public fun tick(): Unit = told.noting { WalletRim.call { core.tick() } }

    /** Ends it: a running [next] throws [WalletException.Cancelled] at once, a later one says farewell to the peer, then `Closed`. */
    public fun cancel() {
        WalletRim.call { core.cancel() }
        told.done()
    }

    /** Ends it without a farewell and lets go of the library's memory; a running [next] ends at once. Every later call says [WalletException.Misuse] (`closed`). */
    override fun close() {
        WalletRim.closing({ core.cancel() }, { core.close() })
        told.done()
    }

    private fun checked(answer: ConsentAnswer): ConsentAnswer {
        WalletRim.text(answer.id)
        WalletRim.bytes(answer.hash)
        val decision = answer.decision
        if (decision is ConsentDecision.Agree) {
            for (document in decision.documents) for (path in document.elements) WalletRim.path(path.steps)
        }
        return answer
    }
}
