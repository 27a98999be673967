//! Online presentation: both sides in one process, with a fault at every point.
mod annex_c;
mod api;
mod faults;
mod property;
mod sdjwt;
mod world;

use rid_claims::ClaimPath;
use rid_crypto::x509::Profile as CertificateProfile;
use rid_flow::{HistoryOutcome, ports::HttpError};
use rid_holder::{
    consent::{Decision, Requester},
    online::{Arrival, Delivery, OnlineError},
    proximity::Misuse,
};
use rid_openid::vp::{Method, OAuthError, open::Opened};
use rid_wire::{base64, json::Value};

use self::world::{RESPONSE_URI, Rest, Script, World, query};
use crate::world::{Identity, NOW, NS};

fn names(paths: &[ClaimPath]) -> Vec<&str> {
    paths.iter().filter_map(ClaimPath::name).collect()
}

#[test]
fn std_m20_a_link_is_answered_in_two_exchanges() {
    for (method, name) in [(Method::Get, "GET"), (Method::Post, "POST")] {
        let mut world = World::new();
        world.method = method;
        let receipt = world.present(Arrival::Link, true).unwrap();
        assert_eq!(receipt.delivery, Delivery::Taken { redirect: None });
        assert!(receipt.receipt.disclosed);
        let sent: Vec<_> = world.requests.iter().map(|request| request.method.as_str()).collect();
        assert_eq!(sent, [name, "POST"], "perf-P13: two exchanges");
        assert_eq!(names(&world.judged()["a"][0]), ["age_over_18", "family_name"]);
        let [row] = world.wallet.vault.history.as_slice() else { panic!("one row") };
        assert_eq!((row.outcome, crate::world::peer(row)), (HistoryOutcome::Finished, "Test Reader"));
        assert_eq!(world.copies(), 2);
        assert_eq!(world.wallet.trace.iter().filter(|what| **what == "sign").count(), 1);
    }
}

#[test]
fn the_commit_comes_before_the_signature_and_the_hand_out_is_recorded_before_the_post() {
    let mut world = World::new();
    let mut flow = world.flow(Arrival::Link);
    assert_eq!(world.run(&mut flow), Ok(Rest::Ask));
    let answer = world.answer(true);
    world.wallet.trace.clear();
    world.say(&mut flow, answer).unwrap();
    world.run(&mut flow).unwrap();
    assert_eq!(world.wallet.trace, ["commit", "sign", "commit"], "and the last outcome is a note");
}

#[test]
fn neg_g01_a_request_that_is_not_authenticated_gets_no_post() {
    type Case = (&'static str, fn(&mut World));
    let cases: [Case; 8] = [
        ("jws_alg", |world| {
            world.spoil = |text| {
                let (_, rest) = text.split_once('.').unwrap();
                format!("{}.{rest}", base64::encode_url(br#"{"alg":"none","typ":"oauth-authz-req+jwt"}"#))
            }
        }),
        ("jws_signature", |world| {
            world.spoil = |text| {
                let (input, signature) = text.rsplit_once('.').unwrap();
                let mut signature = base64::decode_url(signature).unwrap();
                signature[0] ^= 1;
                format!("{input}.{}", base64::encode_url(&signature))
            }
        }),
        ("vp_client_id_mismatch", |world| world.alter = |members| set(members, "client_id", "\"x509_hash:AAAA\"")),
        ("vp_audience", |world| world.alter = |members| set(members, "aud", "\"https://other.example\"")),
        ("jwt_time", |world| world.alter = |members| set(members, "exp", "1")),
        ("vp_response_mode", |world| world.alter = |members| set(members, "response_mode", "\"fragment\"")),
        ("vp_response_uri_mismatch", |world| {
            world.alter = |members| set(members, "response_uri", "\"https://127.0.0.1/\"");
        }),
        ("vp_wallet_nonce", |world| {
            world.method = Method::Post;
            world.alter = |members| set(members, "wallet_nonce", "\"another\"");
        }),
    ];
    for (code, prepare) in cases {
        let mut world = World::new();
        prepare(&mut world);
        let error = world.present(Arrival::Link, true).unwrap_err();
        assert_eq!(error.code().as_str(), code);
        assert_eq!((world.requests.len(), world.posts().len()), (1, 0), "{code}");
        assert!(world.wallet.vault.history.is_empty() && world.copies() == 3 && world.question.is_none());
    }
}

pub(crate) fn set(members: &mut Vec<(String, Value)>, name: &str, value: &str) {
    members.retain(|(known, _)| known != name);
    members.push((name.into(), Value::parse(value, 1000).unwrap()));
}

#[test]
fn std_m26_an_error_of_an_authenticated_request_leaves_only_after_the_tap() {
    type Case = (&'static str, OAuthError, fn(&mut Vec<(String, Value)>));
    let cases: [Case; 3] = [
        ("vp_transaction_data", OAuthError::InvalidTransactionData, |members| {
            set(members, "transaction_data", "[\"eyJ0eXBlIjoieCIsImNyZWRlbnRpYWxfaWRzIjpbImEiXX0\"]");
        }),
        ("dcql_invalid", OAuthError::InvalidRequest, |members| set(members, "dcql_query", "{\"credentials\":[]}")),
        ("vp_nonce", OAuthError::InvalidRequest, |members| set(members, "nonce", "\"\"")),
    ];
    for (code, told, alter) in cases {
        let mut world = World::new();
        world.alter = alter;
        let mut flow = world.flow(Arrival::Link);
        assert_eq!(world.run(&mut flow), Ok(Rest::Ask), "{code}");
        let question = world.question.clone().unwrap();
        assert_eq!(question.unanswerable.map(|code| code.to_string()), Some(code.into()));
        assert!(matches!(question.requester, Requester::Known(_)) && question.documents.is_empty());
        assert_eq!(world.posts().len(), 0, "nothing leaves before the tap");
        let yes = world.answer(true);
        assert_eq!(world.say(&mut flow, yes), Err(OnlineError::Misuse(Misuse::ConsentSelection)));
        let no = world.answer(false);
        world.say(&mut flow, no).unwrap();
        let Ok(Rest::Done(receipt)) = world.run(&mut flow) else { panic!("done") };
        assert!(!receipt.receipt.disclosed);
        assert_eq!(world.opened(&world.posts()[0]), Opened::Refused(told));
        let [row] = world.wallet.vault.history.as_slice() else { panic!("one row") };
        assert_eq!((row.outcome, row.reason.as_str()), (HistoryOutcome::Refused, code));
        assert_eq!(world.copies(), 3);
    }
}

#[test]
fn neg_g18_a_refusal_and_a_wallet_without_an_answer_send_the_same_bytes() {
    let mut refuses = World::new();
    refuses.present(Arrival::Link, false).unwrap();
    let mut lacks = World::new();
    lacks.query = query(&["sex"], "");
    lacks.present(Arrival::Link, false).unwrap();
    let mut empty = World::new();
    empty.wallet.vault.held.clear();
    empty.present(Arrival::Link, false).unwrap();
    let expected = refuses.requests.last().unwrap().clone();
    for world in [&lacks, &empty] {
        let sent = world.requests.last().unwrap();
        assert!(sent.body == expected.body && sent.headers == expected.headers && sent.url == expected.url);
    }
    assert_eq!(refuses.opened(&refuses.posts()[0]), Opened::Refused(OAuthError::AccessDenied));
    assert_eq!(lacks.question.unwrap().unanswerable.unwrap().as_str(), "dcql_claims");
    assert_eq!(refuses.wallet.vault.history[0].outcome, HistoryOutcome::Refused);
}

#[test]
fn neg_g21_every_reply_to_the_post_is_handled_and_nothing_is_sent_twice() {
    let page = r#"{"redirect_uri":"https://apteka.example/done"}"#;
    let taken = |redirect: Option<&str>| Delivery::Taken {
        redirect: redirect.map(|page| rid_openid::HttpsUrl::parse(page).unwrap()),
    };
    let cases = [
        (Script::Replies(200, "{}"), taken(None)),
        (Script::Replies(200, ""), taken(None)),
        (Script::Replies(204, ""), taken(None)),
        (Script::Replies(200, "<html>thanks</html>"), taken(None)),
        (Script::Replies(200, page), taken(Some("https://apteka.example/done"))),
        (Script::Replies(200, r#"{"redirect_uri":"javascript:alert(1)"}"#), taken(None)),
        (Script::Replies(200, r#"{"redirect_uri":"http://apteka.example/"}"#), taken(None)),
        (Script::Replies(302, ""), Delivery::Refused),
        (Script::Replies(400, page), Delivery::Refused),
        (Script::Replies(500, "<html>"), Delivery::Refused),
        (Script::Fails(HttpError::Timeout), Delivery::Unknown),
        (Script::Fails(HttpError::Offline), Delivery::Unknown),
        (Script::Fails(HttpError::Limit), Delivery::Unknown),
        (Script::Fails(HttpError::Tls), Delivery::Unknown),
        (Script::Fails(HttpError::Forbidden), Delivery::NotSent),
        (Script::Lost(|| rid_flow::Reply::Unknown), Delivery::Unknown),
        (Script::Lost(|| rid_flow::Reply::TimedOut), Delivery::Unknown),
    ];
    for (post, expected) in cases {
        let mut world = World::new();
        world.post = post;
        let receipt = world.present(Arrival::Link, true).unwrap();
        assert_eq!(receipt.delivery, expected);
        assert_eq!((world.posts().len(), world.copies()), (1, 2), "sent once, and the copy stays used");
        let outcome = match expected {
            Delivery::Taken { .. } => HistoryOutcome::Finished,
            Delivery::Unknown => HistoryOutcome::UnknownDelivery,
            _ => HistoryOutcome::Failed,
        };
        assert_eq!(world.wallet.vault.history[0].outcome, outcome, "{expected:?}");
    }
}

#[test]
fn a_cross_device_answer_opens_no_page() {
    let mut world = World::new();
    world.post = Script::Replies(200, r#"{"redirect_uri":"https://apteka.example/done"}"#);
    let receipt = world.present(Arrival::Scan, true).unwrap();
    assert_eq!(receipt.delivery, Delivery::Taken { redirect: None });
}

#[test]
fn std_m20_a_request_is_fetched_once_and_anything_else_than_a_request_ends_it() {
    let cases = [
        (Script::Replies(404, "used"), "vp_request_status"),
        (Script::Replies(302, ""), "vp_request_status"),
        (Script::Replies(500, ""), "vp_request_status"),
        (Script::Replies(200, ""), "jws_form"),
        (Script::Replies(200, "<html>"), "jws_form"),
        (Script::Fails(HttpError::Limit), "fetch_limit"),
        (Script::Fails(HttpError::Timeout), "fetch_timeout"),
        (Script::Fails(HttpError::Offline), "offline"),
        (Script::Fails(HttpError::Forbidden), "fetch_forbidden"),
        (Script::Lost(|| rid_flow::Reply::Unknown), "interrupted"),
        (Script::Lost(|| rid_flow::Reply::TimedOut), "port_timeout"),
    ];
    for (fetch, code) in cases {
        let mut world = World::new();
        world.fetch = Some(fetch);
        let mut flow = world.flow(Arrival::Link);
        let error = world.run(&mut flow).unwrap_err();
        assert_eq!(error.code().as_str(), code);
        assert_eq!(world.run(&mut flow), Err(error), "it stays so");
        assert_eq!(world.requests.len(), 1, "it is not fetched again");
        assert!(world.wallet.vault.history.is_empty());
    }
}

#[test]
fn neg_g20_an_answer_to_another_question_or_about_other_claims_is_refused() {
    let mut world = World::new();
    let mut flow = world.flow(Arrival::Link);
    world.run(&mut flow).unwrap();
    let good = world.answer(true);
    let (mut other_id, mut other_hash, mut more, mut less) = (good.clone(), good.clone(), good.clone(), good.clone());
    other_id.id.0[0] ^= 1;
    other_hash.hash[31] ^= 1;
    for (answer, wanted) in [(&mut more, true), (&mut less, false)] {
        let Decision::Agree(documents) = &mut answer.decision else { panic!("agreed") };
        if wanted {
            documents[0].elements.push(ClaimPath::element(NS, "portrait"));
        } else {
            documents[0].elements.pop();
        }
    }
    for answer in [other_id, other_hash] {
        assert_eq!(world.say(&mut flow, answer), Err(OnlineError::Misuse(Misuse::ConsentBinding)));
    }
    for answer in [more, less] {
        assert_eq!(world.say(&mut flow, answer), Err(OnlineError::Misuse(Misuse::ConsentSelection)));
    }
    assert_eq!((world.wallet.ports.signatures, world.copies(), world.requests.len()), (0, 3, 1));
    world.say(&mut flow, good.clone()).unwrap();
    assert_eq!(world.say(&mut flow, good), Err(OnlineError::Misuse(Misuse::NotAsked)));
}

#[test]
fn a_verifier_whose_root_is_not_known_is_named_by_its_client_identifier() {
    let mut world = World::new();
    world.verifier = world.wallet.pki.stranger.clone();
    let client_id = world.client_id();
    world.present(Arrival::Link, true).unwrap();
    let question = world.question.clone().unwrap();
    let Requester::Identified { party, reason } = &question.requester else { panic!("identified") };
    assert_eq!((party.name.as_str(), reason.as_str()), (client_id.as_str(), "cert_untrusted"));
    assert_eq!(question.warnings[0].as_str(), "reader_unknown");
    assert_eq!(crate::world::peer(&world.wallet.vault.history[0]), client_id);
}

#[test]
fn neg_g24_the_name_comes_from_the_certificate_alone() {
    let mut world = World::new();
    let root = world.wallet.pki.reader_root.clone();
    world.verifier = Identity::make(CertificateProfile::Reader, "Real name", Some(&root), NOW, &mut world.wallet.rng);
    world.alter = |members| {
        let metadata = members.iter_mut().find(|(name, _)| name == "client_metadata").unwrap();
        let Value::Object(known) = &mut metadata.1 else { panic!("an object") };
        known.push(("client_name".into(), Value::String("Ministry".into())));
    };
    world.present(Arrival::Link, true).unwrap();
    let Requester::Known(party) = world.question.unwrap().requester else { panic!("known") };
    assert_eq!(party.name, "Real name");
}

#[test]
fn the_response_goes_only_to_the_address_of_the_request() {
    let mut world = World::new();
    world.present(Arrival::Link, true).unwrap();
    let post = world.requests.last().unwrap();
    assert_eq!((post.url.as_str(), post.method.as_str()), (RESPONSE_URI, "POST"));
    assert!(post.headers.contains(&("content-type".into(), "application/x-www-form-urlencoded".into())));
    assert!(post.max_response_bytes <= 65_536 && post.timeout_millis <= 30_000);
}
