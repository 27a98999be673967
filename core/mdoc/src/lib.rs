//! ISO/IEC 18013-5, role-free: engagement, session, transcript, request, response, verify, build, chunk.
//!
//! ```text
//! mdoc                                           reader
//! engagement ─── QR code or NFC ───────────────► engagement
//! session    ◄── SessionEstablishment ────────── session      both sides hash the same transcript
//! request    ◄── encrypted DeviceRequest ─────── request      signed by reader_auth
//! build      ─── encrypted DeviceResponse ─────► response ──► verify ──► evidence
//! ```
//!
//! `parse` returns unverified types and `verify` returns evidence; claims can be read only from evidence.
//! Received bytes that are hashed or signed must never be encoded again. No role, store or clock belongs here.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

pub mod age;
pub mod build;
pub mod chunk;
pub mod device_auth;
pub mod engagement;
mod error;
mod fold;
pub mod handover;
pub mod issuer_signed;
pub mod mso;
pub mod names;
pub mod reader_auth;
pub mod request;
pub mod request_info;
pub mod response;
pub mod session;
pub mod transcript;
pub mod verify;

pub use error::MdocError;

/// The document type of the mobile driving licence (18013-5, 7.1).
pub const MDL_DOC_TYPE: &str = "org.iso.18013.5.1.mDL";
/// The namespace of the mobile driving licence.
pub const MDL_NAMESPACE: &str = "org.iso.18013.5.1";
