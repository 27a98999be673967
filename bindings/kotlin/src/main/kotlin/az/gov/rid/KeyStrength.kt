package az.gov.rid

import az.gov.rid.core.SecureAreaException
import java.security.GeneralSecurityException
import java.security.ProviderException

/** How well a key of a phone is protected. */
internal data class KeyStrength(
    /** In StrongBox, else in the trusted environment. */
    val strongBox: Boolean,
    /** Usable only while the device is unlocked. */
    val unlockedDevice: Boolean,
)

/** What a phone does for [strongestKey]. Each method may throw what the Keystore throws. */
internal interface KeyMaker {
    /** Whether the screen is locked now. */
    val isDeviceLocked: Boolean

    /** Makes the key, or makes it again. */
    fun make(strength: KeyStrength)

    /** Uses the key once. */
    fun use()

    /** Deletes the key, if it is there. */
    fun delete()

    /** Whether a weaker key would be refused in the same way (the Keystore is busy, the key is lost). */
    fun isFinal(thrown: Exception): Boolean
}

/**
 * Makes the strongest key that the device does not refuse, and says which one.
 *
 * A device without a screen lock refuses to make a key that wants an unlocked device, a StrongBox refuses some uses of keys, and some
 * devices make a key for the unlocked device and then refuse to use it although they are unlocked. So a key with that wish is used once
 * before it counts. While the screen is locked nothing is tried: the weaker key would stay for ever.
 */
internal fun strongestKey(maker: KeyMaker, strongBox: Boolean, unlockedDevice: Boolean): KeyStrength {
    if (unlockedDevice && maker.isDeviceLocked) throw SecureAreaException.Locked()
    val strengths =
        listOf(true to true, false to true, true to false, false to false)
            .map { (box, unlocked) -> KeyStrength(strongBox = box, unlockedDevice = unlocked) }
            .filter { (strongBox || !it.strongBox) && (unlockedDevice || !it.unlockedDevice) }
    for (strength in strengths) {
        try {
            maker.make(strength)
            if (strength.unlockedDevice) maker.use()
            return strength
        } catch (thrown: Exception) {
            maker.delete()
            val isRefusal = thrown is ProviderException || thrown is GeneralSecurityException || thrown is IllegalStateException
            if (!isRefusal || maker.isFinal(thrown) || strength == strengths.last()) throw thrown
        }
    }
    throw SecureAreaException.Unavailable()
}
