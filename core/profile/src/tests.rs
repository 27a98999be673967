//! Tests of the profile file, the sample citizen and the labels.
extern crate std;

use std::{borrow::Cow, format, string::String, vec, vec::Vec};

use rid_claims::{ClaimPath, CredentialType};
use rid_wire::{FullDate, cbor::Value, json};

use crate::{ElementType, Kind, Locale, Localized, Profile, ProfileError, RuleFinding, Severity, embedded};

mod file;
mod labels;
mod sample;

const ISO_23220: &str = "org.iso.23220.1";
const PID: &str = "az.gov.rid.pid.1";
const MDL: &str = "org.iso.18013.5.1";
const MDL_AZ: &str = "org.iso.18013.5.1.AZ";

fn profile() -> Profile {
    embedded().unwrap()
}

fn kind(profile: &Profile, id: &str) -> Kind {
    profile.kind_named(id).unwrap().clone()
}

fn today() -> FullDate {
    FullDate::new(2026, 11, 23).unwrap()
}

fn text(text: &str) -> Value<'static> {
    Value::Text(Cow::Owned(String::from(text)))
}

fn tagged(tag: u64, date: &str) -> Value<'static> {
    Value::Tag(tag, text(date).into())
}
