//! Judges captures: an SD-JWT VC as text, with or without key binding.
use alloc::vec;

use rid_profile::{Locale, Profile};
use rid_sdjwt::{
    UnverifiedSdJwt,
    key_binding::KeyBindingInput,
    verify::{Expected, verify_presented, verify_unbound},
};
use rid_trust::{Check, TrustStore};
use rid_wire::{Timestamp, cbor::Limits};

use crate::{
    judge::{Words, check, overall, refused_whole, sdjwt},
    view::Verdict,
};

/// The input to the verdict on an SD-JWT VC.
pub struct SdJwtInput<'a> {
    /// Labels.
    pub profile: &'a Profile,
    /// Languages, first wanted first.
    pub locales: &'a [Locale],
    /// Trust; an empty store leaves the document undecided (`trust_missing`).
    pub trust: &'a TrustStore,
    /// The audience that the KB-JWT must name.
    pub audience: Option<&'a str>,
    /// The nonce that the KB-JWT must answer.
    pub nonce: Option<&'a str>,
    /// A Status List Token, if one is at hand. It counts for credentials that refer to its address.
    pub status_list: Option<&'a [u8]>,
    /// The time of the judgement.
    pub at: Timestamp,
}

/// Judges an SD-JWT VC. Key binding is checked if there is a KB-JWT, and is required if an audience or nonce is given.
/// Malformed input gives a refused verdict with its code, never an error.
#[must_use]
pub fn judge_sd_jwt(text: &str, input: &SdJwtInput<'_>) -> Verdict {
    let environment = input.trust.environment();
    let parsed = match UnverifiedSdJwt::parse(text, Limits::ONLINE.max_bytes) {
        Ok(parsed) => parsed,
        Err(error) => return refused_whole(environment, check::FORM, error.code(), error.place()),
    };
    let words = Words { profile: input.profile, locales: input.locales, asked: None };
    let mut message = input.trust.message(input.at);
    let expected = Expected::default();
    let document = if parsed.has_key_binding() || input.audience.is_some() || input.nonce.is_some() {
        let binding = KeyBindingInput { audience: input.audience, nonce: input.nonce, max_age: None };
        let report = verify_presented(&parsed, &expected, &binding, &mut message);
        sdjwt::document_of_presentation(report, &words, input.status_list, &mut message)
    } else {
        let report = verify_unbound(&parsed, &expected, &mut message);
        sdjwt::document_of_credential(report, &words, input.status_list, &mut message)
    };
    overall(environment, vec![Check::passed(check::FORM)], vec![document])
}
