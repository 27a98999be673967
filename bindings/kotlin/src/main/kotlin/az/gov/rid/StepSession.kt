package az.gov.rid

import az.gov.rid.core.RidException
import kotlinx.coroutines.flow.Flow

/**
 * A flow as a loop over steps: do what a step says, tell the session so, take the next step. Every flow of the package is used in this
 * way, whatever its steps are.
 *
 * Collect [steps], or call [next] in a loop. The time or another thread can end the session while a step is being done. From then on the
 * calls that answer a step do nothing, and the next step is a farewell or `Closed`.
 *
 * @param S the type of its steps
 */
public abstract class StepSession<S : Any> internal constructor(private val flow: FlowCalls<S>) : AutoCloseable {
    internal val signal = StepSignal()

    /**
     * Each step once, until `Closed`. The collector does what the step says and answers it, by [proceed] where the step names no other
     * call. Then the next one comes. While there is a time limit the flow calls [tick] by itself. Cancelling the collector ends nothing:
     * collect again to go on. One collector at a time.
     */
    public val steps: Flow<S> =
        signal.steps(
            rest = flow.rest,
            next = {
                try {
                    next()
                } catch (_: RidException.Cancelled) {
                    // `cancel` interrupted it: the next call says what is left to be done.
                    null
                }
            },
            tick = ::tick,
        )

    /** The step to be done now; the same until it was done. One call at a time: another is [RidException.Misuse] (`busy`). */
    public suspend fun next(): S = Boundary.await { flow.next() }

    /** The step was done. A step that wants another answer than this one says so. */
    public fun proceed(): Unit = answering { flow.proceed() }

    /** Time has passed: ends the session if it was too much. Harmless at any time. [steps] calls it by itself. */
    public fun tick(): Unit = signal.noting { Boundary.event { flow.tick() } }

    /**
     * Ends it at once, also while a message is checked; nothing is handed out afterwards. A running [next] throws
     * [RidException.Cancelled], a later one gives a farewell to the peer, then `Closed`.
     */
    public fun cancel() {
        Boundary.call { flow.cancel() }
        signal.done()
    }

    /**
     * Ends it without a farewell and releases the library's memory; a running [next] ends at once. Every later call says
     * [RidException.Misuse] (`closed`).
     */
    override fun close() {
        Boundary.closing(flow.cancel, flow.close)
        signal.done()
    }

    /** Answers the step. After the end of the session it does nothing. */
    internal fun answering(call: () -> Unit) {
        unlessOver(Unit, call)
        signal.done()
    }

    internal fun <T> unlessOver(late: T, call: () -> T): T =
        try {
            Boundary.call(call)
        } catch (misuse: RidException.Misuse) {
            if (misuse.code in LATE && Boundary.call { flow.isOver() }) late else throw misuse
        }
}

/**
 * A [StepSession] over a radio that the app owns. The events of the radio ([connected], [receivedChunk], [disconnected]) may come from any
 * thread; after the end they do nothing.
 */
public abstract class LinkSession<S : Any> internal constructor(flow: FlowCalls<S>, private val link: LinkCalls) : StepSession<S>(flow) {
    /** The link is up, with this MTU, as the platform reports it. Below 23 it is [RidException.BadInput] (`transport_mtu`), and nothing is used. */
    public fun connected(mtu: Int) {
        try {
            Boundary.call { link.connected(short(mtu)) }
            if (link.isConnectedAnAnswer) signal.done()
        } finally {
            signal.note()
        }
    }

    /**
     * One characteristic write came; whole messages are put together here. A malformed one, or a message over 1 MiB, is
     * [RidException.PeerRefused] (`transport_limit`), and the session is over by that name.
     */
    public fun receivedChunk(chunk: ByteArray) {
        try {
            Boundary.call { link.receivedChunk(Boundary.bytes(chunk)) }
            signal.note()
        } catch (ended: RidException.PeerRefused) {
            signal.done()
            throw ended
        }
    }

    /**
     * The message of `Send` as characteristic writes of at most 512 bytes, for the MTU that the platform reports (23 or more). When the link
     * took the last one, call [proceed]; when it was lost before, call [disconnected].
     */
    public fun chunks(mtu: Int): List<ByteArray> = unlessOver(emptyList()) { link.chunks(short(mtu)) }

    /** The link is down. Harmless after the end, also after [close]. */
    public fun disconnected(): Unit = signal.noting { Boundary.event { link.disconnected() } }

    private fun short(mtu: Int): UShort = mtu.coerceIn(0, UShort.MAX_VALUE.toInt()).toUShort()
}

/** The calls of the library that every flow has. */
internal class FlowCalls<S>(
    val rest: (S) -> Rest,
    val next: suspend () -> S,
    val proceed: () -> Unit,
    val tick: () -> Unit,
    val isOver: () -> Boolean,
    val cancel: () -> Unit,
    val close: () -> Unit,
)

/** The calls of the library that a flow over a radio has beside. */
internal class LinkCalls(
    val connected: (UShort) -> Unit,
    val receivedChunk: (ByteArray) -> Unit,
    val chunks: (UShort) -> List<ByteArray>,
    val disconnected: () -> Unit,
    /** A reader is asked to connect, so [connected] answers a step. A wallet advertises and waits. */
    val isConnectedAnAnswer: Boolean,
)
