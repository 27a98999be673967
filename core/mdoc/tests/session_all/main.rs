//! Engagement, transcript, session encryption, requests, reader authentication and chunking.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod age;
mod annex_d;
mod chunk;
mod cipher;
mod engagement;
mod handover;
mod message;
mod property;
mod reader_auth;
mod request;
mod transcript;

use rid_crypto::{AgreementKey, Curve};
use rid_kit::hex_vector;
use rid_mdoc::transcript::Transcript;

fn annex_d(name: &str) -> Vec<u8> {
    hex_vector(&format!("iso18013-5-annex-d/{name}.hex"))
}

fn intermediate(name: &str) -> Vec<u8> {
    hex_vector(&format!("iso18013-5-annex-d-intermediate/{name}.hex"))
}

/// A private key of Annex D.
fn annex_d_key(name: &str) -> AgreementKey {
    AgreementKey::from_scalar(Curve::P256, &annex_d(name)).expect("a scalar")
}

/// The transcript of Annex D, with its NFC handover.
fn annex_d_transcript() -> Transcript {
    Transcript::received(&annex_d("SESSION_TRANSCRIPT_BYTES"), rid_wire::cbor::Limits::PROXIMITY).expect("a transcript")
}

/// Replaces the first occurrence of `from`. The lengths around it are unchanged.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("it occurs");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}
