//! Judging captures: a DeviceResponse or an IssuerSigned as bytes, with whatever transcript, key and trust there is.
use alloc::vec;

use rid_crypto::AgreementKey;
use rid_mdoc::{
    MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    request::ItemsRequest,
    response::UnverifiedResponse,
    transcript::Transcript,
    verify::{DeviceAuthInput, Strictness, verify_document, verify_issuer_signed},
};
use rid_profile::{Locale, Profile};
use rid_trust::{Check, TrustStore};
use rid_wire::{Timestamp, cbor::Limits};

use crate::{
    asked::compare_with_asked,
    judge::{Words, check, document_of_issuer_report, document_of_report, overall, refused_whole},
    view::Verdict,
};

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
    let environment = input.trust.environment();
    let response = match UnverifiedResponse::parse(bytes, input.limits) {
        Ok(response) => response,
        Err(MdocError::ResponseEmpty) => {
            return refused_whole(environment, check::DOCUMENTS, MdocError::ResponseEmpty.code());
        }
        Err(MdocError::Version) => return refused_whole(environment, check::VERSION, MdocError::Version.code()),
        Err(error) => return refused_whole(environment, check::FORM, error.code()),
    };
    let words = Words { profile: input.profile, locales: input.locales };
    let device = DeviceAuthInput { transcript: input.transcript, reader_key: input.reader_key };
    let documents = response
        .documents
        .iter()
        .flatten()
        .map(|document| {
            let report = verify_document(document, input.trust, &device, input.at);
            document_of_report(&document.doc_type, report, &words)
        })
        .collect();
    let checks = vec![
        Check::passed(check::FORM),
        Check::passed(check::VERSION),
        match response.status {
            0 => Check::passed(check::STATUS),
            _ => Check::failed(check::STATUS, MdocError::ResponseStatus.code()),
        },
        match response.documents {
            Some(_) => Check::passed(check::DOCUMENTS),
            None => Check::not_done(check::DOCUMENTS, Some(MdocError::NotReturned.code())),
        },
        Check::not_done(check::ASKED_EQUALS_ANSWERED, None),
    ];
    let not_returned = response.document_errors.iter().map(|(doc_type, _)| doc_type.as_ref().into()).collect();
    overall(environment, checks, documents, not_returned)
}

/// Judges a DeviceResponse and compares it with what was asked: nothing else may be in it, and what is missing is named.
#[must_use]
pub fn judge_answer(bytes: &[u8], input: &CaptureInput<'_>, asked: &[ItemsRequest]) -> Verdict {
    compare_with_asked(judge_response(bytes, input), asked)
}

/// Judges an IssuerSigned; device checks are `not_done`.
#[must_use]
pub fn judge_issuer_signed(bytes: &[u8], input: &CaptureInput<'_>) -> Verdict {
    let environment = input.trust.environment();
    let parsed = match UnverifiedIssuerSigned::parse_for_verdict(bytes, input.limits) {
        Ok(parsed) => parsed,
        Err(error) => return refused_whole(environment, check::FORM, error.code()),
    };
    let report = verify_issuer_signed(&parsed, None, input.trust, input.at, Strictness::Verifier);
    let words = Words { profile: input.profile, locales: input.locales };
    let document = document_of_issuer_report(report, &words);
    let checks = vec![Check::passed(check::FORM)];
    overall(environment, checks, vec![document], vec![])
}
