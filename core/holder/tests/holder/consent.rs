//! The person decides what leaves (neg-C30 to neg-C34, neg-C39): nothing that a reader asks ends the session, and
//! nothing leaves that was not ticked.
use rid_claims::ClaimKey;
use rid_flow::{CredentialId, HistoryOutcome, Input};
use rid_holder::{
    consent::{OfferedElement, Question, Requester},
    proximity::Misuse,
};
use rid_mdoc::{
    build::device_response,
    request::{DocRequestToSend, encode},
};
use rid_wire::cose::{Sign1, protected_header, sig_structure};

use crate::{
    reader::{Reader, Wanted, errors, items},
    wallet::{Wallet, sendable},
    world::{CertificateProfile, Identity, MDL, NS, PID, PID_NAMESPACE, encoded, identifier, named, peer},
};

const CARD: &[Wanted<'_>] = &[(PID_NAMESPACE, "family_name_unicode", false)];
const NAME: &[Wanted<'_>] = &[(NS, "family_name", false)];

/// The wallet is asked this as a first request.
fn asked(wallet: &mut Wallet, request: impl FnOnce(&Reader, &Wallet) -> Vec<u8>) -> Reader {
    let mut reader = wallet.connect();
    let request = request(&reader, wallet);
    wallet.deliver(reader.establish(&request));
    reader
}

fn asked_by_known(wallet: &mut Wallet, documents: &[(&str, &[Wanted<'_>])]) -> Reader {
    asked(wallet, |reader, wallet| reader.ask(&wallet.pki.reader, documents))
}

/// Ages of the licence, asked for in this order.
fn ask_ages(wallet: &mut Wallet, ages: &[&str]) -> Reader {
    let wanted: Vec<Wanted<'_>> = ages.iter().map(|age| (NS, *age, false)).collect();
    asked_by_known(wallet, &[(MDL, &wanted)])
}

fn question(wallet: &Wallet) -> &Question {
    wallet.question.as_ref().unwrap()
}

/// Names of the elements offered by the first candidate of the first document: what leaves, and why not.
fn offer(wallet: &Wallet) -> Vec<(String, Option<&'static str>)> {
    let elements = &question(wallet).documents[0].candidates[0].elements;
    let line = |one: &OfferedElement| (name(one), one.withheld.map(|code| code.as_str()));
    elements.iter().map(line).collect()
}

fn name(element: &OfferedElement) -> String {
    element.path.as_element().unwrap().1.to_owned()
}

fn response(wallet: &Wallet, reader: &mut Reader) -> Vec<u8> {
    let (plaintext, status) = reader.open(wallet.sent.last().unwrap());
    assert_eq!(status, None, "the session goes on");
    plaintext.unwrap()
}

/// What leaves when the person agrees to all of it.
fn answered(wallet: &mut Wallet, reader: &mut Reader) -> (Vec<(String, Vec<String>)>, Vec<u8>) {
    let yes = wallet.yes();
    wallet.say(yes);
    let response = response(wallet, reader);
    (reader.judge(&response, &wallet.pki.issuers()), response)
}

/// In the order in which a response has them.
fn sorted<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names
}

/// Identifiers in a row of the history.
fn row(wallet: &Wallet, at: usize) -> Vec<&str> {
    wallet.vault.history[at].elements.iter().map(identifier).collect()
}

#[test]
fn neg_c30_of_three_and_of_nine_ages_two_are_offered_and_sent() {
    for ages in [
        &["age_over_18", "age_over_21", "age_over_65"][..],
        &[
            "age_over_21",
            "age_over_18",
            "age_over_12",
            "age_over_13",
            "age_over_14",
            "age_over_15",
            "age_over_16",
            "age_over_17",
            "age_over_19",
        ],
        &["age_over_65", "age_over_66", "age_over_67", "age_over_68", "age_over_18", "age_over_19", "age_over_20"],
    ] {
        let mut wallet = Wallet::new();
        let mut reader = ask_ages(&mut wallet, ages);
        assert!(question(&wallet).warnings.iter().any(|code| code.as_str() == "request_age_limit"));
        let sendable: usize = question(&wallet).documents[0].candidates[0]
            .elements
            .iter()
            .filter(|e| e.withheld.is_none())
            .map(|e| e.asked.len())
            .sum();
        assert_eq!(sendable, 2, "{ages:?}");
        let withheld: Vec<_> =
            offer(&wallet).into_iter().filter(|(_, why)| *why == Some("request_age_limit")).collect();
        assert_eq!(withheld.len(), ages.len() - 2, "{ages:?}");
        let (documents, response) = answered(&mut wallet, &mut reader);
        assert!(!documents[0].1.is_empty());
        assert_eq!(errors(&response).1[0], sorted(&ages[2..]), "{ages:?}");
        assert!(wallet.receipts[0].disclosed && wallet.closed.is_none());
    }
}

#[test]
fn neg_c30_the_cap_counts_the_ages_of_all_documents_of_a_request() {
    let mut wallet = Wallet::new();
    let first: &[Wanted<'_>] = &[(NS, "age_over_18", false), (NS, "age_over_21", false)];
    let second: &[Wanted<'_>] = &[(NS, "age_over_21", false), (NS, "age_over_65", false)];
    asked_by_known(&mut wallet, &[(MDL, first), (MDL, second)]);
    let names = |at: usize| -> Vec<String> {
        let candidate = &question(&wallet).documents[at].candidates[0];
        sendable(candidate).iter().map(|path| path.as_element().unwrap().1.to_owned()).collect()
    };
    assert_eq!(names(0), ["age_over_18", "age_over_21"]);
    assert_eq!(names(1), ["age_over_21"], "an age that was counted is not counted again");
}

#[test]
fn field_three_ages_are_answered_by_two() {
    let request = vector("three-ages.request.hex");
    let mut wallet = Wallet::new();
    let mut reader = asked(&mut wallet, |_, _| request.clone());
    let offered = [("age_over_18".into(), None), ("age_over_21".into(), Some("request_age_limit"))];
    assert_eq!(offer(&wallet), offered, "16 and 18 are both answered by 18");
    let (documents, response) = answered(&mut wallet, &mut reader);
    assert_eq!(documents, [(MDL.to_owned(), vec!["age_over_18".to_owned()])]);
    assert_eq!(errors(&response).1, [["age_over_21"]]);
}

#[test]
fn neg_c31_the_view_shows_the_attested_element_that_leaves() {
    let mut wallet = Wallet::new();
    let mut reader = ask_ages(&mut wallet, &["age_over_16", "age_over_20"]);
    assert_eq!(offer(&wallet), [("age_over_18".into(), None), ("age_over_21".into(), None)]);
    // The age that was asked for cannot be ticked: another one would leave.
    let wrong = wallet.only(&[(NS, "age_over_16")]);
    assert_eq!(wallet.handle(Input::Answer(wrong)), Err(Misuse::ConsentSelection));
    let answer = wallet.only(&[(NS, "age_over_21")]);
    wallet.say(answer);
    let response = response(&wallet, &mut reader);
    assert_eq!(reader.judge(&response, &wallet.pki.issuers())[0].1, ["age_over_21"]);
    assert_eq!(errors(&response).1, [["age_over_16"]]);
    assert_eq!(row(&wallet, 0), ["age_over_21"], "the history names what left");
    let presented: Vec<&str> = wallet.receipts[0].presented.iter().map(identifier).collect();
    assert_eq!(presented, ["age_over_21"], "so does the receipt");
}

#[test]
fn neg_c31_an_unticked_age_never_leaves_as_the_nearest_of_another() {
    for ages in [["age_over_18", "age_over_16"], ["age_over_16", "age_over_18"]] {
        let mut wallet = Wallet::new();
        let wanted: Vec<Wanted<'_>> =
            [(NS, "family_name", false)].into_iter().chain(ages.map(|age| (NS, age, false))).collect();
        let mut reader = asked_by_known(&mut wallet, &[(MDL, &wanted)]);
        let candidate = &question(&wallet).documents[0].candidates[0];
        assert_eq!(candidate.elements.len(), 2, "one line for the one attested age");
        assert_eq!(candidate.elements[1].asked, [1, 2]);
        let answer = wallet.only(&[(NS, "family_name")]);
        wallet.say(answer);
        let response = response(&wallet, &mut reader);
        assert_eq!(reader.judge(&response, &wallet.pki.issuers())[0].1, ["family_name"]);
        assert_eq!(errors(&response).1, [sorted(&ages)]);
        assert_eq!(row(&wallet, 0), ["family_name"]);
    }
}

#[test]
fn neg_c31_an_age_beyond_the_cap_that_leaves_for_another_is_one_line_with_it() {
    let mut wallet = Wallet::new();
    let mut reader = ask_ages(&mut wallet, &["age_over_20", "age_over_16", "age_over_21", "age_over_65"]);
    let expected =
        [("age_over_21".into(), None), ("age_over_18".into(), None), ("age_over_65".into(), Some("request_age_limit"))];
    assert_eq!(offer(&wallet), expected);
    let (documents, response) = answered(&mut wallet, &mut reader);
    assert_eq!(documents[0].1, ["age_over_18", "age_over_21"]);
    assert_eq!(errors(&response).1, [["age_over_65"]]);
}

#[test]
fn neg_c12_ages_that_are_lacked_or_unticked_are_equal_bytes() {
    let ages = ["age_over_16", "age_over_70", "age_over_18"];
    let errors_of = |lacks: bool| {
        let mut wallet = Wallet::empty();
        let kept = crate::world::licence().into_iter().filter(|one| !(lacks && one.identifier.starts_with("age_over")));
        wallet.add("licence", MDL, &kept.collect::<Vec<_>>());
        let wanted: Vec<Wanted<'_>> =
            [(NS, "family_name", false)].into_iter().chain(ages.map(|age| (NS, age, false))).collect();
        let mut reader = asked_by_known(&mut wallet, &[(MDL, &wanted)]);
        let answer = wallet.only(&[(NS, "family_name")]);
        wallet.say(answer);
        let response = response(&wallet, &mut reader);
        reader.judge(&response, &wallet.pki.issuers());
        errors(&response)
    };
    assert_eq!(errors_of(true), errors_of(false));
    assert_eq!(errors_of(true).1[0], sorted(&ages));
}

#[test]
fn neg_c32_an_exhausted_document_is_blocked_by_name_and_answered_like_one_not_held() {
    let answer = |state: &str| {
        let mut wallet = Wallet::new();
        let card = CredentialId("card".into());
        match state {
            "exhausted" => wallet.vault.held.get_mut(&card).unwrap().copies.clear(),
            _ => drop(wallet.vault.held.remove(&card)),
        }
        let mut reader = asked_by_known(&mut wallet, &[(PID, CARD), (MDL, NAME)]);
        let documents = &question(&wallet).documents;
        assert_eq!(
            documents[0].blocked.unwrap().as_str(),
            if state == "exhausted" { "credential_unavailable" } else { "not_held" }
        );
        assert!(documents[0].candidates.is_empty() && documents[1].blocked.is_none());
        assert_eq!(documents[0].unavailable.len(), usize::from(state == "exhausted"));
        let (documents, response) = answered(&mut wallet, &mut reader);
        assert_eq!(documents, [(MDL.to_owned(), vec!["family_name".to_owned()])]);
        assert_eq!(wallet.vault.history[1].outcome, HistoryOutcome::Refused);
        let place = response.windows(14).position(|window| window == b"documentErrors").unwrap();
        (response.len(), response[place..].to_vec(), wallet.trace)
    };
    assert_eq!(answer("exhausted"), answer("not held"));
}

#[test]
fn neg_c32_alone_an_exhausted_or_unanswerable_document_is_equal_bytes_to_one_not_held() {
    let not_held = device_response(&[], &[MDL.to_owned()]);
    for state in ["exhausted", "not held", "without the elements"] {
        let mut wallet = Wallet::new();
        let licence = CredentialId("licence".into());
        let mut wanted = NAME;
        match state {
            "exhausted" => wallet.vault.held.get_mut(&licence).unwrap().copies.clear(),
            "not held" => drop(wallet.vault.held.remove(&licence)),
            _ => wanted = &[(NS, "height", false), (NS, "age_over_30", false)],
        }
        let before = wallet.vault.held.clone();
        let mut reader = asked_by_known(&mut wallet, &[(MDL, wanted)]);
        let yes = wallet.yes();
        wallet.say(yes);
        assert_eq!(response(&wallet, &mut reader), not_held, "{state}");
        assert!(wallet.vault.held == before && !wallet.receipts[0].disclosed, "{state}: no copy is used");
        wallet.restart();
        reader = asked_by_known(&mut wallet, &[(PID, CARD)]);
        assert_eq!(answered(&mut wallet, &mut reader).0.len(), 1);
    }
}

#[test]
fn field_one_document_type_asked_for_twice_is_two_questions() {
    let request = vector("same-doctype-twice.request.hex");
    let mut wallet = Wallet::new();
    let mut reader = asked(&mut wallet, |_, _| request.clone());
    assert_eq!(question(&wallet).documents.len(), 2);
    let (documents, _) = answered(&mut wallet, &mut reader);
    let one = |name: &str| (MDL.to_owned(), vec![name.to_owned()]);
    assert_eq!(documents, [one("family_name"), one("given_name")]);
}

#[test]
fn neg_c33_two_questions_about_one_document_type_use_one_copy_and_are_answered_apart() {
    let mut wallet = Wallet::new();
    wallet.vault.held.get_mut(&CredentialId("licence".into())).unwrap().copies.truncate(1);
    let second: &[Wanted<'_>] = &[(NS, "given_name", false), (NS, "document_number", false)];
    let mut reader = asked_by_known(&mut wallet, &[(MDL, NAME), (PID, CARD), (MDL, second)]);
    let (documents, response) = answered(&mut wallet, &mut reader);
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[2].1, ["document_number", "given_name"]);
    assert!(errors(&response).0.is_empty());
    assert_eq!(wallet.receipts[0].used, [CredentialId("licence".into()), CredentialId("card".into())]);
    assert!(wallet.vault.held[&CredentialId("licence".into())].copies.is_empty());
}

#[test]
fn neg_c33_names_that_differ_in_case_alone_are_lines_of_their_own() {
    let mut wallet = Wallet::new();
    let wanted: &[Wanted<'_>] = &[(NS, "family_name", false), (NS, "Family_Name", false), (NS, "AGE_OVER_18", false)];
    let mut reader = asked_by_known(&mut wallet, &[(MDL, wanted)]);
    let expected = [
        ("family_name".into(), None),
        ("Family_Name".into(), Some("not_held")),
        ("AGE_OVER_18".into(), Some("not_held")),
    ];
    assert_eq!(offer(&wallet), expected);
    let (_, response) = answered(&mut wallet, &mut reader);
    assert_eq!(errors(&response).1, [["AGE_OVER_18", "Family_Name"]]);
}

/// A request for the card and the licence under these readerAuths.
fn with_auth(auth: &dyn Fn(&[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let documents = [items(PID, CARD).encode(), items(MDL, NAME).encode()].map(|items_request_bytes| {
        let reader_auth = auth(&items_request_bytes);
        DocRequestToSend { items_request_bytes, reader_auth }
    });
    encode(&documents)
}

#[test]
fn neg_c34_a_reader_that_cannot_be_checked_is_unknown_with_its_reason_and_a_wrong_one_is_forged() {
    let cases: [(&str, &str, &str); 5] = [
        ("algorithm", "cose_alg_unsupported", "reader_unknown"),
        ("kid as text", "cbor_unexpected_type", "reader_unknown"),
        ("no chain", "cose_x5chain", "reader_unknown"),
        ("null", "reader_auth_absent", "reader_unknown"),
        ("wrong", "reader_auth_invalid", "reader_auth_invalid"),
    ];
    for (case, reason, warning) in cases {
        let mut wallet = Wallet::new();
        let mut reader = asked(&mut wallet, |reader, wallet| {
            let chain = [wallet.pki.reader.certificate.der()];
            with_auth(&|items| match case {
                "algorithm" => Some(Sign1::encode(-37, &chain, None, &[1; 64])),
                "kid as text" => Some(b"\x84\x43\xa1\x01\x26\xa1\x04\x61k\xf6\x40".to_vec()),
                "no chain" => Some(Sign1::encode(-7, &[], None, &[1; 64])),
                "null" => Some(vec![0xf6]),
                _ => Some(reader.sign(&wallet.pki.reader, &[items, &[0]].concat())),
            })
        });
        let asked = question(&wallet);
        let Requester::Unknown(code) = asked.requester else { panic!("{case}") };
        assert_eq!(code.as_str(), reason, "{case}");
        assert!(asked.warnings.iter().any(|code| code.as_str() == warning), "{case}");
        let forged = case == "wrong";
        let blocked: Vec<_> = asked.documents.iter().map(|one| one.blocked.map(|code| code.as_str())).collect();
        let expected = if forged { [Some("reader_auth_invalid"); 2] } else { [Some("reader_auth_required"), None] };
        assert_eq!(blocked, expected, "{case}");
        let yes = wallet.yes();
        wallet.say(yes);
        let response = response(&wallet, &mut reader);
        assert_eq!(reader.judge(&response, &wallet.pki.issuers()).len(), usize::from(!forged), "{case}");
    }
}

#[test]
fn std_s50_reader_auth_all_makes_the_reader_known_for_every_document() {
    let request = |reader: &Reader, wallet: &Wallet, forged: bool| {
        let items = [items(PID, CARD).encode(), items(MDL, NAME).encode()];
        let payload = encoded(|w| {
            let mut inside = rid_wire::cbor::Encoder::new();
            inside.array(4).text("ReaderAuthenticationAll").raw(reader.transcript.as_bytes());
            inside.array(2).raw(&items[0]).raw(&items[usize::from(!forged)]).null();
            w.tagged(&inside.finish());
        });
        let prefix = sig_structure(&protected_header(-7), &[], payload.len());
        let signature = wallet.pki.reader.key.sign(&[&prefix, &payload]);
        let all = Sign1::encode(-7, &[wallet.pki.reader.certificate.der()], None, &signature);
        encoded(|w| {
            w.map(3).text("version").text("1.1").text("docRequests").array(2);
            w.map(1).text("itemsRequest").raw(&items[0]).map(1).text("itemsRequest").raw(&items[1]);
            w.text("readerAuthAll").array(1).raw(&all);
        })
    };
    let mut wallet = Wallet::new();
    let mut reader = asked(&mut wallet, |reader, wallet| request(reader, wallet, false));
    assert_eq!(question(&wallet).requester.party().unwrap().name, "Test Reader");
    assert!(question(&wallet).warnings.is_empty());
    assert_eq!(answered(&mut wallet, &mut reader).0.len(), 2);
    wallet.restart();
    asked(&mut wallet, |reader, wallet| request(reader, wallet, true));
    let blocked: Vec<_> = question(&wallet).documents.iter().map(|one| one.blocked.unwrap().as_str()).collect();
    assert_eq!(blocked, ["reader_auth_invalid"; 2]);
}

#[test]
fn neg_c39_names_of_a_request_are_escaped_in_the_history() {
    let mut wallet = Wallet::new();
    let long = "x".repeat(10_000);
    let wanted: Vec<Wanted<'_>> =
        vec![("n\nVerified: yes", "a\u{202e}b", true), (NS, &long, false), (NS, "f\u{430}mily_name", false)];
    let mut reader = asked(&mut wallet, |reader, _| reader.ask_unsigned(&[("org.example\r\n.x", &wanted)]));
    let no = wallet.no();
    wallet.say(no);
    assert_eq!(errors(&response(&wallet, &mut reader)).0, ["org.example\r\n.x"], "the reader gets its own words back");
    let mut texts: Vec<String> = Vec::new();
    for element in &wallet.vault.history[0].elements {
        texts.push(element.credential_type.id.clone());
        let names = element.path.steps.iter().filter_map(|step| match step {
            ClaimKey::Name { name } => Some(name.clone()),
            _ => None,
        });
        texts.extend(names);
    }
    assert!(texts.iter().all(|text| text.len() <= 128 && text.chars().all(|c| c.is_ascii_graphic())), "{texts:?}");
    assert_eq!(texts[2], "a\\u{202e}b");
}

#[test]
fn neg_c39_a_verified_reader_never_has_a_blank_name() {
    let cases: [(&str, Option<&str>, Option<&str>); 4] = [
        ("Post office", Some("State"), Some("Post office")),
        ("\u{200b}", Some("Ədliyyə\u{202e}"), Some("Ədliyyə\u{fffd}")),
        (" ", None, None),
        ("\u{3164}", Some("\u{2800}"), None),
    ];
    for (common_name, organization, expected) in cases {
        let mut wallet = Wallet::new();
        let root: Identity = wallet.pki.reader_root.clone();
        let identity = named(CertificateProfile::Reader, (common_name, organization), Some(&root), &mut wallet.rng);
        asked(&mut wallet, |reader, _| reader.ask(&identity, &[(MDL, NAME)]));
        let requester = &question(&wallet).requester;
        assert!(matches!(requester, Requester::Known(_)));
        let name = &requester.party().unwrap().name.clone();
        match expected {
            Some(expected) => assert_eq!(name, expected),
            None => assert!(name.starts_with("sha256:") && name.len() == 39, "{name}"),
        }
        let yes = wallet.yes();
        wallet.say(yes);
        assert_eq!(peer(&wallet.vault.history[0]), name);
    }
}

fn vector(name: &str) -> Vec<u8> {
    rid_kit::hex_vector(&format!("field/{name}"))
}
