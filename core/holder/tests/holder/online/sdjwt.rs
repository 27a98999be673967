//! SD-JWT VC: the same flow, alone and beside mdoc.
use std::collections::BTreeSet;

use rid_claims::{ClaimKey, ClaimPath, CredentialType, Format};
use rid_crypto::PublicKey;
use rid_flow::HistoryOutcome;
use rid_holder::online::{Arrival, Delivery};
use rid_openid::{dcql::Query, vp::open::Opened};
use rid_sdjwt::{
    TYP, UnverifiedSdJwt,
    issue::{Template, UnsignedSdJwt},
    key_binding::KeyBindingInput,
    verify::{Expected, verify_presented},
};
use rid_wire::{jose::Alg, json::Value};

use super::world::{NONCE, World};
use crate::world::{Identity, MDL, NOW, NS, SeededRng};

const VCT: &str = "https://rid.example/vct/person/1";

fn path(names: &[&str]) -> ClaimPath {
    ClaimPath { steps: names.iter().map(|name| ClaimKey::Name { name: (*name).into() }).collect() }
}

fn mint(signer: &Identity, key: &PublicKey, rng: &mut SeededRng) -> Vec<u8> {
    let jwk = key.to_jose().unwrap().to_value().to_text();
    let (now, end) = (NOW.unix(), NOW.plus_days(14).unix());
    let claims = format!(
        r#"{{"vct":"{VCT}","iat":{now},"exp":{end},"cnf":{{"jwk":{jwk}}},"family_name":"SURNAME","birthdate":"1990-01-02",
        "address":{{"locality":"TOWN","street_address":"STREET"}},"age_equal_or_over":{{"18":true,"65":false}}}}"#
    );
    let disclosable = [
        path(&["family_name"]),
        path(&["birthdate"]),
        path(&["address", "locality"]),
        path(&["address", "street_address"]),
        path(&["age_equal_or_over", "18"]),
        path(&["age_equal_or_over", "65"]),
    ];
    let template = Template {
        typ: TYP,
        alg: Alg::Es256,
        chain: &[signer.certificate.der()],
        claims: Value::parse(&claims, 10_000).unwrap(),
        disclosable: &disclosable,
        decoys: 1,
    };
    let unsigned = UnsignedSdJwt::make(&template, rng).unwrap();
    unsigned.finish(&signer.key.sign(&[unsigned.to_be_signed()])).into_bytes()
}

fn world(query: &str) -> World {
    let mut world = World::new();
    let credential_type = CredentialType { format: Format::SdJwt, id: VCT.into() };
    world.wallet.add_copies("person", &credential_type, mint);
    world.query = Query::parse(query).unwrap();
    world
}

/// The leaves about the person that a verifier reads of a presentation.
fn read(world: &World, presentation: &str) -> BTreeSet<ClaimPath> {
    let parsed = UnverifiedSdJwt::parse(presentation, 1 << 20).unwrap();
    let client_id = world.client_id();
    let input = KeyBindingInput { audience: Some(&client_id), nonce: Some(NONCE), max_age: Some(60) };
    let expected = Expected { types: &[VCT], ..Expected::default() };
    let issuers = world.wallet.pki.issuers();
    let report = verify_presented(&parsed, &expected, &input, &mut issuers.message(NOW));
    assert_eq!(report.first_failure(), None);
    let evidence = report.evidence.unwrap();
    let leaves = evidence.issuer().claims().every_leaf();
    let person = ["family_name", "birthdate", "address", "age_equal_or_over"];
    let is_person =
        |path: &ClaimPath| matches!(&path.steps[0], ClaimKey::Name { name } if person.contains(&name.as_str()));
    leaves.into_iter().map(|leaf| leaf.path).filter(is_person).collect()
}

const PERSON: &str = r#"{"id":"p","format":"dc+sd-jwt","meta":{"vct_values":["https://rid.example/vct/person/1"]},
    "claims":[{"path":["family_name"]},{"path":["address","locality"]},{"path":["age_equal_or_over","18"],"values":[true]}]}"#;

#[test]
fn std_m25_an_sd_jwt_vc_leaves_with_the_claims_agreed_to() {
    let mut world = world(&format!(r#"{{"credentials":[{PERSON}]}}"#));
    let receipt = world.present(Arrival::Link, true).unwrap();
    assert_eq!(receipt.delivery, Delivery::Taken { redirect: None });
    let Opened::Answer(presentations) = world.opened(&world.posts()[0]) else { panic!("an answer") };
    let expected = [path(&["family_name"]), path(&["address", "locality"]), path(&["age_equal_or_over", "18"])];
    assert_eq!(read(&world, &presentations["p"][0]), BTreeSet::from(expected.clone()));
    let row = &world.wallet.vault.history[0];
    assert_eq!(row.outcome, HistoryOutcome::Finished);
    let written: BTreeSet<ClaimPath> = row.elements.iter().map(|element| element.path.clone()).collect();
    assert_eq!(written, BTreeSet::from(expected));
    assert_eq!(world.wallet.vault.held.values().filter(|held| held.copies.len() == 2).count(), 1);
}

#[test]
fn both_formats_answer_one_request() {
    let licence = format!(
        r#"{{"id":"m","format":"mso_mdoc","meta":{{"doctype_value":"{MDL}"}},"claims":[{{"path":["{NS}","portrait"]}}]}}"#
    );
    let mut world = world(&format!(r#"{{"credentials":[{PERSON},{licence}]}}"#));
    world.present(Arrival::Scan, true).unwrap();
    let Opened::Answer(mut presentations) = world.opened(&world.posts()[0]) else { panic!("an answer") };
    assert_eq!(read(&world, &presentations.remove("p").unwrap()[0]).len(), 3);
    assert_eq!(presentations.len(), 1);
    assert_eq!(world.wallet.ports.signatures, 2);
}

#[test]
fn a_birth_date_of_an_sd_jwt_vc_names_an_age_that_says_less() {
    let query = PERSON.replace(r#"["family_name"]"#, r#"["birthdate"]"#);
    let mut world = world(&format!(r#"{{"credentials":[{query}]}}"#));
    world.present(Arrival::Scan, false).unwrap();
    let question = world.question.unwrap();
    let elements = &question.documents[0].candidates[0].elements;
    assert_eq!(elements[0].less_revealing, Some(path(&["age_equal_or_over", "18"])));
}

#[test]
fn std_m23_a_value_of_another_type_does_not_match() {
    let query = PERSON.replace("[true]", r#"["true"]"#);
    let mut world = world(&format!(r#"{{"credentials":[{query}]}}"#));
    world.present(Arrival::Scan, false).unwrap();
    let question = world.question.unwrap();
    let missing = &question.documents[0].unavailable[0].missing;
    assert_eq!((missing.len(), missing[0].reason.as_str()), (1, "dcql_claim_value"));
}
