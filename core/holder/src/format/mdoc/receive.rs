//! The full checks of an mdoc before it is stored (std-M14, neg-B): all of it or a named refusal.
use alloc::{borrow::Cow, collections::BTreeSet, string::String, vec::Vec};

use rid_claims::{ClaimPath, ReusePolicy, StatusReference};
use rid_crypto::PublicKey;
use rid_flow::{Credential, NewCopy, ports::KeyId};
use rid_mdoc::{
    MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    mso::{Mso, StatusListReference},
    verify::{IssuerReport, IssuerVerified, Strictness, check, verify_issuer_signed},
};
use rid_profile::Kind;
use rid_trust::{Check, Outcome, Party, PartyBasis, TrustError, TrustStore};
use rid_wire::{
    Timestamp,
    cbor::{Limits, Value},
    cose::CoseError,
};

use crate::format::{Batch, ReceiveError, Received};

impl From<MdocError> for ReceiveError {
    fn from(error: MdocError) -> Self {
        Self::Check(error.code())
    }
}

/// Checks a batch: issuer path, signature, digest of every item, validity, docType, device key (neg-B18), the same
/// elements in all copies, and nothing by which readers could link two copies (neg-N05).
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
    let mut first: Option<IssuerVerified<'_>> = None;
    let mut seen = Seen::default();
    let mut other_types = false;
    for (bytes, (_, public)) in copies.iter().zip(*keys) {
        let copy = UnverifiedIssuerSigned::parse(bytes, Limits::ONLINE)?;
        let evidence =
            accepted(verify_issuer_signed(&copy, Some(&credential_type.id), &mut message, Strictness::Receipt))?;
        if evidence.device_key() != public {
            return Err(MdocError::DeviceKeyMismatch.into());
        }
        check_marks(&copy)?;
        seen.add(&copy, &evidence)?;
        if let (None, Some(kind)) = (&first, kind) {
            other_types = has_other_types(&copy, kind)?;
        }
        if first.as_ref().is_some_and(|first| !says_the_same(first, &evidence)) {
            return Err(ReceiveError::BatchMismatch);
        }
        first.get_or_insert(evidence);
    }
    let first = first.ok_or(ReceiveError::BatchSize)?;
    let new_copy =
        |((key, _), bytes): (&(KeyId, PublicKey), &&[u8])| NewCopy { key: key.clone(), bytes: bytes.to_vec() };
    let issuer = issuer_of(&first);
    let credential = Credential {
        id: id.clone(),
        credential_type: credential_type.clone(),
        subject: None,
        issuer: issuer.name.clone(),
        signed: first.validity().signed,
        valid_from: first.validity().valid_from,
        valid_until: first.validity().valid_until,
        claims: first.items().iter().map(|item| ClaimPath::element(item.namespace(), item.identifier())).collect(),
        source: None,
        status: first.status().map(|status| StatusReference { uri: status.uri.clone(), index: status.index }),
        reuse: ReusePolicy::Once,
        copies: keys.iter().zip(*copies).map(new_copy).collect(),
    };
    Ok(Received { credential, issuer, has_other_types: other_types })
}

/// Returns true if a value of a copy has another type than in the profile (neg-Q06).
fn has_other_types(copy: &UnverifiedIssuerSigned<'_>, kind: &Kind) -> Result<bool, ReceiveError> {
    for (namespace, items) in &copy.namespaces {
        for item in items {
            let value = Value::parse(item.value_bytes(), Limits::ONLINE).map_err(MdocError::from)?;
            if !kind.type_fits(&ClaimPath::element(namespace, item.identifier), &value) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A copy has elements, and nothing beside what the standard names that would go along with each presentation
/// (neg-N05).
fn check_marks(copy: &UnverifiedIssuerSigned<'_>) -> Result<(), ReceiveError> {
    let mut items = copy.namespaces.iter().flat_map(|(_, items)| items).peekable();
    if items.peek().is_none() {
        return Err(MdocError::CredentialEmpty.into());
    }
    if items.any(|item| item.has_unknown_member) {
        return Err(ReceiveError::ItemMember);
    }
    if copy.issuer_auth.header.others_unprotected {
        return Err(ReceiveError::UnprotectedLabel);
    }
    Ok(())
}

/// What must differ between any two copies of a batch (neg-N05).
#[derive(Default)]
struct Seen<'a> {
    randoms: BTreeSet<&'a [u8]>,
    digests: BTreeSet<&'a [u8]>,
    statuses: Vec<StatusListReference>,
}

impl<'a> Seen<'a> {
    fn add(&mut self, copy: &UnverifiedIssuerSigned<'a>, evidence: &IssuerVerified<'_>) -> Result<(), ReceiveError> {
        let mut items = copy.namespaces.iter().flat_map(|(_, items)| items);
        if !items.all(|item| self.randoms.insert(item.random)) {
            return Err(ReceiveError::BatchMismatch);
        }
        let Some(Cow::Borrowed(payload)) = copy.issuer_auth.payload else {
            return Err(MdocError::Cose(CoseError::Payload).into());
        };
        let mso = Mso::parse(payload)?;
        if !mso.all_digests().all(|digest| self.digests.insert(digest)) {
            return Err(ReceiveError::DigestRepeated);
        }
        if let Some(status) = evidence.status() {
            if self.statuses.contains(status) {
                return Err(ReceiveError::StatusRepeated);
            }
            self.statuses.push(status.clone());
        }
        Ok(())
    }
}

/// Evidence, if every check passed that can be done on receipt.
fn accepted(report: IssuerReport<'_>) -> Result<IssuerVerified<'_>, ReceiveError> {
    match report.checks.iter().find_map(refusal) {
        Some(error) => Err(error),
        None => report.evidence.ok_or(ReceiveError::Untrusted(TrustError::Missing.code())),
    }
}

/// Why a check refuses. Revocation and status need a network; the country is compared where the document names one.
fn refusal(done: &Check) -> Option<ReceiveError> {
    let later = [check::CREDENTIAL_STATUS, check::CERTIFICATE_REVOCATION, check::ISSUER_COUNTRY];
    match done.outcome {
        Outcome::Passed => None,
        Outcome::NotDone | Outcome::Unknown if later.contains(&done.code) => None,
        _ if done.code == check::TRUST => {
            Some(ReceiveError::Untrusted(done.reason.unwrap_or(TrustError::Missing.code())))
        }
        _ => Some(done.reason.map_or(ReceiveError::Untrusted(TrustError::Missing.code()), ReceiveError::Check)),
    }
}

/// The same elements with the same values, valid for the same time.
fn says_the_same(one: &IssuerVerified<'_>, other: &IssuerVerified<'_>) -> bool {
    one.validity() == other.validity() && content(one) == content(other)
}

/// Namespace, identifier and encoded value of every element, sorted.
fn content<'e>(evidence: &'e IssuerVerified<'_>) -> BTreeSet<(&'e str, &'e str, &'e [u8])> {
    evidence.items().iter().map(|item| (item.namespace(), item.identifier(), item.value_bytes())).collect()
}

/// The issuer by the name of its document signer, otherwise by the authority that the document names.
fn issuer_of(evidence: &IssuerVerified<'_>) -> Party {
    let authority = || {
        let item = evidence.items().iter().find(|item| item.identifier() == "issuing_authority")?;
        if let Ok(Value::Text(name)) = item.value() { Some(name.into_owned()) } else { None }
    };
    let trust = evidence.trust();
    Party {
        name: trust.name().map(String::from).or_else(authority).unwrap_or_default(),
        organization: None,
        country: trust.country().map(String::from),
        basis: PartyBasis::of_key(trust.key()),
    }
}
