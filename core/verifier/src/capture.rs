//! Judges captures: a DeviceResponse or an IssuerSigned as bytes, with the transcript, key and trust that are known.
use rid_crypto::AgreementKey;
use rid_mdoc::transcript::Transcript;
use rid_profile::{Locale, Profile};
use rid_trust::TrustStore;
use rid_wire::{Timestamp, cbor::Limits};

use crate::{ask::Asked, judge, view::Verdict};

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
    /// A Status List Token, if one is at hand. It counts for credentials that refer to its address.
    pub status_list: Option<&'a [u8]>,
    /// The time of the judgement.
    pub at: Timestamp,
    /// Size limits.
    pub limits: Limits,
}

/// Judges a DeviceResponse. Malformed input gives a refused verdict with its code, never an error. Nobody says what was
/// asked for, so completeness is not judged.
#[must_use]
pub fn judge_response(bytes: &[u8], input: &CaptureInput<'_>) -> Verdict {
    judge::mdoc::judge(bytes, input, None)
}

/// Judges a DeviceResponse as the answer to a question: nothing else may be in it, and the verdict is undecided
/// (`not_returned`) while something that was asked for is missing.
#[must_use]
pub fn judge_answer(bytes: &[u8], input: &CaptureInput<'_>, asked: &Asked) -> Verdict {
    judge::mdoc::judge(bytes, input, Some(asked))
}

/// Judges an IssuerSigned; device checks are `not_done`.
#[must_use]
pub fn judge_issuer_signed(bytes: &[u8], input: &CaptureInput<'_>) -> Verdict {
    judge::mdoc::judge_issuer_signed(bytes, input)
}
