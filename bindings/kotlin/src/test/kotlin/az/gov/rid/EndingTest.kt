package az.gov.rid

import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.Decision
import az.gov.rid.core.HistoryEventType
import az.gov.rid.core.HistoryOutcome
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.RidException
import az.gov.rid.core.ReadingStep
import az.gov.rid.core.panicInsideClock
import az.gov.rid.core.uptimeMillis
import java.nio.file.Files
import java.nio.file.Path
import kotlin.math.abs
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import org.junit.jupiter.api.io.TempDir

/** Sessions that end: by the link, by the app, by a panic, with the radio still talking. */
internal class EndingTest {
    @TempDir lateinit var folder: Path

    /** A wallet with a licence in two copies. */
    private suspend fun enrolled(act: suspend (Rig, RidWallet) -> Unit) {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            act(rig, wallet)
        }
    }

    private suspend fun RidWallet.presentations() = events().filter { it.kind == HistoryEventType.PRESENTATION }

    private val nobody = ConsentAnswer("", ByteArray(32), ConsentDecision.Refuse)

    /** Both sessions, up to a step of the wallet: chunk by chunk, without a radio. */
    private inner class Pair(rig: Rig, val presentation: PresentationSession, qr: String) {
        val reading = rig.reader().read(qr, listOf(ask("family_name")))

        suspend fun until(wanted: (PresentationStep) -> Boolean): PresentationStep {
            presentation.proceed()
            presentation.connected(MTU)
            assertIs<ReadingStep.Connect>(reading.next())
            reading.connected(MTU)
            while (true) {
                val step = presentation.next()
                if (wanted(step)) return step
                when (step) {
                    is PresentationStep.Ask -> presentation.answer(checkNotNull(step.request.agree { _, _ -> true }))
                    is PresentationStep.Send -> deliver()
                    is PresentationStep.Wait -> {
                        if (reading.next() !is ReadingStep.Send) continue
                        reading.chunks(MTU).forEach(presentation::receivedChunk)
                        reading.proceed()
                    }
                    else -> error("$step")
                }
            }
        }

        fun deliver() {
            presentation.chunks(MTU).forEach(reading::receivedChunk)
            presentation.proceed()
        }
    }

    private suspend fun pair(rig: Rig, wallet: RidWallet): Pair {
        val presentation = wallet.present()
        return Pair(rig, presentation, assertIs<PresentationStep.Advertise>(presentation.next()).qr)
    }

    @Test
    fun calls_after_the_end_do_nothing() = walk {
        enrolled { rig, wallet ->
            for (way in listOf("cancelled", "transport_disconnected", "done")) {
                val pair = pair(rig, wallet)
                val (presentation, reading) = pair.presentation to pair.reading
                when (way) {
                    "cancelled" -> { presentation.cancel(); reading.cancel() }
                    "transport_disconnected" -> { presentation.disconnected(); reading.disconnected() }
                    else -> {
                        pair.until { it is PresentationStep.Receipt }
                        presentation.proceed()
                        assertIs<ReadingStep.Judged>(reading.next())
                        reading.proceed()
                        presentation.disconnected()
                        reading.disconnected()
                    }
                }
                repeat(2) {
                    presentation.connected(MTU)
                    for (chunk in listOf(ByteArray(0), byteArrayOf(9, 9), byteArrayOf(0, 1))) presentation.receivedChunk(chunk)
                    presentation.tick()
                    presentation.disconnected()
                    presentation.proceed()
                    presentation.unlocked()
                    presentation.answer(nobody)
                    assertEquals(emptyList(), presentation.chunks(MTU))
                    reading.connected(MTU)
                    for (chunk in listOf(ByteArray(0), byteArrayOf(9, 9), byteArrayOf(0, 1))) reading.receivedChunk(chunk)
                    reading.tick()
                    reading.disconnected()
                    reading.proceed()
                    reading.finish()
                    assertEquals(emptyList(), reading.chunks(MTU))
                    // A question that nobody will ever answer is named.
                    val late = assertFailsWith<RidException.Misuse> { reading.ask(listOf(ask("given_name"))) }
                    assertEquals("session_closed", late.code)
                    assertEquals(PresentationStep.Closed(way), presentation.next())
                    assertEquals(ReadingStep.Closed(way), reading.next())
                }
            }
        }
    }

    @Test
    fun an_answer_after_the_link_ended_does_nothing_and_the_steps_go_on() = walk {
        enrolled { rig, wallet ->
            val pair = pair(rig, wallet)
            val asked = assertIs<PresentationStep.Ask>(pair.until { it is PresentationStep.Ask })
            val steps = mutableListOf<PresentationStep>()
            pair.presentation.steps.collect { step ->
                steps += step
                if (step is PresentationStep.Ask) {
                    // The person still reads when the reader goes away.
                    pair.presentation.disconnected()
                    pair.presentation.answer(checkNotNull(asked.request.agree { _, _ -> true }))
                }
            }
            assertIs<PresentationStep.Ask>(steps.first())
            assertEquals(listOf(PresentationStep.Closed("transport_disconnected")), steps.drop(1))
            assertEquals(2u, wallet.credentials().single().copiesLeft)
        }
    }

    @Test
    fun neg_c37_a_response_that_was_handed_out_and_not_sent_is_of_unknown_delivery() = walk {
        enrolled { rig, wallet ->
            val pair = pair(rig, wallet)
            pair.until { it is PresentationStep.Send }
            assertEquals(listOf(HistoryOutcome.UNKNOWN_DELIVERY), wallet.presentations().map { it.outcome })
            pair.presentation.disconnected()
            assertEquals(PresentationStep.Closed("transport_disconnected"), pair.presentation.next())
            pair.presentation.proceed()
            assertEquals(listOf(HistoryOutcome.UNKNOWN_DELIVERY), wallet.presentations().map { it.outcome })

            val other = pair(rig, wallet)
            other.until { it is PresentationStep.Send }
            other.deliver()
            assertIs<PresentationStep.Receipt>(other.presentation.next())
            other.presentation.cancel()
            assertEquals(HistoryOutcome.FINISHED, wallet.presentations().last().outcome)
            assertEquals(Decision.ACCEPTED, assertIs<ReadingStep.Judged>(other.reading.next()).verdict.decision)
        }
    }

    @Test
    fun neg_c38_nothing_is_handed_out_after_cancel() = walk {
        enrolled { rig, wallet ->
            for (wanted in listOf<(PresentationStep) -> Boolean>({ it is PresentationStep.Ask }, { it is PresentationStep.Send })) {
                val pair = pair(rig, wallet)
                pair.until(wanted)
                pair.presentation.cancel()
                val left = mutableListOf<PresentationStep>()
                do {
                    left += pair.presentation.next()
                    if (left.last() is PresentationStep.Send) pair.presentation.proceed()
                } while (left.last() !is PresentationStep.Closed)
                // A farewell is some bytes; a response with a document is not.
                assertTrue(left.filterIsInstance<PresentationStep.Send>().all { it.message.size < 64 }, "$left")
                assertTrue(left.size <= 2, "$left")
                assertEquals(PresentationStep.Closed("cancelled"), left.last())
            }
            val (question, response) = wallet.presentations()
            assertEquals(HistoryOutcome.REFUSED to "cancelled", question.outcome to question.reason)
            assertEquals(HistoryOutcome.UNKNOWN_DELIVERY, response.outcome)
            assertEquals(1u, wallet.credentials().single().copiesLeft)
        }
    }

    @Test
    fun std_m47_an_mtu_below_23_is_refused_before_a_copy_is_used() = walk {
        enrolled { rig, wallet ->
            val pair = pair(rig, wallet)
            pair.presentation.proceed()
            assertIs<ReadingStep.Connect>(pair.reading.next())
            for (mtu in listOf(-1, 0, 22)) {
                assertEquals("transport_mtu", assertFailsWith<RidException.BadInput> { pair.presentation.connected(mtu) }.code)
                assertEquals("transport_mtu", assertFailsWith<RidException.BadInput> { pair.reading.connected(mtu) }.code)
            }
            assertIs<PresentationStep.Wait>(pair.presentation.next())
            assertIs<ReadingStep.Connect>(pair.reading.next())
            assertEquals(2u, wallet.credentials().single().copiesLeft)
            pair.presentation.connected(517)
            pair.reading.connected(517)
            assertIs<ReadingStep.Send>(pair.reading.next())
        }
    }

    @Test
    fun neg_m03_a_panic_breaks_its_object_by_name_and_no_other() = walk {
        enrolled { rig, wallet ->
            val pair = pair(rig, wallet)
            val presentation = pair.presentation
            panicInsideClock()
            assertEquals("panic", assertFailsWith<RidException.Bug> { presentation.tick() }.code)
            val calls: List<suspend () -> Unit> = listOf(
                { presentation.next() }, { presentation.proceed() }, { presentation.answer(nobody) }, { presentation.unlocked() },
                { presentation.connected(MTU) }, { presentation.receivedChunk(byteArrayOf(0, 1)) }, { presentation.chunks(MTU) },
                { presentation.disconnected() }, { presentation.tick() }, { presentation.steps.collect {} },
            )
            for (call in calls) assertEquals("broken", assertFailsWith<RidException.Bug> { call() }.code)
            presentation.cancel()
            presentation.close()

            val reading = pair.reading
            panicInsideClock()
            assertEquals("panic", assertFailsWith<RidException.Bug> { reading.tick() }.code)
            val readings: List<suspend () -> Unit> = listOf(
                { reading.next() }, { reading.proceed() }, { reading.connected(MTU) }, { reading.receivedChunk(byteArrayOf(0, 1)) },
                { reading.chunks(MTU) }, { reading.disconnected() }, { reading.tick() }, { reading.ask(listOf(ask("given_name"))) },
                { reading.finish() }, { reading.steps.collect {} },
            )
            for (call in readings) assertEquals("broken", assertFailsWith<RidException.Bug> { call() }.code)
            reading.cancel()
            reading.close()

            // The wallet and other sessions go on.
            val met = meet(wallet, rig.reader(), listOf(ask("family_name"))) { it.agree { _, _ -> true } }
            assertEquals(listOf(Decision.ACCEPTED), met.verdicts.map { it.decision })
        }
    }

    @Test
    fun a_cancelled_enrolment_leaves_no_keys() = walk {
        enrolled { rig, wallet ->
            wallet.closeStore()
            val area = WatchedArea(rig.area())
            rig.open(area).use { again ->
                fun keys() = Files.list(rig.home.resolve("kotlin-keys")).use { it.count() }
                val before = keys()
                for (name in listOf("createKeys", "sign")) {
                    val session = again.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 2)
                    val asked = CompletableDeferred<Unit>()
                    area.before = { _, call -> if (call == name) { asked.complete(Unit); awaitCancellation() } }
                    val running = async { runCatching { session.next() } }
                    asked.await()
                    session.cancel()
                    assertIs<RidException.Cancelled>(running.await().exceptionOrNull())
                    area.before = { _, _ -> }
                    session.close()
                    again.credentials()
                    assertEquals(before, keys(), name)
                }
                // After its message was given an enrolment waits for the issuer.
                val enrolment = again.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 2).use { it.next() }
                again.credentials()
                assertEquals(1, again.accept(enrolment.id, rig.answer(enrolment.message)).size)
            }
        }
    }

    @Test
    fun time_is_counted_from_the_start_of_the_machine_and_counts_sleep() {
        val uptime = Path.of("/proc/uptime")
        if (!Files.exists(uptime)) return
        val millis = (Files.readString(uptime).substringBefore(' ').toDouble() * 1_000).toLong()
        val ours = uptimeMillis().toLong()
        assertTrue(abs(ours - millis) < 1_000, "$ours and $millis")
    }
}
