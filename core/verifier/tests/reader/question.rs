//! The verdict answers the question: nothing that was not asked for, everything that was (neg-Q).
use rid_claims::ClaimPath;
use rid_crypto::AgreementKey;
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    build::{ElementToIssue, device_response},
    request::ItemsRequest,
    session::key_bytes,
    transcript::Transcript,
};
use rid_profile::{ImageFormat, Locale};
use rid_trust::Outcome;
use rid_verifier::{
    ask::{Asked, DocumentAsk, ElementAsk},
    capture::{CaptureInput, judge_answer, judge_response},
    view::{Decision, DisclosedElement, DisclosedElements, DocumentElements, Verdict},
};
use rid_wire::{Timestamp, cbor::Limits};

use crate::device::{Device, SeededRng, State, element, flag, licence, now, text};

const OTHER: &str = "org.example.membership";

/// A licence with these elements.
fn device(state: &State, elements: &[ElementToIssue]) -> Device {
    Device::holding(state, MDL_DOC_TYPE, elements, 11)
}

fn transcript(device: &Device) -> Transcript {
    let reader = AgreementKey::make(&mut SeededRng::new(5));
    Transcript::qr(device.engagement.as_bytes(), &key_bytes(&reader.public()))
}

fn path(identifier: &str) -> ClaimPath {
    ClaimPath::element(MDL_NAMESPACE, identifier)
}

fn asked(identifiers: &[&str]) -> Asked {
    let element = |name: &&str| ElementAsk {
        path: path(name.trim_end_matches('?')),
        retained: false,
        optional: name.ends_with('?'),
    };
    Asked::new(&[DocumentAsk { kind: MDL_DOC_TYPE.into(), elements: identifiers.iter().map(element).collect() }])
        .unwrap()
}

fn with_input<T>(state: &State, transcript: &Transcript, at: Timestamp, judge: impl Fn(&CaptureInput<'_>) -> T) -> T {
    judge(&CaptureInput {
        status_list: None,
        profile: &state.profile,
        locales: &[Locale::En],
        trust: &state.trust,
        transcript: Some(transcript),
        reader_key: None,
        at,
        limits: Limits::PROXIMITY,
    })
}

/// The verdict on one licence with these elements, of which those named were returned.
fn answered(elements: &[ElementToIssue], returned: &[&str], asked: &Asked) -> Verdict {
    let state = State::make();
    let device = device(&state, elements);
    let transcript = transcript(&device);
    let response = device_response(&[device.document(&transcript, returned)], &[]);
    with_input(&state, &transcript, now(), |input| judge_answer(&response, input, asked))
}

fn outcome(verdict: &Verdict) -> (Decision, Option<&'static str>) {
    (verdict.decision, verdict.code.map(|code| code.as_str()))
}

const NOT_ASKED: (Decision, Option<&str>) = (Decision::Refused, Some("answer_not_asked"));
const NOT_RETURNED: (Decision, Option<&str>) = (Decision::Undecided, Some("not_returned"));
const ACCEPTED: (Decision, Option<&str>) = (Decision::Accepted, None);

fn check(verdict: &Verdict, name: &str) -> Outcome {
    let checks = verdict.checks.iter().chain(verdict.documents.iter().flat_map(|document| &document.checks));
    checks.into_iter().find(|check| check.code.as_str() == name).unwrap_or_else(|| panic!("no check {name}")).outcome
}

fn no_element_is_current(verdict: &Verdict) -> bool {
    verdict.documents.iter().all(|document| document.elements.current().is_none())
}

fn current(verdict: &Verdict) -> &DisclosedElements {
    verdict.documents[0].elements.current().unwrap()
}

fn person() -> Vec<ElementToIssue> {
    vec![text("family_name", "Sample"), text("given_name", "Sam"), flag("age_over_18", true)]
}

#[test]
fn neg_q01_document_type_is_answered_once_per_request() {
    let state = State::make();
    let (one, other) = (device(&state, &person()), Device::holding(&state, MDL_DOC_TYPE, &person(), 12));
    let transcript = transcript(&one);
    let (first, second) = (one.document(&transcript, &["family_name"]), other.document(&transcript, &["family_name"]));
    let asked = asked(&["family_name"]);
    let judge = |documents: &[Vec<u8>], asked: &Asked| {
        let response = device_response(documents, &[]);
        with_input(&state, &transcript, now(), |input| judge_answer(&response, input, asked))
    };
    assert_eq!(outcome(&judge(std::slice::from_ref(&first), &asked)), ACCEPTED);
    for documents in [[first.clone(), first.clone()], [first.clone(), second.clone()]] {
        let verdict = judge(&documents, &asked);
        assert_eq!(outcome(&verdict), NOT_ASKED);
        assert!(verdict.documents.iter().all(|document| document.decision == Decision::Accepted));
        assert!(no_element_is_current(&verdict));
    }
    // Two requests for the type take two documents, and no third.
    let twice = Asked::from([asked.items(), asked.items()].concat());
    assert_eq!(outcome(&judge(&[first.clone(), second.clone()], &twice)), ACCEPTED);
    assert_eq!(outcome(&judge(&[first.clone(), second, first], &twice)), NOT_ASKED);
}

#[test]
fn neg_q01_two_documents_of_a_type_do_not_answer_one_question_twice() {
    let state = State::make();
    let young = [text("family_name", "Young"), flag("age_over_18", false)];
    let (one, other) = (device(&state, &person()), Device::holding(&state, MDL_DOC_TYPE, &young, 12));
    let transcript = transcript(&one);
    let judge = |questions: [&[&str]; 2], answers: [&[&str]; 2]| {
        let asked = Asked::from(questions.map(|names| asked(names).items().to_vec()).concat());
        let documents = [one.document(&transcript, answers[0]), other.document(&transcript, answers[1])];
        let response = device_response(&documents, &[]);
        outcome(&with_input(&state, &transcript, now(), |input| judge_answer(&response, input, &asked)))
    };
    let (name, age, both) = (&["family_name"][..], &["age_over_18"][..], &["family_name", "age_over_18"][..]);
    assert_eq!(judge([name, age], [name, age]), ACCEPTED);
    assert_eq!(judge([both, both], [both, both]), ACCEPTED);
    assert_eq!(judge([both, age], [both, age]), ACCEPTED);
    // Each question was asked once, or one of them.
    assert_eq!(judge([name, age], [both, both]), NOT_ASKED);
    assert_eq!(judge([name, age], [both, age]), NOT_ASKED);
    assert_eq!(judge([both, name], [both, both]), NOT_ASKED);
    assert_eq!(judge([name, &["age_over_16"]], [name, both]), NOT_ASKED);
}

#[test]
fn neg_q01_document_of_another_type_is_no_answer() {
    let state = State::make();
    let one = device(&state, &person());
    let other = Device::holding(&state, OTHER, &person(), 12);
    let transcript = transcript(&one);
    let asked = asked(&["family_name"]);
    for returned in [&["family_name"][..], &[]] {
        let documents = [one.document(&transcript, &["family_name"]), other.document(&transcript, returned)];
        let response = device_response(&documents, &[]);
        let verdict = with_input(&state, &transcript, now(), |input| judge_answer(&response, input, &asked));
        assert_eq!(outcome(&verdict), NOT_ASKED, "{returned:?}");
    }
}

#[test]
fn neg_q02_missing_element_is_named_and_leaves_the_verdict_undecided() {
    let verdict = answered(&person(), &["family_name"], &asked(&["family_name", "given_name", "age_over_18"]));
    assert_eq!(outcome(&verdict), NOT_RETURNED);
    assert_eq!(verdict.documents[0].not_returned, [path("given_name"), path("age_over_18")]);
    assert_eq!(verdict.not_returned, Vec::<String>::new());
    assert_eq!(check(&verdict, "all_elements_returned"), Outcome::NotDone);
    assert_eq!(check(&verdict, "all_documents_returned"), Outcome::Passed);
    assert_eq!(check(&verdict, "asked_equals_answered"), Outcome::Passed);

    let verdict = answered(&person(), &["family_name"], &asked(&["family_name", "given_name?", "age_over_18?"]));
    assert_eq!(outcome(&verdict), ACCEPTED);
    assert_eq!(check(&verdict, "all_elements_returned"), Outcome::Passed);
    assert!(verdict.documents[0].not_returned.is_empty());
    assert!(current(&verdict).ages.is_empty());
}

#[test]
fn neg_q02_document_of_optional_elements_alone_may_be_missing() {
    let state = State::make();
    let device = device(&state, &person());
    let transcript = transcript(&device);
    let response = device_response(&[device.document(&transcript, &["family_name"])], &[]);
    let ask = |kind: &str, identifier: &str, optional| {
        let element = ElementAsk { path: path(identifier), retained: false, optional };
        DocumentAsk { kind: kind.into(), elements: vec![element] }
    };
    for (optional, expected, missing) in [(true, ACCEPTED, vec![]), (false, NOT_RETURNED, vec![OTHER.to_owned()])] {
        let asked = [ask(MDL_DOC_TYPE, "family_name", false), ask(OTHER, "family_name", optional)];
        let asked = Asked::new(&asked).unwrap();
        let verdict = with_input(&state, &transcript, now(), |input| judge_answer(&response, input, &asked));
        assert_eq!((outcome(&verdict), verdict.not_returned), (expected, missing));
    }
}

#[test]
fn neg_q02_missing_documents_and_the_codes_of_the_wallet_are_shown() {
    let state = State::make();
    let device = device(&state, &person());
    let transcript = transcript(&device);
    let other = ItemsRequest { doc_type: OTHER.into(), ..licence().remove(0) };
    let asked = Asked::from([asked(&["family_name"]).items(), &[other]].concat());
    let documents = [device.document(&transcript, &["family_name"])];
    for named in [vec![OTHER.to_owned()], vec![]] {
        let response = device_response(&documents, &named);
        let verdict = with_input(&state, &transcript, now(), |input| judge_answer(&response, input, &asked));
        assert_eq!(outcome(&verdict), NOT_RETURNED);
        assert_eq!(verdict.not_returned, [OTHER]);
        let said: Vec<_> = verdict.document_errors.iter().map(|error| (error.kind.clone(), error.code)).collect();
        assert_eq!(said, named.into_iter().map(|doc_type| (doc_type, 0)).collect::<Vec<_>>());
    }
    // Without a question the wallet's word is shown and hinders nothing.
    let response = device_response(&documents, &[OTHER.into()]);
    let verdict = with_input(&state, &transcript, now(), |input| judge_response(&response, input));
    assert_eq!((outcome(&verdict), verdict.not_returned.as_slice()), (ACCEPTED, &[OTHER.to_owned()][..]));
    for undone in ["asked_equals_answered", "all_documents_returned", "all_elements_returned"] {
        assert_eq!(check(&verdict, undone), Outcome::NotDone, "{undone}");
    }
}

#[test]
fn neg_q02_errors_of_the_wallet_are_shown() {
    let state = State::make();
    let device = device(&state, &person());
    let transcript = transcript(&device);
    let document = device.document_with_errors(&transcript, &["family_name"], &["portrait"]);
    let response = device_response(&[document], &[]);
    let verdict = with_input(&state, &transcript, now(), |input| judge_response(&response, input));
    let [error] = verdict.documents[0].errors.as_slice() else { panic!("{:?}", verdict.documents[0].errors) };
    assert_eq!((&error.path, error.code), (&path("portrait"), 0));
    assert_eq!(outcome(&verdict), ACCEPTED);
}

#[test]
fn neg_q03_document_without_an_element_is_not_returned() {
    for question in [&["family_name", "age_over_18"][..], &["family_name?"]] {
        let verdict = answered(&person(), &[], &asked(question));
        assert_eq!(outcome(&verdict), NOT_RETURNED, "{question:?}");
        assert_eq!(verdict.not_returned, [MDL_DOC_TYPE]);
        assert_eq!(check(&verdict, "all_documents_returned"), Outcome::NotDone);
    }
}

#[test]
fn neg_q04_age_is_answered_by_itself_a_higher_true_or_a_lower_false() {
    let age = |identifier: &'static str, over: bool| (identifier, flag(identifier, over));
    let cases = [
        (vec![age("age_over_18", true)], true, Some((true, "age_over_18"))),
        (vec![age("age_over_18", false)], true, Some((false, "age_over_18"))),
        (vec![age("age_over_21", true)], true, Some((true, "age_over_21"))),
        (vec![age("age_over_16", false)], true, Some((false, "age_over_16"))),
        (vec![age("age_over_12", true)], false, None),
        (vec![age("age_over_16", true)], false, None),
        (vec![age("age_over_21", false)], false, None),
        (vec![("age_over_18", text("age_over_18", "true"))], false, None),
        (vec![age("age_over_18", true), age("age_over_21", true)], false, None),
        (vec![age("age_over_16", false), age("age_over_14", false)], false, None),
    ];
    for (elements, accepted, answer) in cases {
        let (names, elements): (Vec<&str>, Vec<ElementToIssue>) = elements.into_iter().unzip();
        let verdict = answered(&elements, &names, &asked(&["age_over_18"]));
        assert_eq!(outcome(&verdict), if accepted { ACCEPTED } else { NOT_ASKED }, "{names:?}");
        assert_eq!(no_element_is_current(&verdict), !accepted);
        let Some((over, attested)) = answer else { continue };
        let [age] = current(&verdict).ages.as_slice() else { panic!("one answer: {names:?}") };
        assert_eq!((age.over, &age.asked, &age.attested), (over, &path("age_over_18"), &path(attested)));
        assert_eq!(age.text.expose(), if over { "Yes" } else { "No" });
    }
    // The answer is to the age asked for, not to the attested one.
    let elements = [flag("age_over_25", true)];
    let verdict = answered(&elements, &["age_over_25"], &asked(&["age_over_18", "age_over_21"]));
    assert_eq!(outcome(&verdict), ACCEPTED);
    assert!(current(&verdict).ages.iter().all(|age| age.over && age.attested == path("age_over_25")));
    assert_eq!(current(&verdict).ages.len(), 2);
}

fn returned(verdict: &Verdict) -> &[DisclosedElement] {
    &current(verdict).issuer_signed
}

#[test]
fn neg_q06_value_of_another_type_is_shown_as_it_is_with_a_warning() {
    let jpeg = [0xff, 0xd8, 0xff, 0xe0];
    let jpeg2000 = *b"\0\0\0\x0cjP  \r\n\x87\n";
    let wrong = [
        text("sex", "2"),
        text("birth_date", "1990-02-28"),
        text("portrait", "/9j/4AAQ"),
        element("issuing_authority", |writer| {
            writer.uint(31);
        }),
    ];
    let names = ["sex", "birth_date", "portrait", "issuing_authority"];
    let verdict = answered(&wrong, &names, &asked(&names));
    assert_eq!(outcome(&verdict), ACCEPTED);
    let types = verdict.documents[0].checks.iter().find(|check| check.code.as_str() == "element_types").unwrap();
    assert_eq!((types.outcome, types.reason.unwrap().as_str()), (Outcome::Passed, "element_type"));
    for element in returned(&verdict) {
        assert_eq!(element.warning.map(|code| code.as_str()), Some("element_type"), "{:?}", element.path);
        assert!(
            !element.text.expose().is_empty() && !element.portrait && element.image.is_none(),
            "{:?}",
            element.path
        );
    }

    for (bytes, format) in
        [(&jpeg[..], ImageFormat::Jpeg), (&jpeg2000, ImageFormat::Jpeg2000), (b"\x89PNG", ImageFormat::Other)]
    {
        let right = [
            element("sex", |writer| {
                writer.uint(2);
            }),
            element("portrait", |writer| {
                writer.bytes(bytes);
            }),
        ];
        let verdict = answered(&right, &["sex", "portrait"], &asked(&["sex", "portrait"]));
        let elements = returned(&verdict);
        assert!(elements.iter().all(|element| element.warning.is_none()));
        assert!(elements.iter().any(|element| element.text.expose() == "Female"));
        assert!(elements.iter().any(|element| element.portrait && element.image == Some(format)));
        assert!(verdict.documents[0].checks.iter().all(|check| check.code.as_str() != "element_type"));
    }
}

#[test]
fn neg_q07_elements_of_an_expired_or_refused_document_are_not_current() {
    let state = State::make();
    let device = device(&state, &person());
    let transcript = transcript(&device);
    let document = device.document(&transcript, &["family_name"]);
    let response = device_response(std::slice::from_ref(&document), &[]);
    let asked = asked(&["family_name"]);
    let judge = |at, asked: Option<&Asked>| {
        with_input(&state, &transcript, at, |input| match asked {
            Some(asked) => judge_answer(&response, input, asked),
            None => judge_response(&response, input),
        })
    };
    assert!(matches!(judge(now(), None).documents[0].elements, DocumentElements::Current { .. }));
    for question in [Some(&asked), None] {
        let expired = judge(now().plus_days(20), question);
        assert_eq!(outcome(&expired), (Decision::Refused, Some("mdoc_expired")));
        let DocumentElements::Lapsed { disclosed } = &expired.documents[0].elements else { panic!("lapsed") };
        assert_eq!(disclosed.issuer_signed.len(), 1);
    }
    // A response with an error status is refused whole.
    let mut failed = response.clone();
    let status = failed.windows(7).position(|window| window == b"fstatus").unwrap() + 7;
    failed[status] = 10;
    let verdict = with_input(&state, &transcript, now(), |input| judge_response(&failed, input));
    assert_eq!(outcome(&verdict), (Decision::Refused, Some("response_status")));
    assert!(no_element_is_current(&verdict));
}

/// Documents of `documents` licences, each signed by a signer of its own or all by one: how many are refused, and why.
fn refused(documents: u64, own_signers: bool) -> (usize, Vec<&'static str>) {
    let mut state = State::make();
    let transcript = transcript(&device(&state, &person()));
    let documents: Vec<_> = (0..documents)
        .map(|number| {
            if own_signers {
                state.change_signer(100 + (number << 32));
            }
            device(&state, &person()).document(&transcript, &["family_name"])
        })
        .collect();
    let verdict =
        with_input(&state, &transcript, now(), |input| judge_response(&device_response(&documents, &[]), input));
    let refused = verdict.documents.iter().filter(|document| document.decision == Decision::Refused);
    let mut codes: Vec<_> = refused.filter_map(|document| document.code).map(|code| code.as_str()).collect();
    let refused = codes.len();
    codes.dedup();
    (refused, codes)
}

#[test]
fn neg_c35_all_documents_of_a_response_share_one_budget() {
    assert_eq!(refused(12, true), (0, vec![]));
    assert_eq!(refused(14, true), (2, vec!["cert_budget"]));
    assert_eq!(refused(32, false), (0, vec![]), "one chain is verified once");
}
