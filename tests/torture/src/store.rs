//! The store under test, and reading all of it.
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use pollster::block_on;
use rid_flow::{
    Changes, Committer, Credential, CredentialId, HistoryDraft, HistoryId, HistoryKind, HistoryOutcome, NewCopy,
    Record, RecordKey, Reuse,
    ports::{KeyId, SecureArea, StorageError},
};
use rid_shell::{OsRng, SoftwareSecureArea, SqliteStorage};
use rid_vault::{Vault, VaultConfig, VaultError};
use rid_wire::{Timestamp, hex};

use crate::model::{Model, Work, letter};

/// In every value that is stored; never to be found in a file.
pub(crate) const CANARY: &[u8] = b"CANARY-in-plain-text";
const RECORDS: &str = "torture";

pub(crate) fn open(folder: &Path) -> Result<Vault, VaultError> {
    let area = SoftwareSecureArea::open(folder).map_err(VaultError::SecureArea)?;
    open_with(folder, Arc::new(area))
}

pub(crate) fn open_with(folder: &Path, area: Arc<dyn SecureArea>) -> Result<Vault, VaultError> {
    let storage = Arc::new(SqliteStorage::new(folder));
    let rng = Arc::new(|| -> Box<dyn rid_crypto::CryptoRng + Send> { Box::new(OsRng) });
    block_on(Vault::open(storage, area, rng, VaultConfig { low_water: 2 }))
}

/// The key of a copy: told outside when the copy is handed out.
fn key(id: &str, copy: u32) -> String {
    format!("{id}/{copy}")
}

fn event(text: &str) -> HistoryId {
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    HistoryId(bytes.unwrap_or_default())
}

fn draft(text: &str, kind: HistoryKind, outcome: HistoryOutcome) -> HistoryDraft {
    HistoryDraft {
        id: event(text),
        kind,
        outcome,
        at: Timestamp::from_unix(1_800_000_000),
        peer: String::from_utf8_lossy(CANARY).into_owned(),
        peer_verified: true,
        elements: vec![("kind".into(), "namespace".into(), "element".into(), false)],
        reason: String::new(),
    }
}

fn changes(work: &Work) -> Changes {
    let mut changes = Changes::default();
    match work {
        Work::Add { id, copies } => {
            let copy = |n| NewCopy { key: KeyId(key(id, n)), bytes: [CANARY, id.as_bytes(), &[0; 600]].concat() };
            changes.add.push(Credential {
                id: CredentialId(id.clone()),
                format: "mso_mdoc".into(),
                kind: "kind".into(),
                subject: None,
                issuer: String::from_utf8_lossy(CANARY).into_owned(),
                signed: Timestamp::from_unix(1_800_000_000),
                valid_from: Timestamp::from_unix(1_800_000_000),
                valid_until: Timestamp::from_unix(1_900_000_000),
                elements: vec![("namespace".into(), vec!["element".into()])],
                reuse: Reuse::Once,
                copies: (0..*copies).map(copy).collect(),
            });
        }
        Work::Use { id, event } => {
            changes.consume.push(CredentialId(id.clone()));
            changes.history.push(draft(event, HistoryKind::Presentation, HistoryOutcome::Started));
        }
        Work::End { event: text } => changes.outcomes.push((event(text), HistoryOutcome::Finished)),
        Work::Delete { id, event } => {
            changes.remove.push(CredentialId(id.clone()));
            changes.history.push(draft(event, HistoryKind::Deletion, HistoryOutcome::Finished));
        }
        Work::Put { name, value } => {
            let key = RecordKey { kind: RECORDS.into(), name: name.clone() };
            changes.put.push(Record { key, bytes: [CANARY, value.as_bytes()].concat() });
        }
        Work::Take { name } => changes.take.push(RecordKey { kind: RECORDS.into(), name: name.clone() }),
    }
    changes
}

/// Does one operation; gives the keys of the copies handed out.
pub(crate) fn act(vault: &Vault, work: &Work) -> Result<Vec<String>, StorageError> {
    let committed = block_on(vault.commit(changes(work)))?;
    Ok(committed.copies.into_iter().map(|copy| copy.key.0).collect())
}

/// Everything the store says of itself, read and decrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) model: Model,
    /// Keys of the copies left.
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

pub(crate) fn observe(vault: &Vault) -> Result<Observed, VaultError> {
    let mut model = Model::default();
    let mut keys = BTreeMap::new();
    let listing = block_on(vault.credentials())?;
    if !listing.damaged.is_empty() || !vault.health().is_whole() {
        return Err(VaultError::Storage(StorageError::Damaged));
    }
    for meta in listing.credentials {
        let mut left: Vec<String> = block_on(vault.keys_left(&meta.id))?.into_iter().map(|key| key.0).collect();
        left.sort();
        if block_on(vault.copy_for_display(&meta.id))?.is_some_and(|bytes| !bytes.starts_with(CANARY)) {
            return Err(VaultError::Storage(StorageError::Damaged));
        }
        model.credentials.insert(meta.id.0.clone(), meta.copies_left);
        keys.insert(meta.id.0, left);
    }
    for row in block_on(vault.history(0, u32::MAX))? {
        // A row that cannot be read, or was deleted, is none of this harness's doing.
        let entry = row.kept().ok_or(VaultError::Storage(StorageError::Damaged))?;
        model.history.insert(hex::encode(&entry.id.0), letter(entry.outcome));
    }
    for (key, bytes) in block_on(vault.records(RECORDS))? {
        let value = bytes.strip_prefix(CANARY).unwrap_or_default();
        model.records.insert(key.name, String::from_utf8_lossy(value).into_owned());
    }
    Ok(Observed { model, keys })
}

/// Opens although the process killed a moment ago may not have let go yet.
pub(crate) fn open_again(folder: &Path) -> Result<Vault, VaultError> {
    for _ in 0..100 {
        match open(folder) {
            Err(VaultError::Storage(StorageError::Locked)) => std::thread::sleep(Duration::from_millis(10)),
            other => return other,
        }
    }
    Err(VaultError::Storage(StorageError::Locked))
}
