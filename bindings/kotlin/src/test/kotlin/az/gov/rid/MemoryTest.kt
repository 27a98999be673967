package az.gov.rid

import az.gov.rid.core.PresentationStep
import az.gov.rid.core.uniffiForeignFutureHandleCount
import java.nio.file.Files
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.io.TempDir

internal class MemoryTest {
    @TempDir lateinit var folder: Path

    private val status = Path.of("/proc/self/status")

    /** Kilobytes of this process; its heap has one size, so the rest is the library's. */
    private fun resident(): Int {
        System.gc()
        return checkNotNull(Regex("VmRSS:\\s+(\\d+)").find(Files.readString(status))).groupValues[1].toInt()
    }

    @Test
    fun `ten thousand sessions opened and closed leave nothing behind`() = walk(2.minutes) {
        assumeTrue(Files.exists(status), "no /proc on this machine")
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.reader(signed = false).use { reader ->
                val qr = wallet.present().use { (it.next() as PresentationStep.Advertise).qr }
                suspend fun rounds(count: Int) = repeat(count) { round ->
                    wallet.present().use { if (round % 10 == 0) it.next() }
                    reader.read(qr, listOf(ask("family_name"))).use { if (round % 10 == 0) it.next() }
                    if (round % 10 == 0) {
                        wallet.lock()
                        wallet.unlock()
                        wallet.enrol(listOf("mdl"), ByteArray(32), AUDIENCE, 1).close()
                    }
                }
                rounds(2_000)
                // The machine's own growth (compiled code) ends; a leak does not.
                val growths = mutableListOf<Int>()
                while (growths.size < 6 && growths.lastOrNull()?.let { it < FLAT } != true) {
                    val before = resident()
                    rounds(5_000)
                    growths += resident() - before
                }
                println("10000 sessions opened and closed, again and again: $growths kB")
                assertTrue(growths.last() < FLAT, "grew by $growths kB")
                assertEquals(0, uniffiForeignFutureHandleCount())
            }
        }
    }

    @Test
    fun `ten thousand wallets opened and closed leave nothing behind`() = walk(4.minutes) {
        assumeTrue(Files.exists(status), "no /proc on this machine")
        val rig = Rig(folder.resolve("home"))
        rig.open().use { rig.enrol(it); it.closeStore() }
        val rigs = listOf(rig, rig.copy(folder.resolve("other")))
        val growths = List(4) {
            val before = resident()
            coroutineScope {
                for (one in rigs) launch(Dispatchers.Default) { repeat(1_250) { one.open().closeStore() } }
            }
            resident() - before
        }
        println("10000 wallets opened and closed, by quarters: $growths kB")
        // The runtime takes memory in steps, once in a while; a leak grows in every quarter.
        assertTrue(growths.count { it < 256 } >= 2, "grew by $growths kB")
        assertEquals(0, uniffiForeignFutureHandleCount())
        rig.open().use { assertEquals(1, it.credentials().size) }
    }

    private companion object {
        /** Kilobytes: 50 bytes for each session opened. */
        const val FLAT = 512
    }
}
