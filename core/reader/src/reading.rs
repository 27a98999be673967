//! One reading: the native side owns the camera, the radio and the screen, this object everything else.
//!
//! ```text
//! loop { match next().await { Connect => turn the radio on, connected(mtu); Send => chunks(mtu), proceed();
//!                             Judged => show, proceed(), then ask(..) or finish();
//!                             Wait => received_chunk(bytes) | tick() | disconnected(); Closed => break } }
//! ```
mod feed;
mod state;

use std::sync::{Arc, Mutex};

use rid_flow::{CallGate, Effect, Input, LinkCommand, LinkEvent, Output, Reply, SignRequest};
use rid_verifier::{
    ask::{Asked, DocumentAsk},
    reader::{Reader as Machine, ReaderTypes, chunk},
    view::Verdict,
};
use rid_wire::Code;

pub(crate) use self::state::State;
use self::state::{CANCELLED, Current, Repeat};
use crate::{Reader, ReaderError};

/// What is to be done now. The same step is given until it was done: `connected`, `proceed`.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadingStep {
    /// It is over.
    Closed {
        /// Why.
        code: Code,
    },
    /// CallGate the radio on; then `connected`.
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
/// Events of the radio after the end do nothing. A panic breaks the object: every later call says [`ReaderError::Bug`] (`broken`).
pub struct Reading {
    pub(crate) reader: Arc<Reader>,
    /// Locked while the machine works.
    pub(crate) session: Mutex<Machine>,
    /// Locked for moments, and so all that `cancel` waits for.
    pub(crate) state: Mutex<State>,
    pub(crate) turn: CallGate,
}

/// What is to be done next.
enum Work {
    /// Ask the secure area.
    Sign(SignRequest),
    /// Hand out this step.
    Step(ReadingStep),
    /// Tell the machine.
    Tell(Input<ReaderTypes>),
}

impl Reading {
    /// Does what needs no radio and no screen, and says what is to be done next. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`busy`) while another `next` runs; [`ReaderError::Cancelled`] when it was interrupted by
    /// [`Reading::cancel`] or [`Reading::park`].
    pub async fn next(&self) -> Result<ReadingStep, ReaderError> {
        loop {
            let before = self.state()?.overtaken;
            let taken = self.turn.take()?;
            if let Some(done) = taken.run(self.advance()).await {
                return done;
            }
            // The session ended from outside while a port was asked: what is left of it is the next step.
            let state = self.state()?;
            if before || !state.overtaken || state.ended.is_some() {
                return Err(ReaderError::Cancelled);
            }
        }
    }

    /// The step `next` gave (`Send`, `Judged`) was done. For `Send`: the link took the last chunk, and the wallet's time begins.
    ///
    /// # Errors
    /// [`ReaderError::Misuse`] (`not_asked`).
    pub fn proceed(&self) -> Result<(), ReaderError> {
        let mut state = self.state()?;
        match state.current.take() {
            Some(Current::Judged(_)) => Ok(()),
            Some(Current::Send(_)) => {
                drop(state);
                self.tell(Input::Link(LinkEvent::Sent))
            }
            other => {
                state.current = other;
                Err(ReaderError::misuse("not_asked"))
            }
        }
    }

    /// The link is up, with this MTU. It is checked here, before anything is signed or sent; pass `u16::MAX` for a link that
    /// takes whole messages.
    ///
    /// # Errors
    /// [`ReaderError::BadInput`] (`transport_mtu` below 23; the step is still to be done), [`ReaderError::Misuse`] (`not_asked`).
    pub fn connected(&self, mtu: u16) -> Result<(), ReaderError> {
        if !self.state()?.is_over() {
            chunk::write_len(mtu).map_err(|error| ReaderError::BadInput { code: error.code() })?;
        }
        self.feed(Input::Link(LinkEvent::Up))?;
        let mut state = self.state()?;
        if matches!(state.current, Some(Current::Connect(_))) {
            state.current = None;
        }
        Ok(())
    }

    /// One whole message came.
    ///
    /// # Errors
    /// [`ReaderError::Unsupported`] when the clock fails: the message can be given again.
    pub fn received(&self, message: Vec<u8>) -> Result<(), ReaderError> {
        self.feed(Input::Link(LinkEvent::Bytes(message)))
    }

    /// One characteristic write came (18013-5, 8.3.3.1.1.6): chunks are put together here.
    ///
    /// # Errors
    /// [`ReaderError::PeerRefused`] (`transport_limit`), and the session is over by that name.
    pub fn received_chunk(&self, chunk: &[u8]) -> Result<(), ReaderError> {
        let pushed = {
            let mut state = self.state()?;
            if state.is_over() { Ok(None) } else { state.assembler.push(chunk) }
        };
        match pushed {
            Ok(None) => Ok(()),
            Ok(Some(message)) => self.feed(Input::Link(LinkEvent::Bytes(message))),
            Err(error) => {
                self.end(error.code());
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
        match &self.state()?.current {
            Some(Current::Send(message)) => {
                chunk::split(message, mtu).map_err(|error| ReaderError::BadInput { code: error.code() })
            }
            _ => Err(ReaderError::misuse("not_asked")),
        }
    }

    /// Whether the session has ended. A farewell to the peer and `Closed` may still be left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state().is_ok_and(|state| state.is_over())
    }

    /// The link is down. A message that was handed out and not taken by then (`proceed`) is not sent any more.
    ///
    /// # Errors
    /// [`ReaderError::Bug`] (`broken`).
    pub fn disconnected(&self) -> Result<(), ReaderError> {
        self.state()?.link_lost = true;
        self.feed(Input::Link(LinkEvent::Down))
    }

    /// The time of `Wait` has come.
    ///
    /// # Errors
    /// [`ReaderError::Bug`] (`broken`).
    pub fn tick(&self) -> Result<(), ReaderError> {
        self.feed(Input::Tick)
    }

    /// Asks again in the same session, after a verdict.
    ///
    /// # Errors
    /// [`ReaderError::BadInput`] (`ask_invalid`), [`ReaderError::Misuse`] (`not_asked`, `session_closed`).
    pub fn ask(&self, asked: &[DocumentAsk]) -> Result<(), ReaderError> {
        let asked = Asked::new(asked).map_err(|code| ReaderError::BadInput { code })?;
        if self.state()?.current.is_some() {
            return Err(ReaderError::misuse("not_asked"));
        }
        self.with_session(|session| Ok(self.reader.with_env(|env| session.ask(asked, env))??))?
    }

    /// Ends the session in order.
    ///
    /// # Errors
    /// [`ReaderError::Bug`] (`broken`).
    pub fn finish(&self) -> Result<(), ReaderError> {
        {
            let mut state = self.state()?;
            if matches!(state.current, Some(Current::Judged(_))) {
                state.current = None;
            }
        }
        self.with_session(Machine::finish)
    }

    /// Ends the session at once, also while an answer is being judged; nothing is handed out afterwards. A running `next` returns
    /// [`ReaderError::Cancelled`], a later one says farewell to the peer and then `Closed`.
    pub fn cancel(&self) {
        self.end(CANCELLED);
    }

    /// Makes a running `next` return [`ReaderError::Cancelled`] at once and changes nothing else: the next call goes on.
    pub fn park(&self) {
        self.turn.interrupt();
    }

    async fn advance(&self) -> Result<ReadingStep, ReaderError> {
        loop {
            match self.work()? {
                Work::Sign(r) => {
                    let guard = Repeat::guard(self, Output::Io(Effect::Sign(r.clone())));
                    let signed = self.reader.ports.secure_area.sign(r.key, r.message, r.prompt).await;
                    guard.done();
                    self.tell(Input::Done(Reply::Signed(signed)))?;
                }
                Work::Step(step) => return Ok(step),
                Work::Tell(input) => self.tell(input)?,
            }
        }
    }

    /// Takes what comes next. A step is made the current one in the same moment, so that `cancel` withdraws it or comes too late.
    fn work(&self) -> Result<Work, ReaderError> {
        self.tell_end();
        let mut state = self.state()?;
        state.withdraw_sends();
        if let Some(step) = state.current_step() {
            return Ok(Work::Step(step));
        }
        if let Some(input) = state.unfed.take() {
            return Ok(Work::Tell(input));
        }
        let output = match state.pending.pop_front() {
            Some(output) => Some(output),
            // Between `cancel` and the machine's farewell nothing is taken from it.
            None if state.is_over() => None,
            None => self.poll(&mut state)?,
        };
        state.current = Some(match output {
            Some(Output::Link(LinkCommand::Connect(engagement))) => Current::Connect(engagement),
            Some(Output::Finished(exchange)) => Current::Judged(exchange.verdict),
            Some(Output::Link(LinkCommand::Send(message))) => Current::Send(message),
            Some(Output::Io(Effect::Sign(request))) => return Ok(Work::Sign(request)),
            Some(Output::Close(reason)) => {
                state.close(reason);
                return Ok(Work::Step(state.resting()));
            }
            // A reader's machine asks for nothing else.
            _ => return Ok(Work::Step(state.resting())),
        });
        let step = state.current_step();
        Ok(Work::Step(step.unwrap_or_else(|| state.resting())))
    }
}
