//! Judging captures: a DeviceResponse or an IssuerSigned as bytes, with whatever transcript, key and trust there is.
use rid_crypto::AgreementKey;
use rid_mdoc::transcript::Transcript;
use rid_profile::{Locale, Profile};
use rid_trust::TrustStore;
use rid_wire::{Timestamp, cbor::Limits};

use crate::view::Verdict;

/// What a capture is judged with.
pub struct CaptureInput<'a> {
    /// Labels.
    pub profile: &'a Profile,
    /// Languages, first wanted first.
    pub locales: &'a [Locale],
    /// Trust; an empty store leaves the document undecided (`trust_missing`).
    pub trust: &'a TrustStore,
    /// The transcript, if known.
    pub transcript: Option<&'a Transcript>,
    /// The reader's private key for a deviceMac, if known.
    pub reader_key: Option<&'a AgreementKey>,
    /// The time of the judgement.
    pub at: Timestamp,
    /// Size limits.
    pub limits: Limits,
}

/// Judges a DeviceResponse. Malformed input gives a refused verdict with its code, never an error.
#[must_use]
pub fn judge_response(bytes: &[u8], input: &CaptureInput<'_>) -> Verdict {
    todo!()
}

/// Judges an IssuerSigned; device checks are `not_done`.
#[must_use]
pub fn judge_issuer_signed(bytes: &[u8], input: &CaptureInput<'_>) -> Verdict {
    todo!()
}
