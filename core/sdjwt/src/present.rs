//! The holder's part: chooses disclosures of a stored credential and binds them to a request.
use alloc::{string::String, vec::Vec};

use rid_claims::ClaimPath;
use rid_crypto::{PublicKey, verify_jws, x509::Certificate};
use rid_trust::parse_chain;
use rid_wire::{
    ClockTolerance,
    jose::{Header, JwsError, compact},
};

use crate::{
    Claims, SdJwtError, StatusReference, UnverifiedSdJwt, Validity, digest,
    key_binding::{self, Binding},
    process::process,
    vc::{TYP, Vc},
};

/// A credential that was verified on receipt and kept since. It is not verified again, so it must come from the
/// wallet's own store and never from a peer.
#[derive(Clone)]
pub struct StoredSdJwt<'a> {
    sd_jwt: UnverifiedSdJwt<'a>,
    claims: Claims,
    vc: Vc,
}

/// A presentation without the signature of its KB-JWT.
#[derive(Clone)]
pub struct UnsignedPresentation {
    /// Everything before the KB-JWT.
    presented: String,
    /// The text that the holder's key signs.
    signing_input: String,
    holder_key: PublicKey,
}

/// The header has no certificates.
const NO_CHAIN: SdJwtError = SdJwtError::Jws(JwsError::X5c);

impl<'a> StoredSdJwt<'a> {
    /// Reads a stored credential with all its disclosures.
    ///
    /// # Errors
    /// [`SdJwtError`] if it is not the text of a valid SD-JWT VC as issued.
    pub fn read(text: &'a str, max_bytes: usize) -> Result<Self, SdJwtError> {
        let sd_jwt = UnverifiedSdJwt::parse(text, max_bytes)?;
        if sd_jwt.has_key_binding() {
            return Err(SdJwtError::Form(""));
        }
        sd_jwt.jws.header.require_typ(TYP)?;
        let algorithm = digest::algorithm(&sd_jwt.payload)?;
        let claims = process(&sd_jwt.payload, &sd_jwt.disclosures, algorithm)?;
        let vc = Vc::read(&claims)?;
        Ok(Self { sd_jwt, claims, vc })
    }

    /// Checks the issuer's signature with the first certificate of `x5c`, to find corrupt text. Whether the issuer is
    /// trusted was decided on receipt.
    ///
    /// # Errors
    /// [`SdJwtError`].
    pub fn check_signature(&self) -> Result<(), SdJwtError> {
        let chain = self.chain()?;
        Ok(verify_jws(chain.first().ok_or(NO_CHAIN)?.public_key(), &self.sd_jwt.jws)?)
    }

    /// The certificates of `x5c`, that of the signer first.
    ///
    /// # Errors
    /// [`SdJwtError`].
    pub fn chain(&self) -> Result<Vec<Certificate>, SdJwtError> {
        Ok(parse_chain(self.sd_jwt.jws.header.x5c.as_deref().ok_or(NO_CHAIN)?)?)
    }

    /// The header of the issuer's JWT.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.sd_jwt.jws.header
    }

    /// The type (`vct`).
    #[must_use]
    pub fn vct(&self) -> &str {
        &self.vc.vct
    }

    /// Further types that the credential is of (`aka_vcts`).
    #[must_use]
    pub fn other_types(&self) -> &[String] {
        &self.vc.other_types
    }

    /// All claims.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The times.
    ///
    /// # Errors
    /// [`SdJwtError::Time`].
    pub const fn validity(&self) -> Result<Validity, SdJwtError> {
        self.vc.validity
    }

    /// The reference to a status list.
    #[must_use]
    pub const fn status(&self) -> Option<&StatusReference> {
        self.vc.status.as_ref()
    }

    /// The holder's key.
    ///
    /// # Errors
    /// [`SdJwtError::DeviceKeyMismatch`] if the credential is bound to no key.
    pub fn holder_key(&self) -> Result<&PublicKey, SdJwtError> {
        match &self.vc.holder_key {
            Ok(Some(key)) => Ok(key),
            _ => Err(SdJwtError::DeviceKeyMismatch),
        }
    }

    /// Prepares a presentation that discloses everything at and below these paths and no other selectively disclosable
    /// claim. The disclosures keep the issuer's order.
    ///
    /// # Errors
    /// [`SdJwtError::ClaimUnknown`] for a path without a claim, [`SdJwtError::DeviceKeyMismatch`].
    pub fn present(&self, disclose: &[ClaimPath], binding: &Binding<'_>) -> Result<UnsignedPresentation, SdJwtError> {
        let holder_key = self.holder_key()?.clone();
        let alg = holder_key.algorithm().jose().ok_or(SdJwtError::DeviceKeyMismatch)?;
        let presented = self.present_unbound(disclose)?;
        let sd_hash = digest::digest(digest::algorithm(&self.sd_jwt.payload)?, &presented);
        let signing_input = key_binding::to_be_signed(alg, binding, sd_hash);
        Ok(UnsignedPresentation { presented, signing_input, holder_key })
    }

    /// The presentation without key binding, for a verifier that asks for none.
    ///
    /// # Errors
    /// [`SdJwtError::ClaimUnknown`] for a path without a claim.
    pub fn present_unbound(&self, disclose: &[ClaimPath]) -> Result<String, SdJwtError> {
        let chosen = self.claims.disclosures_for(disclose)?;
        let mut presented = String::from(self.sd_jwt.jws_text);
        for disclosure in chosen.iter().filter_map(|position| self.sd_jwt.disclosures.get(*position)) {
            presented.push('~');
            presented.push_str(disclosure.text);
        }
        presented.push('~');
        Ok(presented)
    }
}

impl UnsignedPresentation {
    /// The bytes that the holder's key signs with its one algorithm.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// Adds the signature (raw r‖s, or Ed25519) and verifies the result as a verifier would, with the audience, nonce
    /// and time of the request: a presentation that a verifier would refuse never leaves (neg-D14, neg-D15).
    ///
    /// # Errors
    /// [`SdJwtError`].
    pub fn finish(&self, signature: &[u8], request: &Binding<'_>) -> Result<String, SdJwtError> {
        let mut text = self.presented.clone();
        text.push_str(&compact(&self.signing_input, signature));
        let sd_jwt = UnverifiedSdJwt::parse(&text, text.len())?;
        process(&sd_jwt.payload, &sd_jwt.disclosures, digest::algorithm(&sd_jwt.payload)?)?;
        key_binding::check_exact(&sd_jwt, &self.holder_key, request, ClockTolerance::seconds(0))?;
        Ok(text)
    }
}

rid_wire::closed_debug!(StoredSdJwt<'_>, UnsignedPresentation);

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
mod tests {
    use rid_claims::ClaimKey;
    use rid_crypto::SigningKey;
    use rid_wire::{Timestamp, base64};

    use super::*;

    const ISSUED: &str =
        include_str!("../../../tests/vectors/rfc9901-sd-jwt/sdJwtRfcAppendixA3SdJwtCompactSerialization.txt");

    /// The disclosures are put into another order after they were hashed, as by a defect of this module.
    #[test]
    fn neg_d15_reordered_disclosures_never_leave() {
        let stored = StoredSdJwt::read(ISSUED.trim(), ISSUED.len()).expect("a credential");
        let scalar = base64::decode_url("5K5SCos8zf9zRemGGUl6yfok-_NiiryNZsvANWMhF-I").expect("base64url");
        let key = SigningKey::from_scalar(&scalar).expect("a key");
        let binding = Binding {
            audience: "verifier",
            nonce: "nonce",
            at: Timestamp::from_unix(1_748_454_271),
            transaction_data_hashes: &[],
        };
        let claims = ["given_name", "family_name"];
        let path = |name: &str| ClaimPath { steps: [ClaimKey::Name { name: name.into() }].into() };
        let unsigned = stored.present(&claims.map(path), &binding).expect("prepared");
        let signature = key.sign(&[unsigned.to_be_signed()]);
        assert!(unsigned.finish(&signature, &binding).is_ok());
        let parts: Vec<&str> = unsigned.presented.split('~').collect();
        let [jws, one, other, ""] = parts.as_slice() else { panic!("two disclosures") };
        for presented in [[*jws, other, one, ""].join("~"), [*jws, one, ""].join("~"), [*jws, ""].join("~")] {
            let altered = UnsignedPresentation { presented, ..unsigned.clone() };
            assert_eq!(altered.finish(&signature, &binding), Err(SdJwtError::SdHash));
        }
    }
}
