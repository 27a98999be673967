package az.gov.rid

import az.gov.rid.core.Decision
import az.gov.rid.core.RidException
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import org.junit.jupiter.api.io.TempDir

/** Coroutines cancelled where nothing is written: a reader's calls, and looking into a wallet. */
internal class LookingCancelTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `neg_m06_a_reading_goes_on_where_it_stood`() = walk(2.minutes) {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet, copies = 12)
            val area = WatchedArea(rig.readerArea())
            rig.reader(area = area).use { reader ->
                val calls = everyCall { at, acted ->
                    var came = false
                    val verdict = meet(wallet, reader) { verifier ->
                        came = cut(area, at, acted) { verifier.run() }
                        if (came) verifier.run()
                    }
                    assertEquals(Decision.ACCEPTED, verdict)
                    consistent(wallet)
                    came
                }
                assertEquals(1, calls, "a request is signed once")
            }
        }
    }

    private suspend fun meet(wallet: RidWallet, reader: RidReader, run: suspend (Verifier) -> Unit): Decision? = coroutineScope {
        wallet.present().use { session ->
            val holder = Holder(wallet, session) { request -> request.agree { _, _ -> true } }
            val held = async(Dispatchers.Default) { holder.run() }
            reader.read(holder.qr.await(), listOf(ask("family_name"))).use { reading ->
                val verifier = Verifier(reading, holder.port)
                run(verifier)
                assertEquals("done", held.await())
                verifier.verdicts.singleOrNull()?.decision
            }
        }
    }

    @Test
    fun `neg_m01_a_readers_area_that_throws_ends_the_reading_by_name`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val area = WatchedArea(rig.readerArea())
            area.before = { _, _ -> throw NotImplementedError("a name in a text") }
            rig.reader(area = area).use { reader ->
                wallet.present().use { session ->
                    val holder = Holder(wallet, session) { it.refuse() }
                    val held = async(Dispatchers.Default) { holder.run() }
                    reader.read(holder.qr.await(), listOf(ask("family_name"))).use { reading ->
                        assertEquals("key_unavailable", Verifier(reading, holder.port).run())
                        assertFailsWith<RidException.Misuse> { reading.ask(listOf(ask("given_name"))) }
                    }
                    assertEquals("transport_disconnected", held.await())
                }
            }
            assertEquals(0, wallet.history().size)
        }
    }

    @Test
    fun `neg_m06_looking_cut_at_any_moment`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            val calls: List<suspend () -> Any?> = listOf(
                { wallet.credentials() }, { wallet.credential(id) }, { wallet.portrait(id) }, { wallet.history() },
            )
            for (call in calls) repeat(30) { round ->
                val looking = launch(Dispatchers.Default) { call() }
                spin(round * 40L)
                looking.cancelAndJoin()
            }
            assertEquals(1, wallet.credentials().size)
            assertTrue(wallet.credential(id).elements.isNotEmpty() && wallet.portrait(id) != null)
            assertEquals(1, wallet.history().size)
        }
    }

    @Test
    fun `neg_m06_closing_cut_at_any_moment`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { rig.enrol(it); it.closeStore() }
        repeat(40) { round ->
            val wallet = rig.open()
            val closing = launch(Dispatchers.Default) { wallet.closeStore() }
            spin(round * 40L)
            closing.cancelAndJoin()
            // Closed by it, or to be closed by who comes next.
            wallet.runCatching { closeStore() }
            rig.open().use { assertEquals(1, it.credentials().size); it.closeStore() }
        }
    }

    @Test
    fun `neg_m06_a_cancelled_coroutine_begins_nothing`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            wallet.present().use { session ->
                val calls: List<suspend () -> Unit> = listOf(
                    { wallet.credentials() }, { wallet.credential(id) }, { wallet.portrait(id) }, { wallet.delete(id) },
                    { wallet.history() }, { wallet.unlock() }, { wallet.accept(id, ByteArray(0)) }, { wallet.closeStore() },
                    { session.next() }, { session.steps.collect {} },
                )
                for ((place, call) in calls.withIndex()) beginsNothing(place, call)
                assertEquals(1, wallet.credentials().size)
            }
        }
    }
}
