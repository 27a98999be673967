package az.gov.rid

import az.gov.rid.core.HistoryEventType
import az.gov.rid.core.HistoryOutcome
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.select
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout

/**
 * Runs `act` and cancels it at a call of the area, before or after that acts; whether it came so far. `told`: the call was cancelled too.
 * `spared` ones are not: they take their time and go on.
 */
internal suspend fun cut(
    area: WatchedArea, at: Int, acted: Boolean, told: () -> Unit = {}, spared: Set<String> = emptySet(), act: suspend () -> Unit,
): Boolean = coroutineScope {
    val reached = CompletableDeferred<Unit>()
    area.calls.set(0)
    val hang: suspend (Int, String) -> Unit = { call, name ->
        if (call == at) {
            reached.complete(Unit)
            if (name in spared) delay(10) else try { awaitCancellation() } finally { told() }
        }
    }
    if (acted) area.after = hang else area.before = hang
    val job = launch(Dispatchers.Default) { act() }
    val came = select {
        reached.onAwait { true }
        job.onJoin { false }
    }
    job.cancelAndJoin()
    area.before = { _, _ -> }
    area.after = { _, _ -> }
    came
}

/** At each call, before and after; how many calls there were. `repeats`: a call may be made twice where the link ends while it runs. */
internal suspend fun everyCall(repeats: Boolean = false, run: suspend (at: Int, acted: Boolean) -> Boolean): Int {
    var at = 1
    while (true) {
        val before = run(at, false)
        val after = run(at, true)
        if (!repeats) assertEquals(before, after)
        if (!before && !after) return at - 1
        at += 1
    }
}

/** Waits so long, to the microsecond: `delay` knows whole milliseconds only. */
internal fun spin(micros: Long) {
    val end = System.nanoTime() + micros * 1_000
    while (System.nanoTime() < end) Thread.onSpinWait()
}

/** As many copies used as rows of presentations. */
internal suspend fun consistent(wallet: RidWallet) {
    val used = wallet.credentials().sumOf { it.copiesTotal - it.copiesLeft }.toInt()
    val rows = wallet.events().filter { it.kind == HistoryEventType.PRESENTATION && it.outcome != HistoryOutcome.REFUSED }
    assertEquals(used, rows.size)
}

/** A coroutine that was cancelled before calls it: it comes out cancelled. */
internal suspend fun beginsNothing(place: Int, call: suspend () -> Any?): Unit = coroutineScope {
    val thrown = CompletableDeferred<Throwable?>()
    launch {
        try { delay(1.minutes) } catch (_: CancellationException) {
            thrown.complete(runCatching { call() }.exceptionOrNull())
        }
    }.also { delay(1) }.cancelAndJoin()
    val seen = withContext(NonCancellable) { withTimeout(1.minutes) { thrown.await() } }
    assertTrue(seen is CancellationException, "call $place: $seen")
}
