//! OpenID4VP 1.0 for wallets and verifiers, by link, QR code and Digital Credentials API (std-M20 to std-M27).
//!
//! ```text
//! verifier                                                   wallet
//! build::Draft ── link or QR ──────────────────────────────► Invocation
//!              ── signed request object ───────────────────► verify_request_object ─► Request, or Refusal
//!              ── data of navigator.credentials.get() ─────► read_api_request      ─► Request, or Refusal
//! open::open   ◄── form, or data of the API ──────────────── Request::answer, Reply::error
//! ```
//!
//! A [`Refusal`] has a reply only if the verifier is authenticated: a malformed or forged request gets nothing.
mod answer;
pub mod build;
mod client;
mod error;
mod link;
mod metadata;
pub mod open;
mod reply;
mod request;
mod transaction;

pub use client::{Certified, Requester};
pub use error::{OAuthError, VpError};
pub use link::{Invocation, Method, Source, fetch_form};
pub use metadata::Encryption;
pub use reply::{Channel, Message, Reply, redirect_of};
#[cfg(feature = "test")]
pub use request::read_parameters;
pub use request::{Policy, Refusal, Request, read_api_request, verify_request_object};
pub use transaction::{TransactionData, VerifierInfo};
