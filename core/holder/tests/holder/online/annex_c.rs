//! `org-iso-mdoc` of the Digital Credentials API: the question of proximity, and an answer encrypted by HPKE.
use rid_claims::ClaimPath;
use rid_flow::HistoryOutcome;
use rid_holder::{
    consent::{Decision, Requester},
    online::{Beginning, Delivery},
};
use rid_mdoc::{
    handover::{
        OnlineHandover,
        annex_c::{self, EncryptionInfo},
    },
    reader_auth,
    request::{self, DocRequestToSend},
    transcript::Transcript,
};
use rid_wire::{base64, json::Value};

use super::world::World;
use crate::{
    reader::{errors, items},
    world::{MDL, NS},
};

const ORIGIN: &str = "https://apteka.example";

fn info(world: &World) -> String {
    EncryptionInfo { nonce: vec![7; 16], recipient: world.key.public() }.encode()
}

fn transcript(world: &World, origin: &str) -> Transcript {
    OnlineHandover::AnnexC { encryption_info: &info(world), origin }.transcript()
}

/// A request for two elements of the licence, signed if `signed`.
fn data(world: &World, origin: &str, signed: bool) -> String {
    let bytes = items(MDL, &[(NS, "family_name", true), (NS, "sex", false)]).encode();
    let auth = || {
        let signature = world.verifier.key.sign(&[&reader_auth::to_be_signed(&transcript(world, origin), &bytes)]);
        reader_auth::encode(&signature, std::slice::from_ref(&world.verifier.certificate))
    };
    let reader_auth = signed.then(auth);
    let request = request::encode(&[DocRequestToSend { items_request_bytes: bytes, reader_auth }]);
    let members = [
        ("deviceRequest".into(), Value::String(base64::encode_url(&request))),
        ("encryptionInfo".into(), Value::String(info(world))),
    ];
    Value::Object(members.into()).to_text()
}

fn begin(data: String, origin: &str) -> Beginning {
    Beginning::Api { protocol: "org-iso-mdoc".into(), data, origin: origin.into() }
}

/// The DeviceResponse that the reader decrypts.
fn opened(world: &World, delivery: &Delivery) -> Vec<u8> {
    let Delivery::Returned { data } = delivery else { panic!("returned") };
    let data = Value::parse(data, 1 << 20).unwrap();
    let text = data.member("response").and_then(Value::as_str).unwrap();
    annex_c::open(text, &world.key, &transcript(world, ORIGIN)).unwrap()
}

#[test]
fn std_s52_a_device_request_is_answered_to_the_app() {
    for signed in [true, false] {
        let mut world = World::new();
        let mut flow = world.begin(begin(data(&world, ORIGIN, signed), ORIGIN));
        let receipt = world.finish(&mut flow, true).unwrap();
        let response = opened(&world, &receipt.delivery);
        let disclosed = world.judge_response(&response, &transcript(&world, ORIGIN));
        assert_eq!(disclosed, [ClaimPath::element(NS, "family_name")]);
        assert_eq!(errors(&response).1, [["sex"]], "what is not held is not returned");
        let question = world.question.clone().unwrap();
        assert!(!question.whole && world.requests.is_empty());
        match &question.requester {
            Requester::Known(party) if signed => assert_eq!(party.name, "Test Reader"),
            Requester::Identified { party, reason } if !signed => {
                assert_eq!((party.name.as_str(), reason.as_str()), (ORIGIN, "reader_auth_absent"));
            }
            other => panic!("{other:?}"),
        }
        world.note(flow.take_notes());
        let row = &world.wallet.vault.history[0];
        assert_eq!((row.outcome, crate::world::peer(row).is_empty()), (HistoryOutcome::Finished, false));
        assert_eq!(world.copies(), 2);
    }
}

#[test]
fn neg_g18_a_refusal_over_annex_c_says_what_a_wallet_without_the_document_says() {
    let mut refuses = World::new();
    let mut flow = refuses.begin(begin(data(&refuses, ORIGIN, true), ORIGIN));
    let refused = refuses.finish(&mut flow, false).unwrap();
    let mut empty = World::new();
    empty.wallet.vault.held.clear();
    let mut flow = empty.begin(begin(data(&empty, ORIGIN, true), ORIGIN));
    let lacked = empty.finish(&mut flow, false).unwrap();
    let response = opened(&refuses, &refused.delivery);
    assert_eq!(response, opened(&empty, &lacked.delivery));
    assert_eq!(errors(&response).0, [MDL]);
    assert_eq!((refuses.copies(), refuses.wallet.ports.signatures), (3, 0));
}

#[test]
fn a_part_of_a_device_request_can_be_agreed_to() {
    let mut world = World::new();
    let mut flow = world.begin(begin(data(&world, ORIGIN, true), ORIGIN));
    world.run(&mut flow).unwrap();
    let mut answer = world.answer(true);
    let Decision::Agree(documents) = &mut answer.decision else { panic!("agreed") };
    documents[0].elements.clear();
    world.say(&mut flow, answer).unwrap();
    assert!(world.run(&mut flow).is_ok());
    assert_eq!(world.copies(), 3, "nothing ticked is a refusal");
}

#[test]
fn neg_g03_a_request_signed_for_another_origin_names_nobody() {
    let mut world = World::new();
    let mut flow = world.begin(begin(data(&world, "https://other.example", true), ORIGIN));
    world.run(&mut flow).unwrap();
    let question = world.question.clone().unwrap();
    let Requester::Identified { reason, .. } = question.requester else { panic!("not known") };
    assert_eq!(reason.as_str(), "reader_auth_invalid");
    assert!(question.documents[0].candidates.is_empty(), "a forged reader gets nothing");
}

#[test]
fn malformed_requests_of_annex_c_are_refused() {
    let world = World::new();
    let good = data(&world, ORIGIN, true);
    let cases = [
        (String::from("{}"), ORIGIN, "vp_form"),
        (String::new(), ORIGIN, "json_invalid"),
        (good.clone(), "", "vp_origin"),
        (good.replace("\"deviceRequest\":\"", "\"deviceRequest\":\"*"), ORIGIN, "vp_form"),
        (format!(r#"{{"deviceRequest":"oA","encryptionInfo":"{}"}}"#, info(&world)), ORIGIN, "cbor_missing_member"),
        (good.replace("\"encryptionInfo\":\"", "\"encryptionInfo\":\"AA"), ORIGIN, "annex_c_form"),
    ];
    for (data, origin, code) in cases {
        let mut world = World::new();
        let mut flow = world.begin(begin(data, origin));
        let refused = world.run(&mut flow).unwrap_err().code();
        assert_eq!(refused.as_str(), code);
        assert!(world.question.is_none() && world.wallet.vault.history.is_empty());
    }
}
