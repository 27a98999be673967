//! What is held, as far as a question needs it: names of elements, and for ages the attested answer.
use alloc::{string::String, vec::Vec};
use core::fmt;

use rid_claims::PrivateText;
use rid_crypto::x509::Certificate;
use rid_flow::CredentialId;
use rid_mdoc::{
    age,
    issuer_signed::UnverifiedIssuerSigned,
    verify::{IssuerVerified, Strictness, verify_issuer_signed},
};
use rid_trust::{Environment, TrustStore};
use rid_wire::{
    Code, Timestamp,
    cbor::{Limits, Value},
};

/// Where a credential stands in its technical validity, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validity {
    /// Valid now.
    Valid,
    /// Its validity has not begun.
    NotYetValid,
    /// Its validity is over.
    Expired,
}

/// One credential of a document type asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which credential.
    pub credential: CredentialId,
    /// Issuer's name.
    pub issuer: String,
    /// Whose data it is, if not the holder's.
    pub subject: Option<PrivateText>,
    /// Whether it is valid now.
    pub validity: Validity,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// Copies left.
    pub copies_left: u32,
    /// Its elements, or why no copy of it can be presented (`credential_unavailable`, `storage_corrupt`).
    pub elements: Result<Vec<NamedElement>, Code>,
}

/// One element held.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedElement {
    /// Namespace.
    pub namespace: String,
    /// Element identifier.
    pub identifier: String,
    /// The attested answer, for an `age_over_NN` that is a boolean.
    pub age: Option<bool>,
}

/// The answer is a claim: it is not printed.
impl fmt::Debug for NamedElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedElement")
    }
}

/// Reads the elements of a stored copy. Any copy of a credential will do: on receipt all of them had the same elements with
/// the same values. Values other than ages stay unread.
///
/// The ages are read here, and not kept among the metadata: metadata has names and no values, and the reading also finds a
/// copy that cannot be presented before anybody is asked.
///
/// # Errors
/// The code of the failing check: the stored bytes are damaged.
pub fn read_elements(bytes: &[u8], doc_type: &str, now: Timestamp) -> Result<Vec<NamedElement>, Code> {
    let issuer_signed = UnverifiedIssuerSigned::parse(bytes, Limits::ONLINE).map_err(|error| error.code())?;
    let evidence = check(&issuer_signed, doc_type, now)?;
    let elements = evidence.items().iter().map(|item| NamedElement {
        namespace: String::from(item.namespace()),
        identifier: String::from(item.identifier()),
        age: match age::age_over(item.identifier()).map(|_| item.value()) {
            Some(Ok(Value::Bool(value))) => Some(value),
            _ => None,
        },
    });
    Ok(elements.collect())
}

/// The checks of std-M45 that need no anchors: signature, digests, docType, form. The chain was checked on receipt, and time
/// is the reader's to judge.
pub(crate) fn check<'a>(
    issuer_signed: &UnverifiedIssuerSigned<'a>,
    doc_type: &str,
    now: Timestamp,
) -> Result<IssuerVerified<'a>, Code> {
    const CORRUPT: Code = Code::new("storage_corrupt");
    let chain = issuer_signed.issuer_auth.chain().map_err(|error| error.code())?;
    let leaf = Certificate::parse(chain.first().ok_or(CORRUPT)?).map_err(|error| error.code())?;
    let own = TrustStore::new(Environment::Production, Vec::new()).map_err(|error| error.code())?;
    let own = own.pin_key(leaf.public_key().clone());
    let report = verify_issuer_signed(issuer_signed, Some(doc_type), &mut own.message(now), Strictness::Verifier);
    let failure = report.first_failure();
    report.evidence.ok_or(failure.unwrap_or(CORRUPT))
}
