//! Both app facades over chunks, every await a place where the call may be dropped or interrupted.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

mod consent;
mod online;
mod policies;
mod signers;
mod slow;
mod use_cases;
mod walk;

use pollster::block_on;
use rid_flow::HistoryOutcome;
use rid_reader::{ReaderError, Reading, ReadingStep, view::Decision};
use rid_sim::{SimRng, TestState};
use rid_wallet::{PresentationStep, WalletError};

use slow::REFUSES;
use walk::{Cutter, Folder, ask, filled, open_wallet, outcomes, reader, used, walk, walk_asking};

#[test]
fn two_requests_in_one_session_over_chunks() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("two"));
    let (wallet, reader) = (filled(&state, &folder, 3), reader(&state));
    let walk = walk(&wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
    assert_eq!(walk.verdicts.iter().map(|v| v.decision).collect::<Vec<_>>(), [Decision::Accepted, Decision::Accepted]);
    assert_eq!(walk.verdicts[0].documents[0].elements.current().unwrap().issuer_signed.len(), 2);
    assert_eq!((walk.wallet_closed.as_deref(), walk.reader_closed.as_deref()), (Some("done"), Some("done")));
    assert_eq!((used(&wallet), walk.receipts), ((2, 2), 2));
}

#[test]
fn neg_q02_reader_facade_waits_for_what_is_not_optional() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("missing"));
    let (wallet, reader) = (filled(&state, &folder, 4), reader(&state));
    let cases: [(&[&str], Decision, usize); 2] = [
        (&["biometric_template_iris"], Decision::Undecided, 1),
        (&["biometric_template_iris?"], Decision::Accepted, 0),
    ];
    for (also, decision, missing) in cases {
        let walk = walk_asking(also, &wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
        assert_eq!((walk.verdicts[0].decision, walk.verdicts[0].documents[0].not_returned.len()), (decision, missing));
        assert_eq!(walk.verdicts[1].decision, Decision::Accepted);
    }
}

/// neg-M06: whichever await the call is dropped or interrupted at, nothing is lost and nothing used twice, and the
/// history says of each exchange that it was finished or failed (neg-C37).
#[test]
fn neg_m06_neg_c37_inv_i3_cut_at_every_await() {
    let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
    let mut finished = 0;
    for by_park in [false, true] {
        let folder = Folder::new(&format!("cut-{by_park}"));
        let (mut wallet, reader) = (filled(&state, &folder, 100), reader(&state));
        let mut answered = 0;
        for left in 0.. {
            let (before, _) = used(&wallet);
            let mut cutter = Cutter { left: Some(left), by_park, cut: false };
            let walk = walk(&wallet, &reader, &mut cutter);
            let (copies, rows) = used(&wallet);
            assert_eq!(copies as usize, rows, "cut at {left}: {walk:?}");
            answered += walk.verdicts.len();
            let (finished_rows, others): (Vec<_>, Vec<_>) =
                outcomes(&wallet).into_iter().partition(|outcome| *outcome == HistoryOutcome::Finished);
            assert_eq!(finished_rows.len(), answered, "cut at {left}: {walk:?}");
            assert!(others.iter().all(|outcome| *outcome == HistoryOutcome::Failed), "cut at {left}: {others:?}");
            if !cutter.cut {
                // Every await was cut once.
                assert!(left > 8, "{left} awaits");
                break;
            }
            if walk.wallet_closed.as_deref() == Some("interrupted") {
                assert!(walk.verdicts.len() < 2, "cut at {left}: {walk:?}");
            } else {
                finished += 1;
                assert_eq!((walk.verdicts.len(), copies - before), (2, 2), "cut at {left}: {walk:?}");
            }
            // The next start finds the store whole, whatever was cut.
            drop(wallet);
            wallet = open_wallet(&state, &folder);
            assert_eq!(used(&wallet), (copies, rows), "after the next start, cut at {left}");
        }
    }
    assert!(finished > 8, "most cuts do no harm at all: {finished}");
}

/// neg-M06: the enrolment that was cut cleans up after itself and says so, or goes on.
#[test]
fn neg_m06_an_enrolment_is_cut_at_every_await() {
    let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
    for left in 0.. {
        let folder = Folder::new(&format!("enrol-{left}"));
        let wallet = open_wallet(&state, &folder);
        let enrolling = wallet.enrolling(&["mdl".into()], 2, vec![7; 32], "sim".into()).unwrap();
        let mut cutter = Cutter { left: Some(left), by_park: left % 2 == 0, cut: false };
        let first = cutter.run(enrolling.next(), || enrolling.park());
        if !cutter.cut {
            assert!(left > 5 && matches!(first, Some(Ok(_))));
            break;
        }
        assert!(matches!(first, None | Some(Err(WalletError::Cancelled))), "{first:?}");
        match block_on(enrolling.next()) {
            Ok(enrolment) => assert!(!enrolment.message.is_empty()),
            Err(error) => {
                assert_eq!(error.code().as_str(), "interrupted");
                assert_eq!(block_on(enrolling.next()), Err(error), "said again at each call");
            }
        }
        drop((enrolling, wallet));
        assert!(block_on(open_wallet(&state, &folder).credentials()).unwrap().is_empty());
    }
}

#[test]
fn a_failed_exchange_is_in_the_history_as_failed() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("failed"));
    let (wallet, reader) = (filled(&state, &folder, 2), reader(&state));
    REFUSES.with(|refuses| refuses.set(true));
    let walk = walk(&wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
    REFUSES.with(|refuses| refuses.set(false));
    assert_eq!((walk.wallet_closed.as_deref(), walk.verdicts.len()), (Some("key_cancelled"), 0));
    let rows = block_on(wallet.history(0, 10)).unwrap();
    assert_eq!(rows.last().and_then(|row| row.event()).map(|event| event.outcome), Some(HistoryOutcome::Failed));
    assert_eq!(used(&wallet), (1, 1), "a copy once begun with is never used again");
}

#[test]
fn cancelled_sessions_are_over_by_name_and_sign_nothing() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("cancel"));
    let (wallet, reader) = (filled(&state, &folder, 2), reader(&state));
    let presentation = wallet.present().unwrap();
    let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else { panic!("a QR code") };
    let reading = reader.read(&qr, &ask(&["family_name"])).unwrap();
    presentation.cancel();
    reading.cancel();
    assert_eq!(block_on(presentation.next()), Ok(PresentationStep::Closed { code: rid_wire::Code::new("cancelled") }));
    assert_eq!(block_on(reading.next()), Ok(ReadingStep::Closed { code: rid_wire::Code::new("cancelled") }));
    let closed = |error: WalletError| error.code().as_str().to_owned();
    assert_eq!(presentation.proceed().map_err(closed), Err("not_asked".into()));
    assert_eq!((presentation.received_chunk(&[0, 1]), reading.tick()), (Ok(()), Ok(())));
    assert_eq!(reading.ask(&ask(&["family_name"])).unwrap_err().code().as_str(), "session_closed");
    assert_eq!(used(&wallet), (0, 0));
}

#[test]
fn neg_c14_a_bad_chunk_ends_the_session_by_name() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("chunk"));
    let (wallet, reader) = (filled(&state, &folder, 2), reader(&state));
    for chunk in [&[][..], &[2, 1], &[1]] {
        let presentation = wallet.present().unwrap();
        let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else {
            panic!("a QR code")
        };
        let reading = reader.read(&qr, &ask(&["family_name"])).unwrap();
        assert_eq!(presentation.received_chunk(chunk).unwrap_err().code().as_str(), "transport_limit");
        assert_eq!(reading.received_chunk(chunk).unwrap_err().code().as_str(), "transport_limit");
        let code = rid_wire::Code::new("transport_limit");
        assert_eq!(block_on(presentation.next()), Ok(PresentationStep::Closed { code }));
        assert_eq!(block_on(reading.next()), Ok(ReadingStep::Closed { code }));
    }
}

/// An MTU below the smallest of BLE is an error when the link comes up: nothing is asked, used or sent, and the
/// session goes on.
#[test]
fn std_m47_mtu_below_23_is_refused_before_a_copy_is_used() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("mtu"));
    let (wallet, reader) = (filled(&state, &folder, 2), reader(&state));
    let presentation = wallet.present().unwrap();
    let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else { panic!("a QR code") };
    let reading = reader.read(&qr, &ask(&["family_name"])).unwrap();
    assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Connect { .. })));
    presentation.proceed().unwrap();
    for mtu in [0, 3, 22] {
        assert_eq!(presentation.connected(mtu).unwrap_err().code().as_str(), "transport_mtu");
        assert_eq!(reading.connected(mtu).unwrap_err().code().as_str(), "transport_mtu");
    }
    assert!(matches!(block_on(presentation.next()), Ok(PresentationStep::Wait { .. })));
    assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Connect { .. })), "still to be done");
    assert_eq!(used(&wallet), (0, 0));
    // What Android reports, and the smallest.
    presentation.connected(517).unwrap();
    reading.connected(23).unwrap();
    let ReadingStep::Send { message } = block_on(reading.next()).unwrap() else { panic!("the request") };
    assert_eq!(reading.chunks(22).unwrap_err().code().as_str(), "transport_mtu");
    for chunk in reading.chunks(517).unwrap() {
        assert!(chunk.len() <= 512);
        presentation.received_chunk(&chunk).unwrap();
    }
    assert!(message.len() > 512, "several chunks");
    assert!(matches!(block_on(presentation.next()), Ok(PresentationStep::Ask { .. })));
}

#[test]
fn what_an_app_asks_wrongly_is_named() {
    let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
    let reader = reader(&state);
    let code = |result: Result<Reading, ReaderError>| result.map(|_| ()).unwrap_err().code().as_str().to_owned();
    assert_eq!(code(reader.read("mdoc:", &[])), "ask_invalid");
    for qr in ["", "mdoc:", "https://x", "mdoc:AA", &format!("mdoc:{}", "A".repeat(100_000))] {
        assert!(matches!(reader.read(qr, &ask(&["family_name"])), Err(ReaderError::BadInput { .. })), "{qr:.20}");
    }
}
