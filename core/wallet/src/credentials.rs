//! Lists, displays and deletes stored credentials.
use rid_claims::{ClaimPath, ClaimValue, CredentialType, ReusePolicy};
use rid_flow::{
    Changes, CredentialId, HistoryDraft, HistoryElement, HistoryEventType, HistoryId, HistoryOutcome, Store,
    ports::SecureAreaError,
};
use rid_holder::{
    format::{self, HeldElement},
    shown,
};
use rid_profile::{Element, ImageFormat, Kind, display};
use rid_vault::CredentialMeta;
use rid_wire::{Code, Timestamp};

use crate::{
    Wallet, WalletError,
    view::{CredentialDetails, CredentialElement, CredentialState, CredentialSummary, Portrait},
};

/// A warning: a value has another type than the profile says.
const ELEMENT_TYPE: Code = Code::new("element_type");

impl Wallet {
    /// All credentials. Decrypts no copy and no portrait.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn credentials(&self) -> Result<Vec<CredentialSummary>, WalletError> {
        let now = self.now()?;
        self.settle().await;
        let listing = self.vault.credentials().await?;
        let damaged = listing.damaged.into_iter().map(|id| self.damaged_view(id));
        Ok(listing.credentials.into_iter().map(|meta| self.view_of(meta, now)).chain(damaged).collect())
    }

    /// One credential with its values; a portrait's bytes are not among them.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] for an unknown id, [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn credential(&self, id: &CredentialId) -> Result<CredentialDetails, WalletError> {
        let now = self.now()?;
        let meta = self.vault.credential(id).await?.ok_or_else(unknown_credential)?;
        let bytes = self.vault.copy_for_display(id).await?;
        let kind = self.profile.kind(&meta.summary.credential_type);
        let mut elements = match &bytes {
            Some(bytes) => self.held_elements(bytes, &meta, kind)?,
            None => Vec::new(),
        };
        if let Some(kind) = kind {
            elements.sort_by_key(|element| position(kind, &element.path));
        }
        Ok(CredentialDetails { credential: self.view_of(meta, now), elements })
    }

    /// The holder's portrait in one credential, if it has one.
    ///
    /// # Errors
    /// As [`Wallet::credential`].
    pub async fn portrait(&self, id: &CredentialId) -> Result<Option<Portrait>, WalletError> {
        let meta = self.vault.credential(id).await?.ok_or_else(unknown_credential)?;
        let Some(bytes) = self.vault.copy_for_display(id).await? else { return Ok(None) };
        let Some(kind) = self.profile.kind(&meta.summary.credential_type) else { return Ok(None) };
        let elements = self.read_copy(&bytes, &meta.summary.credential_type)?;
        let portrait = elements.into_iter().find_map(|HeldElement { path, value, .. }| {
            let element = kind.element(&path).filter(|element| element.portrait)?;
            match value {
                ClaimValue::Binary { bytes } => Some(Portrait {
                    format: ImageFormat::of(bytes.expose()),
                    image: bytes,
                    spoken: element.spoken_for(&path).resolve(&self.locales()).into(),
                }),
                _ => None,
            }
        });
        Ok(portrait)
    }

    /// Deletes a credential with all copies and keys, a damaged one too, and writes it into the history. Deleting
    /// what is not there is an error.
    ///
    /// # Errors
    /// As [`Wallet::credential`].
    pub async fn delete(&self, id: &CredentialId) -> Result<(), WalletError> {
        let credential_type = match self.vault.credential(id).await? {
            Some(meta) => Some(meta.summary.credential_type),
            None if self.vault.credentials().await?.damaged.contains(id) => None,
            None => return Err(unknown_credential()),
        };
        let keys = self.vault.keys_of(id).await?;
        let at = self.now()?;
        let mut event = [0; 16];
        self.with_env(|env| env.rng.fill_bytes(&mut event))?;
        let entry = HistoryDraft {
            id: HistoryId(event),
            event: HistoryEventType::Deletion,
            outcome: HistoryOutcome::Finished,
            at,
            peer: None,
            elements: credential_type.into_iter().map(whole).collect(),
            reason: String::from("deleted_by_person"),
        };
        let changes = Changes { remove: vec![id.clone()], history: vec![entry], ..Changes::default() };
        self.vault.commit(changes).await?;
        for key in keys {
            // The credential is gone whatever the secure area says; a key left over signs nothing that exists.
            match self.ports.secure_area.delete(key).await {
                Ok(()) | Err(SecureAreaError::NotFound) => {}
                Err(_) => break,
            }
        }
        Ok(())
    }

    pub(crate) fn view_of(&self, meta: CredentialMeta, now: Timestamp) -> CredentialSummary {
        let now = self.validity_time(now);
        let is_exhausted = meta.is_exhausted(now);
        let summary = meta.summary;
        let kind = self.profile.kind(&summary.credential_type);
        let state = if is_exhausted {
            CredentialState::Exhausted
        } else if now < summary.valid_from {
            CredentialState::NotYetValid
        } else if now > summary.valid_until {
            CredentialState::Expired
        } else {
            CredentialState::Ready
        };
        let id = summary.credential_type.id;
        CredentialSummary {
            name: kind.map_or(id.as_str(), |kind| kind.name.resolve(&self.locales())).into(),
            spoken: kind.map_or(id.as_str(), |kind| kind.spoken.resolve(&self.locales())).into(),
            low_water: summary.reuse != ReusePolicy::Rotate && summary.copies_left <= self.profile.rules().low_water,
            reuse: summary.reuse,
            id: summary.id,
            format: summary.credential_type.format.as_str().into(),
            kind: id,
            issuer: summary.issuer,
            subject: summary.subject,
            signed: summary.signed,
            valid_from: summary.valid_from,
            valid_until: summary.valid_until,
            copies_left: summary.copies_left,
            copies_total: summary.copies_total,
            state,
            environment: self.environment(),
        }
    }

    /// All that can be said of a credential whose record cannot be read.
    fn damaged_view(&self, id: CredentialId) -> CredentialSummary {
        let zero = Timestamp::from_unix(0);
        CredentialSummary {
            id,
            format: String::new(),
            kind: String::new(),
            name: String::new(),
            spoken: String::new(),
            issuer: String::new(),
            subject: None,
            signed: zero,
            valid_from: zero,
            valid_until: zero,
            reuse: ReusePolicy::Once,
            copies_left: 0,
            copies_total: 0,
            low_water: true,
            state: CredentialState::Damaged,
            environment: self.environment(),
        }
    }

    /// The label and spoken form of an element in the first wanted language.
    pub(crate) fn words(&self, credential_type: &CredentialType, path: &ClaimPath) -> (String, String) {
        match self.profile.kind(credential_type).and_then(|kind| kind.element(path)) {
            Some(element) => (
                element.label_for(path).resolve(&self.locales()).into(),
                element.spoken_for(path).resolve(&self.locales()).into(),
            ),
            None => {
                let name = shown::identifier(path.name().unwrap_or_default());
                (name.clone(), name)
            }
        }
    }

    /// The name of a kind in the first wanted language.
    pub(crate) fn kind_name(&self, credential_type: &CredentialType) -> String {
        match self.profile.kind(credential_type) {
            Some(known) => known.name.resolve(&self.locales()).into(),
            None => shown::identifier(&credential_type.id),
        }
    }

    /// The time that validity is judged by. A clock that says less than an issuer's signature is wrong; it must not
    /// make anything valid again (neg-K19).
    pub(crate) fn validity_time(&self, now: Timestamp) -> Timestamp {
        self.vault.latest_signed().map_or(now, |signed| signed.max(now))
    }

    fn held_elements(
        &self,
        bytes: &[u8],
        meta: &CredentialMeta,
        kind: Option<&Kind>,
    ) -> Result<Vec<CredentialElement>, WalletError> {
        let elements = self.read_copy(bytes, &meta.summary.credential_type)?;
        let view = |HeldElement { path, value, type_fits }: HeldElement| {
            let (label, spoken) = self.words(&meta.summary.credential_type, &path);
            let known = kind.and_then(|kind| kind.element(&path));
            let portrait = type_fits && known.is_some_and(|element| element.portrait);
            let text = display(known.filter(|_| type_fits), &value, &self.locales());
            CredentialElement {
                sensitive: known.is_some_and(|element| element.sensitive),
                spelled: known.is_some_and(|element| element.spelled),
                value: if portrait { ClaimValue::Nothing } else { value },
                path,
                label,
                spoken,
                text,
                portrait,
                warning: (!type_fits).then_some(ELEMENT_TYPE),
            }
        };
        Ok(elements.into_iter().map(view).collect())
    }

    pub(crate) fn read_copy(
        &self,
        bytes: &[u8],
        credential_type: &CredentialType,
    ) -> Result<Vec<HeldElement>, WalletError> {
        let kind = self.profile.kind(credential_type);
        format::display(bytes, credential_type, kind, &self.trust).map_err(|code| WalletError::StorageDamaged { code })
    }
}

/// The position of a claim in the order of the profile.
fn position(kind: &Kind, path: &ClaimPath) -> usize {
    let own = |element: &&Element| kind.elements.iter().position(|e| core::ptr::eq(e, *element));
    kind.element(path).as_ref().and_then(own).unwrap_or(usize::MAX)
}

/// The history element of a whole credential.
fn whole(credential_type: CredentialType) -> HistoryElement {
    HistoryElement { credential_type, path: ClaimPath::default(), retained: false }
}

fn unknown_credential() -> WalletError {
    WalletError::BadInput { code: Code::new("credential_unknown") }
}
