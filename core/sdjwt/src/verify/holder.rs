//! Verifies a presentation: the issuer's part and the key binding.
use rid_trust::{Check, MessageTrust};

use super::{Expected, HolderBound, HolderReport, check, issuer};
use crate::{
    SdJwtError, UnverifiedSdJwt,
    key_binding::{self, KeyBinding, KeyBindingInput, Obstacle},
};

/// Verifies a presentation with its KB-JWT. A presentation without one is refused, whatever input is given.
#[must_use]
pub fn verify_presented(
    sd_jwt: &UnverifiedSdJwt<'_>,
    expected: &Expected<'_>,
    input: &KeyBindingInput<'_>,
    trust: &mut MessageTrust<'_>,
) -> HolderReport {
    let (report, holder_key) = issuer::judge(sd_jwt, expected, trust, issuer::Recipient::Verifier);
    let (at, tolerance) = (trust.at(), trust.store().clock_tolerance());
    let outcome = match holder_key {
        // Without a key nothing can be checked. The check of the holder's key gives the reason.
        None if sd_jwt.has_key_binding() => None,
        None => Some(Err(Obstacle::Refused(SdJwtError::KeyBindingMissing))),
        Some(key) => Some(key_binding::check(sd_jwt, &key, input, at, tolerance)),
    };
    let mut checks = report.checks;
    // The status of the credential is the last check.
    let last = checks.len().saturating_sub(1);
    checks.insert(last, name(outcome.as_ref()));
    let evidence = match (report.evidence, outcome) {
        (Some(issuer), Some(Ok(KeyBinding { audience, nonce, issued, transaction_data_hashes }))) => {
            Some(HolderBound { issuer, audience, nonce, bound_at: issued, transaction_data_hashes })
        }
        _ => None,
    };
    HolderReport { checks, evidence, vct: report.vct }
}

fn name(outcome: Option<&Result<KeyBinding, Obstacle>>) -> Check {
    match outcome {
        None => Check::not_done(check::KEY_BINDING, None),
        Some(Ok(_)) => Check::passed(check::KEY_BINDING),
        Some(Err(Obstacle::Missing(input))) => Check::not_done(check::KEY_BINDING, Some(*input)),
        Some(Err(Obstacle::Refused(error))) => {
            Check::failed(check::KEY_BINDING, error.code()).with_place(error.place())
        }
    }
}
