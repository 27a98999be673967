package az.gov.rid

import az.gov.rid.core.ClaimValue
import az.gov.rid.core.Decision
import az.gov.rid.core.DeviceAuthMethod
import az.gov.rid.core.HistoryEventType
import az.gov.rid.core.HistoryOutcome
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.ConsentRequest
import java.nio.file.Files
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.io.TempDir

/** Whole presentations over the link. */
internal class PresentationTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `consent with an unticked element, and a second request in the same session`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            val asks = listOf(listOf(ask("family_name", "age_over_18", "document_number")), listOf(ask("given_name")))
            val requests = mutableListOf<ConsentRequest>()
            val met =
                meet(wallet, rig.reader(), *asks.toTypedArray()) { request ->
                    requests += request
                    request.agree { _, element -> element.path.last != "document_number" }
                }
            assertEquals("done" to "done", met.closed)
            assertEquals(listOf(Decision.UNDECIDED, Decision.ACCEPTED), met.verdicts.map { it.decision }, met.verdicts.toString())
            assertEquals(listOf("document_number"), met.verdicts.first().documents.single().notReturned.map { it.last })
            val (first, second) = met.verdicts.map { verdict -> checkNotNull(verdict.currentNames().single()) }
            assertEquals(setOf("family_name", "age_over_18"), first.toSet())
            assertEquals(listOf("given_name"), second)
            val value = met.verdicts[1].documents.single().current!!.issuerSigned.single().value
            assertTrue((value as ClaimValue.Text).text.reveal().isNotEmpty())
            assertTrue(met.verdicts.all { verdict -> verdict.documents.single().checks.any { it.code == "device_authentication" } })

            assertEquals(2, requests.map { it.id }.distinct().size)
            assertTrue(requests.all { it.requester.verified && it.requester.name == "Yol Polisi TEST" })
            assertEquals(0u, wallet.credential(id).credential.copiesLeft)
            val rows = wallet.events().filter { it.kind == HistoryEventType.PRESENTATION }
            assertEquals(listOf(HistoryOutcome.FINISHED, HistoryOutcome.FINISHED), rows.map { it.outcome })
            assertTrue(rows.all { it.peerVerified })
            // Each step once: nothing was given out that had been done.
            assertEquals(2, met.steps.count { it is PresentationStep.Ask })
            assertEquals(2, met.steps.count { it is PresentationStep.Receipt })
        }
    }

    @Test
    fun `a refusal looks like a document not held`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            val met = meet(wallet, rig.reader(), listOf(ask("family_name"))) { it.refuse() }
            assertEquals(Decision.UNDECIDED, met.verdicts.single().decision)
            assertEquals("not_returned", met.verdicts.single().code)
            assertEquals(listOf(MDL), met.verdicts.single().notReturned)
            assertEquals(2u, wallet.credential(id).credential.copiesLeft)
            val row = wallet.events().single { it.kind == HistoryEventType.PRESENTATION }
            assertEquals(HistoryOutcome.REFUSED, row.outcome)
        }
    }

    @Test
    fun `a locked wallet is unlocked in between, and answers by MAC`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open(options = rig.options(DeviceAuthMethod.MAC)).use { wallet ->
            rig.enrol(wallet)
            wallet.lock()
            val met = meet(wallet, rig.reader(signed = false), listOf(ask("portrait", "family_name"))) { it.agree { _, _ -> true } }
            assertTrue(met.steps.any { it is PresentationStep.Unlock })
            val verdict = met.verdicts.single()
            assertEquals(Decision.ACCEPTED, verdict.decision)
            val portrait = verdict.documents.single().current!!.issuerSigned.single { it.portrait }
            assertTrue((portrait.value as ClaimValue.Binary).bytes.reveal().size > 100)
        }
    }

    @Test
    fun `Kotlin wallet and rid read`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            wallet.present().use { session ->
                val holder = Holder(wallet, session) { request -> request.agree { _, element -> element.path.last != "portrait" } }
                val held = async { holder.run() }
                val asked = listOf("family_name", "age_over_18").flatMap { listOf("--ask", "$MDL/$MDL_SPACE/$it") }
                val arguments = listOf("--qr-text", holder.qr.await(), "--port", "${holder.port}", "--json") + asked
                val said = withContext(Dispatchers.IO) { rig.rid("read", *arguments.toTypedArray()) }
                assertTrue(said.contains("\"accepted\""), said)
                assertEquals("done", held.await())
                assertEquals(HistoryOutcome.FINISHED, wallet.events().last().outcome)
            }
        }
    }

    @Test
    fun `wallet and reader as two processes`() = walk {
        val rig = Rig(folder.resolve("home"))
        val qr = rig.home.resolve("qr.txt").toString()
        val wallet = child("wallet", rig.home.toString(), "0", qr)
        try {
            withContext(Dispatchers.IO) {
                val lines = wallet.inputStream.bufferedReader()
                val port = lines.readLine().removePrefix("port ")
                val reader = child("reader", rig.home.toString(), port, qr, "$MDL/$MDL_SPACE/given_name")
                val said = reader.inputStream.readAllBytes().decodeToString()
                assertEquals(0, reader.waitFor(), said)
                assertTrue("verdict accepted" in said.lines(), said)
                assertEquals("closed done", lines.readText().trim())
                assertEquals(0, wallet.waitFor())
            }
        } finally {
            wallet.destroy()
        }
    }

    @Test
    fun `rid present and Kotlin reader`() = walk {
        val rig = Rig(folder.resolve("home"))
        val (request, answer) = listOf("q", "a").map { rig.home.resolve(it).toString() }
        val challenge = rig.rid("issue", "--challenge").trim()
        rig.rid("enrol", "--kind", "mdl", "--copies", "1", "--challenge", challenge, "--out", request, "--force")
        rig.rid("issue", "--request", request, "--out", answer, "--force")
        rig.rid("enrol", "--accept", answer)
        val handoff = rig.home.resolve("handoff")
        val present = rig.start("present", "--yes", "--untick", "given_name", "--handoff", handoff.toString())
        try {
            val port = withContext(Dispatchers.IO) { appears(handoff.resolve("port")) }.toInt()
            rig.reader().use { reader ->
                reader.read(Files.readString(handoff.resolve("qr.txt")), listOf(ask("family_name", "given_name"))).use { reading ->
                    val verifier = Verifier(reading, port)
                    verifier.run()
                    val verdict = assertNotNull(verifier.verdicts.singleOrNull())
                    assertEquals(Decision.UNDECIDED to "not_returned", verdict.decision to verdict.code)
                    assertEquals(listOf(listOf("family_name")), verdict.currentNames())
                }
            }
        } finally {
            present.destroy()
        }
    }
}

/** Waits for another process to write a file. */
internal fun appears(path: Path): String {
    repeat(1_000) {
        if (Files.exists(path)) return Files.readString(path).trim()
        Thread.sleep(20)
    }
    error("$path never came")
}
