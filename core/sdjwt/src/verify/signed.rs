//! An SD-JWT of any type under a known key (RFC 9901, 7), without the rules of SD-JWT VC.
use rid_crypto::{PublicKey, verify_jws};
use rid_wire::ClockTolerance;

use crate::{
    Claims, SdJwtError, UnverifiedSdJwt, digest,
    key_binding::{self, Binding},
    process::process,
    vc::holder_key,
};

/// Evidence: the key signed these claims, and every disclosure has its digest. It says nothing about trust, type, times
/// or holder.
#[derive(Clone)]
pub struct Signed {
    claims: Claims,
}

impl Signed {
    /// The disclosed claims.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// Verifies signature and disclosures of an SD-JWT of this `typ`. For SD-JWT VC use [`super::verify_issued`] or
/// [`super::verify_presented`].
///
/// # Errors
/// [`SdJwtError`].
pub fn verify_signed(sd_jwt: &UnverifiedSdJwt<'_>, key: &PublicKey, typ: &str) -> Result<Signed, SdJwtError> {
    sd_jwt.jws.header.require_typ(typ)?;
    verify_jws(key, &sd_jwt.jws)?;
    let algorithm = digest::algorithm(&sd_jwt.payload)?;
    Ok(Signed { claims: process(&sd_jwt.payload, &sd_jwt.disclosures, algorithm)? })
}

/// Verifies as [`verify_signed`] does, and the KB-JWT for this audience, nonce and time.
///
/// # Errors
/// [`SdJwtError`].
pub fn verify_signed_bound(
    sd_jwt: &UnverifiedSdJwt<'_>,
    key: &PublicKey,
    typ: &str,
    binding: &Binding<'_>,
    tolerance: ClockTolerance,
) -> Result<Signed, SdJwtError> {
    let signed = verify_signed(sd_jwt, key, typ)?;
    let holder_key = holder_key(signed.claims.member("cnf"))?.ok_or(SdJwtError::DeviceKeyMismatch)?;
    key_binding::check_exact(sd_jwt, &holder_key, binding, tolerance)?;
    Ok(signed)
}

rid_wire::closed_debug!(Signed);
