package az.gov.rid

import az.gov.rid.core.ClaimValue
import az.gov.rid.core.CredentialState
import az.gov.rid.core.TrustEnvironment
import az.gov.rid.core.HistoryEventType
import az.gov.rid.core.LockState
import az.gov.rid.core.RidException
import java.nio.file.Path
import java.time.Instant
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** Enrol, list, look, delete. */
internal class WalkTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `enrols, lists, shows and deletes`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            assertEquals(TrustEnvironment.TEST, wallet.environment)
            assertEquals(emptyList(), wallet.credentials())
            val stored = rig.enrol(wallet, copies = 3, kinds = listOf("mdl", "pid"))
            assertEquals(2, stored.size)

            val listed = wallet.credentials()
            assertEquals(stored.map { it.id }.toSet(), listed.map { it.id }.toSet())
            val mdl = listed.single { it.kind == MDL }
            assertEquals("mso_mdoc", mdl.format)
            assertEquals(3u to 3u, mdl.copiesLeft to mdl.copiesTotal)
            assertEquals(CredentialState.READY, mdl.state)
            assertTrue(mdl.name.isNotEmpty() && mdl.spoken.isNotEmpty() && mdl.issuer.isNotEmpty())
            assertTrue(mdl.validFrom <= Instant.now() && Instant.now() < mdl.validUntil)

            val detail = wallet.credential(mdl.id)
            val name = detail.elements.single { it.path.last == "family_name" }
            assertTrue((name.value as ClaimValue.Text).text.reveal().isNotEmpty())
            assertEquals("Text(text=PrivateText)", name.value.toString())
            assertTrue(detail.elements.all { it.label.isNotEmpty() && it.spoken.isNotEmpty() })
            val portrait = detail.elements.single { it.portrait }
            assertEquals(ClaimValue.Nothing, portrait.value)
            val image = assertNotNull(wallet.portrait(mdl.id)).image.reveal()
            assertTrue(image.size > 100)

            wallet.delete(mdl.id)
            assertEquals(1, wallet.credentials().size)
            assertEquals("credential_unknown", assertFailsWith<RidException.BadInput> { wallet.delete(mdl.id) }.code)
            val kinds = wallet.events().map { it.kind }
            assertTrue(HistoryEventType.ISSUANCE in kinds && HistoryEventType.DELETION in kinds)
            wallet.closeStore()
        }
        // It lies in the folder for the next start.
        rig.open().use { assertEquals(1, it.credentials().size) }
    }

    @Test
    fun `values only when unlocked`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            assertEquals(LockState.UNLOCKED, wallet.lockState)
            wallet.lock()
            assertEquals(LockState.LOCKED, wallet.lockState)
            assertFailsWith<RidException.Locked> { wallet.credential(id) }
            assertFailsWith<RidException.Locked> { wallet.portrait(id) }
            wallet.unlock()
            assertFalse(wallet.credential(id).elements.isEmpty())
        }
    }

    @Test
    fun `the answer of another enrolment is refused`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val one = wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 1).use { it.next() }
            val answer = rig.answer(one.message)
            val other = wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 1).use { it.next() }
            assertFailsWith<RidException> { wallet.accept(other.id, answer) }
            assertEquals(emptyList(), wallet.credentials())
            assertEquals(1, wallet.accept(one.id, answer).size)
        }
    }
}
