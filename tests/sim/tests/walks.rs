//! Walks over good and bad links: nothing wrong is accepted, nothing hangs, and the same seed gives the same trace.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

use rid_claims::{ClaimPath, ClaimValue};
use rid_flow::HistoryOutcome;
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    request::{ItemsRequest, RequestedElement, RequestedNamespace},
};
use rid_sim::{Faults, Report, Scenario, SimRng, TestState, run};
use rid_verifier::view::Decision;
use rid_wire::cbor::{Limits, Value};

fn licence() -> Vec<ItemsRequest> {
    let element = |identifier: &str| RequestedElement { identifier: identifier.into(), intent_to_retain: false };
    vec![ItemsRequest {
        doc_type: MDL_DOC_TYPE.into(),
        namespaces: vec![RequestedNamespace {
            namespace: MDL_NAMESPACE.into(),
            elements: ["family_name", "portrait", "age_over_18"].map(element).into(),
        }],
    }]
}

fn scenario(seed: u64, faults: Faults) -> Scenario {
    Scenario { seed, mtu: 185, faults, items: licence(), agrees: true, signed: true }
}

fn play(scenario: &Scenario) -> Report {
    let mut state = TestState::make(2, &mut SimRng::new(scenario.seed)).unwrap();
    run(&mut state, scenario).unwrap()
}

/// What must hold after every run, however bad the link was.
fn invariants(report: &Report, scenario: &Scenario) {
    let trace = report.trace.join("\n");
    let seed = scenario.seed;
    assert!(report.holder_closed.is_some(), "seed {seed}: the holder hangs\n{trace}");
    assert!(report.reader_closed.is_some(), "seed {seed}: the reader hangs\n{trace}");
    assert!(!report.signed_before_commit, "seed {seed}: signed before the commit\n{trace}");
    assert!(report.signatures <= report.consumed, "seed {seed}: more signatures than copies\n{trace}");
    assert_eq!(report.rows.0 > 0, report.consumed > 0, "seed {seed}: copies and rows disagree\n{trace}");
    assert_eq!(report.outcomes.is_empty(), report.consumed == 0, "seed {seed}: a row stays started\n{trace}");
    let Some(verdict) = &report.verdict else { return };
    assert!(!report.outcomes.contains(&HistoryOutcome::Failed), "seed {seed}: failed after disclosure\n{trace}");
    if verdict.decision == Decision::Accepted {
        assert!(scenario.agrees, "seed {seed}: accepted what nobody agreed to");
        let truth = TestState::make(1, &mut SimRng::new(seed)).unwrap();
        let current = verdict.documents.iter().filter_map(|document| document.elements.current());
        for element in current.flat_map(|disclosed| &disclosed.issuer_signed) {
            assert_eq!(element.value, true_value(&truth, &element.path), "seed {seed}: a wrong value was accepted");
        }
    }
}

fn true_value(state: &TestState, path: &ClaimPath) -> ClaimValue {
    let (namespace, identifier) = path.as_element().unwrap();
    let bytes = state.true_value(MDL_DOC_TYPE, namespace, identifier).unwrap();
    ClaimValue::from_cbor(&Value::parse(bytes, Limits::ONLINE).unwrap())
}

#[test]
fn std_m42_a_good_link_ends_in_an_accepted_verdict_at_every_mtu() {
    for mtu in [23, 185, 517, u16::MAX] {
        let scenario = Scenario { mtu, ..scenario(7, Faults::default()) };
        let report = play(&scenario);
        invariants(&report, &scenario);
        let verdict = report.verdict.expect("a verdict");
        assert_eq!(verdict.decision, Decision::Accepted, "{:?} {}", verdict, report.trace.join("\n"));
        assert_eq!((report.signatures, report.consumed, report.rows), (1, 1, (1, 0)));
    }
}

#[test]
fn neg_g18_a_refusal_is_answered_like_a_document_not_held() {
    let refused = Scenario { agrees: false, ..scenario(8, Faults::default()) };
    let report = play(&refused);
    invariants(&report, &refused);
    let verdict = report.verdict.expect("a verdict");
    assert_eq!(verdict.code.map(|code| code.as_str()), Some("not_returned"));
    assert_eq!((report.signatures, report.consumed, report.rows), (0, 0, (0, 1)));
}

#[test]
fn same_seed_same_trace() {
    let faults = Faults { lose: 2, double: 2, reorder: 2, cut: 2, alter: 2, stall: 1, clock_jump: 5 };
    for seed in 0..20 {
        let scenario = scenario(seed, faults);
        assert_eq!(play(&scenario).trace, play(&scenario).trace, "seed {seed}");
    }
}

/// One kind of fault at a time, rare and frequent.
#[test]
fn neg_c14_faults_of_the_link_end_by_name_and_accept_nothing_wrong() {
    type Kind = fn(u8) -> Faults;
    let kinds: [(&str, Kind); 6] = [
        ("lose", |p| Faults { lose: p, ..Faults::default() }),
        ("double", |p| Faults { double: p, ..Faults::default() }),
        ("reorder", |p| Faults { reorder: p, ..Faults::default() }),
        ("cut", |p| Faults { cut: p, ..Faults::default() }),
        ("alter", |p| Faults { alter: p, ..Faults::default() }),
        ("stall", |p| Faults { stall: p, ..Faults::default() }),
    ];
    for (number, (name, kind)) in kinds.iter().enumerate() {
        for percent in [1, 10, 60] {
            for round in 0..6 {
                let seed = (number as u64) * 1_000 + u64::from(percent) * 10 + round;
                let scenario = scenario(seed, kind(percent));
                let report = play(&scenario);
                assert!(!report.trace.is_empty(), "{name}");
                invariants(&report, &scenario);
            }
        }
    }
}

#[test]
fn neg_k19_a_jumping_wall_clock_never_ends_a_session() {
    for seed in 0..40 {
        let scenario = scenario(seed, Faults { clock_jump: 60, ..Faults::default() });
        let report = play(&scenario);
        invariants(&report, &scenario);
        let ended = report.reader_closed.map(|code| code.as_str());
        assert_eq!(ended, Some("done"), "seed {seed}\n{}", report.trace.join("\n"));
        assert!(report.verdict.is_some(), "seed {seed}: no verdict");
    }
}

#[test]
fn everything_at_once() {
    let faults = Faults { lose: 3, double: 3, reorder: 3, cut: 2, alter: 2, stall: 1, clock_jump: 10 };
    for seed in 5_000..5_060 {
        let scenario = scenario(seed, faults);
        invariants(&play(&scenario), &scenario);
    }
}
