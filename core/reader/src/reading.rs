//! One reading: the native side owns the camera, the radio and the screen, this object everything else.
//!
//! ```text
//! loop { match next().await { Connect => turn the radio on, connected(mtu); Send => chunks(mtu), proceed();
//!                             Judged => show, proceed(), then ask(..) or finish();
//!                             Wait => received_chunk(bytes) | tick() | disconnected(); Closed => break } }
//! ```
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use rid_crypto::CryptoRng;
use rid_flow::{
    Effect, LinkCommand, LinkEvent, Reply, Uptime,
    ports::Clock,
    run::{Current, Host, SessionHost, SessionRunner},
};
use rid_verifier::{
    ask::{Asked, DocumentAsk},
    proximity::{
        ReaderSession, ReaderTypes,
        chunk::{self, Assembler, MAX_MESSAGE},
    },
    view::Verdict,
};
use rid_wire::Code;

use crate::{Reader, ReaderError};

/// The next action. The same step is returned until it was done: `connected`, `proceed`.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadingStep {
    /// The session is over.
    Closed {
        /// The reason.
        code: Code,
    },
    /// Turn the radio on, then call `connected`.
    Connect {
        /// UUID of the GATT service to look for (the wallet serves).
        peripheral_server: Option<Vec<u8>>,
        /// UUID of the GATT service to serve (the wallet looks for it).
        central_client: Option<Vec<u8>>,
    },
    /// An answer came and was judged; then `proceed`, and `ask` again or `finish`.
    Judged {
        /// Every check, and the claims that evidence allows.
        verdict: Verdict,
    },
    /// Send one message; then `proceed`.
    Send {
        /// The message, not yet chunked.
        message: Vec<u8>,
    },
    /// Wait for the link, but not longer than this; then call `tick`.
    Wait {
        /// Monotonic milliseconds of the Clock port.
        until_millis: Option<u64>,
    },
}

/// One reading. Methods may be called from any thread; one `next` at a time.
///
/// Events of the radio after the end do nothing. A panic breaks the object: every later call says
/// [`ReaderError::Bug`] (`broken`).
pub struct Reading {
    runner: SessionRunner<ReaderSession, Facade>,
    assembler: Mutex<Assembler>,
}

/// The ports and steps of a reader, for the runner.
struct Facade(Arc<Reader>);

#[async_trait]
impl Host for Facade {
    fn clock(&self) -> &dyn Clock {
        &*self.0.ports.clock
    }

    fn rng(&self) -> Box<dyn CryptoRng + Send> {
        (self.0.ports.rng)()
    }

    /// A reader's machine asks for signatures only.
    async fn perform(&self, effect: Effect) -> Reply {
        match effect {
            Effect::Sign(r) => Reply::Signed(self.0.ports.secure_area.sign(r.key, r.message, r.prompt).await),
            _ => Reply::Unknown,
        }
    }
}

impl SessionHost<ReaderSession> for Facade {
    type Step = ReadingStep;

    fn show(&self, current: &Current<ReaderTypes>) -> ReadingStep {
        match current {
            Current::Finished(exchange) => ReadingStep::Judged { verdict: exchange.verdict.clone() },
            Current::Link(LinkCommand::Advertise(engagement) | LinkCommand::Connect(engagement)) => {
                let (peripheral_server, central_client) = ReaderSession::ble(engagement);
                ReadingStep::Connect {
                    peripheral_server: peripheral_server.map(Into::into),
                    central_client: central_client.map(Into::into),
                }
            }
            Current::Link(LinkCommand::Send(message)) => ReadingStep::Send { message: message.clone() },
            Current::Ask(never) => match *never {},
            // A reader has nothing to unlock.
            Current::Unlock => self.wait(None),
        }
    }

    fn wait(&self, until: Option<Uptime>) -> ReadingStep {
        ReadingStep::Wait { until_millis: until.map(Uptime::millis) }
    }

    fn closed(&self, code: Code) -> ReadingStep {
        ReadingStep::Closed { code }
    }
}

impl Reading {
    /// Does what needs no radio and no screen, and says what is to be done next. Nothing is lost when the future is
    /// dropped.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`busy`) while another `next` runs; [`ReaderError::Cancelled`] when it was interrupted
    /// by [`Reading::cancel`] or [`Reading::park`].
    pub async fn next(&self) -> Result<ReadingStep, ReaderError> {
        Ok(self.runner.next().await?)
    }

    /// The step `next` gave (`Send`, `Judged`) was done. For `Send`: the link took the last chunk, and the wallet's
    /// time begins.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`not_asked`).
    pub fn proceed(&self) -> Result<(), ReaderError> {
        Ok(self.runner.proceed()?)
    }

    /// The link is up, with this MTU. It is checked here, before anything is signed or sent; pass `u16::MAX` for a
    /// link that takes whole messages.
    ///
    /// # Errors
    /// [`ReaderError::BadInput`] (`transport_mtu` below 23; the step is still to be done), [`ReaderError::Misuse`]
    /// (`not_asked`).
    pub fn connected(&self, mtu: u16) -> Result<(), ReaderError> {
        if !self.runner.is_over()? {
            chunk::write_len(mtu).map_err(|error| ReaderError::BadInput { code: error.code() })?;
        }
        Ok(self.runner.link(LinkEvent::Up)?)
    }

    /// One whole message came.
    ///
    /// # Errors
    /// [`ReaderError::Unsupported`] when the clock fails: the message can be given again.
    pub fn received(&self, message: Vec<u8>) -> Result<(), ReaderError> {
        Ok(self.runner.link(LinkEvent::Bytes(message))?)
    }

    /// One characteristic write came (18013-5, 8.3.3.1.1.6): chunks are put together here.
    ///
    /// # Errors
    /// [`ReaderError::PeerRefused`] (`transport_limit`), and the session is over by that name.
    pub fn received_chunk(&self, chunk: &[u8]) -> Result<(), ReaderError> {
        let pushed = if self.runner.is_over()? { Ok(None) } else { self.assembler()?.push(chunk) };
        match pushed {
            Ok(None) => Ok(()),
            Ok(Some(message)) => self.received(message),
            Err(error) => {
                self.runner.end(error.code());
                Err(ReaderError::PeerRefused { code: error.code() })
            }
        }
    }

    /// The message of the `Send` step as characteristic writes for the MTU that the platform reports (517 on
    /// Android), each of at most 512 bytes.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`not_asked`), [`ReaderError::BadInput`] (`transport_mtu` below 23; the step is still
    /// to be done).
    pub fn chunks(&self, mtu: u16) -> Result<Vec<Vec<u8>>, ReaderError> {
        self.runner.look(|current| match current {
            Some(Current::Link(LinkCommand::Send(message))) => {
                chunk::split(message, mtu).map_err(|error| ReaderError::BadInput { code: error.code() })
            }
            _ => Err(ReaderError::misuse("not_asked")),
        })?
    }

    /// Whether the session has ended. A farewell to the peer and `Closed` may still be left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.runner.is_over().unwrap_or_default()
    }

    /// The link is down. A message that was handed out and not taken by then (`proceed`) is not sent any more.
    ///
    /// # Errors
    /// [`ReaderError::Bug`] (`broken`).
    pub fn disconnected(&self) -> Result<(), ReaderError> {
        Ok(self.runner.disconnected()?)
    }

    /// The time of `Wait` has come.
    ///
    /// # Errors
    /// [`ReaderError::Bug`] (`broken`).
    pub fn tick(&self) -> Result<(), ReaderError> {
        Ok(self.runner.tick()?)
    }

    /// Asks again in the same session, after a verdict.
    ///
    /// # Errors
    /// [`ReaderError::BadInput`] (`ask_invalid`), [`ReaderError::Misuse`] (`not_asked`, `session_closed`).
    pub fn ask(&self, asked: &[DocumentAsk]) -> Result<(), ReaderError> {
        let asked = Asked::new(asked).map_err(|code| ReaderError::BadInput { code })?;
        if self.runner.look(|current| current.is_some())? {
            return Err(ReaderError::misuse("not_asked"));
        }
        Ok(self.runner.with_session(|session, env| session.ask(asked, env))??)
    }

    /// Ends the session in order.
    ///
    /// # Errors
    /// [`ReaderError::Bug`] (`broken`).
    pub fn finish(&self) -> Result<(), ReaderError> {
        self.runner.pass_receipt()?;
        Ok(self.runner.with_session_at_any_time(ReaderSession::finish)?)
    }

    /// Ends the session at once, also while an answer is being judged; nothing is handed out afterwards. A running
    /// `next` returns [`ReaderError::Cancelled`], a later one says farewell to the peer and then `Closed`.
    pub fn cancel(&self) {
        self.runner.cancel();
    }

    /// Makes a running `next` return [`ReaderError::Cancelled`] at once and changes nothing else: the next call goes
    /// on.
    pub fn park(&self) {
        self.runner.park();
    }

    fn assembler(&self) -> Result<MutexGuard<'_, Assembler>, ReaderError> {
        self.assembler.lock().map_err(|_| ReaderError::Bug { code: Code::new("broken") })
    }
}

impl Reader {
    /// Starts from the text of a QR code.
    ///
    /// # Errors
    /// [`ReaderError::BadInput`] for a QR code that is none of ours or cannot be used (`engagement_invalid` and
    /// others), or `ask_invalid`.
    pub fn read(self: &Arc<Self>, qr: &str, asked: &[DocumentAsk]) -> Result<Reading, ReaderError> {
        let asked = Asked::new(asked).map_err(|code| ReaderError::BadInput { code })?;
        let session = self
            .with_env(|env| ReaderSession::start(qr, self.session_config(asked), env))?
            .map_err(|error| ReaderError::BadInput { code: error.code() })?;
        let runner = SessionRunner::new(session, Facade(self.clone()));
        Ok(Reading { runner, assembler: Mutex::new(Assembler::new(MAX_MESSAGE)) })
    }
}
