//! A face-to-face presentation: the native side owns the radio and the screen, this object everything else.
//!
//! ```text
//! loop { match next().await { Advertise|Send|Receipt => do it, proceed(); Ask => answer(..); Unlock => unlock(), unlocked();
//!                             Wait => connected() | received(bytes) | tick() | disconnected(); Closed => break } }
//! ```
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rid_flow::{
    Changes, Committed, Committer, CredentialId, HistoryOutcome, Input, Output, Session, Uptime,
    ports::{KeyId, StorageError},
};
use rid_holder::{
    consent::{Candidate, Question},
    proximity::{Advertisement, CloseReason, MatchRequest, Matches, Proximity, ProximityTypes, Receipt},
};
use rid_vault::CredentialMeta;
use rid_wire::Code;

use crate::{
    Wallet, WalletError,
    consent::answer_of,
    view::{ConsentAnswer, LockState, ReceiptView, RequestView},
};

/// What is to be done now. The same step is given until it was done: `proceed`, `answer`, `unlocked`.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        request: RequestView,
    },
    /// It is over.
    Closed {
        /// Why.
        code: Code,
    },
    /// One exchange is over; then `proceed`.
    Receipt {
        /// How.
        receipt: ReceiptView,
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
        /// Monotonic milliseconds of the Clock port; `None`: as long as it takes.
        until_millis: Option<u64>,
    },
}

/// One presentation. Methods may be called from any thread; one `next` at a time.
pub struct Presentation {
    wallet: Arc<Wallet>,
    state: Mutex<State>,
    running: AtomicBool,
}

struct State {
    session: Proximity,
    pending: VecDeque<Output<ProximityTypes>>,
    current: Option<Current>,
    low_water: Vec<CredentialId>,
    /// Device keys of the copies used up: of no use once the exchange is over.
    used_keys: Vec<KeyId>,
    closed: Option<Code>,
    /// A commit was begun and its answer was never seen: asking again could use a second copy.
    committing: bool,
}

/// The step given out and not yet done.
enum Current {
    Advertise(Advertisement),
    Ask(Question),
    Receipt(Receipt),
    Send(Vec<u8>),
    Unlock,
}

impl Wallet {
    /// Starts a face-to-face presentation.
    ///
    /// # Errors
    /// [`WalletError::Unsupported`] when the clock fails.
    pub fn present(self: &Arc<Self>) -> Result<Presentation, WalletError> {
        let (profile, trust) = (self.profile.clone(), self.trust.clone());
        let session = self.with_env(|env| Proximity::start(profile, trust, self.device_auth, env))?;
        let state = State {
            session,
            pending: VecDeque::new(),
            current: None,
            low_water: Vec::new(),
            used_keys: Vec::new(),
            closed: None,
            committing: false,
        };
        Ok(Presentation { wallet: self.clone(), state: Mutex::new(state), running: AtomicBool::new(false) })
    }
}

impl Presentation {
    /// Does what needs no person and no radio, and says what is to be done next. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`busy`) while another `next` runs.
    pub async fn next(&self) -> Result<PresentationStep, WalletError> {
        let _running = Running::take(&self.running)?;
        loop {
            let output = {
                let mut state = self.state();
                if state.committing {
                    state.interrupted();
                }
                if let Some(step) = state.current_step(&self.wallet) {
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

    /// The step `next` gave (`Advertise`, `Send`, `Receipt`) was done.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`).
    pub fn proceed(&self) -> Result<(), WalletError> {
        let mut state = self.state();
        match state.current {
            Some(Current::Advertise(_) | Current::Receipt(_) | Current::Send(_)) => {
                state.current = None;
                Ok(())
            }
            _ => Err(WalletError::misuse("not_asked")),
        }
    }

    /// The link is up.
    ///
    /// # Errors
    /// [`WalletError::Misuse`].
    pub fn connected(&self) -> Result<(), WalletError> {
        self.input(Input::Connected)
    }

    /// One whole message came.
    ///
    /// # Errors
    /// [`WalletError::Misuse`].
    pub fn received(&self, message: Vec<u8>) -> Result<(), WalletError> {
        self.input(Input::Bytes(message))
    }

    /// The link is down.
    ///
    /// # Errors
    /// [`WalletError::Misuse`].
    pub fn disconnected(&self) -> Result<(), WalletError> {
        self.input(Input::Disconnected)
    }

    /// The time of `Wait` has come.
    ///
    /// # Errors
    /// [`WalletError::Misuse`].
    pub fn tick(&self) -> Result<(), WalletError> {
        self.input(Input::Tick)
    }

    /// The person's answer to `Ask`.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`consent_binding` for another question's id or hash, `not_asked`), [`WalletError::BadInput`]
    /// (`consent_selection`); the question stays open.
    pub fn answer(&self, answer: ConsentAnswer) -> Result<(), WalletError> {
        let mut state = self.state();
        let answer = match &state.current {
            Some(Current::Ask(question)) => answer_of(question, answer)?,
            _ => return Err(WalletError::misuse("not_asked")),
        };
        state.handle(&self.wallet, Input::Consent(answer))?;
        state.current = None;
        Ok(())
    }

    /// The answer to `Unlock`: the wallet was unlocked, or the person gave up.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] (`not_asked`).
    pub fn unlocked(&self) -> Result<(), WalletError> {
        let mut state = self.state();
        if !matches!(state.current, Some(Current::Unlock)) {
            return Err(WalletError::misuse("not_asked"));
        }
        let unlocked = self.wallet.lock_state() == LockState::Unlocked;
        state.handle(&self.wallet, Input::Unlocked(unlocked))?;
        state.current = None;
        Ok(())
    }

    /// Ends the presentation; a running `next` returns at its next step.
    pub fn cancel(&self) {
        let mut state = self.state();
        state.current = None;
        let session = &mut state.session;
        // Without a clock there is no farewell to the peer; the link's end says it.
        let _ = self.wallet.with_env(|env| session.cancel(env));
    }

    fn input(&self, input: Input<ProximityTypes>) -> Result<(), WalletError> {
        self.state().handle(&self.wallet, input)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one output: at once, over a port, or by making it the current step.
    async fn run(&self, output: Output<ProximityTypes>) -> Result<(), WalletError> {
        let area = &self.wallet.ports.secure_area;
        let input = match output {
            Output::Advertise(plan) | Output::Connect(plan) => return self.give(Current::Advertise(plan)),
            Output::AskConsent(question) => return self.give(Current::Ask(question)),
            Output::Finished(receipt) => {
                self.delivered(&receipt).await;
                self.delete_used_keys().await;
                return self.give(Current::Receipt(receipt));
            }
            Output::Send(message) => return self.give(Current::Send(message)),
            Output::Close(reason) => {
                self.state().close(reason);
                self.delete_used_keys().await;
                return Ok(());
            }
            Output::Unlock if self.wallet.lock_state() == LockState::Locked => return self.give(Current::Unlock),
            Output::Unlock => Input::Unlocked(true),
            Output::Agree(r) => {
                let guard = Repeat::guard(&self.state, Output::Agree(r.clone()));
                let agreed = area.agree(r.key, r.peer, r.prompt).await;
                guard.done();
                Input::Agreed(agreed)
            }
            Output::Sign(r) => {
                let guard = Repeat::guard(&self.state, Output::Sign(r.clone()));
                let signed = area.sign(r.key, r.message, r.prompt).await;
                guard.done();
                Input::Signed(signed)
            }
            Output::Commit(changes) => Input::Committed(self.commit(changes).await),
            Output::Match(request) => {
                let guard = Repeat::guard(&self.state, Output::Match(request.clone()));
                let matches = self.matches(&request).await;
                guard.done();
                match matches {
                    Ok(matches) => Input::Candidates(matches),
                    Err(_) => Input::Unlocked(false),
                }
            }
            Output::Fetch(_) => Input::Fetched(Err(rid_flow::ports::HttpError::Offline)),
        };
        // The session may have closed while the port worked: then the answer is dropped with it.
        match self.state().handle(&self.wallet, input) {
            Err(WalletError::Misuse { .. }) | Ok(()) => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn give(&self, current: Current) -> Result<(), WalletError> {
        self.state().current = Some(current);
        Ok(())
    }

    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError> {
        self.state().committing = true;
        let committed = self.wallet.vault.commit(changes).await;
        let mut state = self.state();
        state.committing = false;
        if let Ok(committed) = &committed {
            state.low_water = committed.low_water.clone();
            state.used_keys.extend(committed.copies.iter().map(|copy| copy.key.clone()));
        }
        committed
    }

    /// Writes the outcome of a finished exchange. The exchange stands whether or not this succeeds: the row says "started" then.
    async fn delivered(&self, receipt: &Receipt) {
        if receipt.disclosed {
            let outcomes = vec![(receipt.history, HistoryOutcome::Finished)];
            let _ = self.wallet.vault.commit(Changes { outcomes, ..Changes::default() }).await;
        }
    }

    /// The copies are erased, so their keys sign nothing that exists; one left over does no harm.
    async fn delete_used_keys(&self) {
        let keys = std::mem::take(&mut self.state().used_keys);
        for key in keys {
            let _ = self.wallet.ports.secure_area.delete(key).await;
        }
    }

    async fn matches(&self, request: &MatchRequest) -> Result<Matches, WalletError> {
        let metas = self.wallet.vault.credentials().await?;
        let candidate = |meta: &CredentialMeta| Candidate {
            credential: meta.id.clone(),
            issuer: meta.issuer.clone(),
            valid_until: meta.valid_until,
            copies_left: meta.copies_left,
            elements: meta.elements.clone(),
        };
        let by_doc_type = request
            .doc_types
            .iter()
            .map(|doc_type| {
                let mut held: Vec<Candidate> = metas.iter().filter(|m| m.kind == *doc_type).map(candidate).collect();
                // Best first: with copies left, then the one valid longest.
                held.sort_by_key(|c| (c.copies_left == 0, core::cmp::Reverse(c.valid_until)));
                held
            })
            .collect();
        Ok(Matches { by_doc_type })
    }
}

impl State {
    fn handle(&mut self, wallet: &Wallet, input: Input<ProximityTypes>) -> Result<(), WalletError> {
        let session = &mut self.session;
        wallet.with_env(|env| session.handle(input, env))?.map_err(WalletError::from)
    }

    fn take_output(&mut self) -> Option<Output<ProximityTypes>> {
        self.pending.pop_front().or_else(|| self.session.poll())
    }

    fn close(&mut self, reason: CloseReason) {
        self.closed = Some(reason.code());
    }

    /// A commit whose answer was never seen: the copy may be used, so the session ends by name and nothing is signed.
    fn interrupted(&mut self) {
        self.committing = false;
        self.pending.clear();
        self.current = None;
        while self.session.poll().is_some() {}
        self.closed = Some(Code::new("interrupted"));
    }

    fn resting(&self) -> PresentationStep {
        match self.closed {
            Some(code) => PresentationStep::Closed { code },
            None => PresentationStep::Wait { until_millis: self.session.deadline().map(Uptime::millis) },
        }
    }

    fn current_step(&self, wallet: &Wallet) -> Option<PresentationStep> {
        Some(match self.current.as_ref()? {
            Current::Advertise(plan) => PresentationStep::Advertise {
                qr: plan.qr(),
                peripheral_server: plan.peripheral_server().map(Into::into),
                central_client: plan.central_client().map(Into::into),
            },
            Current::Ask(question) => PresentationStep::Ask { request: wallet.request_view(question) },
            Current::Receipt(receipt) => PresentationStep::Receipt {
                receipt: ReceiptView {
                    disclosed: receipt.disclosed,
                    used: receipt.used.clone(),
                    low_water: self.low_water.clone(),
                },
            },
            Current::Send(message) => PresentationStep::Send { message: message.clone() },
            Current::Unlock => PresentationStep::Unlock,
        })
    }
}

/// Marks a running `next`; freed on every way out, a dropped future too.
struct Running<'a>(&'a AtomicBool);

impl<'a> Running<'a> {
    fn take(flag: &'a AtomicBool) -> Result<Self, WalletError> {
        if flag.swap(true, Ordering::AcqRel) { Err(WalletError::misuse("busy")) } else { Ok(Self(flag)) }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Puts an output that may be asked twice back to the front when its future is dropped before the answer came.
struct Repeat<'a> {
    state: &'a Mutex<State>,
    output: Option<Output<ProximityTypes>>,
}

impl<'a> Repeat<'a> {
    fn guard(state: &'a Mutex<State>, output: Output<ProximityTypes>) -> Self {
        Self { state, output: Some(output) }
    }

    fn done(mut self) {
        self.output = None;
    }
}

impl Drop for Repeat<'_> {
    fn drop(&mut self) {
        if let Some(output) = self.output.take() {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).pending.push_front(output);
        }
    }
}
