//! Online presentation for verifiers: one transaction, its requests, and the verdict on its answer (OpenID4VP 1.0).
//!
//! ```text
//! Transaction::start ─► request(channel) ─► sign ─► wallet
//!      Waiting ── receive: the first answer that opens ──► Done: verdict     (same device: with a response code)
//!         │    └─ receive: an error of the wallet ──────► Refused
//!         └────── time is over ──────────────────────────► Expired
//! ```
//!
//! The requests of a transaction have one nonce, one key and one question, and differ in their channel. An answer is
//! judged by the transcript of its own channel alone. An answer that does not open changes nothing.
mod error;
mod judge;

pub use error::TransactionError;

use alloc::{string::String, sync::Arc, vec::Vec};

use rid_crypto::{AgreementKey, constant_time_eq, sha256, x509::Certificate};
use rid_flow::{Env, Uptime};
use rid_openid::{
    dcql::Query,
    vp::{
        OAuthError, VpError,
        build::{Draft, DraftChannel, make_nonce},
        open::{self, Expected, Opened},
    },
};
use rid_profile::{Locale, Profile};
use rid_trust::TrustStore;
use rid_wire::{Code, jose::Alg, json::Value};

use crate::view::Verdict;

/// The identifier of the key for answers. A transaction has one key.
const KID: &str = "answer";

/// The service that asks, as its requests name it.
pub struct Service {
    /// The client identifier with its prefix (`x509_hash:…`).
    pub client_id: String,
    /// The certificate chain of the client, leaf first, without the root.
    pub chain: Vec<Certificate>,
    /// The https address for answers by POST.
    pub response_uri: String,
    /// The origins of its pages, as browsers write them. Answers of the Digital Credentials API from another origin are
    /// refused.
    pub origins: Vec<String>,
    /// The life of a transaction in seconds.
    pub lifetime_seconds: u32,
}

/// The input to the verdict beside the answer.
#[derive(Clone, Copy)]
pub struct JudgeInput<'a> {
    /// Labels.
    pub profile: &'a Profile,
    /// Languages, first wanted first.
    pub locales: &'a [Locale],
    /// Issuer anchors.
    pub trust: &'a TrustStore,
    /// A Status List Token, if one is at hand. It counts for credentials that refer to its address.
    pub status_list: Option<&'a [u8]>,
}

/// The way of a request to the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestChannel {
    /// The Digital Credentials API of a browser.
    Api,
    /// A QR code that another device scans. Its answer opens no page.
    CrossDevice,
    /// A link on the same device. Its answer leads back to a page, which shows a response code.
    SameDevice,
}

/// An answer as it came.
#[derive(Clone, Copy)]
pub enum Received<'a> {
    /// The `data` of a response of the Digital Credentials API, and the origin of the page that called it.
    Data(&'a Value, &'a str),
    /// The body of a POST to the response address.
    Form(&'a str),
}

/// The presentation of an mdoc is not base64url.
pub(crate) const MALFORMED: Code = VpError::Form("vp_token").code();

/// The channel of an answer, as presentations are bound to it.
pub(crate) enum Way<'a> {
    /// The Digital Credentials API.
    Api { origin: &'a str },
    /// A POST.
    Post { client_id: &'a str, response_uri: &'a str },
}

/// The proof of possession that each presentation must hold.
pub(crate) struct Bound<'a> {
    pub(crate) way: Way<'a>,
    pub(crate) nonce: &'a str,
    /// The thumbprint of the key for the answer.
    pub(crate) thumbprint: Option<[u8; 32]>,
    /// Most seconds between a KB-JWT and its judgement.
    pub(crate) max_age: u32,
}

enum Progress {
    Waiting,
    Refused(OAuthError),
    /// With the response code, if the answer came from the same device.
    Done(Verdict, Option<String>),
}

/// One question to one wallet.
pub struct Transaction {
    service: Arc<Service>,
    query: Query,
    nonce: String,
    key: AgreementKey,
    /// The states of the QR code and of the link: they say which was used.
    cross_device: String,
    same_device: String,
    ends: Uptime,
    progress: Progress,
}

impl Transaction {
    /// Draws nonce, states and the key for the answer. Each presentation must prove possession of its key, whatever the
    /// query says.
    #[must_use]
    pub fn start(service: Arc<Service>, query: Query, env: &mut Env<'_>) -> Self {
        let ends = env.uptime.plus_seconds(service.lifetime_seconds.into());
        let [nonce, cross_device, same_device] = core::array::from_fn(|_| make_nonce(env.rng));
        let key = AgreementKey::make(env.rng);
        Self { service, query, nonce, key, cross_device, same_device, ends, progress: Progress::Waiting }
    }

    /// The text of the signed request object for a channel. Sign it with the key of the client's certificate (ES256)
    /// and join both by [`rid_wire::jose::compact`]. `wallet_nonce` is that of the wallet's POST, if it sent one.
    ///
    /// # Errors
    /// [`TransactionError`]: the transaction is over. A request is not given again then.
    pub fn request(
        &self,
        channel: RequestChannel,
        wallet_nonce: Option<&str>,
        env: &Env<'_>,
    ) -> Result<String, TransactionError> {
        self.expect_waiting(env)?;
        let public = self.key.public();
        let draft = Draft { encryption: Some((&public, KID)), ..self.draft(channel, wallet_nonce, env) };
        Ok(draft.signing_input(&self.service.client_id, Alg::Es256, &self.service.chain))
    }

    /// The members of an unsigned request for the Digital Credentials API (`openid4vp-v1-unsigned`).
    ///
    /// # Errors
    /// As [`Self::request`].
    pub fn unsigned_request(&self, env: &Env<'_>) -> Result<Value, TransactionError> {
        self.expect_waiting(env)?;
        let public = self.key.public();
        let channel = DraftChannel::Api { origins: &[] };
        let draft = Draft { channel, ..self.draft(RequestChannel::Api, None, env) };
        Ok(Draft { encryption: Some((&public, KID)), ..draft }.to_value(None))
    }

    fn draft<'a>(&'a self, channel: RequestChannel, wallet_nonce: Option<&'a str>, env: &Env<'_>) -> Draft<'a> {
        let post = |state| DraftChannel::Post { response_uri: &self.service.response_uri, state, wallet_nonce };
        Draft {
            channel: match channel {
                RequestChannel::Api => DraftChannel::Api { origins: &self.service.origins },
                RequestChannel::CrossDevice => post(&self.cross_device),
                RequestChannel::SameDevice => post(&self.same_device),
            },
            query: &self.query,
            nonce: &self.nonce,
            encryption: None,
            verifier_info: &[],
            transaction_data: &[],
            times: Some((env.now, env.now.plus_seconds(self.service.lifetime_seconds.into()))),
        }
    }

    /// Takes an answer. The first one that opens consumes the transaction, whatever its verdict. Returns the response
    /// code for the page to which the wallet leads back on the same device, and `None` on another device and over the
    /// Digital Credentials API.
    ///
    /// # Errors
    /// [`TransactionError::Answer`] if it does not open: the transaction still waits.
    /// [`TransactionError::Refused`] if it is the wallet's refusal, which ends the transaction. Otherwise the
    /// transaction is over already: the answer changes nothing.
    pub fn receive(
        &mut self,
        answer: Received<'_>,
        input: &JudgeInput<'_>,
        env: &mut Env<'_>,
    ) -> Result<Option<&str>, TransactionError> {
        self.expect_waiting(env)?;
        let (opened, channel) = self.open(answer)?;
        let presentations = match opened {
            Opened::Answer(presentations) => presentations,
            Opened::Refused(error) => {
                self.progress = Progress::Refused(error);
                return Err(TransactionError::Refused);
            }
        };
        let Service { client_id, response_uri, lifetime_seconds, .. } = &*self.service;
        let way = match answer {
            Received::Data(_, origin) => Way::Api { origin },
            Received::Form(_) => Way::Post { client_id, response_uri },
        };
        let thumbprint = self.key.public().to_jose().map(|jwk| sha256(&[jwk.thumbprint_input().as_bytes()]));
        let bound = Bound { way, nonce: &self.nonce, thumbprint, max_age: *lifetime_seconds };
        let verdict = judge::judge(&presentations, &self.query, &bound, input, env.now);
        let response_code = (channel == RequestChannel::SameDevice).then(|| make_nonce(env.rng));
        self.progress = Progress::Done(verdict, response_code);
        Ok(self.response_code())
    }

    /// Opens an answer, and finds the channel of its request by the state that it repeats.
    fn open(&self, answer: Received<'_>) -> Result<(Opened, RequestChannel), TransactionError> {
        let key = Some((&self.key, KID));
        let expected = |state| Expected { query: &self.query, state, key };
        match answer {
            Received::Data(_, origin) if !self.service.origins.iter().any(|own| own == origin) => {
                Err(VpError::Origin.into())
            }
            Received::Data(data, _) => Ok((open::data(data, &expected(None))?, RequestChannel::Api)),
            Received::Form(body) => match open::form(body, &expected(Some(&self.same_device))) {
                Ok(opened) => Ok((opened, RequestChannel::SameDevice)),
                Err(VpError::State) => {
                    let opened = open::form(body, &expected(Some(&self.cross_device)))?;
                    Ok((opened, RequestChannel::CrossDevice))
                }
                Err(error) => Err(error.into()),
            },
        }
    }

    /// The verdict. After an answer from the same device only the page that shows its response code gets it.
    ///
    /// # Errors
    /// [`TransactionError`].
    pub fn verdict(&self, response_code: Option<&str>, env: &Env<'_>) -> Result<&Verdict, TransactionError> {
        match &self.progress {
            Progress::Done(verdict, own) => match (own, response_code) {
                (None, None) => Ok(verdict),
                (Some(own), Some(shown)) if constant_time_eq(own.as_bytes(), shown.as_bytes()) => Ok(verdict),
                _ => Err(TransactionError::ResponseCode),
            },
            _ => Err(self.expect_waiting(env).err().unwrap_or(TransactionError::Waiting)),
        }
    }

    /// The error that the wallet sent, if it refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<OAuthError> {
        match &self.progress {
            Progress::Refused(error) => Some(*error),
            _ => None,
        }
    }

    fn response_code(&self) -> Option<&str> {
        match &self.progress {
            Progress::Done(_, code) => code.as_deref(),
            _ => None,
        }
    }

    fn expect_waiting(&self, env: &Env<'_>) -> Result<(), TransactionError> {
        match &self.progress {
            Progress::Done(..) => Err(TransactionError::Done),
            Progress::Refused(_) => Err(TransactionError::Refused),
            Progress::Waiting if env.uptime >= self.ends => Err(TransactionError::Expired),
            Progress::Waiting => Ok(()),
        }
    }
}
