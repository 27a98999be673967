package az.gov.rid

import az.gov.rid.core.Explanation
import az.gov.rid.core.RidException
import az.gov.rid.core.describeCode
import java.util.Locale

/** The stable code (`spec/errors.md`): for the app's decisions and its log, not for the person. */
public val RidException.code: String
    get() =
        when (this) {
            is RidException.BadInput -> code
            is RidException.Bug -> code
            is RidException.Cancelled -> "cancelled"
            is RidException.Expired -> code
            is RidException.Locked -> "locked"
            is RidException.Misuse -> code
            is RidException.NotTrusted -> why
            is RidException.Offline -> "offline"
            is RidException.PeerRefused -> code
            is RidException.SignInAgain -> "sign_in_again"
            is RidException.StorageDamaged -> code
            is RidException.Unsupported -> code
        }

/** The sentences for the person: what happened, and what to do next. As [describe] of the [code]. */
public fun RidException.describe(locales: List<String> = deviceLocales()): Explanation = describe(code, locales)

/**
 * The sentences for a stable code, of an error, a warning or a finding: what happened, and what to do next.
 *
 * @param locales languages (BCP 47), first wanted first: Azerbaijani, English and Russian are there
 */
public fun describe(code: String, locales: List<String> = deviceLocales()): Explanation =
    Boundary.call { describeCode(Boundary.text(code), Boundary.texts(locales)) }

private fun deviceLocales(): List<String> = listOf(Locale.getDefault().toLanguageTag())
