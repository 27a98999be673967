package az.gov.rid

import az.gov.rid.core.SecureAreaException
import java.security.GeneralSecurityException
import java.security.InvalidAlgorithmParameterException
import java.security.InvalidKeyException
import java.security.ProviderException
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

/** Which key a phone gets, over a phone that refuses one thing or another. */
internal class KeyStrengthTest {
    /** A phone; `refuses` says what it throws at which strength, and whether only at the use of the key. */
    private class Phone(
        override var isDeviceLocked: Boolean = false,
        val final: (Exception) -> Boolean = { false },
        val atUse: Boolean = false,
        val refuses: (KeyStrength) -> Exception? = { null },
    ) : KeyMaker {
        val made = mutableListOf<KeyStrength>()
        var kept: KeyStrength? = null
        var used = 0

        override fun make(strength: KeyStrength) {
            made += strength
            if (!atUse) refuses(strength)?.let { throw it }
            kept = strength
        }

        override fun use() {
            used += 1
            if (atUse) refuses(checkNotNull(kept))?.let { throw it }
        }

        override fun delete() {
            kept = null
        }

        override fun isFinal(thrown: Exception) = final(thrown)
    }

    private fun strongest(phone: Phone, strongBox: Boolean = true, unlocked: Boolean = true) = strongestKey(phone, strongBox, unlocked)

    @Test
    fun a_willing_phone_gives_the_strongest_key_at_once() {
        val phone = Phone()
        assertEquals(KeyStrength(strongBox = true, unlockedDevice = true), strongest(phone))
        assertEquals(1 to 1, phone.made.size to phone.used)
        assertEquals(KeyStrength(strongBox = false, unlockedDevice = true), strongest(Phone(), strongBox = false))
        val silent = Phone()
        assertEquals(KeyStrength(strongBox = true, unlockedDevice = false), strongest(silent, unlocked = false))
        assertEquals(0, silent.used, "a key that asks for the person is not used before")
    }

    @Test
    fun a_phone_without_screen_lock_gets_a_key_that_works_while_locked() {
        val refusals = listOf(ProviderException("generation failed"), IllegalStateException("lock"), InvalidAlgorithmParameterException("lock"))
        for (refusal in refusals) {
            val phone = Phone { if (it.unlockedDevice) refusal else null }
            assertEquals(KeyStrength(strongBox = true, unlockedDevice = false), strongest(phone))
            assertEquals(3, phone.made.size)
        }
    }

    @Test
    fun a_strongbox_that_refuses_leaves_the_wish_for_an_unlocked_device() {
        val phone = Phone { if (it.strongBox) ProviderException("StrongBox unavailable") else null }
        assertEquals(KeyStrength(strongBox = false, unlockedDevice = true), strongest(phone))
    }

    @Test
    fun a_key_that_is_made_and_then_refused_in_use_is_replaced() {
        // UserNotAuthenticatedException is an InvalidKeyException.
        val phone = Phone(atUse = true) { if (it.unlockedDevice) InvalidKeyException("not authenticated") else null }
        assertEquals(KeyStrength(strongBox = true, unlockedDevice = false), strongest(phone))
        assertEquals(KeyStrength(strongBox = true, unlockedDevice = false), phone.kept)
    }

    @Test
    fun nothing_is_weakened_while_the_screen_is_locked_or_the_keystore_is_busy() {
        val locked = Phone(isDeviceLocked = true)
        assertFailsWith<SecureAreaException.Locked> { strongest(locked) }
        assertEquals(0, locked.made.size)
        val busy = Phone(final = { it.message == "busy" }) { ProviderException("busy") }
        assertFailsWith<ProviderException> { strongest(busy) }
        assertEquals(1, busy.made.size)
    }

    @Test
    fun a_phone_that_refuses_everything_leaves_no_key_behind() {
        val phone = Phone(atUse = true) { GeneralSecurityException("no") }.also { it.kept = null }
        assertEquals(KeyStrength(strongBox = true, unlockedDevice = false), strongest(phone), "the weaker keys are not used")
        val none = Phone { GeneralSecurityException("no") }
        assertFailsWith<GeneralSecurityException> { strongest(none) }
        assertEquals(4 to null, none.made.size to none.kept)
    }
}
