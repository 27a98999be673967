//! Session encryption.
use rid_mdoc::session::{Role, SessionCipher, SessionError};

use crate::{annex_d_key, annex_d_transcript};

/// Both sides of one session.
fn pair() -> (SessionCipher, SessionCipher) {
    let (device, reader) = (annex_d_key("EPHEMERAL_DEVICE_KEY_D"), annex_d_key("EPHEMERAL_READER_KEY_D"));
    let transcript = annex_d_transcript();
    (
        SessionCipher::derive(Role::Mdoc, &device.agree(&reader.public()).expect("one curve"), &transcript),
        SessionCipher::derive(Role::Reader, &reader.agree(&device.public()).expect("one curve"), &transcript),
    )
}

/// Asserts that both directions fail after an error.
fn assert_over(cipher: &mut SessionCipher, valid: &[u8]) {
    assert_eq!(cipher.decrypt(valid), Err(SessionError::Decrypt));
    assert_eq!(cipher.encrypt(b"more"), Err(SessionError::State));
}

#[test]
fn std_m42_many_messages_each_way() {
    let (mut mdoc, mut reader) = pair();
    for number in 0..5_u8 {
        let sealed = reader.encrypt(&[number; 100]).expect("sealed");
        assert_eq!(mdoc.decrypt(&sealed), Ok(vec![number; 100]));
        let sealed = mdoc.encrypt(&[number]).expect("sealed");
        assert_eq!(reader.decrypt(&sealed), Ok(vec![number]));
    }
    let empty = mdoc.encrypt(b"").expect("sealed");
    assert_eq!(reader.decrypt(&empty), Ok(vec![]));
}

#[test]
fn neg_c03_replayed() {
    let (mut mdoc, mut reader) = pair();
    let first = reader.encrypt(b"first").expect("sealed");
    let second = reader.encrypt(b"second").expect("sealed");
    assert!(mdoc.decrypt(&first).is_ok());
    let error = mdoc.decrypt(&first).expect_err("a replay");
    assert_eq!(error.code().as_str(), "session_decrypt");
    assert_over(&mut mdoc, &second);
}

#[test]
fn neg_c03_dropped_or_reordered() {
    let (mut mdoc, mut reader) = pair();
    let first = reader.encrypt(b"first").expect("sealed");
    let second = reader.encrypt(b"second").expect("sealed");
    assert_eq!(mdoc.decrypt(&second), Err(SessionError::Decrypt));
    assert_over(&mut mdoc, &first);
}

#[test]
fn neg_c03_damaged() {
    for damage in 0..6_usize {
        let (mut mdoc, mut reader) = pair();
        let mut sealed = reader.encrypt(b"the request").expect("sealed");
        let valid = sealed.clone();
        match damage {
            0 => sealed[0] ^= 1,
            1 => sealed[12] ^= 0x80,
            2 => sealed.truncate(26),
            3 => sealed.truncate(15),
            4 => sealed.clear(),
            _ => sealed.push(0),
        }
        assert_eq!(mdoc.decrypt(&sealed), Err(SessionError::Decrypt), "{damage}");
        assert_over(&mut mdoc, &valid);
    }
}

#[test]
fn neg_c04_the_last_counter() {
    let (mut mdoc, mut reader) = pair();
    mdoc.dangerous_set_counters(0, u32::MAX - 1);
    reader.dangerous_set_counters(u32::MAX - 1, 0);
    let last = reader.encrypt(b"last").expect("counter 2^32-1");
    assert_eq!(mdoc.decrypt(&last), Ok(b"last".to_vec()));
    let error = reader.encrypt(b"one too many").expect_err("no counter left");
    assert_eq!(error.code().as_str(), "session_counter_exhausted");
    assert_eq!(mdoc.decrypt(&last).expect_err("no counter left").code().as_str(), "session_counter_exhausted");
    assert_over(&mut reader, &[]);
    assert_over(&mut mdoc, &last);
}

#[test]
fn neg_c05_reflected() {
    let (mut mdoc, mut reader) = pair();
    let own = reader.encrypt(b"the request").expect("sealed");
    assert_eq!(reader.decrypt(&own).expect_err("its own").code().as_str(), "session_decrypt");
    let own = mdoc.encrypt(b"the response").expect("sealed");
    assert_eq!(mdoc.decrypt(&own), Err(SessionError::Decrypt));
}

#[test]
fn neg_c05_both_in_the_same_role() {
    let (mut mdoc, _) = pair();
    let (mut other, _) = pair();
    let sealed = mdoc.encrypt(b"hello").expect("sealed");
    assert_eq!(other.decrypt(&sealed), Err(SessionError::Decrypt));
}

#[test]
fn neg_c07_keys_depend_on_the_transcript() {
    let (_, mut reader) = pair();
    let (device, peer) = (annex_d_key("EPHEMERAL_DEVICE_KEY_D"), annex_d_key("EPHEMERAL_READER_KEY_D"));
    let parts = annex_d_transcript();
    let engagement = &parts.parts().device_engagement.expect("there")[4..];
    let transcript = rid_mdoc::transcript::Transcript::qr(engagement, parts.parts().e_reader_key.expect("there"));
    let secret = device.agree(&peer.public()).expect("one curve");
    let mut mdoc = SessionCipher::derive(Role::Mdoc, &secret, &transcript);
    let sealed = reader.encrypt(b"hello").expect("sealed");
    assert_eq!(mdoc.decrypt(&sealed), Err(SessionError::Decrypt));
}
