//! The rules that a profile file must keep to be accepted.
use super::*;
use crate::pattern::Pattern;
use rid_claims::{ClaimKey, Format, ReusePolicy};

use crate::{ReaderPolicy, ReaderRule};

const PROFILE: &str = include_str!("../../profile.json");

#[test]
fn embedded_profile_is_valid() {
    let profile = profile();
    let names: Vec<_> = profile.kinds().iter().map(|k| (k.id.as_str(), k.doc_type.as_deref())).collect();
    assert_eq!(names, [("pid", Some(PID)), ("mdl", Some("org.iso.18013.5.1.mDL")), ("login", None)]);
    let rules = profile.rules();
    assert_eq!((rules.consent_seconds, rules.link_seconds), (300, 30));
    assert_eq!((rules.age_elements_per_request, rules.low_water), (2, 3));
    let floor = rules.reader_policy;
    assert_eq!(
        [floor.anonymous, floor.untrusted, floor.forged],
        [ReaderRule::Allow, ReaderRule::Allow, ReaderRule::Enforce]
    );
    let strictest =
        ReaderPolicy::USUAL.at_least(floor).at_least(ReaderPolicy { anonymous: ReaderRule::Enforce, ..floor });
    assert_eq!(strictest, ReaderPolicy { anonymous: ReaderRule::Enforce, ..ReaderPolicy::USUAL });
    for wrong in [r#""anonymous": "never""#, r#""anonymous": 1"#, r#""other": "warn""#] {
        assert!(Profile::parse(&PROFILE.replace(r#""anonymous": "allow""#, wrong)).is_err(), "{wrong}");
    }
    let (pid, mdl) = (kind(&profile, "pid"), kind(&profile, "mdl"));
    assert_eq!((pid.reader_auth_required, pid.portrait_binds), (true, false));
    assert_eq!((mdl.reader_auth_required, mdl.portrait_binds), (false, true));
    // The identity card is national; the driving licence is an international type.
    assert_eq!((pid.signers.country.as_deref(), mdl.signers.country.as_deref()), (Some("AZ"), None));
    assert_eq!(rules.reader_intermediates, 0);
    for kind in profile.kinds() {
        assert_eq!(kind.signers.purposes, ["1.0.18013.5.1.2"]);
        assert_eq!(kind.signers.intermediates, 0);
    }
    for kind in [pid, mdl] {
        assert_eq!((kind.copies, kind.validity_days), (10, 14));
        assert_eq!(kind.portrait().unwrap().identifier, "portrait");
        assert_eq!(kind.age_over, [15, 16, 18, 21, 23, 65]);
        assert_eq!(kind.card.len(), 4);
    }
    assert!(
        profile.kind(&CredentialType::mdoc("org.example")).is_none() && profile.kind_named("org.example").is_none()
    );
}

#[test]
fn kind_is_found_by_its_type_in_each_format() {
    let profile = profile();
    let pid = &profile.kinds()[0];
    for format in [Format::Mdoc, Format::SdJwt] {
        let credential_type = pid.credential_type(format).unwrap();
        assert_eq!(profile.kind(&credential_type).unwrap().id, pid.id);
        assert_eq!(profile.kind_named(&credential_type.id).unwrap().id, pid.id);
        let other = if format == Format::Mdoc { Format::SdJwt } else { Format::Mdoc };
        assert!(profile.kind(&CredentialType { format: other, ..credential_type }).is_none(), "ids of one format only");
    }
    assert!(profile.kinds()[1].credential_type(Format::SdJwt).is_none());
    assert!(profile.kind_named("login").unwrap().credential_type(Format::Mdoc).is_none());
    let vct = |wrong: &str| changed("https://rid.example/vct/pid/1", wrong);
    assert!(vct("urn:example:pid:1").is_ok());
    for wrong in ["", "two words", "şəxsiyyət", "org.iso.18013.5.1.mDL"] {
        assert!(vct(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_type_is_named_by_itself_or_by_a_kind_and_a_format() {
    let profile = profile();
    let named = |name: &str| profile.type_named(name).map(|own| (own.format, own.id));
    let (mdoc, sd_jwt) = ((Format::Mdoc, PID.into()), (Format::SdJwt, "https://rid.example/vct/pid/1".into()));
    for name in ["pid", "pid:mdoc", PID] {
        assert_eq!(named(name), Some(mdoc.clone()), "{name}");
    }
    for name in ["pid:sd-jwt", "https://rid.example/vct/pid/1"] {
        assert_eq!(named(name), Some(sd_jwt.clone()), "{name}");
    }
    assert_eq!(named("login").map(|(format, _)| format), Some(Format::SdJwt));
    for unknown in ["", "mdl:sd-jwt", "login:mdoc", "pid:", "https://rid.example/vct/pid/2"] {
        assert_eq!(named(unknown), None, "{unknown}");
    }
    let types: Vec<_> = profile.kinds().iter().flat_map(Kind::types).collect();
    assert_eq!(types.len(), 4);
}

#[test]
fn claims_of_the_sd_jwt_vc_are_found_with_their_labels() {
    let profile = profile();
    let pid = kind(&profile, "pid");
    let label = |steps: &[&str]| {
        let path = claim_path(steps);
        pid.element(&path).map(|element| element.label_for(&path).en)
    };
    for (steps, expected) in [
        (&["family_name"][..], "Surname"),
        (&["address", "locality"], "City"),
        (&["age_equal_or_over", "18"], "Over 18"),
        (&["place_of_birth"], "Place of birth"),
        (&["place_of_birth", "locality"], "Place of birth: Locality"),
        (&["former_names", "0", "family"], "Former name: Surname"),
        (&["nationalities", "1"], "Citizenships"),
    ] {
        assert_eq!(label(steps).as_deref(), Some(expected), "{steps:?}");
    }
    for unknown in
        [&["address"][..], &["age_equal_or_over"], &["age_equal_or_over", "x1"], &["age_equal_or_over", "118"], &[]]
    {
        assert_eq!(label(unknown), None, "{unknown:?}");
    }
    let spoken = pid.element(&claim_path(&["fin"])).unwrap();
    assert!(spoken.sensitive && spoken.spelled);
    assert!(pid.element(&claim_path(&["picture"])).unwrap().portrait);
}

#[test]
fn neg_q06_a_claim_has_the_type_of_the_profile_in_json() {
    let profile = profile();
    let pid = kind(&profile, "pid");
    let read = |steps: &[&str], json: &str| {
        let value = json::Value::parse(json, 1000).unwrap();
        pid.element(&claim_path(steps)).unwrap().claim_value(&value).map(|value| format!("{value:?} {}", value.plain()))
    };
    for (steps, json, expected) in [
        (&["birthdate"][..], r#""1990-05-17""#, Some("Date 17.05.1990")),
        (&["birthdate"], r#""1990-02-30""#, None),
        (&["birthdate"], r#"{"birth_date":"1990-05-17"}"#, None),
        (&["picture"], r#""data:image/jpeg;base64,/9j/2Q==""#, Some("Binary ffd8ffd9")),
        (&["picture"], r#""/9j/2Q==""#, None),
        (&["picture"], r#""data:image/jpeg;base64,/9j/2Q""#, None),
        (&["picture"], r#""data:text/html,x;base64,/9j/2Q==""#, None),
        (&["sex"], "2", Some("Number 2")),
        (&["sex"], "-2", None),
        (&["sex"], r#""2""#, None),
        (&["age_equal_or_over", "18"], "true", Some("Flag ✓")),
        (&["age_equal_or_over", "18"], r#""true""#, None),
        (&["nationalities"], r#"["AZ"]"#, Some("Items AZ")),
        (&["nationalities"], r#""AZ""#, None),
        (&["family_name"], "null", None),
    ] {
        assert_eq!(read(steps, json).as_deref(), expected, "{steps:?} {json}");
    }
}

/// The path of a claim of an SD-JWT VC; one digit is a position.
fn claim_path(steps: &[&str]) -> ClaimPath {
    let step = |step: &&str| match step.parse() {
        Ok(position) if step.len() == 1 => ClaimKey::Index { position },
        _ => ClaimKey::Name { name: String::from(*step) },
    };
    ClaimPath { steps: steps.iter().map(step).collect() }
}

#[test]
fn a_policy_of_copies_is_read() {
    let read = |reuse: &str| {
        changed(r#""copies": 10,"#, &format!(r#""copies": 10, "reuse": {reuse},"#)).unwrap().kinds()[0].reuse
    };
    assert_eq!(profile().kinds()[0].reuse, ReusePolicy::Once);
    assert_eq!(read(r#"{"policy": "once"}"#), ReusePolicy::Once);
    assert_eq!(read(r#"{"policy": "limited", "seconds": 3600}"#), ReusePolicy::Limited { seconds: 3600 });
    assert_eq!(read(r#"{"policy": "per_verifier"}"#), ReusePolicy::PerVerifier);
    assert_eq!(read(r#"{"policy": "rotate"}"#), ReusePolicy::Rotate);
}

#[test]
fn international_elements_stay_in_international_namespaces() {
    let profile = profile();
    for (id, namespaces) in [("pid", [ISO_23220, PID]), ("mdl", [MDL, MDL_AZ])] {
        let mut kind = kind(&profile, id);
        kind.elements.retain(|e| !e.identifier.is_empty());
        assert!(kind.elements.iter().all(|e| namespaces.contains(&e.namespace.as_str())), "{id}");
        assert!(namespaces.iter().all(|n| kind.elements.iter().any(|e| e.namespace == *n)), "{id}");
    }
    let pid = kind(&profile, "pid");
    assert!(
        pid.element(&ClaimPath::element(PID, "fin")).is_some()
            && pid.element(&ClaimPath::element(ISO_23220, "fin")).is_none()
    );
    assert!(
        pid.element(&ClaimPath::element(ISO_23220, "birth_date")).is_some_and(|e| e.value_type == ElementType::Map)
    );
}

/// Replaces the first occurrence of `from`, which must be there.
fn changed(from: &str, to: &str) -> Result<Profile, ProfileError> {
    assert!(PROFILE.contains(from), "{from}");
    Profile::parse(&PROFILE.replacen(from, to, 1))
}

#[test]
fn mistake_in_the_file_is_refused() {
    for (from, to) in [
        (r#""version": 1"#, r#""version": 2"#),
        (r#""low_water": 3"#, r#""low_water": 0"#),
        (r#""purposes": ["1.0.18013.5.1.2"]"#, r#""purposes": []"#),
        (r#""purposes": ["1.0.18013.5.1.2"]"#, r#""purposes": ["document signer"]"#),
        (r#""country": "AZ""#, r#""country": "Azerbaijan""#),
        (r#""intermediates": 0"#, r#""intermediates": 3"#),
        (r#""intermediates": 0"#, r#""intermediates": -1"#),
        (r#""low_water": 3"#, r#""low_water": 3, "more": 1"#),
        (r#""low_water": 3"#, r#""low_water": 4294967296"#),
        (r#""link_seconds": 30, "#, ""),
        (r#""copies": 10,"#, r#""copies": 10, "reuse": {"policy": "twice"},"#),
        (r#""copies": 10,"#, r#""copies": 10, "reuse": {"policy": "limited"},"#),
        (r#""copies": 10,"#, r#""copies": 10, "reuse": {"policy": "limited", "seconds": 0},"#),
        (r#""copies": 10,"#, r#""copies": 10, "reuse": {"policy": "rotate", "seconds": 5},"#),
        (r#""id": "mdl""#, r#""id": "pid""#),
        (r#""doc_type": "org.iso.18013.5.1.mDL""#, r#""doc_type": "az.gov.rid.pid.1""#),
        (r#""doc_type": "az.gov.rid.pid.1""#, r#""doc_type": "az..pid""#),
        (r#""identifier": "given_name_unicode""#, r#""identifier": "family_name_unicode""#),
        (r#""identifier": "fin""#, r#""identifier": "fın""#),
        (r#""type": "bytes""#, r#""type": "blob""#),
        (r#""presence": "optional""#, r#""presence": "maybe""#),
        (r#""en": "Surname""#, r#""en": """#),
        (r#""en": "Surname""#, r#""en": " Surname""#),
        (r#""en": "Surname""#, r#""de": "Nachname""#),
        (r#""en": "Surname""#, r#""en": 7"#),
        // A decomposed dotted ı, a no-break space, a mark that changes the direction of the text.
        (r#""az": "Soyadı""#, "\"az\": \"Soyadi\u{307}\""),
        (r#""az": "Soyadı""#, "\"az\": \"Soy\u{a0}adı\""),
        (r#""az": "Soyadı""#, "\"az\": \"Soy\u{202e}adı\""),
        (r#""en": "Over NN""#, r#""en": "Over""#),
        (r#""en": "Surname""#, r#""en": "Surname NN""#),
        (r#""values": "sex""#, r#""values": "sexes""#),
        (r#""check": "fin""#, r#""check": "pin""#),
        (r#""portrait": true"#, r#""portrait": "yes""#),
        (r#""claim": ["family_name"]"#, r#""claim": []"#),
        (r#""claim": ["family_name"]"#, r#""claim": ["given_name"]"#),
        (r#""claim": ["family_name"]"#, r#""claim": ["NN"]"#),
        (r#""claim_type": "full_date""#, r#""claim_type": "date""#),
        (r#""vct": "https://rid.example/vct/pid/1","#, ""),
        (r#""vct": "https://rid.example/vct/login/1","#, ""),
        (r#""age_over": [15, 16"#, r#""age_over": [16, 15"#),
        (r#""age_over": [15"#, r#""age_over": [115"#),
        (r#"["az.gov.rid.pid.1", "patronymic"]"#, r#"["az.gov.rid.pid.1", "fin"]"#),
        (r#"["az.gov.rid.pid.1", "patronymic"]"#, r#"["az.gov.rid.pid.1", "unheard"]"#),
        (r#"[0-9A-HJ-NP-Z]{7}"#, r#"[0-9A-HJ-NP-Z"#),
        (r#"[0-9A-HJ-NP-Z]{7}"#, r#"[9-0]{7}"#),
        (r#"[0-9A-HJ-NP-Z]{7}"#, r#"[0-9]{7,6}"#),
        (r#""earliest": "1900-01-01""#, r#""earliest": "1900-13-01""#),
        (r#""on_failure": "reject""#, r#""on_failure": "ignore""#),
        (r#""allowed": [0, 1, 2, 9]"#, r#""allowed": [-1]"#),
    ] {
        assert_eq!(changed(from, to).err().map(|e| e.code().as_str()), Some("profile_invalid"), "{from} -> {to}");
    }
}

#[test]
fn malformed_json_keeps_the_code_of_json() {
    for (from, to, code) in [
        (r#""low_water": 3"#, r#""low_water": 3, "low_water": 3"#, "json_duplicate_key"),
        (r#""low_water": 3"#, r#""low_water": 3,"#, "json_invalid"),
    ] {
        assert_eq!(changed(from, to).err().map(|e| e.code().as_str()), Some(code));
    }
    let long = format!("{}{PROFILE}", " ".repeat(1 << 20));
    assert_eq!(Profile::parse(&long).err().map(|e| e.code().as_str()), Some("input_too_large"));
}

#[test]
fn a_pattern_covers_the_whole_text() {
    for (pattern, fits, fails) in [
        ("A[A-Z][0-9]{7}", "AZ1234567", "AZ1234567 "),
        ("[a-c-]{1,3}", "a-c", "a-d"),
        ("[0-9]{0,2}5", "5", "1235"),
        ("[0-9]{1,9}[0-9]", "12", "1"),
        ("ə{2}", "əə", "ə"),
    ] {
        let pattern = Pattern::parse(pattern).unwrap();
        assert!(pattern.fits(fits) && !pattern.fits(fails), "{fits} {fails}");
    }
    for wrong in ["", "[", "]", "[]", "{2}", "a{", "a{}", "a{2,1}", "a{0}", "a{x}", "[z-a]", "aaaaaaaaaaaaaaaaa"] {
        assert!(Pattern::parse(wrong).is_none(), "{wrong}");
    }
}

proptest::proptest! {
    /// The legal form of a FİN: seven of these letters and digits, never I or O.
    #[test]
    fn a_pattern_agrees_with_its_meaning(text in "[0-9A-Zİ]{6,8}") {
        let pattern = Pattern::parse("[0-9A-HJ-NP-Z]{7}").unwrap();
        let meant = text.chars().count() == 7 && text.chars().all(|c| c.is_ascii() && c != 'I' && c != 'O');
        proptest::prop_assert_eq!(pattern.fits(&text), meant);
    }

    #[test]
    fn any_pattern_is_read_or_refused(pattern in "[\\[\\]{}a-c0-9,-]{0,12}", text in "[a-c0-9]{0,8}") {
        if let Some(pattern) = Pattern::parse(&pattern) {
            pattern.fits(&text);
        }
    }

    /// A file with replaced or truncated bytes is accepted or refused without a panic.
    #[test]
    fn a_damaged_file_never_panics(at in 0..PROFILE.len(), with in "[ -~]{0,3}", cut: bool) {
        let at = (0..=at).rev().find(|i| PROFILE.is_char_boundary(*i)).unwrap();
        let (head, tail) = PROFILE.split_at(at);
        let tail: String = if cut { String::new() } else { tail.chars().skip(1).collect() };
        if let Ok(profile) = Profile::parse(&format!("{head}{with}{tail}")) {
            proptest::prop_assert_eq!(profile.kinds().len(), 3);
        }
    }
}
