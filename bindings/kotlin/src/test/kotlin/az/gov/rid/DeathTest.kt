package az.gov.rid

import az.gov.rid.core.Decision
import az.gov.rid.core.HistoryEventType
import az.gov.rid.core.HistoryOutcome
import az.gov.rid.core.LockState
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.RidException
import az.gov.rid.demo.DIED
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.io.TempDir

/** A process that dies at every point of a walk, and what the next start finds. */
internal class DeathTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `neg_m06_death_at_every_step_of_an_enrolment`() = walk(2.minutes) {
        val fresh = Rig(folder.resolve("fresh"))
        val died = everyPoint { point ->
            val rig = fresh.copy(folder.resolve("enrol-$point"))
            val (code, said) = withContext(Dispatchers.IO) { end(child("enrol", rig.home.toString(), dieAt = point, pin = PIN)) }
            rig.open().use { wallet ->
                val locked = wallet.lockState == LockState.LOCKED
                // Once it was said that the PIN is set, it is.
                if (listOf("PIN set", "unlocked", "sign").any { it in said }) assertTrue(locked, said)
                if (locked) wallet.unlockWithPin(pin())
                assertTrue(wallet.checkHistory().whole && wallet.unlockState().pinTriesLeft == 5u, said)
                val held = wallet.credentials()
                // All or nothing, and its row with it.
                assertEquals(held.size, wallet.events().count { it.kind == HistoryEventType.ISSUANCE }, said)
                assertTrue(held.all { it.copiesLeft == 2u && it.copiesTotal == 2u }, said)
                val answer = rig.home.resolve("answer")
                if (held.isEmpty() && Files.exists(answer)) {
                    // What was under way goes on where it stood.
                    val id = Files.readString(rig.home.resolve("enrolment-id"))
                    assertEquals(1, wallet.accept(id, Files.readAllBytes(answer)).size, said)
                } else if (held.isEmpty()) {
                    assertEquals(1, rig.enrol(wallet).size, said)
                }
                if (code == 0) assertEquals(1, held.size)
            }
            code to said
        }
        val names = listOf(
            "createKeys", "sign", "derive", "delete", "opened", "PIN set", "unlocked", "enrolment made", "answer came", "accepted", "shown", "closed",
        )
        for (name in names) {
            assertTrue(died.any { it.contains(name) }, "no death at $name: $died")
        }
    }

    @Test
    fun `neg_m06_death_at_every_step_of_a_presentation`() = walk(2.minutes) {
        val enrolled = Rig(folder.resolve("enrolled"))
        enrolled.open().use { wallet ->
            enrolled.enrol(wallet, copies = 3)
            wallet.setPin(pin())
            wallet.closeStore()
        }
        val consumed = AtomicInteger()
        val left = ConcurrentLinkedQueue<HistoryOutcome>()
        val died = everyPoint { point ->
            val rig = enrolled.copy(folder.resolve("present-$point"))
            val qr = rig.home.resolve("qr.txt")
            val process = child("wallet", rig.home.toString(), "0", qr.toString(), dieAt = point, pin = PIN)
            val lines = process.inputStream.bufferedReader()
            val port = withContext(Dispatchers.IO) { lines.readLine() }
            var accepted = 0
            var closed: String? = null
            if (port.startsWith("port ") && withContext(Dispatchers.IO) { shown(qr, process) }) {
                rig.reader().use { reader ->
                    reader.read(Files.readString(qr), listOf(ask("family_name"))).use { reading ->
                        // A second request in the same session, and a third one that is refused.
                        val further = listOf(listOf(ask("given_name")), listOf(ask("birth_date")))
                        val verifier = Verifier(reading, port.removePrefix("port ").toInt(), further)
                        // Who finds nobody listening any more ends the session himself.
                        closed = runCatching { verifier.run() }.getOrElse { reading.cancel(); verifier.run() }
                        accepted = verifier.verdicts.count { it.decision == Decision.ACCEPTED }
                    }
                }
            }
            val said = port + "\n" + withContext(Dispatchers.IO) { lines.readText() }
            val code = withContext(Dispatchers.IO) { process.waitFor() }
            rig.open().use { wallet ->
                assertFailsWith<RidException.Locked> { wallet.credentials() }
                wallet.unlockWithPin(pin())
                assertTrue(wallet.checkHistory().whole, said)
                val card = wallet.credentials().single()
                val (refused, rows) = wallet.events().filter { it.kind == HistoryEventType.PRESENTATION }
                    .partition { it.outcome == HistoryOutcome.REFUSED }
                assertTrue(refused.size <= 1 && (refused.isEmpty() || rows.size == 2), said)
                // The session is over by name on both sides. A row is `started` until the response is handed out, then its delivery is unknown.
                if (closed != null) assertTrue(closed in setOf("done", "cancelled", "transport_disconnected"), "$closed $said")
                if (code == DIED) assertTrue(rows.all { it.outcome in OUTCOMES }, "$rows")
                left += rows.map { it.outcome }
                // A copy is used up if and only if its row is there.
                assertEquals((card.copiesTotal - card.copiesLeft).toInt(), rows.size, said)
                assertTrue(accepted <= rows.size, said)
                if (code == 0) assertTrue(accepted == 2 && refused.size == 1 && rows.all { it.outcome == HistoryOutcome.FINISHED }, said)
                consumed.addAndGet(rows.size)
                // That session is over; another begins at its beginning.
                wallet.present().use { assertTrue(it.next() is PresentationStep.Advertise) }
            }
            code to said
        }
        val names = listOf(
            "opened", "unlocked", "step Advertise", "step Wait", "before step Unlock", "after step Unlock", "before step Ask", "after step Ask",
            "sign", "step Send", "step Receipt", "step Closed",
        )
        for (name in names) {
            assertTrue(died.any { it.contains(name) }, "no death at $name: $died")
        }
        assertEquals(OUTCOMES, left.toSet())
        assertTrue(consumed.get() in 1..<2 * died.size, "${consumed.get()} of $died")
    }

    @Test
    fun `neg_m06_death_at_every_step_of_what_keeps_a_wallet`() = walk(2.minutes) {
        val enrolled = Rig(folder.resolve("kept"))
        enrolled.open().use { wallet ->
            enrolled.enrol(wallet)
            wallet.setPin(pin())
            wallet.closeStore()
        }
        val died = everyPoint { point ->
            val rig = enrolled.copy(folder.resolve("keep-$point"))
            val (code, said) = withContext(Dispatchers.IO) { end(child("keep", rig.home.toString(), dieAt = point, pin = PIN)) }
            rig.open().use { wallet ->
                if (wallet.lockState == LockState.UNLOCKED) {
                    // The wipe had begun: opening completed it.
                    assertTrue(wallet.unlockState().needsPin && wallet.credentials().isEmpty() && wallet.history().isEmpty(), said)
                } else {
                    val old = runCatching { wallet.unlockWithPin(pin()) }.exceptionOrNull()
                    if (old != null) wallet.unlockWithPin(pin(OTHER_PIN))
                    // One of the two, and the new one once it was said.
                    if (old == null) assertTrue(listOf("PIN changed", "biometrics", "sign").none { it in said }, said)
                    assertTrue(wallet.checkHistory().whole && wallet.examine().findings.isEmpty(), said)
                    val held = wallet.credentials()
                    val deleted = wallet.history().count { it.event?.kind == HistoryEventType.DELETION }
                    assertEquals(1, held.size + deleted, said)
                    for (card in held) assertTrue(wallet.credential(card.id).elements.isNotEmpty() && card.copiesLeft == 2u)
                }
                wallet.wipe()
            }
            code to said
        }
        val names = listOf(
            "createKeys", "derive", "delete", "PIN changed", "biometrics", "exported", "row deleted", "keys turned", "deleted", "code",
            "container", "taken in", "wiped",
        )
        for (name in names) {
            assertTrue(died.any { it.contains(name) }, "no death at $name: $died")
        }
    }

    private companion object {
        val OUTCOMES = setOf(HistoryOutcome.STARTED, HistoryOutcome.UNKNOWN_DELIVERY, HistoryOutcome.FINISHED)
    }

    /** Points 1, 2, ... two at a time, until a process outlives its walk; what the dead ones said. */
    private suspend fun everyPoint(run: suspend (Int) -> Pair<Int, String>): List<String> {
        val next = AtomicInteger()
        val outlived = AtomicBoolean()
        val died = ConcurrentLinkedQueue<String>()
        coroutineScope {
            repeat(2) {
                launch(Dispatchers.IO) {
                    while (!outlived.get()) {
                        val (code, said) = run(next.incrementAndGet())
                        when (code) {
                            0 -> outlived.set(true)
                            DIED -> died += said.lines().last { it.startsWith("died at") }
                            else -> error("exit code $code: $said")
                        }
                    }
                }
            }
        }
        return died.toList()
    }

    private fun end(process: Process): Pair<Int, String> {
        val said = process.inputStream.readAllBytes().decodeToString()
        return process.waitFor() to said
    }

    /** Whether the QR code was shown before the process died. */
    private fun shown(qr: Path, process: Process): Boolean {
        while (process.isAlive && !Files.exists(qr)) Thread.sleep(5)
        return Files.exists(qr)
    }
}
