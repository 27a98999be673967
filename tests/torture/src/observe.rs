//! Reading all of an open store.
use std::collections::BTreeMap;

use pollster::block_on;
use rid_flow::{HistoryContent, HistoryDraft, ports::StorageError};
use rid_vault::{REPAIRED, UnlockState, Vault, VaultError};
use rid_wire::hex;

use crate::{
    model::{Model, REPAIR, letter},
    session::{CANARY, RECORDS, SETTINGS},
};

/// Everything the store says of itself, read and decrypted; PIN and code are not of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) model: Model,
    /// Keys of the copies left.
    pub(crate) keys: BTreeMap<String, Vec<String>>,
    pub(crate) methods: UnlockState,
}

impl Observed {
    /// Whether this is what the account says.
    pub(crate) fn fits(&self, model: &Model) -> bool {
        let known = Model { pin: None, code: None, ..model.clone() };
        known == self.model
            && self.methods.pin == model.pin.is_some()
            && self.methods.recovery == model.code.is_some()
            && self.methods.device == model.pin.is_none()
    }
}

fn named(entry: &HistoryDraft) -> String {
    if entry.reason.starts_with(REPAIRED) { REPAIR.into() } else { hex::encode(&entry.id.0) }
}

const DAMAGED: VaultError = VaultError::Storage(StorageError::Damaged);

/// All of it; a store that says of itself that something is damaged or missing is an error here.
pub(crate) fn observe(vault: &Vault) -> Result<Observed, VaultError> {
    let mut model = Model::default();
    let mut keys = BTreeMap::new();
    let listing = block_on(vault.credentials())?;
    if !listing.damaged.is_empty() || !block_on(vault.health())?.is_whole() {
        return Err(DAMAGED);
    }
    for meta in listing.credentials {
        let mut left: Vec<String> = block_on(vault.keys_left(&meta.summary.id))?.into_iter().map(|key| key.0).collect();
        left.sort();
        let shown = block_on(vault.copy_for_display(&meta.summary.id))?;
        if meta.summary.issuer.as_bytes() == CANARY && shown.is_some_and(|bytes| !bytes.starts_with(CANARY)) {
            return Err(DAMAGED);
        }
        model.credentials.insert(meta.summary.id.0.clone(), meta.summary.copies_left);
        keys.insert(meta.summary.id.0, left);
    }
    for (place, row) in (1..).zip(block_on(vault.history(0, u32::MAX))?) {
        let entry = match &row.content {
            HistoryContent::Kept(entry) if row.seq.0 == place => Some((named(entry), letter(entry.outcome))),
            HistoryContent::Deleted { .. } if row.seq.0 == place => None,
            _ => return Err(DAMAGED),
        };
        model.history.push(entry);
    }
    for kind in [RECORDS, SETTINGS] {
        for (key, bytes) in block_on(vault.records(kind))? {
            let value = bytes.strip_prefix(CANARY).ok_or(DAMAGED)?;
            model.records.insert(key.name, String::from_utf8_lossy(value).into_owned());
        }
    }
    let reissue = block_on(vault.records("reissue"))?;
    model.reissue = u32::try_from(reissue.len()).unwrap_or(u32::MAX);
    let methods = vault.unlock_state();
    model.biometric = methods.biometric;
    Ok(Observed { model, keys, methods })
}

/// What of a damaged store can be read must be true of it.
pub(crate) fn contradicts(vault: &Vault, truth: &Observed) -> Option<String> {
    for meta in block_on(vault.credentials()).unwrap_or_default().credentials {
        if truth.model.credentials.get(&meta.summary.id.0) != Some(&meta.summary.copies_left) {
            return Some(format!("credential {} with {} copies", meta.summary.id.0, meta.summary.copies_left));
        }
        let left: Vec<String> =
            block_on(vault.keys_left(&meta.summary.id)).into_iter().flatten().map(|key| key.0).collect();
        let known = truth.keys.get(&meta.summary.id.0);
        if let Some(key) = left.iter().find(|key| known.is_none_or(|known| !known.contains(key))) {
            return Some(format!("copy {key}"));
        }
    }
    for row in block_on(vault.history(0, u32::MAX)).unwrap_or_default() {
        let at = usize::try_from(row.seq.0).unwrap_or(0).saturating_sub(1);
        let known = truth.model.history.get(at);
        let fits = match &row.content {
            HistoryContent::Damaged => true,
            HistoryContent::Deleted { .. } => known == Some(&None),
            HistoryContent::Kept(entry) => known == Some(&Some((named(entry), letter(entry.outcome)))),
        };
        if !fits {
            return Some(format!("event {}", row.seq.0));
        }
    }
    for kind in [RECORDS, SETTINGS] {
        for (key, bytes) in block_on(vault.records(kind)).unwrap_or_default() {
            let value = bytes.strip_prefix(CANARY).map(|value| String::from_utf8_lossy(value).into_owned());
            if truth.model.records.get(&key.name) != value.as_ref() {
                return Some(format!("record {}", key.name));
            }
        }
    }
    None
}
