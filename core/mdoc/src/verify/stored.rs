//! Verifies a copy from the wallet's own storage.
use rid_wire::{Code, Timestamp};

use super::{IssuerVerified, check, issuer::judge_stored};
use crate::issuer_signed::UnverifiedIssuerSigned;

/// Runs the checks of std-M45 that need no anchors: form, signature, docType and digests. The chain was decided on
/// when the wallet received it, and the verifier judges the time. Never use this for anything that was received.
///
/// # Errors
/// The code of the first failing check: the stored bytes are corrupt.
pub fn verify_stored<'a>(
    issuer_signed: &UnverifiedIssuerSigned<'a>,
    doc_type: &str,
    at: Timestamp,
) -> Result<IssuerVerified<'a>, Code> {
    let report = judge_stored(issuer_signed, doc_type, at);
    let failure = report.first_failure();
    report.evidence.ok_or(failure.unwrap_or(check::TRUST))
}
