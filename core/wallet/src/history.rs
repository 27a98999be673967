//! What was shown, received and deleted: reading, checking, deleting a row, and an export somebody else can check.
use rid_flow::{
    History, HistoryContent, HistorySeq,
    ports::{KeySpec, KeyUse, Prompt, UserAuth},
};
use rid_profile::ClaimPath;
use rid_vault::ChainVerdict;

use crate::{
    Wallet, WalletError, export,
    view::{HistoryCheckView, HistoryElementView, HistoryEntryView, HistoryEventView, HistoryView},
};

impl Wallet {
    /// Rows of the history from a place on, at most `max`, oldest first.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn history(&self, from: u64, max: u32) -> Result<Vec<HistoryView>, WalletError> {
        self.settle().await;
        let rows = self.vault.history(from, max).await?;
        Ok(rows.into_iter().map(|row| self.history_view(row)).collect())
    }

    /// Walks the chain of the whole history: whether anything was taken out, put in or altered.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn check_history(&self) -> Result<HistoryCheckView, WalletError> {
        self.settle().await;
        Ok(match self.vault.verify_history().await? {
            ChainVerdict::Whole { rows } => HistoryCheckView { whole: true, rows, first_broken: None },
            ChainVerdict::Broken { seq } => {
                HistoryCheckView { whole: false, rows: seq.0.saturating_sub(1), first_broken: Some(seq.0) }
            }
        })
    }

    /// Deletes what one row says. That there was a row stays to be seen.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`history_unknown`), [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn delete_history(&self, seq: u64) -> Result<(), WalletError> {
        let at = self.now()?;
        Ok(self.vault.delete_history(HistorySeq(seq), at).await?)
    }

    /// The whole history as JSON (`spec/history.md`), signed by a key that the secure area makes for this one file and then deletes:
    /// `rid vault verify`, or anybody with a JWS library, tells whether it was altered.
    ///
    /// # Errors
    /// [`WalletError::Cancelled`], [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn export_history(&self) -> Result<String, WalletError> {
        let at = self.now()?;
        let check = self.check_history().await?;
        let rows = self.vault.history(0, u32::MAX).await?;
        let spec = KeySpec { usage: KeyUse::Sign, user_auth: UserAuth::None, challenge: Vec::new() };
        let area = &self.ports.secure_area;
        let made = area.create_keys(1, spec).await?;
        let key =
            made.into_iter().next().ok_or(WalletError::Unsupported { code: rid_wire::Code::new("key_unavailable") })?;
        let unsigned = export::Unsigned::new(&rows, &check, at, &key, self.environment());
        let signature = match unsigned {
            Ok(unsigned) => match area.sign(key.id.clone(), unsigned.to_be_signed(), Prompt::Unlock).await {
                Ok(signature) => unsigned.finish(&signature),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        };
        // Its one signature is made; one left over signs nothing anybody waits for.
        let _ = area.delete(key.id).await;
        signature
    }

    /// Document type, namespace, identifier, intentToRetain.
    pub(crate) fn history_element(
        &self,
        (kind, namespace, identifier, retained): (String, String, String, bool),
    ) -> HistoryElementView {
        let path = ClaimPath::element(&namespace, &identifier);
        let (label, _) = self.words(&kind, &path);
        HistoryElementView { kind, path, label, retained }
    }

    fn history_view(&self, row: History) -> HistoryView {
        let History { seq, imported, content } = row;
        let entry = match content {
            HistoryContent::Damaged => HistoryEntryView::Damaged,
            HistoryContent::Deleted { at } => HistoryEntryView::Deleted { at },
            HistoryContent::Kept(draft) => HistoryEntryView::Kept {
                event: HistoryEventView {
                    kind: draft.kind,
                    outcome: draft.outcome,
                    at: draft.at,
                    peer: draft.peer.into(),
                    peer_verified: draft.peer_verified,
                    elements: draft.elements.into_iter().map(|element| self.history_element(element)).collect(),
                    reason: draft.reason,
                },
            },
        };
        HistoryView { seq: seq.0, imported, entry }
    }
}
