//! The enrolment door: ask an issuer for credentials, and accept its answer, all or nothing.
use rid_flow::{Driven, RecordKey, drive};
use rid_holder::enrolment::{Accept, Enrol, EnrolParameters, RECORD_KIND};
use rid_wire::{Code, hex};

use crate::{Wallet, WalletError, view::CredentialView};

/// What goes to an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Names this enrolment; [`Wallet::accept`] wants it back.
    pub id: String,
    /// The message: keys and one proof of possession each (`rid_flow::enrolment`).
    pub message: Vec<u8>,
    /// How many keys were made.
    pub keys: u32,
}

impl Wallet {
    /// Makes `copies` keys for each kind (short name or document type; 0: as many as the profile says) and proves their
    /// possession to `audience` over its `challenge`.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] for an unknown kind, [`WalletError::Cancelled`], [`WalletError::Locked`],
    /// [`WalletError::StorageDamaged`], [`WalletError::Unsupported`].
    pub async fn enrol(
        &self,
        kinds: &[String],
        copies: u32,
        challenge: Vec<u8>,
        audience: String,
    ) -> Result<Enrolment, WalletError> {
        let mut wanted = Vec::with_capacity(kinds.len());
        for name in kinds {
            let kind = self
                .profile
                .kind_by_id(name)
                .or_else(|| self.profile.kind(name))
                .ok_or(WalletError::BadInput { code: Code::new("kind_unknown") })?;
            wanted.push((kind.doc_type.clone(), if copies == 0 { kind.copies } else { copies }));
        }
        let parameters = EnrolParameters { kinds: wanted, challenge, audience, user_auth: self.user_auth };
        let mut flow = self.with_env(|env| Enrol::new(parameters, env))?;
        let rng = self.ports.rng.clone();
        match drive(&mut flow, &self.flow_ports(), &*rng).await? {
            Driven::Done(request) => Ok(Enrolment {
                id: hex::encode(&request.id),
                message: request.encode(),
                keys: u32::try_from(request.kinds.iter().map(|(_, keys)| keys.len()).sum::<usize>())
                    .unwrap_or(u32::MAX),
            }),
            Driven::Pause(never) => match never {},
        }
    }

    /// Checks an issuer's answer fully and stores it: every credential or none. Another enrolment's answer is refused.
    ///
    /// # Errors
    /// [`WalletError::BadInput`], [`WalletError::NotTrusted`], [`WalletError::StorageDamaged`]; nothing was stored.
    pub async fn accept(&self, id: &str, answer: &[u8]) -> Result<Vec<CredentialView>, WalletError> {
        let unknown = WalletError::BadInput { code: Code::new("enrolment_unknown") };
        let raw: [u8; 16] = hex::decode(id).ok().and_then(|id| id.try_into().ok()).ok_or(unknown)?;
        let key = RecordKey { kind: RECORD_KIND.into(), name: hex::encode(&raw) };
        let record = self.vault.record(&key).await?;
        let trust = self.trust.clone();
        let mut flow = self.with_env(|env| Accept::new(raw, answer, record.as_deref(), trust, env))??;
        let rng = self.ports.rng.clone();
        let stored = match drive(&mut flow, &self.flow_ports(), &*rng).await? {
            Driven::Done(stored) => stored,
            Driven::Pause(never) => match never {},
        };
        let views = self.credentials().await?;
        Ok(views.into_iter().filter(|view| stored.contains(&view.id)).collect())
    }
}
