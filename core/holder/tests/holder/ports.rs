//! Ports that fail: nothing is disclosed, and what is written says so.
use rid_flow::{
    CredentialId, Input, LinkEvent, Reply,
    ports::{SecureAreaError, StorageError},
};
use rid_holder::proximity::Misuse;
use rid_mdoc::session::{SessionData, Status};
use rid_wire::cbor::Limits;

use crate::{
    wallet::Wallet,
    world::{MDL, NS, PID, SeededRng, licence, mint},
};

fn asked(wallet: &mut Wallet) {
    let mut reader = wallet.connect();
    let request = reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "family_name", false)])]);
    wallet.deliver(reader.establish(&request));
}

fn agreed(wallet: &mut Wallet) {
    asked(wallet);
    let yes = wallet.yes();
    wallet.say(yes);
}

fn only_status_20(wallet: &Wallet) {
    let [message] = wallet.sent.as_slice() else { panic!("one message") };
    let data = SessionData::parse(message, Limits::PROXIMITY).unwrap();
    assert_eq!((data.data, data.status), (None, Some(Status::Termination)));
}

#[test]
fn a_wallet_that_stays_locked_matches_nothing() {
    let mut wallet = Wallet::new();
    wallet.ends_by("locked", |wallet| {
        wallet.ports.locked = true;
        asked(wallet);
        assert_eq!(wallet.trace, ["advertise", "unlock", "send", "close"]);
        only_status_20(wallet);
    });
}

#[test]
fn a_wallet_locked_while_the_person_was_asked_commits_nothing() {
    let mut wallet = Wallet::new();
    wallet.ends_by("locked", |wallet| {
        asked(wallet);
        wallet.ports.locked = true;
        let yes = wallet.yes();
        wallet.say(yes);
        only_status_20(wallet);
    });
}

#[test]
fn neg_k24_storage_errors_end_the_session_before_any_signature() {
    let cases = [
        (StorageError::Exhausted, "credential_unavailable"),
        (StorageError::Full, "storage_full"),
        (StorageError::Io, "storage_io"),
        (StorageError::ReadOnly, "storage_readonly"),
        (StorageError::Locked, "storage_locked"),
        (StorageError::Damaged, "storage_corrupt"),
    ];
    for (error, code) in cases {
        let mut wallet = Wallet::new();
        wallet.ends_by(code, |wallet| {
            wallet.ports.storage = Some(error);
            agreed(wallet);
            assert_eq!(wallet.ports.prompts, 0);
            only_status_20(wallet);
        });
    }
}

#[test]
fn a_pool_emptied_while_the_person_was_asked_is_credential_unavailable() {
    let mut wallet = Wallet::new();
    asked(&mut wallet);
    wallet.vault.held.get_mut(&CredentialId("licence".into())).unwrap().copies.clear();
    let yes = wallet.yes();
    wallet.say(yes);
    assert_eq!((wallet.code(), wallet.ports.prompts), ("credential_unavailable", 0));
    assert!(wallet.vault.history.is_empty());
}

#[test]
fn refusals_of_the_secure_area_end_the_session_by_name() {
    let cases = [
        // The port itself has retried by then (RetryingSecureArea).
        (SecureAreaError::Busy, "key_busy"),
        (SecureAreaError::Cancelled, "key_cancelled"),
        (SecureAreaError::Invalidated, "key_invalidated"),
        (SecureAreaError::Locked, "key_locked"),
        (SecureAreaError::NotFound, "key_not_found"),
        (SecureAreaError::Unavailable, "key_unavailable"),
    ];
    for (error, code) in cases {
        let mut wallet = Wallet::new();
        wallet.ports.keys = [error].into();
        agreed(&mut wallet);
        assert_eq!((wallet.code(), wallet.ports.signatures), (code, 0));
        only_status_20(&wallet);
        wallet.restart();
        wallet.serves();
    }
}

#[test]
fn a_refusal_at_the_second_document_sends_neither() {
    let mut wallet = Wallet::new();
    let mut reader = wallet.connect();
    let card: &[_] = &[(crate::world::PID_NAMESPACE, "family_name_unicode", false)];
    let request = reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "family_name", false)]), (PID, card)]);
    wallet.deliver(reader.establish(&request));
    // The first use succeeds, the second does not.
    wallet.ports.keys = [].into();
    let yes = wallet.yes();
    let before = wallet.ports.signatures;
    let lost = wallet.vault.held[&CredentialId("card".into())].copies.last().unwrap().0.clone();
    wallet.lose_key(&lost);
    wallet.say(yes);
    assert_eq!((wallet.code(), wallet.ports.signatures), ("key_not_found", before + 1));
    only_status_20(&wallet);
}

#[test]
fn a_signature_by_another_key_is_not_sent() {
    let mut wallet = Wallet::new();
    wallet.ports.wrong_key = true;
    agreed(&mut wallet);
    assert_eq!(wallet.code(), "device_key_mismatch");
    only_status_20(&wallet);
}

#[test]
fn a_damaged_copy_is_neither_signed_nor_sent() {
    type Spoil = fn(&mut Wallet) -> Vec<u8>;
    let cases: [(&str, Spoil); 3] = [
        // neg-B01 before every presentation: a byte of an element value.
        ("mdoc_digest_mismatch", |wallet| {
            let mut bytes = wallet.vault.held[&CredentialId("licence".into())].copies.last().unwrap().1.clone();
            let place = bytes.windows(8).position(|window| window == b"AZ000000").unwrap();
            bytes[place] ^= 1;
            bytes
        }),
        ("cbor_truncated", |wallet| {
            let bytes = &wallet.vault.held[&CredentialId("licence".into())].copies.last().unwrap().1;
            bytes[..bytes.len() - 1].to_vec()
        }),
        ("mdoc_doctype_mismatch", |wallet| {
            let key = rid_crypto::SigningKey::make(&mut wallet.rng).public();
            mint(&wallet.pki.signer, PID, &licence(), &key, &mut SeededRng::new(1))
        }),
    ];
    for (code, spoil) in cases {
        // Before the question it is named, and answered like a document not held.
        let mut wallet = Wallet::new();
        let bytes = spoil(&mut wallet);
        wallet.vault.held.get_mut(&CredentialId("licence".into())).unwrap().copies.last_mut().unwrap().1 =
            bytes.clone();
        agreed(&mut wallet);
        assert_eq!(wallet.question.as_ref().unwrap().documents[0].blocked.unwrap().as_str(), code);
        assert_eq!((wallet.receipts[0].disclosed, wallet.ports.prompts, wallet.closed), (false, 0, None));
        // After it nothing is signed.
        let mut wallet = Wallet::new();
        asked(&mut wallet);
        wallet.vault.held.get_mut(&CredentialId("licence".into())).unwrap().copies.last_mut().unwrap().1 = bytes;
        let yes = wallet.yes();
        wallet.say(yes);
        assert_eq!((wallet.code(), wallet.ports.prompts), (code, 0));
        only_status_20(&wallet);
        // The damaged copy is used up; the next serves.
        wallet.restart();
        wallet.serves();
    }
}

#[test]
fn an_expired_credential_is_presented_for_the_reader_to_judge() {
    let mut wallet = Wallet::new();
    wallet.now = wallet.now.plus_days(60);
    agreed(&mut wallet);
    assert!(wallet.receipts[0].disclosed);
}

#[test]
fn answers_to_nothing_asked_change_nothing() {
    let mut wallet = Wallet::new();
    asked(&mut wallet);
    let inputs = || {
        [
            Input::Link(LinkEvent::Up),
            Input::Unlocked(true),
            Input::Unlocked(false),
            Input::Done(Reply::Found(Ok(rid_flow::Holdings { credentials: vec![], latest_signed: None }))),
            Input::Done(Reply::Found(Err(StorageError::Io))),
            Input::Link(LinkEvent::Sent),
            Input::Done(Reply::Committed(Ok(rid_flow::Committed::default()))),
            Input::Done(Reply::Committed(Err(StorageError::Full))),
            Input::Done(Reply::Signed(Ok([0; 64]))),
            Input::Done(Reply::Signed(Err(SecureAreaError::Busy))),
            Input::Done(Reply::Agreed(Err(SecureAreaError::Busy))),
            Input::Done(Reply::Fetched(Err(rid_flow::ports::HttpError::Offline))),
        ]
    };
    for input in inputs() {
        assert_eq!(wallet.handle(input), Err(Misuse::NotAsked));
    }
    let yes = wallet.yes();
    wallet.say(yes);
    assert!(wallet.receipts[0].disclosed);
    for input in inputs() {
        assert_eq!(wallet.handle(input), Err(Misuse::NotAsked));
    }
    assert_eq!(wallet.closed, None);
}
