//! An online presentation: the app opens links and pages, this object everything else.
//!
//! ```text
//! loop { match next().await { Ask => answer(..); Unlock => unlock(), unlocked(); Receipt => show it, proceed();
//!                             Closed => break } }
//! ```
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rid_crypto::CryptoRng;
use rid_flow::{
    Effect, HistoryOutcome, Note, Reply,
    ports::Clock,
    run::{Driven, FlowError, FlowHost, FlowRunner, Host, RunError, drive, perform},
};
use rid_holder::{
    consent::Question,
    online::{Arrival, Beginning, Delivery, Online, OnlineAnswer, OnlineError, OnlinePause, OnlineReceipt},
};
use rid_wire::Code;

use super::PresentationStep;
use crate::{
    Wallet, WalletError,
    consent::answer_of,
    view::{ConsentAnswer, LockState, OnlineDelivery},
};

/// One online presentation. Its steps are `Ask`, `Unlock`, `Receipt` and `Closed`; it has no radio. Methods may be
/// called from any thread; one `next` at a time. Dropping it is as [`OnlinePresentation::cancel`].
pub struct OnlinePresentation {
    runner: FlowRunner<Online, Facade>,
    standing: Mutex<Standing>,
}

/// What the app was given last.
enum Standing {
    /// Nothing to be answered.
    Idle,
    Asked(Box<Question>),
    Unlock,
    /// The receipt, to be taken note of.
    Receipt,
    Closed(Code),
}

impl Wallet {
    /// Starts an answer to a link or the content of a QR code (`openid4vp:`, `haip-vp:`, or an https link that the app
    /// claims). The app says by which way it came: after a scan no page is opened on this device.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] for a text that is no such link; nothing was fetched.
    pub fn present_link(self: &Arc<Self>, link: &str, arrival: Arrival) -> Result<OnlinePresentation, WalletError> {
        let beginning = Beginning::link(link, arrival).map_err(|error| WalletError::BadInput { code: error.code() })?;
        Ok(self.present_online(beginning))
    }

    /// Starts an answer to a request of the Digital Credentials API: its protocol, its data as JSON text, and the
    /// origin as the platform gives it. The answer is in the receipt, for the platform.
    #[must_use]
    pub fn present_to_origin(self: &Arc<Self>, protocol: &str, data: &str, origin: &str) -> OnlinePresentation {
        let [protocol, data, origin] = [protocol, data, origin].map(String::from);
        self.present_online(Beginning::Api { protocol, data, origin })
    }

    fn present_online(self: &Arc<Self>, beginning: Beginning) -> OnlinePresentation {
        let flow = Online::new(self.profile.clone(), self.trust.clone(), self.reader_policy, beginning);
        OnlinePresentation { runner: FlowRunner::new(flow, Facade(self.clone())), standing: Mutex::new(Standing::Idle) }
    }
}

impl OnlinePresentation {
    /// Does what needs no person, and says what is to be done next. The same step is given until it was done. When a
    /// call was dropped while something was sent, the next one says what is known of it: nothing is sent twice.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`busy`) while another `next` runs; [`WalletError::Cancelled`] when it was interrupted
    /// by [`OnlinePresentation::cancel`] or [`OnlinePresentation::park`].
    pub async fn next(&self) -> Result<PresentationStep, WalletError> {
        loop {
            if let Standing::Closed(code) = &*self.standing() {
                return Ok(PresentationStep::Closed { code: *code });
            }
            match self.runner.next().await {
                Ok(Driven::Pause(OnlinePause::Unlock)) if self.is_unlocked() => {
                    self.runner.answer(OnlineAnswer::Unlocked(true))?;
                }
                Ok(Driven::Pause(OnlinePause::Unlock)) => {
                    *self.standing() = Standing::Unlock;
                    return Ok(PresentationStep::Unlock);
                }
                Ok(Driven::Pause(OnlinePause::Ask(question))) => {
                    let request = self.wallet().request_view(&question);
                    *self.standing() = Standing::Asked(Box::new(question));
                    return Ok(PresentationStep::Ask { request });
                }
                Ok(Driven::Done(receipt)) => {
                    *self.standing() = Standing::Receipt;
                    let OnlineReceipt { receipt, delivery } = receipt;
                    let delivery = Some(delivery_view(delivery));
                    return Ok(PresentationStep::Receipt { receipt: self.wallet().receipt_view(&receipt, delivery) });
                }
                Err(FlowError::Flow(error)) => *self.standing() = Standing::Closed(error.code()),
                Err(FlowError::Run(RunError::Cancelled)) if self.runner.is_cancelled() => {
                    *self.standing() = Standing::Closed(Code::new("cancelled"));
                    return Err(WalletError::Cancelled);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The person's answer to `Ask`.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`consent_binding` for another question's id or hash, `not_asked`),
    /// [`WalletError::BadInput`] (`consent_selection`); the question stays open.
    pub fn answer(&self, answer: ConsentAnswer) -> Result<(), WalletError> {
        let mut standing = self.standing();
        let Standing::Asked(question) = &*standing else { return Err(WalletError::misuse("not_asked")) };
        self.runner.answer(OnlineAnswer::Consent(answer_of(question, answer)?))?;
        *standing = Standing::Idle;
        Ok(())
    }

    /// The answer to `Unlock`: the wallet was unlocked, or the person gave up.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`).
    pub fn unlocked(&self) -> Result<(), WalletError> {
        let mut standing = self.standing();
        if !matches!(&*standing, Standing::Unlock) {
            return Err(WalletError::misuse("not_asked"));
        }
        self.runner.answer(OnlineAnswer::Unlocked(self.is_unlocked()))?;
        *standing = Standing::Idle;
        Ok(())
    }

    /// The receipt was shown, and the page of its delivery was opened. `Closed` (`done`) follows.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`).
    pub fn proceed(&self) -> Result<(), WalletError> {
        let mut standing = self.standing();
        if !matches!(&*standing, Standing::Receipt) {
            return Err(WalletError::misuse("not_asked"));
        }
        *standing = Standing::Closed(Code::new("done"));
        Ok(())
    }

    /// Ends it at once. A running `next` returns [`WalletError::Cancelled`]. Nothing is sent afterwards; whether an
    /// answer that was under way arrived is not known, which is what the history says.
    pub fn cancel(&self) {
        self.runner.cancel();
    }

    /// Makes a running `next` return [`WalletError::Cancelled`] at once; the next call goes on.
    pub fn park(&self) {
        self.runner.park();
    }

    fn wallet(&self) -> &Arc<Wallet> {
        &self.runner.host().0
    }

    fn is_unlocked(&self) -> bool {
        self.wallet().lock_state() == LockState::Unlocked
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn delivery_view(delivery: Delivery) -> OnlineDelivery {
    match delivery {
        Delivery::NotSent => OnlineDelivery::NotSent,
        Delivery::Refused => OnlineDelivery::Refused,
        Delivery::Returned { data } => OnlineDelivery::Returned { data },
        Delivery::Taken { redirect } => {
            OnlineDelivery::Taken { redirect: redirect.map(|page| page.as_str().to_owned()) }
        }
        Delivery::Unknown => OnlineDelivery::Unknown,
    }
}

/// What a wallet brings to the runner: its ports, and what is left to be done later.
struct Facade(Arc<Wallet>);

impl Facade {
    fn leave(&self, notes: Vec<Note>) {
        for note in notes {
            match note {
                Note::DeleteKeys(keys) => self.0.leave_keys(keys),
                Note::Write(changes) => self.0.leave_changes(changes),
            }
        }
    }
}

#[async_trait]
impl Host for Facade {
    fn clock(&self) -> &dyn Clock {
        &*self.0.ports.clock
    }

    fn rng(&self) -> Box<dyn CryptoRng + Send> {
        (self.0.ports.rng)()
    }

    async fn perform(&self, effect: Effect) -> Reply {
        perform(effect, &self.0.flow_ports()).await
    }

    async fn settle(&self) {
        self.0.settle().await;
    }
}

#[async_trait]
impl FlowHost<Online> for Facade {
    async fn drive(&self, flow: &mut Online) -> Result<Driven<OnlinePause, OnlineReceipt>, OnlineError> {
        self.0.settle().await;
        let rested = drive(flow, &self.0.flow_ports(), &*self.0.ports.rng).await;
        self.leave(flow.take_notes());
        self.0.settle().await;
        rested
    }

    fn abandon(&self, flow: Online) {
        self.leave(flow.abandon());
    }

    /// An answer for the platform that nobody was given did not leave.
    fn unclaimed(&self, done: &OnlineReceipt) {
        if done.receipt.disclosed && matches!(done.delivery, Delivery::Returned { .. }) {
            self.0.leave_outcome(done.receipt.history, HistoryOutcome::Failed);
        }
    }
}

impl From<OnlineError> for WalletError {
    fn from(error: OnlineError) -> Self {
        match error {
            OnlineError::Misuse(misuse) => misuse.into(),
            OnlineError::Clock(error) => error.into(),
            other => Self::PeerRefused { code: other.code() },
        }
    }
}
