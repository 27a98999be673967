//! The 18013-5 device as a session machine: engagement, session, request, consent, response. Sans-IO.
//!
//! ```text
//! Advertising -Up-> Engaged -SessionEstablishment-> Unlocking -> Matching -> Asking -Answer-> Confirming (unlock) ->
//!   Committing -> Signing (per document) -> Sending -Sent-> Finished -> Idle (next request) ... -> Closed(reason)
//! refusal, or nothing held:  Asking -> Confirming -> Committing ("refused" row) -> Sending -Sent-> Finished
//! locked in between:         Matching -> Unlocking
//! ```
//!
//! Every state but `Closed` has a deadline. The row of a presentation is `Started` from the commit on,
//! `UnknownDelivery` from the hand-out of the response on, `Finished` when the link took all of it, and `Failed` when
//! it ended before the hand-out.
mod advertisement;
mod answer;
pub mod chunk;
mod end;
mod link;
mod messages;
mod offer;
mod question;
mod reason;
mod request;
mod respond;
mod state;
mod types;

pub(crate) use answer::{check, decide, withdrawn};
pub(crate) use question::{ask as ask_device_request, requester_of as requester};
pub use reason::{CloseReason, Misuse};
pub(crate) use request::read as read_device_request;
pub(crate) use state::{Decided, Planned, Request as DeviceRequest};
pub use types::{Advertisement, DeviceAuthMethod, ProximityTypes, Receipt};

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};

use rid_claims::CredentialId;
use rid_crypto::{CryptoRng, EphemeralKey};
use rid_flow::{Env, HistoryId, Input, LinkCommand, LinkEvent, Note, Output, Reply, Session, Uptime, ports::KeyId};
use rid_mdoc::engagement::{Ble, Engagement};
use rid_profile::{Profile, ReaderPolicy};
use rid_trust::TrustStore;

use self::{link::Link, state::State};
use crate::format::Checked;

/// One proximity session of a holder. Its ephemeral key never leaves it; process death ends it.
pub struct HolderSession {
    profile: Arc<Profile>,
    reader_trust: Arc<TrustStore>,
    method: DeviceAuthMethod,
    policy: ReaderPolicy,
    engagement: Engagement,
    /// Until the session keys are derived from it.
    ephemeral: Option<EphemeralKey>,
    /// The session keys, while there are any.
    link: Option<Link>,
    state: State,
    deadline: Option<Uptime>,
    /// The presentation whose history row has no final outcome yet.
    unsettled: Option<HistoryId>,
    /// Keys of the copies that the current exchange used up.
    consumed_keys: Vec<KeyId>,
    /// Look-ups for the current request that found the wallet locked.
    locked_lookups: u8,
    /// The copies that were checked for the current question.
    checked: Vec<(CredentialId, Checked)>,
    outputs: VecDeque<Output<ProximityTypes>>,
}

impl HolderSession {
    /// Starts: draws the ephemeral key and the BLE UUIDs, and asks to be advertised.
    #[must_use]
    pub fn start(
        profile: Arc<Profile>,
        reader_trust: Arc<TrustStore>,
        method: DeviceAuthMethod,
        env: &mut Env<'_>,
    ) -> Self {
        let ephemeral = EphemeralKey::make(env.rng);
        let ble = Ble { peripheral_server: Some(make_uuid(env.rng)), central_client: Some(make_uuid(env.rng)) };
        let engagement = Engagement::build(&ephemeral.public(), &ble);
        let plan = Advertisement { engagement: engagement.clone() };
        let mut session = Self {
            profile,
            reader_trust,
            method,
            policy: ReaderPolicy::USUAL,
            engagement,
            ephemeral: Some(ephemeral),
            link: None,
            state: State::Advertising,
            deadline: None,
            unsettled: None,
            consumed_keys: Vec::new(),
            locked_lookups: 0,
            checked: Vec::new(),
            outputs: [Output::Link(LinkCommand::Advertise(plan))].into(),
        };
        session.deadline = session.consent_deadline(env);
        session
    }

    /// Treats readers by this policy, as far as the profile allows.
    #[must_use]
    pub fn with_policy(self, policy: ReaderPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Sets the counters of messages sent and received, for tests of their end (neg-C04). In a live session this would
    /// repeat a nonce, and so give the key away.
    #[cfg(feature = "dangerous")]
    pub fn dangerous_set_counters(&mut self, sent: u32, received: u32) {
        if let Some(link) = &mut self.link {
            link.cipher.dangerous_set_counters(sent, received);
        }
    }

    /// How long the peer may stay silent.
    fn link_deadline(&self, env: &Env<'_>) -> Option<Uptime> {
        Some(env.uptime.plus_seconds(self.profile.rules().link_seconds.into()))
    }

    /// How long a person, a port or the radio may take.
    fn consent_deadline(&self, env: &Env<'_>) -> Option<Uptime> {
        Some(env.uptime.plus_seconds(self.profile.rules().consent_seconds.into()))
    }
}

impl Session for HolderSession {
    type Types = ProximityTypes;
    type Error = Misuse;

    fn handle(&mut self, input: Input<ProximityTypes>, env: &mut Env<'_>) -> Result<(), Misuse> {
        if matches!(self.state, State::Closed) {
            return self.after_the_end(&input);
        }
        if matches!(input, Input::Link(LinkEvent::Down)) {
            self.close(None, CloseReason::Disconnected);
            return Ok(());
        }
        if self.is_late(env) {
            self.terminate(self.lateness());
            return self.after_the_end(&input);
        }
        match input {
            Input::Tick => Ok(()),
            Input::Link(LinkEvent::Up) => self.connected(env),
            Input::Link(LinkEvent::Bytes(message)) => self.received(&message, env),
            Input::Answer(answer) => self.consented(&answer, env),
            Input::Done(Reply::Agreed(secret)) => self.agreed(secret, env),
            Input::Link(LinkEvent::Sent) => self.sent(env),
            Input::Done(Reply::Signed(signature)) => self.signed(signature, env),
            Input::Done(Reply::Found(found)) => self.found(found, env),
            Input::Done(Reply::Committed(result)) => self.committed(result, env),
            Input::Unlocked(open) => self.unlocked(open, env),
            Input::Done(Reply::Unknown) => self.interrupted(),
            Input::Link(LinkEvent::Down) | Input::Done(_) => Err(Misuse::NotAsked),
        }
    }

    fn poll(&mut self) -> Option<Output<ProximityTypes>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Uptime> {
        self.deadline
    }

    /// A request that the person had been asked about leaves a row in the history.
    fn cancel(&mut self, env: &mut Env<'_>) {
        self.cancelled(env);
    }

    fn take_notes(&mut self) -> Vec<Note> {
        let outputs = core::mem::take(&mut self.outputs);
        let (notes, left) = outputs.into_iter().partition::<Vec<_>, _>(|output| matches!(output, Output::Note(_)));
        self.outputs = left.into();
        notes.into_iter().filter_map(|output| if let Output::Note(note) = output { Some(note) } else { None }).collect()
    }
}

/// A random UUID (RFC 9562, version 4).
fn make_uuid(rng: &mut dyn CryptoRng) -> [u8; 16] {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    let bits = u128::from_be_bytes(bytes);
    let version = (bits & !(0xf << 76)) | (0x4 << 76);
    ((version & !(0x3 << 62)) | (0x2 << 62)).to_be_bytes()
}
