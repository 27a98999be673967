//! Authorization requests: authenticated first, then read (std-M20 to std-M23, std-M27).
use alloc::{boxed::Box, string::String, vec::Vec};

use rid_trust::MessageTrust;
use rid_wire::{
    Timestamp,
    jose::{Jws, JwsError},
    json::Value,
};

use super::{
    Certified, Channel, Encryption, Reply, Requester, TransactionData, VerifierInfo, VpError, client::compact_forms,
    metadata::check_formats,
};
use crate::{
    dcql::Query,
    url::{HttpsUrl, is_url_safe},
};

/// The type of a request object.
pub(super) const TYP: &str = "oauth-authz-req+jwt";
/// The audience of a request object: any wallet.
pub(super) const AUDIENCE: &str = "https://self-issued.me/v2";
/// Longest request in bytes.
const MAX_BYTES: usize = 1 << 20;
/// Longest nonce or state.
const MAX_VALUE: usize = 512;
/// A nonce of 128 bits has 22 digits of base64url.
const LONG_NONCE: usize = 22;

/// What a wallet takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy<'a> {
    /// Whether answers must be encrypted, as HAIP wants.
    pub encrypted_only: bool,
    /// Whether requests of the Digital Credentials API must be signed.
    pub signed_only: bool,
    /// The types of transaction data that the wallet can show and confirm.
    pub transaction_types: &'a [&'a str],
}

/// A request of an authenticated verifier, ready for matching and consent.
#[derive(Clone)]
pub struct Request {
    /// Who asks.
    pub requester: Requester,
    /// The question.
    pub query: Query,
    /// The nonce, which each presentation signs.
    pub nonce: String,
    /// Whether the nonce is too short to hold 128 bits: a warning.
    pub short_nonce: bool,
    /// How the answer goes back.
    pub channel: Channel,
    /// The encryption of the answer; `None` if it goes in the clear.
    pub encryption: Option<Encryption>,
    /// Transactions to confirm.
    pub transaction_data: Vec<TransactionData>,
    /// Statements of others about the verifier, not verified.
    pub verifier_info: Vec<VerifierInfo>,
}

/// A refused request.
#[derive(Debug)]
pub struct Refusal {
    /// The reason.
    pub error: VpError,
    /// The way to tell the verifier, after the person's tap. `None` if the verifier is not authenticated or its request
    /// gives no address that is its own: then nothing is sent.
    pub reply: Option<Reply>,
    /// Who asks, if it is authenticated.
    pub requester: Option<Box<Requester>>,
}

impl From<VpError> for Refusal {
    fn from(error: VpError) -> Self {
        Self { error, reply: None, requester: None }
    }
}

impl Request {
    /// The audience of a presentation: the client identifier, or over the Digital Credentials API the origin.
    #[must_use]
    pub fn audience(&self) -> String {
        match (&self.channel, self.requester.client_id()) {
            (Channel::Post { .. }, Some(client_id)) => client_id.into(),
            (Channel::Api { origin }, _) => alloc::format!("origin:{origin}"),
            (Channel::Post { .. }, None) => String::new(),
        }
    }

    /// The way to answer.
    #[must_use]
    pub fn reply(&self) -> Reply {
        Reply { channel: self.channel.clone() }
    }
}

/// Verifies the request object of a link. `client_id` is that of the link; `wallet_nonce` is given if one was sent.
///
/// # Errors
/// [`Refusal`].
pub fn verify_request_object(
    text: &str,
    client_id: &str,
    wallet_nonce: Option<&str>,
    policy: &Policy<'_>,
    trust: &mut MessageTrust<'_>,
) -> Result<Request, Refusal> {
    let (certified, claims) = authenticate(text, Some(client_id), trust)?;
    if audience(&claims) != Some(true) {
        return Err(VpError::Audience.into());
    }
    if wallet_nonce.is_some_and(|own| claims.member("wallet_nonce").and_then(Value::as_str) != Some(own)) {
        return Err(VpError::WalletNonce.into());
    }
    let uri = response_uri(&claims)?;
    certified.check_address(&uri)?;
    let info = claims.member("verifier_info").cloned();
    post(Requester::Certified(Box::new(certified)), uri, &claims, info.as_ref(), policy)
}

/// Reads the unsigned parameters of a link whose client identifier is `redirect_uri:` and its own address.
///
/// # Errors
/// [`Refusal`].
#[cfg(feature = "test")]
pub fn read_parameters(
    parameters: &[(String, String)],
    client_id: &str,
    policy: &Policy<'_>,
) -> Result<Request, Refusal> {
    const JSON: [&str; 4] = ["client_metadata", "dcql_query", "transaction_data", "verifier_info"];
    let member = |(name, text): &(String, String)| {
        let is_json = JSON.contains(&name.as_str());
        let value = if is_json { Value::parse(text, MAX_BYTES)? } else { Value::String(text.clone()) };
        Ok((name.clone(), value))
    };
    let members: Result<Vec<_>, VpError> = parameters.iter().map(member).collect();
    let claims = Value::Object(members?);
    let uri = response_uri(&claims)?;
    if client_id.strip_prefix("redirect_uri:") != Some(uri.as_str()) {
        return Err(VpError::ClientIdPrefix.into());
    }
    post(Requester::Address(client_id.into()), uri, &claims, claims.member("verifier_info"), policy)
}

/// Reads a request of the Digital Credentials API: the protocol, its data, and the origin as the platform gives it.
///
/// # Errors
/// [`Refusal`].
pub fn read_api_request(
    protocol: &str,
    data: &Value,
    origin: &str,
    policy: &Policy<'_>,
    trust: &mut MessageTrust<'_>,
) -> Result<Request, Refusal> {
    if origin.is_empty() {
        return Err(VpError::Origin.into());
    }
    let request = data.member("request");
    let (requester, claims, info) = match protocol {
        "openid4vp-v1-unsigned" if policy.signed_only => return Err(VpError::Unsigned.into()),
        "openid4vp-v1-unsigned" if matches!(data, Value::Object(_)) => {
            (Requester::Origin(origin.into()), data.clone(), data.member("verifier_info").cloned())
        }
        "openid4vp-v1-signed" => {
            let text = request.and_then(Value::as_str).ok_or(VpError::Form("request"))?;
            let (certified, claims) = authenticate(text, None, trust)?;
            let info = claims.member("verifier_info").cloned();
            (Requester::Certified(Box::new(certified)), claims, info)
        }
        "openid4vp-v1-multisigned" => multi_signed(request.ok_or(VpError::Form("request"))?, trust)?,
        _ => return Err(VpError::Form("protocol").into()),
    };
    if matches!(requester, Requester::Certified(_)) {
        check_origin(&claims, origin)?;
        if audience(&claims) == Some(false) {
            return Err(VpError::Audience.into());
        }
    }
    let channel = Channel::Api { origin: origin.into() };
    finish(requester, channel, &claims, info.as_ref(), policy)
}

/// The first signature of a known verifier, or else the first that holds. Each has its client identifier and its
/// statements in its own header.
fn multi_signed(request: &Value, trust: &mut MessageTrust<'_>) -> Result<(Requester, Value, Option<Value>), VpError> {
    let mut best: Option<(Certified, Value, Option<Value>)> = None;
    let mut refusal = None;
    for text in compact_forms(request)? {
        match authenticate_header(&text, trust) {
            Ok(found) => {
                let is_known = found.0.trust.is_ok();
                if best.is_none() || is_known {
                    best = Some(found);
                }
                if is_known {
                    break;
                }
            }
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    match best {
        Some((certified, claims, info)) => Ok((Requester::Certified(Box::new(certified)), claims, info)),
        None => Err(refusal.unwrap_or(VpError::Form("request.signatures"))),
    }
}

fn authenticate_header(text: &str, trust: &mut MessageTrust<'_>) -> Result<(Certified, Value, Option<Value>), VpError> {
    let (jws, claims) = read_jws(text)?;
    let client_id = jws.header.members.member("client_id").and_then(Value::as_str).ok_or(VpError::ClientId)?;
    // In the payload they would count for every signature, also for one whose owner did not write them.
    if claims.member("client_id").is_some() || claims.member("verifier_info").is_some() {
        return Err(VpError::Form("request.payload"));
    }
    let certified = Certified::verify(&jws, client_id, trust)?;
    check_times(&claims, trust)?;
    Ok((certified, claims, jws.header.members.member("verifier_info").cloned()))
}

/// Verifies signature, certificate, client identifier and times. `outer` is the client identifier of the link.
fn authenticate(text: &str, outer: Option<&str>, trust: &mut MessageTrust<'_>) -> Result<(Certified, Value), VpError> {
    let (jws, claims) = read_jws(text)?;
    let client_id = claims.member("client_id").and_then(Value::as_str).ok_or(VpError::ClientId)?;
    if outer.is_some_and(|outer| outer != client_id) {
        return Err(VpError::ClientId);
    }
    let certified = Certified::verify(&jws, client_id, trust)?;
    check_times(&claims, trust)?;
    Ok((certified, claims))
}

fn read_jws(text: &str) -> Result<(Jws<'_>, Value), VpError> {
    let jws = Jws::parse(text.trim_ascii(), MAX_BYTES)?;
    jws.header.require_typ(TYP)?;
    let claims = jws.claims().map_err(|error| match error {
        JwsError::Json(error) => VpError::Json(error),
        error => error.into(),
    })?;
    Ok((jws, claims))
}

/// Whether `aud` is that of wallets; `None` if it is absent.
fn audience(claims: &Value) -> Option<bool> {
    Some(match claims.member("aud")? {
        Value::String(audience) => audience == AUDIENCE,
        Value::Array(all) => all.iter().any(|audience| audience.as_str() == Some(AUDIENCE)),
        _ => false,
    })
}

fn check_times(claims: &Value, trust: &MessageTrust<'_>) -> Result<(), VpError> {
    let time = |name: &'static str| match claims.member(name) {
        None => Ok(None),
        Some(Value::Integer(seconds)) => Ok(Some(Timestamp::from_unix(*seconds))),
        Some(_) => Err(VpError::Time(name)),
    };
    let tolerance = trust.store().clock_tolerance();
    if time("exp")?.is_some_and(|end| trust.at() >= end) {
        return Err(VpError::Time("exp"));
    }
    for name in ["iat", "nbf"] {
        if time(name)?.is_some_and(|begin| tolerance.is_ahead(begin, trust.at())) {
            return Err(VpError::Time(name));
        }
    }
    Ok(())
}

/// Compares as strings: no normalisation, no trailing slash.
fn check_origin(claims: &Value, origin: &str) -> Result<(), VpError> {
    match claims.member("expected_origins") {
        Some(Value::Array(expected)) if expected.iter().any(|one| one.as_str() == Some(origin)) => Ok(()),
        _ => Err(VpError::Origin),
    }
}

/// The address of the answer. With it a `redirect_uri` must be absent.
fn response_uri(claims: &Value) -> Result<HttpsUrl, VpError> {
    let mode = claims.member("response_mode").and_then(Value::as_str);
    if !matches!(mode, Some("direct_post" | "direct_post.jwt")) {
        return Err(VpError::ResponseMode);
    }
    claims.member("response_uri").and_then(Value::as_str).and_then(HttpsUrl::parse).ok_or(VpError::ResponseUri)
}

fn post(
    requester: Requester,
    response_uri: HttpsUrl,
    claims: &Value,
    info: Option<&Value>,
    policy: &Policy<'_>,
) -> Result<Request, Refusal> {
    let state = match claims.member("state") {
        None => None,
        Some(Value::String(state)) if is_value(state) => Some(state.clone()),
        Some(_) => return Err(VpError::State.into()),
    };
    let channel = Channel::Post { response_uri, state };
    if claims.member("redirect_uri").is_some() {
        let reply = Some(Reply { channel });
        return Err(Refusal { error: VpError::Form("redirect_uri"), reply, requester: Some(Box::new(requester)) });
    }
    finish(requester, channel, claims, info, policy)
}

fn is_value(text: &str) -> bool {
    (1..=MAX_VALUE).contains(&text.len()) && text.bytes().all(is_url_safe)
}

/// The part after authentication: whatever is wrong from here on, the verifier is told.
fn finish(
    requester: Requester,
    channel: Channel,
    claims: &Value,
    info: Option<&Value>,
    policy: &Policy<'_>,
) -> Result<Request, Refusal> {
    let (reply, known) = (Reply { channel: channel.clone() }, requester.clone());
    let refused = |error| Refusal { error, reply: Some(reply), requester: Some(Box::new(known)) };
    read(requester, channel, claims, info, policy).map_err(refused)
}

fn read(
    requester: Requester,
    channel: Channel,
    claims: &Value,
    info: Option<&Value>,
    policy: &Policy<'_>,
) -> Result<Request, VpError> {
    if claims.member("response_type").and_then(Value::as_str) != Some("vp_token") {
        return Err(VpError::Form("response_type"));
    }
    let mode = claims.member("response_mode").and_then(Value::as_str);
    let is_encrypted = match (mode, &channel) {
        (Some("direct_post"), Channel::Post { .. }) | (Some("dc_api"), Channel::Api { .. }) => false,
        (Some("direct_post.jwt"), Channel::Post { .. }) | (Some("dc_api.jwt"), Channel::Api { .. }) => true,
        _ => return Err(VpError::ResponseMode),
    };
    if policy.encrypted_only && !is_encrypted {
        return Err(VpError::ResponseMode);
    }
    let nonce = claims.member("nonce").and_then(Value::as_str).filter(|nonce| is_value(nonce));
    let nonce = nonce.ok_or(VpError::Nonce)?;
    let query = match (claims.member("dcql_query"), claims.member("scope")) {
        (Some(query), None) => Query::read(query)?,
        (None, Some(_)) => return Err(VpError::Scope),
        _ => return Err(VpError::Form("dcql_query")),
    };
    let metadata = claims.member("client_metadata");
    if metadata.is_some_and(|metadata| !matches!(metadata, Value::Object(_))) {
        return Err(VpError::Form("client_metadata"));
    }
    check_formats(metadata)?;
    if query.credentials.iter().all(|credential| credential.known_format().is_none()) {
        return Err(VpError::Formats);
    }
    // Without a proof of the holder's key only the state binds the answer to this request.
    let is_unbound = query.credentials.iter().any(|credential| !credential.holder_binding);
    if is_unbound && matches!(channel, Channel::Post { state: None, .. }) {
        return Err(VpError::State);
    }
    let transaction_data = match claims.member("transaction_data") {
        None => Vec::new(),
        Some(value) => TransactionData::read(value, &query, policy.transaction_types)?,
    };
    Ok(Request {
        verifier_info: VerifierInfo::read(info, &query)?,
        encryption: if is_encrypted { Some(Encryption::choose(metadata)?) } else { None },
        nonce: nonce.into(),
        short_nonce: nonce.len() < LONG_NONCE,
        requester,
        query,
        channel,
        transaction_data,
    })
}

rid_wire::closed_debug!(Request);
