package az.gov.rid

import az.gov.rid.core.LockState
import az.gov.rid.core.PrivateText
import az.gov.rid.core.SecureAreaException
import az.gov.rid.core.RidException
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.io.TempDir

/** Coroutines cancelled at every await of unlocking and upkeep, and areas that do what they should not meanwhile. */
internal class UnlockingCancelTest {
    @TempDir lateinit var folder: Path

    private class Case(val name: String, val calls: Int, val act: suspend (RidWallet) -> Unit)

    /** A PIN-protected wallet with a recovery code; opened by PIN before each call unless the call unlocks. */
    private suspend fun each(cases: List<Case>, run: suspend (Case, WatchedArea, RidWallet) -> Unit) {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            rig.enrol(wallet, copies = 1)
            wallet.setPin(pin())
            wallet.enableBiometrics()
            for (case in cases) run(case, area, wallet)
            assertEquals(1, wallet.credentials().size)
            assertTrue(wallet.checkHistory().whole)
            wallet.wipe()
        }
        // Whatever was cut off left no key behind.
        val keys = Files.list(rig.home.resolve("kotlin-keys")).use { list -> list.map { it.fileName.toString() }.toList() }
        assertEquals(listOf("sealing-key.not-hardware"), keys)
    }

    private suspend fun unlocked(wallet: RidWallet) {
        if (wallet.lockState == LockState.LOCKED) wallet.unlockWithPin(pin())
    }

    private val cases = listOf(
        Case("unlockWithPin", 1) { it.lock(); it.unlockWithPin(pin()) },
        Case("unlock", 1) { it.lock(); it.unlock() },
        // The same PIN again: whether it was cut or not, it is the PIN.
        Case("changePin", 5) { it.changePin(pin(), pin()) },
        Case("setPin", 5) { it.lock(); it.unlock(); it.setPin(pin()) },
        Case("enableBiometrics", 3) { it.enableBiometrics() },
        Case("disableBiometrics", 1) { it.disableBiometrics() },
        Case("rotateKeys", 2) { it.rotateKeys() },
    )

    @Test
    fun `neg_m06_doors_and_keeping`() = walk(3.minutes) {
        each(cases) { case, area, wallet ->
            val calls = everyCall { at, acted ->
                unlocked(wallet)
                if (!wallet.unlockState().biometric) wallet.enableBiometrics()
                // Deletions are not interrupted: they only take their time.
                cut(area, at, acted, spared = setOf("delete")) { case.act(wallet) }.also {
                    unlocked(wallet)
                    assertEquals(1, wallet.credentials().size, case.name)
                }
            }
            assertEquals(case.calls, calls, case.name)
        }
    }

    @Test
    fun `neg_m06_codes_and_containers`() = walk(3.minutes) {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            rig.enrol(wallet, copies = 1)
            val first = wallet.makeRecoveryCode().also { wallet.confirmRecoveryCode(it) }
            val container = wallet.exportRecovery(first)
            val cases = listOf(
                Case("unlockWithRecoveryCode", 0) { it.lock(); it.unlockWithRecoveryCode(first) },
                Case("exportRecovery", 0) { it.exportRecovery(first) },
                Case("makeRecoveryCode", 0) { it.makeRecoveryCode() },
            )
            // A recovery code needs no secure area, so a call is cut by time.
            for (case in cases) for (round in 0..<6) {
                area.calls.set(0)
                val call = launch(Dispatchers.Default) { case.act(wallet) }
                delay((round * 8).milliseconds)
                call.cancelAndJoin()
                assertEquals(case.calls, area.calls.get(), case.name)
                wallet.unlock()
            }
            // Whatever was interrupted, the confirmed code is valid.
            assertTrue(wallet.exportRecovery(first).isNotEmpty())
            for (round in 0..<6) {
                val call = launch(Dispatchers.Default) { wallet.importRecovery(first, container) }
                delay((round * 8).milliseconds)
                call.cancelAndJoin()
            }
            assertEquals(0u, wallet.importRecovery(first, container).history)
            assertEquals(1, wallet.events().size)
        }
    }

    @Test
    fun `neg_m06_a_wipe_runs_to_its_end`() = walk {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        val files = rig.home.resolve("kotlin-wallet")
        val wallet = rig.open(area)
        rig.enrol(wallet)
        val going = CompletableDeferred<Unit>()
        area.before = { _, name -> if (name == "delete") { going.complete(Unit); delay(20.milliseconds) } }
        val wiping = launch(Dispatchers.Default) { wallet.wipe() }
        going.await()
        wiping.cancelAndJoin()
        assertEquals(listOf("lock"), Files.list(files).use { list -> list.map { it.fileName.toString() }.toList() })
    }

    @Test
    fun `neg_m06_a_cancelled_coroutine_begins_none_of_it`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { wallet ->
            rig.enrol(wallet)
            val calls: List<suspend () -> Any?> = listOf(
                { wallet.unlockState() }, { wallet.unlockWithPin(pin()) }, { wallet.unlockWithRecoveryCode(PrivateText(CODE)) }, { wallet.setPin(pin()) },
                { wallet.changePin(pin(), pin()) }, { wallet.enableBiometrics() }, { wallet.disableBiometrics() }, { wallet.makeRecoveryCode() },
                { wallet.exportRecovery(PrivateText(CODE)) }, { wallet.importRecovery(PrivateText(CODE), ByteArray(0)) }, { wallet.checkHistory() },
                { wallet.deleteHistory(1u) }, { wallet.exportHistory() }, { wallet.rotateKeys() }, { wallet.examine() }, { wallet.isWhole() },
                { wallet.confirmRecoveryCode(PrivateText(CODE)) }, { wallet.recoverFrom("none", PrivateText(CODE)) }, { wallet.repair() },
                { wallet.wipe() },
                { RidWallet.wipe(rig.home.resolve("none").toString(), rig.area()) }, { RidWallet.reset(rig.home.resolve("none").toString()) },
            )
            for ((place, call) in calls.withIndex()) beginsNothing(place, call)
            assertTrue(wallet.unlockState().needsPin && wallet.credentials().size == 1 && wallet.history().single().event != null)
        }
    }

    @Test
    fun `neg_m01_areas_that_throw_are_busy_or_slow_meanwhile`() = walk(2.minutes) {
        val thrown: List<Pair<() -> Throwable, String>> = listOf(
            { SecureAreaException.Locked() } to "locked",
            { SecureAreaException.Unavailable() } to "key_unavailable",
            { SecureAreaException.Cancelled() } to "cancelled",
            { IllegalArgumentException("a name in a text") } to "key_unavailable",
            { NotImplementedError("a name in a text") } to "key_unavailable",
        )
        each(listOf(cases[0], cases[3])) { case, area, wallet ->
            val calls = AtomicInteger()
            area.before = { _, _ -> calls.incrementAndGet() }
            case.act(wallet)
            for ((throwing, code) in thrown) for (at in 1..calls.get()) {
                unlocked(wallet)
                val now = AtomicInteger()
                val threw = AtomicBoolean()
                area.before = { _, name ->
                    if (now.incrementAndGet() == at && name != "delete") { threw.set(true); throw throwing() }
                }
                val failed = runCatching { case.act(wallet) }.exceptionOrNull()
                area.before = { _, _ -> }
                // Biometrics that the area calls locked were not opened by the person.
                val names = if (!threw.get()) setOf(null) else setOf(code, if (code == "locked") "user_auth_required" else code)
                assertTrue(named(failed) in names, "${case.name} at $at: $failed")
            }
            unlocked(wallet)
            // Busy twice, then not: nobody learns of it. Busy for good: a named error.
            val busy = AtomicInteger()
            area.before = { _, name -> if (name == "derive" && busy.incrementAndGet() <= 2) throw SecureAreaException.Busy() }
            case.act(wallet)
            area.before = { _, name -> if (name == "derive") throw SecureAreaException.Busy() }
            assertEquals("key_busy", named(runCatching { case.act(wallet) }.exceptionOrNull()), case.name)
            // Slow: nobody else waits for it.
            val (reached, release) = List(2) { CompletableDeferred<Unit>() }
            area.before = { _, _ -> reached.complete(Unit); release.await() }
            val slow = launch(Dispatchers.Default) { case.act(wallet) }
            withTimeout(10.seconds) { reached.await(); wallet.unlockState() }
            assertTrue(slow.isActive, case.name)
            release.complete(Unit)
            slow.join()
            area.before = { _, _ -> }
            unlocked(wallet)
        }
    }

    private fun named(thrown: Throwable?): String? = when (thrown) {
        is RidException.Locked -> "locked"
        is RidException.Cancelled -> "cancelled"
        is RidException.BadInput -> thrown.code
        is RidException.Unsupported -> thrown.code
        is RidException.Misuse -> thrown.code
        is RidException.StorageDamaged -> thrown.code
        else -> thrown?.toString()
    }
}
