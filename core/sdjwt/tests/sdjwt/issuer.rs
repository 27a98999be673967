//! The issuer's part: header, trust, claims, times.
use rid_claims::ClaimPath;
use rid_crypto::{SigningKey, x509::Profile};
use rid_kit::{Identity, NOON, trust};
use rid_sdjwt::{
    UnverifiedSdJwt,
    verify::{Expected, IssuerReport, verify_issued, verify_presented, verify_unbound},
};
use rid_trust::{Anchor, Basis, Environment, Outcome, Role, TrustStore};
use rid_wire::ClockTolerance;

use crate::world::*;

fn outcome(report: &IssuerReport, check: &str) -> Outcome {
    report.checks.iter().find(|known| known.code.as_str() == check).expect("a check").outcome
}

#[test]
fn std_m14_a_credential_is_verified_before_it_is_kept() {
    let mut world = World::new();
    let text = world.person();
    let report = world.receive(&text).expect("parsed");
    let names: Vec<&str> = report.checks.iter().map(|check| check.code.as_str()).collect();
    let expected = [
        ("issuer_jwt_form", Outcome::Passed),
        ("trust", Outcome::Passed),
        ("certificate_profile", Outcome::Passed),
        ("issuer_country", Outcome::Passed),
        ("certificate_revocation", Outcome::NotDone),
        ("issuer_signature", Outcome::Passed),
        ("digest_algorithm", Outcome::Passed),
        ("digests", Outcome::Passed),
        ("claims_form", Outcome::Passed),
        ("credential_type", Outcome::Passed),
        ("issuer_name", Outcome::Passed),
        ("validity_info", Outcome::Passed),
        ("validity", Outcome::Passed),
        ("type_metadata", Outcome::NotDone),
        ("holder_key", Outcome::Passed),
        ("credential_status", Outcome::NotDone),
    ];
    assert_eq!(names, expected.map(|(name, _)| name));
    for (name, expected) in expected {
        assert_eq!(outcome(&report, name), expected, "{name}");
    }
    let evidence = report.evidence.expect("evidence");
    assert_eq!((evidence.vct(), evidence.issuer(), evidence.other_types()), (VCT, Some(ISSUER), [].as_slice()));
    assert_eq!(evidence.holder_key(), Some(&world.holder.public()));
    assert_eq!((evidence.trust().basis(), evidence.trust().country()), (Basis::Anchor, Some("AZ")));
    assert_eq!(evidence.validity().issued, Some(NOON));
    assert_eq!((evidence.status(), evidence.metadata_integrity()), (None, None));
    assert_eq!(format!("{evidence:?}"), "IssuerVerified");
}

#[test]
fn std_m14_a_status_reference_and_other_types_are_read() {
    let world = World::new();
    let text = world.forge_claims(
        r#","status":{"status_list":{"idx":412,"uri":"https://issuer.example/1"}},"aka_vcts":["urn:example:base"],"vct#integrity":"sha256-x""#,
        &[],
    );
    let evidence = world.receive(&text).expect("parsed").evidence.expect("evidence");
    let status = evidence.status().expect("a reference");
    assert_eq!((status.index, status.uri.as_str()), (412, "https://issuer.example/1"));
    assert_eq!(
        (evidence.other_types(), evidence.metadata_integrity()),
        (["urn:example:base".to_owned()].as_slice(), Some("sha256-x"))
    );
    for status in [
        "1",
        "[]",
        r#"{"status_list":{}}"#,
        r#"{"status_list":{"idx":-1,"uri":"u"}}"#,
        r#"{"status_list":{"idx":"1","uri":"u"}}"#,
        r#"{"status_list":{"idx":1.0,"uri":"u"}}"#,
        r#"{"status_list":{"idx":1}}"#,
    ] {
        assert_eq!(
            world.refusal(&world.forge_claims(&format!(r#","status":{status}"#), &[])),
            "sdjwt_form",
            "{status}"
        );
    }
    let report = world.receive(&world.forge_claims(r#","status":{"other":{}}"#, &[])).expect("parsed");
    assert!(report.evidence.expect("evidence").status().is_none());
}

#[test]
fn neg_d10_another_type_of_jwt_is_refused() {
    let world = World::new();
    let payload = world.claims("").to_text();
    for typ in ["vc+sd-jwt", "JWT", "example+sd-jwt", "DC+SD-JWT", "application/dc+sd-jwt", "kb+jwt", ""] {
        let header = world.header().replace("dc+sd-jwt", typ);
        assert_eq!(world.refusal(&world.forge(&header, &payload, &[])), "jws_typ", "{typ}");
    }
    let header = world.header().replace(r#""typ":"dc+sd-jwt","#, "");
    assert_eq!(world.refusal(&world.forge(&header, &payload, &[])), "jws_typ");
}

#[test]
fn neg_d11_another_credential_type_is_refused() {
    let world = World::new();
    let with = |vct: &str, more: &str| {
        let payload = world.claims(more).to_text().replacen(VCT, vct, 1);
        world.forge(&world.header(), &payload, &[])
    };
    for vct in ["urn:example:identity:2", "urn:example:identity:1 ", "URN:example:identity:1"] {
        assert_eq!(world.refusal(&with(vct, "")), "vct_mismatch", "{vct}");
    }
    assert_eq!(world.refusal(&with("", "")), "sdjwt_form");
    let payload = world.claims("").to_text().replace(&format!(r#""vct":"{VCT}","#), "");
    assert_eq!(world.refusal(&world.forge(&world.header(), &payload, &[])), "sdjwt_form");
    // A wallet takes what was offered, a verifier also what says that it is of the type.
    let derived = with("urn:example:identity:az", &format!(r#","aka_vcts":["{VCT}"]"#));
    assert_eq!(world.refusal(&derived), "vct_mismatch");
    let parsed = UnverifiedSdJwt::parse(&derived, LIMIT).expect("parsed");
    let report = verify_unbound(&parsed, &world.expected(), &mut world.trust.message(NOON));
    assert_eq!((report.first_failure(), report.evidence.is_some()), (None, true));
    for aka in ["[]", "\"x\"", "[1]", "{}"] {
        assert_eq!(world.refusal(&with(VCT, &format!(r#","aka_vcts":{aka}"#))), "sdjwt_form", "{aka}");
    }
}

#[test]
fn neg_d11_an_issuer_of_one_type_does_not_issue_another_by_its_second_name() {
    let world = World::new();
    let only = |types: &[&str]| {
        let anchor = Anchor {
            certificate: world.root.certificate.clone(),
            role: Role::Issuer,
            environment: Environment::Test,
            credential_types: Some(types.iter().map(|name| (*name).to_owned()).collect()),
        };
        TrustStore::new(Environment::Test, vec![anchor]).expect("a store")
    };
    let payload = world.claims(&format!(r#","aka_vcts":["{VCT}"]"#)).to_text();
    let payload = payload.replacen(&format!(r#""vct":"{VCT}""#), r#""vct":"urn:other""#, 1);
    let text = world.forge(&world.header(), &payload, &[]);
    let parsed = UnverifiedSdJwt::parse(&text, LIMIT).expect("parsed");
    for (types, code) in [
        (vec!["urn:other"], Some("cert_untrusted")),
        (vec![VCT], Some("cert_untrusted")),
        (vec![VCT, "urn:other"], None),
    ] {
        let store = only(&types);
        let report = verify_unbound(&parsed, &world.expected(), &mut store.message(NOON));
        assert_eq!(report.first_failure().map(|code| code.as_str()), code, "{types:?}");
        assert_eq!(report.evidence.is_none(), code.is_some());
    }
}

#[test]
fn neg_d12_a_credential_of_another_key_is_refused() {
    let world = World::new();
    let other =
        SigningKey::from_scalar(&[7; 32]).expect("a key").public().to_jose().expect("P-256").to_value().to_text();
    let claims = world.claims("").to_text();
    let (start, _) = claims.split_once(r#","cnf":"#).expect("a key");
    for cnf in [
        String::new(),
        r#","cnf":{}"#.into(),
        r#","cnf":{"kid":"1"}"#.into(),
        r#","cnf":{"jwk":{"kty":"oct","k":"AAAA"}}"#.into(),
        r#","cnf":{"jku":"https://issuer.example/keys","kid":"1"}"#.into(),
        r#","cnf":{"x5t#S256":"AA"}"#.into(),
        r#","cnf":"x""#.into(),
        format!(r#","cnf":{{"jwk":{other}}}"#),
        format!(r#","cnf":{{"jwk":{}}}"#, other.replace(r#""y":""#, r#""d":"AA","y":""#)),
        format!(r#","cnf":{{"jwk":{}}}"#, other.replace(r#""y":""#, r#""use":"enc","y":""#)),
    ] {
        let text = world.forge(&world.header(), &format!("{start}{cnf}}}"), &[]);
        assert_eq!(world.refusal(&text), "device_key_mismatch", "{cnf}");
    }
    // A key needs neither `iss` nor `sub` beside it.
    let without = claims.replacen(&format!(r#""iss":"{ISSUER}","#), "", 1);
    let parsed = world.forge(&world.header(), &without, &[]);
    let parsed = UnverifiedSdJwt::parse(&parsed, LIMIT).expect("parsed");
    let key = world.holder.public();
    let expected = Expected { holder_key: Some(&key), issuer: None, ..world.expected() };
    let report = verify_issued(&parsed, &expected, &mut world.trust.message(NOON));
    assert_eq!((report.first_failure(), report.evidence.expect("evidence").issuer()), (None, None));
}

#[test]
fn neg_d16_times_are_exact_and_tolerance_moves_no_end() {
    let world = World::new();
    let claims = world.claims("").to_text();
    let (now, end) = (NOON.unix(), NOON.unix() + 86_400);
    let with = |member: &str, value: &str| {
        let old = format!(r#""{member}":{}"#, if member == "exp" { end } else { now });
        assert!(claims.contains(&old));
        world.forge(&world.header(), &claims.replacen(&old, &format!(r#""{member}":{value}"#), 1), &[])
    };
    let refused = |member: &str, value: &str| {
        let report = world.receive(&with(member, value)).expect("parsed");
        let failed = report.checks.iter().find(|check| check.outcome == Outcome::Failed)?;
        Some((failed.reason.expect("a reason").to_string(), failed.place.clone().unwrap_or_default()))
    };
    let time = |claim: &str| Some(("jwt_time".to_owned(), claim.to_owned()));
    for malformed in ["-1", "9007199254740992", "253402300800", "\"1\"", "null", "[]", "1e30", "-0.5", "true"] {
        for member in ["exp", "nbf", "iat"] {
            assert_eq!(refused(member, malformed), time(member), "{member} {malformed}");
        }
    }
    // The end is the first second that is no longer valid, and is never stretched.
    for (value, expected) in [(0, time("exp")), (now - 60, time("exp")), (now, time("exp")), (now + 1, None)] {
        assert_eq!(refused("exp", &value.to_string()), expected, "{value}");
    }
    for member in ["nbf", "iat"] {
        for (value, expected) in [(0, None), (now, None), (now + 60, None), (now + 61, time(member))] {
            assert_eq!(refused(member, &value.to_string()), expected, "{member} {value}");
        }
        assert_eq!(refused(member, &format!("{now}.75")), None);
    }
    assert_eq!(refused("nbf", &end.to_string()), time("exp"), "the times contradict each other");
    let contradictory = claims.replacen(&format!(r#""iat":{now}"#), &format!(r#""iat":{}"#, now + 30), 1);
    let contradictory = contradictory.replacen(&format!(r#""exp":{end}"#), &format!(r#""exp":{}"#, now + 30), 1);
    let report = world.receive(&world.forge(&world.header(), &contradictory, &[])).expect("parsed");
    assert_eq!(outcome(&report, "validity_info"), Outcome::Failed, "issued when it had expired");
    let text = with("exp", &end.to_string());
    for (offset, expected) in [(86_399, None), (86_400, Some("jwt_time")), (-60, None), (-61, Some("jwt_time"))] {
        let report = world.receive_at(&text, NOON.plus_seconds(offset)).expect("parsed");
        assert_eq!(report.first_failure().map(|code| code.as_str()), expected, "{offset}");
        // Claims of an expired credential are evidence still; the verdict says that they are not current.
        assert!(report.evidence.is_some());
    }
    let strict = TrustStore::new(Environment::Test, Vec::new()).expect("a store").pin_key(world.signer.key.public());
    let strict = strict.with_clock_tolerance(ClockTolerance::seconds(0));
    let ahead = with("nbf", &(now + 1).to_string());
    let parsed = UnverifiedSdJwt::parse(&ahead, LIMIT).expect("parsed");
    let report = verify_unbound(&parsed, &Expected::default(), &mut strict.message(NOON));
    assert_eq!(report.first_failure().map(|code| code.as_str()), Some("jwt_time"));
}

#[test]
fn neg_d17_an_issuer_that_the_certificate_does_not_name_is_refused() {
    let mut world = World::new();
    let judge = |world: &World, iss: &str| {
        let payload = world.claims("").to_text().replacen(ISSUER, iss, 1);
        let text = world.forge(&world.header(), &payload, &[]);
        let parsed = UnverifiedSdJwt::parse(&text, LIMIT).expect("parsed");
        let report = verify_unbound(&parsed, &Expected::default(), &mut world.trust.message(NOON));
        assert_eq!(report.evidence.is_some(), report.first_failure().is_none());
        report.first_failure().map(|code| code.to_string())
    };
    for iss in ["https://issuer.example", "https://issuer.example/", "https://issuer.example/az?x#y"] {
        assert_eq!(judge(&world, iss), None, "{iss}");
    }
    for iss in [
        "http://issuer.example",
        "https://evil.example",
        "https://issuer.example.evil.example",
        "https://sub.issuer.example",
        "https://issuer.example:8443",
        "https://user@issuer.example",
        "https://issuer.example@evil.example",
        "https://Issuer.example",
        "HTTPS://issuer.example",
        "https://issuer.example\\\\@evil.example",
        "issuer.example",
        "did:web:issuer.example",
        "",
    ] {
        assert_eq!(judge(&world, iss).as_deref(), Some("issuer_mismatch"), "{iss}");
    }
    // The identifier of the issuer's metadata is compared as a string.
    for iss in ["https://issuer.example/", "https://issuer.example/a"] {
        let payload = world.claims("").to_text().replacen(ISSUER, iss, 1);
        assert_eq!(world.refusal(&world.forge(&world.header(), &payload, &[])), "issuer_mismatch", "{iss}");
    }
    let without = world.claims("").to_text().replacen(&format!(r#""iss":"{ISSUER}","#), "", 1);
    assert_eq!(world.refusal(&world.forge(&world.header(), &without, &[])), "issuer_mismatch");
    // A URI is compared whole. Without alternative names the issuer is the subject of the certificate.
    let names = alternative_names(&[(0x86, "https://issuer.example/az"), (0x82, "other.example")]);
    world.signer.certificate =
        certify(&world.root, &world.signer.key, |recipe| recipe.extensions[0].2.clone_from(&names), &mut world.rng);
    assert_eq!(judge(&world, "https://issuer.example/az"), None);
    assert_eq!(judge(&world, "https://other.example/az"), None);
    assert_eq!(judge(&world, "https://issuer.example").as_deref(), Some("issuer_mismatch"));
    assert_eq!(judge(&world, "https://issuer.example/az/").as_deref(), Some("issuer_mismatch"));
    world.signer.certificate =
        certify(&world.root, &world.signer.key, |recipe| recipe.extensions.clear(), &mut world.rng);
    assert_eq!(judge(&world, "https://anybody.example"), None);
    let text = world.forge(&world.header(), &world.claims("").to_text(), &[]);
    let parsed = UnverifiedSdJwt::parse(&text, LIMIT).expect("parsed");
    for (expected, issuer) in [(None, None), (Some(ISSUER), Some(ISSUER))] {
        let expected = Expected { issuer: expected, ..Expected::default() };
        let report = verify_unbound(&parsed, &expected, &mut world.trust.message(NOON));
        assert_eq!(report.evidence.expect("evidence").issuer(), issuer, "an `iss` that nothing names is not read");
    }
}

#[test]
fn neg_d20_claims_that_must_always_be_disclosed_are_not_selectively_disclosable() {
    let mut world = World::new();
    let claims = world.claims(r#","aka_vcts":["urn:a"],"vct#integrity":"sha256-x","status":{"a":1}"#);
    let refused = |world: &mut World, path: ClaimPath| {
        let text = world.issue(claims.clone(), std::slice::from_ref(&path), 0);
        let code = world.refusal(&text);
        // A claim that is concealed counts also when it is not disclosed.
        let (jwt, _) = text.split_once('~').expect("disclosures");
        let concealed = world.receive(&format!("{jwt}~")).expect("parsed").first_failure().map(String::from);
        (code, concealed)
    };
    for name in ["aka_vcts", "cnf", "exp", "iss", "nbf", "status", "vct", "vct#integrity"] {
        let (code, _) = refused(&mut world, path(&[name]));
        assert!(matches!(code.as_str(), "sdjwt_not_disclosable" | "cert_untrusted"), "{name}: {code}");
    }
    for steps in [["cnf", "jwk"], ["status", "a"], ["aka_vcts", "0"]] {
        let (code, concealed) = refused(&mut world, path(&steps));
        assert_eq!((code.as_str(), concealed.as_deref()), ("sdjwt_not_disclosable", Some("sdjwt_not_disclosable")));
    }
    let text = world.issue(claims.clone(), &[path(&["iat"])], 0);
    assert_eq!(world.receive(&text).expect("parsed").first_failure(), None, "iat may be selectively disclosable");
}

#[test]
fn neg_f01_f05_a_signer_without_a_path_is_refused() {
    let world = World::new();
    let text = world.forge_claims("", &[]);
    let parsed = UnverifiedSdJwt::parse(&text, LIMIT).expect("parsed");
    let mut rng = rid_kit::SeededRng::new(99);
    let other = Identity::make(Profile::Iaca, "Other", None, NOON, &mut rng);
    for (store, code) in [
        (trust(&[(&other.certificate, Role::Issuer)]), "cert_untrusted"),
        (trust(&[(&world.root.certificate, Role::Reader), (&other.certificate, Role::Issuer)]), "trust_list_scope"),
        (
            trust(&[(&world.root.certificate, Role::StatusIssuer), (&other.certificate, Role::Issuer)]),
            "trust_list_scope",
        ),
    ] {
        let report = verify_unbound(&parsed, &world.expected(), &mut store.message(NOON));
        assert_eq!(report.first_failure().map(|code| code.as_str()), Some(code));
        assert!(report.evidence.is_none());
    }
    // Without any trust nothing fails, and nothing can be read.
    let report = verify_unbound(&parsed, &world.expected(), &mut trust(&[]).message(NOON));
    assert_eq!((report.first_failure(), report.evidence.is_none()), (None, true));
    let check = report.checks.iter().find(|check| check.code.as_str() == "trust").expect("a check");
    assert_eq!(check.reason.map(|code| code.as_str()), Some("trust_missing"));
}

#[test]
fn neg_f13_another_country_is_refused() {
    let world = World::new();
    for country in [r#""TR""#, r#""""#, "1", r#"["AZ"]"#] {
        let text = world.forge_claims(&format!(r#","issuing_country":{country}"#), &[]);
        assert_eq!(world.refusal(&text), "issuer_country_mismatch", "{country}");
    }
}

#[test]
fn neg_e01_e05_forged_signatures_are_refused() {
    let mut world = World::new();
    let text = world.person();
    let (jwt, rest) = text.split_once('~').expect("disclosures");
    let (input, _) = jwt.rsplit_once('.').expect("a signature");
    for signature in ["A".repeat(86), String::new(), "AAAA".into()] {
        assert_eq!(world.refusal(&format!("{input}.{signature}~{rest}")), "jws_signature");
    }
    // A signature of the holder's own key.
    let other =
        World { signer: Identity { key: SigningKey::make(&mut world.rng), ..world.signer.clone() }, ..World::new() };
    let forged = other.forge(&world.header(), &world.claims("").to_text(), &[]);
    assert_eq!(world.refusal(&forged), "jws_signature");
    for alg in ["none", "HS256", "ES384", "EdDSA"] {
        let header = world.header().replace("ES256", alg);
        let forged = world.forge(&header, &world.claims("").to_text(), &[]);
        assert_eq!(world.refusal(&forged), "jws_alg", "{alg}");
    }
}

#[test]
fn neg_e03_a_key_in_the_header_is_not_used() {
    let mut world = World::new();
    let evil = SigningKey::make(&mut world.rng);
    let jwk = evil.public().to_jose().expect("P-256").to_value().to_text();
    let payload = world.claims("").to_text();
    let evil = World { signer: Identity { key: evil, ..world.signer.clone() }, ..World::new() };
    for member in [
        format!(r#""jwk":{jwk}"#),
        r#""jku":"https://evil.example","kid":"1""#.into(),
        r#""x5u":"https://evil.example""#.into(),
    ] {
        let header = format!(r#"{{"alg":"ES256","typ":"dc+sd-jwt",{member}}}"#);
        assert_eq!(world.refusal(&evil.forge(&header, &payload, &[])), "jws_x5c", "{member}");
        let header = world.header().replacen("{", &format!("{{{member},"), 1);
        assert_eq!(world.refusal(&evil.forge(&header, &payload, &[])), "jws_signature", "{member}");
    }
}

#[test]
fn a_pinned_key_needs_no_chain() {
    let world = World::new();
    let store = TrustStore::new(Environment::Test, Vec::new()).expect("a store").pin_key(world.signer.key.public());
    for header in [
        r#"{"alg":"ES256","typ":"dc+sd-jwt","kid":"1"}"#.to_owned(),
        world.header(),
        r#"{"alg":"ES256","typ":"dc+sd-jwt","x5c":["AAE="]}"#.into(),
    ] {
        let text = world.forge(&header, &world.claims("").to_text(), &[]);
        let parsed = UnverifiedSdJwt::parse(&text, LIMIT).expect("parsed");
        let report = verify_unbound(&parsed, &Expected::default(), &mut store.message(NOON));
        assert_eq!(report.first_failure(), None, "{header}");
        assert_eq!(report.evidence.as_ref().expect("evidence").trust().basis(), Basis::Key);
        assert_eq!(outcome(&report, "trust"), Outcome::NotDone);
        assert_eq!(outcome(&report, "issuer_name"), Outcome::NotDone);
    }
}

#[test]
fn claims_of_another_type_are_refused() {
    let world = World::new();
    for (member, value) in [("iss", "1"), ("iss", "null"), ("vct", "{}"), ("sub", "1"), ("vct#integrity", "1")] {
        let claims = world.claims("").to_text();
        let payload = match member {
            "iss" => claims.replacen(&format!(r#""iss":"{ISSUER}""#), &format!(r#""iss":{value}"#), 1),
            "vct" => claims.replacen(&format!(r#""vct":"{VCT}""#), &format!(r#""vct":{value}"#), 1),
            _ => claims.replacen('{', &format!(r#"{{"{member}":{value},"#), 1),
        };
        let report = world.receive(&world.forge(&world.header(), &payload, &[])).expect("parsed");
        let check = report.checks.iter().find(|check| check.code.as_str() == "claims_form").expect("a check");
        assert_eq!(check.reason.map(|code| code.as_str()), Some("sdjwt_form"), "{member}");
        assert_eq!(check.place.as_deref(), Some(member));
        assert!(report.evidence.is_none());
    }
}

#[test]
fn a_presentation_is_no_credential_to_keep() {
    let mut world = World::new();
    let stored = world.person();
    let presented = world.present(&stored, &[path(&["given_name"])]);
    assert_eq!(world.refusal(&presented), "sdjwt_form");
    let parsed = UnverifiedSdJwt::parse(&stored, LIMIT).expect("parsed");
    let report = verify_presented(&parsed, &world.expected(), &input(), &mut world.trust.message(NOON));
    assert_eq!(report.first_failure().map(|code| code.as_str()), Some("sdjwt_key_binding_missing"));
}
