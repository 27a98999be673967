//! Flows, sessions, effects and ports: the vocabulary every protocol machine speaks.
//!
//! A [`Flow`] asks for one thing at a time: an [`Effect`] of a port, or a pause for a person. A [`Session`] lives on a
//! link: bytes go in, bytes and questions come out. Neither waits, reads a clock or draws randomness by itself: all of that
//! is in [`Env`], and [`drive`] is the only place where a flow meets `await`.
//!
//! ```text
//!   machine --Step::Io(Effect)--> drive --await port--> Reply --> machine
//!           --Step::Pause(P)----> person --Answer-----------> machine
//!           --Step::Done(T)-----> result
//! ```
#![no_std]
extern crate alloc;
#[cfg(any(test, feature = "fake"))]
extern crate std;

mod changes;
mod drive;
mod effect;
pub mod enrolment;
mod env;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod flow;
mod gate;
pub mod ports;
mod retrying;
mod session;

pub use changes::{
    Changes, Committed, Copy, CopyId, Credential, History, HistoryContent, HistoryDraft, HistoryElement,
    HistoryEventType, HistoryId, HistoryOutcome, HistorySeq, NewCopy, Record, RecordKey, VerifierId,
};
pub use drive::{Driven, Ports, Store, drive};
pub use effect::{AgreeRequest, DeriveRequest, Effect, KeysRequest, Reply, SignRequest};
pub use env::{Env, Uptime};
pub use flow::{Flow, Step};
pub use gate::{CallGate, CallGuard, GateError};
pub use retrying::RetryingSecureArea;
pub use rid_claims::CredentialId;
pub use session::{Input, LinkCommand, LinkEvent, Output, Session, SessionTypes};
