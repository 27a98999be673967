//! One reading: the native side owns the camera, the radio and the screen, this object everything else.
//!
//! ```text
//! loop { match next().await { Connect => turn the radio on, connected(mtu); Send => chunks(mtu), proceed();
//!                             Judged => show, proceed(), then ask(..) or finish();
//!                             Wait => received_chunk(bytes) | tick() | disconnected(); Closed => break } }
//! ```
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rid_flow::{Input, Output, Turn};
use rid_verifier::{
    ask::{Asked, DocumentAsk},
    link,
    reader::ReaderTypes,
    view::Verdict,
};
use rid_wire::Code;

pub(crate) use self::state::State;
use self::state::{Current, Repeat};
use crate::{Reader, ReaderError};

/// What is to be done now. The same step is given until it was done: `connected`, `proceed`.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadingStep {
    /// It is over.
    Closed {
        /// Why.
        code: Code,
    },
    /// Turn the radio on; then `connected`.
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
        /// Monotonic milliseconds of the Clock port; `None`: as long as it takes.
        until_millis: Option<u64>,
    },
}

/// One reading. Methods may be called from any thread; one `next` at a time.
pub struct Reading {
    pub(crate) reader: Arc<Reader>,
    pub(crate) state: Mutex<State>,
    pub(crate) turn: Turn,
}

impl Reading {
    /// Does what needs no radio and no screen, and says what is to be done next. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`busy`) while another `next` runs; [`ReaderError::Cancelled`] when it was called away by
    /// [`Reading::cancel`] or [`Reading::park`].
    pub async fn next(&self) -> Result<ReadingStep, ReaderError> {
        let turn = self.turn.take()?;
        turn.run(self.advance()).await.unwrap_or(Err(ReaderError::Cancelled))
    }

    /// The step `next` gave (`Send`, `Judged`) was done.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`not_asked`).
    pub fn proceed(&self) -> Result<(), ReaderError> {
        let mut state = self.state();
        match state.current {
            Some(Current::Judged(_) | Current::Send(_)) => {
                state.current = None;
                Ok(())
            }
            _ => Err(ReaderError::misuse("not_asked")),
        }
    }

    /// The link is up, with this MTU. It is checked here, before anything is signed or sent; pass `u16::MAX` for a link that
    /// takes whole messages.
    ///
    /// # Errors
    /// [`ReaderError::BadInput`] (`transport_mtu` below 23; the step is still to be done), [`ReaderError::Misuse`] (`not_asked`,
    /// `session_closed`).
    pub fn connected(&self, mtu: u16) -> Result<(), ReaderError> {
        link::write_len(mtu).map_err(|error| ReaderError::BadInput { code: error.code() })?;
        let mut state = self.state();
        state.handle(&self.reader, Input::Connected)?;
        state.current = None;
        Ok(())
    }

    /// One whole message came.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`session_closed`).
    pub fn received(&self, message: Vec<u8>) -> Result<(), ReaderError> {
        self.state().handle(&self.reader, Input::Bytes(message))
    }

    /// One characteristic write came (18013-5, 8.3.3.1.1.6): chunks are put together here.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`]; [`ReaderError::PeerRefused`] (`transport_limit`), and the session is over by that name.
    pub fn received_chunk(&self, chunk: &[u8]) -> Result<(), ReaderError> {
        let mut state = self.state();
        match state.assembler.push(chunk) {
            Ok(None) => Ok(()),
            Ok(Some(message)) => state.handle(&self.reader, Input::Bytes(message)),
            Err(error) => {
                state.fail(error.code());
                drop(state);
                self.turn.call_away();
                Err(ReaderError::PeerRefused { code: error.code() })
            }
        }
    }

    /// The message of the `Send` step as characteristic writes for the MTU that the platform reports (517 on Android), each of
    /// at most 512 bytes.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`not_asked`), [`ReaderError::BadInput`] (`transport_mtu` below 23; the step is still to be done).
    pub fn chunks(&self, mtu: u16) -> Result<Vec<Vec<u8>>, ReaderError> {
        match &self.state().current {
            Some(Current::Send(message)) => {
                link::split(message, mtu).map_err(|error| ReaderError::BadInput { code: error.code() })
            }
            _ => Err(ReaderError::misuse("not_asked")),
        }
    }

    /// The link is down.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`session_closed`).
    pub fn disconnected(&self) -> Result<(), ReaderError> {
        self.state().handle(&self.reader, Input::Disconnected)
    }

    /// The time of `Wait` has come.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`session_closed`).
    pub fn tick(&self) -> Result<(), ReaderError> {
        self.state().handle(&self.reader, Input::Tick)
    }

    /// Asks again in the same session, after a verdict.
    ///
    /// # Errors
    /// [`ReaderError::BadInput`] (`ask_invalid`), [`ReaderError::Misuse`] (`not_asked`, `session_closed`).
    pub fn ask(&self, asked: &[DocumentAsk]) -> Result<(), ReaderError> {
        let asked = Asked::new(asked).map_err(|code| ReaderError::BadInput { code })?;
        let mut state = self.state();
        if state.current.is_some() {
            return Err(ReaderError::misuse("not_asked"));
        }
        Ok(self.reader.with_env(|env| state.session.ask(asked, env))??)
    }

    /// Ends the session in order.
    pub fn finish(&self) {
        let mut state = self.state();
        if matches!(state.current, Some(Current::Judged(_))) {
            state.current = None;
        }
        state.session.finish();
    }

    /// Ends the session; a running `next` returns [`ReaderError::Cancelled`] at once, a later one says farewell to the peer and
    /// then `Closed`.
    pub fn cancel(&self) {
        self.state().fail(Code::new("cancelled"));
        self.turn.call_away();
    }

    /// Makes a running `next` return [`ReaderError::Cancelled`] at once and changes nothing else: the next call goes on.
    pub fn park(&self) {
        self.turn.call_away();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn advance(&self) -> Result<ReadingStep, ReaderError> {
        loop {
            let output = {
                let mut state = self.state();
                if let Some(step) = state.current_step() {
                    return Ok(step);
                }
                match state.take_output() {
                    Some(output) => output,
                    None => return Ok(state.resting()),
                }
            };
            self.run(output).await?;
        }
    }

    /// Does one output: over the secure area, or by making it the current step.
    async fn run(&self, output: Output<ReaderTypes>) -> Result<(), ReaderError> {
        let current = match output {
            Output::Connect(engagement) => Current::Connect(engagement),
            Output::Finished(exchange) => Current::Judged(exchange.verdict),
            Output::Send(message) => Current::Send(message),
            Output::Close(reason) => {
                self.state().close(reason);
                return Ok(());
            }
            Output::Sign(r) => {
                let guard = Repeat::guard(&self.state, Output::Sign(r.clone()));
                let signed = self.reader.ports.secure_area.sign(r.key, r.message, r.prompt).await;
                guard.done();
                // The session may have closed while the key worked: then the answer is dropped with it.
                return match self.state().handle(&self.reader, Input::Signed(signed)) {
                    Err(ReaderError::Misuse { .. }) | Ok(()) => Ok(()),
                    Err(other) => Err(other),
                };
            }
            // A reader's machine asks for nothing else.
            _ => return Ok(()),
        };
        self.state().current = Some(current);
        Ok(())
    }
}
