package az.gov.rid

import az.gov.rid.core.ClaimValue
import az.gov.rid.core.DocumentError
import az.gov.rid.core.HistoryOutcome
import az.gov.rid.core.KeyId
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.Prompt
import az.gov.rid.core.ReaderPolicy
import az.gov.rid.core.ReaderRule
import az.gov.rid.core.RidException
import az.gov.rid.core.SecureArea
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import org.junit.jupiter.api.io.TempDir

/** What an app shows: text of every element, sentences of every code, and the rare answers of the other side. */
internal class SurfaceTest {
    @TempDir lateinit var folder: Path

    @Test
    fun every_element_has_text_in_the_language_of_the_moment() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val ids = rig.enrol(wallet, kinds = listOf("mdl", "pid")).map { it.id }
            val shown = listOf("az", "en-GB", "ru_RU").map { locale ->
                wallet.setLocales(listOf(locale))
                val documents = ids.map { wallet.credential(it) }
                assertTrue(documents.flatMap { it.elements }.all { it.text.reveal().isNotBlank() })
                val license = documents.single { it.credential.kind == MDL }
                val age = checkNotNull(license.element(MDL_SPACE, "age_over_18"))
                Triple(license.credential.name, age.label, age.text.reveal())
            }
            assertEquals(3, shown.map { it.first }.toSet().size)
            assertEquals(3, shown.map { it.second }.toSet().size)
            assertEquals(listOf("Bəli", "Yes", "Да"), shown.map { it.third })

            val license = wallet.credential(ids.first { wallet.credential(it).credential.kind == MDL })
            assertNull(license.element(MDL_SPACE, "no_such_element"))
            assertNull(license.element("no.such.namespace", "age_over_18"))
            val birth = checkNotNull(license.element(MDL_SPACE, "birth_date"))
            assertTrue(birth.value is ClaimValue.Date && Regex("\\d\\d\\.\\d\\d\\.\\d{4}").matches(birth.text.reveal()))
            val privileges = checkNotNull(license.element(MDL_SPACE, "driving_privileges")).text.reveal()
            assertFalse("vehicle_category_code" in privileges, "labels, not names")
        }
    }

    @Test
    fun a_reader_shows_text_and_changes_its_language_too() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet, copies = 2)
            rig.reader().use { reader ->
                val texts = listOf("en", "az").map { locale ->
                    reader.setLocales(listOf(locale))
                    val verdict = meet(wallet, reader, listOf(documentAsk(MDL, MDL_SPACE, "age_over_18", "family_name"))) { it.agree { _, _ -> true } }.verdicts.single()
                    val current = checkNotNull(verdict.documents.single().current)
                    assertNull(current.element(MDL_SPACE, "given_name"))
                    checkNotNull(current.element(MDL_SPACE, "age_over_18")).text.reveal() to current.ages.single().text.reveal()
                }
                assertEquals(listOf("Yes" to "Yes", "Bəli" to "Bəli"), texts)
            }
        }
    }

    @Test
    fun every_refusal_has_a_sentence_and_a_next_step() {
        for (locale in listOf("az", "en", "ru")) {
            val unknown = describe("no_such_code", listOf(locale))
            val errors = listOf(
                RidException.BadInput("pin_wrong"), RidException.Cancelled(), RidException.Expired("credential_unavailable"), RidException.Locked(),
                RidException.Misuse("busy"), RidException.NotTrusted("issuer", "cert_untrusted"), RidException.Offline(null),
                RidException.PeerRefused("transport_limit"), RidException.SignInAgain(), RidException.StorageDamaged("storage_corrupt"),
                RidException.Unsupported("key_unavailable"),
            )
            for (error in errors) {
                val said = error.describe(listOf(locale))
                assertTrue(said.what.endsWith(".") && said.next.endsWith("."), error.code)
                assertTrue(said != unknown, "${error.code}: $said")
            }
            assertEquals(3, listOf("az", "en", "ru").map { describe("pin_wrong", listOf(it)).what }.toSet().size)
        }
        assertEquals("text_invalid", assertFailsWith<RidException.BadInput> { describe("\uD800") }.code)
    }

    /** Each listed code has its sentences (`rid-profile` tests it), so the codes that this package itself makes are listed. */
    @Test
    fun every_code_of_the_packages_own_sources_is_listed() {
        val sources = Path.of(System.getProperty("rid.folder")).resolve("src")
        val text = listOf("main", "android").flatMap { set ->
            Files.walk(sources.resolve(set)).use { paths -> paths.filter { it.extension == "kt" }.map { Files.readString(it) }.toList() }
        }.joinToString("\n")
        val codes = Regex("(?:badInput|misuse|bug|BadInput|Misuse|Bug)\\(\"([a-z_]+)\"\\)").findAll(text).map { it.groupValues[1] }.toSet()
        assertTrue(codes.size >= 4, "$codes")
        val listed = Files.readString(Path.of(System.getProperty("rid.folder")).resolve("../../spec/errors.md"))
        for (code in codes) assertTrue("| `$code`" in listed, code)
    }

    /** A reader whose signature is wrong: the profile blocks it whatever the app allows. */
    @Test
    fun a_forged_reader_is_blocked_by_the_profile() = walk {
        val rig = Rig(folder.resolve("home"))
        val allowing = rig.options().copy(readerPolicy = ReaderPolicy(ReaderRule.ALLOW, ReaderRule.ALLOW, ReaderRule.ALLOW))
        rig.open(options = allowing).use { wallet ->
            rig.enrol(wallet, copies = 1)
            val forger = object : SecureArea by rig.readerArea() {
                override suspend fun sign(key: KeyId, message: ByteArray, prompt: Prompt) = rig.readerArea().sign(key, message + 1, prompt)
            }
            val met = meet(wallet, rig.reader(area = forger), listOf(ask("family_name"))) { request ->
                assertFalse(request.requester.verified)
                assertEquals("reader_auth_invalid", request.documents.single().blocked)
                assertNull(request.agree { _, _ -> true })
                request.refuse()
            }
            assertEquals(listOf(false), met.receipts.map { it.disclosed })
            assertEquals(1u, wallet.credentials().single().copiesLeft)
        }
    }

    /** neg-Q08: the wallet's code for a document is shown. 0 says nothing, and a wallet of ours gives no other. */
    @Test
    fun neg_q08_document_errors_of_a_wallet_are_shown() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            val unknown = documentAsk("org.example.none", "org.example", "x")
            val verdict = meet(wallet, rig.reader(), listOf(ask("family_name"), unknown)) { it.agree { _, _ -> true } }.verdicts.single()
            assertEquals(listOf(DocumentError("org.example.none", 0)), verdict.documentErrors)
            assertEquals(listOf(listOf("family_name")), verdict.currentNames())
        }
    }

    /** Cancelled while the response is made: no message with data is handed out, whatever the area answers afterwards. */
    @Test
    fun neg_c38_nothing_is_handed_out_after_a_cancel() = walk {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            rig.enrol(wallet)
            val signing = CompletableDeferred<Unit>()
            area.before = { _, name -> if (name == "sign") { signing.complete(Unit); awaitCancellation() } }
            wallet.present().use { session ->
                val holder = Holder(wallet, session) { request -> request.agree { _, _ -> true } }
                val held = async(Dispatchers.Default) { holder.run() }
                rig.reader().use { reader ->
                    reader.read(holder.qr.await(), listOf(ask("family_name"))).use { reading ->
                        val verifier = Verifier(reading, holder.port)
                        val read = async(Dispatchers.Default) { verifier.run() }
                        signing.await()
                        session.cancel()
                        assertEquals("cancelled", held.await())
                        read.await()
                        assertEquals(emptyList(), verifier.verdicts, "the reader got no answer")
                    }
                }
                assertEquals(emptyList(), holder.steps.filterIsInstance<PresentationStep.Receipt>())
                assertEquals(emptyList(), session.chunks(MTU))
            }
            assertEquals(HistoryOutcome.FAILED, wallet.events().last().outcome)
        }
    }
}
