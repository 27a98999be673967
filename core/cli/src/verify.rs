//! `rid verify`: the verdict on a capture.
use rid_crypto::AgreementKey;
use rid_mdoc::transcript::Transcript;
use rid_profile::Locale;
use rid_trust::TrustStore;
use rid_verifier::{
    ask::Asked,
    capture::{CaptureInput, judge_answer, judge_issuer_signed, judge_response},
    view::{Decision, Verdict},
};
use rid_wire::{Timestamp, cbor::Limits};

use crate::{
    args::{CaptureKind, VerifyArguments},
    asked,
    capture::Capture,
    failure::Failure,
    input, roots, saved,
    verdict::{self, Report, exit_code},
    verify_request, verify_sd_jwt,
};

/// The input of a verdict, read before anything is printed.
struct Judgement {
    transcript: Option<Transcript>,
    reader_key: Option<AgreementKey>,
    trust: TrustStore,
    status_list: Option<Vec<u8>>,
    at: Timestamp,
}

pub(crate) fn run(arguments: &VerifyArguments) -> Result<u8, Failure> {
    if arguments.file.is_dir() {
        let given = [
            arguments.transcript.is_some(),
            !arguments.trust.is_empty(),
            arguments.reader_key.is_some(),
            arguments.audience.is_some(),
            arguments.nonce.is_some(),
            arguments.status_list.is_some(),
        ];
        if arguments.kind.is_some()
            || arguments.trust_key.is_some()
            || arguments.asked.is_some()
            || given.contains(&true)
        {
            return Err(Failure::usage(
                "a folder of `rid read --save` brings its own question, transcript, trust and keys",
            ));
        }
        let at = arguments.at.as_deref().map(|text| input::time(Some(text))).transpose()?;
        let languages = verdict::languages(arguments.lang);
        let (judged, asked) = saved::judge(&arguments.file, at, &languages)?;
        verdict::print(&Report { asked: Some(&asked), ..Report::of(&judged, &languages) }, arguments.json)?;
        return Ok(exit_code(judged.decision));
    }
    let Some(kind) = arguments.kind else {
        return Err(Failure::usage(
            "a file needs --kind device-response, --kind issuer-signed, --kind device-request or --kind sd-jwt",
        ));
    };
    if kind == CaptureKind::SdJwt {
        return verify_sd_jwt::run(arguments);
    }
    if arguments.audience.is_some() || arguments.nonce.is_some() {
        return Err(Failure::usage(
            "--audience and --nonce belong to --kind sd-jwt: an mdoc is bound to its --transcript",
        ));
    }
    if kind == CaptureKind::DeviceRequest {
        return verify_request::run(arguments);
    }
    let asked = match (&arguments.asked, kind) {
        (Some(path), CaptureKind::DeviceResponse) => Some(asked::from_file(path)?),
        (Some(_), _) => {
            return Err(Failure::usage("--asked belongs to --kind device-response: an IssuerSigned answers nobody"));
        }
        (None, _) => None,
    };
    let capture = Capture::read(&arguments.file)?;
    let judgement = Judgement {
        transcript: arguments.transcript.as_deref().map(input::transcript).transpose()?,
        reader_key: arguments.reader_key.as_deref().map(input::private_jwk).transpose()?,
        trust: roots::of_issuers(&arguments.trust, arguments.trust_key.as_deref())?,
        status_list: arguments.status_list.as_deref().map(input::file).transpose()?,
        at: input::time(arguments.at.as_deref())?,
    };
    let languages = verdict::languages(arguments.lang);
    let judged = judge(kind, &capture.bytes, &judgement, asked.as_ref(), &languages)?;
    let malformed = judged.decision == Decision::Refused && judged.documents.is_empty();
    let hint = malformed.then(|| capture.hint(kind)).flatten();
    let report = Report { asked: asked.as_ref(), hint, ..Report::of(&judged, &languages) };
    verdict::print(&report, arguments.json)?;
    Ok(exit_code(judged.decision))
}

fn judge(
    kind: CaptureKind,
    bytes: &[u8],
    judgement: &Judgement,
    asked: Option<&Asked>,
    languages: &[Locale],
) -> Result<Verdict, Failure> {
    let profile = verdict::profile()?;
    let input = CaptureInput {
        status_list: judgement.status_list.as_deref(),
        profile: &profile,
        locales: languages,
        trust: &judgement.trust,
        transcript: judgement.transcript.as_ref(),
        reader_key: judgement.reader_key.as_ref(),
        at: judgement.at,
        limits: Limits::ONLINE,
    };
    Ok(match (kind, asked) {
        (CaptureKind::IssuerSigned, _) => judge_issuer_signed(bytes, &input),
        (_, Some(asked)) => judge_answer(bytes, &input, asked),
        (_, None) => judge_response(bytes, &input),
    })
}
