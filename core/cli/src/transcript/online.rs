//! `rid transcript openid4vp`, `dc-api` and `annex-c`: transcripts of online presentation.
use clap::Args;
use rid_crypto::PublicKey;
use rid_mdoc::{handover::OnlineHandover, transcript::Transcript};
use rid_wire::base64;

use super::{Field, HandoverKind, TranscriptArguments, malformed};
use crate::failure::Failure;

/// What the request of an online presentation says, used as given.
#[derive(Args)]
pub(crate) struct OnlineArguments {
    /// OpenID4VP: the client identifier with its prefix
    #[arg(long, value_name = "TEXT")]
    pub(crate) client_id: Option<String>,
    /// OpenID4VP and Digital Credentials API: the nonce of the request
    #[arg(long, value_name = "TEXT")]
    pub(crate) nonce: Option<String>,
    /// OpenID4VP: the response_uri
    #[arg(long, value_name = "URL")]
    pub(crate) response_uri: Option<String>,
    /// Digital Credentials API and Annex C: the origin, without a trailing slash
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) origin: Option<String>,
    /// The verifier's encryption key (public JWK); without it the answer is not encrypted
    #[arg(long, value_name = "JWK")]
    pub(crate) encryption_key: Option<String>,
    /// Annex C: the encryptionInfo of the request, in base64url as received
    #[arg(long, value_name = "TEXT")]
    pub(crate) encryption_info: Option<String>,
}

impl OnlineArguments {
    fn all(&self) -> [&Option<String>; 6] {
        [&self.client_id, &self.nonce, &self.response_uri, &self.origin, &self.encryption_key, &self.encryption_info]
    }
}

pub(super) fn refuse_in_proximity(online: &OnlineArguments) -> Result<(), Failure> {
    match online.all().into_iter().any(Option::is_some) {
        true => Err(Failure::usage("qr and nfc take no values of an online request")),
        false => Ok(()),
    }
}

/// Builds the transcript and the byte strings that go into it.
pub(super) fn transcript(arguments: &TranscriptArguments) -> Result<(Vec<Field>, Transcript), Failure> {
    let online = &arguments.online;
    let in_proximity =
        [&arguments.engagement, &arguments.reader_key, &arguments.handover_select, &arguments.handover_request];
    if in_proximity.into_iter().any(Option::is_some) {
        return Err(Failure::usage("an online presentation has no engagement, reader key or NFC message"));
    }
    let given = online.all().into_iter().flatten().count() - usize::from(online.encryption_key.is_some());
    let thumbprint = online.encryption_key.as_deref().map(thumbprint).transpose()?;
    let thumbprint = thumbprint.as_ref();
    let text = |value: &'_ Option<String>| value.clone().unwrap_or_default();
    let (client_id, nonce, response_uri) = (text(&online.client_id), text(&online.nonce), text(&online.response_uri));
    let (origin, encryption_info) = (text(&online.origin), text(&online.encryption_info));
    let has = |needed: &[&Option<String>]| needed.len() == given && needed.iter().all(|value| value.is_some());
    let handover = match arguments.handover {
        HandoverKind::Openid4vp if has(&[&online.client_id, &online.nonce, &online.response_uri]) => {
            OnlineHandover::OpenId4Vp { client_id: &client_id, nonce: &nonce, thumbprint, response_uri: &response_uri }
        }
        HandoverKind::DcApi if has(&[&online.origin, &online.nonce]) => {
            OnlineHandover::DcApi { origin: &origin, nonce: &nonce, thumbprint }
        }
        HandoverKind::AnnexC if thumbprint.is_none() && has(&[&online.origin, &online.encryption_info]) => {
            OnlineHandover::AnnexC { encryption_info: &encryption_info, origin: &origin }
        }
        HandoverKind::Openid4vp => {
            return Err(Failure::usage("openid4vp needs --client-id, --nonce and --response-uri, and no more"));
        }
        HandoverKind::DcApi => return Err(Failure::usage("dc-api needs --origin and --nonce, and no more")),
        _ => return Err(Failure::usage("annex-c needs --origin and --encryption-info, and no more")),
    };
    let transcript = handover.transcript();
    let mut fields = Vec::new();
    if let Some(thumbprint) = thumbprint {
        fields.push(Field { name: "jwkThumbprint", what: "RFC 7638, SHA-256", bytes: thumbprint.to_vec() });
    }
    fields.push(Field { name: "HandoverInfo", what: "the array that is hashed", bytes: handover.info() });
    fields.push(Field { name: "Handover", what: handover.identifier(), bytes: handover.encode() });
    fields.push(Field {
        name: "SessionTranscript",
        what: "null, null and the handover",
        bytes: transcript.as_bytes().to_vec(),
    });
    fields.push(Field { name: "SessionTranscriptBytes", what: "tag 24 round it", bytes: transcript.tagged() });
    Ok((fields, transcript))
}

fn thumbprint(jwk: &str) -> Result<[u8; 32], Failure> {
    let key = PublicKey::from_jwk(jwk).map_err(|error| malformed(error.code(), "--encryption-key"))?;
    let thumbprint = key.thumbprint().and_then(|text| base64::decode_url(&text).ok()?.try_into().ok());
    thumbprint.ok_or_else(|| malformed(rid_crypto::CryptoError::AlgUnsupported.code(), "--encryption-key"))
}
