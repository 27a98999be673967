//! From the link to the authenticated request (std-M20, std-M21, std-M27).
use alloc::{boxed::Box, format, string::String, vec::Vec};

use rid_crypto::sha256;
use rid_flow::{
    Env,
    ports::{HttpError, HttpRequest, HttpResponse},
};
use rid_openid::vp::{
    self, Invocation, Method, Policy, Refusal, Source as Place, VpError, build::make_nonce, fetch_form,
    read_api_request, verify_request_object,
};
use rid_wire::json::{JsonError, Value};

use super::{
    Beginning, Online, OnlineError,
    annex_c::{AnnexC, PROTOCOL},
    state::{Content, Fetching, Source, State},
};

/// Longest request in bytes.
const MAX_REQUEST: u64 = 1 << 20;
/// How long a server may take.
pub(super) const HTTP_MILLIS: u32 = 30_000;
/// The media type of a request object.
const REQUEST_OBJECT: &str = "application/oauth-authz-req+jwt";

/// By link, answers are encrypted (HAIP). There is no type of transaction data that can be shown yet.
const BY_LINK: Policy<'_> = Policy { encrypted_only: true, signed_only: false, transaction_types: &[] };
/// Over the Digital Credentials API the platform vouches for the origin.
const BY_API: Policy<'_> = Policy { encrypted_only: false, signed_only: false, transaction_types: &[] };

impl Fetching {
    pub(super) fn request(&self) -> HttpRequest {
        let url = match &self.invocation.source {
            Place::Reference { uri, .. } => uri.as_str().into(),
            _ => String::new(),
        };
        let mut headers: Vec<(String, String)> = [("accept".into(), REQUEST_OBJECT.into())].into();
        let (method, body) = match &self.nonce {
            None => ("GET", Vec::new()),
            Some(nonce) => {
                headers.push(("content-type".into(), FORM.into()));
                ("POST", fetch_form(nonce).into_bytes())
            }
        };
        let (max_response_bytes, timeout_millis) = (MAX_REQUEST, HTTP_MILLIS);
        HttpRequest { method: method.into(), url, headers, body, max_response_bytes, timeout_millis }
    }
}

/// The media type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

impl Online {
    pub(super) fn begin(&mut self, env: &mut Env<'_>) {
        let failed = State::Failed(OnlineError::Request(VpError::Link));
        let State::Beginning(beginning) = core::mem::replace(&mut self.state, failed) else { return };
        match beginning {
            Beginning::Api { protocol, data, origin } if protocol == PROTOCOL => {
                self.read_device_request(&data, &origin, env);
            }
            Beginning::Api { protocol, data, origin } => self.read_data(&protocol, &data, &origin, env),
            Beginning::Invocation(invocation, _) => match &invocation.source {
                Place::Reference { method, .. } => {
                    let nonce = (*method == Method::Post).then(|| make_nonce(env.rng));
                    self.state = State::Fetching(Fetching { invocation, nonce });
                }
                other => {
                    if let Place::Value(text) = other {
                        self.read_object(&invocation, text, None, env);
                    } else {
                        self.fail(OnlineError::Request(VpError::Unsigned));
                    }
                }
            },
        }
    }

    /// The one reply to the fetch. A redirect is an error like any other.
    pub(super) fn fetched(&mut self, fetched: Result<HttpResponse, HttpError>, env: &mut Env<'_>) {
        let failed = State::Failed(OnlineError::FetchStatus);
        let State::Fetching(Fetching { invocation, nonce }) = core::mem::replace(&mut self.state, failed) else {
            return;
        };
        match fetched {
            Err(error) => self.fail(OnlineError::Fetch(error)),
            Ok(response) if response.status != 200 => self.fail(OnlineError::FetchStatus),
            Ok(response) => match core::str::from_utf8(&response.body) {
                Ok(text) => self.read_object(&invocation, text, nonce.as_deref(), env),
                Err(_) => self.fail(OnlineError::Request(JsonError::Invalid.into())),
            },
        }
    }

    fn read_object(&mut self, invocation: &Invocation, text: &str, nonce: Option<&str>, env: &Env<'_>) {
        let trust = self.trust.clone();
        let read = verify_request_object(text, &invocation.client_id, nonce, &BY_LINK, &mut trust.message(env.now));
        self.read(read, sha256(&[b"rid-openid4vp\0", text.as_bytes()]));
    }

    fn read_data(&mut self, protocol: &str, data: &str, origin: &str, env: &Env<'_>) {
        let hash = sha256(&[format!("rid-dc-api\0{protocol}\0{origin}\0").as_bytes(), data.as_bytes()]);
        let trust = self.trust.clone();
        let most = usize::try_from(MAX_REQUEST).unwrap_or(usize::MAX);
        let read = Value::parse(data, most).map_err(|error| Refusal::from(VpError::Json(error)));
        let read =
            read.and_then(|data| read_api_request(protocol, &data, origin, &BY_API, &mut trust.message(env.now)));
        self.read(read, hash);
    }

    fn read_device_request(&mut self, data: &str, origin: &str, env: &Env<'_>) {
        let most = usize::try_from(MAX_REQUEST).unwrap_or(usize::MAX);
        let read = Value::parse(data, most).map_err(JsonError::code);
        let read = read.and_then(|data| AnnexC::read(&data, origin, &self.trust, &self.profile, env.now));
        match read {
            // The question has the hash of the DeviceRequest and its transcript.
            Ok(request) => {
                let content = Content::AnnexC(Box::new(request));
                self.state = State::Unlocking(Box::new(Source { hash: [0; 32], content, locked: 0 }));
            }
            Err(code) => self.fail(OnlineError::Malformed(code)),
        }
    }

    /// A request that is not authenticated ends here, without any reply.
    fn read(&mut self, read: Result<vp::Request, Refusal>, hash: [u8; 32]) {
        let content = match read {
            Ok(request) => Content::Query(Box::new(request)),
            Err(Refusal { error, reply: Some(reply), requester }) => {
                Content::Refused { oauth: error.oauth(), error, reply, requester }
            }
            Err(Refusal { error, .. }) => return self.fail(OnlineError::Request(error)),
        };
        self.state = State::Unlocking(Box::new(Source { hash, content, locked: 0 }));
    }
}
