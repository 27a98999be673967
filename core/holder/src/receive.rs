//! The full checks of a credential before it is stored (std-M14, neg-B): all of it or a named refusal.
use alloc::{borrow::Cow, collections::BTreeSet, string::String, vec::Vec};

use rid_claims::{ClaimPath, CredentialType, ReusePolicy, StatusReference};
use rid_crypto::PublicKey;
use rid_flow::{Credential, CredentialId, NewCopy, ports::KeyId};
use rid_mdoc::{
    MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    mso::{Mso, StatusListReference},
    verify::{IssuerReport, IssuerVerified, Strictness, check, verify_issuer_signed},
};
use rid_profile::Kind;
use rid_trust::{Check, Outcome, Party, PartyBasis, TrustError, TrustStore};
use rid_wire::{
    Code, Timestamp,
    cbor::{Limits, Value},
    cose::CoseError,
};

/// Why received credentials were refused; nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum ReceiveError {
    /// More or fewer credentials than keys.
    BatchSize,
    /// The copies do not say the same of the same person.
    BatchMismatch,
    /// One digest occurs twice in the batch: readers could link two presentations by it (neg-N05).
    DigestRepeated,
    /// One status reference occurs twice in the batch (neg-N05).
    StatusRepeated,
    /// An item has a member beside the four of the standard: a mark that goes along with each presentation (neg-N05).
    ItemMember,
    /// The unprotected header of issuerAuth has another label than x5chain: such a mark too (neg-N05).
    UnprotectedLabel,
    /// A check of std-M45 failed; the code is its reason.
    Check(Code),
    /// The issuer is not trusted; the code is the reason.
    Untrusted(Code),
    /// The structure.
    Mdoc(#[from] MdocError),
}

impl ReceiveError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::BatchSize => Code::new("batch_size"),
            Self::BatchMismatch => Code::new("batch_mismatch"),
            Self::DigestRepeated => Code::new("batch_digest_repeated"),
            Self::StatusRepeated => Code::new("batch_status_repeated"),
            Self::ItemMember => Code::new("credential_item_member"),
            Self::UnprotectedLabel => Code::new("credential_unprotected_label"),
            Self::Check(code) | Self::Untrusted(code) => code,
            Self::Mdoc(e) => e.code(),
        }
    }
}

/// A checked batch, and its issuer.
pub struct Received {
    /// What may be stored.
    pub credential: Credential,
    /// The issuer, recognised by the key of its document signer.
    pub issuer: Party,
}

/// Checks a batch of copies of one credential, each bound to one of the keys in order: issuer path, signature, digest of
/// every item, validity, docType, device key (neg-B18), elements equal over all copies, and nothing by which readers could
/// link two copies (neg-N05). Gives what may be stored.
///
/// # Errors
/// [`ReceiveError`].
pub fn check_batch(
    id: CredentialId,
    doc_type: &str,
    copies: &[&[u8]],
    keys: &[(KeyId, PublicKey)],
    trust: &TrustStore,
    now: Timestamp,
) -> Result<Received, ReceiveError> {
    if copies.is_empty() || copies.len() != keys.len() {
        return Err(ReceiveError::BatchSize);
    }
    let mut message = trust.message(now);
    let mut first: Option<IssuerVerified<'_>> = None;
    let mut seen = Seen::default();
    for (bytes, (_, public)) in copies.iter().zip(keys) {
        let copy = UnverifiedIssuerSigned::parse(bytes, Limits::ONLINE)?;
        let evidence = accepted(verify_issuer_signed(&copy, Some(doc_type), &mut message, Strictness::Receipt))?;
        if evidence.device_key() != public {
            return Err(ReceiveError::Mdoc(MdocError::DeviceKeyMismatch));
        }
        check_marks(&copy)?;
        seen.add(&copy, &evidence)?;
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
        id,
        credential_type: CredentialType::mdoc(doc_type),
        subject: None,
        issuer: issuer.name.clone(),
        signed: first.validity().signed,
        valid_from: first.validity().valid_from,
        valid_until: first.validity().valid_until,
        claims: first.items().iter().map(|item| ClaimPath::element(item.namespace(), item.identifier())).collect(),
        source: None,
        status: first.status().map(|status| StatusReference { uri: status.uri.clone(), index: status.index }),
        reuse: ReusePolicy::Once,
        copies: keys.iter().zip(copies).map(new_copy).collect(),
    };
    Ok(Received { credential, issuer })
}

/// Whether a value of a copy has another type than the profile says (neg-Q06). That refuses nothing: an issuer's slip is shown
/// and recorded, as the person needs the document. Only a copy that [`check_batch`] accepted may be asked about.
///
/// # Errors
/// [`ReceiveError::Mdoc`] for a copy that cannot be read.
pub fn has_other_types(copy: &[u8], kind: &Kind) -> Result<bool, ReceiveError> {
    let copy = UnverifiedIssuerSigned::parse(copy, Limits::ONLINE)?;
    for (namespace, items) in &copy.namespaces {
        for item in items {
            let value = Value::parse(item.value_bytes(), Limits::ONLINE).map_err(MdocError::from)?;
            if !kind.type_fits(namespace, item.identifier, &value) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A copy has elements, and nothing beside what the standard names that would go along with each presentation (neg-N05).
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
