//! The rules of each credential format behind five verbs: receive, names, display, prepare, finish.
//!
//! Each verb is a closed match over [`Format`]: a new format is a new file beside `mdoc`, and the compiler lists what
//! it has to answer. Nothing else in this room knows how a credential is encoded.
pub(crate) mod mdoc;
pub(crate) mod sdjwt;

use alloc::{string::String, vec::Vec};
use core::fmt;

use rid_claims::{ClaimKey, ClaimPath, ClaimValue, CredentialId, CredentialType, Format};
use rid_crypto::{PublicKey, Secret, sha256};
use rid_flow::{Copy, Credential, ports::KeyId};
use rid_profile::Kind;
use rid_trust::{Party, TrustStore};
use rid_wire::{Code, Timestamp};

/// The format is not presented in this way.
const UNSUPPORTED: Code = Code::new("format_unsupported");

/// Why received credentials were refused; nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum ReceiveError {
    /// More or fewer credentials than keys.
    BatchSize,
    /// The copies have different claims, values or times.
    BatchMismatch,
    /// One digest occurs twice in the batch: readers could link two presentations by it (neg-N05).
    DigestRepeated,
    /// One status reference occurs twice in the batch (neg-N05).
    StatusRepeated,
    /// An item has a member beside the four of the standard, a mark that every presentation would carry (neg-N05).
    ItemMember,
    /// The unprotected header of issuerAuth has another label than x5chain, also such a mark (neg-N05).
    UnprotectedLabel,
    /// The header or `cnf` has a member beside those of the standard, also such a mark (neg-N05).
    UnknownMember,
    /// A claim about the person is not selectively disclosable: every presentation would carry it.
    AlwaysDisclosed,
    /// There is no claim about the person.
    Empty,
    /// The structure or a check of the format failed; the code is its reason.
    Check(Code),
    /// The issuer is not trusted; the code is the reason.
    Untrusted(Code),
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
            Self::UnknownMember => Code::new("credential_unknown_member"),
            Self::AlwaysDisclosed => Code::new("credential_always_disclosed"),
            Self::Empty => Code::new("credential_empty"),
            Self::Check(code) | Self::Untrusted(code) => code,
        }
    }
}

/// Copies of one credential as an issuer sent them, each bound to one of the keys in order.
pub struct Batch<'a> {
    /// The identifier that the credential gets.
    pub id: CredentialId,
    /// The type that was asked for.
    pub credential_type: CredentialType,
    /// The copies.
    pub copies: &'a [&'a [u8]],
    /// The keys.
    pub keys: &'a [(KeyId, PublicKey)],
}

/// A checked batch.
pub struct Received {
    /// The credential to store.
    pub credential: Credential,
    /// The issuer, recognised by the key of its signer.
    pub issuer: Party,
    /// True if a value has another type than in the profile (neg-Q06). This refuses nothing, because the person needs
    /// the document: it is displayed and recorded.
    pub has_other_types: bool,
}

/// One claim of a stored copy with its value.
pub struct HeldElement {
    /// The path.
    pub path: ClaimPath,
    /// The value.
    pub value: ClaimValue,
    /// True if the value has the type of the profile, or the profile does not know the claim.
    pub type_fits: bool,
}

/// Receives a batch: checks everything, and finds nothing by which readers could link two copies (neg-N05).
///
/// # Errors
/// [`ReceiveError`]; nothing may be stored.
pub fn receive(
    batch: &Batch<'_>,
    kind: Option<&Kind>,
    trust: &TrustStore,
    now: Timestamp,
) -> Result<Received, ReceiveError> {
    match batch.credential_type.format {
        Format::Mdoc => mdoc::receive(batch, kind, trust, now),
        Format::SdJwt => sdjwt::receive(batch, kind, trust, now),
    }
}

/// One claim held. It is disclosed as a whole or not at all.
#[derive(Clone, PartialEq)]
pub struct NamedClaim {
    /// The exact path.
    pub path: ClaimPath,
    /// The value.
    pub value: ClaimValue,
}

/// The value is not printed.
impl fmt::Debug for NamedClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedClaim")
    }
}

/// Names the claims of a stored copy. Any copy of a credential will do, because all of them have the same claims.
///
/// The values are read here, and not kept among the metadata: metadata has names and no values, and reading also finds
/// a copy that cannot be presented before the person is asked.
///
/// # Errors
/// The code of the failing check: the stored bytes are corrupt.
pub fn names(bytes: &[u8], credential_type: &CredentialType, now: Timestamp) -> Result<Vec<NamedClaim>, Code> {
    match credential_type.format {
        Format::Mdoc => mdoc::names(bytes, &credential_type.id, now),
        Format::SdJwt => sdjwt::names(bytes, &credential_type.id),
    }
}

/// What a query can restrict beside claims.
pub(crate) struct Traits {
    /// The authority key identifiers of the certificates in the chain of the issuer.
    pub(crate) authorities: Vec<Vec<u8>>,
    /// Types that the credential is of as well.
    pub(crate) other_types: Vec<String>,
}

/// Reads the traits of a stored copy whose claims were named.
///
/// # Errors
/// The code of the failing check: the stored bytes are corrupt.
pub(crate) fn traits(bytes: &[u8], credential_type: &CredentialType) -> Result<Traits, Code> {
    match credential_type.format {
        Format::Mdoc => mdoc::traits(bytes),
        Format::SdJwt => sdjwt::traits(bytes, &credential_type.id),
    }
}

/// The age that a claim is about, if it says whether the holder has reached an age.
pub(crate) fn age_of(path: &ClaimPath) -> Option<u8> {
    match path.steps.as_slice() {
        // SD-JWT VC of a person.
        [.., ClaimKey::Name { name: parent }, ClaimKey::Name { name }] if parent == "age_equal_or_over" => {
            name.parse().ok()
        }
        _ => mdoc::age_of(path),
    }
}

/// Whether a claim of a kind that the profile does not know is a portrait.
pub(crate) fn is_portrait(path: &ClaimPath) -> bool {
    mdoc::is_portrait(path)
}

/// Reads the values of a stored copy for its holder, through the checks of receipt. Time does not matter: an expired
/// credential can still be displayed.
///
/// # Errors
/// The reason of the first failing check: the stored bytes are corrupt, or their issuer is no longer trusted.
pub fn display(
    bytes: &[u8],
    credential_type: &CredentialType,
    kind: Option<&Kind>,
    trust: &TrustStore,
) -> Result<Vec<HeldElement>, Code> {
    match credential_type.format {
        Format::Mdoc => mdoc::display(bytes, &credential_type.id, kind, trust),
        Format::SdJwt => sdjwt::display(bytes, &credential_type.id, kind, trust),
    }
}

/// The claims of one credential in an answer.
pub(crate) struct Disclosure {
    /// Claims that are disclosed; at least one.
    pub(crate) disclosed: Vec<ClaimPath>,
    /// Claims of the request that no disclosed claim answers.
    pub(crate) not_returned: Vec<ClaimPath>,
}

/// The session that a presentation is bound to.
pub(crate) enum Binding<'a> {
    /// The transcript of a session of ISO/IEC 18013-5.
    Mdoc(mdoc::Binding<'a>),
}

/// A presentation that only lacks the proof of the device key.
pub(crate) enum Prepared {
    /// A document of ISO/IEC 18013-5.
    Mdoc(mdoc::Prepared),
    /// A presentation of SD-JWT VC.
    SdJwt(sdjwt::Prepared),
}

/// The proof of the device key, from the secure area.
pub(crate) enum Proof<'a> {
    /// The shared secret with the verifier's key.
    Agreement(&'a Secret<32>),
    /// A raw ES256 signature over [`Prepared::to_be_signed`].
    Signature(&'a [u8; 64]),
}

/// SHA-256 of a copy whose claims were named for a question, and so of bytes that passed every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked([u8; 32]);

impl Checked {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(sha256(&[bytes]))
    }
}

/// Prepares a presentation: selects from the copy. It is checked again, unless its bytes are those that were checked
/// for the question.
pub(crate) fn prepare(
    copy: &Copy,
    checked: Option<Checked>,
    credential_type: &CredentialType,
    disclosure: &Disclosure,
    binding: &Binding<'_>,
    now: Timestamp,
) -> Result<Prepared, Code> {
    let is_checked = checked.is_some_and(|checked| checked == Checked::of(&copy.bytes));
    match (credential_type.format, binding) {
        (Format::Mdoc, Binding::Mdoc(transcript)) => {
            let at = (!is_checked).then_some(now);
            mdoc::prepare(copy, &credential_type.id, disclosure, transcript, at).map(Prepared::Mdoc)
        }
        // An SD-JWT VC is never part of a DeviceResponse.
        (Format::SdJwt, Binding::Mdoc(_)) => Err(UNSUPPORTED),
    }
}

/// The transaction that an online presentation is bound to.
pub(crate) struct OnlineBinding<'a> {
    /// The client identifier, or `origin:` and the origin.
    pub(crate) audience: &'a str,
    /// The nonce of the request.
    pub(crate) nonce: &'a str,
    /// The thumbprint of the key that the answer is encrypted to.
    pub(crate) thumbprint: Option<&'a [u8; 32]>,
    /// The address of the answer; `None` over the Digital Credentials API.
    pub(crate) response_uri: Option<&'a str>,
    /// The origin; `None` by link.
    pub(crate) origin: Option<&'a str>,
}

/// As [`prepare`], for an answer to OpenID4VP.
pub(crate) fn prepare_online(
    copy: &Copy,
    checked: Option<Checked>,
    credential_type: &CredentialType,
    disclosure: &Disclosure,
    binding: &OnlineBinding<'_>,
    now: Timestamp,
) -> Result<Prepared, Code> {
    match credential_type.format {
        Format::Mdoc => {
            let transcript = mdoc::transcript(binding);
            prepare(copy, checked, credential_type, disclosure, &Binding::Mdoc(&transcript), now)
        }
        Format::SdJwt => {
            let check = checked != Some(Checked::of(&copy.bytes));
            sdjwt::prepare(copy, &credential_type.id, disclosure, binding, (now, check)).map(Prepared::SdJwt)
        }
    }
}

impl Prepared {
    /// The claims that it discloses, read from its own bytes.
    pub(crate) fn disclosed(&self) -> Result<Vec<ClaimPath>, Code> {
        match self {
            Self::Mdoc(prepared) => prepared.disclosed(),
            Self::SdJwt(prepared) => Ok(prepared.disclosed()),
        }
    }

    /// Finishes it for OpenID4VP: the text of one presentation.
    pub(crate) fn present(&self, proof: &Proof<'_>, binding: &OnlineBinding<'_>) -> Result<String, Code> {
        match self {
            Self::Mdoc(prepared) => prepared.present(proof, &mdoc::transcript(binding)),
            Self::SdJwt(prepared) => prepared.present(proof, binding),
        }
    }

    /// The device key that must prove possession.
    pub(crate) const fn key(&self) -> &KeyId {
        match self {
            Self::Mdoc(prepared) => prepared.key(),
            Self::SdJwt(prepared) => prepared.key(),
        }
    }

    /// The message for a signature of the device key.
    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        match self {
            Self::Mdoc(prepared) => prepared.to_be_signed(),
            Self::SdJwt(prepared) => prepared.to_be_signed(),
        }
    }

    /// Finishes the presentation with the proof; a proof by another key is refused.
    pub(crate) fn finish(&self, proof: &Proof<'_>, binding: &Binding<'_>) -> Result<Vec<u8>, Code> {
        match (self, binding) {
            (Self::Mdoc(prepared), Binding::Mdoc(transcript)) => prepared.finish(proof, transcript),
            (Self::SdJwt(_), Binding::Mdoc(_)) => Err(UNSUPPORTED),
        }
    }
}
