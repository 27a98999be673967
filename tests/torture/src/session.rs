//! The store under test, open, and what is done to it.
use std::{
    cell::Cell,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use pollster::block_on;
use rid_claims::{ClaimPath, CredentialType, ReusePolicy};
use rid_flow::{
    Changes, Credential, CredentialId, HistoryDraft, HistoryElement, HistoryEventType, HistoryId, HistoryOutcome,
    NewCopy, Record, RecordKey, Store, Uptime, VerifierId,
    ports::{Clock, ClockError, KeyId, Layout, SecureArea, Storage, StorageError},
};
use rid_shell::{SoftwareSecureArea, SqliteStorage};
use rid_trust::{Party, PartyBasis};
use rid_vault::{Pin, RecoveryCode, RngSource, UnlockMethod, Vault, VaultConfig, VaultError};
use rid_wire::{Timestamp, hex};

use crate::{
    area::{Listener, Telling, quiet_rng, telling_rng},
    fixture,
    model::reuse,
    work::Work,
};

/// In every value that is stored; never to be found in a file.
pub(crate) const CANARY: &[u8] = b"CANARY-in-plain-text";
/// Kind of the small records; those called `s…` are settings, which are written while locked too.
pub(crate) const RECORDS: &str = "torture";
pub(crate) const SETTINGS: &str = "settings";
pub(crate) const NOW: i64 = 1_800_000_000;

thread_local! {
    /// Seconds since the boot of the device that this thread stands for. A wait after wrong PINs is over when the
    /// harness says so.
    static PASSED: Cell<u64> = const { Cell::new(0) };
}

pub(crate) fn pass(seconds: u64) {
    PASSED.set(PASSED.get() + seconds + 1);
}

/// The device starts again, and so does the wait.
pub(crate) fn reboot() {
    PASSED.set(0);
}

struct Waiting;

impl Clock for Waiting {
    fn now(&self) -> Result<Timestamp, ClockError> {
        Ok(Timestamp::from_unix(NOW))
    }

    fn uptime(&self) -> Uptime {
        Uptime::from_millis(PASSED.get() * 1000)
    }
}

/// A store, its ports, and the vault while it is open.
pub(crate) struct Session {
    storage: Arc<SqliteStorage>,
    area: Arc<dyn SecureArea>,
    telling: Option<Arc<Telling>>,
    rng: RngSource,
    next_layout: bool,
    vault: Option<Arc<Vault>>,
}

/// A store's folder, and which software opens it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    /// Software whose newest version is the made-up next.
    pub(crate) next_layout: bool,
}

impl Place {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), next_layout: false }
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Result<Session, VaultError> {
        let area = SoftwareSecureArea::open(&self.folder).map_err(VaultError::SecureArea)?;
        self.open_over(Arc::new(area))
    }

    pub(crate) fn open_over(&self, area: Arc<dyn SecureArea>) -> Result<Session, VaultError> {
        self.opened(Session {
            storage: self.storage(),
            area,
            telling: None,
            rng: quiet_rng(),
            next_layout: self.next_layout,
            vault: None,
        })
    }

    /// Opens it and tells of what its keys are asked.
    pub(crate) fn open_telling(&self, listener: Listener) -> Result<Session, VaultError> {
        let area = SoftwareSecureArea::open(&self.folder).map_err(VaultError::SecureArea)?;
        let telling = Arc::new(Telling::new(area, listener.clone()));
        self.opened(Session {
            storage: self.storage(),
            area: telling.clone(),
            telling: Some(telling),
            rng: telling_rng(listener),
            next_layout: self.next_layout,
            vault: None,
        })
    }

    /// Opens although the process killed a moment ago may not have let go yet.
    pub(crate) fn open_again(&self) -> Result<Session, VaultError> {
        for _ in 0..100 {
            match self.open() {
                Err(VaultError::Storage(StorageError::Locked)) => std::thread::sleep(Duration::from_millis(10)),
                other => return other,
            }
        }
        Err(VaultError::Storage(StorageError::Locked))
    }

    fn storage(&self) -> Arc<SqliteStorage> {
        let newest = if self.next_layout { Layout(Layout::NEWEST.0 + 1) } else { Layout::NEWEST };
        Arc::new(SqliteStorage::dangerous_with_layout(&self.folder, newest))
    }

    fn opened(&self, mut session: Session) -> Result<Session, VaultError> {
        session.open()?;
        Ok(session)
    }
}

impl Session {
    pub(crate) fn open(&mut self) -> Result<(), VaultError> {
        let (storage, area, rng) = (self.storage.clone(), self.area.clone(), self.rng.clone());
        let config = VaultConfig { low_water: 2 };
        let vault = if self.next_layout {
            block_on(Vault::dangerous_open_next(storage, area, rng, config))?
        } else {
            block_on(Vault::open(storage, area, rng, config))?
        };
        self.vault = Some(Arc::new(block_on(vault.with_clock(Arc::new(Waiting)))));
        Ok(())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.vault.is_some()
    }

    pub(crate) fn vault(&self) -> Result<&Arc<Vault>, VaultError> {
        self.vault.as_ref().ok_or(VaultError::Storage(StorageError::Locked))
    }

    /// Does one operation; gives what is said of it: the keys of the copies handed out, a code.
    pub(crate) fn act(&mut self, work: &Work) -> Result<String, VaultError> {
        let vault = self.vault()?.clone();
        match work {
            Work::BioOff => block_on(vault.disable_biometrics())?,
            Work::BioOn => block_on(vault.enable_biometrics())?,
            Work::ChangePin { old, new } => {
                let (old, new) = (pin(old)?, pin(new)?);
                self.guess(|| block_on(vault.change_pin(&old, &new, &[])))?;
            }
            Work::Erase { event: text } => {
                let rows = block_on(vault.history(0, u32::MAX))?;
                let row = rows.iter().find(|row| row.kept().is_some_and(|entry| entry.id == event(text)));
                let seq = row.ok_or(VaultError::HistoryUnknown)?.seq;
                block_on(vault.delete_history(seq, Timestamp::from_unix(NOW)))?;
            }
            Work::Export { code: text } => {
                block_on(vault.export_recovery(&code(text)?, Timestamp::from_unix(NOW)))?;
            }
            Work::Import => {
                let (text, container) = fixture::container();
                block_on(vault.import_recovery(&code(&text)?, &container))?;
            }
            Work::MakeCode { pin: own } => {
                let own = own.as_deref().map(pin).transpose()?;
                let made = || block_on(vault.make_recovery_code(own.as_ref()));
                let mut code = None;
                match own {
                    Some(_) => self.guess(|| made().map(|made| code = Some(made)))?,
                    None => code = Some(made()?),
                }
                let code = code.ok_or(VaultError::RecoveryNotSet)?;
                block_on(vault.confirm_recovery_code(&code.to_text()))?;
                return Ok(code.to_text().to_string());
            }
            Work::Reopen => {
                drop(vault);
                self.close()?;
                self.open()?;
            }
            Work::Repair => drop(block_on(vault.repair(Timestamp::from_unix(NOW)))?),
            Work::Reset => {
                drop(vault);
                self.close()?;
                block_on(self.storage.set_aside())?;
            }
            Work::Rotate => block_on(vault.rotate_keys())?,
            Work::SetPin { pin: new } => {
                if vault.unlocked_by() == Some(UnlockMethod::Pin) {
                    vault.lock();
                    block_on(vault.unlock_with_biometrics())?;
                }
                block_on(vault.set_pin(&pin(new)?, &[]))?;
            }
            Work::UnlockBio => {
                vault.lock();
                block_on(vault.unlock_with_biometrics())?;
            }
            Work::UnlockCode { code: text } => {
                vault.lock();
                block_on(vault.unlock_with_recovery_code(&code(text)?))?;
            }
            Work::UnlockPin { pin: tried } => {
                vault.lock();
                let tried = pin(tried)?;
                self.guess(|| block_on(vault.unlock_with_pin(&tried)))?;
            }
            Work::Wipe => {
                block_on(vault.wipe())?;
                self.vault = None;
            }
            _ => return commit(&vault, &changes(work)),
        }
        Ok(String::new())
    }

    pub(crate) fn close(&mut self) -> Result<(), VaultError> {
        match self.vault.take() {
            Some(vault) => block_on(vault.close()),
            None => Ok(()),
        }
    }

    fn guess(&self, guess: impl FnOnce() -> Result<(), VaultError>) -> Result<(), VaultError> {
        let tell = |guessing| {
            if let Some(telling) = &self.telling {
                telling.guessing(guessing);
            }
        };
        tell(true);
        let answer = guess();
        tell(false);
        answer
    }
}

pub(crate) fn commit(vault: &Vault, changes: &Changes) -> Result<String, VaultError> {
    let committed = block_on(vault.commit(changes.clone())).map_err(VaultError::Storage)?;
    Ok(committed.copies.iter().map(|copy| copy.key.0.as_str()).collect::<Vec<_>>().join(" "))
}

pub(crate) fn pin(text: &str) -> Result<Pin, VaultError> {
    Ok(Pin::parse(text.as_bytes())?)
}

pub(crate) fn code(text: &str) -> Result<RecoveryCode, VaultError> {
    Ok(RecoveryCode::parse(text)?)
}

/// The key of a copy: told outside when the copy is handed out.
fn key(id: &str, copy: u32) -> String {
    format!("{id}/{copy}")
}

pub(crate) fn event(text: &str) -> HistoryId {
    HistoryId(event_bytes(text))
}

fn event_bytes(text: &str) -> [u8; 16] {
    hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

pub(crate) fn draft(text: &str, kind: HistoryEventType, outcome: HistoryOutcome, at: i64) -> HistoryDraft {
    HistoryDraft {
        id: event(text),
        event: kind,
        outcome,
        at: Timestamp::from_unix(at),
        peer: Some(Party {
            name: String::from_utf8_lossy(CANARY).into_owned(),
            organization: None,
            country: None,
            basis: PartyBasis::Certificate { key: [7; 32] },
        }),
        elements: vec![HistoryElement {
            credential_type: CredentialType::mdoc("kind"),
            path: ClaimPath::element("namespace", "element"),
            retained: false,
        }],
        reason: String::new(),
    }
}

pub(crate) fn credential(id: &str, copies: u32, reuse: ReusePolicy) -> Credential {
    let copy = |n| NewCopy { key: KeyId(key(id, n)), bytes: [CANARY, id.as_bytes(), &[0; 600]].concat() };
    Credential {
        id: CredentialId(id.into()),
        credential_type: CredentialType::mdoc("kind"),
        subject: None,
        issuer: String::from_utf8_lossy(CANARY).into_owned(),
        signed: Timestamp::from_unix(NOW),
        valid_from: Timestamp::from_unix(NOW),
        valid_until: Timestamp::from_unix(1_900_000_000),
        claims: vec![ClaimPath::element("namespace", "element")],
        source: None,
        status: None,
        reuse,
        copies: (0..copies).map(copy).collect(),
    }
}

/// The place of a small record.
pub(crate) fn record(name: &str) -> RecordKey {
    let kind = if name.starts_with('s') { SETTINGS } else { RECORDS };
    RecordKey { kind: kind.into(), name: name.into() }
}

pub(crate) fn changes(work: &Work) -> Changes {
    let mut changes = Changes::default();
    match work {
        Work::Add { id, copies } => changes.add.push(credential(id, *copies, reuse(id))),
        Work::Use { id, event } => {
            changes.consume.push(CredentialId(id.clone()));
            if reuse(id) == ReusePolicy::PerVerifier {
                // Each presentation is to another verifier.
                let id = [event_bytes(event), event_bytes(event)].concat();
                changes.verifier = id.try_into().ok().map(VerifierId);
            }
            changes.history.push(draft(event, HistoryEventType::Presentation, HistoryOutcome::Started, NOW));
        }
        Work::End { event: text } => changes.outcomes.push((event(text), HistoryOutcome::Finished)),
        Work::Delete { id, event } => {
            changes.remove.push(CredentialId(id.clone()));
            changes.history.push(draft(event, HistoryEventType::Deletion, HistoryOutcome::Finished, NOW));
        }
        Work::Put { name, value } => {
            changes.put.push(Record { key: record(name), bytes: [CANARY, value.as_bytes()].concat() });
        }
        Work::Take { name } => changes.take.push(record(name)),
        _ => {}
    }
    changes
}
