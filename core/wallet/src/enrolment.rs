//! The enrolment door: ask an issuer for credentials, and accept its answer, all or nothing.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rid_flow::{Driven, Flow, RecordKey, Reply, Reuse, Turn, drive};
use rid_holder::enrolment::{Accept, Enrol, EnrolParameters, RECORD_KIND};
use rid_profile::{CopyPolicy, Kind};
use rid_wire::{Code, hex};

use crate::{Wallet, WalletError, view::CredentialView};

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
        let mut flow = self.enrol_flow(kinds, copies, challenge, audience)?;
        self.drive_enrol(&mut flow).await
    }

    /// The same as an object that can be called away and asked again.
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
        Ok(Enrolling { wallet: self.clone(), slot: Mutex::new(Slot::Ready(Box::new(flow))), turn: Turn::new() })
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
            let kind = self
                .profile
                .kind_by_id(name)
                .or_else(|| self.profile.kind(name))
                .ok_or(WalletError::BadInput { code: Code::new("kind_unknown") })?;
            wanted.push((kind.doc_type.clone(), if copies == 0 { kind.copies } else { copies }));
        }
        let parameters = EnrolParameters { kinds: wanted, challenge, audience, user_auth: self.user_auth };
        self.with_env(|env| Enrol::new(parameters, env))
    }

    async fn drive_enrol(&self, flow: &mut Enrol) -> Result<Enrolment, WalletError> {
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
    pub async fn accept(&self, id: &str, answer: &[u8]) -> Result<Vec<CredentialView>, WalletError> {
        let unknown = WalletError::BadInput { code: Code::new("enrolment_unknown") };
        let raw: [u8; 16] = hex::decode(id).ok().and_then(|id| id.try_into().ok()).ok_or(unknown)?;
        let key = RecordKey { kind: RECORD_KIND.into(), name: hex::encode(&raw) };
        let record = self.vault.record(&key).await?;
        if record.is_none() {
            return Err(WalletError::BadInput { code: Code::new("enrolment_unknown") });
        }
        let trust = self.trust.clone();
        let flow = self.with_env(|env| Accept::new(raw, answer, record.as_deref(), trust, env))??;
        let mut flow = flow.reusing(|kind| reuse(self.profile.kind(kind))).comparing_types(self.profile.clone());
        let rng = self.ports.rng.clone();
        let stored = match drive(&mut flow, &self.flow_ports(), &*rng).await? {
            Driven::Done(stored) => stored,
            Driven::Pause(never) => match never {},
        };
        let views = self.credentials().await?;
        Ok(views.into_iter().filter(|view| stored.contains(&view.id)).collect())
    }
}

/// The profile's word for how copies are used up.
fn reuse(kind: Option<&Kind>) -> Reuse {
    match kind.map(|kind| kind.reuse) {
        Some(CopyPolicy::Limited { seconds }) => Reuse::Limited { seconds },
        Some(CopyPolicy::PerVerifier) => Reuse::PerVerifier,
        Some(CopyPolicy::Rotate) => Reuse::Rotate,
        Some(CopyPolicy::Once) | None => Reuse::Once,
    }
}

/// An enrolment under way: keys and proofs may take a person's finger each, so it can be called away.
pub struct Enrolling {
    wallet: Arc<Wallet>,
    slot: Mutex<Slot>,
    turn: Turn,
}

enum Slot {
    /// A call runs it now.
    Away,
    /// It failed, or was cancelled; said again at each call.
    Ended(WalletError),
    /// Its message; given again at each call.
    Finished(Enrolment),
    /// To be driven on.
    Ready(Box<Enrol>),
}

impl Enrolling {
    /// Runs to the end and gives the message for the issuer, at each call the same. When a call was dropped or called away
    /// while keys were being made or used, the next one cleans up and ends with [`WalletError::Misuse`] (`interrupted`).
    ///
    /// # Errors
    /// As [`Wallet::enrol`]; [`WalletError::Misuse`] (`busy`) while another call runs, [`WalletError::Cancelled`] when called
    /// away.
    pub async fn next(&self) -> Result<Enrolment, WalletError> {
        let turn = self.turn.take()?;
        let taken = std::mem::replace(&mut *self.slot(), Slot::Away);
        let flow = match taken {
            Slot::Ready(flow) => flow,
            Slot::Away => return Err(WalletError::Bug { code: Code::new("broken") }),
            Slot::Ended(why) => {
                *self.slot() = Slot::Ended(why.clone());
                return Err(why);
            }
            Slot::Finished(enrolment) => {
                *self.slot() = Slot::Finished(enrolment.clone());
                return Ok(enrolment);
            }
        };
        let mut held = Held { enrolling: self, flow: Some(flow) };
        let ended = turn.run(held.drive()).await.unwrap_or(Err(WalletError::Cancelled));
        drop(held);
        ended
    }

    /// Ends it: the running `next` returns at once, every later one says `cancelled`. Keys already made stay named in the
    /// record of the enrolment.
    pub fn cancel(&self) {
        *self.slot() = Slot::Ended(WalletError::Cancelled);
        self.turn.call_away();
    }

    /// Makes a running `next` return [`WalletError::Cancelled`] at once; the next call says what became of it.
    pub fn park(&self) {
        self.turn.call_away();
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A flow out of its slot: it goes back when the call ends in whatever way (after a panic nobody gets the turn again).
struct Held<'a> {
    enrolling: &'a Enrolling,
    flow: Option<Box<Enrol>>,
}

impl Held<'_> {
    async fn drive(&mut self) -> Result<Enrolment, WalletError> {
        let Some(flow) = &mut self.flow else { return Err(WalletError::Bug { code: Code::new("broken") }) };
        let ended = self.enrolling.wallet.drive_enrol(flow).await;
        self.flow = None;
        let mut slot = self.enrolling.slot();
        if matches!(*slot, Slot::Away) {
            *slot = match &ended {
                Ok(enrolment) => Slot::Finished(enrolment.clone()),
                Err(why) => Slot::Ended(why.clone()),
            };
        }
        ended
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut slot = self.enrolling.slot();
        let (Some(mut flow), Slot::Away) = (self.flow.take(), &*slot) else { return };
        // It was dropped where it awaited a port: whether the port acted is not known.
        let told = self.enrolling.wallet.with_env(|env| flow.reply(Reply::Unknown, env));
        *slot = match told {
            Ok(_) => Slot::Ready(flow),
            Err(why) => Slot::Ended(why),
        };
    }
}

rid_wire::closed_debug!(Enrolment);
