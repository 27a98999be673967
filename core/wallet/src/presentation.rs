//! A face-to-face presentation: the native side owns the radio and the screen, this object everything else.
//!
//! ```text
//! loop { match next().await { Advertise|Send|Receipt => do it, proceed(); Ask => answer(..);
//!                             Unlock => unlock(), unlocked();
//!                             Wait => connected(mtu) | received(bytes) | tick() | disconnected(); Closed => break } }
//! ```
mod host;
pub(crate) mod online;

use std::sync::{Arc, Mutex, MutexGuard};

use rid_flow::{
    Input, LinkCommand, LinkEvent,
    run::{Current, Host, SessionRunner},
};
use rid_holder::proximity::{
    HolderSession,
    chunk::{self, Assembler, MAX_MESSAGE},
};
use rid_wire::Code;

use self::host::Facade;
use crate::{
    Wallet, WalletError,
    consent::answer_of,
    view::{ConsentAnswer, ConsentRequest, LockState, PresentationReceipt},
};

/// The next action. The same step is returned until it was done: `proceed`, `answer`, `unlocked`.
#[derive(Clone, Debug, PartialEq)]
pub enum PresentationStep {
    /// Show the QR code and turn the radio on; then `proceed`.
    Advertise {
        /// Text of the QR code.
        qr: String,
        /// UUID of the GATT service to serve (peripheral server mode).
        peripheral_server: Option<Vec<u8>>,
        /// UUID of the GATT service to look for (central client mode).
        central_client: Option<Vec<u8>>,
    },
    /// Ask the person; then `answer`.
    Ask {
        /// The question.
        request: ConsentRequest,
    },
    /// The session is over.
    Closed {
        /// The reason.
        code: Code,
    },
    /// One exchange is over; then `proceed`.
    Receipt {
        /// Its result.
        receipt: PresentationReceipt,
    },
    /// Send one message; then `proceed`.
    Send {
        /// The message, not yet chunked.
        message: Vec<u8>,
    },
    /// Unlock the wallet; then `unlocked`.
    Unlock,
    /// Wait for the link, but not longer than this; then call `tick`.
    Wait {
        /// Monotonic milliseconds of the Clock port.
        until_millis: Option<u64>,
    },
}

/// One presentation. Methods may be called from any thread; one `next` at a time.
///
/// Events of the radio after the end do nothing. A panic breaks the object: every later call says
/// [`WalletError::Bug`] (`broken`). Dropping it is as [`Presentation::cancel`].
pub struct Presentation {
    runner: SessionRunner<HolderSession, Facade>,
    assembler: Mutex<Assembler>,
}

impl Wallet {
    /// Starts a face-to-face presentation.
    ///
    /// # Errors
    /// [`WalletError::Unsupported`] when the clock fails.
    pub fn present(self: &Arc<Self>) -> Result<Presentation, WalletError> {
        let (profile, trust) = (self.profile.clone(), self.trust.clone());
        let session = self.with_env(|env| HolderSession::start(profile, trust, self.device_auth, env))?;
        let session = session.with_policy(self.reader_policy);
        let runner = SessionRunner::new(session, Facade::new(self.clone()));
        Ok(Presentation { runner, assembler: Mutex::new(Assembler::new(MAX_MESSAGE)) })
    }
}

impl Presentation {
    /// Does what needs no person and no radio, and says what is to be done next. Nothing is lost when the future is
    /// dropped.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`busy`) while another `next` runs; [`WalletError::Cancelled`] when it was interrupted
    /// by [`Presentation::cancel`] or [`Presentation::park`].
    pub async fn next(&self) -> Result<PresentationStep, WalletError> {
        Ok(self.runner.next().await?)
    }

    /// The step `next` gave (`Advertise`, `Send`, `Receipt`) was done. For `Send`: the link took the last chunk.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`).
    pub fn proceed(&self) -> Result<(), WalletError> {
        Ok(self.runner.proceed()?)
    }

    /// The link is up, with this MTU. It is checked here, before anything is asked, used or sent; pass `u16::MAX` for
    /// a link that takes whole messages.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`transport_mtu` below 23; the session still waits for the link),
    /// [`WalletError::Misuse`] (`not_asked`).
    pub fn connected(&self, mtu: u16) -> Result<(), WalletError> {
        if !self.runner.is_over()? {
            chunk::write_len(mtu).map_err(|error| WalletError::BadInput { code: error.code() })?;
        }
        Ok(self.runner.link(LinkEvent::Up)?)
    }

    /// One whole message came.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`).
    pub fn received(&self, message: Vec<u8>) -> Result<(), WalletError> {
        Ok(self.runner.link(LinkEvent::Bytes(message))?)
    }

    /// One characteristic write came (18013-5, 8.3.3.1.1.6): chunks are put together here.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`); [`WalletError::PeerRefused`] (`transport_limit`), and the session is
    /// over by that name.
    pub fn received_chunk(&self, chunk: &[u8]) -> Result<(), WalletError> {
        let pushed = if self.runner.is_over()? { Ok(None) } else { self.assembler()?.push(chunk) };
        match pushed {
            Ok(None) => Ok(()),
            Ok(Some(message)) => self.received(message),
            Err(error) => {
                self.runner.end(error.code());
                Err(WalletError::PeerRefused { code: error.code() })
            }
        }
    }

    /// The message of the `Send` step as characteristic writes for the MTU that the platform reports (517 on
    /// Android), each of at most 512 bytes.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`), [`WalletError::BadInput`] (`transport_mtu` below 23; the step is still
    /// to be done).
    pub fn chunks(&self, mtu: u16) -> Result<Vec<Vec<u8>>, WalletError> {
        self.runner.look(|current| match current {
            Some(Current::Link(LinkCommand::Send(message))) => {
                chunk::split(message, mtu).map_err(|error| WalletError::BadInput { code: error.code() })
            }
            _ => Err(WalletError::misuse("not_asked")),
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
    /// [`WalletError::Bug`] (`broken`).
    pub fn disconnected(&self) -> Result<(), WalletError> {
        Ok(self.runner.disconnected()?)
    }

    /// The time of `Wait` has come.
    ///
    /// # Errors
    /// [`WalletError::Bug`] (`broken`).
    pub fn tick(&self) -> Result<(), WalletError> {
        Ok(self.runner.tick()?)
    }

    /// The person's answer to `Ask`.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`consent_binding` for another question's id or hash, `not_asked`),
    /// [`WalletError::BadInput`] (`consent_selection`); the question stays open.
    pub fn answer(&self, answer: ConsentAnswer) -> Result<(), WalletError> {
        self.runner.answer(|current| match current {
            Some(Current::Ask(question)) => Ok(Input::Answer(answer_of(question, answer)?)),
            _ => Err(WalletError::misuse("not_asked")),
        })
    }

    /// The answer to `Unlock`: the wallet was unlocked, or the person gave up.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`).
    pub fn unlocked(&self) -> Result<(), WalletError> {
        let open = self.runner.host().wallet.lock_state() == LockState::Unlocked;
        self.runner.answer(|current| match current {
            Some(Current::Unlock) => Ok(Input::Unlocked(open)),
            _ => Err(WalletError::misuse("not_asked")),
        })
    }

    /// Ends the presentation at once, also while a message is being checked; nothing is handed out afterwards. A
    /// running `next` returns [`WalletError::Cancelled`], a later one says farewell to the peer and then `Closed`. A
    /// question that was open leaves a row in the history.
    pub fn cancel(&self) {
        self.runner.cancel();
    }

    /// Makes a running `next` return [`WalletError::Cancelled`] at once and changes nothing else: the next call goes
    /// on.
    pub fn park(&self) {
        self.runner.park();
    }

    fn assembler(&self) -> Result<MutexGuard<'_, Assembler>, WalletError> {
        self.assembler.lock().map_err(|_| WalletError::Bug { code: Code::new("broken") })
    }
}

impl Drop for Presentation {
    fn drop(&mut self) {
        self.cancel();
        self.runner.host().broke();
    }
}
