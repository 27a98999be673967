//! Answers and errors: what a wallet sends, and what a verifier takes.
use std::collections::BTreeMap;

use rid_crypto::AgreementKey;
use rid_crypto::jwe::UnopenedJwe;
use rid_kit::NOON;
use rid_openid::{
    dcql::Query,
    vp::{
        Message, OAuthError, Policy, Request,
        build::DraftChannel,
        open::{self, Expected, Opened},
        read_api_request, redirect_of,
    },
};
use rid_wire::json::Value;

use crate::world::{KID, NONCE, RESPONSE_URI, STATE, World, answer, json, with};

fn expected(world: &World) -> Expected<'_> {
    Expected { query: &world.query, state: Some(STATE), key: Some((&world.key, KID)) }
}

fn body(message: Message) -> String {
    let Message::Form { uri, body } = message else { panic!("a form") };
    assert_eq!(uri.as_str(), RESPONSE_URI);
    body
}

fn posted(world: &World, mode: &str) -> Request {
    let text = world.request(&[("response_mode", mode)]);
    world.verify_with(&text, &world.client_id(), None, &Policy::default()).expect("a request")
}

fn by_api(world: &World, mode: &str) -> Request {
    let public = world.key.public();
    let data = world.draft(DraftChannel::Api { origins: &[] }, Some((&public, KID))).to_value(None);
    let data = with(&data, &[("response_mode", mode)]);
    let (policy, mut trust) = (Policy::default(), world.trust.message(NOON));
    read_api_request("openid4vp-v1-unsigned", &data, "https://apteka.example", &policy, &mut trust).expect("a request")
}

#[test]
fn std_m22_encrypted_answers_open_for_their_verifier() {
    let mut world = World::new();
    let request = posted(&world, r#""direct_post.jwt""#);
    let sent = body(request.answer(&answer(), &mut world.rng).unwrap());
    assert!(sent.starts_with("response=") && !sent.contains('&'), "the state is inside");
    assert_eq!(open::form(&sent, &expected(&world)).ok(), Some(Opened::Answer(answer())));
    let jwe = UnopenedJwe::parse(sent.trim_start_matches("response="), 100_000).unwrap();
    assert_eq!(jwe.kid.as_deref(), Some(KID));

    let request = by_api(&world, r#""dc_api.jwt""#);
    let Message::Data(data) = request.answer(&answer(), &mut world.rng).unwrap() else { panic!("data") };
    let over_api = Expected { state: None, ..expected(&world) };
    assert_eq!(open::data(&data, &over_api).ok(), Some(Opened::Answer(answer())));
}

#[test]
fn std_m22_plain_answers() {
    let mut world = World::new();
    let plain = posted(&world, r#""direct_post""#).answer(&answer(), &mut world.rng).unwrap();
    let plain = body(plain);
    assert_eq!(plain, format!("vp_token=%7B%22a%22%3A%5B%22a~presentation~%22%5D%7D&state={STATE}"));
    let Message::Data(data) = by_api(&world, r#""dc_api""#).answer(&answer(), &mut world.rng).unwrap() else {
        panic!("data")
    };
    let in_clear = Expected { key: None, ..expected(&world) };
    assert_eq!(open::form(&plain, &in_clear).ok(), Some(Opened::Answer(answer())));
    // Where an encrypted answer was asked for, a plain one is refused.
    assert_eq!(open::form(&plain, &expected(&world)).unwrap_err().code().as_str(), "vp_response_mode");
    assert_eq!(data.to_text(), r#"{"vp_token":{"a":["a~presentation~"]}}"#);
    assert!(open::data(&data, &Expected { state: None, ..in_clear }).is_ok());
}

/// OpenID4VP 1.0, 8.3: the example of the standard opens with its key.
#[test]
fn std_m22_encrypted_response_of_the_standard() {
    let key = AgreementKey::from_jwk(
        r#"{"kty":"EC","kid":"ac","use":"enc","crv":"P-256","alg":"ECDH-ES",
        "x":"YO4epjifD-KWeq1sL2tNmm36BhXnkJ0He-WqMYrp9Fk","y":"Hekpm0zfK7C-YccH5iBjcIXgf6YdUvNUac_0At55Okk",
        "d":"Et-3ce0omz8_TuZ96Df9lp0GAaaDoUnDe6X-CRO7Aww"}"#,
    )
    .unwrap();
    let jwe = "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImtpZCI6ImFjIiwiZXBrIjp7Imt\
        0eSI6IkVDIiwieCI6Im5ubVZwbTNWM2piaGNhZlFhUkJrU1ZOSGx3Wkh3dC05ck9wSnVmeVlJdWsiLCJ5I\
        joicjRmakRxd0p5czlxVU9QLV9iM21SNVNaRy0tQ3dPMm1pYzVWU05UWU45ZyIsImNydiI6IlAtMjU2In1\
        9..uAYcHRUSSn2X0WPX.yVzlGSYG4qbg0bq18JcUiDRw56yVnbKR8E7S7YlEtzT00RqE3Pw5oTpUG3hdLN\
        4taHZ9gC1kwak8JOnJgQ.1wR024_3-qtAlx1oFIUpQQ";
    let query = Query::parse(&crate::dcql::one("").replace(r#""id":"a""#, r#""id":"example_credential_id""#)).unwrap();
    let expected = Expected { query: &query, state: None, key: Some((&key, "ac")) };
    let Opened::Answer(found) = open::data(&json(&format!(r#"{{"response":"{jwe}"}}"#)), &expected).unwrap() else {
        panic!("an answer")
    };
    assert_eq!(found["example_credential_id"], ["eyJhb...YMetA"]);
    let other = Expected { key: Some((&key, "k1")), ..expected };
    assert_eq!(
        open::data(&json(&format!(r#"{{"response":"{jwe}"}}"#)), &other).unwrap_err().code().as_str(),
        "jwe_key"
    );
}

#[test]
fn std_m22_an_answer_fits_the_question() {
    let mut world = World::new();
    let request = posted(&world, r#""direct_post""#);
    let of = |entries: &[(&str, &[&str])]| -> BTreeMap<String, Vec<String>> {
        let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        entries.iter().map(|(id, all)| ((*id).to_owned(), texts(all))).collect()
    };
    for wrong in [
        of(&[]),
        of(&[("b", &["x"])]),
        of(&[("a", &["x"]), ("b", &["x"])]),
        of(&[("a", &[])]),
        of(&[("a", &[""])]),
        of(&[("a", &["x", "y"])]),
    ] {
        assert_eq!(request.answer(&wrong, &mut world.rng).unwrap_err().code().as_str(), "vp_answer", "{wrong:?}");
    }
    let query = r#"{"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":["u"]},"multiple":true},
        {"id":"b","format":"dc+sd-jwt","meta":{"vct_values":["v"]}},{"id":"c","format":"dc+sd-jwt","meta":{"vct_values":["w"]}}],
        "credential_sets":[{"options":[["a"],["b"]]},{"options":[["c"]],"required":false}]}"#;
    world.query = Query::parse(query).unwrap();
    let request = posted(&world, r#""direct_post""#);
    for good in [of(&[("a", &["x", "y"])]), of(&[("b", &["x"])]), of(&[("b", &["x"]), ("c", &["z"])])] {
        assert!(request.answer(&good, &mut world.rng).is_ok(), "{good:?}");
    }
    assert!(request.answer(&of(&[("c", &["z"])]), &mut world.rng).is_err());
}

/// The same bytes, whether the person refused or there is no such credential; and only to an authenticated verifier.
#[test]
fn std_m26_errors() {
    let world = World::new();
    let request = posted(&world, r#""direct_post.jwt""#);
    let sent = body(request.reply().error(OAuthError::AccessDenied));
    assert_eq!(sent, format!("error=access_denied&state={STATE}"));
    assert_eq!(open::form(&sent, &expected(&world)).ok(), Some(Opened::Refused(OAuthError::AccessDenied)));
    for error in [
        OAuthError::InvalidRequest,
        OAuthError::InvalidRequestUriMethod,
        OAuthError::InvalidScope,
        OAuthError::InvalidTransactionData,
        OAuthError::VpFormatsNotSupported,
        OAuthError::WalletUnavailable,
    ] {
        let sent = body(request.reply().error(error));
        assert_eq!(open::form(&sent, &expected(&world)).ok(), Some(Opened::Refused(error)));
    }
    let Message::Data(data) = by_api(&world, r#""dc_api.jwt""#).reply().error(OAuthError::InvalidRequest) else {
        panic!("data")
    };
    let example = rid_kit::vector("openid4vp-1.0/digital_credentials_api_error_invalid_request.json");
    assert!(data == json(&String::from_utf8(example).unwrap()), "the example of the standard");
    // An error that nobody knows is one all the same; one with another state is not ours.
    let of = |body: &str| open::form(body, &expected(&world));
    assert_eq!(of(&format!("error=new&state={STATE}")).ok(), Some(Opened::Refused(OAuthError::InvalidRequest)));
    assert_eq!(of("error=access_denied&state=x").unwrap_err().code().as_str(), "vp_state");
}

#[test]
fn neg_g20_answers_that_belong_elsewhere() {
    let mut world = World::new();
    let request = posted(&world, r#""direct_post.jwt""#);
    let sent = body(request.answer(&answer(), &mut world.rng).unwrap());
    let code = |body: &str, expected: &Expected<'_>| open::form(body, expected).unwrap_err().code().to_string();
    let stranger = World::new();
    let other_key = AgreementKey::from_scalar(rid_crypto::Curve::P256, &[8; 32]).unwrap();
    let usual = expected(&world);
    assert_eq!(code(&sent, &Expected { key: Some((&other_key, KID)), ..usual }), "jwe_decrypt");
    assert_eq!(code(&sent, &Expected { key: Some((&world.key, "k2")), ..usual }), "jwe_key");
    assert_eq!(code(&sent, &Expected { state: Some(NONCE), ..usual }), "vp_state");
    let other = Query::parse(&crate::dcql::one("").replace(r#""id":"a""#, r#""id":"b""#)).unwrap();
    assert_eq!(code(&sent, &Expected { query: &other, ..usual }), "vp_answer");
    for (body, expected) in [
        (format!("{sent}&response=x"), "vp_form"),
        (String::new(), "vp_response_mode"),
        ("response=a.b.c".into(), "jwe_form"),
        (format!("response={}", "A".repeat(6 << 20)), "input_too_large"),
        ("vp_token=%7B%7D".into(), "vp_response_mode"),
    ] {
        assert_eq!(code(&body, &usual), expected);
    }
    let in_clear = Expected { key: None, ..usual };
    let with_token = |token: &str| {
        let token: String = token.bytes().map(|byte| format!("%{byte:02x}")).collect();
        code(&format!("vp_token={token}&state={STATE}"), &in_clear)
    };
    assert_eq!(with_token("[]"), "vp_form");
    assert_eq!(with_token(r#"{"a":"x"}"#), "vp_form");
    assert_eq!(with_token(r#"{"a":[{}]}"#), "vp_form");
    assert_eq!(with_token(r#"{"a":[]}"#), "vp_answer");
    assert_eq!(with_token(r#"{"a":["x"],"a":["y"]}"#), "json_duplicate_key");
    assert_eq!(with_token("{"), "json_invalid");
    drop(stranger);
}

#[test]
fn neg_g22_pages_to_return_to() {
    let page = |body: &str| redirect_of(body.as_bytes()).map(|page| page.map(|page| page.as_str().to_owned()));
    assert_eq!(
        page(r#"{"redirect_uri":"https://apteka.example/cb#response_code=091535f6"}"#),
        Ok(Some("https://apteka.example/cb#response_code=091535f6".into()))
    );
    for nothing in ["", "{}", "[]", "<html></html>", r#"{"later":1}"#, "null"] {
        assert_eq!(page(nothing), Ok(None), "{nothing}");
    }
    assert_eq!(redirect_of(&[0xff]), Ok(None));
    for bad in
        ["javascript:alert(1)", "http://apteka.example", "myapp://cb", "intent://x", "https://127.0.0.1", "", "x"]
    {
        let error = page(&format!(r#"{{"redirect_uri":{bad:?}}}"#)).expect_err(bad);
        assert_eq!(error.code().as_str(), "vp_redirect_forbidden", "{bad}");
    }
    assert!(page(r#"{"redirect_uri":1}"#).is_err());
    assert!(json("{}") == Value::Object(Vec::new()));
}
