package az.gov.rid

import az.gov.rid.core.RidException

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
