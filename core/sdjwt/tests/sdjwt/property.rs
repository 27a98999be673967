//! No text makes a parser panic, and what is issued is read back.
use proptest::prelude::*;
use rid_claims::{ClaimKey, ClaimPath};
use rid_kit::{NOON, SeededRng};
use rid_sdjwt::{
    TYP, UnverifiedSdJwt,
    issue::{Template, UnsignedSdJwt},
    metadata::Resolver,
    present::StoredSdJwt,
    verify::{Expected, verify_presented, verify_signed},
};
use rid_wire::{base64::encode_url, jose::Alg, json::Value};

use crate::world::*;

/// Any JSON without reserved names.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        "[a-zə\"\\\\ ]{0,6}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("[a-d]{1,2}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every path below a value.
fn paths(value: &Value, path: &mut Vec<ClaimKey>, all: &mut Vec<ClaimPath>) {
    let mut below = |step, value: &Value| {
        path.push(step);
        all.push(ClaimPath { steps: path.clone() });
        paths(value, path, all);
        path.pop();
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| below(ClaimKey::Name { name: name.clone() }, value));
        }
        Value::Array(items) => {
            (0..).zip(items).for_each(|(position, value)| below(ClaimKey::Index { position }, value));
        }
        _ => {}
    }
}

/// The value with sorted members: a disclosed member comes after the others.
fn sorted(value: &Value) -> String {
    value.canonical()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_issued_is_read_back_and_selected(value in value(), mask: u64, chosen: u64, decoys in 0..3_usize, seed: u64) {
        let claims = Value::Object(vec![("c".into(), value)]);
        let mut all = Vec::new();
        paths(&claims, &mut Vec::new(), &mut all);
        let pick = |mask: u64| {
            let picked = all.iter().enumerate().filter(|(at, _)| mask >> (at % 64) & 1 == 1);
            picked.map(|(_, path)| path.clone()).collect::<Vec<_>>()
        };
        let disclosable = pick(mask);
        let world = World::new();
        let template = Template { typ: "x", alg: Alg::Es256, chain: &[], claims: claims.clone(), disclosable: &disclosable, decoys };
        let unsigned = UnsignedSdJwt::make(&template, &mut SeededRng::new(seed)).expect("issued");
        let text = unsigned.finish(&world.signer.key.sign(&[unsigned.to_be_signed()]));
        let parsed = UnverifiedSdJwt::parse(&text, LIMIT).expect("parsed");
        prop_assert_eq!(parsed.disclosure_count(), disclosable.len());
        let signed = verify_signed(&parsed, &world.signer.key.public(), "x").expect("signed");
        prop_assert_eq!(sorted(&signed.claims().to_value()), sorted(&claims));
        for path in pick(chosen) {
            prop_assert_eq!(signed.claims().at(&path).expect("a claim").len(), 1);
            prop_assert!(!signed.claims().leaves(&path).expect("leaves").is_empty());
        }
        // Without its disclosures the rest is still well-formed.
        let (jwt, _) = text.split_once('~').expect("disclosures");
        let bare = format!("{jwt}~");
        let bare = UnverifiedSdJwt::parse(&bare, LIMIT).expect("parsed");
        prop_assert!(verify_signed(&bare, &world.signer.key.public(), "x").is_ok());
    }

    #[test]
    fn a_presentation_with_any_letter_changed_is_refused(at: prop::sample::Index, to in "[A-Za-z0-9_.~-]") {
        let mut world = World::new();
        let stored = world.person();
        let text = world.present(&stored, &[path(&["given_name"]), path(&["age", "18"])]);
        let at = at.index(text.len());
        prop_assume!(text.get(at..=at) != Some(&to));
        let altered = format!("{}{to}{}", &text[..at], &text[at + 1..]);
        let evidence = world.judge(&altered, &input()).ok().and_then(|report| report.evidence);
        prop_assert!(evidence.is_none(), "{}", altered);
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parsers_panic(text in "[A-Za-z0-9_.=~-]{0,80}|\\PC{0,40}") {
        drop(UnverifiedSdJwt::parse(&text, LIMIT));
        drop(StoredSdJwt::read(&text, LIMIT));
        drop(Resolver::new("x", Some(&text)).take(text.as_bytes()));
    }

    #[test]
    fn no_payload_or_disclosure_makes_verification_panic(
        payload in prop_oneof![value(), Just(json(r#"{"vct":1,"_sd":[null],"cnf":{"jwk":[]},"exp":"x","status":[]}"#))],
        disclosures in prop::collection::vec(prop_oneof![value().prop_map(|value| value.to_text()), "\\PC{0,20}"], 0..3),
    ) {
        let world = World::new();
        let disclosures: Vec<String> = disclosures.iter().map(|json| encode_url(json.as_bytes())).collect();
        let disclosures: Vec<&str> = disclosures.iter().map(String::as_str).collect();
        let payload = match payload {
            Value::Object(_) => payload.to_text(),
            other => format!(r#"{{"vct":{0},"_sd":{0},"cnf":{0},"iss":{0},"iat":{0},"status":{0},"aka_vcts":{0},"l":[{{"...":{0}}}]}}"#, other.to_text()),
        };
        let text = world.forge(&world.header(), &payload, &disclosures);
        if let Ok(parsed) = UnverifiedSdJwt::parse(&text, LIMIT) {
            let report = verify_presented(&parsed, &Expected::default(), &input(), &mut world.trust.message(NOON));
            prop_assert!(report.evidence.is_none());
        }
    }

    #[test]
    fn no_metadata_makes_the_resolver_panic(claims in value(), display in value()) {
        let document = format!(r#"{{"vct":"x","claims":[{{"path":{},"display":{}}}],"display":{}}}"#, claims.to_text(), display.to_text(), claims.to_text());
        drop(Resolver::new("x", None).take(document.as_bytes()));
    }
}

#[test]
fn templates_that_cannot_be_issued_are_refused() {
    let mut rng = SeededRng::new(1);
    let mut make = |claims: &str, disclosable: &[ClaimPath]| {
        let template = Template { typ: TYP, alg: Alg::Es256, chain: &[], claims: json(claims), disclosable, decoys: 0 };
        UnsignedSdJwt::make(&template, &mut rng).map(|_| ()).map_err(|error| error.code().as_str())
    };
    assert_eq!(make("[]", &[]), Err("sdjwt_form"));
    for name in ["_sd", "_sd_alg", "..."] {
        assert_eq!(make(&format!(r#"{{"a":{{"{name}":1}}}}"#), &[]), Err("sdjwt_claim_conflict"));
    }
    assert_eq!(make(r#"{"a":1}"#, &[path(&["b"])]), Err("sdjwt_claim_unknown"));
    assert_eq!(make(r#"{"a":[]}"#, &[path(&["a", "*"])]), Err("sdjwt_claim_unknown"));
    assert_eq!(make(r#"{"a":[1]}"#, &[path(&["a", "*"]), path(&["a"])]), Ok(()));
}
