//! JOSE containers: compact JWS (RFC 7515) and public JWK (RFC 7517, RFC 7638).
//!
//! There is no cryptography here: the caller verifies the bytes of [`Jws::signing_input`].
mod error;
mod header;
mod jwk;
mod jws;

pub use error::JwsError;
pub use header::{Alg, Header};
pub use jwk::{Jwk, JwkCurve};
pub use jws::{Jws, compact, signing_input};
