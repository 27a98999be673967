//! Enrolment: asks an issuer for credentials, and accepts its answer as a whole or not at all.
use std::{convert::Infallible, ops::Deref, sync::Arc};

use async_trait::async_trait;
use rid_claims::Format;
use rid_crypto::CryptoRng;
use rid_flow::{
    Changes, Effect, RecordKey, Reply, Store,
    enrolment::EnrolmentRequest,
    ports::Clock,
    run::{Driven, FlowHost, FlowRunner, Host, drive, perform},
};
use rid_holder::enrolment::{Accept, Enrol, EnrolError, EnrolParameters, PendingEnrolment, RECORD_KIND, record_key};
use rid_wire::{Code, hex};

use crate::{Wallet, WalletError, view::CredentialSummary};

/// The message to an issuer.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The identifier of this enrolment, for [`Wallet::accept`].
    pub id: String,
    /// The message: keys and one proof of possession each (`rid_flow::enrolment`).
    pub message: Vec<u8>,
    /// Number of keys created.
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
        let flow = self.enrol_flow(kinds, copies, challenge, audience)?;
        let runner = FlowRunner::new(flow, Facade(self));
        Ok(done(runner.next().await?).into())
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
        Ok(Enrolling(FlowRunner::new(flow, Facade(self.clone()))))
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
        let stored = done(drive(&mut flow, &self.flow_ports(), &*rng).await?);
        let views = self.credentials().await?;
        Ok(views.into_iter().filter(|view| stored.contains(&view.id)).collect())
    }

    /// Withdraws an enrolment whose message was given out: its keys are removed, and from then on the issuer's answer
    /// is refused.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`enrolment_unknown`) when it was answered, withdrawn or has expired;
    /// [`WalletError::Locked`] and those of storage: nothing was changed.
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

/// The end of a flow that asks nobody.
fn done<T>(rested: Driven<Infallible, T>) -> T {
    match rested {
        Driven::Done(done) => done,
        Driven::Pause(never) => match never {},
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
/// Until its message was given out, cancelling or dropping it removes its keys, at the latest with the wallet's next
/// call. After that it waits for the issuer's answer, and its keys are removed when it expires or is withdrawn
/// ([`Wallet::withdraw`]).
pub struct Enrolling(FlowRunner<Enrol, Facade<Arc<Wallet>>>);

impl Enrolling {
    /// Runs to the end and gives the message for the issuer, at each call the same. When a call was dropped or
    /// interrupted while keys were being made or used, the next one cleans up and ends with [`WalletError::Misuse`]
    /// (`interrupted`).
    ///
    /// # Errors
    /// As [`Wallet::enrol`]; [`WalletError::Misuse`] (`busy`) while another call runs, [`WalletError::Cancelled`]
    /// when interrupted, [`WalletError::Bug`] (`broken`) after a panic.
    pub async fn next(&self) -> Result<Enrolment, WalletError> {
        Ok(done(self.0.next().await?).into())
    }

    /// Ends it: the running `next` returns at once, every later one says `cancelled`.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Makes a running `next` return [`WalletError::Cancelled`] at once; the next call says what became of it.
    pub fn park(&self) {
        self.0.park();
    }
}

/// What a wallet brings to the runner of an enrolment: its ports, and the removal of keys that serve nothing.
struct Facade<W>(W);

#[async_trait]
impl<W: Deref<Target = Wallet> + Send + Sync> Host for Facade<W> {
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
impl<W: Deref<Target = Wallet> + Send + Sync> FlowHost<Enrol> for Facade<W> {
    async fn drive(&self, flow: &mut Enrol) -> Result<Driven<Infallible, EnrolmentRequest>, EnrolError> {
        self.0.catch_up().await;
        drive(flow, &self.0.flow_ports(), &*self.0.ports.rng).await
    }

    fn abandon(&self, flow: Enrol) {
        let (record, keys) = flow.abandon();
        self.0.leave_enrolment(record, keys);
    }

    fn unclaimed(&self, request: &EnrolmentRequest) {
        let record = RecordKey { kind: RECORD_KIND.into(), name: hex::encode(&request.id) };
        self.0.leave_enrolment(record, Vec::new());
    }
}

impl From<EnrolmentRequest> for Enrolment {
    fn from(request: EnrolmentRequest) -> Self {
        let keys = request.kinds.iter().map(|(_, keys)| keys.len()).sum::<usize>();
        Self { id: hex::encode(&request.id), message: request.encode(), keys: u32::try_from(keys).unwrap_or(u32::MAX) }
    }
}

rid_wire::closed_debug!(Enrolment);
