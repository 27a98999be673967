//! What is asked, shown and withheld.
use rid_claims::ClaimPath;
use rid_flow::Input;
use rid_flow::{CredentialId, HistoryOutcome};
use rid_holder::{
    consent::{AgreedDocument, Answer, Decision, Requester},
    proximity::{DeviceAuthMethod, Misuse},
};

use crate::{
    reader::{Reader, Wanted, errors, items},
    wallet::{Wallet, sendable},
    world::{
        CertificateProfile, MDL, NS, PID, PID_NAMESPACE, SeededRng, certified, element, encoded, identifier, licence,
        peer,
    },
};

const NAMES: &[Wanted<'_>] = &[(NS, "family_name", false), (NS, "given_name", true)];
const CARD: &[Wanted<'_>] = &[(PID_NAMESPACE, "family_name_unicode", false)];

/// Asks as the known reader; the question stands.
fn ask(wallet: &mut Wallet, documents: &[(&str, &[Wanted<'_>])]) -> Reader {
    let mut reader = wallet.connect();
    let request = reader.ask(&wallet.pki.reader, documents);
    let message = reader.establish(&request);
    wallet.deliver(message);
    reader
}

/// The decrypted response to the last message.
fn response(wallet: &Wallet, reader: &mut Reader) -> Vec<u8> {
    let (plaintext, status) = reader.open(wallet.sent.last().unwrap());
    assert_eq!(status, None);
    plaintext.unwrap()
}

fn warnings(wallet: &Wallet) -> Vec<&'static str> {
    wallet.question.as_ref().unwrap().warnings.iter().map(|code| code.as_str()).collect()
}

#[test]
fn std_m44_two_documents_are_agreed_committed_signed_and_sent_in_this_order() {
    let mut wallet = Wallet::new();
    let mut reader = ask(&mut wallet, &[(PID, CARD), (MDL, NAMES)]);
    let question = wallet.question.clone().unwrap();
    let Requester::Known(identity) = &question.requester else { panic!("known") };
    assert_eq!(identity.name, "Test Reader");
    assert_eq!(question.documents.len(), 2);
    for asked in &question.documents {
        assert!(asked.blocked.is_none() && asked.candidates[0].elements.iter().all(|e| e.withheld.is_none()));
    }
    assert_eq!(wallet.ports.prompts, 0);
    let yes = wallet.yes();
    wallet.say(yes);
    let expected = ["advertise", "unlock", "lookup", "ask", "unlock", "commit", "sign", "sign", "send", "finished"];
    assert_eq!(wallet.trace, expected);
    let response = response(&wallet, &mut reader);
    let judged = reader.judge(&response, &wallet.pki.issuers());
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        judged,
        vec![(PID.into(), names(&["family_name_unicode"])), (MDL.into(), names(&["family_name", "given_name"]))]
    );
    assert_eq!(errors(&response), (vec![], vec![vec![], vec![]]));
    assert_eq!(wallet.receipts[0].used, [CredentialId("card".into()), CredentialId("licence".into())]);
    let [row] = wallet.vault.history.as_slice() else { panic!("one row") };
    assert_eq!(row.outcome, HistoryOutcome::Finished);
    assert_eq!((row.id, peer(row)), (wallet.receipts[0].history, "Test Reader"));
    // neg-C11: whether it is kept stands in the history.
    let kept: Vec<_> = row.elements.iter().filter(|element| element.retained).map(identifier).collect();
    assert_eq!(kept, ["given_name"]);
    assert_eq!(wallet.vault.held[&CredentialId("card".into())].copies.len(), 2);
}

#[test]
fn std_m46_device_mac_is_accepted_by_the_reader() {
    let mut wallet = Wallet::new();
    wallet.method = DeviceAuthMethod::Mac;
    wallet.restart();
    wallet.serves();
    assert!(wallet.trace.contains(&"agree") && !wallet.trace.contains(&"sign"));
}

#[test]
fn std_m43_the_requester_is_one_reader_of_all_documents_or_unknown() {
    let mut wallet = Wallet::new();
    let cases: [(&str, [u8; 2]); 4] = [
        ("reader_auth_mixed", [1, 2]),
        ("reader_auth_absent", [1, 0]),
        ("cert_untrusted", [3, 3]),
        ("cert_untrusted", [1, 3]),
    ];
    for (code, who) in cases {
        wallet.restart();
        let mut reader = wallet.connect();
        let pki = &wallet.pki;
        let who =
            who.map(|who| [None, Some(&pki.reader), Some(&pki.other_reader), Some(&pki.stranger)][usize::from(who)]);
        let request = reader.ask_as(&[(PID, CARD, who[0]), (MDL, NAMES, who[1])]);
        let message = reader.establish(&request);
        wallet.deliver(message);
        let question = wallet.question.as_ref().unwrap();
        let Requester::Unknown(why) = question.requester else { panic!("{code}") };
        assert_eq!(why.as_str(), code);
        assert!(warnings(&wallet).contains(&"reader_unknown"));
        assert_eq!(question.documents[0].blocked.unwrap().as_str(), "reader_auth_required");
        assert_eq!(question.documents[1].blocked, None);
    }
}

/// neg-F40: the key says who asks. Another certificate for it, with another name, is the same reader.
#[test]
fn neg_f40_one_key_under_two_names_is_one_reader() {
    let mut wallet = Wallet::new();
    let key = wallet.pki.reader.clone().key;
    let names = ("Second Name", Some("Test"));
    let renamed =
        certified(CertificateProfile::Reader, names, key, Some(&wallet.pki.reader_root), &mut SeededRng::new(40));
    let mut reader = wallet.connect();
    let request = reader.ask_as(&[(PID, CARD, Some(&wallet.pki.reader)), (MDL, NAMES, Some(&renamed))]);
    let message = reader.establish(&request);
    wallet.deliver(message);
    let question = wallet.question.as_ref().unwrap();
    assert_eq!(question.requester.party().unwrap().name, "Test Reader");
    assert!(question.documents.iter().all(|document| document.blocked.is_none()));
}

#[test]
fn neg_c10_an_unsigned_request_is_refused_for_the_card_and_shown_as_unknown_for_the_licence() {
    let mut wallet = Wallet::new();
    let mut reader = wallet.connect();
    let request = reader.ask_unsigned(&[(PID, CARD), (MDL, NAMES)]);
    let message = reader.establish(&request);
    wallet.deliver(message);
    assert_eq!(warnings(&wallet), ["reader_unknown", "retain"]);
    // A blocked document cannot be selected.
    let mut forced = wallet.yes();
    if let Decision::Agree(agreed) = &mut forced.decision {
        let elements = vec![ClaimPath::element(PID_NAMESPACE, "family_name_unicode")];
        agreed.push(AgreedDocument { document: 0, credential: CredentialId("card".into()), elements });
    }
    assert_eq!(wallet.handle(Input::Answer(forced)), Err(Misuse::ConsentSelection));
    let yes = wallet.yes();
    wallet.say(yes);
    let response = response(&wallet, &mut reader);
    assert_eq!(reader.judge(&response, &wallet.pki.issuers()).len(), 1);
    assert_eq!(errors(&response).0, [PID]);
    let [shown, withheld] = wallet.vault.history.as_slice() else { panic!("two rows") };
    assert_eq!((shown.outcome, withheld.outcome), (HistoryOutcome::Finished, HistoryOutcome::Refused));
    assert_eq!((&shown.peer, withheld.reason.as_str()), (&None, "reader_auth_required"));
    assert_ne!(shown.id, withheld.id);
}

#[test]
fn neg_c10_all_blocked_still_asks_and_answers_as_not_held() {
    let mut wallet = Wallet::new();
    let mut reader = wallet.connect();
    let request = reader.ask_unsigned(&[(PID, CARD)]);
    let message = reader.establish(&request);
    wallet.deliver(message);
    assert_eq!(wallet.trace.last(), Some(&"ask"));
    let yes = wallet.yes();
    wallet.say(yes);
    assert_eq!(errors(&response(&wallet, &mut reader)), (vec![PID.to_owned()], vec![]));
    assert_eq!((wallet.ports.signatures, wallet.receipts[0].disclosed), (0, false));
    assert_eq!(wallet.vault.history[0].reason, "reader_auth_required");
    wallet.restart();
    wallet.serves();
}

#[test]
fn neg_c08_a_signature_over_another_request_blocks_and_shows_nobody() {
    let mut wallet = Wallet::new();
    let mut reader = wallet.connect();
    let signed = reader.sign(&wallet.pki.reader, &items(MDL, CARD).encode());
    let request = rid_mdoc::request::encode(&[rid_mdoc::request::DocRequestToSend {
        items_request_bytes: items(MDL, NAMES).encode(),
        reader_auth: Some(signed),
    }]);
    let message = reader.establish(&request);
    wallet.deliver(message);
    let question = wallet.question.clone().unwrap();
    let Requester::Unknown(code) = question.requester else { panic!("unidentified") };
    assert_eq!(code.as_str(), "reader_auth_invalid");
    assert_eq!(question.documents[0].blocked, Some(code));
    assert!(warnings(&wallet).contains(&"reader_auth_invalid"));
    let forced = wallet.only(&[(NS, "family_name")]);
    assert_eq!(wallet.handle(Input::Answer(forced)), Err(Misuse::ConsentSelection));
    let no = wallet.no();
    wallet.say(no);
    assert_eq!(errors(&response(&wallet, &mut reader)).0, [MDL]);
    assert_eq!((wallet.ports.signatures, wallet.vault.history[0].reason.as_str()), (0, "reader_auth_invalid"));
    wallet.restart();
    wallet.serves();
}

#[test]
fn neg_c11_retention_is_shown() {
    let mut wallet = Wallet::new();
    ask(&mut wallet, &[(MDL, NAMES)]);
    assert_eq!(warnings(&wallet), ["retain"]);
    let question = wallet.question.unwrap();
    let retained: Vec<bool> = question.documents[0].elements.iter().map(|e| e.intent_to_retain).collect();
    assert_eq!(retained, [false, true]);
}

#[test]
fn neg_g18_refused_unticked_and_not_held_are_equal_bytes_after_a_tap() {
    let mut plaintexts = Vec::new();
    let mut traces = Vec::new();
    for case in ["refuse", "agree to no document", "tick nothing", "withhold the portrait", "not held"] {
        let mut wallet = if case == "not held" { Wallet::empty() } else { Wallet::new() };
        let wanted: &[Wanted<'_>] = &[(NS, "family_name", false), (NS, "portrait", false)];
        let mut reader = ask(&mut wallet, &[(MDL, wanted)]);
        assert_eq!(wallet.trace.last(), Some(&"ask"), "{case}: nothing leaves before the tap");
        assert!(wallet.sent.is_empty());
        let answer = match case {
            "refuse" | "not held" => wallet.no(),
            "tick nothing" => wallet.only(&[]),
            "withhold the portrait" => wallet.only(&[(NS, "family_name")]),
            _ => Answer { decision: Decision::Agree(vec![]), ..wallet.no() },
        };
        wallet.say(answer);
        assert_eq!(wallet.sent.len(), 1);
        let sent = wallet.sent[0].len();
        plaintexts.push((sent, response(&wallet, &mut reader)));
        traces.push(wallet.trace.clone());
        assert_eq!((wallet.ports.signatures, wallet.ports.prompts, wallet.ports.commits), (0, 0, 1), "{case}");
        let reason = if case == "not held" { "not_held" } else { "refused" };
        let [row] = wallet.vault.history.as_slice() else { panic!("one row") };
        assert_eq!((row.outcome, row.reason.as_str()), (HistoryOutcome::Refused, reason));
        let copies: usize = wallet.vault.held.values().map(|held| held.copies.len()).sum();
        assert_eq!(copies, if case == "not held" { 0 } else { 6 }, "{case}: no copy is used");
        assert!(!wallet.receipts[0].disclosed && wallet.receipts[0].used.is_empty());
    }
    assert!(plaintexts.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(traces.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(errors(&plaintexts[0].1), (vec![MDL.to_owned()], vec![]));
}

#[test]
fn neg_g18_a_refused_document_beside_a_shown_one_looks_like_one_not_held() {
    let tail = |held: bool| {
        let mut wallet = Wallet::new();
        if !held {
            wallet.vault.held.remove(&CredentialId("card".into()));
        }
        let mut reader = ask(&mut wallet, &[(MDL, NAMES), (PID, CARD)]);
        let answer = wallet.only(&[(NS, "family_name"), (NS, "given_name")]);
        wallet.say(answer);
        let response = response(&wallet, &mut reader);
        reader.judge(&response, &wallet.pki.issuers());
        let place = response.windows(14).position(|window| window == b"documentErrors").unwrap();
        (response.len(), response[place..].to_vec(), wallet.trace)
    };
    assert_eq!(tail(true), tail(false));
}

#[test]
fn neg_c12_lacked_and_unticked_elements_are_equal_bytes() {
    let wanted: &[Wanted<'_>] = &[(NS, "given_name", false), (NS, "family_name", false), (NS, "height", false)];
    let answer = |lacks: bool| {
        let mut wallet = Wallet::empty();
        let elements = licence();
        let kept = elements.into_iter().filter(|one| !(lacks && one.identifier == "given_name")).collect::<Vec<_>>();
        wallet.add("licence", MDL, &kept);
        let mut reader = ask(&mut wallet, &[(MDL, wanted)]);
        let answer = wallet.only(&[(NS, "family_name")]);
        wallet.say(answer);
        let response = response(&wallet, &mut reader);
        reader.judge(&response, &wallet.pki.issuers());
        let (documents, mut elements) = errors(&response);
        elements[0].sort();
        assert_eq!((documents, elements), (vec![], vec![vec!["given_name".to_owned(), "height".to_owned()]]));
        let place = response.windows(7).position(|window| window == b"\x66errors").unwrap();
        let length = response[place..].windows(8).position(|window| window == b"\x67docType").unwrap();
        response[place..place + length].to_vec()
    };
    assert_eq!(answer(true), answer(false));
}

#[test]
fn neg_c12_an_unknown_document_type_gives_no_hint_of_what_is_held() {
    let mut wallet = Wallet::new();
    let mut reader = ask(&mut wallet, &[("org.example.unknown", &[("org.example", "x", false)])]);
    let asked = &wallet.question.as_ref().unwrap().documents[0];
    assert!(asked.candidates.is_empty() && asked.unavailable.is_empty());
    assert_eq!(asked.blocked.unwrap().as_str(), "not_held");
    let no = wallet.no();
    wallet.say(no);
    let expected = rid_mdoc::build::device_response(&[], &["org.example.unknown".to_owned()]);
    assert_eq!(response(&wallet, &mut reader), expected);
}

#[test]
fn neg_g20_an_answer_of_another_question_or_request_changes_nothing() {
    let mut wallet = Wallet::new();
    let mut reader = ask(&mut wallet, &[(MDL, NAMES)]);
    let before = wallet.vault.clone();
    let yes = wallet.yes();
    let mut other_id = yes.clone();
    other_id.id.0[0] ^= 1;
    let mut other_hash = yes.clone();
    other_hash.hash[31] ^= 1;
    let mut refusal = wallet.no();
    refusal.hash = [0; 32];
    for wrong in [other_id, other_hash, refusal] {
        assert_eq!(wallet.handle(Input::Answer(wrong)), Err(Misuse::ConsentBinding));
        assert_eq!(Misuse::ConsentBinding.code().as_str(), "consent_binding");
    }
    assert_eq!((wallet.ports.signatures, wallet.ports.commits, wallet.sent.len()), (0, 0, 0));
    assert_eq!(wallet.vault, before);
    // (g) The right answer still serves, once.
    wallet.say(yes.clone());
    let response = response(&wallet, &mut reader);
    assert_eq!(reader.judge(&response, &wallet.pki.issuers()).len(), 1);
    assert_eq!(wallet.handle(Input::Answer(yes)), Err(Misuse::NotAsked));
}

#[test]
fn neg_g20_an_answer_of_an_earlier_request_of_the_session_is_refused() {
    let mut wallet = Wallet::new();
    let mut reader = ask(&mut wallet, &[(MDL, NAMES)]);
    let earlier = wallet.yes();
    wallet.say(earlier.clone());
    response(&wallet, &mut reader);
    let request = reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "document_number", false)])]);
    let message = reader.next(&request);
    wallet.deliver(message);
    assert_ne!(wallet.question.as_ref().unwrap().hash, earlier.hash);
    assert_eq!(wallet.handle(Input::Answer(earlier)), Err(Misuse::ConsentBinding));
    assert_eq!(wallet.ports.signatures, 1);
}

#[test]
fn a_selection_of_what_was_not_asked_or_is_not_held_is_a_misuse() {
    let mut wallet = Wallet::new();
    let wanted: &[Wanted<'_>] = &[(NS, "family_name", false), (NS, "height", false)];
    ask(&mut wallet, &[(MDL, wanted)]);
    let agree = |wallet: &Wallet, change: &dyn Fn(&mut Vec<AgreedDocument>)| {
        let mut answer = wallet.only(&[(NS, "family_name")]);
        if let Decision::Agree(agreed) = &mut answer.decision {
            change(agreed);
        }
        answer
    };
    let wrong = [
        wallet.only(&[(NS, "family_name"), (NS, "document_number")]),
        wallet.only(&[(NS, "height")]),
        agree(&wallet, &|agreed| agreed[0].document = 1),
        agree(&wallet, &|agreed| agreed[0].document = u32::MAX),
        agree(&wallet, &|agreed| agreed[0].credential = CredentialId("card".into())),
        agree(&wallet, &|agreed| agreed.push(agreed[0].clone())),
        agree(&wallet, &|agreed| agreed[0].elements[0].steps.truncate(1)),
    ];
    for answer in wrong {
        assert_eq!(wallet.handle(Input::Answer(answer)), Err(Misuse::ConsentSelection));
    }
    assert_eq!((wallet.ports.commits, wallet.sent.len()), (0, 0));
    let yes = wallet.yes();
    wallet.say(yes);
    assert!(wallet.receipts[0].disclosed);
}

#[test]
fn the_portrait_goes_with_the_rest_of_the_licence() {
    let mut wallet = Wallet::new();
    let wanted: &[Wanted<'_>] = &[(NS, "family_name", false), (NS, "portrait", false)];
    let mut reader = ask(&mut wallet, &[(MDL, wanted)]);
    assert!(wallet.question.as_ref().unwrap().documents[0].portrait_binds);
    let yes = wallet.yes();
    wallet.say(yes);
    let response = response(&wallet, &mut reader);
    assert_eq!(reader.judge(&response, &wallet.pki.issuers())[0].1, ["family_name", "portrait"]);
    // Not asked for, it binds nothing.
    wallet.restart();
    ask(&mut wallet, &[(MDL, NAMES)]);
    assert!(!wallet.question.as_ref().unwrap().documents[0].portrait_binds);
}

#[test]
fn std_m48_ages_are_answered_by_the_nearest_attested() {
    // Asked, answered with; attested are 18 and 21 (true), 65 (false).
    let cases = [
        ("age_over_18", Some("age_over_18")),
        ("age_over_16", Some("age_over_18")),
        ("age_over_20", Some("age_over_21")),
    ];
    let more = [("age_over_70", Some("age_over_65")), ("age_over_30", None)];
    for (asked, answered) in cases.into_iter().chain(more) {
        let mut wallet = Wallet::new();
        let wanted: &[Wanted<'_>] = &[(NS, "family_name", false), (NS, asked, false)];
        let mut reader = ask(&mut wallet, &[(MDL, wanted)]);
        let yes = wallet.yes();
        wallet.say(yes);
        let response = response(&wallet, &mut reader);
        let mut expected: Vec<&str> = answered.into_iter().collect();
        expected.push("family_name");
        assert_eq!(reader.judge(&response, &wallet.pki.issuers())[0].1, expected, "{asked}");
        let lacked = if answered.is_none() { vec![asked.to_owned()] } else { vec![] };
        assert_eq!(errors(&response).1, [lacked]);
    }
}

#[test]
fn std_m48_neg_c32_an_age_that_nothing_answers_is_blocked_and_uses_no_copy() {
    let mut wallet = Wallet::new();
    let mut reader = ask(&mut wallet, &[(MDL, &[(NS, "age_over_30", false)])]);
    let asked = &wallet.question.as_ref().unwrap().documents[0];
    assert_eq!(asked.blocked.unwrap().as_str(), "elements_not_held");
    let yes = wallet.yes();
    wallet.say(yes);
    assert_eq!(errors(&response(&wallet, &mut reader)), (vec![MDL.to_owned()], vec![]));
    assert_eq!((wallet.ports.signatures, wallet.receipts[0].disclosed), (0, false));
    assert_eq!(wallet.vault.held[&CredentialId("licence".into())].copies.len(), 3, "no copy is used");
    assert_eq!(wallet.vault.history[0].reason, "elements_not_held");
}

#[test]
fn std_m48_ages_beyond_the_cap_are_answered_as_lacked() {
    let mut wallet = Wallet::new();
    let cap = usize::try_from(crate::world::profile().rules().age_elements_per_request).unwrap();
    let names: Vec<String> = (18..=18 + cap).map(|age| format!("age_over_{age}")).collect();
    let wanted: Vec<Wanted<'_>> = names.iter().map(|name| (NS, name.as_str(), false)).collect();
    let mut reader = ask(&mut wallet, &[(MDL, &wanted)]);
    assert_eq!(warnings(&wallet), ["request_age_limit"]);
    let question = wallet.question.clone().unwrap();
    let candidate = &question.documents[0].candidates[0];
    assert_eq!(sendable(candidate).len(), cap);
    assert_eq!(candidate.elements.last().unwrap().withheld.unwrap().as_str(), "request_age_limit");
    let all: Vec<(&str, &str)> = names.iter().map(|name| (NS, name.as_str())).collect();
    let forced = wallet.only(&all);
    assert_eq!(wallet.handle(Input::Answer(forced)), Err(Misuse::ConsentSelection));
    let yes = wallet.yes();
    wallet.say(yes);
    let response = response(&wallet, &mut reader);
    reader.judge(&response, &wallet.pki.issuers());
    assert_eq!(errors(&response).1[0], [names.last().unwrap().clone()]);
}

#[test]
fn the_credential_chosen_is_the_one_used() {
    let mut wallet = Wallet::new();
    let second = [
        element(NS, "family_name", encoded(|w| _ = w.text("Əliyev"))),
        element(NS, "height", encoded(|w| _ = w.uint(180))),
    ];
    wallet.add("second", MDL, &second);
    let wanted: &[Wanted<'_>] = &[(NS, "family_name", false), (NS, "height", false)];
    let mut reader = ask(&mut wallet, &[(MDL, wanted)]);
    let mut answer = wallet.only(&[(NS, "family_name"), (NS, "height")]);
    if let Decision::Agree(agreed) = &mut answer.decision {
        assert_eq!(agreed[0].credential, CredentialId("second".into()), "it answers more, so it comes first");
        agreed[0].credential = CredentialId("licence".into());
    }
    assert_eq!(
        wallet.handle(Input::Answer(answer.clone())),
        Err(Misuse::ConsentSelection),
        "the licence has no height"
    );
    if let Decision::Agree(agreed) = &mut answer.decision {
        agreed[0].credential = CredentialId("second".into());
    }
    wallet.say(answer);
    let response = response(&wallet, &mut reader);
    assert_eq!(reader.judge(&response, &wallet.pki.issuers())[0].1, ["family_name", "height"]);
    assert_eq!(wallet.receipts[0].used, [CredentialId("second".into())]);
}
