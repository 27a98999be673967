package az.gov.rid

import az.gov.rid.core.Decision
import az.gov.rid.core.RequestedDocument
import az.gov.rid.core.RequestedElement
import java.nio.file.Path
import kotlin.concurrent.thread
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import org.junit.jupiter.api.io.TempDir

/** What an app brings: the screen. */
internal interface ReadmeScreen {
    fun showQr(text: String)

    fun isTicked(document: RequestedDocument, element: RequestedElement): Boolean

    /** Asks for a PIN, a finger or a face, and unlocks. */
    suspend fun unlock(wallet: RidWallet)
}

/** What an app brings: the radio. */
internal interface ReadmeRadio {
    val mtu: Int

    fun serve(service: ByteArray?, connected: (Int) -> Unit, received: (ByteArray) -> Unit, disconnected: () -> Unit)

    /** Whether the link took the last chunk. */
    fun write(chunks: List<ByteArray>): Boolean

    fun stop()
}

class ReadmeTest {
    @Test
    fun theTwentyLinesOfTheReadmePresent(@TempDir home: Path) = walk {
        val rig = Rig(home)
        rig.open().apply { rig.enrol(this) }.closeStore()
        val server = LoopbackLink.server()
        val shown = CompletableDeferred<String>()
        val screen =
            object : ReadmeScreen {
                override fun showQr(text: String) {
                    shown.complete(text)
                }

                override fun isTicked(document: RequestedDocument, element: RequestedElement) = element.path.last != "birth_date"

                override suspend fun unlock(wallet: RidWallet) = wallet.unlockWithPin("480913".toCharArray())
            }
        val radio =
            object : ReadmeRadio {
                private val link = CompletableDeferred<LoopbackLink>()
                var stopped = false
                override val mtu = MTU

                override fun serve(service: ByteArray?, connected: (Int) -> Unit, received: (ByteArray) -> Unit, disconnected: () -> Unit) {
                    assertEquals(16, service?.size)
                    thread(isDaemon = true) {
                        val radio = LoopbackLink(server.accept().apply { tcpNoDelay = true }, mdoc = true)
                        link.complete(radio)
                        radio.listen({ connected(MTU) }, received, disconnected)
                    }
                }

                override fun write(chunks: List<ByteArray>) = link.getCompleted().send(chunks)

                override fun stop() {
                    stopped = true
                    if (link.isCompleted) link.getCompleted().end()
                }
            }
        val holder = async { readme(home.resolve("kotlin-wallet").toString(), rig.options(), rig.area(), screen, radio) }
        val verifier = Verifier(rig.reader().read(shown.await(), listOf(ask("family_name", "birth_date"))), server.localPort)
        verifier.run()
        holder.await()
        val verdict = verifier.verdicts.single()
        assertEquals(Decision.UNDECIDED to "not_returned", verdict.decision to verdict.code)
        assertEquals(listOf(listOf("family_name")), verdict.currentNames())
        assertTrue(radio.stopped)
        server.close()
    }
}
