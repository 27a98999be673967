package az.gov.rid

import android.content.Context
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.os.CancellationSignal
import az.gov.rid.core.Prompt
import az.gov.rid.core.SecureAreaException
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext

/** Asks the person to be present. The app owns the text. */
public fun interface UserPresence {
    /**
     * Returns when the person unlocked [operation]; with [biometricsOnly] the code of the device must not be offered instead, for such a
     * key does not take it.
     *
     * @throws SecureAreaException `Cancelled` when the person cancelled, `Locked` after too many attempts, else `Unavailable`
     */
    public suspend fun confirm(prompt: Prompt, operation: BiometricPrompt.CryptoObject, biometricsOnly: Boolean)
}

/**
 * [UserPresence] by the system's own dialog, from API 30 on; before that take androidx.biometric. **Not verified on a device.**
 *
 * @param context an activity's, from where the dialog is shown
 * @param title the display text for each reason
 */
public class SystemPresence(private val context: Context, private val title: (Prompt) -> CharSequence) : UserPresence {
    override suspend fun confirm(prompt: Prompt, operation: BiometricPrompt.CryptoObject, biometricsOnly: Boolean): Unit =
        withContext(Dispatchers.Main) {
            suspendCancellableCoroutine { waiting ->
                val signal = CancellationSignal()
                waiting.invokeOnCancellation { signal.cancel() }
                val answer = object : BiometricPrompt.AuthenticationCallback() {
                    override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) = waiting.resume(Unit)

                    override fun onAuthenticationError(code: Int, message: CharSequence) =
                        waiting.resumeWithException(
                            when (code) {
                                BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED,
                                BiometricPrompt.BIOMETRIC_ERROR_CANCELED,
                                BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT -> SecureAreaException.Cancelled()
                                BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT,
                                BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT -> SecureAreaException.Locked()
                                else -> SecureAreaException.Unavailable()
                            },
                        )
                }
                val dialog = BiometricPrompt.Builder(context).setTitle(title(prompt))
                if (biometricsOnly) {
                    // The way back is a button then, in the system's own word.
                    dialog.setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG)
                        .setNegativeButton(context.getText(android.R.string.cancel), context.mainExecutor) { _, _ ->
                            if (waiting.isActive) waiting.resumeWithException(SecureAreaException.Cancelled())
                        }
                } else {
                    dialog.setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)
                }
                dialog.build().authenticate(operation, signal, context.mainExecutor, answer)
            }
        }
}
