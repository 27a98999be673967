package az.gov.rid

import java.util.concurrent.atomic.AtomicLong
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.withTimeoutOrNull

/** What a step means to whoever collects steps. */
internal enum class Rest {
    /** Something to be done: given again until it was. */
    DO,

    /** The link is waited for. */
    WAIT,

    /** The same, but not for ever. */
    WAIT_UNTIL,

    /** It is over. */
    OVER,
}

/** Counts what was told to a session, so that its steps can be collected without asking in a loop. */
internal class StepSignal {
    private val told = MutableStateFlow(0L)
    private val done = AtomicLong()

    /** Something came from outside. */
    fun note() {
        told.update { it + 1 }
    }

    /** The step given out was done, or is no more. */
    fun done() {
        done.incrementAndGet()
        note()
    }

    inline fun <T> noting(block: () -> T): T = try { block() } finally { note() }

    /** Each step once, until the session is over. */
    fun <S : Any> steps(rest: (S) -> Rest, next: suspend () -> S?, tick: () -> Unit): Flow<S> = flow {
        var last: S? = null
        var lastDone = -1L
        while (true) {
            currentCoroutineContext().ensureActive()
            val toldBefore = told.value
            val doneBefore = done.get()
            val step = next() ?: continue
            if (done.get() != doneBefore) continue
            val kind = rest(step)
            val again = last?.javaClass == step.javaClass && if (kind == Rest.DO) lastDone == doneBefore else last == step
            if (!again) {
                emit(step)
                last = step
                lastDone = doneBefore
            }
            when (kind) {
                Rest.OVER -> return@flow
                Rest.WAIT_UNTIL -> withTimeoutOrNull(TICK_MILLIS) { told.first { it != toldBefore } } ?: tick()
                else -> told.first { it != toldBefore }
            }
        }
    }

    private companion object {
        const val TICK_MILLIS = 1_000L
    }
}
