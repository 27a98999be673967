//! The 18013-5 reader as a session machine. Sans-IO.
//!
//! ```text
//! start -Connect-> Connecting -Connected-> (Signing, once per document) -> Waiting -SessionData-> Finished(verdict)
//!   -> Idle -ask-> (Signing) -> Waiting ...    Idle -finish-> Close(Done)    any fault -> Close(reason)
//! ```
//!
//! Every state but `Closed` has a deadline, and nothing that comes after it is judged.
pub mod chunk;
mod exchange;

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};

use rid_crypto::{AgreementKey, x509::Certificate};
use rid_flow::{
    Effect, Env, Input, LinkCommand, LinkEvent, Output, Reply, Session, SessionTypes, SignRequest, Uptime,
    ports::{KeyId, Prompt, SecureAreaError},
};
use rid_mdoc::{
    MdocError,
    engagement::{Engagement, RetrievalMethod},
    reader_auth,
    request::{self, DocRequestToSend},
    session::{Role, SessionCipher, SessionData, SessionEstablishment, Status, key_bytes},
    transcript::Transcript,
};
use rid_profile::{Locale, Profile};
use rid_trust::TrustStore;
use rid_wire::{Code, cbor::Limits};

use crate::{ask::Asked, view::Verdict};

/// The question of a reader and the input of its judgement.
pub struct ReaderConfig {
    /// The question.
    pub asked: Asked,
    /// The reader's key and chain (leaf first, without root) for reader authentication; `None`: an anonymous request.
    pub authentication: Option<(KeyId, Vec<Certificate>)>,
    /// Issuer anchors.
    pub trust: Arc<TrustStore>,
    /// Labels.
    pub profile: Arc<Profile>,
    /// Languages of the verdict.
    pub locales: Vec<Locale>,
}

/// The reason for which a reader session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The app cancelled.
    Cancelled,
    /// The link broke.
    Disconnected,
    /// The last exchange was over and the session ended: by the app, status 20, a broken link or silence.
    Done,
    /// The peer's message was refused; the code says why.
    PeerInvalid(Code),
    /// The peer ended the session with a status before its exchange was over.
    PeerTerminated,
    /// A port failed.
    Port(Code),
    /// Nothing came for too long.
    Timeout,
}

impl CloseReason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Cancelled => Code::new("cancelled"),
            Self::Disconnected => Code::new("transport_disconnected"),
            Self::Done => Code::new("done"),
            Self::PeerInvalid(code) | Self::Port(code) => code,
            Self::PeerTerminated => Code::new("session_terminated"),
            Self::Timeout => Code::new("transport_timeout"),
        }
    }

    /// The reason when no exchange was under way: an end in order, unless somebody is at fault.
    const fn after_exchange(self) -> Self {
        match self {
            Self::Cancelled | Self::Disconnected | Self::PeerTerminated | Self::Timeout => Self::Done,
            other => other,
        }
    }
}

impl From<CloseReason> for Code {
    fn from(reason: CloseReason) -> Self {
        reason.code()
    }
}

/// A misuse by the caller; the session is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum Misuse {
    /// The session is over.
    Closed,
    /// An answer to something that was not asked.
    NotAsked,
}

impl Misuse {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Closed => "session_closed",
            Self::NotAsked => "not_asked",
        })
    }
}

/// One exchange of a reader: the verdict, and the input from which `rid verify` reaches the same one later.
pub struct Exchange {
    /// The verdict.
    pub verdict: Verdict,
    /// DeviceResponse as decrypted.
    pub response: Vec<u8>,
    /// SessionTranscript (array of three).
    pub transcript: Vec<u8>,
}

/// The types of [`ReaderSession`].
pub struct ReaderTypes;

impl SessionTypes for ReaderTypes {
    type Plan = Engagement;
    type Question = core::convert::Infallible;
    type Answer = core::convert::Infallible;
    type Receipt = Exchange;
    type Reason = CloseReason;
}

enum State {
    Connecting,
    /// Signing the doc request at this position; the raw signatures so far.
    Signing {
        signatures: Vec<[u8; 64]>,
    },
    Waiting,
    Idle,
    Closed,
}

/// The keys of a session. They are wiped when it closes.
struct Link {
    cipher: SessionCipher,
    transcript: Transcript,
    e_reader_key: AgreementKey,
    e_reader_key_bytes: Vec<u8>,
    /// SessionEstablishment was fetched to be sent.
    established: bool,
}

/// One reader session: Connect → SessionEstablishment{request} → SessionData{response} → verdict → termination.
pub struct ReaderSession {
    config: ReaderConfig,
    link: Option<Link>,
    state: State,
    outputs: VecDeque<Output<ReaderTypes>>,
    deadline: Option<Uptime>,
}

impl ReaderSession {
    /// Starts from the text of the QR code.
    ///
    /// # Errors
    /// [`MdocError`] for an engagement that cannot be used.
    pub fn start(qr: &str, config: ReaderConfig, env: &mut Env<'_>) -> Result<Self, MdocError> {
        let engagement = Engagement::parse_qr(qr)?;
        let e_reader_key = AgreementKey::make(env.rng);
        let e_reader_key_bytes = key_bytes(&e_reader_key.public());
        let transcript = Transcript::qr(engagement.as_bytes(), &e_reader_key_bytes);
        let secret = e_reader_key.agree(engagement.e_device_key())?;
        let cipher = SessionCipher::derive(Role::Reader, &secret, &transcript);
        let mut reader = Self {
            config,
            link: Some(Link { cipher, transcript, e_reader_key, e_reader_key_bytes, established: false }),
            state: State::Connecting,
            outputs: VecDeque::from([Output::Link(LinkCommand::Connect(engagement))]),
            deadline: None,
        };
        reader.restart_deadline(env);
        Ok(reader)
    }

    /// UUIDs of the GATT service of an engagement: to look for (the mdoc serves), to serve (the mdoc looks for it).
    #[must_use]
    pub fn ble(engagement: &Engagement) -> (Option<[u8; 16]>, Option<[u8; 16]>) {
        let method = engagement.methods().iter().find_map(|method| match method {
            RetrievalMethod::Ble(ble) => Some(ble),
            _ => None,
        });
        (method.and_then(|ble| ble.peripheral_server), method.and_then(|ble| ble.central_client))
    }

    /// Asks again in the same session, after a verdict and before [`ReaderSession::finish`].
    ///
    /// # Errors
    /// [`Misuse::NotAsked`] while an exchange is under way, [`Misuse::Closed`], also when the deadline has passed.
    pub fn ask(&mut self, asked: Asked, env: &mut Env<'_>) -> Result<(), Misuse> {
        if self.is_late(env) {
            self.terminate(CloseReason::Timeout);
        }
        match self.state {
            State::Idle => {
                self.config.asked = asked;
                self.begin_request(env);
                Ok(())
            }
            State::Closed => Err(Misuse::Closed),
            _ => Err(Misuse::NotAsked),
        }
    }

    /// Ends the session (status 20): in order after an exchange, else cancelled.
    pub fn finish(&mut self) {
        self.terminate(CloseReason::Cancelled);
    }

    /// The reader's ephemeral private scalar, to be kept beside a capture with a deviceMac (an integrator's tool only).
    #[cfg(feature = "dangerous")]
    #[must_use]
    pub fn dangerous_ephemeral_scalar(&self) -> Option<rid_crypto::Secret<32>> {
        self.link.as_ref().and_then(|link| link.e_reader_key.dangerous_scalar())
    }

    fn begin_request(&mut self, env: &Env<'_>) {
        self.restart_deadline(env);
        self.state = State::Signing { signatures: Vec::new() };
        self.continue_request(env);
    }

    /// Asks for the next signature, or sends when all are there.
    fn continue_request(&mut self, env: &Env<'_>) {
        let (State::Signing { signatures, .. }, Some(link)) = (&self.state, &self.link) else { return };
        let next = self.config.asked.items().get(signatures.len());
        match (&self.config.authentication, next) {
            (Some((key, _)), Some(items)) => {
                let message = reader_auth::to_be_signed(&link.transcript, &items.encode());
                let request = SignRequest { key: key.clone(), message, prompt: Prompt::Present };
                self.outputs.push_back(Output::Io(Effect::Sign(request)));
            }
            _ => self.send_request(env),
        }
    }

    fn send_request(&mut self, env: &Env<'_>) {
        let State::Signing { signatures, .. } = &self.state else { return };
        let chain = self.config.authentication.as_ref().map(|(_, chain)| chain.as_slice()).unwrap_or_default();
        let mut signatures = signatures.iter();
        let doc_requests: Vec<DocRequestToSend> = self
            .config
            .asked
            .items()
            .iter()
            .map(|items| DocRequestToSend {
                items_request_bytes: items.encode(),
                reader_auth: signatures.next().map(|signature| reader_auth::encode(signature, chain)),
            })
            .collect();
        let plaintext = request::encode(&doc_requests);
        let Some(link) = &mut self.link else { return };
        match link.cipher.encrypt(&plaintext) {
            Ok(data) => {
                let message = if link.established {
                    SessionData::encode(Some(&data), None)
                } else {
                    SessionEstablishment::encode(&link.e_reader_key_bytes, &data)
                };
                self.outputs.push_back(Output::Link(LinkCommand::Send(message)));
                self.state = State::Waiting;
                self.wait_for_answer(env);
            }
            Err(error) => self.terminate(CloseReason::Port(error.code())),
        }
    }

    fn signed(&mut self, result: Result<[u8; 64], SecureAreaError>, env: &Env<'_>) -> Result<(), Misuse> {
        if self.config.authentication.is_none() {
            return Err(Misuse::NotAsked);
        }
        let State::Signing { signatures } = &mut self.state else { return Err(Misuse::NotAsked) };
        match result {
            Ok(signature) => signatures.push(signature),
            Err(error) => {
                self.terminate(CloseReason::Port(error.code()));
                return Ok(());
            }
        }
        self.continue_request(env);
        Ok(())
    }

    /// A person reads and decides on the other side: that takes longer than a link may stall.
    fn wait_for_answer(&mut self, env: &Env<'_>) {
        let seconds = u64::from(self.config.profile.rules().consent_seconds);
        self.deadline = Some(env.uptime.plus_seconds(seconds));
    }

    /// The link took the last chunk: from now on the peer has time to answer. An answer may have come before.
    fn sent(&mut self, env: &Env<'_>) {
        if matches!(self.state, State::Waiting) {
            self.wait_for_answer(env);
        }
    }

    /// Whether the deadline of the state has come; only uptime counts.
    fn is_late(&self, env: &Env<'_>) -> bool {
        self.deadline.is_some_and(|deadline| env.uptime >= deadline)
    }

    fn restart_deadline(&mut self, env: &Env<'_>) {
        let seconds = u64::from(self.config.profile.rules().link_seconds);
        self.deadline = Some(env.uptime.plus_seconds(seconds));
    }

    /// Closes with status 20 to the peer where it got a request.
    fn terminate(&mut self, reason: CloseReason) {
        let established = self.link.as_ref().is_some_and(|link| link.established);
        self.close(established.then(|| SessionData::encode(None, Some(Status::Termination))), reason);
    }

    /// Closes: wipes the keys, withdraws what was asked for and not yet fetched, sends the last message, tells the
    /// caller. After the end it does nothing.
    fn close(&mut self, farewell: Option<Vec<u8>>, reason: CloseReason) {
        let reason = match self.state {
            State::Closed => return,
            State::Idle => reason.after_exchange(),
            _ => reason,
        };
        self.link = None;
        self.deadline = None;
        self.state = State::Closed;
        self.outputs.retain(|output| matches!(output, Output::Finished(_)));
        self.outputs.extend(farewell.map(|message| Output::Link(LinkCommand::Send(message))));
        self.outputs.push_back(Output::Close(reason));
    }
}

impl Session for ReaderSession {
    type Types = ReaderTypes;
    type Error = Misuse;

    fn handle(&mut self, input: Input<ReaderTypes>, env: &mut Env<'_>) -> Result<(), Misuse> {
        if self.is_late(env) {
            self.terminate(CloseReason::Timeout);
        }
        match (input, &self.state) {
            // Events of the link may come in any state.
            (Input::Link(_) | Input::Tick, State::Closed) => {}
            (_, State::Closed) => return Err(Misuse::Closed),
            (Input::Link(LinkEvent::Up), State::Connecting) => self.begin_request(env),
            (Input::Link(LinkEvent::Bytes(bytes)), _) => self.received(&bytes, env),
            (Input::Done(Reply::Signed(result)), _) => return self.signed(result, env),
            (Input::Link(LinkEvent::Sent), _) => self.sent(env),
            (Input::Link(LinkEvent::Down), _) => self.close(None, CloseReason::Disconnected),
            (Input::Tick, _) => {}
            _ => return Err(Misuse::NotAsked),
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<Output<ReaderTypes>> {
        let output = self.outputs.pop_front();
        if let (Some(Output::Link(LinkCommand::Send(_))), Some(link)) = (&output, &mut self.link) {
            link.established = true;
        }
        output
    }

    fn deadline(&self) -> Option<Uptime> {
        self.deadline
    }

    fn cancel(&mut self, _env: &mut Env<'_>) {
        self.finish();
    }
}

/// Messages of a link are at most this large.
const LIMITS: Limits = Limits::PROXIMITY;
