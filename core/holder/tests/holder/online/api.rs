//! The Digital Credentials API: the same flow, and the answer goes back to the app.
use rid_crypto::sha256;
use rid_flow::HistoryOutcome;
use rid_holder::{
    consent::Requester,
    online::{Beginning, Delivery},
};
use rid_mdoc::handover::OnlineHandover;
use rid_openid::vp::{
    build::DraftChannel,
    open::{self, Expected, Opened},
};
use rid_wire::json::Value;

use super::world::{NONCE, World};

const ORIGIN: &str = "https://apteka.example";

fn beginning(protocol: &str, data: String, origin: &str) -> Beginning {
    Beginning::Api { protocol: protocol.into(), data, origin: origin.into() }
}

fn unsigned(world: &World, encrypted: bool) -> String {
    let public = world.key.public();
    let encryption = encrypted.then_some((&public, "k1"));
    world.draft(DraftChannel::Api { origins: &[] }, encryption).to_value(None).to_text()
}

fn signed(world: &World, origins: &[String]) -> String {
    let public = world.key.public();
    let text = world.sign(&world.draft(DraftChannel::Api { origins }, Some((&public, "k1"))));
    Value::Object([("request".into(), Value::String(text))].into()).to_text()
}

/// Verifies the data that the app gets.
fn check(world: &World, data: &str, encrypted: bool, origin: &str) {
    let data = Value::parse(data, 1 << 20).unwrap();
    let key = encrypted.then_some((&world.key, "k1"));
    let opened = open::data(&data, &Expected { query: &world.query, state: None, key }).unwrap();
    let Opened::Answer(presentations) = opened else { panic!("an answer") };
    let thumbprint = sha256(&[world.key.public().to_jose().unwrap().thumbprint_input().as_bytes()]);
    let thumbprint = encrypted.then_some(&thumbprint);
    let transcript = OnlineHandover::DcApi { origin, nonce: NONCE, thumbprint }.transcript();
    assert_eq!(world.judge(presentations, &transcript)["a"][0].len(), 2);
}

#[test]
fn std_m27_requests_of_the_api_are_answered_to_the_app() {
    let app = "android:apk-key-hash:7_7OEpmTwvwCdOvpVTnq3A";
    for (origin, encrypted) in [(ORIGIN, true), (ORIGIN, false), (app, true)] {
        let mut world = World::new();
        let data = unsigned(&world, encrypted);
        let mut flow = world.begin(beginning("openid4vp-v1-unsigned", data, origin));
        let receipt = world.finish(&mut flow, true).unwrap();
        let Delivery::Returned { data } = &receipt.delivery else { panic!("returned") };
        check(&world, data, encrypted, origin);
        assert!(world.requests.is_empty(), "no network");
        let Requester::Identified { party, reason } = world.question.clone().unwrap().requester else {
            panic!("origin")
        };
        assert_eq!((party.name.as_str(), reason.as_str()), (origin, "requester_origin"));
        world.note(flow.take_notes());
        let row = &world.wallet.vault.history[0];
        assert_eq!((row.outcome, crate::world::peer(row)), (HistoryOutcome::Finished, origin));
    }
}

#[test]
fn std_m27_a_signed_request_names_its_verifier_and_its_origins() {
    let mut world = World::new();
    let data = signed(&world, &[ORIGIN.into()]);
    let mut flow = world.begin(beginning("openid4vp-v1-signed", data.clone(), ORIGIN));
    let receipt = world.finish(&mut flow, true).unwrap();
    let Delivery::Returned { data: answer } = &receipt.delivery else { panic!("returned") };
    check(&world, answer, true, ORIGIN);
    assert!(matches!(world.question.as_ref().unwrap().requester, Requester::Known(_)));
    for other in ["https://apteka.example/", "https://APTEKA.example", "https://apteka.example:443", ""] {
        let mut flow = world.begin(beginning("openid4vp-v1-signed", data.clone(), other));
        assert_eq!(world.run(&mut flow).unwrap_err().code().as_str(), "vp_origin", "{other}");
    }
}

#[test]
fn std_m27_a_refusal_goes_back_to_the_app() {
    let mut world = World::new();
    let data = unsigned(&world, true);
    let mut flow = world.begin(beginning("openid4vp-v1-unsigned", data, ORIGIN));
    let receipt = world.finish(&mut flow, false).unwrap();
    assert_eq!(receipt.delivery, Delivery::Returned { data: r#"{"error":"access_denied"}"#.into() });
    assert_eq!(world.copies(), 3);
}

#[test]
fn data_that_is_no_request_is_refused() {
    for (protocol, data, code) in [
        ("openid4vp-v1-unsigned", "", "json_invalid"),
        ("openid4vp-v1-unsigned", "[]", "vp_form"),
        ("openid4vp-v2", "{}", "vp_form"),
        ("openid4vp-v1-signed", "{}", "vp_form"),
    ] {
        let mut world = World::new();
        let mut flow = world.begin(beginning(protocol, data.into(), ORIGIN));
        assert_eq!(world.run(&mut flow).unwrap_err().code().as_str(), code, "{protocol} {data}");
    }
}
