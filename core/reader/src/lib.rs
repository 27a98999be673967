//! The reader's app facade: asks, judges, shows the verdict; views made for the boundary.
//!
//! ```text
//! app: QR code ─► Reader::read ─► Reading: Connect, Send, Wait … Judged { verdict } ─► ask again or finish
//! ```
//!
//! The counterpart of `rid-wallet`, and apart from it: no vault, no holder. Nothing of a protocol is decided here:
//! the machine of `rid-verifier` decides, this crate runs it over the ports.

mod error;
mod reader;
mod reading;
mod signatures;

pub use error::ReaderError;
pub use reader::{Reader, ReaderConfig, ReaderIdentity, ReaderOptions, ReaderPorts, RngSource};
pub use reading::{Reading, ReadingStep};
pub use rid_trust::{IssuerRoot, RootWarning};
pub use rid_verifier::ask::{DocumentAsk, ElementAsk};
pub use signatures::SignatureCache;
/// Views: closed, owned types for the boundary.
pub mod view {
    pub use rid_profile::ImageFormat;
    pub use rid_verifier::view::{
        AgeAnswer, Decision, DisclosedElement, DisclosedElements, DocumentElements, DocumentError, DocumentVerdict,
        ElementError, Verdict,
    };
}
