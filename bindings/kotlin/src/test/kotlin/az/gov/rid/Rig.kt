package az.gov.rid

import az.gov.rid.core.ClaimKey
import az.gov.rid.core.ClaimPath
import az.gov.rid.core.CredentialSummary
import az.gov.rid.core.DeviceAuthMethod
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.ElementAsk
import az.gov.rid.core.TrustEnvironment
import az.gov.rid.core.HistoryEvent
import az.gov.rid.core.IssuerRoot
import az.gov.rid.core.ReaderOptions
import az.gov.rid.core.ReaderPolicy
import az.gov.rid.core.ReaderRule
import az.gov.rid.core.SecureArea
import az.gov.rid.core.UserAuth
import az.gov.rid.core.Verdict
import az.gov.rid.core.WalletOptions
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

internal const val AUDIENCE = "https://issuer.rid.example"
internal const val MDL = "org.iso.18013.5.1.mDL"
internal const val MDL_SPACE = "org.iso.18013.5.1"
internal const val PID = "az.gov.rid.pid.1"
internal const val PID_SPACE = "org.iso.23220.1"

/** A home folder of `rid` with its test State, and a Kotlin wallet beside it. */
internal class Rig(val home: Path) {
    init {
        Files.createDirectories(home)
        if (!Files.exists(home.resolve("pki/iaca.pem"))) rid("issue", "--init")
    }

    fun pem(name: String): ByteArray = Files.readAllBytes(home.resolve("pki/$name.pem"))

    /** The root of the test State's issuer, for both of its documents. */
    fun issuerRoots(certificate: ByteArray = pem("iaca")) = listOf(IssuerRoot(certificate, listOf(MDL, PID)))

    fun options(deviceAuth: DeviceAuthMethod = DeviceAuthMethod.SIGNATURE) =
        WalletOptions(
            environment = TrustEnvironment.TEST,
            issuerRoots = issuerRoots(),
            readerRoots = listOf(pem("reader-root")),
            locales = listOf("en"),
            userAuth = UserAuth.NONE,
            deviceAuth = deviceAuth,
            readerPolicy = ReaderPolicy(anonymous = ReaderRule.WARN, untrusted = ReaderRule.WARN, forged = ReaderRule.ENFORCE),
        )

    fun area(): SecureArea = JvmSecureArea(home.resolve("kotlin-keys"))

    suspend fun open(area: SecureArea = area(), options: WalletOptions = options()): RidWallet =
        RidWallet.open(home.resolve("kotlin-wallet").toString(), options, area)

    /** The key of the test State's registered reader. */
    fun readerArea(): SecureArea = JwkArea(home.resolve("pki/reader.test-key.jwk"))

    /** A reader; `signed`: as the test State's registered one. */
    fun reader(signed: Boolean = true, area: SecureArea = readerArea()): RidReader {
        val options =
            ReaderOptions(
                environment = TrustEnvironment.TEST,
                issuerRoots = issuerRoots(),
                locales = listOf("en"),
                key = if (signed) JwkArea.KEY else null,
                chain = if (signed) listOf(pem("reader")) else emptyList(),
            )
        return RidReader(options, area)
    }

    /** Runs the command-line tool and gives what it printed. */
    fun rid(command: String, vararg arguments: String): String {
        val process = start(command, *arguments)
        val said = process.inputStream.readAllBytes().decodeToString()
        check(process.waitFor() == 0) { "rid $command: ${process.exitValue()}\n$said" }
        return said
    }

    fun start(command: String, vararg arguments: String): Process =
        ProcessBuilder(cli(), command, "--home", home.toString(), *arguments).redirectErrorStream(true).start()

    fun challenge(): ByteArray = rid("issue", "--challenge").trim().hexToByteArray()

    /** The test issuer's answer. */
    fun answer(message: ByteArray): ByteArray {
        val (request, answer) = home.resolve("request") to home.resolve("answer")
        Files.write(request, message)
        rid("issue", "--request", request.toString(), "--out", answer.toString(), "--force")
        return Files.readAllBytes(answer)
    }

    suspend fun enrol(wallet: RidWallet, copies: Int = 2, kinds: List<String> = listOf("mdl")): List<CredentialSummary> =
        wallet.enrol(kinds, challenge(), AUDIENCE, copies).use { session ->
            val enrolment = session.next()
            wallet.accept(enrolment.id, answer(enrolment.message))
        }

    /** A copy of this home with everything in it. */
    fun copy(to: Path): Rig {
        Files.walk(home).use { paths -> paths.forEach { Files.copy(it, to.resolve(home.relativize(it).toString())) } }
        return Rig(to)
    }

    private companion object {
        fun cli(): String =
            checkNotNull(System.getenv("RID_CLI")) { "RID_CLI names no `rid`; bindings/kotlin/test sets it" }
    }
}

internal fun path(namespace: String, element: String) = ClaimPath(listOf(ClaimKey.Name(namespace), ClaimKey.Name(element)))

internal fun ask(vararg elements: String, kind: String = MDL, namespace: String = MDL_SPACE) =
    DocumentAsk(kind, elements.map { ElementAsk(path(namespace, it), retained = false) })

/** What an app may rely on in a verdict: the identifiers of the current elements of each document. */
internal fun Verdict.currentNames(): List<List<String>?> = documents.map { document -> document.current?.issuerSigned?.map { it.path.last } }

/** What happened, of every row. */
internal suspend fun RidWallet.events(): List<HistoryEvent> = history(max = 1_000).map { checkNotNull(it.event) }

/** A PIN that is none of the weak ones, and others of that kind. */
internal const val PIN = "483926"
internal const val OTHER_PIN = "590274"
internal const val WRONG_PIN = "716203"

internal fun pin(digits: String = PIN): CharArray = digits.toCharArray()

/** The identifier at the end of a path. */
internal val ClaimPath.last: String
    get() = (steps.last() as ClaimKey.Name).name

/** A test is a coroutine, and none may hang. */
internal fun walk(longest: Duration = 60.seconds, block: suspend CoroutineScope.() -> Unit): Unit =
    runBlocking { withTimeout(longest, block) }
