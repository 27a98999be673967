package az.gov.rid

import az.gov.rid.core.CredentialState
import az.gov.rid.core.HistoryEntryState
import az.gov.rid.core.HistoryEventType
import az.gov.rid.core.LockState
import az.gov.rid.core.PrivateText
import az.gov.rid.core.DocumentToReissue
import az.gov.rid.core.RemedyKind
import az.gov.rid.core.RepairLoss
import az.gov.rid.core.ReusePolicy
import az.gov.rid.core.SecureArea
import az.gov.rid.core.RidException
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.name
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** The history, recovery, damage and the end. */
internal class UpkeepTest {
    @TempDir lateinit var folder: Path

    private inline fun badInput(code: String, act: () -> Unit) =
        assertEquals(code, assertFailsWith<RidException.BadInput> { act() }.code)

    private inline fun misuse(code: String, act: () -> Unit) =
        assertEquals(code, assertFailsWith<RidException.Misuse> { act() }.code)

    private fun names(folder: Path): List<String> = Files.list(folder).use { list -> list.map { it.name }.sorted().toList() }

    @Test
    fun `the history is checked, deleted from and exported`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            wallet.delete(rig.enrol(wallet).single().id)
            val before = wallet.checkHistory()
            assertTrue(before.whole && before.rows == 3uL && before.firstBroken == null)
            val seq = wallet.history().first().seq
            wallet.deleteHistory(seq)
            for (none in listOf(seq, 0uL, 99uL, ULong.MAX_VALUE)) badInput("history_unknown") { wallet.deleteHistory(none) }
            val rows = wallet.history()
            assertEquals(3, rows.size)
            assertTrue(rows.first().entry is HistoryEntryState.Deleted && rows.first().event == null && !rows.first().imported)
            assertEquals(listOf(HistoryEventType.ISSUANCE, HistoryEventType.DELETION), rows.mapNotNull { it.event?.kind })
            // The stone that is left checks too.
            assertTrue(wallet.checkHistory().whole)

            val export = wallet.exportHistory()
            assertEquals("PrivateText", "$export")
            val file = rig.home.resolve("history.json")
            Files.writeString(file, export.reveal())
            rig.rid("vault", "verify-export", file.toString())
            Files.writeString(file, export.reveal().replace("\"deletion\"", "\"issuance\""))
            assertTrue(rig.start("vault", "verify-export", file.toString()).waitFor() != 0)
        }
    }

    @Test
    fun `a container brings recipes and history to another device`() = walk {
        val rig = Rig(folder.resolve("home"))
        val (code, container) = rig.open().use { wallet ->
            badInput("recovery_not_set") { wallet.exportRecovery(PrivateText(CODE)) }
            rig.enrol(wallet, copies = 3, kinds = listOf("mdl", "pid"))
            val void = wallet.makeRecoveryCode()
            wallet.confirmRecoveryCode(void)
            val code = wallet.makeRecoveryCode()
            // Until the new one is confirmed the earlier one is valid.
            assertTrue(wallet.exportRecovery(void).isNotEmpty())
            badInput("backup_wrong_code") { wallet.confirmRecoveryCode(PrivateText(CODE)) }
            badInput("text_invalid") { wallet.confirmRecoveryCode(PrivateText("\uD800")) }
            wallet.confirmRecoveryCode(PrivateText(code.reveal().takeLast(5)))
            badInput("backup_wrong_code") { wallet.exportRecovery(void) }
            badInput("backup_code_form") { wallet.exportRecovery(PrivateText("")) }
            badInput("text_invalid") { wallet.exportRecovery(PrivateText("\uDC00")) }
            code to wallet.exportRecovery(code)
        }
        val other: SecureArea = JvmSecureArea(folder.resolve("other-keys"))
        RidWallet.open(folder.resolve("other").toString(), rig.options(), other).use { wallet ->
            val cut = container.copyOf(container.size - 1)
            val bad = listOf(ByteArray(0) to "backup_truncated", cut to "backup_truncated", ByteArray(200) { 7 } to "backup_form")
            for ((bytes, name) in bad) badInput(name) { wallet.importRecovery(code, bytes) }
            val altered = container.copyOf().also { it[it.size - 1] = (it.last().toInt() xor 1).toByte() }
            badInput("backup_wrong_code") { wallet.importRecovery(code, altered) }
            badInput("backup_wrong_code") { wallet.importRecovery(PrivateText(CODE), container) }
            badInput("backup_code_form") { wallet.importRecovery(PrivateText("0000"), container) }
            badInput("text_invalid") { wallet.importRecovery(PrivateText("\uD800"), container) }
            badInput("input_too_large") { wallet.importRecovery(code, ByteArray(MAX_BYTES + 1)) }
            assertEquals(emptyList(), wallet.history())

            val brought = wallet.importRecovery(code, container)
            assertEquals(2, brought.toReissue.size)
            val license: DocumentToReissue = brought.toReissue.single { it.kind == MDL }
            assertTrue(license.copies == 3u && license.format == "mso_mdoc" && license.name.isNotEmpty() && license.issuer.isNotEmpty())
            assertEquals(2u, brought.history)
            val rows = wallet.history()
            assertTrue(rows.size == 2 && rows.all { it.imported && it.event?.kind == HistoryEventType.ISSUANCE })
            assertTrue(wallet.checkHistory().whole)
            assertEquals(0u, wallet.importRecovery(code, container).history, "taken in twice it adds nothing")
            // Never a key or token: the documents come from their issuers again.
            assertEquals(emptyList(), wallet.credentials())
            assertEquals(1, rig.enrol(wallet).size)
        }
    }

    @Test
    fun `the folder of a lost device gives its history to the recovery code`() = walk {
        val rig = Rig(folder.resolve("home"))
        val code = rig.open().use { wallet ->
            rig.enrol(wallet)
            wallet.makeRecoveryCode().also {
                wallet.confirmRecoveryCode(it)
                wallet.closeStore()
            }
        }
        val lost = rig.home.resolve("kotlin-wallet").toString()
        RidWallet.open(folder.resolve("other").toString(), rig.options(), JvmSecureArea(folder.resolve("other-keys"))).use { wallet ->
            badInput("backup_wrong_code") { wallet.recoverFrom(lost, PrivateText(CODE)) }
            badInput("text_invalid") { wallet.recoverFrom("\uD800", code) }
            val brought = wallet.recoverFrom(lost, code)
            assertEquals(listOf(MDL) to 1u, brought.toReissue.map { it.kind } to brought.history)
            assertTrue(wallet.history().single().imported && wallet.credentials().isEmpty())
        }
    }

    @Test
    fun `keys are turned, and a healthy wallet is found healthy`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            assertEquals(listOf("no_pin" to RemedyKind.KNOW), wallet.examine().findings.map { it.code to it.remedy })
            wallet.setPin(pin())
            wallet.rotateKeys()
            val healthy = wallet.examine()
            assertTrue(healthy.findings.isEmpty() && !healthy.locked)
            assertTrue(wallet.isWhole())
            assertEquals(RepairLoss(0u, 0u, 0u, 0u), wallet.repair(), "nothing is amiss")
            wallet.lock()
            assertTrue(wallet.examine().locked && wallet.isWhole(), "it opens no row")
            wallet.unlockWithPin(pin())
            assertTrue(wallet.credential(id).elements.isNotEmpty())
        }
    }

    @Test
    fun `an app learns that copies run low, and how they are used up`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            val one = rig.enrol(wallet, copies = 1).single()
            assertTrue(one.lowWater && one.reuse == ReusePolicy.Once && one.state == CredentialState.READY)
            val many = rig.enrol(wallet, copies = 20).single()
            assertFalse(many.lowWater)
        }
    }

    @Test
    fun `a wipe leaves no file and no key`() = walk {
        val rig = Rig(folder.resolve("home"))
        val keys = rig.home.resolve("kotlin-keys")
        val files = rig.home.resolve("kotlin-wallet")
        rig.open().use { wallet ->
            rig.enrol(wallet)
            wallet.setPin(pin())
            wallet.enableBiometrics()
            wallet.makeRecoveryCode(pin())
            wallet.lock()
            misuse("storage_locked") { RidWallet.wipe(files.toString(), rig.area()) }
            misuse("storage_locked") { RidWallet.reset(files.toString()) }
            wallet.wipe()
            misuse("closed") { wallet.unlockState() }
            misuse("closed") { wallet.wipe() }
        }
        assertEquals(listOf("lock"), names(files))
        assertEquals(listOf("sealing-key.not-hardware"), names(keys))
        rig.open().use { wallet ->
            assertTrue(wallet.unlockState().needsPin && wallet.credentials().isEmpty() && wallet.history().isEmpty())
            rig.enrol(wallet)
            wallet.setPin(pin())
            wallet.closeStore()
        }
        // Whether or not it opens, and twice.
        repeat(2) { RidWallet.wipe(files.toString(), rig.area()) }
        assertEquals(listOf("lock"), names(files))
        assertEquals(listOf("sealing-key.not-hardware"), names(keys))
        badInput("text_invalid") { RidWallet.wipe("\uD800", rig.area()) }
        badInput("input_too_large") { RidWallet.wipe("x".repeat(MAX_TEXT + 1), rig.area()) }
    }

    @Test
    fun `a reset moves aside and deletes nothing`() = walk {
        val rig = Rig(folder.resolve("home"))
        val files = rig.home.resolve("kotlin-wallet")
        rig.open().use { wallet ->
            rig.enrol(wallet)
            wallet.setPin(pin())
            wallet.closeStore()
        }
        fun contents(): List<ByteArray> = Files.walk(files).use { paths ->
            paths.filter { Files.isRegularFile(it) && it.name != "lock" }.map { Files.readAllBytes(it) }.toList()
        }
        val before = contents()
        RidWallet.reset(files.toString())
        val after = contents()
        for (bytes in before) assertTrue(after.any { it.contentEquals(bytes) }, "every byte lies aside")
        rig.open().use { wallet ->
            assertTrue(wallet.unlockState().needsPin && wallet.lockState == LockState.UNLOCKED)
            assertEquals(emptyList(), wallet.credentials())
            assertEquals(1, rig.enrol(wallet).size)
        }
        badInput("text_invalid") { RidWallet.reset("a\uDC00") }
        badInput("input_too_large") { RidWallet.reset("x".repeat(MAX_TEXT + 1)) }
    }
}
