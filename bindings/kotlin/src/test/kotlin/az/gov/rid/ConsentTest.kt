package az.gov.rid

import az.gov.rid.core.AskedElement
import az.gov.rid.core.CandidateCredential
import az.gov.rid.core.ClaimValue
import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.CredentialState
import az.gov.rid.core.Decision
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.TrustEnvironment
import az.gov.rid.core.HistoryOutcome
import az.gov.rid.core.PrivateText
import az.gov.rid.core.ReaderPolicy
import az.gov.rid.core.ReaderRule
import az.gov.rid.core.ConsentRequest
import az.gov.rid.core.RequestedDocument
import az.gov.rid.core.RequestedElement
import az.gov.rid.core.RequesterInfo
import az.gov.rid.core.ReusePolicy
import java.nio.file.Path
import java.time.Instant
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** The question shows the elements that leave, and the session accepts every answer that [agree] builds. */
internal class ConsentTest {
    @TempDir lateinit var folder: Path

    private fun pid(vararg elements: String): DocumentAsk = ask(*elements, kind = PID, namespace = PID_SPACE)

    private fun names(document: RequestedDocument): List<Pair<String, String?>> =
        document.candidates.first().elements.map { it.path.last to it.reason }

    @Test
    fun neg_c30_neg_c31_view_receipt_and_history_name_the_ages_that_leave() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            val met =
                meet(wallet, rig.reader(), listOf(ask("age_over_20", "age_over_12", "age_over_65", "age_over_70"))) { request ->
                    assertTrue("request_age_limit" in request.warnings)
                    val lines = listOf("age_over_21" to null, "age_over_15" to null, "age_over_65" to LIMIT, "age_over_70" to LIMIT)
                    assertEquals(lines, names(request.documents.single()))
                    val offered = request.documents.single().candidates.single().elements
                    assertEquals(listOf(true, true, false, false), offered.map { it.held })
                    assertEquals(listOf("age_over_20"), offered.first().asked.map { it.last })
                    // Also what cannot leave is ticked.
                    request.agree { _, _ -> true }
                }
            val left = listOf("age_over_21", "age_over_15")
            assertEquals(left, met.receipts.single().elements.map { it.path.last })
            assertEquals(left, wallet.events().last().elements.map { it.path.last })
            val verdict = met.verdicts.single()
            assertEquals(Decision.UNDECIDED to "not_returned", verdict.decision to verdict.code)
            assertEquals(setOf("age_over_65", "age_over_70"), verdict.documents.single().notReturned.map { it.last }.toSet())
        }
    }

    @Test
    fun neg_c31_an_unticked_age_never_leaves() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            val met =
                meet(wallet, rig.reader(), listOf(ask("family_name", "age_over_18", "age_over_17"))) { request ->
                    val age = request.documents.single().candidates.single().elements.last()
                    assertEquals("age_over_18" to listOf("age_over_18", "age_over_17"), age.path.last to age.asked.map { it.last })
                    request.agree { _, element -> element != age }
                }
            assertEquals(listOf("family_name"), met.receipts.single().elements.map { it.path.last })
            val missing = met.verdicts.single().documents.single().notReturned.map { it.last }
            assertEquals(setOf("age_over_17", "age_over_18"), missing.toSet())
        }
    }

    @Test
    fun each_document_has_a_choice_of_its_own() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val older = rig.enrol(wallet).single().id
            val newer = rig.enrol(wallet).single().id
            val card = rig.enrol(wallet, copies = 4, kinds = listOf("pid")).single().id
            val asked = listOf(ask("family_name", "given_name"), pid("family_name_latin1", "given_name_latin1"))
            suspend fun used(answer: (ConsentRequest) -> ConsentAnswer?) =
                meet(wallet, rig.reader(), asked, answer = answer).receipts.single().used
            for (wanted in listOf(older, newer)) {
                val used = used { request ->
                    assertEquals(setOf(older, newer), request.documents[0].candidates.map { it.credential }.toSet())
                    assertTrue(request.documents.all { it.suggested && it.blocked == null })
                    val candidate = { document: RequestedDocument ->
                        document.candidates.singleOrNull { it.credential == wanted } ?: document.candidates.first()
                    }
                    request.agree(candidate) { _, element -> element.path.last.startsWith("family_name") }
                }
                assertEquals(listOf(wanted, card), used)
            }
            // Ticks of one document do not count for the other, and a document may be left out.
            assertEquals(listOf(card), used { request -> request.agree { document, _ -> document.kind == PID } })
            val licence = used { request ->
                request.agree({ document -> document.candidates.first().takeIf { document.kind == MDL } }) { _, _ -> true }
            }
            assertEquals(1, licence.size)
            assertTrue(licence.single() in setOf(older, newer))
        }
    }

    @Test
    fun neg_c32_blocked_documents_are_named_and_the_others_answered() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val licence = rig.enrol(wallet, copies = 1).single().id
            rig.enrol(wallet, kinds = listOf("pid"))
            val first = meet(wallet, rig.reader(), listOf(ask("family_name"))) { it.agree { _, _ -> true } }
            assertEquals(listOf(licence), first.receipts.single().used)
            val unknown = ask("x", kind = "org.example.none", namespace = "org.example")
            val asked = listOf(ask("family_name"), pid("family_name_latin1"), unknown)
            val met =
                meet(wallet, rig.reader(), asked) { request ->
                    assertEquals(listOf("credential_unavailable", null, "not_held"), request.documents.map { it.blocked })
                    assertEquals(listOf(0, 1, 0), request.documents.map { it.candidates.size })
                    assertEquals(listOf(licence to "credential_unavailable"), request.documents[0].unavailable.map { it.credential to it.reason })
                    // An app that offers the exhausted credential all the same presents nothing of it.
                    val exhausted = request.documents[1].candidates.single().copy(credential = licence)
                    request.agree({ it.candidates.firstOrNull() ?: exhausted }) { _, _ -> true }
                }
            assertTrue(met.receipts.single().disclosed)
            val verdict = met.verdicts.single()
            assertEquals(setOf(MDL, "org.example.none"), verdict.notReturned.toSet())
            assertEquals(listOf(listOf("family_name_latin1")), verdict.currentNames())
            assertEquals(Decision.UNDECIDED, verdict.decision)
        }
    }

    @Test
    fun agreeing_to_nothing_gives_no_answer() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            val met = meet(wallet, rig.reader(), listOf(ask("family_name"))) { request ->
                assertNull(request.agree { _, _ -> false })
                assertNull(request.agree({ null }) { _, _ -> true })
                request.refuse()
            }
            assertFalse(met.receipts.single().disclosed)
            assertEquals(2u, wallet.credentials().single().copiesLeft)
            assertEquals(HistoryOutcome.REFUSED, wallet.events().last().outcome)
        }
    }

    @Test
    fun an_app_sets_a_policy_for_each_class_of_readers() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { rig.enrol(it, copies = 9, kinds = listOf("mdl", "pid")) }
        val own = rig.options()
        val strangers = own.copy(readerRoots = emptyList())
        fun policy(anonymous: ReaderRule = ReaderRule.ALLOW, untrusted: ReaderRule = ReaderRule.ALLOW) =
            ReaderPolicy(anonymous, untrusted, forged = ReaderRule.ENFORCE)
        val asked = listOf(ask("family_name"), pid("family_name_latin1"))
        val cases = listOf(
            Triple(false, own.copy(readerPolicy = policy()), null),
            Triple(false, own.copy(readerPolicy = policy(anonymous = ReaderRule.WARN)), ReaderRule.WARN),
            Triple(false, own.copy(readerPolicy = policy(anonymous = ReaderRule.ENFORCE)), ReaderRule.ENFORCE),
            Triple(true, strangers.copy(readerPolicy = policy()), null),
            Triple(true, strangers.copy(readerPolicy = policy(untrusted = ReaderRule.WARN)), ReaderRule.WARN),
            Triple(true, strangers.copy(readerPolicy = policy(untrusted = ReaderRule.ENFORCE)), ReaderRule.ENFORCE),
        )
        for ((signed, options, rule) in cases) rig.open(options = options).use { wallet ->
            val met =
                meet(wallet, rig.reader(signed), asked) { request ->
                    val (licence, card) = request.documents
                    assertFalse(request.requester.verified)
                    assertEquals(if (rule == ReaderRule.ENFORCE) "reader_auth_required" else null, licence.blocked)
                    // The profile is stricter with the identity card.
                    assertEquals("reader_auth_required", card.blocked)
                    request.agree { _, _ -> true }
                }
            assertEquals(rule != ReaderRule.ENFORCE, met.receipts.single().disclosed)
            wallet.closeStore()
        }
    }

    /** A question with every shape that a view may have. */
    private fun question(random: Random): ConsentRequest {
        fun element(place: Int): RequestedElement {
            val held = random.nextBoolean()
            val path = path(MDL_SPACE, "element_$place")
            val portrait = random.nextInt(4) == 0
            return RequestedElement(
                path, "", "", listOf(path), retained = false, held, if (held) null else "not_held", sensitive = false, portrait,
                ClaimValue.Nothing, PrivateText("-"), lessRevealing = null,
            )
        }
        fun candidate(name: String) =
            CandidateCredential(name, "", null, CredentialState.READY, Instant.EPOCH, 1u, ReusePolicy.Once, false, List(random.nextInt(4), ::element))
        val documents = List(random.nextInt(4)) { position ->
            val candidates = List(random.nextInt(3)) { candidate("credential ${random.nextInt(4)} $it") }
            val asked = listOf(AskedElement(path(MDL_SPACE, "element_0"), "", "", retained = false, statesRetention = true, exceedsPurpose = false))
            val blocked = if (candidates.isEmpty()) "not_held" else null
            RequestedDocument(
                position.toUInt(), "mso_mdoc", MDL, "", asked, candidates, emptyList(), blocked, portraitBinds = random.nextBoolean(),
                multiple = false, suggested = random.nextBoolean(),
            )
        }
        val nobody = RequesterInfo("", null, null, false, "reader_auth_absent", null, false)
        return ConsentRequest("id", byteArrayOf(1), nobody, TrustEnvironment.TEST, null, random.nextInt(4) == 0, null, documents, emptyList(), emptyList())
    }

    @Test
    fun agree_names_offered_elements_alone_whatever_is_chosen_and_ticked() {
        val random = Random(11)
        var agreed = 0
        repeat(10_000) {
            val request = question(random)
            val all = request.documents.flatMap { it.candidates }
            val answer = request.agree({ if (random.nextInt(4) == 0) null else all.randomOrNull(random) }) { _, _ -> random.nextInt(3) > 0 } ?: return@repeat
            assertEquals(request.id, answer.id)
            assertTrue(request.hash.contentEquals(answer.hash))
            val documents = (answer.decision as ConsentDecision.Agree).documents
            agreed += 1
            assertTrue(documents.isNotEmpty() && documents.map { it.position }.toSet().size == documents.size)
            for (document in documents) {
                val offered = request.documents[document.position.toInt()].candidates.first { it.credential == document.credential }
                val sendable = offered.elements.filter { it.held }.map { it.path }
                assertTrue(document.elements.isNotEmpty() && sendable.containsAll(document.elements))
                assertTrue(!request.whole || document.elements.size == offered.elements.size)
            }
        }
        assertTrue(agreed > 1_000, "$agreed answers agree to something")
    }

    private companion object {
        const val LIMIT = "request_age_limit"
    }
}
