//! Transcripts of online presentation, and the messages of ISO/IEC TS 18013-7 Annex C.
use proptest::prelude::*;
use rid_crypto::{AgreementKey, Curve};
use rid_kit::vector;
use rid_mdoc::{
    MdocError,
    handover::{
        OnlineHandover,
        annex_c::{self, EncryptionInfo},
    },
};
use rid_wire::{base64, cbor::Encoder, hex};
use serde_json::Value;

fn key(byte: u8) -> AgreementKey {
    AgreementKey::from_scalar(Curve::P256, &[byte; 32]).expect("a scalar")
}

/// OpenID4VP 1.0, Appendix B.2.6: info, handover and transcript, byte for byte.
#[test]
fn std_m24_transcripts_of_appendix_b() {
    let all: Value = serde_json::from_slice(&vector("openid4vp-1.0/session_transcript_appendix_b.json")).expect("JSON");
    for (case, name) in [("redirect", "OpenID4VPHandover"), ("dcapi", "OpenID4VPDCAPIHandover")] {
        let case = &all[case];
        let text = |name: &str| case[name].as_str().expect("a text");
        let bytes = |name: &str| hex::decode(text(name)).expect("hex");
        let thumbprint: [u8; 32] = bytes("jwkThumbprint_hex").try_into().expect("32 bytes");
        let of_key = rid_crypto::PublicKey::from_jwk(&case["jwk"].to_string()).expect("a key").thumbprint();
        assert_eq!(of_key.as_deref(), Some(base64::encode_url(&thumbprint).as_str()));
        let nonce = text("nonce");
        let handover = if name == "OpenID4VPHandover" {
            OnlineHandover::OpenId4Vp {
                client_id: text("client_id"),
                nonce,
                thumbprint: Some(&thumbprint),
                response_uri: text("response_uri"),
            }
        } else {
            OnlineHandover::DcApi { origin: text("origin"), nonce, thumbprint: Some(&thumbprint) }
        };
        assert_eq!(handover.identifier(), name);
        assert_eq!(handover.info(), bytes(&format!("{name}Info_hex")));
        assert_eq!(handover.encode(), bytes(&format!("{name}_hex")));
        assert_eq!(handover.transcript().as_bytes(), bytes("SessionTranscript_hex"));
        let parts = handover.transcript();
        assert_eq!(parts.parts().device_engagement, None);
        assert_eq!(parts.parts().e_reader_key, None);
        assert_eq!(parts.parts().handover, handover.encode());
    }
}

/// Each input changes the transcript, and an absent thumbprint is null and not an empty string.
#[test]
fn std_m24_every_part_counts() {
    let (one, other) = ([1; 32], [2; 32]);
    let vp = |client_id, nonce, thumbprint, response_uri| {
        OnlineHandover::OpenId4Vp { client_id, nonce, thumbprint, response_uri }.transcript().digest()
    };
    let dc = |origin, nonce, thumbprint| OnlineHandover::DcApi { origin, nonce, thumbprint }.transcript().digest();
    let iso = |encryption_info, origin| OnlineHandover::AnnexC { encryption_info, origin }.transcript().digest();
    let all = [
        vp("a", "n", Some(&one), "u"),
        vp("b", "n", Some(&one), "u"),
        vp("a", "m", Some(&one), "u"),
        vp("a", "n", Some(&other), "u"),
        vp("a", "n", None, "u"),
        vp("a", "n", Some(&one), "v"),
        dc("a", "n", Some(&one)),
        dc("b", "n", Some(&one)),
        dc("a", "m", Some(&one)),
        dc("a", "n", None),
        iso("a", "n"),
        iso("b", "n"),
        iso("a", "m"),
    ];
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn std_s52_annex_c_response_opens_only_for_its_request_origin_and_key() {
    let mut rng = rid_kit::SeededRng::new(52);
    let info = EncryptionInfo { nonce: vec![7; 16], recipient: key(1).public() };
    let text = info.encode();
    assert_eq!(EncryptionInfo::parse(&text), Ok(info.clone()));
    let handover = |origin| OnlineHandover::AnnexC { encryption_info: &text, origin }.transcript();
    let here = handover("https://apteka.example");
    let sealed = annex_c::seal(b"a response", &info, &here, &mut rng).expect("sealed");
    assert_eq!(annex_c::open(&sealed, &key(1), &here).as_deref(), Ok(b"a response".as_slice()));
    let refused = |sealed: &str, own: &AgreementKey, origin| {
        annex_c::open(sealed, own, &handover(origin)).expect_err("refused").code().as_str()
    };
    assert_eq!(refused(&sealed, &key(2), "https://apteka.example"), "aead_open");
    assert_eq!(refused(&sealed, &key(1), "https://apteka.example/"), "aead_open");
    let mut bytes = base64::decode_url(&sealed).expect("base64url");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert_eq!(refused(&base64::encode_url(&bytes), &key(1), "https://apteka.example"), "aead_open");
    assert_eq!(refused("", &key(1), ""), "cbor_truncated");
    assert_eq!(refused("=", &key(1), ""), "annex_c_form");
    assert_eq!(refused(&text, &key(1), ""), "cbor_missing_member");
}

/// The key that encrypts is checked: a point off the curve or of another curve encrypts nothing.
#[test]
fn neg_e06_annex_c_keys() {
    let with = |first: &str, nonce: &[u8], cose_key: &[u8]| {
        let mut encoder = Encoder::new();
        encoder.array(2).text(first).map(3).text("nonce").bytes(nonce).text("later").null();
        encoder.text("recipientPublicKey").raw(cose_key);
        EncryptionInfo::parse(&base64::encode_url(&encoder.finish()))
    };
    let good = key(1).public().to_cose();
    assert!(with("dcapi", &[1; 16], &good).is_ok(), "unknown members are ignored");
    assert_eq!(with("dcapi2", &[1; 16], &good), Err(MdocError::AnnexC));
    let mut off = good.clone();
    *off.last_mut().expect("a byte") ^= 1;
    assert_eq!(with("dcapi", &[1; 16], &off).expect_err("off the curve").code().as_str(), "cose_key_invalid");
    let p384 = AgreementKey::from_scalar(Curve::P384, &[1; 48]).expect("a scalar").public();
    let info = with("dcapi", &[1; 16], &p384.to_cose()).expect("read");
    let transcript = OnlineHandover::AnnexC { encryption_info: "", origin: "" }.transcript();
    let refused = annex_c::seal(b"", &info, &transcript, &mut rid_kit::SeededRng::new(1)).expect_err("another curve");
    assert_eq!(refused.code().as_str(), "cose_key_invalid");
    let mut alone = Encoder::new();
    alone.array(1).text("dcapi");
    assert_eq!(EncryptionInfo::parse(&base64::encode_url(&alone.finish())), Err(MdocError::AnnexC));
}

proptest! {
    #[test]
    fn annex_c_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..200, to: u8) {
        let info = EncryptionInfo { nonce: vec![7; 16], recipient: key(1).public() };
        let mut mutant = base64::decode_url(&info.encode()).expect("base64url");
        let at = at % mutant.len();
        mutant[at] = to;
        let transcript = OnlineHandover::AnnexC { encryption_info: "", origin: "" }.transcript();
        for bytes in [bytes, mutant] {
            let text = base64::encode_url(&bytes);
            let _ = EncryptionInfo::parse(&text);
            let _ = annex_c::open(&text, &key(1), &transcript);
        }
    }
}
