//! The full checks of an SD-JWT VC before it is stored (std-M14, neg-D): all of it or a named refusal.
use alloc::{borrow::ToOwned, collections::BTreeSet, format, string::String, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath, ReusePolicy, StatusReference};
use rid_crypto::PublicKey;
use rid_flow::{Credential, NewCopy, ports::KeyId};
use rid_profile::Kind;
use rid_sdjwt::{
    Claim, Claims, SdJwtError, UnverifiedSdJwt, Validity,
    present::StoredSdJwt,
    verify::{Expected, IssuerReport, IssuerVerified, check, verify_issued},
};
use rid_trust::{Check, Outcome, Party, PartyBasis, TrustError, TrustStore};
use rid_wire::{Timestamp, json::Value};

use super::{MAX_BYTES, elements, is_technical, signed_at, text};
use crate::format::{Batch, ReceiveError, Received};

/// The last second of a credential without `exp`: that of the year 9999.
const FOREVER: i64 = 253_402_300_799;

/// Members of the header that say nothing about the copy.
const HEADER: [&str; 3] = ["alg", "typ", "x5c"];

/// Members of the holder's key that say nothing about the copy.
const JWK: [&str; 6] = ["alg", "crv", "kty", "use", "x", "y"];

/// Claims that are another one in each copy.
const OWN: [&str; 3] = ["cnf", "jti", "status"];

impl From<SdJwtError> for ReceiveError {
    fn from(error: SdJwtError) -> Self {
        Self::Check(error.code())
    }
}

/// Checks a batch: issuer path, signature, digest of every disclosure, times, `vct`, holder's key (neg-D12), the same
/// claims in all copies, and nothing by which readers could link two copies (neg-N05).
pub(in crate::format) fn receive(
    batch: &Batch<'_>,
    kind: Option<&Kind>,
    trust: &TrustStore,
    now: Timestamp,
) -> Result<Received, ReceiveError> {
    let Batch { id, credential_type, copies, keys } = batch;
    if copies.is_empty() || copies.len() != keys.len() {
        return Err(ReceiveError::BatchSize);
    }
    let mut message = trust.message(now);
    let mut first: Option<(IssuerVerified, Content)> = None;
    let mut seen = Seen::default();
    for (bytes, (_, public)) in copies.iter().zip(*keys) {
        let copy = UnverifiedSdJwt::parse(text(bytes)?, MAX_BYTES)?;
        let expected = Expected { types: &[&credential_type.id], holder_key: Some(public), ..Expected::default() };
        let evidence = accepted(verify_issued(&copy, &expected, &mut message))?;
        check_marks(&copy, evidence.claims())?;
        seen.add(&copy, &evidence)?;
        let content = content(evidence.claims());
        match &first {
            Some((_, known)) if *known != content => return Err(ReceiveError::BatchMismatch),
            Some(_) => {}
            None => first = Some((evidence, content)),
        }
    }
    let (first, _) = first.ok_or(ReceiveError::BatchSize)?;
    let bytes = copies.first().ok_or(ReceiveError::BatchSize)?;
    let signed = signed_at(&StoredSdJwt::read(text(bytes)?, MAX_BYTES)?)?;
    let Validity { not_before, expires, .. } = first.validity();
    let new_copy =
        |((key, _), bytes): (&(KeyId, PublicKey), &&[u8])| NewCopy { key: key.clone(), bytes: bytes.to_vec() };
    let issuer = issuer_of(&first);
    let has_other_types = elements(first.claims(), kind).iter().any(|element| !element.type_fits);
    let credential = Credential {
        id: id.clone(),
        credential_type: credential_type.clone(),
        subject: None,
        issuer: issuer.name.clone(),
        signed,
        valid_from: not_before.unwrap_or(signed),
        // `exp` is the first second after the validity.
        valid_until: expires.map_or(Timestamp::from_unix(FOREVER), |time| time.plus_seconds(-1)),
        claims: personal(first.claims()),
        source: None,
        status: first.status().map(|status| StatusReference { uri: status.uri.clone(), index: status.index }),
        reuse: ReusePolicy::Once,
        copies: keys.iter().zip(*copies).map(new_copy).collect(),
    };
    Ok(Received { credential, issuer, has_other_types })
}

/// The exact paths of the values about the person.
fn personal(claims: &Claims) -> Vec<ClaimPath> {
    claims.every_leaf().into_iter().map(|leaf| leaf.path).filter(|path| !is_technical(path)).collect()
}

/// A copy has claims about the person, each selectively disclosable; and nothing else goes along with each presentation
/// (neg-N05): no further member of the header, no fraction of a second.
fn check_marks(copy: &UnverifiedSdJwt<'_>, claims: &Claims) -> Result<(), ReceiveError> {
    let cnf = claims.member("cnf").map(Claim::to_value).unwrap_or(Value::Null);
    let jwk = cnf.member("jwk").unwrap_or(&Value::Null);
    if !(has_only(&copy.header().members, &HEADER) && has_only(&cnf, &["jwk"]) && has_only(jwk, &JWK)) {
        return Err(ReceiveError::UnknownMember);
    }
    let is_whole = |name: &&str| matches!(claims.member(name).map(Claim::to_value), None | Some(Value::Integer(_)));
    if let Some(fraction) = ["iat", "nbf", "exp"].into_iter().find(|name| !is_whole(name)) {
        return Err(SdJwtError::Time(fraction).into());
    }
    let mut leaves = claims.every_leaf().into_iter().filter(|leaf| !is_technical(&leaf.path)).peekable();
    if leaves.peek().is_none() {
        return Err(ReceiveError::Empty);
    }
    if leaves.any(|leaf| leaf.disclosable.is_empty()) {
        return Err(ReceiveError::AlwaysDisclosed);
    }
    Ok(())
}

fn has_only(object: &Value, names: &[&str]) -> bool {
    matches!(object, Value::Object(members) if members.iter().all(|(name, _)| names.contains(&name.as_str())))
}

/// What must differ between any two copies of a batch (neg-N05).
#[derive(Default)]
struct Seen {
    salts: BTreeSet<String>,
    digests: BTreeSet<String>,
    ids: BTreeSet<String>,
    statuses: BTreeSet<String>,
}

impl Seen {
    fn add(&mut self, copy: &UnverifiedSdJwt<'_>, evidence: &IssuerVerified) -> Result<(), ReceiveError> {
        if !copy.salts().all(|salt| self.salts.insert(salt.to_owned())) {
            return Err(ReceiveError::BatchMismatch);
        }
        let text = |name| evidence.claims().member(name).map(|claim| claim.to_value().canonical());
        if !text("jti").is_none_or(|id| self.ids.insert(id)) {
            return Err(ReceiveError::BatchMismatch);
        }
        if !copy.digests()?.into_iter().all(|digest| self.digests.insert(digest)) {
            return Err(ReceiveError::DigestRepeated);
        }
        let entry = evidence.status().map(|status| format!("{} {}", status.index, status.uri));
        if !text("status").into_iter().chain(entry).all(|status| self.statuses.insert(status)) {
            return Err(ReceiveError::StatusRepeated);
        }
        Ok(())
    }
}

/// Evidence, if every check passed that can be done on receipt.
fn accepted(report: IssuerReport) -> Result<IssuerVerified, ReceiveError> {
    match report.checks.iter().find_map(refusal) {
        Some(error) => Err(error),
        None => report.evidence.ok_or(ReceiveError::Untrusted(TrustError::Missing.code())),
    }
}

/// Why a check refuses. Revocation and status need a network; the country and the name are compared where the
/// credential names them, and type metadata is not fetched.
fn refusal(done: &Check) -> Option<ReceiveError> {
    let later = [
        check::CREDENTIAL_STATUS,
        check::CERTIFICATE_REVOCATION,
        check::ISSUER_COUNTRY,
        check::ISSUER_NAME,
        check::TYPE_METADATA,
    ];
    match done.outcome {
        Outcome::Passed => None,
        Outcome::NotDone | Outcome::Unknown if later.contains(&done.code) => None,
        _ if done.code == check::TRUST => {
            Some(ReceiveError::Untrusted(done.reason.unwrap_or(TrustError::Missing.code())))
        }
        _ => Some(done.reason.map_or(ReceiveError::Untrusted(TrustError::Missing.code()), ReceiveError::Check)),
    }
}

/// The content of a copy: each value with its path and with the parts of the path that are selectively disclosable.
type Content = BTreeSet<(ClaimPath, Vec<usize>, String)>;

/// What must be equal in all copies: every claim but those that are another one in each copy, the times among them, and
/// how they are disclosed.
fn content(claims: &Claims) -> Content {
    let is_own = |path: &ClaimPath| path.steps.first().is_some_and(|step| OWN.iter().any(|own| names(step, own)));
    let leaves = claims.every_leaf().into_iter().filter(|leaf| !is_own(&leaf.path));
    leaves.map(|leaf| (leaf.path, leaf.disclosable, leaf.claim.to_value().canonical())).collect()
}

fn names(step: &ClaimKey, own: &str) -> bool {
    matches!(step, ClaimKey::Name { name } if name == own)
}

/// The issuer by the name of its signer, otherwise by the authority that the credential names.
fn issuer_of(evidence: &IssuerVerified) -> Party {
    let authority = || evidence.claims().member("issuing_authority")?.as_str().map(String::from);
    let trust = evidence.trust();
    Party {
        name: trust.name().map(String::from).or_else(authority).unwrap_or_default(),
        organization: None,
        country: trust.country().map(String::from),
        basis: PartyBasis::of_key(trust.key()),
    }
}
