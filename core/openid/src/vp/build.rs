//! The verifier's part: makes requests (std-M20 to std-M23).
use alloc::{format, string::String, vec::Vec};

use rid_crypto::{
    CryptoRng, PublicKey,
    jwe::{self, ContentEncryption},
    sha256,
    x509::Certificate,
};
use rid_wire::{
    Timestamp, base64,
    jose::{Alg, signing_input},
    json::Value,
};

use super::{
    Method,
    request::{AUDIENCE, TYP},
};
use crate::{dcql::Query, url::write_form};

/// A request to be made. One transaction makes one for each channel; they are equal but for the channel.
#[derive(Clone)]
pub struct Draft<'a> {
    /// The way for the answer.
    pub channel: DraftChannel<'a>,
    /// The question.
    pub query: &'a Query,
    /// The nonce ([`make_nonce`]), fresh for each transaction.
    pub nonce: &'a str,
    /// The key for the answer, fresh for each transaction; `None` for an answer in the clear.
    pub encryption: Option<(&'a PublicKey, &'a str)>,
    /// Statements of others about the verifier, as they are written.
    pub verifier_info: &'a [Value],
    /// Transactions to confirm, each in base64url.
    pub transaction_data: &'a [String],
    /// The time of making, and the time after which a wallet refuses it.
    pub times: Option<(Timestamp, Timestamp)>,
}

/// The way for the answer.
#[derive(Clone, Copy)]
pub enum DraftChannel<'a> {
    /// By POST.
    Post {
        /// The address.
        response_uri: &'a str,
        /// The value that the answer repeats.
        state: &'a str,
        /// The nonce that the wallet sent when it fetched the request.
        wallet_nonce: Option<&'a str>,
    },
    /// Through the Digital Credentials API, signed for these origins; unsigned if there is none.
    Api {
        /// The origins, as browsers write them: without a trailing slash.
        origins: &'a [String],
    },
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

impl Draft<'_> {
    /// The members of the request. `client_id` is left out for an unsigned request of the Digital Credentials API.
    #[must_use]
    pub fn to_value(&self, client_id: Option<&str>) -> Value {
        let mode = match (&self.channel, self.encryption.is_some()) {
            (DraftChannel::Post { .. }, false) => "direct_post",
            (DraftChannel::Post { .. }, true) => "direct_post.jwt",
            (DraftChannel::Api { .. }, false) => "dc_api",
            (DraftChannel::Api { .. }, true) => "dc_api.jwt",
        };
        let mut members: Vec<(String, Value)> = Vec::new();
        let mut add = |name: &str, value: Value| members.push((name.into(), value));
        if let Some(client_id) = client_id {
            add("client_id", text(client_id));
        }
        add("response_type", text("vp_token"));
        add("response_mode", text(mode));
        add("nonce", text(self.nonce));
        add("dcql_query", self.query.to_value());
        add("client_metadata", self.metadata());
        match &self.channel {
            DraftChannel::Post { response_uri, state, wallet_nonce } => {
                add("aud", text(AUDIENCE));
                add("response_uri", text(response_uri));
                add("state", text(state));
                if let Some(nonce) = wallet_nonce {
                    add("wallet_nonce", text(nonce));
                }
            }
            DraftChannel::Api { origins: [] } => {}
            DraftChannel::Api { origins } => {
                add("aud", text(AUDIENCE));
                add("expected_origins", Value::Array(origins.iter().map(|origin| text(origin)).collect()));
            }
        }
        if !self.verifier_info.is_empty() {
            add("verifier_info", Value::Array(self.verifier_info.to_vec()));
        }
        if !self.transaction_data.is_empty() {
            add("transaction_data", Value::Array(self.transaction_data.iter().map(|data| text(data)).collect()));
        }
        if let Some((made, end)) = self.times {
            add("iat", Value::Integer(made.unix()));
            add("exp", Value::Integer(end.unix()));
        }
        Value::Object(members)
    }

    /// The text of a request object to sign. [`rid_wire::jose::compact`] adds the signature. The chain has the leaf
    /// first, and not the anchor.
    #[must_use]
    pub fn signing_input(&self, client_id: &str, alg: Alg, chain: &[Certificate]) -> String {
        let chain = chain.iter().map(|certificate| text(&base64::encode_standard(certificate.der())));
        let header = [
            ("alg".into(), text(alg.name())),
            ("typ".into(), text(TYP)),
            ("x5c".into(), Value::Array(chain.collect())),
        ];
        signing_input(&Value::Object(header.into()), &self.to_value(Some(client_id)))
    }

    fn metadata(&self) -> Value {
        let algorithms = |alg: &str| Value::Array([text(alg)].into());
        let sd_jwt =
            [("sd-jwt_alg_values".into(), algorithms("ES256")), ("kb-jwt_alg_values".into(), algorithms("ES256"))];
        let formats =
            [("dc+sd-jwt".into(), Value::Object(sd_jwt.into())), ("mso_mdoc".into(), Value::Object(Vec::new()))];
        let mut members = alloc::vec![("vp_formats_supported".into(), Value::Object(formats.into()))];
        if let Some(mut jwk) = self.encryption.and_then(|(key, kid)| Some((key.to_jose()?.to_value(), kid))) {
            if let (Value::Object(known), kid) = &mut jwk {
                let more = [("use", "enc"), ("alg", jwe::ALG), ("kid", *kid)];
                known.extend(more.map(|(name, value)| (name.into(), text(value))));
            }
            let keys = ("keys".into(), Value::Array([jwk.0].into()));
            members.push(("jwks".into(), Value::Object([keys].into())));
            let encs = [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm].map(|enc| text(enc.name()));
            members.push(("encrypted_response_enc_values_supported".into(), Value::Array(encs.into())));
        }
        Value::Object(members)
    }
}

/// The client identifier of a verifier by the hash of its certificate.
#[must_use]
pub fn x509_hash(leaf: &Certificate) -> String {
    format!("x509_hash:{}", base64::encode_url(&sha256(&[leaf.der()])))
}

/// A nonce or state of 128 random bits.
pub fn make_nonce(rng: &mut dyn CryptoRng) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    base64::encode_url(&bytes)
}

/// The link, which is also the content of a QR code, to a request object. `endpoint` is `openid4vp://` or an https page
/// that the wallet claims. The QR code and the link on the same device carry different addresses, so that the
/// transaction knows which was used.
#[must_use]
pub fn link(endpoint: &str, client_id: &str, request_uri: &str, method: Method) -> String {
    let mut parameters = alloc::vec![("client_id", client_id), ("request_uri", request_uri)];
    if method == Method::Post {
        parameters.push(("request_uri_method", "post"));
    }
    format!("{endpoint}?{}", write_form(&parameters))
}

rid_wire::closed_debug!(Draft<'_>);
