package az.gov.rid

import az.gov.rid.core.ClaimValue
import az.gov.rid.core.CredentialId
import az.gov.rid.core.UnlockMethod
import az.gov.rid.core.LockState
import az.gov.rid.core.PrivateText
import az.gov.rid.core.RemedyKind
import az.gov.rid.core.SecureAreaException
import az.gov.rid.core.RidException
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** PIN, biometrics, recovery code. */
internal class UnlockingTest {
    @TempDir lateinit var folder: Path

    private inline fun badInput(code: String, act: () -> Unit) =
        assertEquals(code, assertFailsWith<RidException.BadInput> { act() }.code)

    @Test
    fun `a PIN locks, counts and opens`() = walk {
        val rig = Rig(folder.resolve("home"))
        val id = rig.open().use { wallet ->
            val id = rig.enrol(wallet).single().id
            val doors = wallet.unlockState()
            assertTrue(doors.needsPin && doors.state == LockState.UNLOCKED && doors.unlockedBy == UnlockMethod.DEVICE)
            badInput("pin_not_set") { wallet.unlockWithPin(pin()) }
            val typed = pin()
            wallet.setPin(typed)
            assertEquals("\u0000".repeat(6), typed.concatToString(), "it is overwritten")
            assertEquals(UnlockMethod.PIN, wallet.unlockState().unlockedBy)
            badInput("pin_required") { wallet.setPin(pin(OTHER_PIN)) }
            wallet.closeStore()
            id
        }
        rig.open().use { wallet ->
            assertEquals(LockState.LOCKED, wallet.lockState)
            nothingIsShown(wallet, id)
            assertFailsWith<RidException.Locked> { wallet.unlock() }
            assertFalse(wallet.unlockState().needsPin)
            badInput("pin_wrong") { wallet.unlockWithPin(pin(WRONG_PIN)) }
            assertEquals(4u, wallet.unlockState().pinTriesLeft)
            wallet.closeStore()
        }
        rig.open().use { wallet ->
            // The count outlives the process.
            assertEquals(4u, wallet.unlockState().pinTriesLeft)
            wallet.unlockWithPin(pin())
            assertEquals(5u, wallet.unlockState().pinTriesLeft)
            assertTrue(wallet.credential(id).elements.isNotEmpty() && wallet.portrait(id) != null)
            wallet.lock()
            nothingIsShown(wallet, id)
        }
    }

    private suspend fun nothingIsShown(wallet: RidWallet, id: CredentialId) {
        val refused: List<suspend () -> Any?> = listOf(
            { wallet.credentials() }, { wallet.credential(id) }, { wallet.portrait(id) }, { wallet.history() }, { wallet.checkHistory() },
            { wallet.exportHistory() }, { wallet.setPin(pin()) }, { wallet.enableBiometrics() }, { wallet.disableBiometrics() },
            { wallet.makeRecoveryCode() }, { wallet.rotateKeys() }, { wallet.delete(id) }, { wallet.deleteHistory(1u) },
        )
        for ((place, call) in refused.withIndex()) {
            val thrown = runCatching { call() }.exceptionOrNull()
            assertTrue(thrown is RidException.Locked, "call $place: $thrown")
        }
    }

    @Test
    fun `a PIN is changed by who knows it, and bad ones have names`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            for (form in listOf("", "12345", "1234567890123", "48392a", " 483926", "48\u00003926", "٤٨٣٩٢٦", "\uD800\uDC00\uD800", "9".repeat(100_000))) {
                val (typed, old) = form.toCharArray() to pin(form)
                badInput("pin_form") { wallet.setPin(typed) }
                assertTrue(typed.all { it == '\u0000' })
                badInput("pin_form") { wallet.unlockWithPin(pin(form)) }
                badInput("pin_form") { wallet.changePin(old, pin()) }
                val spare = pin()
                badInput("pin_form") { wallet.changePin(spare, pin(form)) }
                assertTrue((old + spare).all { it == '\u0000' }, "both are overwritten")
            }
            badInput("input_too_large") { wallet.setPin(CharArray(MAX_BYTES + 1) { '1' }) }
            for (weak in listOf("123456", "111111", "121212", "159753", "258025")) badInput("pin_weak") { wallet.setPin(pin(weak)) }
            // The date of birth in what it holds.
            val born = wallet.credential(wallet.credentials().single().id).elements.single { it.path.last == "birth_date" }
            val date = (born.value as ClaimValue.Date).text.reveal().filter { it.isDigit() }
            badInput("pin_weak") { wallet.setPin((date.substring(6, 8) + date.substring(4, 6) + date.substring(2, 4)).toCharArray()) }
            assertTrue(wallet.unlockState().needsPin, "nothing was set")

            wallet.setPin(pin())
            badInput("pin_wrong") { wallet.changePin(pin(WRONG_PIN), pin(OTHER_PIN)) }
            assertEquals(4u, wallet.unlockState().pinTriesLeft)
            badInput("pin_weak") { wallet.changePin(pin(), pin("123456")) }
            wallet.changePin(pin(), pin(OTHER_PIN))
            wallet.lock()
            badInput("pin_wrong") { wallet.unlockWithPin(pin()) }
            wallet.unlockWithPin(pin(OTHER_PIN))
            assertEquals(1, wallet.credentials().size)
        }
    }

    @Test
    fun `biometrics open, are lost with a change of biometrics, and are enabled again`() = walk {
        val rig = Rig(folder.resolve("home"))
        val area = BiometricArea(rig.area())
        rig.open(area).use { wallet ->
            rig.enrol(wallet)
            wallet.setPin(pin())
            area.refusal = { SecureAreaException.Cancelled() }
            assertFailsWith<RidException.Cancelled> { wallet.enableBiometrics() }
            assertFalse(wallet.unlockState().biometric)
            area.refusal = null
            wallet.enableBiometrics()
            wallet.lock()
            wallet.unlock()
            assertEquals(UnlockMethod.BIOMETRIC, wallet.unlockState().unlockedBy)

            // Who came in by biometrics may forget the PIN.
            wallet.setPin(pin(OTHER_PIN))
            wallet.lock()
            area.refusal = { SecureAreaException.Cancelled() }
            assertFailsWith<RidException.Cancelled> { wallet.unlock() }
            // The platform let the key be asked without the person: that opens nothing.
            area.refusal = { SecureAreaException.Locked() }
            badInput("user_auth_required") { wallet.unlock() }
            assertTrue(wallet.unlockState().biometric && wallet.lockState == LockState.LOCKED)

            area.refusal = { SecureAreaException.Invalidated() }
            assertEquals("key_invalidated", assertFailsWith<RidException.StorageDamaged> { wallet.unlock() }.code)
            val lost = wallet.unlockState()
            assertTrue(lost.biometricLost && !lost.biometric && lost.pinWait == 0uL)
            assertTrue(wallet.examine().findings.any { it.code == "biometric_lost" && it.remedy == RemedyKind.UNLOCK_OTHERWISE })
            assertFailsWith<RidException.Locked> { wallet.unlock() }
            wallet.unlockWithPin(pin(OTHER_PIN))
            area.refusal = null
            wallet.enableBiometrics()
            assertFalse(wallet.unlockState().biometricLost)
            wallet.lock()
            wallet.unlock()
            wallet.disableBiometrics()
            wallet.lock()
            assertFailsWith<RidException.Locked> { wallet.unlock() }
            wallet.unlockWithPin(pin(OTHER_PIN))
            assertEquals(1, wallet.credentials().size)
        }
    }

    @Test
    fun `after five wrong PINs it waits, and the recovery code opens at once`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            wallet.setPin(pin())
            badInput("recovery_not_set") { wallet.unlockWithRecoveryCode(PrivateText(CODE)) }
            badInput("pin_required") { wallet.makeRecoveryCode() }
            badInput("pin_wrong") { wallet.makeRecoveryCode(pin(WRONG_PIN)) }
            val typed = pin()
            val code = wallet.makeRecoveryCode(typed)
            assertTrue(typed.all { it == '\u0000' }, "it is overwritten")
            assertEquals("PrivateText", "$code")
            wallet.lock()
            for (left in 4 downTo 1) {
                badInput("pin_wrong") { wallet.unlockWithPin(pin(WRONG_PIN)) }
                assertEquals(left.toUInt(), wallet.unlockState().pinTriesLeft)
            }
            badInput("pin_wait") { wallet.unlockWithPin(pin(WRONG_PIN)) }
            // Also the right one waits.
            badInput("pin_wait") { wallet.unlockWithPin(pin()) }
            val doors = wallet.unlockState()
            assertTrue(doors.pinTriesLeft == 0u && doors.recovery && doors.pinWait in 1uL..60uL, "$doors")
            for (form in listOf("", "no code", code.reveal().drop(1), "\u0000".repeat(29))) {
                badInput("backup_code_form") { wallet.unlockWithRecoveryCode(PrivateText(form)) }
            }
            badInput("text_invalid") { wallet.unlockWithRecoveryCode(PrivateText("\uD800")) }
            badInput("input_too_large") { wallet.unlockWithRecoveryCode(PrivateText("x".repeat(MAX_TEXT + 1))) }
            badInput("backup_wrong_code") { wallet.unlockWithRecoveryCode(PrivateText(CODE)) }
            // As a person types it.
            wallet.unlockWithRecoveryCode(PrivateText(code.reveal().lowercase().replace("-", " ")))
            assertEquals(UnlockMethod.RECOVERY, wallet.unlockState().unlockedBy)
            wallet.setPin(pin(OTHER_PIN))
            wallet.lock()
            wallet.unlockWithPin(pin(OTHER_PIN))
            assertEquals(1, wallet.credentials().size)
            assertEquals(5u, wallet.unlockState().pinTriesLeft)
        }
    }
}

/** A recovery code of another wallet. */
internal const val CODE = "00000-00000-00000-00000-00000"
