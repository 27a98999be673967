//! The envelope of the first version: one key of the secure area wraps both master keys. Read to be migrated, never written.
use std::sync::Arc;

use rid_crypto::{Secret, hkdf_sha256, sha256};
use rid_flow::ports::{KeyId, Prompt, SecureArea};
use rid_wire::cbor::{CborError, Key, Limits, Reader, Writer};

use super::{FIRST_EPOCH, Masters, secret_of, unwrap};
use crate::VaultError;

/// What lay beside the database.
pub(crate) struct EnvelopeV1 {
    pub(crate) store_id: [u8; 16],
    pub(crate) key: KeyId,
    open: Vec<u8>,
    user: Vec<u8>,
    /// The envelope that replaces it once the rows are of the second version. The first version never saw it.
    pub(crate) next: Option<Vec<u8>>,
}

impl EnvelopeV1 {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        let (mut store_id, mut key, mut open, mut user, mut next) = (None, None, None, None, None);
        let mut read = || {
            let mut reader = Reader::new(bytes, Limits::PROXIMITY)?.definite();
            reader.map(|reader, name| {
                match name {
                    Key::Uint(2) => store_id = <[u8; 16]>::try_from(reader.bytes()?.as_ref()).ok(),
                    Key::Uint(3) => key = Some(KeyId(reader.text()?.into_owned())),
                    Key::Uint(4) => open = Some(reader.bytes()?.into_owned()),
                    Key::Uint(5) => user = Some(reader.bytes()?.into_owned()),
                    Key::Uint(6) => next = Some(reader.bytes()?.into_owned()),
                    _ => {}
                }
                Ok::<_, CborError>(())
            })?;
            reader.finish()
        };
        read().map_err(|_| VaultError::EnvelopeCorrupt)?;
        match (store_id, key, open, user) {
            (Some(store_id), Some(key), Some(open), Some(user)) => Ok(Self { store_id, key, open, user, next }),
            _ => Err(VaultError::EnvelopeCorrupt),
        }
    }

    /// As the first version would write it, with its successor in a member that it passes over.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(5 + usize::from(self.next.is_some())).uint(1).uint(1).uint(2).bytes(&self.store_id);
        writer.uint(3).text(&self.key.0).uint(4).bytes(&self.open).uint(5).bytes(&self.user);
        if let Some(next) = &self.next {
            writer.uint(6).bytes(next);
        }
        writer.finish()
    }

    /// The look-up key and the master of all rows, which stays the master of the first epoch.
    pub(crate) async fn unwrap(&self, area: &Arc<dyn SecureArea>) -> Result<(Secret<32>, Masters), VaultError> {
        let input = sha256(&[b"rid-vault-wrap-1", &self.store_id]);
        let derived = area.derive(self.key.clone(), input, Prompt::Unlock).await?;
        let wrapping = || hkdf_sha256(derived.expose(), &self.store_id, b"rid-vault-wrap-1");
        let master = |label: &[u8], wrapped: &[u8]| {
            let plain = unwrap(wrapping(), &[label, &self.store_id].concat(), wrapped).ok_or(VaultError::WrongKey)?;
            secret_of(&plain).ok_or(VaultError::EnvelopeCorrupt)
        };
        let open = master(b"rid-vault-open-1", &self.open)?;
        let user = master(b"rid-vault-user-1", &self.user)?;
        let index = hkdf_sha256(open.expose(), &self.store_id, b"index");
        Ok((index, Masters::new(self.store_id, vec![(FIRST_EPOCH, user)])))
    }
}
