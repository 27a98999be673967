//! The history of presentations, receipts and deletions: read, check, delete an entry, export.
use rid_flow::{History, HistoryContent, HistoryElement, HistorySeq};
use rid_trust::{Party, PartyBasis};
use rid_vault::ChainVerdict;

use crate::{
    Wallet, WalletError, export,
    view::{HistoryCheck, HistoryEntryState, HistoryEvent, HistoryItem, HistoryRow},
};

impl Wallet {
    /// Rows of the history from a place on, at most `max`, oldest first.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn history(&self, from: u64, max: u32) -> Result<Vec<HistoryRow>, WalletError> {
        self.settle().await;
        let rows = self.vault.history(from, max).await?;
        Ok(rows.into_iter().map(|row| self.history_view(row)).collect())
    }

    /// Checks the chain of the whole history: it shows whether an entry was removed, inserted or altered.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn check_history(&self) -> Result<HistoryCheck, WalletError> {
        self.settle().await;
        Ok(match self.vault.verify_history().await? {
            ChainVerdict::Whole { rows } => HistoryCheck { whole: true, rows, first_broken: None },
            ChainVerdict::Broken { seq } => {
                HistoryCheck { whole: false, rows: seq.0.saturating_sub(1), first_broken: Some(seq.0) }
            }
        })
    }

    /// Deletes the content of one entry. The history still shows that there was an entry.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`history_unknown`), [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn delete_history(&self, seq: u64) -> Result<(), WalletError> {
        let at = self.now()?;
        Ok(self.vault.delete_history(HistorySeq(seq), at).await?)
    }

    /// The whole history as JSON lines with a chain of hashes (`spec/history.md`): `rid vault verify-export` tells
    /// whether the lines belong together, and nothing about who wrote them.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn export_history(&self) -> Result<String, WalletError> {
        let at = self.now()?;
        let check = self.check_history().await?;
        let rows = self.vault.history(0, u32::MAX).await?;
        export::export(&rows, &check, at, self.environment())
    }

    pub(crate) fn history_element(&self, element: HistoryElement) -> HistoryItem {
        let HistoryElement { credential_type, path, retained } = element;
        let (label, _) = self.words(&credential_type, &path);
        HistoryItem { kind: credential_type.id, path, label, retained }
    }

    fn history_view(&self, row: History) -> HistoryRow {
        let History { seq, imported, content } = row;
        let entry = match content {
            HistoryContent::Damaged => HistoryEntryState::Damaged,
            HistoryContent::Deleted { at } => HistoryEntryState::Deleted { at },
            HistoryContent::Kept(draft) => HistoryEntryState::Kept {
                event: HistoryEvent {
                    kind: draft.event,
                    outcome: draft.outcome,
                    at: draft.at,
                    // A client identifier or origin alone says nothing of who is behind it.
                    peer_verified: draft.peer.as_ref().is_some_and(is_certified),
                    peer: draft.peer.map(|party| party.name).unwrap_or_default().into(),
                    elements: draft.elements.into_iter().map(|element| self.history_element(element)).collect(),
                    reason: draft.reason,
                },
            },
        };
        HistoryRow { seq: seq.0, imported, entry }
    }
}

fn is_certified(party: &Party) -> bool {
    matches!(party.basis, PartyBasis::Certificate { .. })
}
