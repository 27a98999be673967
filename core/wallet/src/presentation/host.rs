//! What a wallet brings to the runner of a presentation: its ports, its steps, and what is left to be done later.
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rid_crypto::CryptoRng;
use rid_flow::{
    Effect, HistoryId, HistoryOutcome, LinkCommand, Note, Reply, Uptime,
    ports::Clock,
    run::{Current, Host, SessionHost, perform},
};
use rid_holder::proximity::{HolderSession, ProximityTypes, Receipt};
use rid_wire::Code;

use super::PresentationStep;
use crate::{
    Wallet,
    view::{LockState, OnlineDelivery, PresentationReceipt},
};

impl Wallet {
    /// The view of a receipt; `delivery` only for an online presentation.
    pub(super) fn receipt_view(&self, receipt: &Receipt, delivery: Option<OnlineDelivery>) -> PresentationReceipt {
        let elements = receipt.presented.iter().map(|element| self.history_element(element.clone()));
        PresentationReceipt {
            disclosed: receipt.disclosed,
            elements: elements.collect(),
            used: receipt.used.clone(),
            low_water: receipt.low_water.clone(),
            delivery,
        }
    }
}

pub(super) struct Facade {
    pub(super) wallet: Arc<Wallet>,
    /// The presentation whose history row says `Started`.
    begun: Mutex<Option<HistoryId>>,
}

impl Facade {
    pub(super) const fn new(wallet: Arc<Wallet>) -> Self {
        Self { wallet, begun: Mutex::new(None) }
    }

    fn begin(&self, event: Option<HistoryId>) -> Option<HistoryId> {
        std::mem::replace(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner), event)
    }
}

#[async_trait]
impl Host for Facade {
    fn clock(&self) -> &dyn Clock {
        &*self.wallet.ports.clock
    }

    fn rng(&self) -> Box<dyn CryptoRng + Send> {
        (self.wallet.ports.rng)()
    }

    async fn perform(&self, effect: Effect) -> Reply {
        perform(effect, &self.wallet.flow_ports()).await
    }

    async fn settle(&self) {
        self.wallet.settle().await;
    }

    /// A session that ended has noted its outcome; one that a panic broke has not.
    fn broke(&self) {
        if let Some(event) = self.begin(None) {
            self.wallet.leave_outcome(event, HistoryOutcome::Failed);
        }
    }
}

impl SessionHost<HolderSession> for Facade {
    type Step = PresentationStep;

    fn show(&self, current: &Current<ProximityTypes>) -> PresentationStep {
        match current {
            Current::Ask(question) => PresentationStep::Ask { request: self.wallet.request_view(question) },
            Current::Finished(receipt) => {
                PresentationStep::Receipt { receipt: self.wallet.receipt_view(receipt, None) }
            }
            Current::Link(LinkCommand::Advertise(plan) | LinkCommand::Connect(plan)) => PresentationStep::Advertise {
                qr: plan.qr(),
                peripheral_server: plan.peripheral_server().map(Into::into),
                central_client: plan.central_client().map(Into::into),
            },
            Current::Link(LinkCommand::Send(message)) => PresentationStep::Send { message: message.clone() },
            Current::Unlock => PresentationStep::Unlock,
        }
    }

    fn wait(&self, until: Option<Uptime>) -> PresentationStep {
        PresentationStep::Wait { until_millis: until.map(Uptime::millis) }
    }

    fn closed(&self, code: Code) -> PresentationStep {
        PresentationStep::Closed { code }
    }

    fn is_locked(&self) -> bool {
        self.wallet.lock_state() == LockState::Locked
    }

    fn asked(&self, effect: &Effect) {
        if let Effect::Commit(changes) = effect {
            let started = changes.history.iter().find(|row| row.outcome == HistoryOutcome::Started);
            self.begin(started.map(|row| row.id));
        }
    }

    fn answered(&self, reply: &Reply) {
        if matches!(reply, Reply::Committed(Err(_))) {
            self.begin(None);
        }
    }

    fn note(&self, note: Note) {
        match note {
            Note::DeleteKeys(keys) => self.wallet.leave_keys(keys),
            Note::Write(changes) => {
                self.begin(None);
                self.wallet.leave_changes(changes);
            }
        }
    }
}
