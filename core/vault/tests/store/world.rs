//! A store in memory with a secure area, both to be interrupted at any call.
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use rid_claims::{ClaimPath, CredentialType, ReusePolicy};
use rid_flow::{
    Changes, Credential, CredentialId, HistoryDraft, HistoryElement, HistoryEventType, HistoryId, HistoryOutcome,
    NewCopy, Record, RecordKey, Store,
    fake::{MemoryDisk, MemoryStorage, ScriptedSecureArea, SeededRng, block_on},
    ports::{KeyId, SecureArea, Storage},
};
pub(crate) use rid_kit::Folder;
use rid_trust::{Party, PartyBasis};
use rid_vault::{Pin, RngSource, Vault, VaultConfig, VaultError};
use rid_wire::Timestamp;

use crate::cut::CutArea;
pub(crate) use crate::cut::Line;

pub(crate) const CANARY: &str = "Canary-Surname-Of-Nobody";
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn rng() -> RngSource {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Arc::new(|| Box::new(SeededRng::new(SEED.fetch_add(1, SeqCst))))
}

pub(crate) fn open(storage: Arc<dyn Storage>, area: Arc<dyn SecureArea>) -> Result<Vault, VaultError> {
    block_on(Vault::open(storage, area, rng(), VaultConfig { low_water: 2 }))
}

pub(crate) fn pin(digits: &str) -> Pin {
    Pin::parse(digits.as_bytes()).unwrap()
}

pub(crate) fn id(name: &str) -> CredentialId {
    CredentialId(name.into())
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW + seconds)
}

pub(crate) fn credential(name: &str, copies: usize, reuse: ReusePolicy) -> Credential {
    let copy = |n: usize| NewCopy {
        key: KeyId(format!("{name}-key-{n}")),
        bytes: format!("{CANARY} {name} {n}").into_bytes(),
    };
    Credential {
        id: id(name),
        credential_type: CredentialType::mdoc("org.iso.18013.5.1.mDL"),
        subject: None,
        issuer: CANARY.into(),
        signed: at(0),
        valid_from: at(0),
        valid_until: at(1_000_000),
        reuse,
        claims: vec![ClaimPath::element("ns", "family_name")],
        source: None,
        status: None,
        copies: (0..copies).map(copy).collect(),
    }
}

pub(crate) fn add(name: &str, copies: usize) -> Changes {
    Changes { add: vec![credential(name, copies, ReusePolicy::Once)], ..Changes::default() }
}

pub(crate) fn event(n: u8) -> HistoryDraft {
    HistoryDraft {
        id: HistoryId([n; 16]),
        event: HistoryEventType::Presentation,
        outcome: HistoryOutcome::Started,
        at: at(i64::from(n)),
        peer: Some(Party {
            name: CANARY.into(),
            organization: None,
            country: None,
            basis: PartyBasis::Certificate { key: [7; 32] },
        }),
        elements: vec![HistoryElement {
            credential_type: CredentialType::mdoc("kind"),
            path: ClaimPath::element("ns", "family_name"),
            retained: true,
        }],
        reason: "agreed".into(),
    }
}

pub(crate) fn log(n: u8) -> Changes {
    Changes { history: vec![event(n)], ..Changes::default() }
}

pub(crate) fn present(name: &str, n: u8) -> Changes {
    Changes { consume: vec![id(name)], ..log(n) }
}

pub(crate) fn key(kind: &str, name: &str) -> RecordKey {
    RecordKey { kind: kind.into(), name: name.into() }
}

pub(crate) fn put(kind: &str, name: &str, value: &str) -> Changes {
    let record = Record { key: key(kind, name), bytes: value.as_bytes().to_vec() };
    Changes { put: vec![record], ..Changes::default() }
}

pub(crate) fn left(vault: &Vault, name: &str) -> u32 {
    block_on(vault.credential(&id(name))).unwrap().map_or(0, |meta| meta.summary.copies_left)
}

/// Storage and secure area of one wallet. A clone is the same wallet; a [`Self::fork`] another that begins with the
/// same files.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) disk: MemoryDisk,
    pub(crate) area: Arc<ScriptedSecureArea>,
    /// Keys that are gone, for this wallet.
    gone: Arc<Mutex<BTreeSet<KeyId>>>,
    hardware: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            disk: MemoryDisk::new(),
            area: Arc::new(ScriptedSecureArea::new(seed)),
            gone: Arc::default(),
            hardware: false,
        }
    }

    /// On a device whose secure area is hardware.
    pub(crate) fn in_hardware(seed: u64) -> Self {
        Self { hardware: true, ..Self::new(seed) }
    }

    pub(crate) fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    /// Why it writes nothing before a repair.
    pub(crate) fn refused(&self) -> Option<VaultError> {
        block_on(self.open().health()).unwrap().refused
    }

    /// Another process, after the death of the last.
    pub(crate) fn try_open(&self) -> Result<Vault, VaultError> {
        self.disk.kill();
        open(Arc::new(MemoryStorage::new(&self.disk)), self.area(&Line::whole()))
    }

    /// Opens it so that the line can cut it off.
    pub(crate) fn open_on(&self, line: &Line) -> Result<Vault, VaultError> {
        self.disk.kill();
        open(self.storage(line), self.area(line))
    }

    pub(crate) fn storage(&self, line: &Line) -> Arc<dyn Storage> {
        line.over(Arc::new(MemoryStorage::new(&self.disk)))
    }

    pub(crate) fn area(&self, line: &Line) -> Arc<dyn SecureArea> {
        Arc::new(CutArea {
            area: self.area.clone(),
            gone: self.gone.clone(),
            hardware: self.hardware,
            line: line.clone(),
        })
    }

    /// The same files and the same chip, which forgets keys for this one alone.
    pub(crate) fn fork(&self) -> Self {
        let disk = self.disk.clone_files();
        let gone = self.gone.lock().unwrap().clone();
        Self { disk, area: self.area.clone(), gone: Arc::new(Mutex::new(gone)), hardware: self.hardware }
    }

    /// The same files on another device.
    pub(crate) fn on(&self, seed: u64) -> Self {
        Self { disk: self.disk.clone_files(), ..Self::new(seed) }
    }

    /// Keys of the secure area that are there.
    pub(crate) fn keys(&self) -> Vec<KeyId> {
        let gone = self.gone.lock().unwrap();
        self.area.keys().into_iter().filter(|key| !gone.contains(key)).collect()
    }

    pub(crate) fn is_gone(&self, key: &KeyId) -> bool {
        !self.keys().contains(key)
    }
}

pub(crate) trait Files {
    fn clone_files(&self) -> MemoryDisk;
    /// Puts the rows of another disk here, the envelope stays.
    fn take_rows(&self, of: &MemoryDisk);
    /// Puts the envelope of another disk here, as a file of a later date; the rows stay.
    fn take_envelope(&self, of: &MemoryDisk);
}

impl Files for MemoryDisk {
    fn clone_files(&self) -> MemoryDisk {
        let disk = MemoryDisk::new();
        if let Some(layout) = self.layout() {
            disk.alter_layout(layout);
        }
        disk.take_rows(self);
        disk.alter_envelope(|envelope| *envelope = self.envelope());
        disk
    }

    fn take_rows(&self, of: &MemoryDisk) {
        let found = of.rows();
        self.alter(|rows| *rows = found.into_iter().map(|row| (row.key.clone(), row)).collect());
    }

    fn take_envelope(&self, of: &MemoryDisk) {
        let (_, bytes) = of.envelope().unwrap();
        self.alter_envelope(|envelope| envelope.as_mut().unwrap().1 = bytes);
    }
}

/// Runs `act` over forks of a wallet, interrupted at each call in turn, before and after it; then `check` over what
/// lies there.
pub(crate) fn at_each_call(base: &World, act: impl Fn(&Vault), check: impl Fn(&World, bool)) {
    for carried_out in [false, true] {
        for calls in 0.. {
            let (world, line) = (base.fork(), Line::whole());
            let vault = world.open_on(&line).unwrap();
            line.cut_after(calls, carried_out);
            act(&vault);
            drop(vault);
            check(&world, !line.was_hit());
            if !line.was_hit() {
                break;
            }
        }
    }
}

/// One commit that must go through.
pub(crate) fn commit(vault: &Vault, changes: Changes) -> rid_flow::Committed {
    block_on(vault.commit(changes)).unwrap()
}
