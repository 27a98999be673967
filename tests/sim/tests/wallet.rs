//! The app facade over the real store: enrolment, presentation, refusal, deletion; killed between every two steps.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

use std::sync::Arc;

use pollster::block_on;
use rid_claims::ClaimPath;
use rid_flow::{
    Effect, Env, HistoryOutcome, Input, LinkCommand, LinkEvent, Output, Reply, Session, Uptime,
    fake::FakeClock,
    ports::{Clock, KeyId},
};
use rid_kit::{Folder, StoppedClock, agree_without, rngs, wallet_config};
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    request::{ItemsRequest, RequestedElement, RequestedNamespace},
};
use rid_profile::{ImageFormat, Locale};
use rid_shell::{SoftwareSecureArea, SqliteStorage, SystemTimer};
use rid_sim::{NOW, SimRng, TestState};
use rid_trust::Environment;
use rid_verifier::{
    proximity::{ReaderConfig, ReaderSession},
    view::{Decision, Verdict},
};
use rid_wallet::{
    Presentation, PresentationStep, Wallet, WalletError, WalletPorts,
    view::{ConsentAnswer, ConsentDecision, ConsentRequest, LockState},
};

fn broken_clock() -> FakeClock {
    let clock = FakeClock::new(NOW);
    clock.break_down(true);
    clock
}

fn open_with(state: &TestState, folder: &Folder, clock: Arc<dyn Clock>) -> Result<Arc<Wallet>, WalletError> {
    let ports = WalletPorts {
        secure_area: Arc::new(SoftwareSecureArea::open(&folder.0).unwrap()),
        storage: Arc::new(SqliteStorage::new(&folder.0)),
        http: None,
        clock,
        timer: Arc::new(SystemTimer::new()),
        rng: rngs(SimRng::new),
    };
    let config = wallet_config(state.own_trust().unwrap());
    block_on(Wallet::open(ports, config)).map(Arc::new)
}

fn open(state: &TestState, folder: &Folder) -> Arc<Wallet> {
    open_with(state, folder, Arc::new(StoppedClock(NOW))).unwrap()
}

fn fill(wallet: &Wallet, state: &TestState, copies: u32) {
    let kinds = ["pid".to_owned(), "mdl".to_owned()];
    let enrolment = block_on(wallet.enrol(&kinds, copies, vec![7; 32], "sim".into())).unwrap();
    let answer = state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
    assert_eq!(block_on(wallet.accept(&enrolment.id, &answer)).unwrap().len(), 2);
}

fn state() -> TestState {
    TestState::make(0, &mut SimRng::new(1)).unwrap()
}

fn ask(elements: &[&str]) -> Vec<ItemsRequest> {
    let elements = elements
        .iter()
        .map(|name| RequestedElement { identifier: (*name).into(), intent_to_retain: *name == "family_name" })
        .collect();
    let namespaces = vec![RequestedNamespace { namespace: MDL_NAMESPACE.into(), elements }];
    vec![ItemsRequest { doc_type: MDL_DOC_TYPE.into(), namespaces }]
}

/// The reader at the other end.
struct Far<'a> {
    state: &'a TestState,
    reader: ReaderSession,
    rng: SimRng,
    to_wallet: Vec<Vec<u8>>,
    verdicts: Vec<Verdict>,
}

impl<'a> Far<'a> {
    fn scan(state: &'a TestState, qr: &str, items: Vec<ItemsRequest>) -> Self {
        let mut rng = SimRng::new(77);
        let config = ReaderConfig {
            asked: items.into(),
            authentication: Some((KeyId("reader".into()), vec![state.reader().1.clone()])),
            trust: state.trust(),
            profile: Arc::new(rid_profile::embedded().unwrap()),
            locales: vec![Locale::En],
        };
        let mut env = Env { now: NOW, uptime: Uptime::from_millis(1), rng: &mut rng };
        let reader = ReaderSession::start(qr, config, &mut env).unwrap();
        let mut far = Self { state, reader, rng, to_wallet: vec![], verdicts: vec![] };
        far.drain();
        far
    }

    fn tell(&mut self, input: Input<rid_verifier::proximity::ReaderTypes>) {
        let mut env = Env { now: NOW, uptime: Uptime::from_millis(1), rng: &mut self.rng };
        // After the end nothing can be told any more.
        let _ = self.reader.handle(input, &mut env);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.reader.poll() {
            match output {
                Output::Link(LinkCommand::Connect(_)) => self.tell(Input::Link(LinkEvent::Up)),
                Output::Io(Effect::Sign(request)) => {
                    let signature = self.state.reader().0.sign(&[&request.message]);
                    self.tell(Input::Done(Reply::Signed(Ok(signature))));
                }
                Output::Link(LinkCommand::Send(message)) => {
                    self.to_wallet.push(message);
                    self.tell(Input::Link(LinkEvent::Sent));
                }
                Output::Finished(exchange) => self.verdicts.push(exchange.verdict),
                _ => {}
            }
        }
    }
}

/// Drives a presentation for at most `steps` calls of `next`; says whether it came to its end.
fn drive<'a>(
    state: &'a TestState,
    presentation: &Presentation,
    decide: &dyn Fn(&ConsentRequest) -> ConsentAnswer,
    items: &[ItemsRequest],
    steps: usize,
) -> (Option<Far<'a>>, bool) {
    let mut far: Option<Far<'a>> = None;
    for _ in 0..steps {
        match block_on(presentation.next()).unwrap() {
            PresentationStep::Advertise { qr, .. } => {
                far = Some(Far::scan(state, &qr, items.to_vec()));
                presentation.proceed().unwrap();
                presentation.connected(185).unwrap();
            }
            PresentationStep::Ask { request } => presentation.answer(decide(&request)).unwrap(),
            PresentationStep::Send { message } => {
                far.as_mut().unwrap().tell(Input::Link(LinkEvent::Bytes(message)));
                presentation.proceed().unwrap();
            }
            PresentationStep::Receipt { .. } => {
                far.as_mut().unwrap().reader.finish();
                far.as_mut().unwrap().drain();
                presentation.proceed().unwrap();
            }
            PresentationStep::Wait { .. } => match far.as_mut() {
                Some(far) if !far.to_wallet.is_empty() => presentation.received(far.to_wallet.remove(0)).unwrap(),
                _ => presentation.disconnected().unwrap(),
            },
            PresentationStep::Unlock => presentation.unlocked().unwrap(),
            PresentationStep::Closed { .. } => return (far, true),
        }
    }
    (far, false)
}

fn left(wallet: &Wallet, kind: &str) -> u32 {
    block_on(wallet.credentials()).unwrap().iter().find(|view| view.kind == kind).unwrap().copies_left
}

fn presentations(wallet: &Wallet) -> Vec<HistoryOutcome> {
    let rows = block_on(wallet.history(0, u32::MAX)).unwrap();
    let events = rows.iter().filter_map(rid_wallet::view::HistoryRow::event);
    events.filter(|row| row.kind == rid_flow::HistoryEventType::Presentation).map(|row| row.outcome).collect()
}

#[test]
fn one_credential_walks_the_whole_way_through_the_facade() {
    let (state, folder) = (state(), Folder::new("walk"));
    let wallet = open(&state, &folder);
    fill(&wallet, &state, 3);
    assert_eq!(wallet.environment(), Environment::Test);
    let views = block_on(wallet.credentials()).unwrap();
    let licence = views.iter().find(|view| view.kind == MDL_DOC_TYPE).unwrap();
    assert_eq!((licence.name.as_str(), licence.copies_left, licence.copies_total), ("Driving licence", 3, 3));
    let detail = block_on(wallet.credential(&licence.id)).unwrap();
    let name = detail.elements.iter().find(|element| element.path.as_element().unwrap().1 == "family_name").unwrap();
    assert_eq!(name.value.plain(), "Numunayeva-Shikhli");
    assert!(block_on(wallet.portrait(&licence.id)).unwrap().unwrap().image.expose().starts_with(&[0xff, 0xd8]));

    let presentation = wallet.present().unwrap();
    let items = ask(&["family_name", "portrait", "age_over_18", "biometric_template_iris"]);
    let decide = |request: &ConsentRequest| {
        assert!(request.requester.verified);
        assert_eq!(request.environment, Environment::Test);
        let document = &request.documents[0];
        assert!(document.portrait_binds && document.suggested);
        let elements = &document.candidates[0].elements;
        assert!(elements[0].retained && !elements[1].retained);
        assert!(!elements[3].held && elements[3].reason.is_some());
        agree_without(request, &["age_over_18"])
    };
    let (far, ended) = drive(&state, &presentation, &decide, &items, 100);
    let verdict = far.unwrap().verdicts.remove(0);
    assert!(ended);
    // The age was unticked and the template is not held: both are named as missing.
    assert_eq!((verdict.decision, verdict.code.map(|code| code.as_str())), (Decision::Undecided, Some("not_returned")));
    let missing: Vec<_> = verdict.documents[0].not_returned.iter().filter_map(ClaimPath::as_element).collect();
    assert_eq!(missing, [(MDL_NAMESPACE, "age_over_18"), (MDL_NAMESPACE, "biometric_template_iris")]);
    let disclosed = verdict.documents[0].elements.current().unwrap();
    let names: Vec<&str> = disclosed.issuer_signed.iter().map(|element| element.path.as_element().unwrap().1).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"family_name") && names.contains(&"portrait"));
    assert_eq!(left(&wallet, MDL_DOC_TYPE), 2);
    assert_eq!(presentations(&wallet), [HistoryOutcome::Finished]);

    // What was kept survives the process.
    block_on(wallet.close()).unwrap();
    drop((presentation, wallet));
    let wallet = open(&state, &folder);
    assert_eq!(left(&wallet, MDL_DOC_TYPE), 2);
    let id = block_on(wallet.credentials()).unwrap()[0].id.clone();
    block_on(wallet.delete(&id)).unwrap();
    assert_eq!(block_on(wallet.credentials()).unwrap().len(), 1);
    let again = block_on(wallet.delete(&id)).unwrap_err();
    assert_eq!(again.code().as_str(), "credential_unknown");
}

#[test]
fn neg_q06_value_of_another_type_is_stored_shown_as_it_is_and_recorded() {
    let (mut state, folder) = (state(), Folder::new("types"));
    // sex: the text "2".
    state.set_value(MDL_DOC_TYPE, "sex", b"\x612");
    let wallet = open(&state, &folder);
    fill(&wallet, &state, 1);
    for view in block_on(wallet.credentials()).unwrap() {
        let detail = block_on(wallet.credential(&view.id)).unwrap();
        for element in &detail.elements {
            let wrong = view.kind == MDL_DOC_TYPE && element.path.as_element().unwrap().1 == "sex";
            assert_eq!(
                element.warning.map(|code| code.as_str()),
                wrong.then_some("element_type"),
                "{:?}",
                element.path
            );
            assert!(!wrong || element.text.expose() == "2" && element.value.plain() == "2");
            assert!(!element.text.expose().is_empty());
        }
        assert_eq!(block_on(wallet.portrait(&view.id)).unwrap().unwrap().format, ImageFormat::Jpeg);
    }
    let rows = block_on(wallet.history(0, 10)).unwrap();
    let events = rows.iter().filter_map(rid_wallet::view::HistoryRow::event);
    let mut reasons: Vec<(&str, &str)> =
        events.map(|event| (event.elements[0].kind.as_str(), event.reason.as_str())).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, [("az.gov.rid.pid.1", ""), (MDL_DOC_TYPE, "element_type")]);
}

#[test]
fn std_m44_unticking_a_binding_portrait_shows_nothing_of_the_licence() {
    let (state, folder) = (state(), Folder::new("portrait"));
    let wallet = open(&state, &folder);
    fill(&wallet, &state, 2);
    let presentation = wallet.present().unwrap();
    let decide = |request: &ConsentRequest| agree_without(request, &["portrait"]);
    let (far, _) = drive(&state, &presentation, &decide, &ask(&["family_name", "portrait"]), 100);
    let verdict = far.unwrap().verdicts.remove(0);
    assert_eq!(verdict.code.map(|code| code.as_str()), Some("not_returned"));
    assert_eq!(left(&wallet, MDL_DOC_TYPE), 2);
    assert_eq!(presentations(&wallet), [HistoryOutcome::Refused]);
}

#[test]
fn neg_g20_an_answer_to_another_request_signs_nothing_and_the_question_stays() {
    let (state, folder) = (state(), Folder::new("binding"));
    let wallet = open(&state, &folder);
    fill(&wallet, &state, 2);
    let presentation = wallet.present().unwrap();
    let refused = std::cell::Cell::new(0);
    let decide = |request: &ConsentRequest| {
        let good = agree_without(request, &[]);
        let other_id = ConsentAnswer { id: "00".repeat(16), ..good.clone() };
        let other_hash = ConsentAnswer { hash: vec![0; 32], ..good.clone() };
        for wrong in [other_id, other_hash] {
            let error = presentation.answer(wrong).unwrap_err();
            assert_eq!(error.code().as_str(), "consent_binding");
            refused.set(refused.get() + 1);
        }
        assert_eq!(left(&wallet, MDL_DOC_TYPE), 2);
        good
    };
    let (far, _) = drive(&state, &presentation, &decide, &ask(&["family_name"]), 100);
    assert_eq!(refused.get(), 2);
    assert_eq!(far.unwrap().verdicts[0].decision, Decision::Accepted);
}

#[test]
fn inv_i3_killed_between_every_two_steps_a_copy_is_used_if_and_only_if_its_row_exists() {
    let state = state();
    let mut finished = false;
    for steps in 1.. {
        let folder = Folder::new(&format!("kill-{steps}"));
        let wallet = open(&state, &folder);
        fill(&wallet, &state, 2);
        let presentation = wallet.present().unwrap();
        let decide = |request: &ConsentRequest| agree_without(request, &[]);
        let (_, ended) = drive(&state, &presentation, &decide, &ask(&["family_name"]), steps);
        // The process dies here: nothing is closed, no farewell.
        drop((presentation, wallet));
        let wallet = reopen(&state, &folder);
        let used = 2 - left(&wallet, MDL_DOC_TYPE);
        let rows = presentations(&wallet);
        assert_eq!(used as usize, rows.len(), "after {steps} steps: {rows:?}");
        if ended {
            assert_eq!((used, rows), (1, vec![HistoryOutcome::Finished]));
            finished = true;
            break;
        }
    }
    assert!(finished);
}

/// The dropped store's thread lets go of its lock a moment later.
fn reopen(state: &TestState, folder: &Folder) -> Arc<Wallet> {
    for _ in 0..200 {
        match open_with(state, folder, Arc::new(StoppedClock(NOW))) {
            Ok(wallet) => return wallet,
            Err(error) => assert_eq!(error.code().as_str(), "storage_locked"),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the store stays locked");
}

#[test]
fn neg_g25_an_empty_pool_is_answered_as_not_held_and_low_water_is_told_before() {
    let (state, folder) = (state(), Folder::new("pool"));
    let wallet = open(&state, &folder);
    fill(&wallet, &state, 1);
    let decide = |request: &ConsentRequest| agree_without(request, &[]);
    let presentation = wallet.present().unwrap();
    drive(&state, &presentation, &decide, &ask(&["family_name"]), 100);
    let view = block_on(wallet.credentials()).unwrap();
    let licence = view.iter().find(|view| view.kind == MDL_DOC_TYPE).unwrap();
    assert!(licence.low_water);
    assert_eq!(licence.state, rid_wallet::view::CredentialState::Exhausted);
    let presentation = wallet.present().unwrap();
    let decide = |request: &ConsentRequest| {
        assert_eq!(request.documents[0].blocked.unwrap().as_str(), "credential_unavailable");
        agree_without(request, &[])
    };
    let (far, _) = drive(&state, &presentation, &decide, &ask(&["family_name"]), 100);
    assert_eq!(far.unwrap().verdicts[0].code.map(|code| code.as_str()), Some("not_returned"));
    assert_eq!(presentations(&wallet), [HistoryOutcome::Finished, HistoryOutcome::Refused]);
}

#[test]
fn locked_wallets_ask_to_be_unlocked_and_show_nothing_until_then() {
    let (state, folder) = (state(), Folder::new("lock"));
    let wallet = open(&state, &folder);
    fill(&wallet, &state, 2);
    wallet.lock();
    assert_eq!(wallet.lock_state(), LockState::Locked);
    assert_eq!(block_on(wallet.credentials()).unwrap_err(), WalletError::Locked);
    let presentation = wallet.present().unwrap();
    let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else { panic!("no QR") };
    let mut far = Far::scan(&state, &qr, ask(&["family_name"]));
    presentation.proceed().unwrap();
    presentation.connected(185).unwrap();
    presentation.received(far.to_wallet.remove(0)).unwrap();
    assert_eq!(block_on(presentation.next()).unwrap(), PresentationStep::Unlock);
    block_on(wallet.unlock()).unwrap();
    presentation.unlocked().unwrap();
    assert!(matches!(block_on(presentation.next()).unwrap(), PresentationStep::Ask { .. }));
    presentation.cancel();
    for _ in 0..3 {
        if let PresentationStep::Closed { code } = block_on(presentation.next()).unwrap() {
            assert_eq!(code.as_str(), "cancelled");
            return;
        }
        presentation.proceed().unwrap();
    }
    panic!("not closed");
}

#[test]
fn neg_k21_a_second_instance_is_refused_and_neg_m07_a_broken_clock_has_a_name() {
    let (state, folder) = (state(), Folder::new("second"));
    let wallet = open(&state, &folder);
    let second = open_with(&state, &folder, Arc::new(StoppedClock(NOW))).err().unwrap();
    assert_eq!(second.code().as_str(), "storage_locked");
    block_on(wallet.close()).unwrap();
    let broken = open_with(&state, &folder, Arc::new(broken_clock())).unwrap();
    assert_eq!(block_on(broken.credentials()).unwrap_err().code().as_str(), "clock");
    assert_eq!(broken.present().err().unwrap().code().as_str(), "clock");
}

#[test]
fn steps_out_of_turn_are_named_and_change_nothing() {
    let (state, folder) = (state(), Folder::new("turn"));
    let wallet = open(&state, &folder);
    let presentation = wallet.present().unwrap();
    assert_eq!(presentation.proceed().unwrap_err().code().as_str(), "not_asked");
    assert_eq!(presentation.unlocked().unwrap_err().code().as_str(), "not_asked");
    let first = block_on(presentation.next()).unwrap();
    assert_eq!(block_on(presentation.next()).unwrap(), first, "a step repeats until it was done");
    let answer = ConsentAnswer { id: String::new(), hash: vec![], decision: ConsentDecision::Refuse };
    assert_eq!(presentation.answer(answer).unwrap_err().code().as_str(), "not_asked");
    let unknown = block_on(wallet.accept("not an id", &[])).unwrap_err();
    assert_eq!(unknown.code().as_str(), "enrolment_unknown");
    let kind = block_on(wallet.enrol(&["passport".into()], 1, vec![], "sim".into())).unwrap_err();
    assert_eq!(kind.code().as_str(), "kind_unknown");
}
