extern crate std;

use std::{format, string::String, vec::Vec};

use rid_wire::{FullDate, cbor::Value, json};

use crate::{ElementType, Kind, Locale, Localized, Presence, Profile, ProfileError, RuleFinding, Severity, embedded};

const PROFILE: &str = include_str!("../profile.json");
const ISO_23220: &str = "org.iso.23220.1";
const PID: &str = "az.gov.rid.pid.1";
const MDL: &str = "org.iso.18013.5.1";

fn pid(profile: &Profile) -> &Kind {
    profile.kind(PID).unwrap()
}

fn mdl(profile: &Profile) -> &Kind {
    profile.kind_by_id("mdl").unwrap()
}

#[test]
fn the_embedded_profile_is_sound() {
    let profile = embedded().unwrap();
    let ids: Vec<&str> = profile.kinds().iter().map(|k| k.id.as_str()).collect();
    assert_eq!(ids, ["pid", "mdl"]);
    let rules = profile.rules();
    assert_eq!((rules.consent_seconds, rules.link_seconds), (300, 30));
    assert_eq!((rules.age_elements_per_request, rules.low_water), (2, 3));
    let (pid, mdl) = (pid(&profile), mdl(&profile));
    assert_eq!((pid.reader_auth_required, pid.portrait_binds), (true, false));
    assert_eq!((mdl.reader_auth_required, mdl.portrait_binds), (false, true));
    for kind in profile.kinds() {
        assert_eq!((kind.copies, kind.validity_days), (10, 14));
        assert_eq!(kind.portrait().unwrap().identifier, "portrait");
        assert_eq!(kind.age_over, [15, 16, 18, 21, 23, 65]);
        assert!((1..=4).contains(&kind.card.len()));
    }
}
