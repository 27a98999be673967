//! The key envelope and the keys of each class (security.md, 5).
use std::sync::Arc;

use rid_crypto::{AeadKey, CryptoRng, NONCE_LEN, Secret, hkdf_sha256, hmac_sha256, sha256};
use rid_flow::ports::{KeyId, KeySpec, KeyUse, Prompt, SecureArea, UserAuth};
use rid_wire::cbor::{CborError, Key, Limits, Reader, Writer};

use crate::VaultError;

const VERSION: u64 = 1;

/// What lies beside the database: which key wraps, and what it wraps.
pub(crate) struct Envelope {
    pub(crate) store_id: [u8; 16],
    pub(crate) key: KeyId,
    open: Vec<u8>,
    user: Vec<u8>,
}

/// The keys derived from one master key. `Open`: look-up only; `User`: everything about the person.
pub(crate) struct ClassKeys {
    secret: Secret<32>,
    store_id: [u8; 16],
}

/// Which master key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Open,
    User,
}

impl Class {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Open => b"rid-vault-open-1",
            Self::User => b"rid-vault-user-1",
        }
    }
}

impl Envelope {
    /// Makes a wrapping key in the secure area, draws both master keys, wraps them.
    pub(crate) async fn make(
        area: &Arc<dyn SecureArea>,
        make_rng: &(dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync),
    ) -> Result<Self, VaultError> {
        let spec = KeySpec { usage: KeyUse::Derive, user_auth: UserAuth::None, challenge: Vec::new() };
        let made = area.create_keys(1, spec).await?;
        let key = made.into_iter().next().ok_or(VaultError::WrongKey)?.id;
        let mut store_id = [0; 16];
        make_rng().fill_bytes(&mut store_id);
        let mut envelope = Self { store_id, key, open: Vec::new(), user: Vec::new() };
        let wrapping = envelope.wrapping(area).await?;
        let mut rng = make_rng();
        for class in [Class::Open, Class::User] {
            let master = Secret::<32>::filled(|bytes| rng.fill_bytes(bytes));
            let mut nonce = [0; NONCE_LEN];
            rng.fill_bytes(&mut nonce);
            let aad = [class.label(), &store_id].concat();
            let sealed = wrapping.seal(&nonce, &aad, master.expose()).map_err(|_| VaultError::WrongKey)?;
            let wrapped = [nonce.as_slice(), &sealed].concat();
            match class {
                Class::Open => envelope.open = wrapped,
                Class::User => envelope.user = wrapped,
            }
        }
        Ok(envelope)
    }

    /// The keys of one class, through the secure area.
    pub(crate) async fn unwrap(&self, area: &Arc<dyn SecureArea>, class: Class) -> Result<ClassKeys, VaultError> {
        let wrapping = self.wrapping(area).await?;
        let wrapped = match class {
            Class::Open => &self.open,
            Class::User => &self.user,
        };
        let (nonce, sealed) = wrapped.split_at_checked(NONCE_LEN).ok_or(VaultError::EnvelopeCorrupt)?;
        let nonce = nonce.try_into().map_err(|_| VaultError::EnvelopeCorrupt)?;
        let aad = [class.label(), &self.store_id].concat();
        let mut plain = wrapping.open(nonce, &aad, sealed).map_err(|_| VaultError::WrongKey)?;
        let bytes: &mut [u8; 32] = plain.as_mut_slice().try_into().map_err(|_| VaultError::EnvelopeCorrupt)?;
        Ok(ClassKeys { secret: Secret::take(bytes), store_id: self.store_id })
    }

    async fn wrapping(&self, area: &Arc<dyn SecureArea>) -> Result<AeadKey, VaultError> {
        let input = sha256(&[b"rid-vault-wrap-1", &self.store_id]);
        let derived = area.derive(self.key.clone(), input, Prompt::Unlock).await?;
        Ok(AeadKey::new(hkdf_sha256(derived.expose(), &self.store_id, b"rid-vault-wrap-1")))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(5).uint(1).uint(VERSION).uint(2).bytes(&self.store_id).uint(3).text(&self.key.0);
        writer.uint(4).bytes(&self.open).uint(5).bytes(&self.user);
        writer.finish()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        let (mut version, mut store_id, mut key, mut open, mut user) = (None, None, None, None, None);
        let mut read = || {
            let mut reader = Reader::new(bytes, Limits::PROXIMITY)?.definite();
            reader.map(|reader, name| {
                match name {
                    Key::Uint(1) => version = Some(reader.uint()?),
                    Key::Uint(2) => store_id = <[u8; 16]>::try_from(reader.bytes()?.as_ref()).ok(),
                    Key::Uint(3) => key = Some(KeyId(reader.text()?.into_owned())),
                    Key::Uint(4) => open = Some(reader.bytes()?.into_owned()),
                    Key::Uint(5) => user = Some(reader.bytes()?.into_owned()),
                    _ => {}
                }
                Ok::<_, CborError>(())
            })?;
            reader.finish()
        };
        read().map_err(|_| VaultError::EnvelopeCorrupt)?;
        if version.is_some_and(|version| version > VERSION) {
            return Err(VaultError::SchemaNewer);
        }
        match (store_id, key, open, user) {
            (Some(store_id), Some(key), Some(open), Some(user)) => Ok(Self { store_id, key, open, user }),
            _ => Err(VaultError::EnvelopeCorrupt),
        }
    }
}

impl ClassKeys {
    /// A key for one purpose.
    pub(crate) fn derive(&self, purpose: &[u8]) -> Secret<32> {
        hkdf_sha256(self.secret.expose(), &self.store_id, purpose)
    }

    /// A keyed hash by which rows are found.
    pub(crate) fn hash(&self, purpose: &[u8], name: &[u8]) -> [u8; 32] {
        hmac_sha256(self.derive(b"index").expose(), &[&[u8::try_from(purpose.len()).unwrap_or(u8::MAX)], purpose, name])
    }

    pub(crate) const fn store_id(&self) -> &[u8; 16] {
        &self.store_id
    }
}
