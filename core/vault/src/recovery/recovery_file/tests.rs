//! Recovery files: sealed, opened, cut, altered, and too large.
use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*};
use rid_claims::{ClaimKey, ClaimPath, Format};
use rid_flow::{HistoryElement, HistoryEventType, HistoryId, HistoryOutcome, RecordKey, fake::SeededRng};
use rid_trust::{Party, PartyBasis};

use super::*;

const CANARY: &str = "Canary-Reader-Of-Nobody";

fn code(seed: u64) -> RecoveryCode {
    RecoveryCode::make(&mut SeededRng::new(seed))
}

fn setting(kind: &str, name: &str, bytes: &[u8]) -> Record {
    Record { key: RecordKey { kind: kind.into(), name: name.into() }, bytes: bytes.to_vec() }
}

fn element(identifier: &str, retained: bool) -> HistoryElement {
    let path = ClaimPath::element("org.iso.18013.5.1", identifier);
    HistoryElement { credential_type: CredentialType::mdoc("org.iso.18013.5.1.mDL"), path, retained }
}

fn draft(id: u8, event: HistoryEventType, outcome: HistoryOutcome) -> HistoryDraft {
    HistoryDraft {
        id: HistoryId([id; 16]),
        event,
        outcome,
        at: Timestamp::from_unix(1_800_000_000 + i64::from(id)),
        peer: Some(Party {
            name: CANARY.into(),
            organization: None,
            country: Some("AZ".into()),
            basis: PartyBasis::Certificate { key: [id; 32] },
        }),
        elements: vec![element("age_over_18", false), element("portrait", true)],
        reason: "yaş yoxlaması".into(),
    }
}

/// Everything there is: each kind, each outcome, times before 1970, empty and long texts.
fn sample() -> Recovery {
    let outcomes = [
        (HistoryEventType::Issuance, HistoryOutcome::Finished),
        (HistoryEventType::Presentation, HistoryOutcome::Started),
        (HistoryEventType::Presentation, HistoryOutcome::Refused),
        (HistoryEventType::Presentation, HistoryOutcome::Failed),
        (HistoryEventType::SignIn, HistoryOutcome::UnknownDelivery),
        (HistoryEventType::Deletion, HistoryOutcome::Finished),
    ];
    let history = (0_u8..).zip(outcomes).map(|(id, (kind, outcome))| (id > 3, draft(id, kind, outcome)));
    let nobody = HistoryDraft {
        peer: None,
        elements: Vec::new(),
        reason: String::new(),
        at: Timestamp::from_unix(-1),
        ..draft(9, HistoryEventType::SignIn, HistoryOutcome::Refused)
    };
    Recovery {
        reissue: vec![
            ReissueEntry {
                issuer: "Nümunə Nazirliyi".into(),
                source: Some(IssuanceSource {
                    issuer_url: "https://issuer.example".into(),
                    configuration_id: "licence".into(),
                }),
                credential_type: CredentialType::mdoc("org.iso.18013.5.1.mDL"),
                copies: 30,
            },
            ReissueEntry {
                issuer: String::new(),
                source: None,
                credential_type: CredentialType { format: Format::SdJwt, id: "urn:x:pid".into() },
                copies: u32::MAX,
            },
        ],
        history: history.chain([(true, nobody)]).collect(),
        settings: vec![setting("settings", "language", b"az"), setting("settings", "empty", b"")],
        made: Timestamp::from_unix(1_800_000_000),
    }
}

fn cheap() -> (RecoveryCode, Vec<u8>) {
    let code = code(1);
    let file = seal(&code, &sample(), &mut SeededRng::new(7)).unwrap();
    (code, file)
}

/// A file with this header, written by hand, before `rest`.
fn file(header: impl FnOnce(&mut Encoder), rest: usize) -> Vec<u8> {
    let mut writer = Encoder::new();
    writer.raw(MAGIC);
    header(&mut writer);
    let mut file = writer.finish();
    file.resize(file.len() + rest, 0);
    file
}

fn header(version: u64) -> impl FnOnce(&mut Encoder) {
    move |writer| {
        writer.map(4).uint(0).uint(version).uint(1).bytes(&[1; 16]).uint(2).bytes(&[2; 12]).uint(3).uint(64);
    }
}

fn refused(bytes: &[u8]) -> RecoveryError {
    open(&code(1), bytes).unwrap_err()
}

#[test]
fn neg_k26_wrong_code() {
    let (_, file) = cheap();
    assert_eq!(open(&code(2), &file).unwrap_err(), RecoveryError::WrongCode);
    assert_eq!(RecoveryError::WrongCode.code().as_str(), "backup_wrong_code");
}

/// At every length; told before any work is done for the code.
#[test]
fn neg_k26_truncated() {
    let (code, file) = cheap();
    for cut in 0..file.len() {
        assert_eq!(open(&code, &file[..cut]).unwrap_err(), RecoveryError::Truncated, "{cut}");
    }
    assert_eq!(RecoveryError::Truncated.code().as_str(), "backup_truncated");
    let longer = [file.as_slice(), &[0]].concat();
    assert_eq!(open(&code, &longer).unwrap_err(), RecoveryError::Form);
}

#[test]
fn neg_k26_newer_version() {
    for version in [2, 3, 1 << 20, u64::MAX] {
        assert_eq!(refused(&file(header(version), 64)), RecoveryError::Version, "{version}");
        // Whatever a newer one has besides.
        let other = |writer: &mut Encoder| {
            writer.map(2).uint(0).uint(version).text("scrypt").array(1).null();
        };
        assert_eq!(refused(&file(other, 0)), RecoveryError::Version, "{version}");
    }
    assert_eq!(RecoveryError::Version.code().as_str(), "backup_version");
}

#[test]
fn neg_k26_form() {
    let wrong_magic = [b"RIDREC02".as_slice(), &[0; 100]].concat();
    for bytes in [wrong_magic.as_slice(), b"PK\x03\x04", b"rid", b"{\"a\":1}", &[0; 4096]] {
        assert_eq!(refused(bytes), RecoveryError::Form);
    }
    type Write = fn(&mut Encoder) -> &mut Encoder;
    let headers: [Write; 12] = [
        |w| w.uint(1),
        |w| w.array(7),
        |w| w.map(0),
        |w| w.map(1).uint(0).uint(0),
        |w| w.map(1).uint(0).uint(1),
        |w| w.map(1).uint(0).text("1"),
        |w| w.map(1).text("version").uint(1),
        // The version is first; a member twice, an unknown one, a salt that is short, a length that is none.
        |w| w.map(2).uint(2).uint(8).uint(0).uint(1),
        |w| w.map(2).uint(0).uint(1).uint(0).uint(1),
        |w| w.map(2).uint(0).uint(1).uint(7).uint(1),
        |w| {
            w.map(7).uint(0).uint(1).uint(1).bytes(&[1; 15]).uint(2).uint(8).uint(3).uint(1);
            w.uint(4).uint(1).uint(5).bytes(&[2; 12]).uint(6).uint(64)
        },
        |w| {
            w.raw(&[0xbf]).uint(0).uint(1).uint(1).bytes(&[1; 16]).uint(2).uint(8).uint(3).uint(1);
            w.uint(4).uint(1).uint(5).bytes(&[2; 12]).uint(6).uint(64).raw(&[0xff])
        },
    ];
    for (at, header) in headers.into_iter().enumerate() {
        let file = file(|writer| _ = header(writer), 64);
        assert_eq!(refused(&file), RecoveryError::Form, "{at}");
    }
    // All of a header, and the seal of nobody.
    assert_eq!(refused(&file(header(1), 64)), RecoveryError::WrongCode);
    assert_eq!(RecoveryError::Form.code().as_str(), "backup_form");
}

#[test]
fn neg_k26_too_large() {
    assert_eq!(refused(&vec![0; MAX_BYTES + 1]), RecoveryError::TooLarge);
    let huge = |writer: &mut Encoder| {
        writer.map(4).uint(0).uint(1).uint(1).bytes(&[1; 16]).uint(2).bytes(&[2; 12]).uint(3).uint(1 << 40);
    };
    assert_eq!(refused(&file(huge, 64)), RecoveryError::TooLarge);
    assert_eq!(RecoveryError::TooLarge.code().as_str(), "input_too_large");

    // One setting so large that all is just under the limit, or just over it.
    let sealed = |size: usize| {
        let settings = vec![setting("settings", "s", &vec![5; size])];
        let recovery = Recovery { reissue: Vec::new(), history: Vec::new(), settings, made: Timestamp::from_unix(0) };
        let file = seal(&code(1), &recovery, &mut SeededRng::new(7))?;
        assert!(file.len() <= MAX_BYTES && open(&code(1), &file)? == recovery);
        Ok::<_, RecoveryError>(file.len() >> 10)
    };
    let largest = MAX_BYTES - (64 << 10);
    assert_eq!(sealed(largest - 200), Ok(largest >> 10));
    assert_eq!(sealed(largest), Err(RecoveryError::TooLarge));
    assert_eq!(sealed(MAX_BYTES), Err(RecoveryError::TooLarge));
}

/// More than goes in, in ordinary rows and in long ones: the newest go, as many as there is room for, in their order.
#[test]
fn neg_k26_more_recipes_or_settings_than_anybody_has() {
    let entry =
        ReissueEntry { issuer: String::new(), source: None, credential_type: CredentialType::mdoc(""), copies: 0 };
    let of = |reissue, settings| {
        let settings = vec![setting("settings", "", b""); settings];
        Recovery { reissue: vec![entry.clone(); reissue], history: Vec::new(), settings, made: Timestamp::from_unix(0) }
    };
    for (reissue, settings) in [(payload::MOST_NAMED + 1, 0), (0, payload::MOST_NAMED + 1)] {
        let many = of(reissue, settings);
        assert_eq!(payload::write(&many).err(), Some(RecoveryError::TooLarge));
        let sealed = payload::pad(&payload::encode(&many, &[], 1 << 16)).unwrap();
        assert_eq!(payload::read(&sealed).err(), Some(RecoveryError::Form));
    }
    let most = of(payload::MOST_NAMED, payload::MOST_NAMED);
    assert_eq!(payload::read(&payload::write(&most).unwrap()).unwrap().reissue.len(), payload::MOST_NAMED);
}

#[test]
fn of_a_history_that_is_too_long_the_newest_rows_go_along() {
    let row = |n: u32, reason: &str| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        (
            n.is_multiple_of(2),
            HistoryDraft { id: HistoryId(id), reason: reason.into(), ..sample().history[0].1.clone() },
        )
    };
    for (count, length, least) in [(12_000, 700, 8_000), (3, 9 << 20, 0), (500, 24, 500)] {
        let reason = "n".repeat(length);
        let history: Vec<_> = (0..count).map(|n| row(n, &reason)).collect();
        let all = Recovery { history, ..sample() };
        let file = seal(&code(1), &all, &mut SeededRng::new(7)).unwrap();
        let kept = open(&code(1), &file).unwrap();
        let surplus = all.history.len() - kept.history.len();
        assert!(kept.history == all.history[surplus..] && kept.history.len() >= least);
        assert!(kept.reissue == all.reissue && kept.settings == all.settings);
        assert!(surplus == 0 || least == 0 || file.len() > MAX_BYTES - (128 << 10), "room is left: {}", file.len());
    }
}

/// Nothing of a device goes in: pending enrolments hold tokens, anchors are not a file's to bring.
#[test]
fn neg_k26_only_settings() {
    for kind in ["enrolment", "trust", "", "Settings"] {
        let recovery = Recovery { settings: vec![setting(kind, "name", b"token")], ..sample() };
        assert_eq!(seal(&code(1), &recovery, &mut SeededRng::new(7)), Err(RecoveryError::Content), "{kind}");
    }
    assert_eq!(RecoveryError::Content.code().as_str(), "backup_content");
}

#[test]
fn nothing_is_readable_or_printed() {
    let (_, file) = cheap();
    assert!(!file.windows(6).any(|window| window == &CANARY.as_bytes()[..6]));
    assert_eq!(format!("{:?} {:?}", sample(), sample().reissue.first().unwrap()), "Recovery ReissueEntry");
    // The same content twice: no nonce, salt or byte of the seal in common.
    let other = seal(&code(1), &sample(), &mut SeededRng::new(8)).unwrap();
    let parts = |file: &[u8]| file[100..].windows(8).map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
    assert!(file.len() == other.len() && parts(&file).is_disjoint(&parts(&other)));
}

#[test]
fn sizes_tell_little() {
    let size = |events: usize| {
        let history = vec![(false, draft(1, HistoryEventType::Presentation, HistoryOutcome::Finished)); events];
        let recovery = Recovery { history, ..sample() };
        seal(&code(1), &recovery, &mut SeededRng::new(7)).unwrap().len()
    };
    assert_eq!(size(0), size(12));
    let sizes: Vec<usize> = (0..600).step_by(100).map(size).collect();
    assert_eq!(sizes.iter().map(|size| size >> 10).collect::<Vec<_>>(), [4, 32, 64, 128, 128, 128]);
}

fn any_step() -> impl Strategy<Value = ClaimKey> {
    prop_oneof![
        Just(ClaimKey::Every),
        any::<u32>().prop_map(|position| ClaimKey::Index { position }),
        any::<String>().prop_map(|name| ClaimKey::Name { name }),
    ]
}

prop_compose! {
    fn any_type()(is_mdoc: bool, id: String) -> CredentialType {
        CredentialType { format: if is_mdoc { Format::Mdoc } else { Format::SdJwt }, id }
    }
}

prop_compose! {
    fn any_element()(credential_type in any_type(), steps in vec(any_step(), 0..4), retained: bool) -> HistoryElement {
        HistoryElement { credential_type, path: ClaimPath { steps }, retained }
    }
}

prop_compose! {
    fn any_party()(
        name: String, organization: Option<String>, country: Option<String>, basis in 0..3_usize, key: [u8; 32], id: String,
    ) -> Party {
        let bases =
            [PartyBasis::Certificate { key }, PartyBasis::ClientId { id: id.clone() }, PartyBasis::Origin { origin: id }];
        Party { name, organization, country, basis: bases[basis].clone() }
    }
}

prop_compose! {
    fn any_draft()(
        id: [u8; 16], event in 0..4_usize, outcome in 0..5_usize, at: i64, peer in prop::option::of(any_party()),
        elements in vec(any_element(), 0..4), reason: String,
    ) -> HistoryDraft {
        let events = [
            HistoryEventType::Presentation, HistoryEventType::Issuance, HistoryEventType::Deletion, HistoryEventType::SignIn,
        ];
        let outcomes = [
            HistoryOutcome::Started, HistoryOutcome::Finished, HistoryOutcome::Refused, HistoryOutcome::Failed,
            HistoryOutcome::UnknownDelivery,
        ];
        let (event, outcome, at) = (events[event], outcomes[outcome], Timestamp::from_unix(at));
        HistoryDraft { id: HistoryId(id), event, outcome, at, peer, elements, reason }
    }
}

prop_compose! {
    fn any_recipe()(
        issuer: String, source: Option<(String, String)>, credential_type in any_type(), copies: u32,
    ) -> ReissueEntry {
        let source = source.map(|(issuer_url, configuration_id)| IssuanceSource { issuer_url, configuration_id });
        ReissueEntry { issuer, source, credential_type, copies }
    }
}

prop_compose! {
    fn any_recovery()(
        reissue in vec(any_recipe(), 0..5), history in vec((any::<bool>(), any_draft()), 0..8),
        settings in vec(any::<(String, Vec<u8>)>(), 0..5), made: i64,
    ) -> Recovery {
        Recovery {
            reissue,
            history,
            settings: settings.iter().map(|(name, bytes)| setting("settings", name, bytes)).collect(),
            made: Timestamp::from_unix(made),
        }
    }
}

/// An error that the file is to blame for.
fn of_the_file(error: RecoveryError) -> bool {
    !matches!(error, RecoveryError::CodeForm | RecoveryError::Content | RecoveryError::Memory)
}

proptest! {
    #[test]
    fn round_trip(recovery in any_recovery(), seed: u64) {
        let file = seal(&code(seed), &recovery, &mut SeededRng::new(seed)).unwrap();
        prop_assert!(open(&code(seed), &file).unwrap() == recovery);
        let room = payload::room(&recovery, &recovery.history);
        let encoded = payload::encode(&recovery, &recovery.history, room);
        prop_assert!(encoded.len() <= room && encoded.capacity() == room);
    }

    #[test]
    fn neg_k26_mutated(at in any::<prop::sample::Index>(), in_header: bool, mask in 1..=255_u8) {
        let (code, mut file) = cheap();
        let at = at.index(if in_header { 64 } else { file.len() });
        file[at] ^= mask;
        let error = open(&code, &file).unwrap_err();
        prop_assert!(of_the_file(error), "{error}");
    }

    /// Bytes put in, taken out, or exchanged for others.
    #[test]
    fn neg_k26_spliced(at in any::<prop::sample::Index>(), gone in 0..40_usize, put in vec(any::<u8>(), 0..40)) {
        let (code, mut file) = cheap();
        let at = at.index(file.len() - gone);
        let whole = file.clone();
        file.splice(at..at + gone, put);
        if file != whole {
            let error = open(&code, &file).unwrap_err();
            prop_assert!(of_the_file(error), "{error}");
        }
    }

    #[test]
    fn neg_k26_never_panics(bytes in vec(any::<u8>(), 0..200), magic: bool) {
        let file = if magic { [MAGIC.as_slice(), &bytes].concat() } else { bytes };
        prop_assert!(of_the_file(refused(&file)));
    }

    /// What only a holder of the code could have sealed is read as strictly.
    #[test]
    fn neg_k26_payload_never_panics(bytes in vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), mask in 1..=255_u8) {
        prop_assert!(matches!(payload::read(&bytes), Err(RecoveryError::Form)));
        prop_assert!(matches!(payload::read(&payload::pad(&bytes).unwrap()), Err(RecoveryError::Form)));
        let mut encoded = payload::encode(&sample(), &sample().history, 1 << 12).to_vec();
        let at = at.index(encoded.len());
        encoded[at] ^= mask;
        if let Ok(other) = payload::read(&payload::pad(&encoded).unwrap()) {
            prop_assert!(other != sample());
        }
    }
}
