//! The history's export, judged by `jose`: a JWS library, with a canonical form of JSON written from the RFC; and the other way round.
use std::sync::Arc;

use rid_flow::{
    Changes, Committer, HistoryDraft, HistoryId, HistoryKind, HistoryOutcome,
    fake::{FakeClock, FakeTimer, MemoryDisk, MemoryStorage, ScriptedSecureArea, block_on},
    ports::{SecureArea, UserAuth},
};
use rid_holder::proximity::DeviceAuthMethod;
use rid_interop::{PeerError, Peers};
use rid_profile::{Locale, ReaderPolicy};
use rid_trust::{Environment, TrustStore};
use rid_vault::{RngSource, Vault, VaultConfig};
use rid_wallet::{ExportError, Wallet, WalletConfig, WalletPorts, verify_export};
use rid_wire::Timestamp;
use serde_json::{Value, json};

use crate::{available, world::TestRng};

/// Names that a canonical form can go wrong on.
const PEERS: [&str; 5] =
    ["Yol Polisi", "\"Ə\\ğ\" / 'ş'", "\u{1}\u{8}\t\n\u{c}\r\u{1f}\u{7f}", "\u{2028}\u{fb33}\u{1f600}", ""];

fn rows() -> Vec<HistoryDraft> {
    let element =
        |name: &str| ("org.iso.18013.5.1.mDL".into(), "org.iso.18013.5.1".into(), name.into(), name == "portrait");
    let draft = |(number, peer): (u8, &&str)| HistoryDraft {
        id: HistoryId([number; 16]),
        kind: HistoryKind::Presentation,
        outcome: HistoryOutcome::Finished,
        at: Timestamp::from_unix(1_800_000_000 + i64::from(number)),
        peer: (*peer).into(),
        peer_verified: number % 2 == 0,
        elements: vec![element("family_name"), element("portrait")],
        reason: "done".into(),
    };
    (0..).zip(&PEERS).map(draft).collect()
}

/// A whole history, one row deleted by the person, as the wallet exports it.
fn export() -> String {
    let disk = MemoryDisk::new();
    let area: Arc<dyn SecureArea> = Arc::new(ScriptedSecureArea::new(1));
    let rng: RngSource = Arc::new(|| Box::new(TestRng(3)));
    let storage = || Arc::new(MemoryStorage::new(&disk));
    block_on(async {
        let vault = Vault::open(storage(), area.clone(), rng.clone(), VaultConfig { low_water: 1 }).await.unwrap();
        vault.commit(Changes { history: rows(), ..Changes::default() }).await.unwrap();
        vault.close().await.unwrap();
        let clock = FakeClock::new(Timestamp::from_unix(1_800_000_100));
        let ports = WalletPorts {
            secure_area: area.clone(),
            storage: storage(),
            http: None,
            timer: Arc::new(FakeTimer::new(&clock)),
            clock: Arc::new(clock),
            rng,
        };
        let config = WalletConfig {
            profile: rid_profile::embedded().unwrap(),
            trust: TrustStore::new(Environment::Test, Vec::new()).unwrap(),
            locales: vec![Locale::En],
            user_auth: UserAuth::None,
            device_auth: DeviceAuthMethod::Signature,
            reader_policy: ReaderPolicy::USUAL,
        };
        let wallet = Wallet::open(ports, config).await.unwrap();
        wallet.delete_history(1).await.unwrap();
        wallet.export_history().await.unwrap()
    })
}

fn peers() -> Option<Peers> {
    available(Peers::start())
}

fn they_verify(peers: &mut Peers, file: &str) -> Result<Value, PeerError> {
    peers.call(&json!({"command": "jose-verify", "file": file}))
}

#[test]
fn interop_npm_we_export_jose_verifies() {
    let Some(mut peers) = peers() else { return };
    let file = export();
    let ours = verify_export(&file).unwrap();
    let theirs = they_verify(&mut peers, &file).unwrap();
    assert_eq!(theirs["key"], json!(ours.thumbprint()));
    let entries = theirs["entries"].as_array().unwrap();
    assert_eq!(entries.len(), PEERS.len());
    assert_eq!(entries[0]["state"], "deleted");
    for (entry, peer) in entries.iter().zip(PEERS).skip(1) {
        assert_eq!(entry["peer"], json!(peer));
    }
    // With spaces and members in another order it is the same history for both.
    let value: Value = serde_json::from_str(&file).unwrap();
    let spaced = format!("{value:#}");
    assert_ne!(spaced, file);
    assert_eq!(verify_export(&spaced), Ok(ours));
    they_verify(&mut peers, &spaced).unwrap();
}

#[test]
fn interop_npm_jose_signs_we_verify() {
    let Some(mut peers) = peers() else { return };
    let value: Value = serde_json::from_str(&export()).unwrap();
    let signed = peers.call(&json!({"command": "jose-sign", "history": value["history"]})).unwrap();
    let verdict = verify_export(signed["file"].as_str().unwrap()).unwrap();
    assert_eq!((verdict.rows, verdict.whole), (5, true));
    assert_eq!(json!(verdict.thumbprint()), signed["key"]);
}

/// Both refuse: that a peer accepts says nothing unless it can also say no.
#[test]
fn interop_npm_an_altered_export_nobody_accepts() {
    let Some(mut peers) = peers() else { return };
    let file = export();
    let value: Value = serde_json::from_str(&file).unwrap();
    let (mut named, mut removed) = (value.clone(), value.clone());
    named["history"]["entries"][1]["peer"] = json!("somebody else");
    removed["history"]["entries"].as_array_mut().unwrap().pop();
    let mut keyed = value.clone();
    let other = peers.call(&json!({"command": "jose-sign", "history": value["history"]})).unwrap();
    let other: Value = serde_json::from_str(other["file"].as_str().unwrap()).unwrap();
    keyed["protected"] = other["protected"].clone();
    for (name, altered) in [("a name", named), ("a row", removed), ("the key", keyed)] {
        let altered = altered.to_string();
        assert_eq!(verify_export(&altered), Err(ExportError::Signature), "{name}");
        assert!(matches!(they_verify(&mut peers, &altered), Err(PeerError::Refused(_))), "{name}");
    }
}
