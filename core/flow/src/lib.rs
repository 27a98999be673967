//! Flows, sessions, effects and ports: the vocabulary of every protocol machine.
//!
//! A [`Flow`] requests one thing at a time: an [`Effect`] of a port, or an answer of a person. A [`Session`] lives on
//! a link: bytes go in, bytes and questions come out. Neither waits, reads a clock or draws randomness: time and
//! randomness come in [`Env`], and [`run`] is the only module that calls a machine and awaits a port.
//!
//! A session has four kinds of calls:
//!
//! - [`Session::handle`] tells it what happened: the link, the answer of a port or a person, or that time has passed
//!   ([`Input`]);
//! - [`Session::poll`] gives what is to be done, until it gives nothing ([`Output`]);
//! - [`Session::deadline`] gives the time at which it wants [`Input::Tick`] at the latest; it changes with each call of
//!   `handle`;
//! - [`Session::cancel`] ends it from this side.
//!
//! ```
//! use rid_flow::{Env, Input, Output, Session};
//!
//! /// Tells a session something and takes what it wants done.
//! type Outputs<S> = Vec<Output<<S as Session>::Types>>;
//!
//! fn tell<S: Session>(session: &mut S, input: Input<S::Types>, env: &mut Env<'_>) -> Result<Outputs<S>, S::Error> {
//!     session.handle(input, env)?;
//!     Ok(std::iter::from_fn(|| session.poll()).collect())
//! }
//! ```
//!
//! Do no IO in a machine, and write no loop of your own around one: [`run`] has the only ones.
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
