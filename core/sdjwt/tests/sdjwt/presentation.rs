//! Selection, key binding and what a verifier reads.
use rid_claims::ClaimPath;
use rid_crypto::sha256;
use rid_kit::NOON;
use rid_sdjwt::{
    key_binding::{Binding, KeyBindingInput},
    present::StoredSdJwt,
};
use rid_trust::Outcome;
use rid_wire::base64::encode_url;

use crate::world::*;

const HEADER: &str = r#"{"alg":"ES256","typ":"kb+jwt"}"#;

/// A presentation without its KB-JWT.
fn unbound(stored: &str, disclose: &[ClaimPath]) -> String {
    StoredSdJwt::read(stored, LIMIT).expect("a credential").present_unbound(disclose).expect("a presentation")
}

fn sd_hash(presented: &str) -> String {
    encode_url(&sha256(&[presented.as_bytes()]))
}

fn payload(presented: &str) -> String {
    let hash = sd_hash(presented);
    format!(r#"{{"iat":{},"aud":"{AUDIENCE}","nonce":"{NONCE}","sd_hash":"{hash}"}}"#, NOON.unix())
}

#[test]
fn std_m25_a_presentation_discloses_what_was_chosen_and_nothing_else() {
    let mut world = World::new();
    let stored = world.person();
    for (chosen, expected) in [
        (vec![], r#"{"nationalities":[],"age":{},"degrees":[{"type":"BSc"},{"type":"MSc"}],"issuing_country":"AZ"}"#),
        (
            vec![path(&["given_name"])],
            r#"{"nationalities":[],"age":{},"degrees":[{"type":"BSc"},{"type":"MSc"}],"issuing_country":"AZ","given_name":"Aynur"}"#,
        ),
        (
            vec![path(&["address", "street"]), path(&["age", "18"])],
            r#"{"nationalities":[],"age":{"18":true},"degrees":[{"type":"BSc"},{"type":"MSc"}],"issuing_country":"AZ","address":{"locality":"Bakı","street":"Nizami 1"}}"#,
        ),
        (
            vec![path(&["address", "locality"])],
            r#"{"nationalities":[],"age":{},"degrees":[{"type":"BSc"},{"type":"MSc"}],"issuing_country":"AZ","address":{"locality":"Bakı"}}"#,
        ),
        (
            vec![path(&["nationalities", "1"]), path(&["degrees", "*", "year"])],
            r#"{"nationalities":["TR"],"age":{},"degrees":[{"type":"BSc","year":2011},{"type":"MSc","year":2013}],"issuing_country":"AZ"}"#,
        ),
    ] {
        let presented = world.present(&stored, &chosen);
        let report = world.judge(&presented, &input()).expect("parsed");
        assert_eq!(report.first_failure(), None);
        let evidence = report.evidence.expect("evidence");
        let (audience, nonce, at) = (evidence.audience(), evidence.nonce(), evidence.bound_at());
        assert_eq!((audience, nonce, at, format!("{evidence:?}").as_str()), (AUDIENCE, NONCE, NOON, "HolderBound"));
        let value = evidence.issuer().claims().to_value();
        let rid_wire::json::Value::Object(members) = value else { panic!("an object") };
        let registered = ["iss", "vct", "iat", "nbf", "exp", "cnf"];
        let members = members.into_iter().filter(|(name, _)| !registered.contains(&name.as_str())).collect();
        assert_eq!(rid_wire::json::Value::Object(members), json(expected), "{chosen:?}");
    }
}

#[test]
fn std_m25_the_kb_jwt_has_exactly_the_claims_of_the_standard() {
    let mut world = World::new();
    let stored = world.person();
    let presented = world.present(&stored, &[path(&["birthdate"])]);
    let (before, kb) = presented.rsplit_once('~').expect("a KB-JWT");
    let parsed = rid_wire::jose::Jws::parse(kb, LIMIT).expect("a JWS");
    assert_eq!(parsed.header.members, json(HEADER));
    let expected = format!(
        r#"{{"nonce":"{NONCE}","aud":"{AUDIENCE}","iat":{},"sd_hash":"{}"}}"#,
        NOON.unix(),
        sd_hash(&format!("{before}~"))
    );
    assert_eq!(parsed.claims().expect("claims"), json(&expected));
}

#[test]
fn std_m25_a_presentation_confirms_the_transactions_of_the_request() {
    let mut world = World::new();
    let text = world.person();
    let stored = StoredSdJwt::read(&text, LIMIT).expect("a credential");
    let hashes = ["kfkcPhDSpBI4QMDu7mJbUZx1eXSJJyGMxXw8pmZDfXI".to_owned()];
    let request = Binding { transaction_data_hashes: &hashes, ..binding() };
    let unsigned = stored.present(&[path(&["birthdate"])], &request).expect("prepared");
    let signature = world.holder.sign(&[unsigned.to_be_signed()]);
    let presented = unsigned.finish(&signature, &request).expect("a presentation");
    let evidence = world.judge(&presented, &input()).expect("parsed").evidence.expect("evidence");
    assert_eq!(evidence.transaction_data_hashes(), hashes);
    let other = ["AAAA".to_owned()];
    for hashes in [&[][..], &other] {
        let refused = unsigned.finish(&signature, &Binding { transaction_data_hashes: hashes, ..request });
        assert_eq!(refused.expect_err("refused").code().as_str(), "sdjwt_kb_transaction");
    }
    let before = unbound(&text, &[]);
    for (more, code) in [
        (r#""transaction_data_hashes":[]"#, "sdjwt_form"),
        (r#""transaction_data_hashes":"x""#, "sdjwt_form"),
        (r#""transaction_data_hashes":[1]"#, "sdjwt_form"),
        (r#""transaction_data_hashes":["x"],"transaction_data_hashes_alg":"sha-512""#, "sdjwt_kb_transaction"),
    ] {
        let payload = payload(&before).replacen('{', &format!("{{{more},"), 1);
        assert_eq!(world.rejection(&world.bind(&before, HEADER, &payload)), code, "{more}");
    }
}

#[test]
fn neg_g15_leaves_of_a_path_are_listed_and_no_others_disclosed() {
    let mut world = World::new();
    let stored_text = world.person();
    let stored = StoredSdJwt::read(&stored_text, LIMIT).expect("a credential");
    let leaves = |steps: &[&str]| {
        let mut leaves = stored.claims().leaves(&path(steps)).expect("leaves");
        leaves.sort();
        leaves
    };
    assert_eq!(leaves(&["address"]), [path(&["address", "locality"]), path(&["address", "street"])]);
    assert_eq!(leaves(&["age"]), [path(&["age", "18"]), path(&["age", "21"]), path(&["age", "65"])]);
    assert_eq!(leaves(&["nationalities", "*"]), [path(&["nationalities", "0"]), path(&["nationalities", "1"])]);
    assert_eq!(leaves(&["degrees", "*", "type"]).len(), 2);
    for (steps, one) in [(vec!["age"], 3), (vec!["nationalities", "*"], 2), (vec!["degrees", "*"], 2)] {
        let whole = disclosed(&format!("{}x", unbound(&stored_text, &[path(&steps)])));
        let listed = unbound(&stored_text, &leaves(&steps));
        assert_eq!((whole.len(), disclosed(&format!("{listed}x"))), (one, whole));
    }
    for steps in [
        vec!["missing"],
        vec!["given_name", "x"],
        vec!["nationalities", "9"],
        vec!["address", "*"],
        vec!["age", "0"],
        vec![],
    ] {
        let refused = stored.present(&[path(&steps)], &binding()).expect_err("refused");
        assert_eq!(refused.code().as_str(), "sdjwt_claim_unknown", "{steps:?}");
        assert!(stored.claims().at(&path(&steps)).is_err());
    }
    let at = stored.claims().at(&path(&["nationalities", "*"])).expect("claims");
    assert_eq!(at.iter().map(|(_, claim)| claim.as_str()).collect::<Vec<_>>(), [Some("AZ"), Some("TR")]);
}

#[test]
fn neg_d14_a_kb_jwt_of_another_request_never_leaves() {
    let mut world = World::new();
    let text = world.person();
    let stored = StoredSdJwt::read(&text, LIMIT).expect("a credential");
    let request = binding();
    for (made, code) in [
        (Binding { audience: "x509_hash:evil", ..request }, "sdjwt_kb_audience"),
        (Binding { audience: "", ..request }, "sdjwt_kb_audience"),
        (Binding { nonce: "of the last request", ..request }, "sdjwt_kb_nonce"),
        (Binding { at: NOON.plus_seconds(1), ..request }, "jwt_time"),
    ] {
        let unsigned = stored.present(&[path(&["given_name"])], &made).expect("prepared");
        let signature = world.holder.sign(&[unsigned.to_be_signed()]);
        assert_eq!(unsigned.finish(&signature, &request).expect_err("refused").code().as_str(), code);
    }
    // A signature of another key, or of something else.
    let unsigned = stored.present(&[], &request).expect("prepared");
    for signature in
        [world.signer.key.sign(&[unsigned.to_be_signed()]), world.holder.sign(&[b"something else"]), [0; 64]]
    {
        assert_eq!(
            unsigned.clone().finish(&signature, &request).expect_err("refused").code().as_str(),
            "jws_signature"
        );
    }
}

#[test]
fn neg_d14_a_verifier_refuses_another_audience_nonce_or_time() {
    let mut world = World::new();
    let presented = unbound(&world.person(), &[path(&["given_name"])]);
    let good = payload(&presented);
    assert_eq!(world.judge(&world.bind(&presented, HEADER, &good), &input()).expect("parsed").first_failure(), None);
    let now = NOON.unix();
    let iat = format!(r#""iat":{now}"#);
    for (from, to, code) in [
        (AUDIENCE, "x509_hash:evil", "sdjwt_kb_audience"),
        (NONCE, "0123456789abcdef0124", "sdjwt_kb_nonce"),
        (NONCE, "", "sdjwt_kb_nonce"),
        (iat.as_str(), &format!(r#""iat":{}"#, now + 61), "jwt_time"),
        (&iat, &format!(r#""iat":{}"#, now - 301), "jwt_time"),
        (&iat, r#""iat":"1""#, "jwt_time"),
        (&iat, r#""x":1"#, "jwt_time"),
        (&format!(r#""aud":"{AUDIENCE}""#), &format!(r#""aud":["{AUDIENCE}"]"#), "sdjwt_form"),
        (&format!(r#""nonce":"{NONCE}""#), r#""nonce":1"#, "sdjwt_form"),
        (&format!(r#""nonce":"{NONCE}""#), r#""x":1"#, "sdjwt_form"),
        (r#""sd_hash""#, r#""x""#, "sdjwt_form"),
        (r#"{"iat""#, r#"{"nonce":"","iat""#, "json_duplicate_key"),
    ] {
        assert!(good.contains(from), "{from}");
        let forged = world.bind(&presented, HEADER, &good.replacen(from, to, 1));
        assert_eq!(world.rejection(&forged), code, "{to}");
    }
    for offset in [60, -300] {
        let edge = good.replacen(&iat, &format!(r#""iat":{}"#, now + offset), 1);
        assert_eq!(
            world.judge(&world.bind(&presented, HEADER, &edge), &input()).expect("parsed").first_failure(),
            None
        );
    }
    for (header, code) in [
        (r#"{"alg":"ES256","typ":"JWT"}"#, "jws_typ"),
        (r#"{"alg":"ES256"}"#, "jws_typ"),
        (r#"{"alg":"none","typ":"kb+jwt"}"#, "jws_alg"),
        (r#"{"alg":"ES384","typ":"kb+jwt"}"#, "jws_alg"),
        (r#"{"alg":"ES256","typ":"kb+jwt","crit":["x"]}"#, "jws_crit"),
    ] {
        assert_eq!(world.rejection(&world.bind(&presented, header, &good)), code, "{header}");
    }
    let whole = world.bind(&presented, HEADER, &good);
    assert_eq!(world.rejection(&format!("{whole}=")), "sdjwt_base64");
    assert_eq!(world.rejection(&format!("{presented}{}", "A".repeat(20_000))), "input_too_large");
    // The issuer's key is not the holder's.
    let (kb, _) = whole.rsplit_once('.').expect("a signature");
    let input = kb.strip_prefix(&presented).expect("a KB-JWT");
    let forged = format!("{kb}.{}", encode_url(&world.signer.key.sign(&[input.as_bytes()])));
    assert_eq!(world.rejection(&forged), "jws_signature");
}

#[test]
fn neg_d15_the_hash_covers_disclosures_and_their_order() {
    let mut world = World::new();
    let chosen = [path(&["given_name"]), path(&["birthdate"])];
    let presented = unbound(&world.person(), &chosen);
    let whole = world.bind(&presented, HEADER, &payload(&presented));
    let parts: Vec<&str> = whole.split('~').collect();
    let [jwt, one, other, kb] = parts.as_slice() else { panic!("two disclosures") };
    assert_eq!(world.judge(&whole, &input()).expect("parsed").first_failure(), None);
    for altered in [format!("{jwt}~{other}~{one}~{kb}"), format!("{jwt}~{one}~{kb}"), format!("{jwt}~{kb}")] {
        assert_eq!(world.rejection(&altered), "sdjwt_kb_hash");
    }
    // A hash over the JWT alone, without the last tilde, or in another alphabet.
    let without = presented.strip_suffix('~').expect("a tilde");
    for hashed in [(*jwt).to_owned(), without.to_owned()] {
        let forged = payload(&presented).replace(&sd_hash(&presented), &sd_hash(&hashed));
        assert_eq!(world.rejection(&world.bind(&presented, HEADER, &forged)), "sdjwt_kb_hash");
    }
}

#[test]
fn neg_d21_key_binding_is_never_skipped() {
    let mut world = World::new();
    let stored = world.person();
    let whole = world.present(&stored, &[path(&["given_name"])]);
    let (presented, kb) = whole.rsplit_once('~').expect("a KB-JWT");
    assert_eq!(world.rejection(&format!("{presented}~")), "sdjwt_key_binding_missing");
    let nothing = KeyBindingInput::default();
    let report = world.judge(&format!("{presented}~"), &nothing).expect("parsed");
    assert_eq!(report.first_failure().map(|code| code.as_str()), Some("sdjwt_key_binding_missing"));
    // Without a nonce or audience nothing is decided, and a forgery is refused all the same.
    for (input, code) in [
        (nothing, "sdjwt_audience_missing"),
        (KeyBindingInput { nonce: None, ..input() }, "sdjwt_nonce_missing"),
        (KeyBindingInput { audience: None, ..input() }, "sdjwt_audience_missing"),
    ] {
        let report = world.judge(&whole, &input).expect("parsed");
        let check = report.checks.iter().find(|check| check.code.as_str() == "key_binding").expect("a check");
        assert_eq!((check.outcome, check.reason.map(|code| code.as_str())), (Outcome::NotDone, Some(code)));
        assert!(report.evidence.is_none() && report.first_failure().is_none());
        let forged = format!("{presented}~{}", kb.replacen(".ey", ".fy", 1));
        let report = world.judge(&forged, &input).expect("parsed");
        assert_eq!(report.first_failure().map(|code| code.as_str()), Some("jws_signature"));
    }
    // A KB-JWT of another presentation of the same credential.
    let other = world.present(&stored, &[path(&["birthdate"])]);
    let (_, other_kb) = other.rsplit_once('~').expect("a KB-JWT");
    assert_eq!(world.rejection(&format!("{presented}~{other_kb}")), "sdjwt_kb_hash");
    // A credential that is bound to no key.
    let claims = world.claims("").to_text();
    let (start, _) = claims.split_once(r#","cnf":"#).expect("a key");
    let bearer = world.forge(&world.header(), &format!("{start}}}"), &[]);
    assert_eq!(world.rejection(&bearer), "device_key_mismatch");
    assert_eq!(world.rejection(&world.bind(&bearer, HEADER, &payload(&bearer))), "device_key_mismatch");
    let stored = StoredSdJwt::read(&bearer, LIMIT).expect("a credential");
    assert_eq!(stored.present(&[], &binding()).expect_err("refused").code().as_str(), "device_key_mismatch");
}

#[test]
fn neg_d22_disclosures_of_another_credential_are_refused() {
    let mut world = World::new();
    let (one, other) = (world.person(), world.person());
    let (jwt, _) = one.split_once('~').expect("disclosures");
    let (_, disclosures) = other.split_once('~').expect("disclosures");
    let presented = format!("{jwt}~{disclosures}");
    assert_eq!(world.rejection(&world.bind(&presented, HEADER, &payload(&presented))), "sdjwt_unreferenced_disclosure");
}

#[test]
fn a_stored_credential_is_read_again() {
    let mut world = World::new();
    let text = world.person();
    let stored = StoredSdJwt::read(&text, LIMIT).expect("a credential");
    assert_eq!((stored.vct(), stored.other_types(), stored.status()), (VCT, [].as_slice(), None));
    assert_eq!(stored.holder_key(), Ok(&world.holder.public()));
    assert_eq!(stored.validity().expect("times").issued, Some(NOON));
    assert_eq!(format!("{stored:?}"), "StoredSdJwt");
    let presented = world.present(&text, &[]);
    assert_eq!(StoredSdJwt::read(&presented, LIMIT).expect_err("refused").code().as_str(), "sdjwt_form");
    let other = world.forge(&world.header().replace("dc+", "vc+"), &world.claims("").to_text(), &[]);
    assert_eq!(StoredSdJwt::read(&other, LIMIT).expect_err("refused").code().as_str(), "jws_typ");
}
