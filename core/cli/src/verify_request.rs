//! `rid verify --kind device-request`: the verdict on the captured request of a reader.
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_verifier::{
    capture_request::{RequestInput, judge_request},
    view::Decision,
};
use rid_wire::cbor::Limits;

use crate::{
    args::{CaptureKind, VerifyArguments},
    capture::Capture,
    failure::Failure,
    home, input, roots,
    verdict::{self, exit_code},
};

pub(crate) fn run(arguments: &VerifyArguments) -> Result<u8, Failure> {
    if arguments.trust_key.is_some() || arguments.reader_key.is_some() || arguments.asked.is_some() {
        return Err(Failure::usage(
            "--trust-key, --reader-key and --asked are for responses; a request is judged with --transcript and --trust (reader roots)",
        ));
    }
    let capture = Capture::read(&arguments.file)?;
    let transcript = arguments.transcript.as_deref().map(input::transcript).transpose()?;
    let trust = reader_roots(arguments)?;
    let at = input::time(arguments.at.as_deref())?;
    let request = RequestInput { trust: &trust, transcript: transcript.as_ref(), at, limits: Limits::ONLINE };
    let judged = judge_request(&capture.bytes, &request);
    let malformed = judged.decision == Decision::Refused && judged.documents.is_empty();
    let hint = malformed.then(|| capture.hint(CaptureKind::DeviceRequest)).flatten();
    verdict::print_request(&judged, hint, arguments.json, &verdict::languages(arguments.lang))?;
    Ok(exit_code(judged.decision))
}

/// Each given certificate is an anchor for readers under the rules of the profile. The types of `FILE=TYPE,...` are for
/// issuers only.
fn reader_roots(arguments: &VerifyArguments) -> Result<TrustStore, Failure> {
    let mut anchors = Vec::new();
    for path in &arguments.trust {
        if path.to_str().is_some_and(|text| text.contains('=')) && !home::is_there(path)? {
            return Err(Failure::usage(format!(
                "--trust {}: a reader root has no types; give the file alone",
                path.display()
            )));
        }
        anchors.extend(input::certificates(path)?.into_iter().map(|certificate| Anchor {
            certificate,
            role: Role::Reader,
            environment: Environment::Production,
            credential_types: None,
        }));
    }
    roots::store(anchors, Environment::Production)
}
