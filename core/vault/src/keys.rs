//! The keys in memory, by class: *open* while the store is open (look-up index, digests, rows readable while locked);
//! while it is unlocked *portable* (credentials, history, what to ask issuers for: the recovery code opens them on any
//! device) and *bound* (copies, records: this device's secure area is needed too).
pub(crate) mod envelope;
pub(crate) mod envelope_store;
pub(crate) mod slots;

use rid_crypto::{AeadKey, CryptoRng, HmacKey, NONCE_LEN, Secret, hkdf_sha256, hmac_sha256};
use rid_flow::{
    CredentialId, RecordKey,
    ports::{RowKey, Table},
};
use rid_wire::cbor::{CborError, Decoder, Encoder, Key, Limits};
use zeroize::Zeroizing;

use crate::{VaultError, rows};

/// Which master keys sealed a row; grows by one with each rotation.
pub(crate) type Epoch = u32;

/// That of a new store.
pub(crate) const FIRST_EPOCH: Epoch = 1;

/// Master keys of one class, newest epoch first. More than one only while a rotation is under way.
pub(crate) struct MasterKeys {
    store_id: [u8; 16],
    epochs: Vec<(Epoch, Secret<32>)>,
    /// One key a table and epoch, derived once.
    tables: Vec<(Epoch, Table, HmacKey)>,
}

impl MasterKeys {
    pub(crate) fn new(store_id: [u8; 16], mut epochs: Vec<(Epoch, Secret<32>)>) -> Self {
        epochs.sort_by_key(|(epoch, _)| core::cmp::Reverse(*epoch));
        let mut tables = Vec::with_capacity(epochs.len().saturating_mul(rows::TABLES.len()));
        for (epoch, master) in &epochs {
            for table in rows::TABLES {
                let purpose = [b"dek".as_slice(), &[table.0]].concat();
                tables.push((*epoch, table, HmacKey::new(&hkdf_sha256(master.expose(), &store_id, &purpose))));
            }
        }
        Self { store_id, epochs, tables }
    }

    pub(crate) const fn store_id(&self) -> &[u8; 16] {
        &self.store_id
    }

    /// Newest first.
    pub(crate) fn epochs(&self) -> impl ExactSizeIterator<Item = Epoch> {
        self.epochs.iter().map(|(epoch, _)| *epoch)
    }

    pub(crate) fn newest(&self) -> Epoch {
        self.epochs().next().unwrap_or_default()
    }

    /// The key of one row in one epoch.
    pub(crate) fn row_key(&self, epoch: Epoch, key: &RowKey) -> Option<AeadKey> {
        let (.., table) = self.tables.iter().find(|(known, of, _)| *known == epoch && *of == key.table)?;
        Some(AeadKey::new(table.expand([&key.id, &epoch.to_be_bytes()])))
    }

    /// The same with a fresh newest epoch, or with none but the newest.
    pub(crate) fn rotated(&self, rng: &mut dyn CryptoRng) -> Self {
        let mut epochs = self.copies();
        epochs.push((self.newest().saturating_add(1), make_secret(rng)));
        Self::new(self.store_id, epochs)
    }

    pub(crate) fn newest_only(&self) -> Self {
        let mut epochs = self.copies();
        epochs.truncate(1);
        Self::new(self.store_id, epochs)
    }

    fn copies(&self) -> Vec<(Epoch, Secret<32>)> {
        self.epochs.iter().map(|(epoch, master)| (*epoch, copy(master))).collect()
    }
}

/// While the store is open.
pub(crate) struct OpenKeys {
    index: Secret<32>,
    digest: HmacKey,
    envelope: Secret<32>,
    pub(crate) masters: MasterKeys,
}

impl OpenKeys {
    pub(crate) fn new(index: Secret<32>, masters: MasterKeys) -> Self {
        let derive = |purpose: &[u8]| hkdf_sha256(index.expose(), masters.store_id(), purpose);
        let (digest, envelope) = (HmacKey::new(&derive(b"digest")), derive(b"envelope"));
        Self { index, digest, envelope, masters }
    }

    pub(crate) const fn digest_key(&self) -> &HmacKey {
        &self.digest
    }

    /// Authenticates the envelope.
    pub(crate) fn envelope_key(&self) -> &[u8; 32] {
        self.envelope.expose()
    }

    /// A keyed hash by which rows are found.
    pub(crate) fn hash(&self, purpose: &[u8], name: &[u8]) -> [u8; 32] {
        hmac_sha256(self.index.expose(), &[&[u8::try_from(purpose.len()).unwrap_or(u8::MAX)], purpose, name])
    }

    fn row(&self, table: Table, purpose: &[u8], name: &[u8]) -> RowKey {
        RowKey { table, id: self.hash(purpose, name) }
    }

    pub(crate) fn head(&self) -> RowKey {
        self.row(rows::HEAD, b"head", b"")
    }

    /// The head's two places: what is written to one is written to the other.
    pub(crate) fn heads(&self) -> [RowKey; 2] {
        [self.head(), self.row(Table::MIRROR, b"head", b"")]
    }

    pub(crate) fn credential(&self, id: &CredentialId) -> RowKey {
        self.row(rows::CREDENTIALS, b"credential", id.0.as_bytes())
    }

    pub(crate) fn copy(&self, name: &str) -> RowKey {
        self.row(rows::COPIES, b"copy", name.as_bytes())
    }

    /// Where the names of a credential's device keys are kept, readable while locked.
    pub(crate) fn device_keys(&self, id: &CredentialId) -> RowKey {
        self.row(rows::DEVICE_KEYS, b"device keys", id.0.as_bytes())
    }

    pub(crate) fn history(&self, seq: u64) -> RowKey {
        self.row(rows::HISTORY, b"history", &seq.to_be_bytes())
    }

    /// The index value of a credential's copies.
    pub(crate) fn pool(&self, id: &CredentialId) -> [u8; 32] {
        self.hash(b"pool", id.0.as_bytes())
    }

    /// The index value of an event's history rows.
    pub(crate) fn event(&self, id: &[u8; 16]) -> [u8; 32] {
        self.hash(b"event", id)
    }

    pub(crate) fn record(&self, key: &RecordKey) -> RowKey {
        let name = [key.kind.as_bytes(), &[0], key.name.as_bytes()].concat();
        self.row(rows::record_table(&key.kind), b"record", &name)
    }

    pub(crate) fn record_kind(&self, kind: &str) -> [u8; 32] {
        self.hash(b"record kind", kind.as_bytes())
    }

    /// What the envelope wraps under the device's key.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode_bundle(&self.index, &self.masters)
    }

    pub(crate) fn decode(store_id: [u8; 16], bytes: &[u8]) -> Result<Self, VaultError> {
        let (index, masters) = decode_bundle(bytes)?;
        Ok(Self::new(index, MasterKeys::new(store_id, masters)))
    }

    pub(crate) fn with_masters(&self, masters: MasterKeys) -> Self {
        Self::new(copy(&self.index), masters)
    }
}

/// While the store is unlocked.
pub(crate) struct UserKeys {
    /// Wraps the rest in the envelope; every unlock method wraps this.
    pub(crate) kek: Secret<32>,
    chain: Secret<32>,
    pub(crate) portable: MasterKeys,
    /// Without an epoch where this device cannot have them: then none of their rows opens.
    pub(crate) bound: MasterKeys,
}

impl UserKeys {
    pub(crate) const fn new(kek: Secret<32>, chain: Secret<32>, portable: MasterKeys, bound: MasterKeys) -> Self {
        Self { kek, chain, portable, bound }
    }

    /// Key of the history's chain.
    pub(crate) fn chain_key(&self) -> &[u8; 32] {
        self.chain.expose()
    }

    /// The portable keys, to be wrapped under [`Self::kek`].
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode_bundle(&self.chain, &self.portable)
    }

    /// The bound keys, to be wrapped under [`bound_key`].
    pub(crate) fn encode_bound(&self) -> Zeroizing<Vec<u8>> {
        encode_bundle(&self.kek, &self.bound)
    }

    /// From what was wrapped; `bound` is `None` on another device.
    pub(crate) fn decode(
        store_id: [u8; 16],
        kek: Secret<32>,
        portable: &[u8],
        bound: Option<&[u8]>,
    ) -> Result<Self, VaultError> {
        let (chain, masters) = decode_bundle(portable)?;
        let bound = bound.map_or(Ok(Vec::new()), |bound| decode_bundle(bound).map(|(_, masters)| masters))?;
        Ok(Self::new(kek, chain, MasterKeys::new(store_id, masters), MasterKeys::new(store_id, bound)))
    }

    pub(crate) fn with_masters(&self, portable: MasterKeys, bound: MasterKeys) -> Self {
        Self::new(copy(&self.kek), copy(&self.chain), portable, bound)
    }

    /// More than one epoch: a rotation is under way.
    pub(crate) fn is_rotating(&self) -> bool {
        self.portable.epochs().len() > 1 || self.bound.epochs().len() > 1
    }
}

/// Wraps the bound keys: the person's key and this device's half together.
pub(crate) fn bound_key(kek: &Secret<32>, half: &Secret<32>, store_id: &[u8; 16]) -> Secret<32> {
    let both = Zeroizing::new([kek.expose().as_slice(), half.expose()].concat());
    hkdf_sha256(&both, store_id, b"rid-vault-bound-1")
}

/// Wraps the keys of the open store for whoever has the person's key and not this device.
pub(crate) fn portable_open_key(kek: &Secret<32>, store_id: &[u8; 16]) -> Secret<32> {
    hkdf_sha256(kek.expose(), store_id, b"rid-vault-portable-open-1")
}

pub(crate) fn make_secret(rng: &mut dyn CryptoRng) -> Secret<32> {
    Secret::filled(|bytes| rng.fill_bytes(bytes))
}

pub(crate) fn copy(secret: &Secret<32>) -> Secret<32> {
    Secret::filled(|bytes| bytes.copy_from_slice(secret.expose()))
}

/// Seals under a wrapping key: nonce ‖ ciphertext ‖ tag.
pub(crate) fn wrap(
    key: Secret<32>,
    label: &[u8],
    plain: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let sealed = AeadKey::new(key).seal(&nonce, label, plain).map_err(|_| VaultError::EnvelopeCorrupt)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`wrap`] sealed; `None` for another key, label or content.
pub(crate) fn unwrap(key: Secret<32>, label: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = wrapped.split_at_checked(NONCE_LEN)?;
    AeadKey::new(key).open(nonce.try_into().ok()?, label, sealed).ok().map(Zeroizing::new)
}

pub(crate) fn secret_of(bytes: &[u8]) -> Option<Secret<32>> {
    (bytes.len() == 32).then(|| Secret::filled(|out| out.copy_from_slice(bytes)))
}

fn encode_bundle(first: &Secret<32>, masters: &MasterKeys) -> Zeroizing<Vec<u8>> {
    // Room for all of it at once: what grows leaves copies behind.
    let mut writer = Encoder::with_capacity(64_usize.saturating_add(masters.epochs.len().saturating_mul(48)));
    writer.array(2).bytes(first.expose()).map(masters.epochs.len());
    for (epoch, master) in masters.epochs.iter().rev() {
        writer.uint((*epoch).into()).bytes(master.expose());
    }
    Zeroizing::new(writer.finish())
}

type Bundle = (Secret<32>, Vec<(Epoch, Secret<32>)>);

fn decode_bundle(bytes: &[u8]) -> Result<Bundle, VaultError> {
    let (mut first, mut masters) = (None, Vec::new());
    let mut read = || {
        let mut reader = Decoder::new(bytes, Limits::PROXIMITY)?.definite();
        reader.array(|reader, at| {
            if at == 0 {
                first = secret_of(reader.definite_bytes()?);
                return Ok(());
            }
            reader.map(|reader, epoch| {
                let (Key::Uint(epoch), secret) = (epoch, secret_of(reader.definite_bytes()?)) else {
                    return Err(CborError::UnexpectedType);
                };
                let epoch = Epoch::try_from(*epoch).map_err(|_| CborError::UnexpectedType)?;
                masters.push((epoch, secret.ok_or(CborError::UnexpectedType)?));
                Ok(())
            })?;
            Ok(())
        })?;
        reader.finish()
    };
    read().map_err(|_| VaultError::EnvelopeCorrupt)?;
    match first {
        Some(first) if !masters.is_empty() => Ok((first, masters)),
        _ => Err(VaultError::EnvelopeCorrupt),
    }
}
