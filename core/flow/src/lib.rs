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
#[cfg(any(test, feature = "fake", feature = "run"))]
extern crate std;

mod changes;
mod effect;
pub mod enrolment;
mod env;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod flow;
pub mod ports;
mod retrying;
pub mod run;
mod session;
mod store;

pub use changes::{
    Changes, Committed, Copy, CopyId, Credential, History, HistoryContent, HistoryDraft, HistoryElement,
    HistoryEventType, HistoryId, HistoryOutcome, HistorySeq, NewCopy, Record, RecordKey, VerifierId,
};
pub use effect::{AgreeRequest, DeriveRequest, Effect, KeysRequest, Reply, SignRequest};
pub use env::{Env, Uptime};
pub use flow::{Flow, Step};
pub use retrying::RetryingSecureArea;
pub use rid_claims::CredentialId;
pub use session::{Input, LinkCommand, LinkEvent, Note, Output, Session, SessionTypes};
pub use store::{HeldCredential, Holdings, Lookup, Store};
