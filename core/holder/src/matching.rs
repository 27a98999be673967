//! Which stored credentials can answer, and with which elements: the part that both ways of presenting share.
//!
//! `query` makes the question of a DCQL query. The question of a DeviceRequest is in [`crate::proximity`].
mod claims;
mod element;
mod query;

pub(crate) use element::{is_portrait, lacking, offered_element};
pub use query::{Asking, Matched, ask};
