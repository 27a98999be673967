//! Taking along to another device what may be taken along: what to ask issuers for again, the history, settings. Never a key or token.
use std::collections::{BTreeMap, BTreeSet};

use rid_crypto::sha256;
use rid_flow::{Changes, Record, RecordKey, ports::StorageError};
use rid_wire::{Timestamp, cbor::Writer};

use crate::{
    Recipe, Recovery, RecoveryCode, Vault, VaultError,
    commit::{Draft, TRIES},
    container::{self, SETTINGS},
    encode::history::draft,
};

/// Kind of the records that name what to ask issuers for again.
const RECIPES: &str = "reissue";

/// What a container brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What to ask issuers for again.
    pub recipes: Vec<Recipe>,
    /// Rows added to the history; those that were there already are not among them.
    pub history: u32,
    /// Settings taken over.
    pub settings: u32,
}

impl Vault {
    /// A container of what may be taken along, sealed by the recovery code. Of a history that is too long for one the oldest rows stay
    /// here; from some 10,000 ordinary rows on.
    ///
    /// # Errors
    /// [`VaultError::RecoveryNotSet`]; [`crate::ContainerError::WrongCode`]; [`VaultError::Locked`].
    pub async fn export_recovery(&self, code: &RecoveryCode, made: Timestamp) -> Result<Vec<u8>, VaultError> {
        self.keys().user()?;
        self.check_recovery_code(code).await?;
        let recipe = |meta: crate::CredentialMeta| Recipe {
            issuer: meta.issuer,
            format: meta.format,
            kind: meta.kind,
            copies: meta.copies_total,
        };
        let recipes = self.credentials().await?.credentials.into_iter().map(recipe).collect();
        let rows = self.history(0, u32::MAX).await?;
        let history = rows.iter().filter_map(|row| Some((row.imported, row.kept()?.clone()))).collect();
        let record = |(key, bytes): (RecordKey, Vec<u8>)| Record { key, bytes };
        let settings = self.records(SETTINGS).await?.into_iter().map(record).collect();
        let recovery = Recovery { recipes, history, settings, made };
        Ok(container::seal(code, &recovery, &mut *(self.rng)())?)
    }

    /// Takes a container in: all of it or nothing. Taken in twice it adds nothing.
    ///
    /// # Errors
    /// [`VaultError::Container`]; [`VaultError::Locked`].
    pub async fn import_recovery(&self, code: &RecoveryCode, bytes: &[u8]) -> Result<Imported, VaultError> {
        self.keys().user()?;
        let recovery = container::open(code, bytes)?;
        for _ in 0..TRIES {
            // Begun before the history is read: what another writes from here on has this one begin again, with the rows that came.
            let mut step = Draft::begin(self).await?;
            let rows = self.history(0, u32::MAX).await?;
            let mut imported = Imported { recipes: recovery.recipes.clone(), ..Imported::default() };
            let tried = step.take_along(&recovery, &rows, &mut imported).await;
            if step.settle(tried).await?.is_some() {
                return Ok(imported);
            }
        }
        Err(StorageError::Conflict.into())
    }
}

impl Draft<'_> {
    async fn take_along(
        &mut self,
        recovery: &Recovery,
        rows: &[rid_flow::History],
        imported: &mut Imported,
    ) -> Result<(), VaultError> {
        let mut known: BTreeSet<[u8; 32]> =
            rows.iter().filter_map(|row| row.kept()).map(|entry| sha256(&[&draft(entry)])).collect();
        for (_, entry) in &recovery.history {
            if known.insert(sha256(&[&draft(entry)])) {
                self.append(entry, true)?;
                imported.history = imported.history.saturating_add(1);
            }
        }
        let mut changes = Changes { put: recovery.settings.clone(), ..Changes::default() };
        imported.settings = u32::try_from(changes.put.len()).unwrap_or(u32::MAX);
        changes.put.extend(recipe_records(&recovery.recipes));
        self.put_records(&changes).await
    }
}

/// Each named by how many of its like come before it too: two documents of one kind (a child's beside one's own) are asked for twice.
fn recipe_records(recipes: &[Recipe]) -> Vec<Record> {
    let mut before: BTreeMap<[&str; 3], u32> = BTreeMap::new();
    let mut records = Vec::with_capacity(recipes.len());
    for recipe in recipes {
        let like = [recipe.issuer.as_str(), &recipe.format, &recipe.kind];
        let [issuer, format, kind] = like;
        let count = before.entry(like).or_default();
        let name = [issuer, format, kind, &count.to_string()].join("\n");
        *count = count.saturating_add(1);
        let mut writer = Writer::new();
        writer.array(4).text(issuer).text(format).text(kind).uint(recipe.copies.into());
        records.push(Record { key: RecordKey { kind: RECIPES.into(), name }, bytes: writer.finish() });
    }
    records
}
