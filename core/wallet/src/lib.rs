//! The app facade: one object that keeps, displays, receives and presents credentials; views made for the boundary.
//!
//! ```text
//! app ─► Wallet ─► present(): Advertise, Ask, Unlock, Send … Receipt      machines of rid-holder over the ports
//!           ├────► enrol(), accept()
//!           └────► credentials(), history(), unlock(), recovery(), examine(), repair()      rid-vault
//! ```
//!
//! `Wallet` owns the vault and the ports; use cases are its methods, one file each. Nothing of a protocol is decided
//! here: the machines of `rid-holder` decide, this crate runs them over the ports and adds display text.

mod backlog;
mod consent;
mod credentials;
mod enrolment;
mod error;
mod export;
mod history;
mod presentation;
mod recovery;
mod settle;
mod unlock;
pub mod view;
mod wallet;

pub use enrolment::{Enrolling, Enrolment};
pub use error::WalletError;
pub use export::{ExportError, ExportVerdict, verify_export};
pub use presentation::{Presentation, PresentationStep, online::OnlinePresentation};
pub use rid_holder::online::Arrival;
pub use rid_holder::proximity::DeviceAuthMethod;
pub use rid_trust::{IssuerRoot, RootWarning};
pub use wallet::{RngSource, Wallet, WalletConfig, WalletOptions, WalletPorts};
