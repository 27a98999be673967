package az.gov.rid

import az.gov.rid.core.Decision
import az.gov.rid.core.DeviceAuthMethod
import az.gov.rid.core.HistoryEventType
import az.gov.rid.core.HistoryOutcome
import az.gov.rid.core.LockState
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.RidException
import az.gov.rid.core.uniffiForeignFutureHandleCount
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicInteger
import kotlin.math.pow
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.io.TempDir

/** Coroutines cancelled at every await, and many at once. */
internal class CancelTest {
    @TempDir lateinit var folder: Path

    private val told = AtomicInteger()

    private suspend fun cut(area: WatchedArea, at: Int, acted: Boolean, act: suspend () -> Unit): Boolean =
        cut(area, at, acted, { told.incrementAndGet() }, emptySet(), act)

    @Test
    fun `neg_m06_opening`() = walk {
        val calls = everyCall { at, acted ->
            val rig = Rig(folder.resolve("home-$at-$acted"))
            val area = WatchedArea(rig.area())
            val came = cut(area, at, acted) { rig.open(area).closeStore() }
            rig.open(area).use { assertEquals(emptyList(), it.credentials()) }
            came
        }
        assertTrue(calls >= 2, "$calls calls")
        assertEquals(2 * calls, told.get(), "each hanging call was told")
    }

    @Test
    fun `neg_m06_opening_cut_at_any_moment`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            wallet.closeStore()
        }
        repeat(120) { round ->
            val call = launch(Dispatchers.Default) { rig.open().use { it.closeStore() } }
            spin(round * 75L)
            call.cancelAndJoin()
            // The next start finds the folder free and everything in it.
            rig.open().use { wallet ->
                assertEquals(1, wallet.credentials().size)
                wallet.closeStore()
            }
        }
    }

    @Test
    fun `neg_m06_unlocking`() = walk {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            rig.enrol(wallet)
            val calls = everyCall { at, acted ->
                wallet.lock()
                cut(area, at, acted) { wallet.unlock() }.also { came ->
                    assertEquals(if (came) LockState.LOCKED else LockState.UNLOCKED, wallet.lockState)
                    wallet.unlock()
                    assertEquals(1, wallet.credentials().size)
                }
            }
            assertTrue(calls >= 1)
        }
    }

    @Test
    fun `neg_m06_enrolling`() = walk {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            val calls = everyCall { at, acted ->
                wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 2).use { session ->
                    val came = cut(area, at, acted) { session.next() }
                    if (came) {
                        assertEquals("interrupted", assertFailsWith<RidException.Misuse> { session.next() }.code)
                        assertEquals("interrupted", assertFailsWith<RidException.Misuse> { session.next() }.code)
                    } else {
                        val message = session.next()
                        assertEquals(1, wallet.accept(message.id, rig.answer(message.message)).size)
                    }
                    came
                }
            }
            assertEquals(3, calls)
            assertEquals(2, wallet.credentials().size)
        }
    }

    @Test
    fun `neg_m06_deleting`() = walk {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            val calls = everyCall { at, acted ->
                val id = rig.enrol(wallet).single().id
                val came = cut(area, at, acted) { wallet.delete(id) }
                // Gone, or deleted by the next call; never half.
                val held = wallet.credentials()
                if (held.isNotEmpty()) wallet.delete(id)
                assertFailsWith<RidException.BadInput> { wallet.credential(id) }
                assertEquals(emptyList(), wallet.credentials())
                came
            }
            assertTrue(calls >= 1)
        }
    }

    @Test
    fun `neg_m06_presenting_goes_on_where_it_stood`() = walk(2.minutes) {
        for (method in DeviceAuthMethod.entries) {
            val rig = Rig(folder.resolve("home-$method"))
            val area = WatchedArea(rig.area())
            rig.open(area, rig.options(method)).use { wallet ->
                rig.enrol(wallet, copies = 14)
                val calls = everyCall(repeats = true) { at, acted ->
                    var came = false
                    var interrupted = false
                    val verdict = meet(rig, wallet) { holder ->
                        came = cut(area, at, acted) { holder.run() }
                        // While a copy is consumed nothing may be asked twice: the session is over by name.
                        interrupted = came && area.latest == "info"
                        if (came) holder.run()
                    }
                    assertEquals(if (interrupted) null else Decision.ACCEPTED, verdict)
                    consistent(wallet)
                    came
                }
                assertTrue(calls >= 1, "$method: $calls")
                val outcomes = wallet.events().filter { it.kind == HistoryEventType.PRESENTATION }.map { it.outcome }
                assertTrue(outcomes.all { it in setOf(HistoryOutcome.FINISHED, HistoryOutcome.FAILED) }, "$outcomes")
            }
        }
    }

    /** A presentation whose holder is run by `run`; the verdict, if one came. */
    private suspend fun meet(rig: Rig, wallet: RidWallet, run: suspend (Holder) -> Unit): Decision? = coroutineScope {
        wallet.present().use { session ->
            val holder = Holder(wallet, session) { request -> request.agree { _, _ -> true } }
            val held = async(Dispatchers.Default) { run(holder) }
            rig.reader(signed = false).use { reader ->
                reader.read(holder.qr.await(), listOf(ask("family_name"))).use { reading ->
                    val verifier = Verifier(reading, holder.port)
                    verifier.run()
                    held.await()
                    verifier.verdicts.singleOrNull()?.decision
                }
            }
        }
    }

    @Test
    fun `neg_m06_presenting_cut_at_any_moment`() = walk(2.minutes) {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet, copies = 40)
            val random = Random(7)
            val verdicts = (1..40).map { round ->
                val longest = (200 * 1.2.pow(round)).toInt()
                meet(rig, wallet) { holder ->
                    // The collector is cancelled again and again; each time a new one goes on.
                    while (withTimeoutOrNull(random.nextInt(100, longest).microseconds) { holder.run() } == null) Unit
                    val closed = (holder.steps.last() as PresentationStep.Closed).code
                    assertTrue(closed in listOf("done", "interrupted"), closed)
                }.also { consistent(wallet) }
            }
            assertTrue(verdicts.count { it == Decision.ACCEPTED } > 0, "$verdicts")
            assertTrue(verdicts.all { it == Decision.ACCEPTED || it == null || it == Decision.UNDECIDED }, "$verdicts")
        }
    }

    @Test
    fun `neg_m06_accepting_cut_at_any_moment`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            repeat(40) { round ->
                val message = wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 1).use { it.next() }
                val answer = rig.answer(message.message)
                val before = wallet.credentials().size
                val call = launch(Dispatchers.Default) { wallet.accept(message.id, answer) }
                spin(round * 400L)
                call.cancelAndJoin()
                val after = wallet.credentials().size
                // All or nothing, and what is not done yet can be done again.
                if (after == before) runCatching { wallet.accept(message.id, answer) }
                assertEquals(before + 1, wallet.credentials().size)
                assertEquals(before + 1, wallet.events().count { it.kind == HistoryEventType.ISSUANCE })
            }
        }
    }

    @Test
    fun `two hundred calls at once`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            val answers = (0..<200).map { number ->
                async(Dispatchers.Default) {
                    when (number % 5) {
                        0 -> wallet.credentials().size
                        1 -> wallet.credential(id).elements.isNotEmpty().compareTo(false)
                        2 -> wallet.history().size
                        3 -> if (wallet.portrait(id) == null) 0 else 1
                        else -> wallet.present().use { if (it.next() is PresentationStep.Advertise) 1 else 0 }
                    }
                }
            }.awaitAll()
            assertEquals(List(200) { 1 }, answers)
            wallet.present().use { session ->
                val steps = (0..<200).map { async(Dispatchers.Default) { runCatching { session.next() } } }.awaitAll()
                assertTrue(steps.any { it.getOrNull() is PresentationStep.Advertise })
                for (step in steps) {
                    val failed = step.exceptionOrNull() ?: continue
                    assertEquals("busy", (failed as RidException.Misuse).code)
                }
            }
            assertEquals(0, uniffiForeignFutureHandleCount())
        }
    }
}
