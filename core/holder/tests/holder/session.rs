//! Messages of the link: establishment, order, encryption, time (neg-C01 to neg-C07, C14, C15).
use rid_crypto::AgreementKey;
use rid_flow::{HistoryOutcome, Input, LinkEvent, Session};
use rid_holder::{
    consent::Requester,
    proximity::{CloseReason, Misuse},
};
use rid_mdoc::session::{SessionData, SessionEstablishment, Status, key_bytes};
use rid_wire::{
    cbor::{Encoder, Limits},
    cose,
};

use crate::{
    reader::{Reader, Wanted},
    wallet::Wallet,
    world::{MDL, NS, profile},
};

const NAMES: &[Wanted<'_>] = &[(NS, "family_name", false)];

/// The status of the last message, which carries no data.
fn last_status(wallet: &Wallet) -> Option<Status> {
    let data = SessionData::parse(wallet.sent.last()?, Limits::PROXIMITY).unwrap();
    assert_eq!(data.data, None);
    data.status
}

fn asked(wallet: &mut Wallet) -> Reader {
    let mut reader = wallet.connect();
    let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
    let message = reader.establish(&request);
    wallet.deliver(message);
    reader
}

/// One exchange is over; the session stands.
fn served(wallet: &mut Wallet) -> Reader {
    let mut reader = asked(wallet);
    let yes = wallet.yes();
    wallet.say(yes);
    reader.open(wallet.sent.last().unwrap());
    reader
}

/// After an exchange: what follows changes nothing more, and a new session serves.
fn after_exchange(code: &str, run: impl FnOnce(&mut Wallet, &mut Reader)) {
    let mut wallet = Wallet::new();
    let mut reader = served(&mut wallet);
    wallet.receipts.clear();
    wallet.ends_by(code, |wallet| run(wallet, &mut reader));
}

fn tagged(inner: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.tagged(inner);
    encoder.finish()
}

#[test]
fn std_m42_one_session_serves_several_requests_until_status_20() {
    let mut wallet = Wallet::new();
    let mut reader = served(&mut wallet);
    for round in 2..=3_u32 {
        let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
        let message = reader.next(&request);
        wallet.deliver(message);
        let yes = wallet.yes();
        wallet.say(yes);
        let response = reader.open(wallet.sent.last().unwrap()).0.unwrap();
        assert_eq!(reader.judge(&response, &wallet.pki.issuers()).len(), 1);
        assert_eq!(wallet.ports.signatures, round);
    }
    let sent = wallet.sent.len();
    wallet.deliver(SessionData::encode(None, Some(Status::Termination)));
    assert_eq!(wallet.closed, Some(CloseReason::Done));
    assert_eq!(wallet.sent.len(), sent, "nothing answers an end");
}

#[test]
fn std_m42_an_error_status_of_the_peer_ends_the_session_also_while_the_person_is_asked() {
    for status in [Status::EncryptionError, Status::CborError, Status::Termination, Status::Other(99)] {
        let mut wallet = Wallet::new();
        wallet.ends_by("session_terminated", |wallet| {
            asked(wallet);
            wallet.deliver(SessionData::encode(None, Some(status)));
        });
    }
}

#[test]
fn neg_c01_a_reader_key_of_another_curve_or_off_the_curve() {
    let p256 = |x: [u8; 32], y: [u8; 32]| {
        cose::Key::Ec2 { crv: 1, x: x.to_vec().into(), y: Some(y.to_vec().into()), sign: None }.encode()
    };
    let p384 = cose::Key::Ec2 { crv: 2, x: vec![1; 48].into(), y: Some(vec![1; 48].into()), sign: None }.encode();
    let ed25519 = cose::Key::Okp { crv: 6, x: vec![1; 32].into() }.encode();
    for key in [p256([1; 32], [1; 32]), p256([0; 32], [0; 32]), p384, ed25519] {
        let mut wallet = Wallet::new();
        wallet.ends_by("session_key_invalid", |wallet| {
            wallet.connect();
            wallet.deliver(SessionEstablishment::encode(&tagged(&key), &[0; 32]));
            assert_eq!(last_status(wallet), Some(Status::EncryptionError));
            assert_eq!(wallet.trace, ["advertise", "send", "close"]);
        });
    }
}

#[test]
fn neg_c02_data_before_establishment() {
    let mut wallet = Wallet::new();
    wallet.ends_by("session_state", |wallet| {
        wallet.connect();
        wallet.deliver(SessionData::encode(Some(&[0; 32]), None));
        assert_eq!(last_status(wallet), Some(Status::Termination));
    });
}

#[test]
fn neg_c02_a_second_establishment_while_asking_and_after_an_exchange() {
    let mut wallet = Wallet::new();
    wallet.ends_by("session_state", |wallet| {
        let mut reader = asked(wallet);
        let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
        wallet.deliver(reader.establish(&request));
        assert_eq!(last_status(wallet), Some(Status::Termination));
    });
    after_exchange("session_state", |wallet, reader| {
        let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
        wallet.deliver(reader.establish(&request));
    });
}

#[test]
fn neg_c02_a_second_request_before_the_answer() {
    let mut wallet = Wallet::new();
    wallet.ends_by("session_state", |wallet| {
        let mut reader = asked(wallet);
        let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
        wallet.deliver(reader.next(&request));
    });
}

#[test]
fn neg_c03_a_replayed_ciphertext() {
    after_exchange("session_decrypt", |wallet, reader| {
        let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
        let message = reader.next(&request);
        wallet.deliver(message.clone());
        let no = wallet.no();
        // Answered once: that the vault then holds a refusal is not of this case.
        let vault = wallet.vault.clone();
        wallet.say(no);
        wallet.vault = vault;
        wallet.receipts.clear();
        wallet.deliver(message);
        assert_eq!(last_status(wallet), Some(Status::EncryptionError));
    });
}

#[test]
fn neg_c03_a_changed_ciphertext_in_the_first_message() {
    for flip in [0_usize, 40] {
        let mut wallet = Wallet::new();
        wallet.ends_by("session_decrypt", |wallet| {
            let mut reader = wallet.connect();
            let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
            let mut message = reader.establish(&request);
            let place = message.len() - 1 - flip;
            message[place] ^= 1;
            wallet.deliver(message);
            assert_eq!(last_status(wallet), Some(Status::EncryptionError));
        });
    }
}

#[test]
fn neg_c04_the_counter_never_wraps() {
    after_exchange("session_counter_exhausted", |wallet, reader| {
        wallet.session.dangerous_set_counters(1, u32::MAX);
        let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
        wallet.deliver(reader.next(&request));
        assert_eq!(last_status(wallet), Some(Status::EncryptionError));
    });
}

#[test]
fn neg_c05_an_own_message_reflected() {
    after_exchange("session_decrypt", |wallet, _| {
        let own = wallet.sent.last().unwrap().clone();
        wallet.deliver(own);
    });
}

#[test]
fn neg_c07_the_transcript_holds_the_reader_key_as_received() {
    // The same key with its members in another order, a longer head and a member nobody knows.
    let mut wallet = Wallet::new();
    wallet.handle(Input::Link(LinkEvent::Up)).unwrap();
    let key = AgreementKey::make(&mut wallet.rng);
    let point = key.public().to_bytes();
    let mut cose = Encoder::new();
    cose.map(5).int(-3).bytes(&point[33..]).int(-2).bytes(&point[1..33]).int(-1).raw(&[0x18, 0x01]).int(1).int(2);
    cose.int(-70_000).text("x");
    let odd = tagged(&cose.finish());
    assert_ne!(odd, key_bytes(&key.public()));
    let mut reader = Reader::with_key_bytes(&wallet.engagement, key, odd);
    let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
    let message = reader.establish(&request);
    wallet.deliver(message);
    assert!(matches!(wallet.question.as_ref().unwrap().requester, Requester::Known(_)));
    let yes = wallet.yes();
    wallet.say(yes);
    let response = reader.open(wallet.sent.last().unwrap()).0.unwrap();
    assert_eq!(reader.judge(&response, &wallet.pki.issuers()).len(), 1);
}

/// Readers in the field drop the leading zeros of a coordinate: the session goes on, and the question says so.
#[test]
fn std_m42_a_reader_key_with_a_short_coordinate_is_read_with_a_warning() {
    let mut wallet = Wallet::new();
    wallet.handle(Input::Link(LinkEvent::Up)).unwrap();
    let key = loop {
        let key = AgreementKey::make(&mut wallet.rng);
        if key.public().to_bytes()[1] == 0 {
            break key;
        }
    };
    let point = key.public().to_bytes();
    let mut cose = Encoder::new();
    cose.map(4).int(1).int(2).int(-1).int(1).int(-2).bytes(&point[2..33]).int(-3).bytes(&point[33..]);
    let mut reader = Reader::with_key_bytes(&wallet.engagement, key, tagged(&cose.finish()));
    let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
    let message = reader.establish(&request);
    wallet.deliver(message);
    let question = wallet.question.as_ref().unwrap();
    assert!(matches!(question.requester, Requester::Known(_)));
    assert_eq!(question.warnings.iter().map(|code| code.as_str()).collect::<Vec<_>>(), ["key_coordinate_short"]);
    let yes = wallet.yes();
    wallet.say(yes);
    let response = reader.open(wallet.sent.last().unwrap()).0.unwrap();
    assert_eq!(reader.judge(&response, &wallet.pki.issuers()).len(), 1);
}

#[test]
fn neg_c07_a_reader_that_encodes_its_key_again_derives_other_keys() {
    let mut wallet = Wallet::new();
    wallet.ends_by("session_decrypt", |wallet| {
        wallet.handle(Input::Link(LinkEvent::Up)).unwrap();
        let key = AgreementKey::make(&mut wallet.rng);
        let canonical = key_bytes(&key.public());
        let mut odd = canonical.clone();
        // 0x58 len -> 0x59 00 len: a longer head of the byte string in tag 24.
        odd.splice(2..3, [0x59, 0x00]);
        let mut reader = Reader::with_key_bytes(&wallet.engagement, key, canonical);
        let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
        reader.key_bytes = odd;
        wallet.deliver(reader.establish(&request));
    });
}

#[test]
fn neg_c14_silence_of_30_seconds_before_the_first_message() {
    let seconds = u64::from(profile().rules().link_seconds);
    let mut wallet = Wallet::new();
    wallet.ends_by("transport_timeout", |wallet| {
        wallet.connect();
        assert_eq!(wallet.session.deadline(), Some(wallet.uptime.plus_seconds(seconds)));
        wallet.pass_seconds(seconds - 1);
        wallet.handle(Input::Tick).unwrap();
        assert_eq!(wallet.closed, None);
        wallet.pass_seconds(1);
        wallet.handle(Input::Tick).unwrap();
        assert!(wallet.sent.is_empty(), "no keys, no status");
    });
}

#[test]
fn neg_c14_silence_after_an_exchange_ends_with_status_20() {
    after_exchange("done", |wallet, _| {
        wallet.pass_seconds(profile().rules().link_seconds.into());
        wallet.handle(Input::Tick).unwrap();
        assert_eq!(last_status(wallet), Some(Status::Termination));
    });
}

#[test]
fn neg_c14_a_message_that_comes_after_the_deadline_is_not_served() {
    let mut wallet = Wallet::new();
    wallet.ends_by("transport_timeout", |wallet| {
        let mut reader = wallet.connect();
        let request = reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]);
        wallet.pass_seconds(profile().rules().link_seconds.into());
        wallet.deliver(reader.establish(&request));
    });
}

#[test]
fn neg_c14_neg_a15_a_message_over_1_mib() {
    let mut wallet = Wallet::new();
    wallet.ends_by("input_too_large", |wallet| {
        wallet.connect();
        wallet.deliver(vec![0; (1 << 20) + 1]);
    });
    after_exchange("input_too_large", |wallet, _| wallet.deliver(vec![0; (1 << 20) + 1]));
}

#[test]
fn neg_c15_an_answer_after_the_consent_expired() {
    for ticked in [true, false] {
        let mut wallet = Wallet::new();
        wallet.ends_by("consent_expired", |wallet| {
            let seconds = u64::from(profile().rules().consent_seconds);
            asked(wallet);
            let yes = wallet.yes();
            wallet.pass_seconds(seconds - 1);
            wallet.handle(Input::Tick).unwrap();
            assert_eq!(wallet.closed, None);
            wallet.pass_seconds(1);
            if ticked {
                wallet.handle(Input::Tick).unwrap();
            }
            assert_eq!(wallet.handle(Input::Answer(yes)), Err(Misuse::Closed));
            wallet.run();
            assert_eq!(last_status(wallet), Some(Status::Termination));
            assert_eq!(wallet.ports.prompts, 0);
        });
    }
}

#[test]
fn a_jump_of_the_wall_clock_ends_no_session() {
    let mut wallet = Wallet::new();
    let mut reader = asked(&mut wallet);
    let now = wallet.now;
    for days in [10_000, -10_000] {
        wallet.now = now.plus_days(days);
        wallet.handle(Input::Tick).unwrap();
        assert_eq!(wallet.closed, None);
    }
    let yes = wallet.yes();
    wallet.say(yes);
    let response = reader.open(wallet.sent.last().unwrap()).0.unwrap();
    assert_eq!(reader.judge(&response, &wallet.pki.issuers()).len(), 1);
}

#[test]
fn a_broken_link_ends_the_session_in_every_state() {
    let steps: [fn(&mut Wallet); 3] = [|_| (), |wallet| _ = wallet.connect(), |wallet| _ = asked(wallet)];
    for step in steps {
        let mut wallet = Wallet::new();
        wallet.ends_by("transport_disconnected", |wallet| {
            step(wallet);
            wallet.handle(Input::Link(LinkEvent::Down)).unwrap();
            assert!(wallet.sent.is_empty());
        });
    }
    let mut wallet = Wallet::new();
    served(&mut wallet);
    wallet.handle(Input::Link(LinkEvent::Down)).unwrap();
    assert_eq!((wallet.code(), wallet.sent.len(), wallet.receipts.len()), ("done", 1, 1));
}

#[test]
fn a_cancelled_session_tells_the_peer_once_there_are_keys() {
    let mut wallet = Wallet::new();
    wallet.ends_by("cancelled", |wallet| {
        wallet.connect();
        wallet.cancel();
        assert!(wallet.sent.is_empty());
    });
    wallet.restart();
    asked(&mut wallet);
    wallet.cancel();
    assert_eq!((wallet.code(), last_status(&wallet)), ("cancelled", Some(Status::Termination)));
    wallet.cancel();
    assert_eq!(wallet.sent.len(), 1, "told once");
}

#[test]
fn every_session_has_its_own_key_and_uuids() {
    let mut wallet = Wallet::new();
    let first = wallet.engagement.clone();
    wallet.restart();
    let parse = |bytes: &[u8]| rid_mdoc::engagement::Engagement::parse(bytes).unwrap();
    let (first, second) = (parse(&first), parse(&wallet.engagement));
    assert!(first.e_device_key() != second.e_device_key());
    assert_ne!(first.methods(), second.methods());
    assert_eq!(first.version(), "1.0");
}

#[test]
fn a_refusal_is_written_before_it_is_sent() {
    let mut wallet = Wallet::new();
    asked(&mut wallet);
    let no = wallet.no();
    wallet.say(no);
    assert_eq!(wallet.trace[4..], ["unlock", "commit", "send", "finished"]);
    assert_eq!(wallet.vault.history[0].outcome, HistoryOutcome::Refused);
}
