package az.gov.rid

import az.gov.rid.core.ClaimKey
import az.gov.rid.core.ClaimPath
import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.ConsentedDocument
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.ElementAsk
import az.gov.rid.core.IssuerRoot
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.RidException
import az.gov.rid.core.ReadingStep
import az.gov.rid.core.panicInside
import az.gov.rid.core.panicInsideLater
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import org.junit.jupiter.api.io.TempDir

/** What an app or a peer hands in that it must not: a named error each, and the object usable or ended by name. */
internal class BadInputTest {
    @TempDir lateinit var folder: Path

    private val lone = listOf("\uD800", "\uDC00", "a\uD800b", "\uDC00\uD800", "end\uDBFF")
    private val huge = ByteArray(MAX_BYTES + 1)

    private suspend fun wallet(act: suspend (Rig, RidWallet) -> Unit) {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { act(rig, it) }
    }

    private inline fun badInput(code: String, act: () -> Unit) =
        assertEquals(code, assertFailsWith<RidException.BadInput> { act() }.code)

    private inline fun misuse(code: String, act: () -> Unit) =
        assertEquals(code, assertFailsWith<RidException.Misuse> { act() }.code)

    private inline fun readerMisuse(code: String, act: () -> Unit) =
        assertEquals(code, assertFailsWith<RidException.Misuse> { act() }.code)

    @Test
    fun `neg_m04_lone_surrogates_never_reach_the_library`() = walk {
        wallet { rig, wallet ->
            for (text in lone) {
                badInput("text_invalid") { wallet.credential(text) }
                badInput("text_invalid") { wallet.portrait(text) }
                badInput("text_invalid") { wallet.delete(text) }
                badInput("text_invalid") { wallet.accept(text, ByteArray(0)) }
                badInput("text_invalid") { wallet.enrol(listOf("mdl", text), ByteArray(32), AUDIENCE) }
                badInput("text_invalid") { wallet.enrol(listOf("mdl"), ByteArray(32), text) }
                badInput("text_invalid") { RidWallet.open(text, rig.options(), rig.area()) }
                badInput("text_invalid") { rig.open(options = rig.options().copy(locales = listOf(text))) }
                val roots = listOf(IssuerRoot(rig.pem("iaca"), listOf(text)))
                badInput("text_invalid") { rig.open(options = rig.options().copy(issuerRoots = roots)) }
                wallet.present().use { session ->
                    val path = ClaimPath(listOf(ClaimKey.Name(text)))
                    val element = ConsentDecision.Agree(listOf(ConsentedDocument(0u, "00", listOf(path))))
                    val credential = ConsentDecision.Agree(listOf(ConsentedDocument(0u, text, emptyList())))
                    badInput("text_invalid") { session.answer(ConsentAnswer(text, ByteArray(32), ConsentDecision.Refuse)) }
                    for (agree in listOf(element, credential)) {
                        badInput("text_invalid") { session.answer(ConsentAnswer("00", ByteArray(32), agree)) }
                    }
                    assertTrue(session.next() is PresentationStep.Advertise)
                }
                rig.reader().use { reader ->
                    val asks = listOf(
                        listOf(DocumentAsk(text, emptyList())),
                        listOf(DocumentAsk(MDL, listOf(ElementAsk(path(text, "x"), retained = false)))),
                        listOf(DocumentAsk(MDL, listOf(ElementAsk(path(MDL_SPACE, text), retained = false)))),
                    )
                    for (asked in asks) {
                        assertEquals("text_invalid", assertFailsWith<RidException.BadInput> { reader.read("mdoc:", asked) }.code)
                    }
                    assertEquals(
                        "text_invalid",
                        assertFailsWith<RidException.BadInput> { reader.read(text, listOf(ask("family_name"))) }.code,
                    )
                }
            }
            // Whole pairs are text like any other.
            badInput("kind_unknown") { wallet.enrol(listOf("\uD83D\uDE00"), ByteArray(32), AUDIENCE) }
            assertEquals(emptyList(), wallet.credentials())
        }
    }

    @Test
    fun `neg_m04_empty_and_oversize_buffers_have_names`() = walk {
        wallet { rig, wallet ->
            badInput("input_too_large") { wallet.accept("00", huge) }
            badInput("input_too_large") { wallet.enrol(listOf("mdl"), huge, AUDIENCE) }
            badInput("input_too_large") { wallet.credential("x".repeat(MAX_TEXT + 1)) }
            badInput("enrolment_unknown") { wallet.accept("", ByteArray(0)) }
            badInput("enrolment_unknown") { wallet.accept("\u0000", ByteArray(1)) }
            badInput("enrolment_unknown") { wallet.accept("00".repeat(16), ByteArray(0)) }
            badInput("enrolment_unknown") { wallet.withdraw("00".repeat(16)) }
            badInput("kind_unknown") { wallet.enrol(listOf(""), ByteArray(32), AUDIENCE) }
            assertFailsWith<RidException.BadInput> { rig.open(options = rig.options().copy(issuerRoots = rig.issuerRoots(ByteArray(0)))) }
            badInput("input_too_large") { rig.open(options = rig.options().copy(issuerRoots = rig.issuerRoots(huge))) }
            badInput("credential_unknown") { wallet.credential("") }
            assertEquals(emptyList(), wallet.history(ULong.MAX_VALUE, Int.MAX_VALUE))
            for (chunks in listOf(listOf(ByteArray(0)), listOf(byteArrayOf(9, 1)), List(4) { ByteArray(400_000).also { b -> b[0] = 1 } })) {
                wallet.present().use { session ->
                    session.next()
                    session.proceed()
                    val ended = assertFailsWith<RidException.PeerRefused> { for (chunk in chunks) session.receivedChunk(chunk) }
                    assertEquals("transport_limit", ended.code)
                    assertEquals(PresentationStep.Closed("transport_limit"), session.next())
                }
            }
            wallet.present().use { session ->
                session.next()
                session.proceed()
                badInput("input_too_large") { session.receivedChunk(huge) }
                assertTrue(session.next() is PresentationStep.Wait)
            }
            rig.reader().use { reader ->
                assertFailsWith<RidException.BadInput> { reader.read("", listOf(ask("family_name"))) }
                val qr = qr(wallet)
                assertEquals("ask_invalid", assertFailsWith<RidException.BadInput> { reader.read(qr, emptyList()) }.code)
                assertEquals("ask_invalid", assertFailsWith<RidException.BadInput> { reader.read(qr, listOf(ask())) }.code)
                reader.read(qr, listOf(ask("family_name"))).use { session ->
                    session.next()
                    session.connected(MTU)
                    assertEquals("transport_limit", assertFailsWith<RidException.PeerRefused> { session.receivedChunk(ByteArray(0)) }.code)
                    assertFailsWith<RidException.BadInput> { session.receivedChunk(huge) }
                }
            }
        }
    }

    private suspend fun qr(wallet: RidWallet): String =
        wallet.present().use { (it.next() as PresentationStep.Advertise).qr }

    @Test
    fun `neg_m04_answers_to_questions_not_asked`() = walk {
        wallet { rig, wallet ->
            wallet.present().use { session ->
                misuse("not_asked") { session.proceed() }
                assertTrue(session.next() is PresentationStep.Advertise)
                misuse("not_asked") { session.unlocked() }
                misuse("not_asked") { session.chunks(MTU) }
                misuse("not_asked") { session.answer(ConsentAnswer("", ByteArray(0), ConsentDecision.Refuse)) }
                assertTrue(session.next() is PresentationStep.Advertise)
                session.proceed()
                misuse("not_asked") { session.proceed() }
                assertTrue(session.next() is PresentationStep.Wait)
            }
            rig.reader().use { reader ->
                reader.read(qr(wallet), listOf(ask("family_name"))).use { session ->
                    readerMisuse("not_asked") { session.proceed() }
                    readerMisuse("not_asked") { session.chunks(MTU) }
                    assertTrue(session.next() is ReadingStep.Connect)
                    readerMisuse("not_asked") { session.proceed() }
                    readerMisuse("not_asked") { session.ask(listOf(ask("given_name"))) }
                    session.connected(MTU)
                    readerMisuse("not_asked") { session.connected(MTU) }
                    // It signs the request now, in a call of its own.
                    assertTrue(session.next() is ReadingStep.Send)
                    for (mtu in listOf(-1, 0, 22)) {
                        assertEquals("transport_mtu", assertFailsWith<RidException.BadInput> { session.chunks(mtu) }.code)
                    }
                    for (mtu in listOf(23, 517, 65_535, 100_000)) {
                        val longest = session.chunks(mtu).maxOf { it.size }
                        assertTrue(longest in 2..512 && longest <= mtu.toInt() - 3, "$longest at $mtu")
                    }
                }
            }
        }
    }

    @Test
    fun `neg_m04_two_answers_and_answers_of_another_question`() = walk {
        wallet { rig, wallet ->
            rig.enrol(wallet)
            wallet.present().use { session ->
                val holder = Holder(wallet, session) { request ->
                    val right = checkNotNull(request.agree { _, _ -> true })
                    misuse("consent_binding") { session.answer(right.copy(id = "00".repeat(16))) }
                    misuse("consent_binding") { session.answer(right.copy(id = "no hex")) }
                    misuse("consent_binding") { session.answer(right.copy(hash = ByteArray(32))) }
                    misuse("consent_binding") { session.answer(right.copy(hash = ByteArray(0))) }
                    val decision = right.decision as ConsentDecision.Agree
                    val beside = decision.documents.map { it.copy(position = 7u) }
                    badInput("consent_selection") { session.answer(right.copy(decision = ConsentDecision.Agree(beside))) }
                    val never = decision.documents.map { it.copy(elements = listOf(path(MDL_SPACE, "birth_date"))) }
                    badInput("consent_selection") { session.answer(right.copy(decision = ConsentDecision.Agree(never))) }
                    val twice = decision.documents + decision.documents
                    badInput("consent_selection") { session.answer(right.copy(decision = ConsentDecision.Agree(twice))) }
                    val another = decision.documents.map { it.copy(credential = "none of these") }
                    badInput("consent_selection") { session.answer(right.copy(decision = ConsentDecision.Agree(another))) }
                    session.answer(right)
                    misuse("not_asked") { session.answer(right) }
                    // The role answers once more; that is refused too, and the exchange goes on.
                    right
                }
                val held = async { runCatching { holder.run() } }
                rig.reader().use { reader ->
                    reader.read(holder.qr.await(), listOf(ask("family_name"))).use { reading ->
                        val read = async { Verifier(reading, holder.port).run() }
                        val failed = held.await().exceptionOrNull()
                        assertEquals("not_asked", (failed as RidException.Misuse).code)
                        // The collector failed; another one goes on.
                        holder.run()
                        assertEquals("done", read.await())
                    }
                }
            }
        }
    }

    @Test
    fun `neg_m04_use_after_the_end_and_after_close`() = walk {
        wallet { rig, wallet ->
            val session = wallet.present()
            session.next()
            session.cancel()
            var step = session.next()
            while (step !is PresentationStep.Closed) {
                session.proceed()
                step = session.next()
            }
            assertEquals("cancelled", step.code)
            assertEquals(step, session.next())
            session.cancel()
            session.close()
            session.close()
            misuse("closed") { session.next() }
            misuse("closed") { session.proceed() }
            misuse("closed") { session.cancel() }
            misuse("closed") { session.receivedChunk(byteArrayOf(0)) }
            // Callbacks of the radio and timers come when they come.
            session.disconnected()
            session.tick()

            val reader = rig.reader()
            val reading = reader.read(qr(wallet), listOf(ask("family_name")))
            reader.close()
            readerMisuse("closed") { reader.read(qr(wallet), listOf(ask("family_name"))) }
            // A session outlives its reader.
            assertTrue(reading.next() is ReadingStep.Connect)
            reading.cancel()
            assertEquals("cancelled", (reading.next() as ReadingStep.Closed).code)
            readerMisuse("session_closed") { reading.ask(listOf(ask("given_name"))) }
            reading.close()
            readerMisuse("closed") { reading.next() }
            reading.disconnected()
            reading.tick()

            val enrolling = wallet.enrol(listOf("mdl"), ByteArray(32), AUDIENCE, 1)
            enrolling.cancel()
            assertFailsWith<RidException.Cancelled> { enrolling.next() }
            enrolling.close()
            misuse("closed") { enrolling.next() }

            val open = wallet.present()
            wallet.closeStore()
            misuse("closed") { wallet.credentials() }
            misuse("closed") { wallet.present() }
            misuse("closed") { wallet.lockState }
            assertTrue(open.next() is PresentationStep.Advertise)
            open.close()
        }
    }

    @Test
    fun `a waiting collector is ended by close and by cancel`() = walk {
        wallet { _, wallet ->
            val session = wallet.present()
            var failed: Throwable? = null
            val collecting = launch {
                failed = runCatching { session.steps.collect { if (it is PresentationStep.Advertise) session.proceed() } }.exceptionOrNull()
            }
            yield()
            while (session.runCatching { chunks(MTU) }.exceptionOrNull() == null) yield()
            session.close()
            collecting.join()
            assertEquals("closed", (failed as RidException.Misuse).code)
            val other = wallet.present()
            val seen = mutableListOf<PresentationStep>()
            val cancelled = launch {
                other.steps.collect { step ->
                    seen += step
                    if (step is PresentationStep.Advertise) other.proceed()
                    if (step is PresentationStep.Wait) other.cancel()
                }
            }
            cancelled.join()
            assertEquals(PresentationStep.Closed("cancelled"), seen.last())
            other.close()
        }
    }

    @Test
    fun `close ends a running call`() = walk {
        wallet { rig, _ ->
            val area = WatchedArea(rig.area())
            val going = CompletableDeferred<Unit>()
            Rig(folder.resolve("other")).let { other ->
                other.open(area).use { wallet ->
                    area.before = { _, name -> if (name == "createKeys") { going.complete(Unit); awaitCancellation() } }
                    val session = wallet.enrol(listOf("mdl"), ByteArray(32), AUDIENCE, 1)
                    val call = async { runCatching { session.next() } }
                    going.await()
                    session.close()
                    assertTrue(call.await().exceptionOrNull() is RidException.Cancelled)
                }
            }
        }
    }

    @Test
    fun `neg_m03_a_panic_inside_is_a_bug_without_its_text`() {
        val failed = assertFailsWith<RidException.Bug> { Boundary.call { panicInside() } }
        assertEquals("panic", failed.code)
        assertFalse(failed.toString().contains("secret"))
        val later = runCatching { kotlinx.coroutines.runBlocking { Boundary.await { panicInsideLater() } } }.exceptionOrNull()
        assertEquals("panic", (later as? RidException.Bug)?.code)
        assertFalse(later.toString().contains("secret"))
    }

    @Test
    fun `neg_m03_what_the_generated_code_throws_has_a_name`() {
        val internal = az.gov.rid.core.InternalException("a name in a text")
        val failed = assertFailsWith<RidException.Bug> { Boundary.call { throw internal } }
        assertEquals("internal", failed.code)
        assertEquals(null, failed.cause)
    }

    @Test
    fun `the log has codes and no more, and may throw what it likes`() = walk {
        wallet { _, wallet ->
            val lines = mutableListOf<String>()
            RidLog.to { synchronized(lines) { lines += "${it.operation} ${it.code}" } }
            try {
                badInput("credential_unknown") { wallet.delete("who") }
                RidLog.to { throw NotImplementedError("of the app") }
                badInput("credential_unknown") { wallet.delete("who") }
            } finally {
                RidLog.to(null)
            }
            badInput("credential_unknown") { wallet.delete("who") }
            assertEquals(listOf("wallet.delete credential_unknown"), lines)
        }
    }
}
