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

/** The meaning of a step to the loop over steps. */
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

/** Counts the calls of a session, so that its steps can be collected without polling. */
internal class StepSignal {
    private val notes = MutableStateFlow(0L)
    private val done = AtomicLong()

    /** Something came from outside. */
    fun note() {
        notes.update { it + 1 }
    }

    /** The step that was given out was done, or is obsolete. */
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
            val notesBefore = notes.value
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
                Rest.WAIT_UNTIL -> withTimeoutOrNull(TICK_MILLIS) { notes.first { it != notesBefore } } ?: tick()
                else -> notes.first { it != notesBefore }
            }
        }
    }

    private companion object {
        const val TICK_MILLIS = 1_000L
    }
}
