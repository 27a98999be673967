//! Reading a stored copy for its holder's own eyes.
use alloc::vec::Vec;

use rid_mdoc::{
    issuer_signed::UnverifiedIssuerSigned,
    mso::Mso,
    verify::{Strictness, verify_issuer_signed},
};
use rid_profile::{ClaimPath, ClaimValue};
use rid_trust::TrustStore;
use rid_wire::{Code, cbor::Limits};

/// Reads the values of a stored copy through the checks of receipt: values are shown only from evidence. Time does not matter
/// here (the checks run at the time of signing): what has expired may still be looked at.
///
/// # Errors
/// The reason of the first failing check: the stored bytes are damaged, or their issuer is no longer trusted.
pub fn read_copy(bytes: &[u8], doc_type: &str, trust: &TrustStore) -> Result<Vec<(ClaimPath, ClaimValue)>, Code> {
    let parsed = UnverifiedIssuerSigned::parse(bytes, Limits::ONLINE).map_err(|e| e.code())?;
    let payload = parsed.issuer_auth.attached().map_err(|e| e.code())?;
    let signed = Mso::parse(payload).map_err(|e| e.code())?.validity.signed;
    let report = verify_issuer_signed(&parsed, Some(doc_type), trust, signed, Strictness::Receipt);
    let failure = report.first_failure();
    let evidence = report.evidence.ok_or_else(|| failure.unwrap_or(Code::new("trust_missing")))?;
    let mut elements = Vec::with_capacity(evidence.items().len());
    for item in evidence.items() {
        let value = item.value().map_err(|e| e.code())?;
        elements.push((ClaimPath::element(item.namespace(), item.identifier()), ClaimValue::from_cbor(&value)));
    }
    Ok(elements)
}
