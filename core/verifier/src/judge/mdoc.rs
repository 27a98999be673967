//! Judges answers of ISO/IEC 18013-5: a DeviceResponse, or an IssuerSigned alone.
mod completeness;
mod disclosed;
mod online;
mod question;

use alloc::{string::String, vec, vec::Vec};

use rid_claims::{ClaimPath, CredentialType};
use rid_mdoc::{
    MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    response::{ElementError as ReceivedError, UnverifiedDocument, UnverifiedResponse},
    verify::{
        DeviceAuthInput, DeviceBound, DocumentReport, IssuerReport, IssuerVerified, Strictness, check as mdoc_check,
        verify_document, verify_issuer_signed,
    },
};
use rid_trust::{Check, Environment, MessageTrust};
use rid_wire::Code;

pub(crate) use self::online::judge_online;
pub use self::question::Question;
use self::{
    completeness::{Returned, compare},
    disclosed::disclosed,
};
use super::{Words, bare, check, conclude, decide_with, overall, refused_whole, status::judge_status, trusted_by};
use crate::{
    capture::CaptureInput,
    view::{DocumentError, DocumentVerdict, ElementError, Verdict},
};

/// Judges a DeviceResponse, as the answer to a question if there is one.
pub(crate) fn judge(bytes: &[u8], input: &CaptureInput<'_>, asked: Option<&Question>) -> Verdict {
    let environment = input.trust.environment();
    let response = match UnverifiedResponse::parse(bytes, input.limits) {
        Ok(response) => response,
        Err(error) => {
            let failed = match error {
                MdocError::ResponseEmpty => check::DOCUMENTS,
                MdocError::Version => check::VERSION,
                _ => check::FORM,
            };
            return refused(environment, failed, error);
        }
    };
    let words = Words { profile: input.profile, locales: input.locales, asked };
    let device = DeviceAuthInput { transcript: input.transcript, reader_key: input.reader_key };
    let received = response.documents.as_deref().unwrap_or_default();
    let mut trust = input.trust.message(input.at);
    let mut documents: Vec<DocumentVerdict> = received
        .iter()
        .map(|document| {
            let report = with_status(verify_document(document, &mut trust, &device), input, &mut trust);
            document_of_report(document, report, &words)
        })
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
    let document_errors: Vec<DocumentError> =
        document_errors.map(|(doc_type, code)| DocumentError { kind: doc_type.as_ref().into(), code: *code }).collect();
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
            document_errors.iter().map(|error| error.kind.clone()).collect()
        }
    };
    Verdict { document_errors, not_returned, ..overall(environment, checks, documents) }
}

/// Judges an IssuerSigned; device checks are `not_done`.
pub(crate) fn judge_issuer_signed(bytes: &[u8], input: &CaptureInput<'_>) -> Verdict {
    let environment = input.trust.environment();
    let parsed = match UnverifiedIssuerSigned::parse_for_verdict(bytes, input.limits) {
        Ok(parsed) => parsed,
        Err(error) => return refused(environment, check::FORM, error),
    };
    let mut trust = input.trust.message(input.at);
    let mut report = verify_issuer_signed(&parsed, None, &mut trust, Strictness::Verifier);
    if let Some(evidence) = &report.evidence {
        judge_status(&mut report.checks, reference(evidence), evidence.trust(), input.status_list, &mut trust);
    }
    let words = Words { profile: input.profile, locales: input.locales, asked: None };
    let document = document_of_issuer_report(report, &words);
    let checks = vec![Check::passed(check::FORM)];
    overall(environment, checks, vec![document])
}

fn refused(environment: Environment, failed: Code, error: MdocError) -> Verdict {
    refused_whole(environment, failed, error.code(), error.place("issuerAuth"))
}

/// Judges the status of a document that the issuer signed.
fn with_status<'a>(
    mut report: DocumentReport<'a>,
    input: &CaptureInput<'_>,
    trust: &mut MessageTrust<'_>,
) -> DocumentReport<'a> {
    if let Some(evidence) = report.evidence.as_ref().map(DeviceBound::issuer) {
        judge_status(&mut report.checks, reference(evidence), evidence.trust(), input.status_list, trust);
    }
    report
}

fn reference<'e>(evidence: &'e IssuerVerified<'_>) -> Option<(&'e str, u64)> {
    evidence.status().map(|reference| (reference.uri.as_str(), reference.index))
}

/// The verdict on a document with device authentication.
fn document_of_report(
    document: &UnverifiedDocument<'_>,
    report: DocumentReport<'_>,
    words: &Words<'_>,
) -> DocumentVerdict {
    let credential_type = CredentialType::mdoc(&document.doc_type);
    let mut verdict = bare(&credential_type, report.checks, paths(&report.failed_elements), words);
    let error = |(namespace, identifier, code): &ReceivedError<'_>| ElementError {
        path: ClaimPath::element(namespace, identifier),
        code: *code,
    };
    verdict.errors = document.errors.iter().map(error).collect();
    let (decision, code) = decide_with(&verdict.checks, report.evidence.is_some());
    let disclosed = report.evidence.as_ref().map(|evidence| {
        with_issuer(&mut verdict, evidence.issuer());
        disclosed(evidence.issuer(), evidence.device_items(), words)
    });
    conclude(verdict, &credential_type, decision, code, disclosed, words)
}

/// The verdict on an IssuerSigned alone: device checks are not done and do not hinder.
fn document_of_issuer_report(report: IssuerReport<'_>, words: &Words<'_>) -> DocumentVerdict {
    let credential_type = CredentialType::mdoc(report.doc_type.as_deref().unwrap_or_default());
    let mut checks = report.checks;
    let (decision, code) = decide_with(&checks, report.evidence.is_some());
    checks.push(Check::not_done(mdoc_check::KEY_AUTHORIZATIONS, None));
    checks.push(Check::not_done(mdoc_check::DEVICE_AUTHENTICATION, None));
    let mut verdict = bare(&credential_type, checks, paths(&report.failed_elements), words);
    let disclosed = report.evidence.as_ref().map(|evidence| {
        with_issuer(&mut verdict, evidence);
        disclosed(evidence, &[], words)
    });
    conclude(verdict, &credential_type, decision, code, disclosed, words)
}

fn paths(elements: &[(String, String)]) -> Vec<ClaimPath> {
    elements.iter().map(|(namespace, identifier)| ClaimPath::element(namespace, identifier)).collect()
}

fn with_issuer(verdict: &mut DocumentVerdict, evidence: &IssuerVerified<'_>) {
    verdict.trusted_by = Some(trusted_by(evidence.trust()));
    verdict.issuer = evidence.trust().name().map(String::from);
}
