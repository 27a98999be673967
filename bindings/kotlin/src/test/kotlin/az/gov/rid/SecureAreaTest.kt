package az.gov.rid

import az.gov.rid.core.Decision
import az.gov.rid.core.HistoryEventType
import az.gov.rid.core.HistoryOutcome
import az.gov.rid.core.KeySpec
import az.gov.rid.core.KeyUse
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.Prompt
import az.gov.rid.core.SecureArea
import az.gov.rid.core.SecureAreaException
import az.gov.rid.core.SuiteException
import az.gov.rid.core.UserAuth
import az.gov.rid.core.RidException
import az.gov.rid.core.derivePoint
import az.gov.rid.core.secureAreaSuite
import java.lang.reflect.Proxy
import java.nio.file.Files
import java.nio.file.Path
import java.security.Signature
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.io.TempDir

internal class SecureAreaTest {
    @TempDir lateinit var folder: Path

    private val sign = KeySpec(KeyUse.SIGN, UserAuth.NONE, ByteArray(0))

    @Test
    fun `the suite of the port holds for the JVM's area`() = walk {
        secureAreaSuite(JvmSecureArea(folder))
        secureAreaSuite(GuardedSecureArea(JvmSecureArea(folder)))
    }

    @Test
    fun `the suite finds an area that does not hold`() = walk {
        val forgetful = object : SecureArea by JvmSecureArea(folder) {
            override suspend fun delete(key: String) = Unit
        }
        assertTrue(assertFailsWith<SuiteException.Violated> { secureAreaSuite(forgetful) }.what.isNotEmpty())
    }

    @Test
    fun `keys are there for the next process, and say that they are no hardware`() = walk {
        val key = JvmSecureArea(folder).createKeys(1u, sign).single()
        assertFalse(key.hardware)
        assertEquals(key.id, JvmSecureArea(folder).info(key.id).id)
        val files = Files.list(folder).use { list -> list.map { it.fileName.toString() }.toList().sorted() }
        assertEquals(listOf("${key.id}.key", "sealing-key.not-hardware"), files)
        Files.delete(folder.resolve("sealing-key.not-hardware"))
        val guarded = GuardedSecureArea(JvmSecureArea(folder))
        assertFailsWith<SecureAreaException.Unavailable> { guarded.sign(key.id, ByteArray(1), Prompt.PRESENT) }
        assertFailsWith<SecureAreaException.NotFound> { guarded.info("../sealing-key") }
    }

    @Test
    fun `DER becomes raw whatever the leading zeros`() = walk {
        val area = JvmSecureArea(folder)
        val key = area.createKeys(1u, sign).single()
        val public = checkNotNull(p256Point(key.public))
        assertContentEquals(key.public, sec1(public))
        repeat(600) { round ->
            val message = "$round".toByteArray()
            val raw = area.sign(key.id, message, Prompt.PRESENT)
            val check = Signature.getInstance("SHA256withECDSAinP1363Format")
            check.initVerify(public)
            check.update(message)
            assertTrue(raw.size == 64 && check.verify(raw))
        }
    }

    @Test
    fun `the point that an enclave agrees with`() {
        assertEquals(65, derivePoint(ByteArray(32)).size)
        assertFailsWith<SecureAreaException.Unavailable> { derivePoint(ByteArray(31)) }
        assertFailsWith<SecureAreaException.Unavailable> { derivePoint(ByteArray(0)) }
    }

    /** What `createKeys` throws, and what the app gets from an enrolment then. */
    @Test
    fun `neg_m01_every_throw_of_a_secure_area_is_a_named_error`() = walk {
        val rig = Rig(folder.resolve("home"))
        val thrown = listOf(
            java.io.IOException("a name in a text") to "unsupported",
            IllegalStateException("a name in a text") to "unsupported",
            OutOfMemoryError("a name in a text") to "unsupported",
            NotImplementedError("a name in a text") to "unsupported",
            StackOverflowError() to "unsupported",
            kotlin.coroutines.cancellation.CancellationException("a name in a text") to "cancelled",
            SecureAreaException.Unavailable() to "unsupported",
            SecureAreaException.Cancelled() to "cancelled",
            SecureAreaException.Locked() to "locked",
        )
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            for ((throwable, name) in thrown) for (method in listOf("createKeys", "sign")) {
                area.before = { _, called -> if (called == method) throw throwable }
                val failed = wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 1).use { session ->
                    assertFailsWith<RidException> { session.next() }
                }
                val said = when (failed) {
                    is RidException.Unsupported -> "unsupported"
                    is RidException.Cancelled -> "cancelled"
                    is RidException.Locked -> "locked"
                    else -> failed.toString()
                }
                assertEquals(name, said, "$throwable from $method")
                assertFalse(failed.toString().contains("a name"))
            }
            area.before = { _, _ -> }
            assertEquals(1, rig.enrol(wallet).size)
        }
    }

    @Test
    fun `neg_m01_every_throw_ends_a_presentation_by_name`() = walk {
        val rig = Rig(folder.resolve("home"))
        val thrown = listOf(
            java.io.IOException("a name in a text") to "key_unavailable",
            OutOfMemoryError("a name in a text") to "key_unavailable",
            SecureAreaException.Cancelled() to "key_cancelled",
            SecureAreaException.Invalidated() to "key_invalidated",
            SecureAreaException.Locked() to "key_locked",
        )
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            rig.enrol(wallet, copies = 6)
            suspend fun meet(): Pair<String, List<Decision>> = wallet.present().use { session ->
                val holder = Holder(wallet, session) { request -> request.agree { _, _ -> true } }
                val held = async(Dispatchers.Default) { holder.run() }
                rig.reader(signed = false).use { reader ->
                    reader.read(holder.qr.await(), listOf(ask("family_name"))).use { reading ->
                        val verifier = Verifier(reading, holder.port)
                        verifier.run()
                        held.await() to verifier.verdicts.map { it.decision }
                    }
                }
            }
            for ((throwable, code) in thrown) {
                area.before = { _, called -> if (called == "sign") throw throwable }
                assertEquals(code to emptyList(), meet())
            }
            area.before = { _, _ -> }
            assertEquals("done" to listOf(Decision.ACCEPTED), meet())
            // Each began with its copy and its row.
            assertEquals(0u, wallet.credentials().single().copiesLeft)
            val rows = wallet.events().filter { it.kind == HistoryEventType.PRESENTATION }.map { it.outcome }
            assertEquals(List(thrown.size) { HistoryOutcome.FAILED } + HistoryOutcome.FINISHED, rows)
        }
    }

    /** What is written in Java may answer null where Kotlin cannot. */
    @Test
    fun `neg_m04_a_null_of_an_area_is_unavailable`() = walk {
        val rig = Rig(folder.resolve("home"))
        rig.open().use { it.closeStore() }
        val inner = rig.area()
        for (answer in listOf(null, listOf(null))) {
            val area = Proxy.newProxyInstance(javaClass.classLoader, arrayOf(SecureArea::class.java)) { _, method, arguments ->
                if (method.name.startsWith("createKeys")) answer else method.invoke(inner, *arguments.orEmpty())
            } as SecureArea
            rig.open(area).use { wallet ->
                wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 1).use { session ->
                    assertEquals("key_unavailable", assertFailsWith<RidException.Unsupported> { session.next() }.code)
                }
                wallet.closeStore()
            }
        }
        rig.open().use { assertEquals(1, rig.enrol(it).size) }
    }

    @Test
    fun `neg_m01_an_answer_of_a_wrong_form_is_unavailable`() = walk {
        val rig = Rig(folder.resolve("home"))
        val signatures = listOf(0, 63, 65, 72, 2 shl 20).map { size ->
            object : SecureArea by rig.area() {
                override suspend fun sign(key: String, message: ByteArray, prompt: Prompt) = ByteArray(size)
            }
        }
        val wrong: List<SecureArea> = signatures + listOf(
            object : SecureArea by rig.area() {
                override suspend fun createKeys(count: UInt, spec: KeySpec) =
                    rig.area().createKeys(count, spec).map { it.copy(id = "half \uD800 of a pair") }
            },
        )
        rig.open().use { it.closeStore() }
        for (area in wrong) {
            rig.open(area).use { wallet ->
                wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 1).use { session ->
                    assertEquals("key_unavailable", assertFailsWith<RidException.Unsupported> { session.next() }.code)
                }
                wallet.closeStore()
            }
        }
        val none = object : SecureArea by rig.area() {
            override suspend fun derive(key: String, input: ByteArray, prompt: Prompt) = ByteArray(31)
        }
        assertFailsWith<RidException.Unsupported> { rig.open(none) }
        rig.open().use { assertEquals(emptyList(), it.credentials()) }
    }

    @Test
    fun `neg_m01_a_slow_area_holds_up_nobody_else`() = walk {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            val going = CompletableDeferred<Unit>()
            val gate = CompletableDeferred<Unit>()
            area.before = { _, name -> if (name == "createKeys") { going.complete(Unit); gate.await() } }
            wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 1).use { session ->
                val slow = launch { session.next() }
                going.await()
                withTimeout(5.seconds) {
                    assertEquals(emptyList(), wallet.credentials())
                    assertEquals("busy", assertFailsWith<RidException.Misuse> { session.next() }.code)
                    wallet.present().use { assertTrue(it.next() is PresentationStep.Advertise) }
                }
                gate.complete(Unit)
                slow.join()
                assertEquals(1u, session.next().keys)
            }
        }
    }

    @Test
    fun `neg_m01_an_answer_after_cancel_is_wiped_and_replaced`() = walk {
        val late = CompletableDeferred<Unit>()
        val gate = CompletableDeferred<Unit>()
        val answer = ByteArray(32) { 7 }
        val guarded = GuardedSecureArea(object : SecureArea by JvmSecureArea(folder) {
            override suspend fun derive(key: String, input: ByteArray, prompt: Prompt): ByteArray =
                withContext(NonCancellable) {
                    late.complete(Unit)
                    gate.await()
                    answer
                }
        })
        var failed: Throwable? = null
        val call = launch(Dispatchers.Default) {
            failed = runCatching { guarded.derive("key", ByteArray(32), Prompt.UNLOCK) }.exceptionOrNull()
        }
        late.await()
        call.cancel()
        gate.complete(Unit)
        call.join()
        assertTrue(failed is SecureAreaException.Cancelled, "$failed")
        assertContentEquals(ByteArray(32), answer)
    }

    @Test
    fun `neg_m01_an_area_that_answers_after_cancel_harms_nothing`() = walk {
        val rig = Rig(folder.resolve("home"))
        val area = WatchedArea(rig.area())
        rig.open(area).use { wallet ->
            val going = CompletableDeferred<Unit>()
            val gate = CompletableDeferred<Unit>()
            area.after = { _, name -> if (name == "sign") withContext(NonCancellable) { going.complete(Unit); gate.await() } }
            wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 1).use { session ->
                val call = launch { session.next() }
                going.await()
                call.cancel()
                call.join()
                gate.complete(Unit)
                delay(100.milliseconds)
                area.after = { _, _ -> }
                assertEquals("interrupted", assertFailsWith<RidException.Misuse> { session.next() }.code)
            }
            assertEquals(1, rig.enrol(wallet).size)
        }
    }
}
