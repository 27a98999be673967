package az.gov.rid.bench

import az.gov.rid.JvmSecureArea
import az.gov.rid.PresentationSession
import az.gov.rid.ReadingSession
import az.gov.rid.RidReader
import az.gov.rid.RidWallet
import az.gov.rid.agree
import az.gov.rid.core.ClaimKey
import az.gov.rid.core.ClaimPath
import az.gov.rid.core.DeviceAuthMethod
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.ElementAsk
import az.gov.rid.core.TrustEnvironment
import az.gov.rid.core.IssuerRoot
import az.gov.rid.core.KeySpec
import az.gov.rid.core.PresentationStep
import az.gov.rid.core.Prompt
import az.gov.rid.core.ReaderOptions
import az.gov.rid.core.ReaderPolicy
import az.gov.rid.core.ReaderRule
import az.gov.rid.core.ReadingStep
import az.gov.rid.core.SecureArea
import az.gov.rid.core.UserAuth
import az.gov.rid.core.WalletOptions
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicLong
import kotlinx.coroutines.runBlocking

private const val MTU: Int = 515
private const val WARM = 120
private const val ROUNDS = 60
private const val MDL = "org.iso.18013.5.1.mDL"
private const val SPACE = "org.iso.18013.5.1"

/** Adds up the time spent in the app's secure area: that is not the boundary's. */
private class Timed(private val area: SecureArea) : SecureArea {
    val nanos = AtomicLong()

    private suspend fun <T> time(work: suspend () -> T): T {
        val begun = System.nanoTime()
        try {
            return work()
        } finally {
            nanos.addAndGet(System.nanoTime() - begun)
        }
    }

    override suspend fun createKeys(count: UInt, spec: KeySpec) = time { area.createKeys(count, spec) }

    override suspend fun sign(key: String, message: ByteArray, prompt: Prompt) = time { area.sign(key, message, prompt) }

    override suspend fun agree(key: String, peer: ByteArray, prompt: Prompt) = time { area.agree(key, peer, prompt) }

    override suspend fun derive(key: String, input: ByteArray, prompt: Prompt) = time { area.derive(key, input, prompt) }

    override suspend fun info(key: String) = time { area.info(key) }

    override suspend fun delete(key: String) = time { area.delete(key) }
}

/** Median microseconds of one presentation through the package, the secure area's left out: the same steps as `rid-bench facade`. */
fun main(arguments: Array<String>): Unit = runBlocking {
    val home = Path.of(arguments[0])
    fun pem(name: String) = Files.readAllBytes(home.resolve("pki/$name.pem"))
    val area = Timed(JvmSecureArea(home.resolve("keys")))
    val roots = listOf(IssuerRoot(pem("iaca"), listOf(MDL)))
    val options =
        WalletOptions(
            TrustEnvironment.TEST, roots, listOf(pem("reader-root")), listOf("en"), UserAuth.NONE, DeviceAuthMethod.SIGNATURE,
            ReaderPolicy(ReaderRule.WARN, ReaderRule.WARN, ReaderRule.ENFORCE),
        )
    val wallet = RidWallet.open(home.resolve("wallet").toString(), options, area)
    repeat(2) { enrol(wallet, home) }
    val reader =
        RidReader(ReaderOptions(TrustEnvironment.TEST, roots, listOf("en"), null, emptyList()), JvmSecureArea(home.resolve("reader")))
    val micros = mutableListOf<Long>()
    repeat(WARM + ROUNDS) { round ->
        area.nanos.set(0)
        val begun = System.nanoTime()
        present(wallet, reader)
        if (round >= WARM) micros += (System.nanoTime() - begun - area.nanos.get()) / 1_000
    }
    println(micros.sorted()[ROUNDS / 2])
}

private suspend fun enrol(wallet: RidWallet, home: Path) {
    fun rid(vararg arguments: String): String {
        val process = ProcessBuilder(System.getenv("RID_CLI"), *arguments, "--home", home.toString()).redirectErrorStream(true).start()
        val said = process.inputStream.readAllBytes().decodeToString()
        check(process.waitFor() == 0) { said }
        return said.trim()
    }
    val challenge = rid("issue", "--challenge").chunked(2).map { it.toInt(16).toByte() }.toByteArray()
    wallet.enrol(listOf("mdl"), challenge, "https://issuer.rid.example", 100).use { session ->
        val enrolment = session.next()
        Files.write(home.resolve("request"), enrolment.message)
        val (request, answer) = listOf("request", "answer").map { home.resolve(it).toString() }
        rid("issue", "--request", request, "--out", answer, "--force")
        wallet.accept(enrolment.id, Files.readAllBytes(home.resolve("answer")))
    }
}

/** Both sides in turn, chunk by chunk, until both are closed. */
private suspend fun present(wallet: RidWallet, reader: RidReader) {
    val presentation = wallet.present()
    val qr = (presentation.next() as PresentationStep.Advertise).qr
    val elements = listOf("family_name", "birth_date").map { ElementAsk(ClaimPath(listOf(ClaimKey.Name(SPACE), ClaimKey.Name(it))), retained = false) }
    val reading = reader.read(qr, listOf(DocumentAsk(MDL, elements)))
    presentation.proceed()
    presentation.connected(MTU)
    var holding = true
    var verifying = true
    while (holding || verifying) {
        if (holding) holding = hold(presentation, reading)
        if (verifying) verifying = verify(reading, presentation)
    }
    presentation.close()
    reading.close()
}

private suspend fun hold(presentation: PresentationSession, reading: ReadingSession): Boolean {
    when (val step = presentation.next()) {
        is PresentationStep.Ask -> presentation.answer(checkNotNull(step.request.agree { _, _ -> true }))
        is PresentationStep.Send -> {
            presentation.chunks(MTU).forEach(reading::receivedChunk)
            presentation.proceed()
        }
        is PresentationStep.Receipt -> presentation.proceed()
        is PresentationStep.Closed -> return false
        else -> {}
    }
    return true
}

private suspend fun verify(reading: ReadingSession, presentation: PresentationSession): Boolean {
    when (val step = reading.next()) {
        is ReadingStep.Connect -> reading.connected(MTU)
        is ReadingStep.Send -> {
            reading.chunks(MTU).forEach(presentation::receivedChunk)
            reading.proceed()
        }
        is ReadingStep.Judged -> {
            check(step.verdict.code == null) { "${step.verdict.code}" }
            reading.proceed()
            reading.finish()
        }
        is ReadingStep.Closed -> return false
        else -> {}
    }
    return true
}
