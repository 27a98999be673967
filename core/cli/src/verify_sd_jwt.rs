//! `rid verify --kind sd-jwt`: the verdict on a captured SD-JWT VC.
use rid_verifier::{
    capture_sd_jwt::{SdJwtInput, judge_sd_jwt},
    view::Decision,
};

use crate::{
    args::{CaptureKind, VerifyArguments},
    capture::Capture,
    failure::Failure,
    input, roots,
    verdict::{self, Report, exit_code},
};

pub(crate) fn run(arguments: &VerifyArguments) -> Result<u8, Failure> {
    if arguments.transcript.is_some() || arguments.reader_key.is_some() || arguments.asked.is_some() {
        return Err(Failure::usage(
            "--transcript, --reader-key and --asked are for mdoc; an SD-JWT is judged with --trust, --audience and --nonce",
        ));
    }
    let capture = Capture::read_text(&arguments.file)?;
    let trust = roots::of_issuers(&arguments.trust, arguments.trust_key.as_deref())?;
    let at = input::time(arguments.at.as_deref())?;
    let languages = verdict::languages(arguments.lang);
    let profile = verdict::profile()?;
    let status_list = arguments.status_list.as_deref().map(input::file).transpose()?;
    let input = SdJwtInput {
        profile: &profile,
        locales: &languages,
        trust: &trust,
        audience: arguments.audience.as_deref(),
        nonce: arguments.nonce.as_deref(),
        status_list: status_list.as_deref(),
        at,
    };
    // Bytes that are no UTF-8 are no base64url either, so the parser names the part that they are in.
    let judged = judge_sd_jwt(String::from_utf8_lossy(&capture.bytes).trim_ascii(), &input);
    let malformed = judged.decision == Decision::Refused && judged.documents.is_empty();
    let hint = malformed.then(|| capture.hint(CaptureKind::SdJwt)).flatten();
    verdict::print(&Report { hint, ..Report::of(&judged, &languages) }, arguments.json)?;
    Ok(exit_code(judged.decision))
}
