//! The question as an app gets it: what it shows is what leaves, and no answer of an app ends the session.
use std::sync::Arc;

use pollster::block_on;
use rid_claims::ClaimPath;
use rid_flow::CredentialId;
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_profile::{ReaderPolicy, ReaderRule};
use rid_reader::{DocumentAsk, ElementAsk, Reader, Reading, ReadingStep, view::Verdict};
use rid_sim::{SimRng, TestState};
use rid_wallet::{
    Presentation, PresentationStep, Wallet, WalletConfig,
    view::{
        ConsentAnswer, ConsentDecision, ConsentRequest, ConsentedDocument, CredentialState, HistoryRow,
        PresentationReceipt, RequestedElement,
    },
};

use crate::walk::{Folder, MTU, agree, ask, config, fill_kinds, open_configured, reader, reader_as};

const PID: &str = "az.gov.rid.pid.1";

struct World {
    wallet: Arc<Wallet>,
    reader: Arc<Reader>,
    _folder: Folder,
}

impl World {
    /// Both documents, so many copies each.
    fn new(name: &str, copies: u32) -> Self {
        Self::configured(name, copies, |config| config)
    }

    fn configured(name: &str, copies: u32, change: impl FnOnce(WalletConfig) -> WalletConfig) -> Self {
        let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new(name));
        let wallet = open_configured(change(config(rid_profile::embedded().unwrap(), &state)), &folder);
        Self { wallet: fill_kinds(wallet, &state, &["pid", "mdl"], copies), reader: reader(&state), _folder: folder }
    }

    fn history(&self) -> Vec<HistoryRow> {
        block_on(self.wallet.history(0, 100)).unwrap()
    }

    /// One exchange; the verdict and the receipt.
    fn exchange(
        &self,
        asked: &[DocumentAsk],
        decide: impl Fn(&Presentation, &ConsentRequest) -> ConsentAnswer,
    ) -> (Verdict, PresentationReceipt) {
        let presentation = self.wallet.present().unwrap();
        let mut reading: Option<Reading> = None;
        let (mut verdict, mut receipt) = (None, None);
        for _ in 0..100 {
            match block_on(presentation.next()).unwrap() {
                PresentationStep::Advertise { qr, .. } => {
                    reading = Some(self.reader.read(&qr, asked).unwrap());
                    presentation.proceed().unwrap();
                    presentation.connected(517).unwrap();
                }
                PresentationStep::Ask { request } => {
                    let answer = decide(&presentation, &request);
                    presentation.answer(answer).unwrap();
                }
                PresentationStep::Send { .. } => {
                    for chunk in presentation.chunks(MTU).unwrap() {
                        reading.as_ref().unwrap().received_chunk(&chunk).unwrap();
                    }
                    presentation.proceed().unwrap();
                }
                PresentationStep::Receipt { receipt: given } => {
                    receipt = Some(given);
                    presentation.proceed().unwrap();
                }
                PresentationStep::Wait { .. } => {}
                step => panic!("{step:?}"),
            }
            match block_on(reading.as_ref().unwrap().next()).unwrap() {
                ReadingStep::Connect { .. } => reading.as_ref().unwrap().connected(517).unwrap(),
                ReadingStep::Send { .. } => {
                    for chunk in reading.as_ref().unwrap().chunks(MTU).unwrap() {
                        presentation.received_chunk(&chunk).unwrap();
                    }
                    reading.as_ref().unwrap().proceed().unwrap();
                }
                ReadingStep::Judged { verdict: given } => {
                    verdict = Some(given);
                    reading.as_ref().unwrap().proceed().unwrap();
                }
                ReadingStep::Wait { .. } => {}
                step => panic!("{step:?}"),
            }
            if let (Some(verdict), Some(receipt)) = (&verdict, &receipt) {
                return (verdict.clone(), receipt.clone());
            }
        }
        panic!("the exchange has no end")
    }
}

fn documents(asked: &[(&str, &str, &[&str])]) -> Vec<DocumentAsk> {
    let document = |(kind, namespace, elements): &(&str, &str, &[&str])| DocumentAsk {
        kind: (*kind).into(),
        elements: elements
            .iter()
            .map(|name| ElementAsk { path: ClaimPath::element(namespace, name), retained: false, optional: false })
            .collect(),
    };
    asked.iter().map(document).collect()
}

fn name(path: &ClaimPath) -> &str {
    path.as_element().unwrap().1
}

fn shown(verdict: &Verdict, at: usize) -> Vec<&str> {
    let disclosed = verdict.documents[at].elements.current_or_lapsed().unwrap();
    disclosed.issuer_signed.iter().map(|element| name(&element.path)).collect()
}

#[test]
fn neg_c31_view_receipt_and_history_name_the_age_that_leaves() {
    let world = World::new("ages", 2);
    let asked = ask(&["age_over_20", "age_over_12", "age_over_18"]);
    let (verdict, receipt) = world.exchange(&asked, |_, request| {
        let elements = &request.documents[0].candidates[0].elements;
        let line = |element: &RequestedElement| {
            let asked: Vec<String> = element.asked.iter().map(|path| name(path).to_owned()).collect();
            (name(&element.path).to_owned(), asked, element.held)
        };
        let expected = [
            ("age_over_21".to_owned(), vec!["age_over_20".to_owned()], true),
            ("age_over_15".to_owned(), vec!["age_over_12".to_owned()], true),
            ("age_over_18".to_owned(), vec!["age_over_18".to_owned()], false),
        ];
        assert_eq!(elements.iter().map(line).collect::<Vec<_>>(), expected);
        assert_eq!(elements[2].reason.unwrap().as_str(), "request_age_limit");
        assert_eq!(elements[0].label, "Over 21");
        agree(request)
    });
    assert_eq!(shown(&verdict, 0).len(), 2);
    let given: Vec<&str> = receipt.elements.iter().map(|element| name(&element.path)).collect();
    assert_eq!(given, ["age_over_21", "age_over_15"]);
    let history = world.history();
    let event = history.last().unwrap().event().unwrap();
    assert_eq!(event.elements, receipt.elements);
}

#[test]
fn a_wrong_answer_of_an_app_leaves_the_question_open() {
    let world = World::new("wrong", 2);
    let asked = ask(&["family_name", "age_over_20", "biometric_template_iris"]);
    let (verdict, receipt) = world.exchange(&asked, |presentation, request| {
        let document = |position: u32, credential: &CredentialId, element: &str| {
            let elements = vec![ClaimPath::element(MDL_NAMESPACE, element)];
            ConsentedDocument { position, credential: credential.clone(), elements }
        };
        let right = &request.documents[0].candidates[0].credential;
        let other = CredentialId("none of mine".into());
        for documents in [
            vec![document(0, right, "age_over_20")],
            vec![document(0, right, "biometric_template_iris")],
            vec![document(0, right, "given_name")],
            vec![document(0, &other, "family_name")],
            vec![document(1, right, "family_name")],
            vec![document(u32::MAX, right, "family_name")],
            vec![document(0, right, "family_name"), document(0, right, "family_name")],
        ] {
            let decision = ConsentDecision::Agree { documents };
            let answer = ConsentAnswer { id: request.id.clone(), hash: request.hash.clone(), decision };
            assert_eq!(presentation.answer(answer).unwrap_err().code().as_str(), "consent_selection");
            let step = block_on(presentation.next()).unwrap();
            assert!(matches!(step, PresentationStep::Ask { request: again } if again == *request));
        }
        agree(request)
    });
    assert_eq!(shown(&verdict, 0).len(), 2);
    assert!(receipt.disclosed);
}

#[test]
fn neg_c32_an_exhausted_credential_is_named_and_the_other_document_is_answered() {
    let world = World::new("exhausted", 1);
    let (_, receipt) = world.exchange(&ask(&["family_name"]), |_, request| agree(request));
    assert_eq!(receipt.used.len(), 1);
    let asked = documents(&[
        (MDL_DOC_TYPE, MDL_NAMESPACE, &["family_name"]),
        (PID, "org.iso.23220.1", &["family_name_unicode"]),
    ]);
    let (verdict, receipt) = world.exchange(&asked, |_, request| {
        let licence = &request.documents[0];
        assert_eq!(licence.blocked.unwrap().as_str(), "credential_unavailable");
        assert_eq!(licence.unavailable[0].reason.as_str(), "credential_unavailable");
        assert!(licence.candidates.is_empty() && !licence.suggested);
        assert_eq!(licence.asked[0].label, "Surname (Latin)");
        let card = &request.documents[1];
        assert!(card.blocked.is_none() && card.candidates[0].state == CredentialState::Ready);
        agree(request)
    });
    assert_eq!(verdict.documents.len(), 1);
    assert_eq!((receipt.disclosed, receipt.elements.len()), (true, 1));
}

#[test]
fn neg_c39_the_view_shows_no_text_of_a_reader_that_is_not_visible_ascii() {
    let world = World::new("text", 1);
    let long = "y".repeat(10_000);
    let asked = documents(&[("org.example.\u{202e}x\ny", &long, &["a\u{2028}b", "\u{2066}"])]);
    let (_, receipt) = world.exchange(&asked, |_, request| {
        let document = &request.documents[0];
        let mut texts = vec![&document.kind, &document.name];
        for element in &document.asked {
            let (namespace, identifier) = element.path.as_element().unwrap();
            texts.extend([&element.label, &element.spoken]);
            assert!([namespace, identifier].iter().all(|text| text.len() <= 128 && text.is_ascii()));
        }
        assert!(texts.iter().all(|text| text.len() <= 128 && text.chars().all(|c| c.is_ascii_graphic())), "{texts:?}");
        assert_eq!(document.asked[0].label, "a\\u{2028}b");
        agree(request)
    });
    assert!(!receipt.disclosed);
    let history = world.history();
    let element = &history.last().unwrap().event().unwrap().elements[0];
    assert_eq!((element.kind.as_str(), element.label.as_str()), ("org.example.\\u{202e}x\\u{a}y", "a\\u{2028}b"));
}

#[test]
fn an_app_blocks_readers_that_nobody_vouches_for() {
    let enforce = ReaderPolicy { anonymous: ReaderRule::Enforce, ..ReaderPolicy::USUAL };
    let mut world = World::configured("policy", 1, |config| WalletConfig { reader_policy: enforce, ..config });
    world.reader = reader_as(&TestState::make(0, &mut SimRng::new(1)).unwrap(), None);
    let (_, receipt) = world.exchange(&ask(&["family_name"]), |_, request| {
        assert_eq!(request.documents[0].blocked.unwrap().as_str(), "reader_auth_required");
        assert!(!request.requester.verified);
        agree(request)
    });
    assert!(!receipt.disclosed);
}
