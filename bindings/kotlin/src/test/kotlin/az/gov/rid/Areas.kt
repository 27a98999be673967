package az.gov.rid

import az.gov.rid.core.KeyId
import az.gov.rid.core.KeyInfo
import az.gov.rid.core.KeySpec
import az.gov.rid.core.Prompt
import az.gov.rid.core.SecureArea
import az.gov.rid.core.SecureAreaException
import az.gov.rid.core.UserAuth
import java.math.BigInteger
import java.nio.file.Files
import java.nio.file.Path
import java.security.AlgorithmParameters
import java.security.KeyFactory
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECParameterSpec
import java.security.spec.ECPrivateKeySpec
import java.util.Base64
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/** An area that a test looks into: every call is numbered from 1, in the order of their coming. */
internal class WatchedArea(private val inner: SecureArea) : SecureArea {
    val calls = AtomicInteger()

    /** The name of the latest call. */
    @Volatile var latest = ""

    /** Before the area acts. */
    @Volatile var before: suspend (call: Int, name: String) -> Unit = { _, _ -> }

    /** After it acted, before it answers. */
    @Volatile var after: suspend (call: Int, name: String) -> Unit = { _, _ -> }

    /** As the port says: where it throws, no key is left behind. */
    override suspend fun createKeys(count: UInt, spec: KeySpec): List<KeyInfo> {
        var made = emptyList<KeyInfo>()
        try {
            return watched("createKeys") { inner.createKeys(count, spec).also { made = it } }
        } catch (thrown: Throwable) {
            withContext(NonCancellable) { for (key in made) inner.delete(key.id) }
            throw thrown
        }
    }

    override suspend fun sign(key: KeyId, message: ByteArray, prompt: Prompt) =
        watched("sign") { inner.sign(key, message, prompt) }

    override suspend fun agree(key: KeyId, peer: ByteArray, prompt: Prompt) =
        watched("agree") { inner.agree(key, peer, prompt) }

    override suspend fun derive(key: KeyId, input: ByteArray, prompt: Prompt) =
        watched("derive") { inner.derive(key, input, prompt) }

    override suspend fun info(key: KeyId): KeyInfo = watched("info") { inner.info(key) }

    override suspend fun delete(key: KeyId) = watched("delete") { inner.delete(key) }

    private suspend fun <T> watched(name: String, act: suspend () -> T): T {
        val call = calls.incrementAndGet()
        latest = name
        before(call, name)
        return act().also { after(call, name) }
    }
}

/** Keys that want biometrics ask for the person in front of it, as a phone's would. */
internal class BiometricArea(private val inner: SecureArea) : SecureArea by inner {
    private val gated: MutableSet<KeyId> = ConcurrentHashMap.newKeySet()

    /** What the person's finger does to a gated key: nothing, or this. */
    @Volatile var refusal: (() -> SecureAreaException)? = null

    override suspend fun createKeys(count: UInt, spec: KeySpec): List<KeyInfo> =
        inner.createKeys(count, spec).onEach { if (spec.userAuth == UserAuth.BIOMETRIC_CURRENT_SET) gated += it.id }

    override suspend fun derive(key: KeyId, input: ByteArray, prompt: Prompt): ByteArray {
        if (key in gated) refusal?.let { throw it() }
        return inner.derive(key, input, prompt)
    }
}

/** The test State's registered reader signs with the key of a file, and does nothing else. */
internal class JwkArea(private val file: Path) : SecureArea {
    override suspend fun sign(key: KeyId, message: ByteArray, prompt: Prompt): ByteArray {
        if (key != KEY) throw SecureAreaException.NotFound()
        val d = checkNotNull(Regex("\"d\":\"([^\"]+)\"").find(Files.readString(file))).groupValues[1]
        val curve = AlgorithmParameters.getInstance("EC").apply { init(ECGenParameterSpec("secp256r1")) }
        val scalar = ECPrivateKeySpec(BigInteger(1, Base64.getUrlDecoder().decode(d)), curve.getParameterSpec(ECParameterSpec::class.java))
        val signature = Signature.getInstance("SHA256withECDSAinP1363Format")
        signature.initSign(KeyFactory.getInstance("EC").generatePrivate(scalar))
        signature.update(message)
        return signature.sign()
    }

    override suspend fun createKeys(count: UInt, spec: KeySpec) = throw SecureAreaException.Unavailable()

    override suspend fun agree(key: KeyId, peer: ByteArray, prompt: Prompt) = throw SecureAreaException.Unavailable()

    override suspend fun derive(key: KeyId, input: ByteArray, prompt: Prompt) = throw SecureAreaException.Unavailable()

    override suspend fun info(key: KeyId) = throw SecureAreaException.Unavailable()

    override suspend fun delete(key: KeyId) = Unit

    companion object {
        const val KEY = "reader"
    }
}
