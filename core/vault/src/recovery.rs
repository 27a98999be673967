//! Taking along to another device what may be taken along: what to ask issuers for again, the history, settings. Never a key or token.
use std::collections::BTreeSet;

use rid_crypto::sha256;
use rid_flow::{Changes, Record, RecordKey};
use rid_wire::{Timestamp, cbor::Writer};

use crate::{
    ContainerError, Recipe, Recovery, RecoveryCode, Vault, VaultError, commit::Draft, container, encode::history::draft,
};

/// Kind of the records that name what to ask issuers for again.
const RECIPES: &str = "reissue";
/// Kind of the records that go along.
const SETTINGS: &str = "settings";

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
    /// [`VaultError::RecoveryNotSet`]; [`ContainerError::WrongCode`]; [`VaultError::Locked`].
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
        if recovery.settings.iter().any(|record| record.key.kind != SETTINGS) {
            return Err(ContainerError::Form.into());
        }
        loop {
            // Begun before the history is read: what another writes from here on has this one begin again, with the rows that came.
            let mut step = Draft::begin(self).await?;
            let rows = self.history(0, u32::MAX).await?;
            let mut known: BTreeSet<[u8; 32]> =
                rows.iter().filter_map(|row| row.kept()).map(|entry| sha256(&[&draft(entry)])).collect();
            let mut imported = Imported { recipes: recovery.recipes.clone(), ..Imported::default() };
            for (_, entry) in &recovery.history {
                if known.insert(sha256(&[&draft(entry)])) {
                    step.append(entry, true)?;
                    imported.history = imported.history.saturating_add(1);
                }
            }
            let mut changes = Changes { put: recovery.settings.clone(), ..Changes::default() };
            imported.settings = u32::try_from(changes.put.len()).unwrap_or(u32::MAX);
            changes.put.extend((0..recovery.recipes.len()).filter_map(|at| recipe_record(&recovery.recipes, at)));
            step.put_records(&changes).await?;
            if step.finish().await?.is_some() {
                return Ok(imported);
            }
        }
    }
}

/// Named by how many of its like come before it too: two documents of one kind (a child's beside one's own) are asked for twice.
fn recipe_record(recipes: &[Recipe], at: usize) -> Option<Record> {
    let recipe = recipes.get(at)?;
    let like =
        |other: &&Recipe| (&other.issuer, &other.format, &other.kind) == (&recipe.issuer, &recipe.format, &recipe.kind);
    let before = recipes.iter().take(at).filter(like).count();
    let mut writer = Writer::new();
    writer.array(4).text(&recipe.issuer).text(&recipe.format).text(&recipe.kind).uint(recipe.copies.into());
    let name = [recipe.issuer.as_str(), &recipe.format, &recipe.kind, &before.to_string()].join("\n");
    Some(Record { key: RecordKey { kind: RECIPES.into(), name }, bytes: writer.finish() })
}
