//! Judges the presentation of an mdoc in an online answer.
use rid_mdoc::{handover::OnlineHandover, transcript::Transcript};
use rid_wire::{Timestamp, base64, cbor::Limits};

use super::judge;
use crate::{
    capture::CaptureInput,
    judge::{check, refused_whole},
    online::{Bound, JudgeInput, MALFORMED, Way},
    view::Verdict,
};

/// A presentation is a DeviceResponse in base64url (OpenID4VP 1.0, B.2.4). Its device authentication is over the
/// transcript of the channel.
pub(crate) fn judge_online(text: &str, bound: &Bound<'_>, input: &JudgeInput<'_>, at: Timestamp) -> Verdict {
    let JudgeInput { profile, locales, trust, status_list } = *input;
    let transcript = transcript(bound);
    let (transcript, reader_key, limits) = (Some(&transcript), None, Limits::ONLINE);
    match base64::decode_url(text) {
        Ok(bytes) => judge(
            &bytes,
            &CaptureInput { profile, locales, trust, transcript, reader_key, status_list, at, limits },
            None,
        ),
        Err(_) => refused_whole(trust.environment(), check::FORM, MALFORMED, None),
    }
}

fn transcript(bound: &Bound<'_>) -> Transcript {
    let (nonce, thumbprint) = (bound.nonce, bound.thumbprint.as_ref());
    match bound.way {
        Way::Api { origin } => OnlineHandover::DcApi { origin, nonce, thumbprint }.transcript(),
        Way::Post { client_id, response_uri } => {
            OnlineHandover::OpenId4Vp { client_id, nonce, thumbprint, response_uri }.transcript()
        }
    }
}
