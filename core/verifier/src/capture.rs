//! Judges captures: a DeviceResponse or an IssuerSigned as bytes, with the transcript, key and trust that are known.
use alloc::{vec, vec::Vec};

use rid_crypto::AgreementKey;
use rid_mdoc::{
    MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    response::UnverifiedResponse,
    transcript::Transcript,
    verify::{DeviceAuthInput, Strictness, verify_document, verify_issuer_signed},
};
use rid_profile::{Locale, Profile};
use rid_trust::{Check, TrustStore};
use rid_wire::{Timestamp, cbor::Limits};

use crate::{
    ask::Asked,
    asked::{Returned, compare},
    disclosed::Words,
    judge::{check, document_of_issuer_report, document_of_report, overall, refused_whole},
    view::{DocumentError, DocumentVerdict, Verdict},
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

/// Judges a DeviceResponse. Malformed input gives a refused verdict with its code, never an error. Nobody says what was
/// asked for, so completeness is not judged.
#[must_use]
pub fn judge_response(bytes: &[u8], input: &CaptureInput<'_>) -> Verdict {
    judge(bytes, input, None)
}

/// Judges a DeviceResponse as the answer to a question: nothing else may be in it, and the verdict is undecided
/// (`not_returned`) while something that was asked for is missing.
#[must_use]
pub fn judge_answer(bytes: &[u8], input: &CaptureInput<'_>, asked: &Asked) -> Verdict {
    judge(bytes, input, Some(asked))
}

fn judge(bytes: &[u8], input: &CaptureInput<'_>, asked: Option<&Asked>) -> Verdict {
    let environment = input.trust.environment();
    let response = match UnverifiedResponse::parse(bytes, input.limits) {
        Ok(response) => response,
        Err(error) => {
            let failed = match error {
                MdocError::ResponseEmpty => check::DOCUMENTS,
                MdocError::Version => check::VERSION,
                _ => check::FORM,
            };
            return refused_whole(environment, failed, error.code(), error.place("issuerAuth"));
        }
    };
    let words = Words { profile: input.profile, locales: input.locales, asked };
    let device = DeviceAuthInput { transcript: input.transcript, reader_key: input.reader_key };
    let received = response.documents.as_deref().unwrap_or_default();
    let mut trust = input.trust.message(input.at);
    let mut documents: Vec<DocumentVerdict> = received
        .iter()
        .map(|document| document_of_report(document, verify_document(document, &mut trust, &device), &words))
        .collect();
    let mut checks = vec![
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
    ];
    let document_errors = response.document_errors.iter();
    let document_errors: Vec<DocumentError> = document_errors
        .map(|(doc_type, code)| DocumentError { doc_type: doc_type.as_ref().into(), code: *code })
        .collect();
    let not_returned = match asked {
        Some(asked) => {
            let returned: Vec<Returned<'_>> = received.iter().map(Returned::new).collect();
            let comparison = compare(&returned, asked);
            checks.extend(comparison.checks);
            for (document, missing) in documents.iter_mut().zip(comparison.elements) {
                document.not_returned = missing;
            }
            comparison.documents
        }
        None => {
            let not_done = [check::ASKED_EQUALS_ANSWERED, check::ALL_DOCUMENTS, check::ALL_ELEMENTS];
            checks.extend(not_done.map(|code| Check::not_done(code, None)));
            document_errors.iter().map(|error| error.doc_type.clone()).collect()
        }
    };
    Verdict { document_errors, not_returned, ..overall(environment, checks, documents) }
}

/// Judges an IssuerSigned; device checks are `not_done`.
#[must_use]
pub fn judge_issuer_signed(bytes: &[u8], input: &CaptureInput<'_>) -> Verdict {
    let environment = input.trust.environment();
    let parsed = match UnverifiedIssuerSigned::parse_for_verdict(bytes, input.limits) {
        Ok(parsed) => parsed,
        Err(error) => {
            return refused_whole(environment, check::FORM, error.code(), error.place("issuerAuth"));
        }
    };
    let report = verify_issuer_signed(&parsed, None, &mut input.trust.message(input.at), Strictness::Verifier);
    let words = Words { profile: input.profile, locales: input.locales, asked: None };
    let document = document_of_issuer_report(report, &words);
    let checks = vec![Check::passed(check::FORM)];
    overall(environment, checks, vec![document])
}
