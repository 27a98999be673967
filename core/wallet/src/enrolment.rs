//! The enrolment door: ask an issuer for credentials, and accept its answer, all or nothing.
use std::sync::{Arc, Mutex, MutexGuard};

use rid_claims::Format;
use rid_flow::{CallGate, Changes, Driven, Flow, RecordKey, Reply, Store, drive};
use rid_holder::enrolment::{Accept, Enrol, EnrolParameters, PendingEnrolment, RECORD_KIND, record_key};
use rid_wire::{Code, hex};

use crate::{Wallet, WalletError, view::CredentialSummary};

/// What goes to an issuer.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Names this enrolment; [`Wallet::accept`] wants it back.
    pub id: String,
    /// The message: keys and one proof of possession each (`rid_flow::enrolment`).
    pub message: Vec<u8>,
    /// How many keys were made.
    pub keys: u32,
}

impl Wallet {
    /// Makes `copies` keys for each kind (short name or document type; 0: as many as the profile says) and proves their
    /// possession to `audience` over its `challenge`.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] for an unknown kind, [`WalletError::Cancelled`], [`WalletError::Locked`],
    /// [`WalletError::StorageDamaged`], [`WalletError::Unsupported`].
    pub async fn enrol(
        &self,
        kinds: &[String],
        copies: u32,
        challenge: Vec<u8>,
        audience: String,
    ) -> Result<Enrolment, WalletError> {
        let flow = Box::new(self.enrol_flow(kinds, copies, challenge, audience)?);
        Unfinished { wallet: self, flow: Some(flow) }.drive().await
    }

    /// The same as an object that can be interrupted and asked again.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] for an unknown kind.
    pub fn enrolling(
        self: &Arc<Self>,
        kinds: &[String],
        copies: u32,
        challenge: Vec<u8>,
        audience: String,
    ) -> Result<Enrolling, WalletError> {
        let flow = self.enrol_flow(kinds, copies, challenge, audience)?;
        Ok(Enrolling { wallet: self.clone(), slot: Mutex::new(Slot::Ready(Box::new(flow))), turn: CallGate::new() })
    }

    fn enrol_flow(
        &self,
        kinds: &[String],
        copies: u32,
        challenge: Vec<u8>,
        audience: String,
    ) -> Result<Enrol, WalletError> {
        let mut wanted = Vec::with_capacity(kinds.len());
        for name in kinds {
            let kind = self.profile.kind_named(name).ok_or(UNKNOWN_KIND)?;
            // The enrolment messages are those of mdoc.
            let id = kind.credential_type(Format::Mdoc).ok_or(UNKNOWN_KIND)?.id;
            wanted.push((id, if copies == 0 { kind.copies } else { copies }));
        }
        let parameters = EnrolParameters { kinds: wanted, challenge, audience, user_auth: self.user_auth };
        self.with_env(|env| Enrol::new(parameters, env))
    }

    async fn drive_enrol(&self, flow: &mut Enrol) -> Result<Enrolment, WalletError> {
        self.catch_up().await;
        let rng = self.ports.rng.clone();
        match drive(flow, &self.flow_ports(), &*rng).await? {
            Driven::Done(request) => Ok(Enrolment {
                id: hex::encode(&request.id),
                message: request.encode(),
                keys: u32::try_from(request.kinds.iter().map(|(_, keys)| keys.len()).sum::<usize>())
                    .unwrap_or(u32::MAX),
            }),
            Driven::Pause(never) => match never {},
        }
    }

    /// Checks an issuer's answer fully and stores it: every credential or none. Another enrolment's answer is refused.
    ///
    /// # Errors
    /// [`WalletError::BadInput`], [`WalletError::NotTrusted`], [`WalletError::StorageDamaged`]; nothing was stored.
    pub async fn accept(&self, id: &str, answer: &[u8]) -> Result<Vec<CredentialSummary>, WalletError> {
        let raw = parse_id(id)?;
        self.catch_up().await;
        let record = self.vault.record(&record_key(&raw)).await?;
        if record.is_none() {
            return Err(unknown());
        }
        let trust = self.trust.clone();
        let flow = self.with_env(|env| Accept::new(raw, answer, record.as_deref(), trust, env))??;
        let mut flow = flow
            .reusing(|kind| self.profile.kind_named(kind).map(|kind| kind.reuse).unwrap_or_default())
            .comparing_types(self.profile.clone());
        let rng = self.ports.rng.clone();
        let stored = match drive(&mut flow, &self.flow_ports(), &*rng).await? {
            Driven::Done(stored) => stored,
            Driven::Pause(never) => match never {},
        };
        let views = self.credentials().await?;
        Ok(views.into_iter().filter(|view| stored.contains(&view.id)).collect())
    }

    /// Withdraws an enrolment whose message was given out: its keys are removed, and from then on the issuer's answer is refused.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`enrolment_unknown`) when it was answered, withdrawn or has expired; [`WalletError::Locked`] and
    /// those of storage: nothing was changed.
    pub async fn withdraw(&self, id: &str) -> Result<(), WalletError> {
        let record = record_key(&parse_id(id)?);
        let stored = self.vault.record(&record).await?.ok_or_else(unknown)?;
        // The record goes first: an answer must never be bound to a key that is gone.
        self.vault.commit(Changes { take: vec![record.clone()], ..Changes::default() }).await?;
        let pending = PendingEnrolment::parse(&stored).ok();
        self.leave_enrolment(record, pending.iter().flat_map(PendingEnrolment::keys).cloned().collect());
        self.settle().await;
        Ok(())
    }
}

const UNKNOWN_KIND: WalletError = WalletError::BadInput { code: Code::new("kind_unknown") };

fn unknown() -> WalletError {
    WalletError::BadInput { code: Code::new("enrolment_unknown") }
}

fn parse_id(id: &str) -> Result<[u8; 16], WalletError> {
    hex::decode(id).ok().and_then(|id| id.try_into().ok()).ok_or_else(unknown)
}

/// An enrolment under way. Keys and proofs may take a person's finger each, so it can be interrupted.
///
/// Until its message was given out, cancelling or dropping it removes its keys, at the latest with the wallet's next call. After that
/// it waits for the issuer's answer, and its keys are removed when it expires or is withdrawn ([`Wallet::withdraw`]).
pub struct Enrolling {
    wallet: Arc<Wallet>,
    slot: Mutex<Slot>,
    turn: CallGate,
}

enum Slot {
    /// A call runs it now.
    Away,
    /// It failed, or was cancelled; said again at each call.
    Ended(WalletError),
    /// Its message, given again at each call, and whether it was given.
    Finished(Enrolment, bool),
    /// To be driven on.
    Ready(Box<Enrol>),
}

impl Enrolling {
    /// Runs to the end and gives the message for the issuer, at each call the same. When a call was dropped or interrupted while keys
    /// were being made or used, the next one cleans up and ends with [`WalletError::Misuse`] (`interrupted`).
    ///
    /// # Errors
    /// As [`Wallet::enrol`]; [`WalletError::Misuse`] (`busy`) while another call runs, [`WalletError::Cancelled`] when interrupted,
    /// [`WalletError::Bug`] (`broken`) after a panic.
    pub async fn next(&self) -> Result<Enrolment, WalletError> {
        let turn = self.turn.take()?;
        let ended = turn.run(self.advance()).await.unwrap_or(Err(WalletError::Cancelled));
        if ended.is_ok() {
            match &mut *self.slot()? {
                Slot::Finished(_, given) => *given = true,
                _ => return Err(WalletError::Cancelled),
            }
        }
        ended
    }

    async fn advance(&self) -> Result<Enrolment, WalletError> {
        let taken = std::mem::replace(&mut *self.slot()?, Slot::Away);
        match taken {
            Slot::Ready(flow) => {
                let flow = Unfinished { wallet: &self.wallet, flow: Some(flow) };
                Held { enrolling: self, flow }.drive().await
            }
            Slot::Away => Err(broken()),
            Slot::Ended(why) => {
                *self.slot()? = Slot::Ended(why.clone());
                self.wallet.settle().await;
                Err(why)
            }
            Slot::Finished(enrolment, given) => {
                *self.slot()? = Slot::Finished(enrolment.clone(), given);
                Ok(enrolment)
            }
        }
    }

    /// Ends it: the running `next` returns at once, every later one says `cancelled`.
    pub fn cancel(&self) {
        if let Ok(mut slot) = self.slot() {
            match std::mem::replace(&mut *slot, Slot::Ended(WalletError::Cancelled)) {
                // Dropping it leaves its keys to be removed.
                Slot::Ready(flow) => drop(Unfinished { wallet: &self.wallet, flow: Some(flow) }),
                Slot::Finished(enrolment, false) => self.wallet.leave_message(&enrolment),
                Slot::Ended(why) => *slot = Slot::Ended(why),
                Slot::Away | Slot::Finished(_, true) => {}
            }
        }
        self.turn.interrupt();
    }

    /// Makes a running `next` return [`WalletError::Cancelled`] at once; the next call says what became of it.
    pub fn park(&self) {
        self.turn.interrupt();
    }

    fn slot(&self) -> Result<MutexGuard<'_, Slot>, WalletError> {
        self.slot.lock().map_err(|_| broken())
    }
}

impl Drop for Enrolling {
    fn drop(&mut self) {
        self.cancel();
    }
}

fn broken() -> WalletError {
    WalletError::Bug { code: Code::new("broken") }
}

/// A flow that is not at its end. Dropping it leaves its keys to be removed.
struct Unfinished<'a> {
    wallet: &'a Wallet,
    flow: Option<Box<Enrol>>,
}

impl Unfinished<'_> {
    async fn drive(&mut self) -> Result<Enrolment, WalletError> {
        let Some(flow) = &mut self.flow else { return Err(broken()) };
        let enrolment = self.wallet.drive_enrol(flow).await?;
        self.flow = None;
        Ok(enrolment)
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(flow) = self.flow.take() {
            let (record, keys) = flow.abandon();
            self.wallet.leave_enrolment(record, keys);
        }
    }
}

/// A flow out of its slot: it goes back when the call ends in whatever way. After a panic no call gets the turn again.
struct Held<'a> {
    enrolling: &'a Enrolling,
    flow: Unfinished<'a>,
}

impl Held<'_> {
    async fn drive(&mut self) -> Result<Enrolment, WalletError> {
        let ended = self.flow.drive().await;
        let mut slot = self.enrolling.slot()?;
        match (&ended, &*slot) {
            (Ok(enrolment), Slot::Away) => *slot = Slot::Finished(enrolment.clone(), false),
            // Cancelled in the last moment.
            (Ok(enrolment), _) => self.flow.wallet.leave_message(enrolment),
            (Err(why), Slot::Away) => *slot = Slot::Ended(why.clone()),
            (Err(_), _) => {}
        }
        ended
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let Some(mut flow) = self.flow.flow.take() else { return };
        // It was dropped where it awaited a port: whether the port acted is not known.
        let told = self.flow.wallet.with_env(|env| flow.reply(Reply::Unknown, env));
        if let Ok(mut slot) = self.enrolling.slot() {
            match (&*slot, told) {
                (Slot::Away, Ok(_)) => {
                    *slot = Slot::Ready(flow);
                    return;
                }
                (Slot::Away, Err(why)) => *slot = Slot::Ended(why),
                _ => {}
            }
        }
        // It ended: dropping it leaves its keys to be removed.
        self.flow.flow = Some(flow);
    }
}

impl Wallet {
    /// Leaves an enrolment to be removed whose message was made and never given out.
    fn leave_message(&self, enrolment: &Enrolment) {
        let record = RecordKey { kind: RECORD_KIND.into(), name: enrolment.id.clone() };
        self.leave_enrolment(record, Vec::new());
    }
}

rid_wire::closed_debug!(Enrolment);
