package az.gov.rid

import android.app.KeyguardManager
import android.content.Context
import android.content.pm.PackageManager
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.security.keystore.BackendBusyException
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.UserNotAuthenticatedException
import az.gov.rid.core.KeyId
import az.gov.rid.core.KeyInfo
import az.gov.rid.core.KeySpec
import az.gov.rid.core.KeyUse
import az.gov.rid.core.Prompt
import az.gov.rid.core.SecureArea
import az.gov.rid.core.SecureAreaException
import az.gov.rid.core.UserAuth
import java.security.Key
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.SecureRandom
import java.security.Signature
import java.security.UnrecoverableKeyException
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import javax.crypto.KeyAgreement
import javax.crypto.KeyGenerator
import javax.crypto.Mac
import javax.crypto.SecretKey
import javax.crypto.SecretKeyFactory
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

private const val PROVIDER = "AndroidKeyStore"

/**
 * Keys in the Android Keystore: in StrongBox where there is one, else in the trusted environment.
 *
 * **Compiled, not verified on a device.** From API 26 on; agreement, that is deviceMac, needs Android 12 (API 31), and a key that asks
 * for the person at each use cannot agree: take deviceSignature with it.
 *
 * The key by which biometrics open a wallet is an HMAC key ([KeyUse.DERIVE], [UserAuth.BIOMETRIC_CURRENT_SET]): each use wants a strong
 * biometric of the person in front of it, and a finger or face enrolled later makes it [SecureAreaException.Invalidated] for ever.
 *
 * A [KeyUse.DERIVE] key that never asks for the person works only while the screen is unlocked (`setUnlockedDeviceRequired`, from API 28
 * on), where the device takes such a key and lets it be used: see [strongestKey]. Without a screen lock there is no such key. While the
 * screen is locked its use is [SecureAreaException.Locked].
 *
 * @param presence asks the person; without it keys that need that are [SecureAreaException.Unavailable]
 */
public class AndroidSecureArea(context: Context, private val presence: UserPresence? = null) : SecureArea {
    private val packages = context.applicationContext.packageManager
    private val keyguard = context.applicationContext.getSystemService(KeyguardManager::class.java)
    private val store = KeyStore.getInstance(PROVIDER).apply { load(null) }

    override suspend fun createKeys(count: UInt, spec: KeySpec): List<KeyInfo> = keystore {
        val made = mutableListOf<KeyInfo>()
        try {
            repeat(count.toInt()) {
                val id = name(spec)
                make(id, spec)
                made += describe(id)
            }
        } catch (thrown: Throwable) {
            for (key in made) store.deleteEntry(key.id)
            throw thrown
        }
        made
    }

    override suspend fun sign(key: KeyId, message: ByteArray, prompt: Prompt): ByteArray = keystore {
        val private = key<PrivateKey>(key, SIGN)
        val signature = Signature.getInstance("SHA256withECDSA")
        signature.initSign(private)
        confirmed(private, prompt) { BiometricPrompt.CryptoObject(signature) }
        signature.update(message)
        rawSignature(signature.sign())
    }

    override suspend fun agree(key: KeyId, peer: ByteArray, prompt: Prompt): ByteArray = keystore {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) throw SecureAreaException.Unavailable()
        val private = key<PrivateKey>(key, AGREE, SIGN)
        val point = p256Point(peer) ?: throw SecureAreaException.Unavailable()
        // The system's dialog unlocks no agreement before API 36.
        confirmed(private, prompt) { throw SecureAreaException.Unavailable() }
        val agreement = KeyAgreement.getInstance("ECDH", PROVIDER)
        agreement.init(private)
        agreement.doPhase(point, true)
        agreement.generateSecret()
    }

    override suspend fun derive(key: KeyId, input: ByteArray, prompt: Prompt): ByteArray = keystore {
        val secret = key<SecretKey>(key, DERIVE)
        val mac = Mac.getInstance("HmacSHA256")
        mac.init(secret)
        confirmed(secret, prompt) { BiometricPrompt.CryptoObject(mac) }
        mac.doFinal(input)
    }

    override suspend fun info(key: KeyId): KeyInfo = keystore {
        if (!store.containsAlias(checked(key))) throw SecureAreaException.NotFound()
        describe(key)
    }

    override suspend fun delete(key: KeyId): Unit = keystore {
        if (key.startsWith(PREFIX)) store.deleteEntry(key)
    }

    /** The alias says what the key is for and whether it was attested: the Keystore does not. */
    private fun name(spec: KeySpec): String {
        val use = when (spec.usage) {
            KeyUse.SIGN -> SIGN
            KeyUse.AGREE -> AGREE
            KeyUse.DERIVE -> DERIVE
        }
        val attested = if (spec.challenge.isEmpty()) "plain" else ATTESTED
        val random = ByteArray(16).also(SecureRandom()::nextBytes).joinToString("") { "%02x".format(it) }
        return "$PREFIX$use.$attested.$random"
    }

    private fun make(alias: String, spec: KeySpec) {
        // StrongBox agrees from KeyMint on (version 100); before that it only signs.
        val version = if (spec.usage == KeyUse.DERIVE) 0 else 100
        val strong = Build.VERSION.SDK_INT >= Build.VERSION_CODES.P &&
            packages.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE, version)
        // A key that asks for the person proves more than an unlocked screen does.
        val silent = spec.usage == KeyUse.DERIVE && spec.userAuth == UserAuth.NONE
        strongestKey(Maker(alias, spec), strong, silent && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P)
    }

    private inner class Maker(private val alias: String, private val spec: KeySpec) : KeyMaker {
        override val isDeviceLocked: Boolean get() = keyguard?.isDeviceLocked == true

        override fun make(strength: KeyStrength) = generate(parameters(alias, spec, strength), spec.usage)

        override fun use() {
            Mac.getInstance("HmacSHA256").apply { init(store.getKey(alias, null)) }.doFinal(ByteArray(32))
        }

        override fun delete() {
            store.deleteEntry(alias)
        }

        override fun isFinal(thrown: Exception): Boolean = thrown is KeyPermanentlyInvalidatedException || busy(thrown)
    }

    private fun generate(parameters: KeyGenParameterSpec, usage: KeyUse) {
        if (usage == KeyUse.DERIVE) {
            KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_HMAC_SHA256, PROVIDER).apply { init(parameters) }.generateKey()
        } else {
            KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, PROVIDER).apply { initialize(parameters) }.generateKeyPair()
        }
    }

    private fun parameters(alias: String, spec: KeySpec, strength: KeyStrength): KeyGenParameterSpec {
        val agreement = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) KeyProperties.PURPOSE_AGREE_KEY else 0
        val purposes = when (spec.usage) {
            KeyUse.SIGN -> KeyProperties.PURPOSE_SIGN or agreement
            KeyUse.AGREE -> if (agreement == 0) throw SecureAreaException.Unavailable() else agreement
            KeyUse.DERIVE -> KeyProperties.PURPOSE_SIGN
        }
        val builder = KeyGenParameterSpec.Builder(alias, purposes)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) {
            builder.setIsStrongBoxBacked(strength.strongBox).setUnlockedDeviceRequired(strength.unlockedDevice)
        }
        if (spec.usage != KeyUse.DERIVE) {
            builder.setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1")).setDigests(KeyProperties.DIGEST_SHA256)
            if (spec.challenge.isNotEmpty()) builder.setAttestationChallenge(spec.challenge)
        }
        if (spec.userAuth != UserAuth.NONE) askEachTime(builder, spec.userAuth)
        return builder.build()
    }

    private fun askEachTime(builder: KeyGenParameterSpec.Builder, userAuth: UserAuth) {
        val current = userAuth == UserAuth.BIOMETRIC_CURRENT_SET
        builder.setUserAuthenticationRequired(true).setInvalidatedByBiometricEnrollment(current)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            val credential = if (current) 0 else KeyProperties.AUTH_DEVICE_CREDENTIAL
            builder.setUserAuthenticationParameters(0, KeyProperties.AUTH_BIOMETRIC_STRONG or credential)
        } else {
            // Before API 30 only biometrics unlock a single use.
            @Suppress("DEPRECATION")
            builder.setUserAuthenticationValidityDurationSeconds(-1)
        }
    }

    private fun describe(alias: String): KeyInfo {
        val (use, attested) = alias.removePrefix(PREFIX).split('.')
        val hardware = inHardware(store.getKey(alias, null) ?: throw SecureAreaException.NotFound())
        if (use == DERIVE) return KeyInfo(alias, ByteArray(0), ByteArray(0), hardware)
        val chain = store.getCertificateChain(alias) ?: throw SecureAreaException.NotFound()
        val public = sec1(chain.first().publicKey as ECPublicKey)
        // The certificates one after the other, as DER, leaf first.
        val attestation = if (attested == ATTESTED) chain.map { it.encoded }.reduce { all, next -> all + next } else ByteArray(0)
        return KeyInfo(alias, public, attestation, hardware)
    }

    private fun inHardware(key: Key): Boolean {
        val info = properties(key)
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) {
            @Suppress("DEPRECATION")
            return info.isInsideSecureHardware
        }
        return info.securityLevel == KeyProperties.SECURITY_LEVEL_STRONGBOX ||
            info.securityLevel == KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT
    }

    private fun properties(key: Key): android.security.keystore.KeyInfo {
        val type = android.security.keystore.KeyInfo::class.java
        return if (key is SecretKey) {
            SecretKeyFactory.getInstance(key.algorithm, PROVIDER).getKeySpec(key, type) as android.security.keystore.KeyInfo
        } else {
            KeyFactory.getInstance(key.algorithm, PROVIDER).getKeySpec(key, type)
        }
    }

    private suspend fun confirmed(key: Key, prompt: Prompt, operation: () -> BiometricPrompt.CryptoObject) {
        if (!properties(key).isUserAuthenticationRequired) return
        val asked = presence ?: throw SecureAreaException.Unavailable()
        asked.confirm(prompt, operation(), biometricsOnly(properties(key)))
    }

    /** Before API 30 no key of ours takes the code of the device. */
    private fun biometricsOnly(info: android.security.keystore.KeyInfo): Boolean =
        Build.VERSION.SDK_INT < Build.VERSION_CODES.R || info.userAuthenticationType and KeyProperties.AUTH_DEVICE_CREDENTIAL == 0

    private inline fun <reified T : Key> key(id: KeyId, vararg uses: String): T {
        val key = store.getKey(checked(id), null) ?: throw SecureAreaException.NotFound()
        val use = id.removePrefix(PREFIX).substringBefore('.')
        if (use !in uses || key !is T) throw SecureAreaException.Unavailable()
        return key
    }

    private fun checked(id: KeyId): String = if (id.startsWith(PREFIX)) id else throw SecureAreaException.NotFound()

    /** The Keystore is another process and slow; what it throws becomes a name. */
    private suspend fun <T> keystore(act: suspend () -> T): T = withContext(Dispatchers.IO) {
        try {
            act()
        } catch (thrown: Exception) {
            throw when (thrown) {
                is SecureAreaException, is CancellationException -> thrown
                is KeyPermanentlyInvalidatedException -> SecureAreaException.Invalidated()
                // Some releases throw it for a key that is only read.
                is UnrecoverableKeyException -> {
                    val invalidated = thrown.cause is KeyPermanentlyInvalidatedException
                    if (invalidated) SecureAreaException.Invalidated() else SecureAreaException.Unavailable()
                }
                is UserNotAuthenticatedException -> SecureAreaException.Locked()
                else -> if (busy(thrown)) SecureAreaException.Busy() else SecureAreaException.Unavailable()
            }
        }
    }

    private fun busy(thrown: Exception): Boolean =
        Build.VERSION.SDK_INT >= Build.VERSION_CODES.S && thrown is BackendBusyException

    private companion object {
        const val PREFIX = "rid."
        const val SIGN = "sign"
        const val AGREE = "agree"
        const val DERIVE = "derive"
        const val ATTESTED = "attested"
    }
}
