package az.gov.rid

import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.RidException
import az.gov.rid.core.ReadingStep
import az.gov.rid.core.PresentationReceipt
import az.gov.rid.core.ConsentRequest
import az.gov.rid.core.Verdict
import java.net.ServerSocket
import kotlin.concurrent.thread
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.takeWhile

internal const val MTU: Int = 185

/** A holder's app: the radio and the person round a presentation. */
internal class Holder(
    private val wallet: RidWallet,
    val session: PresentationSession,
    private val server: ServerSocket = LoopbackLink.server(),
    private val answer: (ConsentRequest) -> ConsentAnswer?,
) {
    val port: Int = server.localPort
    val qr = CompletableDeferred<String>()
    val steps = mutableListOf<PresentationStep>()
    private val link = CompletableDeferred<LoopbackLink>()

    /** What the person does when it is locked. */
    var unlock: suspend () -> Unit = { wallet.unlock() }

    /** Around each step: before it is done, and after. */
    var around: (done: Boolean, step: PresentationStep) -> Unit = { _, _ -> }

    /** Runs to the end and gives its name. */
    suspend fun run(): String {
        session.steps.collect { step ->
            steps += step
            around(false, step)
            act(step)
            around(true, step)
        }
        return (steps.last() as PresentationStep.Closed).code
    }

    private suspend fun act(step: PresentationStep) {
        when (step) {
            is PresentationStep.Advertise -> {
                advertise()
                session.proceed()
                qr.complete(step.qr)
            }
            is PresentationStep.Ask -> session.answer(answer(step.request) ?: step.request.refuse())
            is PresentationStep.Send -> if (!link.isCompleted || link.getCompleted().send(session.chunks(MTU))) session.proceed()
            is PresentationStep.Unlock -> {
                unlock()
                session.unlocked()
            }
            is PresentationStep.Receipt -> session.proceed()
            is PresentationStep.Wait -> Unit
            is PresentationStep.Closed -> {
                if (link.isCompleted) link.getCompleted().end()
                server.close()
            }
        }
    }

    private fun advertise() {
        thread(isDaemon = true, name = "advertise") {
            val accepted = runCatching { server.accept() }.getOrNull() ?: return@thread
            val radio = LoopbackLink(accepted.apply { tcpNoDelay = true }, mdoc = true)
            link.complete(radio)
            radio.listen({ session.connected(MTU) }, session::receivedChunk, session::disconnected)
        }
    }
}

/** A verifier's app: asks once, and again for each further ask in the same session. */
internal class Verifier(private val session: ReadingSession, private val port: Int, private val further: List<List<DocumentAsk>> = emptyList()) {
    val verdicts = mutableListOf<Verdict>()
    private var link: LoopbackLink? = null

    suspend fun run(): String {
        var closed = ""
        session.steps.takeWhile { step -> act(step).also { open -> if (!open) closed = (step as ReadingStep.Closed).code } }.collect {}
        return closed
    }

    /** Whether it goes on. */
    private fun act(step: ReadingStep): Boolean {
        when (step) {
            is ReadingStep.Connect -> {
                val radio = LoopbackLink.connect(port)
                link = radio
                session.connected(MTU)
                radio.listen({}, session::receivedChunk, session::disconnected)
            }
            is ReadingStep.Send -> if (link?.send(session.chunks(MTU)) != false) session.proceed()
            is ReadingStep.Judged -> {
                verdicts += step.verdict
                session.proceed()
                val next = further.getOrNull(verdicts.size - 1)
                if (next == null) session.finish() else askAgain(next)
            }
            is ReadingStep.Wait -> Unit
            is ReadingStep.Closed -> {
                link?.end()
                return false
            }
        }
        return true
    }

    /** The link may have ended meanwhile: the next step says so. */
    private fun askAgain(asked: List<DocumentAsk>) {
        try {
            session.ask(asked)
        } catch (misuse: RidException.Misuse) {
            if (misuse.code != "session_closed") throw misuse
        }
    }
}

/** What became of a presentation. */
internal class Met(val closed: Pair<String, String>, val verdicts: List<Verdict>, val steps: List<PresentationStep>) {
    val receipts: List<PresentationReceipt> get() = steps.filterIsInstance<PresentationStep.Receipt>().map { it.receipt }
}

/** A Kotlin wallet and a Kotlin reader meet; each of `asked` is one request of the session. */
internal suspend fun meet(
    wallet: RidWallet,
    reader: RidReader,
    vararg asked: List<DocumentAsk>,
    answer: (ConsentRequest) -> ConsentAnswer?,
): Met = coroutineScope {
    wallet.present().use { session ->
        val holder = Holder(wallet, session, answer = answer)
        val held = async { holder.run() }
        reader.read(holder.qr.await(), asked.first()).use { reading ->
            val verifier = Verifier(reading, holder.port, asked.drop(1))
            val read = verifier.run()
            Met(held.await() to read, verifier.verdicts, holder.steps)
        }
    }
}
