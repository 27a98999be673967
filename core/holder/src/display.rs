//! Reading a stored copy for its holder's own eyes.
use alloc::vec::Vec;

use rid_claims::{ClaimPath, ClaimValue};
use rid_mdoc::{
    issuer_signed::UnverifiedIssuerSigned,
    mso::Mso,
    verify::{Strictness, verify_issuer_signed},
};
use rid_profile::Kind;
use rid_trust::TrustStore;
use rid_wire::{Code, cbor::Limits};

/// One element of a stored copy.
pub struct HeldElement {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// The value.
    pub value: ClaimValue,
    /// The value has the type that the profile says, or the profile does not know the element.
    pub type_fits: bool,
}

/// Reads the values of a stored copy through the checks of receipt: values are shown only from evidence. Time does not matter
/// here (the checks run at the time of signing): what has expired may still be looked at.
///
/// # Errors
/// The reason of the first failing check: the stored bytes are damaged, or their issuer is no longer trusted.
pub fn read_copy(
    bytes: &[u8],
    doc_type: &str,
    kind: Option<&Kind>,
    trust: &TrustStore,
) -> Result<Vec<HeldElement>, Code> {
    let parsed = UnverifiedIssuerSigned::parse(bytes, Limits::ONLINE).map_err(|e| e.code())?;
    let payload = parsed.issuer_auth.attached().map_err(|e| e.code())?;
    let signed = Mso::parse(payload).map_err(|e| e.code())?.validity.signed;
    let report = verify_issuer_signed(&parsed, Some(doc_type), &mut trust.message(signed), Strictness::Receipt);
    let failure = report.first_failure();
    let evidence = report.evidence.ok_or_else(|| failure.unwrap_or(Code::new("trust_missing")))?;
    let mut elements = Vec::with_capacity(evidence.items().len());
    for item in evidence.items() {
        let value = item.value().map_err(|e| e.code())?;
        elements.push(HeldElement {
            path: ClaimPath::element(item.namespace(), item.identifier()),
            type_fits: kind.is_none_or(|kind| kind.type_fits(item.namespace(), item.identifier(), &value)),
            value: ClaimValue::from_cbor(&value),
        });
    }
    Ok(elements)
}
