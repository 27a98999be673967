//! Recovery on any device: the code, the recovery file, and the files of a store whose device is gone. History,
//! settings and what to ask issuers for again; never a key, copy or token.
pub(crate) mod recovery_code;
pub(crate) mod recovery_file;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

use rid_claims::{CredentialType, IssuanceSource};
use rid_crypto::sha256;
use rid_flow::{
    Record, RecordKey,
    ports::{Read, Row, Storage, StorageError, Table, Transaction},
};
use rid_wire::{Timestamp, cbor::Encoder};

use crate::{
    CredentialMeta, Pin, Recovery, RecoveryCode, RecoveryError, ReissueEntry, Vault, VaultError,
    commit::Draft,
    keys::MasterKeys,
    keys::envelope,
    keys::slots::{open_code, seal_code},
    open::candidates,
    recovery::recovery_code::matches_part,
    recovery::recovery_file::{SETTINGS, write_recipe},
    rows,
    rows::encode::{
        credential, draft,
        history::{Body, Link},
        small,
    },
};

/// What a recovery brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What to ask issuers for again.
    pub reissue: Vec<ReissueEntry>,
    /// Rows added to the history; those that were there already, or were deleted here, are not among them.
    pub history: u32,
    /// Settings taken over.
    pub settings: u32,
}

impl Vault {
    /// Makes a recovery code, to be shown once. The earlier one stays valid until [`Self::confirm_recovery_code`].
    /// Where a PIN is set it is asked for.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::PinRequired`] and those of a wrong PIN; those of storage.
    pub async fn make_recovery_code(&self, pin: Option<&Pin>) -> Result<RecoveryCode, VaultError> {
        let held = self.hold().await;
        let user = self.keys().user()?.clone();
        if self.envelope().slots.pin.is_some() {
            self.try_pin(&held, pin.ok_or(VaultError::PinRequired)?).await?;
        }
        let code = RecoveryCode::make(&mut *(self.rng)());
        let mut envelope = self.envelope();
        envelope.slots.unconfirmed = Some(seal_code(&envelope.store_id, &code, &user.kek, &mut *(self.rng)())?);
        self.restructure(&held, envelope).await?;
        *self.new_code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code.again());
        Ok(code)
    }

    /// Ends the earlier code: the person typed the new one, or its last five characters, and so has it.
    ///
    /// # Errors
    /// [`RecoveryError::WrongCode`]; [`VaultError::RecoveryNotSet`] where none waits. After a restart only the whole
    /// code confirms.
    pub async fn confirm_recovery_code(&self, typed: &str) -> Result<(), VaultError> {
        let held = self.hold().await;
        let mut envelope = self.envelope();
        let slot = envelope.slots.unconfirmed.take().ok_or(VaultError::RecoveryNotSet)?;
        let is_known = {
            let known = self.new_code.lock().unwrap_or_else(PoisonError::into_inner);
            known.as_ref().is_some_and(|code| matches_part(code, typed))
        };
        let opens =
            || RecoveryCode::parse(typed).is_ok_and(|code| open_code(&envelope.store_id, &slot, &code).is_some());
        if !is_known && !opens() {
            return Err(RecoveryError::WrongCode.into());
        }
        envelope.slots.recovery = Some(slot);
        self.restructure(&held, envelope).await?;
        *self.new_code.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// A recovery file, sealed by the recovery code. Of a history that is too long for one the oldest rows are left
    /// out, from some 10,000 ordinary rows on.
    ///
    /// # Errors
    /// [`VaultError::RecoveryNotSet`]; [`RecoveryError::WrongCode`]; [`VaultError::Locked`].
    pub async fn export_recovery(&self, code: &RecoveryCode, made: Timestamp) -> Result<Vec<u8>, VaultError> {
        self.keys().user()?;
        self.try_code(code)?;
        let reissue = self.credentials().await?.credentials.into_iter().map(entry).collect();
        let rows = self.history(0, u32::MAX).await?;
        let history = rows.iter().filter_map(|row| Some((row.imported, row.kept()?.clone()))).collect();
        let record = |(key, bytes): (RecordKey, Vec<u8>)| Record { key, bytes };
        let settings = self.records(SETTINGS).await?.into_iter().map(record).collect();
        let recovery = Recovery { reissue, history, settings, made };
        Ok(recovery_file::seal(code, &recovery, &mut *(self.rng)())?)
    }

    /// Imports a recovery file: all of it or nothing. Importing it twice adds nothing.
    ///
    /// # Errors
    /// [`VaultError::Recovery`]; [`VaultError::Locked`].
    pub async fn import_recovery(&self, code: &RecoveryCode, bytes: &[u8]) -> Result<Imported, VaultError> {
        self.keys().user()?;
        self.import(&recovery_file::open(code, bytes)?).await
    }

    /// Imports what [`recover`] or a recovery file gave: all of it or nothing.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; those of storage.
    pub async fn import(&self, recovery: &Recovery) -> Result<Imported, VaultError> {
        let held = self.hold().await;
        self.keys().user()?;
        let (mut known, mut deleted) = (BTreeSet::new(), BTreeSet::new());
        for link in self.all_links().await?.into_iter().flatten() {
            match &link.body {
                Body::Kept { content, .. } => drop(known.insert(sha256(&[content]))),
                Body::Deleted { event, .. } => drop(deleted.insert(*event)),
                Body::Damaged => {}
            }
        }
        let mut step = Draft::begin(self, &held).await?;
        let mut imported = Imported { reissue: recovery.reissue.clone(), ..Imported::default() };
        for (_, entry) in &recovery.history {
            if !deleted.contains(&entry.id.0) && known.insert(sha256(&[&draft::encode(entry)])) {
                step.append(entry, true)?;
                imported.history = imported.history.saturating_add(1);
            }
        }
        imported.settings = u32::try_from(recovery.settings.len()).unwrap_or(u32::MAX);
        step.put_records(&recovery.settings).await?;
        step.put_records(&reissue_records(&recovery.reissue)).await?;
        step.finish().await?;
        Ok(imported)
    }
}

/// What the files of a store give to whoever has its recovery code, on any device and without the keys of its secure
/// area. Changes no file.
///
/// # Errors
/// [`RecoveryError::WrongCode`]; [`VaultError::RecoveryNotSet`]; [`VaultError::EnvelopeCorrupt`]; those of storage.
pub async fn recover(storage: Arc<dyn Storage>, code: &RecoveryCode) -> Result<Recovery, VaultError> {
    storage.open().await?;
    let recovered = recover_open(&*storage, code).await;
    storage.close().await?;
    recovered
}

async fn recover_open(storage: &dyn Storage, code: &RecoveryCode) -> Result<Recovery, VaultError> {
    let mut why = VaultError::EnvelopeCorrupt;
    for (_, bytes) in candidates(storage).await? {
        let Ok(sealed) = envelope::parse(&bytes) else { continue };
        let slots = sealed.envelope.slots.clone();
        let id = sealed.envelope.store_id;
        let slots = [slots.recovery, slots.unconfirmed];
        if slots.iter().all(Option::is_none) {
            why = VaultError::RecoveryNotSet;
            continue;
        }
        let Some(kek) = slots.iter().flatten().find_map(|slot| open_code(&id, slot, code)) else {
            why = RecoveryError::WrongCode.into();
            continue;
        };
        let open = sealed.envelope.unwrap_open(&kek)?;
        let envelope = sealed.checked(&open)?;
        let user = envelope.unwrap_user(kek, None)?;
        let credentials = contents(storage, &user.portable, rows::CREDENTIALS, credential::decode).await?;
        let mut links = contents(storage, &user.portable, rows::HISTORY, Link::decode).await?;
        links.sort_by_key(|link| link.seq);
        let settings = contents(storage, &open.masters, rows::OPEN_RECORDS, small::read_record).await?;
        let settings = settings.into_iter().filter(|record| record.key.kind == SETTINGS);
        return Ok(Recovery {
            reissue: credentials.into_iter().map(entry).collect(),
            history: links.iter().filter_map(|link| Some((link.imported, link.read().ok()?.kept()?.clone()))).collect(),
            settings: settings.map(|record| Record { key: record.key, bytes: record.bytes }).collect(),
            made: Timestamp::from_unix(0),
        });
    }
    Err(why)
}

/// The rows of a table that open.
async fn contents<T>(
    storage: &dyn Storage,
    masters: &MasterKeys,
    table: Table,
    decode: impl Fn(&[u8]) -> Result<T, StorageError>,
) -> Result<Vec<T>, StorageError> {
    let reads = vec![Read::Rows(table, None)];
    let found = storage.transact(Transaction { reads, ..Transaction::default() }).await?;
    let open = |row: &Row| decode(&rows::open(masters, row).ok()?).ok();
    Ok(found.iter().flatten().filter_map(open).collect())
}

fn entry(meta: CredentialMeta) -> ReissueEntry {
    let CredentialMeta { summary, source, .. } = meta;
    ReissueEntry {
        issuer: summary.issuer,
        source,
        credential_type: summary.credential_type,
        copies: summary.copies_total,
    }
}

/// Each is named by a number among those like it: two documents of one type (a child's beside one's own) are asked for
/// twice.
fn reissue_records(reissue: &[ReissueEntry]) -> Vec<Record> {
    let mut before: BTreeMap<(&str, Option<&IssuanceSource>, &CredentialType), u32> = BTreeMap::new();
    let mut records = Vec::with_capacity(reissue.len());
    for entry in reissue {
        let ReissueEntry { issuer, source, credential_type, .. } = entry;
        let count = before.entry((issuer, source.as_ref(), credential_type)).or_default();
        let (url, configuration) =
            source.as_ref().map_or(("", ""), |source| (&source.issuer_url, &source.configuration_id));
        let format = credential_type.format.as_str();
        let name = [issuer, url, configuration, format, &credential_type.id, &count.to_string()].join("\n");
        *count = count.saturating_add(1);
        let mut encoder = Encoder::new();
        write_recipe(&mut encoder, entry);
        let key = RecordKey { kind: rows::REISSUE_KIND.into(), name };
        records.push(Record { key, bytes: encoder.finish() });
    }
    records
}
