@file:JvmName("Demo")

package az.gov.rid.demo

import az.gov.rid.AUDIENCE
import az.gov.rid.Holder
import az.gov.rid.LoopbackLink
import az.gov.rid.MDL
import az.gov.rid.MDL_SPACE
import az.gov.rid.OTHER_PIN
import az.gov.rid.PIN
import az.gov.rid.RidWallet
import az.gov.rid.Rig
import az.gov.rid.Verifier
import az.gov.rid.WatchedArea
import az.gov.rid.agree
import az.gov.rid.appears
import az.gov.rid.core.Decision
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.ElementAsk
import az.gov.rid.core.LockState
import az.gov.rid.core.PresentationStep
import az.gov.rid.current
import az.gov.rid.path
import az.gov.rid.refuse
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import kotlin.system.exitProcess
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/**
 * A wallet or a reader as a process of its own; `bindings/kotlin/demo` says how. It dies at the point RID_DIE_AT; with RID_PIN it is locked by that
 * PIN, and the wallet then refuses every request from the third on.
 */
public fun main(arguments: Array<String>) {
    val code = runBlocking {
        when (arguments.firstOrNull()) {
            "enrol" -> enrol(Rig(Path.of(arguments[1])))
            "keep" -> keep(Rig(Path.of(arguments[1])))
            "wallet" -> wallet(Rig(Path.of(arguments[1])), arguments[2].toInt(), Path.of(arguments[3]))
            "reader" -> reader(Rig(Path.of(arguments[1])), arguments[2].toInt(), Path.of(arguments[3]), arguments.drop(4))
            else -> error("enrol HOME | keep HOME | wallet HOME PORT QR-FILE | reader HOME PORT QR-FILE [docType/namespace/element]...")
        }
    }
    exitProcess(code)
}

/** Counts the points of a walk, and ends the process at one of them without a word to anybody. */
private object Death {
    private val at = System.getenv("RID_DIE_AT")?.toInt() ?: -1
    private var now = 0

    @Synchronized
    fun point(name: String) {
        now += 1
        if (now == at) {
            println("died at $now: $name")
            System.out.flush()
            Runtime.getRuntime().halt(DIED)
        }
    }
}

/** The exit code of a process that died as it was told. */
internal const val DIED = 137

private fun area(rig: Rig, before: Boolean) =
    WatchedArea(rig.area()).apply {
        if (before) this.before = { _, name -> Death.point("before $name") }
        after = { _, name -> Death.point("after $name") }
    }

private val PIN_SET: String? = System.getenv("RID_PIN")

/** Unlocked by PIN where there is one. `before`: it may also die before a call of the area, not only when the area has acted. */
private suspend fun opened(rig: Rig, before: Boolean = true): RidWallet {
    val wallet = rig.open(area(rig, before))
    Death.point("opened")
    if (PIN_SET != null && wallet.lockState == LockState.LOCKED) {
        wallet.unlockWithPin(PIN_SET.toCharArray())
        Death.point("unlocked")
    }
    return wallet
}

private suspend fun enrol(rig: Rig): Int {
    val wallet = opened(rig)
    if (PIN_SET != null) {
        wallet.setPin(PIN_SET.toCharArray())
        Death.point("PIN set")
        wallet.lock()
        wallet.unlockWithPin(PIN_SET.toCharArray())
        Death.point("unlocked")
    }
    val enrolment = wallet.enrol(listOf("mdl"), rig.challenge(), AUDIENCE, 2).use { it.next() }
    Death.point("enrolment made")
    Files.writeString(rig.home.resolve("enrolment-id"), enrolment.id)
    val answer = rig.answer(enrolment.message)
    Death.point("answer came")
    val id = wallet.accept(enrolment.id, answer).single().id
    Death.point("accepted")
    check(wallet.credentials().single().id == id && wallet.credential(id).elements.isNotEmpty() && wallet.portrait(id) != null)
    Death.point("shown")
    wallet.closeStore()
    Death.point("closed")
    return 0
}

private suspend fun wallet(rig: Rig, port: Int, qrFile: Path): Int {
    val wallet = opened(rig)
    if (wallet.credentials().isEmpty()) rig.enrol(wallet)
    // Locked again: the session asks for the PIN in between.
    if (PIN_SET != null) wallet.lock()
    val session = wallet.present()
    var asked = 0
    val holder = Holder(wallet, session, LoopbackLink.server(port)) { request ->
        asked += 1
        if (PIN_SET != null && asked > 2) request.refuse() else request.agree { _, _ -> true }
    }
    if (PIN_SET != null) holder.unlock = { wallet.unlockWithPin(PIN_SET.toCharArray()) }
    var waited = false
    holder.around = { done, step ->
        // How often it waits is the other side's affair: the first time counts.
        if (step !is PresentationStep.Wait || !waited) Death.point("${if (done) "after" else "before"} step ${step::class.simpleName}")
        if (step is PresentationStep.Wait && done) waited = true
    }
    println("port ${holder.port}")
    val closed = kotlinx.coroutines.coroutineScope {
        launch {
            val part = qrFile.resolveSibling("${qrFile.fileName}.part")
            Files.writeString(part, holder.qr.await())
            Files.move(part, qrFile, ATOMIC_MOVE)
        }
        holder.run()
    }
    session.close()
    wallet.closeStore()
    Death.point("closed")
    println("closed $closed")
    return if (holder.steps.any { it is PresentationStep.Receipt && it.receipt.disclosed }) 0 else 1
}

/**
 * Everything a person does with the store itself, on a wallet with a PIN and one credential. A process here is dear, so it dies after calls of the
 * area and after its own; the Swift one, which is cheap, also before.
 */
private suspend fun keep(rig: Rig): Int {
    val wallet = opened(rig, before = false)
    wallet.changePin(PIN.toCharArray(), OTHER_PIN.toCharArray())
    Death.point("PIN changed")
    wallet.enableBiometrics()
    Death.point("biometrics")
    wallet.exportHistory()
    Death.point("exported")
    wallet.deleteHistory(wallet.history().first().seq)
    Death.point("row deleted")
    wallet.rotateKeys()
    Death.point("keys turned")
    wallet.delete(wallet.credentials().single().id)
    Death.point("deleted")
    // Late, for each point before pays for none of it: a code is stretched on purpose.
    val code = wallet.makeRecoveryCode(OTHER_PIN.toCharArray())
    wallet.confirmRecoveryCode(code)
    Death.point("code")
    val container = wallet.exportRecovery(code)
    Death.point("container")
    wallet.importRecovery(code, container)
    Death.point("taken in")
    wallet.wipe()
    Death.point("wiped")
    return 0
}

private suspend fun reader(rig: Rig, port: Int, qrFile: Path, asked: List<String>): Int {
    val paths = asked.ifEmpty { listOf("$MDL/$MDL_SPACE/family_name") }.map { it.split("/") }
    val asks = paths.groupBy { it[0] }.map { (kind, each) -> DocumentAsk(kind, each.map { ElementAsk(path(it[1], it[2]), retained = false) }) }
    val verifier = Verifier(rig.reader().read(appears(qrFile), asks), port)
    val closed = verifier.run()
    val verdict = verifier.verdicts.firstOrNull()
    for (document in verdict?.documents.orEmpty()) {
        for (element in document.current?.issuerSigned.orEmpty()) println("element ${element.path.steps}")
    }
    println("verdict ${verdict?.decision?.name?.lowercase()} ${verdict?.code.orEmpty()}".trim())
    println("closed $closed")
    return when (verdict?.decision) {
        Decision.ACCEPTED -> 0
        Decision.UNDECIDED -> 2
        else -> 1
    }
}
