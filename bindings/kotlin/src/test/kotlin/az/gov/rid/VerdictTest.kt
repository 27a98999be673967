package az.gov.rid

import az.gov.rid.core.Decision
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.DocumentElements
import az.gov.rid.core.ElementAsk
import az.gov.rid.core.ElementError
import az.gov.rid.core.ImageFormat
import az.gov.rid.core.IssuerRoot
import az.gov.rid.core.RidException
import az.gov.rid.core.ReaderOptions
import az.gov.rid.core.RootWarning
import az.gov.rid.core.Verdict
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import org.junit.jupiter.api.io.TempDir

/** A verdict is accepted when the question was answered, and it rests on roots of the credential type. */
internal class VerdictTest {
    @TempDir lateinit var folder: Path

    @Test
    fun neg_q02_a_verdict_waits_for_what_is_not_optional() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            suspend fun judged(optional: Boolean): Verdict {
                val asked = DocumentAsk(MDL, listOf(ElementAsk(NAME, false), ElementAsk(BIRTH, false, optional)))
                return meet(wallet, rig.reader(), listOf(asked)) { it.agree { _, element -> element.path != BIRTH } }.verdicts.single()
            }
            val missing = judged(optional = false)
            assertEquals(Decision.UNDECIDED to "not_returned", missing.decision to missing.code)
            val document = missing.documents.single()
            assertEquals(listOf(BIRTH), document.notReturned)
            // The wallet's code for it; 0 says nothing, and a wallet of ours gives no other.
            assertEquals(listOf(ElementError(BIRTH, 0)), document.errors)
            assertEquals(emptyList(), missing.documentErrors)

            val complete = judged(optional = true)
            assertEquals(Decision.ACCEPTED to null, complete.decision to complete.code)
            assertEquals(emptyList(), complete.documents.single().notReturned)
            assertEquals(listOf(listOf("family_name")), complete.currentNames())
        }
    }

    /** A document that is refused has no current elements, so that an app which looks at nothing else has none. */
    @Test
    fun neg_q07_current_elements_are_those_of_an_accepted_document() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            val accepted = meet(wallet, rig.reader(), listOf(ask("family_name"))) { it.agree { _, _ -> true } }.verdicts.single().documents.single()
            val disclosed = assertIs<DocumentElements.Current>(accepted.elements).disclosed
            assertEquals(disclosed, accepted.current)
            for (elements in listOf(DocumentElements.Lapsed(disclosed), DocumentElements.NoEvidence)) {
                assertNull(accepted.copy(decision = Decision.REFUSED, elements = elements).current)
            }
        }
    }

    @Test
    fun std_m48_an_age_is_an_answer() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            val met = meet(wallet, rig.reader(), listOf(ask("age_over_20", "age_over_70"))) { it.agree { _, _ -> true } }
            val ages = assertNotNull(met.verdicts.single().documents.single().current).ages
            assertEquals(listOf("age_over_20", "age_over_70"), ages.map { it.asked.last })
            assertEquals(listOf(true, false), ages.map { it.over })
            assertEquals(listOf("age_over_21", "age_over_65"), ages.map { it.attested.last })
            assertEquals(listOf("Yes", "No"), ages.map { it.text.reveal() })
        }
    }

    @Test
    fun pictures_tell_their_format() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            assertEquals(ImageFormat.JPEG, wallet.portrait(id)?.format)
            assertEquals(setOf<String?>(null), wallet.credential(id).elements.map { it.warning }.toSet())
            val met = meet(wallet, rig.reader(), listOf(ask("portrait", "family_name"))) { it.agree { _, _ -> true } }
            val shown = assertNotNull(met.verdicts.single().documents.single().current).issuerSigned
            val (portrait, name) = listOf(true, false).map { wanted -> shown.single { it.portrait == wanted } }
            assertEquals(ImageFormat.JPEG to null, portrait.image to portrait.warning)
            assertEquals(null to null, name.image to name.warning)
        }
    }

    @Test
    fun neg_f30_a_root_signs_its_credential_types_alone() = walk {
        val rig = Rig(folder.resolve("home"))
        val (untyped, card) = listOf(emptyList(), listOf(PID)).map { listOf(IssuerRoot(rig.pem("iaca"), it)) }
        fun reader(roots: List<IssuerRoot>) =
            RidReader(ReaderOptions(rig.options().environment, roots, listOf("en"), JwkArea.KEY, listOf(rig.pem("reader"))), rig.readerArea())
        val options = rig.options().copy(issuerRoots = untyped)
        assertEquals("trust_types_missing", assertFailsWith<RidException.BadInput> { rig.open(options = options) }.code)
        assertEquals("trust_types_missing", assertFailsWith<RidException.BadInput> { reader(untyped) }.code)

        rig.open(options = rig.options().copy(issuerRoots = card)).use { wallet ->
            val refused = assertFailsWith<RidException.NotTrusted> { rig.enrol(wallet) }
            assertEquals("issuer" to "cert_untrusted", refused.who to refused.why)
            wallet.closeStore()
        }
        rig.open().use { wallet ->
            rig.enrol(wallet)
            val verdict = meet(wallet, reader(card), listOf(ask("family_name"))) { it.agree { _, _ -> true } }.verdicts.single()
            assertEquals(Decision.REFUSED to "cert_untrusted", verdict.decision to verdict.code)
            assertNull(verdict.documents.single().current)
        }
    }

    @Test
    fun neg_f34_an_unreadable_certificate_among_the_roots_is_named() = walk {
        val rig = Rig(folder.resolve("home"))
        val broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".encodeToByteArray()
        val roots = rig.issuerRoots(broken + rig.pem("iaca"))
        val named = listOf(RootWarning("issuer_roots[0], certificate 1", "cert_form"))
        rig.open(options = rig.options().copy(issuerRoots = roots)).use { wallet ->
            assertEquals(named, wallet.rootWarnings)
            assertEquals(1, rig.enrol(wallet).size)
        }
        val options = ReaderOptions(rig.options().environment, roots, emptyList(), null, emptyList())
        RidReader(options, rig.readerArea()).use { assertEquals(named, it.rootWarnings) }
        rig.reader().use { assertEquals(emptyList(), it.rootWarnings) }
    }

    private companion object {
        val NAME = path(MDL_SPACE, "family_name")
        val BIRTH = path(MDL_SPACE, "birth_date")
    }
}
