//! Disclosures: form, digests, places.
use rid_sdjwt::{UnverifiedSdJwt, verify::verify_signed};
use rid_wire::base64::encode_url;

use crate::world::*;

const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";

fn claim(name: &str, value: &str) -> (String, String) {
    disclosure(&format!(r#"["{SALT}","{name}",{value}]"#))
}

fn element(value: &str) -> (String, String) {
    disclosure(&format!(r#"["{SALT}",{value}]"#))
}

#[test]
fn nested_array_and_decoy_disclosures_are_put_in_their_places() {
    let mut world = World::new();
    let text = world.person();
    let report = world.receive(&text).expect("parsed");
    assert_eq!(report.first_failure(), None);
    let claims = report.evidence.expect("evidence").claims().clone();
    let value = claims.to_value();
    assert_eq!(value.member("nationalities"), Some(&json(r#"["AZ","TR"]"#)));
    assert_eq!(value.member("address"), Some(&json(r#"{"locality":"Bakı","street":"Nizami 1"}"#)));
    assert_eq!(value.member("degrees"), Some(&json(r#"[{"type":"BSc","year":2011},{"type":"MSc","year":2013}]"#)));
    assert_eq!(value.member("_sd_alg"), None);
    assert!(claims.member("given_name").expect("a claim").is_disclosable());
    assert!(!claims.member("iss").expect("a claim").is_disclosable());
    // Two decoys beside the digests of the age, which are all disclosed here.
    assert_eq!(claims.member("age").expect("a claim").undisclosed(), 2);
    assert_eq!(claims.member("nationalities").expect("a claim").undisclosed(), 2);
    assert_eq!(disclosed(&text).len(), 11);
}

#[test]
fn a_credential_without_disclosures_is_taken() {
    let world = World::new();
    let report = world.receive(&world.forge_claims(r#","a":[],"b":{},"_sd":[]"#, &[])).expect("parsed");
    assert_eq!(report.first_failure(), None);
    let value = report.evidence.expect("evidence").claims().to_value();
    assert_eq!((value.member("a"), value.member("b")), (Some(&json("[]")), Some(&json("{}"))));
}

#[test]
fn neg_d01_an_unreferenced_disclosure_is_refused() {
    let world = World::new();
    let (known, digest) = claim("a", "1");
    let (unknown, _) = claim("b", "2");
    let sd = format!(r#","_sd":["{digest}"]"#);
    assert_eq!(world.receive(&world.forge_claims(&sd, &[&known])).expect("parsed").first_failure(), None);
    assert_eq!(world.refusal(&world.forge_claims(&sd, &[&known, &unknown])), "sdjwt_unreferenced_disclosure");
    assert_eq!(world.refusal(&world.forge_claims("", &[&known])), "sdjwt_unreferenced_disclosure");
    // A digest refers to the text as received: the same JSON in another spelling is another disclosure.
    let respelled = encode_url(format!(r#"["{SALT}", "a", 1]"#).as_bytes());
    assert_eq!(world.refusal(&world.forge_claims(&sd, &[&respelled])), "sdjwt_unreferenced_disclosure");
    // A digest in the value of a plain string is no reference.
    assert_eq!(
        world.refusal(&world.forge_claims(&format!(r#","note":"{digest}""#), &[&known])),
        "sdjwt_unreferenced_disclosure"
    );
}

#[test]
fn neg_d02_a_digest_occurs_once() {
    let world = World::new();
    let (text, digest) = claim("a", "1");
    let (nested, nested_digest) = claim("b", &format!(r#"{{"_sd":["{digest}"]}}"#));
    let (item, item_digest) = element("1");
    let decoy = "x".repeat(43);
    let cases: [(String, Vec<&str>); 6] = [
        (format!(r#","_sd":["{digest}","{digest}"]"#), vec![&text]),
        (format!(r#","_sd":["{digest}"],"o":{{"_sd":["{digest}"]}}"#), vec![&text]),
        (format!(r#","l":[{{"...":"{item_digest}"}}],"m":[{{"...":"{item_digest}"}}]"#), vec![&item]),
        (format!(r#","_sd":["{digest}","{nested_digest}"]"#), vec![&text, &nested]),
        (format!(r#","_sd":["{decoy}","{decoy}"]"#), vec![]),
        (format!(r#","_sd":["{digest}"]"#), vec![&text, &text]),
    ];
    for (more, disclosures) in cases {
        assert_eq!(world.refusal(&world.forge_claims(&more, &disclosures)), "sdjwt_duplicate_digest", "{more}");
    }
}

#[test]
fn neg_d04_reserved_and_repeated_names_are_refused() {
    let world = World::new();
    for name in ["_sd", "..."] {
        let (text, digest) = claim(name, "1");
        let forged = world.forge_claims(&format!(r#","_sd":["{digest}"]"#), &[&text]);
        assert_eq!(world.refusal(&forged), "sdjwt_claim_conflict", "{name}");
    }
    let (one, one_digest) = claim("a", "1");
    let (other, other_digest) = disclosure(r#"["BBBBBBBBBBBBBBBBBBBBBB","a",2]"#);
    let (iss, iss_digest) = claim("iss", r#""https://evil.example""#);
    let cases: [(String, Vec<&str>); 6] = [
        (format!(r#","a":0,"_sd":["{one_digest}"]"#), vec![&one]),
        (format!(r#","_sd":["{one_digest}","{other_digest}"]"#), vec![&one, &other]),
        (format!(r#","_sd":["{iss_digest}"]"#), vec![&iss]),
        (r#","...":"x""#.into(), vec![]),
        (r#","o":{"...":"x"}"#.into(), vec![]),
        (r#","l":[{"...":"x","b":1}]"#.into(), vec![]),
    ];
    for (more, disclosures) in cases {
        assert_eq!(world.refusal(&world.forge_claims(&more, &disclosures)), "sdjwt_claim_conflict", "{more}");
    }
    for more in [r#","_sd":"x""#, r#","_sd":[1]"#, r#","_sd":{}"#, r#","l":[{"...":1}]"#] {
        assert_eq!(world.refusal(&world.forge_claims(more, &[])), "sdjwt_form", "{more}");
    }
}

#[test]
fn neg_d06_disclosures_of_another_form_are_refused() {
    let world = World::new();
    for text in [
        "[]",
        r#"["s"]"#,
        r#"["s","a",1,2]"#,
        r#"["s",1,2]"#,
        r#"[1,"a",2]"#,
        r#"[null,"a"]"#,
        r#"{"0":"s"}"#,
        r#""s""#,
    ] {
        let (text, _) = disclosure(text);
        assert_eq!(world.refusal(&world.forge_claims("", &[&text])), "sdjwt_disclosure_form", "{text}");
    }
    assert_eq!(world.refusal(&world.forge_claims("", &[&encode_url(b"[")])), "json_invalid");
    assert_eq!(world.refusal(&world.forge_claims("", &[&encode_url(b"\xff")])), "json_invalid");
    assert_eq!(world.refusal(&world.forge_claims("", &[""])), "json_invalid");
    // A claim in the place of an element, and the reverse.
    let ((member, member_digest), (item, item_digest)) = (claim("a", "1"), element("1"));
    let forged = world.forge_claims(&format!(r#","l":[{{"...":"{member_digest}"}}]"#), &[&member]);
    assert_eq!(world.refusal(&forged), "sdjwt_disclosure_form");
    let forged = world.forge_claims(&format!(r#","_sd":["{item_digest}"]"#), &[&item]);
    assert_eq!(world.refusal(&forged), "sdjwt_disclosure_form");
}

#[test]
fn neg_d06_a_short_salt_is_a_warning() {
    let world = World::new();
    for (salt, short) in [("AAAAAAAAAAAAAAAAAAAAAA", false), ("AAAAAAAAAAAAAAAAAAAA", true), ("", true), ("?", true)] {
        let (text, digest) = disclosure(&format!(r#"["{salt}","a",1]"#));
        let report = world.receive(&world.forge_claims(&format!(r#","_sd":["{digest}"]"#), &[&text])).expect("parsed");
        let check = report.checks.iter().find(|check| check.code.as_str() == "digests").expect("a check");
        assert_eq!(report.first_failure(), None);
        assert_eq!(check.reason.is_some_and(|code| code.as_str() == "sdjwt_salt_short"), short, "{salt}");
    }
}

#[test]
fn neg_d07_base64url_is_strict() {
    let mut world = World::new();
    let text = world.person();
    let parts: Vec<&str> = text.split('~').collect();
    let spoiled = |index: usize, part: &str| {
        let mut parts = parts.clone();
        parts[index] = part;
        parts.join("~")
    };
    let one = parts[1];
    for part in [format!("{one}="), format!("{one} "), format!("\n{one}"), one.replacen('W', "+", 1)] {
        assert_eq!(world.refusal(&spoiled(1, &part)), "sdjwt_base64", "{part}");
    }
    // The last digit has unused bits: each is another text with the same bytes.
    let (text, digest) = disclosure(&format!(r#"["{SALT}","a",1]"#));
    assert_eq!(text.len() % 4, 3);
    let last = text.chars().last().expect("a digit");
    let next = char::from(u8::try_from(last).expect("ASCII") + 1);
    let respelled = format!("{}{next}", text.strip_suffix(last).expect("a digit"));
    let forged = world.forge_claims(&format!(r#","_sd":["{digest}"]"#), &[&respelled]);
    assert_eq!(world.refusal(&forged), "sdjwt_base64");
    for part in [format!("{}=", parts[0]), format!("={}", parts[0]), parts[0].replacen('.', "=.", 1)] {
        assert_eq!(world.refusal(&spoiled(0, &part)), "sdjwt_base64", "{part}");
    }
}

#[test]
fn neg_d08_hash_algorithms_outside_the_list_are_refused() {
    let world = World::new();
    let (text, digest) = claim("a", "1");
    for alg in [r#""sha-1""#, r#""SHA-256""#, r#""sha256""#, r#""md5""#, r#""""#, "null", "1", r#"["sha-256"]"#] {
        let more = format!(r#","_sd":["{digest}"],"_sd_alg":{alg}"#);
        assert_eq!(world.refusal(&world.forge_claims(&more, &[&text])), "sdjwt_hash_alg", "{alg}");
    }
    // Another hash of the list is another digest.
    let more = format!(r#","_sd":["{digest}"],"_sd_alg":"sha-512""#);
    assert_eq!(world.refusal(&world.forge_claims(&more, &[&text])), "sdjwt_unreferenced_disclosure");
    for hash in [rid_crypto::DigestAlgorithm::Sha384, rid_crypto::DigestAlgorithm::Sha512] {
        let digest = encode_url(hash.digest(&[text.as_bytes()]).as_bytes());
        let name = if hash == rid_crypto::DigestAlgorithm::Sha384 { "sha-384" } else { "sha-512" };
        let more = format!(r#","_sd":["{digest}"],"_sd_alg":"{name}""#);
        assert_eq!(world.receive(&world.forge_claims(&more, &[&text])).expect("parsed").first_failure(), None);
    }
    // Below the top level it would change the meaning of digests there.
    let (inner, inner_digest) = claim("_sd_alg", r#""sha-256""#);
    let (nested, nested_digest) = claim("o", r#"{"_sd_alg":"sha-256"}"#);
    for (more, disclosures) in [
        (r#","o":{"_sd_alg":"sha-256"}"#.to_owned(), vec![]),
        (r#","l":[{"_sd_alg":"sha-256"}]"#.to_owned(), vec![]),
        (format!(r#","_sd":["{inner_digest}"]"#), vec![inner.as_str()]),
        (format!(r#","_sd":["{nested_digest}"]"#), vec![nested.as_str()]),
    ] {
        assert_eq!(world.refusal(&world.forge_claims(&more, &disclosures)), "sdjwt_hash_alg", "{more}");
    }
}

/// Disclosures of objects, each with the digest of the next.
fn chain(len: usize) -> (Vec<String>, String) {
    let mut disclosures = Vec::new();
    let (mut text, mut digest) = claim("last", "1");
    for position in 1..len {
        disclosures.push(text);
        (text, digest) = claim(&format!("c{position}"), &format!(r#"{{"_sd":["{digest}"]}}"#));
    }
    disclosures.push(text);
    (disclosures, digest)
}

#[test]
fn neg_d09_deep_and_cyclic_disclosures_are_refused() {
    let world = World::new();
    for (len, deep) in [(31, false), (32, false), (33, true), (1_000, true)] {
        let (disclosures, digest) = chain(len);
        let disclosures: Vec<&str> = disclosures.iter().map(String::as_str).collect();
        let text = world.forge_claims(&format!(r#","_sd":["{digest}"]"#), &disclosures);
        let refusal = world.receive(&text).expect("parsed").first_failure().map(String::from);
        assert_eq!(refusal.as_deref(), deep.then_some("sdjwt_too_deep"), "{len}");
    }
    // A disclosure whose value names its own digest cannot be made. One that names the digest of another one can.
    let (old, old_digest) = claim("a", "{}");
    let (new, new_digest) = claim("a", &format!(r#"{{"_sd":["{old_digest}"]}}"#));
    let again = world.forge_claims(&format!(r#","_sd":["{new_digest}","{old_digest}"]"#), &[&new, &old]);
    assert_eq!(world.refusal(&again), "sdjwt_duplicate_digest");
    // Disclosures that only name each other hang on nothing.
    let island = world.forge_claims("", &[&new, &old]);
    assert_eq!(world.refusal(&island), "sdjwt_unreferenced_disclosure");
    let (deep, _) = disclosure(&format!(r#"["{SALT}","a",{}{}]"#, "[".repeat(100), "]".repeat(100)));
    assert_eq!(world.refusal(&world.forge_claims("", &[&deep])), "json_too_deep");
}

#[test]
fn too_many_disclosures_are_refused() {
    let world = World::new();
    let text = claim("a", "1").0;
    let many = vec![text.as_str(); 4_097];
    assert_eq!(world.refusal(&world.forge_claims("", &many)), "sdjwt_too_many");
}

#[test]
fn neg_d18_json_with_a_member_twice_is_refused() {
    let world = World::new();
    let payload = world.claims("").to_text();
    let twice = payload.replacen("{", r#"{"vct":"urn:other","#, 1);
    assert_eq!(world.refusal(&world.forge(&world.header(), &twice, &[])), "json_duplicate_key");
    let header = world.header().replacen("{", r#"{"typ":"JWT","#, 1);
    assert_eq!(world.refusal(&world.forge(&header, &payload, &[])), "json_duplicate_key");
    let (text, _) = disclosure(&format!(r#"["{SALT}","a",{{"b":1,"b":2}}]"#));
    assert_eq!(world.refusal(&world.forge_claims("", &[&text])), "json_duplicate_key");
}

#[test]
fn an_sd_jwt_of_any_type_is_read_under_a_known_key() {
    let world = World::new();
    let (text, digest) = element(r#""AZ""#);
    let forged = world.forge(
        r#"{"alg":"ES256","typ":"example+sd-jwt"}"#,
        &format!(r#"{{"n":[{{"...":"{digest}"}},{{"...":"x"}},"TR"]}}"#),
        &[&text],
    );
    let parsed = UnverifiedSdJwt::parse(&forged, LIMIT).expect("parsed");
    let (key, other) = (world.signer.key.public(), world.holder.public());
    let signed = verify_signed(&parsed, &key, "example+sd-jwt").expect("signed");
    assert_eq!(signed.claims().to_value(), json(r#"{"n":["AZ","TR"]}"#));
    assert_eq!(format!("{parsed:?} {signed:?} {:?}", signed.claims()), "UnverifiedSdJwt Signed Claims");
    for (key, typ, code) in [(&key, "dc+sd-jwt", "jws_typ"), (&other, "example+sd-jwt", "jws_signature")] {
        assert_eq!(verify_signed(&parsed, key, typ).expect_err("refused").code().as_str(), code);
    }
    for text in ["", "~", "a.b.c", &forged.replace('~', "")] {
        assert!(UnverifiedSdJwt::parse(text, LIMIT).is_err(), "{text}");
    }
    assert_eq!(UnverifiedSdJwt::parse(&forged, 10).expect_err("refused").code().as_str(), "input_too_large");
}
