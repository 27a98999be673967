package az.gov.rid

import az.gov.rid.core.RidException
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.TimeSource
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import org.junit.jupiter.api.io.TempDir

/** Openings of one store take turns by its lock, and nothing is kept from one to the next. */
internal class TurnsTest {
    @TempDir lateinit var folder: Path

    @Test
    fun two_openings_take_turns() = walk {
        val rig = Rig(folder.resolve("home"))
        val first = rig.open()
        rig.enrol(first)
        val begun = TimeSource.Monotonic.markNow()
        assertEquals("storage_locked", assertFailsWith<RidException.Misuse> { rig.open() }.code)
        assertTrue(begun.elapsedNow() >= 1_500.milliseconds, "it waits for its turn")

        val waiting = async { rig.open() }
        delay(300)
        first.delete(first.credentials().single().id)
        first.closeStore()
        waiting.await().let { second ->
            assertEquals(emptyList(), second.credentials())
            rig.enrol(second)
            second.closeStore()
        }
        rig.open().let { third ->
            assertEquals(1, third.credentials().size)
            third.closeStore()
        }
    }

    @Test
    fun two_processes_take_turns() = walk {
        val rig = Rig(folder.resolve("home"))
        val own = rig.open()
        val refused = child("enrol", rig.home.toString())
        val said = refused.inputStream.readAllBytes().decodeToString()
        assertTrue(refused.waitFor() != 0 && "storage_locked" in said, said)
        own.closeStore()

        val other = child("enrol", rig.home.toString())
        val told = other.inputStream.readAllBytes().decodeToString()
        assertEquals(0, other.waitFor(), told)
        val again = rig.open()
        assertEquals(1, again.credentials().size)
        again.closeStore()
    }
}
