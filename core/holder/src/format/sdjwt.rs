//! Credentials of SD-JWT VC.
mod receive;
#[cfg(test)]
mod tests;

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath, ClaimValue};
use rid_crypto::x509::Certificate;
use rid_flow::{Copy, ports::KeyId};
use rid_openid::dcql::authority_key_ids;
use rid_profile::Kind;
use rid_sdjwt::{
    Claims, Leaf, SdJwtError, UnverifiedSdJwt, Validity,
    key_binding::Binding,
    present::{StoredSdJwt, UnsignedPresentation},
    verify::{Expected, verify_issued},
};
use rid_trust::TrustStore;
use rid_wire::{Code, Timestamp, json::JsonError};

pub(super) use self::receive::receive;
use super::{Disclosure, HeldElement, NamedClaim, OnlineBinding, Proof, Traits, UNSUPPORTED};

/// Longest credential.
const MAX_BYTES: usize = 5 << 20;

/// Claims of the credential itself. They are always disclosed, and say nothing about the person.
const TECHNICAL: [&str; 10] = ["aka_vcts", "cnf", "exp", "iat", "iss", "jti", "nbf", "status", "vct", "vct#integrity"];

/// A signature by another key than the credential's.
const DEVICE_KEY_MISMATCH: Code = Code::new("device_key_mismatch");

/// More would leave than was agreed to.
const MORE_THAN_AGREED: Code = Code::new("disclosure_exceeds_consent");

/// The text of a credential.
fn text(bytes: &[u8]) -> Result<&str, SdJwtError> {
    core::str::from_utf8(bytes).map_err(|_| SdJwtError::Json(JsonError::Invalid))
}

/// Whether a claim says something about the credential and not about the person.
fn is_technical(path: &ClaimPath) -> bool {
    matches!(path.steps.first(), Some(ClaimKey::Name { name }) if TECHNICAL.contains(&name.as_str()))
}

/// A stored copy; its signature is checked with `check`.
fn stored<'a>(bytes: &'a [u8], vct: &str, check: bool) -> Result<StoredSdJwt<'a>, SdJwtError> {
    let stored = StoredSdJwt::read(text(bytes)?, MAX_BYTES)?;
    if check {
        stored.check_signature()?;
    }
    if stored.vct() != vct {
        return Err(SdJwtError::VctMismatch);
    }
    Ok(stored)
}

pub(super) fn names(bytes: &[u8], vct: &str) -> Result<Vec<NamedClaim>, Code> {
    let stored = stored(bytes, vct, true).map_err(SdJwtError::code)?;
    let named = |leaf: Leaf<'_>| NamedClaim { value: ClaimValue::from_json(&leaf.claim.to_value()), path: leaf.path };
    Ok(stored.claims().every_leaf().into_iter().map(named).collect())
}

pub(super) fn traits(bytes: &[u8], vct: &str) -> Result<Traits, Code> {
    let stored = stored(bytes, vct, false).map_err(SdJwtError::code)?;
    let chain = stored.chain().map_err(SdJwtError::code)?;
    Ok(Traits { authorities: authority_key_ids(&chain), other_types: stored.other_types().to_vec() })
}

pub(super) fn display(
    bytes: &[u8],
    vct: &str,
    kind: Option<&Kind>,
    trust: &TrustStore,
) -> Result<Vec<HeldElement>, Code> {
    let sd_jwt = UnverifiedSdJwt::parse(text(bytes).map_err(SdJwtError::code)?, MAX_BYTES).map_err(SdJwtError::code)?;
    let signed = stored(bytes, vct, false).and_then(|stored| signed_at(&stored)).map_err(SdJwtError::code)?;
    let expected = Expected { types: &[vct], ..Expected::default() };
    let report = verify_issued(&sd_jwt, &expected, &mut trust.message(signed));
    let failure = report.first_failure();
    let evidence = report.evidence.ok_or_else(|| failure.unwrap_or(Code::new("trust_missing")))?;
    Ok(elements(evidence.claims(), kind))
}

/// The claims about the person: those of the profile as a whole, any other value by value.
fn elements(claims: &Claims, kind: Option<&Kind>) -> Vec<HeldElement> {
    let mut seen = BTreeSet::new();
    let mut elements = Vec::new();
    for leaf in claims.every_leaf().into_iter().filter(|leaf| !is_technical(&leaf.path)) {
        let known = kind.and_then(|kind| kind.element(&leaf.path));
        let path = known.and_then(|element| element.claim_in(&leaf.path)).unwrap_or(leaf.path);
        let found = claims.at(&path).ok().and_then(|found| found.into_iter().next());
        let Some((path, claim)) = found.filter(|(path, _)| seen.insert(path.clone())) else { continue };
        let json = claim.to_value();
        let value = known.map(|element| element.claim_value(&json));
        elements.push(HeldElement {
            path,
            type_fits: !matches!(value, Some(None)),
            value: value.flatten().unwrap_or_else(|| ClaimValue::from_json(&json)),
        });
    }
    elements
}

/// The time of issuing: `iat`, or else `nbf`, or else the beginning of the signer's certificate.
fn signed_at(stored: &StoredSdJwt<'_>) -> Result<Timestamp, SdJwtError> {
    let Validity { issued, not_before, .. } = stored.validity()?;
    match issued.or(not_before) {
        Some(time) => Ok(time),
        None => stored.chain()?.first().map(Certificate::not_before).ok_or(SdJwtError::Time("iat")),
    }
}

/// A presentation that only lacks the signature of the KB-JWT.
pub(crate) struct Prepared {
    presentation: UnsignedPresentation,
    disclosed: Vec<ClaimPath>,
    key: KeyId,
    at: Timestamp,
}

/// Selects what was agreed to. A copy that would disclose more is not presented: in the same disclosure are values that
/// the person was not shown. With `check` the signature of the copy is checked; without it, its bytes were before.
pub(super) fn prepare(
    copy: &Copy,
    vct: &str,
    disclosure: &Disclosure,
    binding: &OnlineBinding<'_>,
    (at, check): (Timestamp, bool),
) -> Result<Prepared, Code> {
    let stored = stored(&copy.bytes, vct, check).map_err(SdJwtError::code)?;
    let agreed: BTreeSet<&ClaimPath> = disclosure.disclosed.iter().collect();
    let mut disclosed = stored.claims().leaving(&disclosure.disclosed).map_err(SdJwtError::code)?;
    disclosed.retain(|path| agreed.contains(path) || !is_technical(path));
    if !disclosed.iter().all(|path| agreed.contains(path)) {
        return Err(MORE_THAN_AGREED);
    }
    let presentation = stored.present(&disclosure.disclosed, &request(binding, at)).map_err(SdJwtError::code)?;
    Ok(Prepared { presentation, disclosed, key: copy.key.clone(), at })
}

/// What the KB-JWT binds to.
fn request<'a>(binding: &OnlineBinding<'a>, at: Timestamp) -> Binding<'a> {
    Binding { audience: binding.audience, nonce: binding.nonce, at, transaction_data_hashes: &[] }
}

impl Prepared {
    /// The claims that leave, by the exact paths of the stored copy: the positions of elements are others where some
    /// are left out.
    pub(super) fn disclosed(&self) -> Vec<ClaimPath> {
        self.disclosed.clone()
    }

    pub(super) const fn key(&self) -> &KeyId {
        &self.key
    }

    pub(super) fn to_be_signed(&self) -> Vec<u8> {
        self.presentation.to_be_signed().into()
    }

    /// Adds the signature and checks the result as its verifier will.
    pub(super) fn present(&self, proof: &Proof<'_>, binding: &OnlineBinding<'_>) -> Result<String, Code> {
        let Proof::Signature(signature) = proof else { return Err(UNSUPPORTED) };
        self.presentation.finish(*signature, &request(binding, self.at)).map_err(|error| match error {
            SdJwtError::Jws(_) => DEVICE_KEY_MISMATCH,
            error => error.code(),
        })
    }
}
