//! The wallet's side of the enrolment door, as two flows: ask (keys and proofs) and accept (checks and one commit).
use alloc::{string::String, sync::Arc, vec::Vec};

use rid_flow::{CredentialId, Env, Flow, Reply, Step, enrolment::EnrolmentRequest, ports::UserAuth};
use rid_trust::TrustStore;
use rid_wire::Code;

use crate::receive::ReceiveError;

/// Kind of the vault record that holds a pending enrolment, from the intent on (so no key is ever orphaned).
pub const RECORD_KIND: &str = "enrolment";

/// Why an enrolment failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// A port; its code.
    #[error("{0}")]
    Port(Code),
    /// The credentials; nothing was stored.
    #[error("{0}")]
    Receive(#[from] ReceiveError),
    /// The answer is malformed or another enrolment's (`enrolment_mismatch`), or this one is unknown or used (`enrolment_unknown`).
    #[error("{0}")]
    Answer(Code),
    /// A reply to something not asked.
    #[error("not_asked")]
    NotAsked,
}

impl EnrolError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Port(code) | Self::Answer(code) => code,
            Self::Receive(e) => e.code(),
            Self::NotAsked => Code::new("not_asked"),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct EnrolParameters {
    /// Document types with the number of one-time copies of each.
    pub kinds: Vec<(String, u32)>,
    /// The issuer's challenge.
    pub challenge: Vec<u8>,
    /// The issuer meant.
    pub audience: String,
    /// When the person must be present at each use of the keys.
    pub user_auth: UserAuth,
}

/// Commit(intent) → CreateKeys → Commit(keys) → Sign each proof → Done(request).
pub struct Enrol(());

impl Enrol {
    /// Starts; draws the id.
    #[must_use]
    pub fn new(parameters: EnrolParameters, env: &mut Env<'_>) -> Self {
        todo!()
    }
}

impl Flow for Enrol {
    type Pause = core::convert::Infallible;
    type Answer = core::convert::Infallible;
    type Done = EnrolmentRequest;
    type Error = EnrolError;

    fn step(&mut self, env: &mut Env<'_>) -> Result<Step<Self::Pause, EnrolmentRequest>, EnrolError> {
        todo!()
    }

    fn reply(&mut self, reply: Reply, env: &mut Env<'_>) -> Result<(), EnrolError> {
        todo!()
    }

    fn answer(&mut self, answer: Self::Answer, _env: &mut Env<'_>) -> Result<(), EnrolError> {
        match answer {}
    }
}

/// Checks an answer against the pending record and commits: credentials added, record taken, history "issuance" written.
pub struct Accept(());

impl Accept {
    /// Starts. `record` is the stored pending enrolment of the id in the answer, if there is one.
    ///
    /// # Errors
    /// [`EnrolError::Answer`].
    pub fn new(
        id: [u8; 16],
        answer: &[u8],
        record: Option<&[u8]>,
        trust: Arc<TrustStore>,
        env: &mut Env<'_>,
    ) -> Result<Self, EnrolError> {
        todo!()
    }
}

impl Flow for Accept {
    type Pause = core::convert::Infallible;
    type Answer = core::convert::Infallible;
    type Done = Vec<CredentialId>;
    type Error = EnrolError;

    fn step(&mut self, env: &mut Env<'_>) -> Result<Step<Self::Pause, Vec<CredentialId>>, EnrolError> {
        todo!()
    }

    fn reply(&mut self, reply: Reply, env: &mut Env<'_>) -> Result<(), EnrolError> {
        todo!()
    }

    fn answer(&mut self, answer: Self::Answer, _env: &mut Env<'_>) -> Result<(), EnrolError> {
        match answer {}
    }
}
