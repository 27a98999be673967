//! Stores to begin with, and a recovery file to import.
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use pollster::block_on;
use rid_claims::ReusePolicy;
use rid_flow::{Changes, HistoryEventType, HistoryOutcome, Record};
use rid_vault::VaultError;
use rid_wire::Timestamp;

use crate::{
    choose,
    model::{Account, FOREIGN},
    scratch::Scratch,
    seed::Seed,
    session::{self, CANARY, NOW, Place, Session, commit, credential, draft, record},
    work::{Kind, Work},
};

static CONTAINER: OnceLock<PathBuf> = OnceLock::new();

/// Where the container is; said to each child.
pub(crate) fn container_path() -> PathBuf {
    CONTAINER.get().cloned().unwrap_or_default()
}

pub(crate) fn use_container(path: PathBuf) {
    // The first one stands.
    let _ = CONTAINER.set(path);
}

/// Code and bytes.
pub(crate) fn container() -> (String, Vec<u8>) {
    let path = container_path();
    (fs::read_to_string(path.with_extension("code")).unwrap_or_default(), fs::read(path).unwrap_or_default())
}

/// Makes the container: three events, a setting, what to ask an issuer for again.
pub(crate) fn make_container(scratch: &Scratch) -> Result<(), VaultError> {
    let session = Place::new(&scratch.fresh("elsewhere")).open()?;
    let vault = session.vault()?;
    let mut changes = Changes { add: vec![credential("elsewhere", 1, ReusePolicy::Once)], ..Changes::default() };
    changes
        .history
        .extend(FOREIGN.map(|event| draft(event, HistoryEventType::Issuance, HistoryOutcome::Finished, NOW)));
    changes.put.push(Record { key: record("s9"), bytes: [CANARY, b"imported"].concat() });
    commit(vault, &changes)?;
    let code = block_on(vault.make_recovery_code(None))?;
    let bytes = block_on(vault.export_recovery(&code, Timestamp::from_unix(NOW)))?;
    let path = scratch.path("container");
    let written =
        fs::write(&path, bytes).and_then(|()| fs::write(path.with_extension("code"), code.to_text().as_str()));
    written.map_err(|_| VaultError::Storage(rid_flow::ports::StorageError::Io))?;
    use_container(path);
    Ok(())
}

/// A session in this process whose account is kept.
pub(crate) struct Driver {
    pub(crate) session: Session,
    pub(crate) account: Account,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Driver {
    pub(crate) fn open(place: &Place) -> Result<Self, VaultError> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told = lines.clone();
        let session = place.open_telling(Arc::new(move |line| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        }))?;
        let mut driver = Self { session, account: Account::default(), lines };
        driver.account.next_layout = place.next_layout;
        driver.hear();
        Ok(driver)
    }

    pub(crate) fn act(&mut self, work: &Work) -> Result<(), VaultError> {
        self.account.hear(&format!("do {}", work.say()));
        let answer = self.session.act(work);
        self.hear();
        match answer {
            Ok(said) => {
                self.account.hear(format!("ok {said}").trim_end());
                Ok(())
            }
            Err(error) => {
                self.account.hear(&format!("err {}", error.code()));
                Err(error)
            }
        }
    }

    fn hear(&mut self) {
        for line in std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner)) {
            self.account.hear(&line);
        }
    }
}

/// What a store begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fixture {
    /// Nothing: the first start.
    Empty,
    /// Credentials, history, records; no PIN.
    Filled,
    /// The same with PIN and biometrics.
    Pin,
    /// The same with a recovery code too.
    Methods,
}

impl Fixture {
    /// Makes it; closed in order.
    pub(crate) fn make(self, folder: &Path, seed: &mut Seed) -> Result<Account, VaultError> {
        match self {
            Self::Empty => Ok(Account::default()),
            _ => self.fill(folder, seed),
        }
    }

    fn fill(self, folder: &Path, seed: &mut Seed) -> Result<Account, VaultError> {
        let mut driver = Driver::open(&Place::new(folder))?;
        for kind in
            [Kind::Add, Kind::Add, Kind::Use, Kind::End, Kind::Use, Kind::Put, Kind::Put, Kind::Add, Kind::Delete]
        {
            let work = choose::of_kind(kind, &driver.account.model(), seed);
            driver.act(&work)?;
        }
        for kind in [Kind::Put, Kind::Use, Kind::Add, Kind::Use, Kind::End].into_iter().take(seed.index(6)) {
            let work = choose::of_kind(kind, &driver.account.model(), seed);
            driver.act(&work)?;
        }
        let methods: &[Kind] = match self {
            Self::Pin => &[Kind::BioOn, Kind::SetPin],
            Self::Methods => &[Kind::BioOn, Kind::MakeCode, Kind::SetPin],
            _ => &[],
        };
        for kind in methods {
            let work = choose::of_kind(*kind, &driver.account.model(), seed);
            driver.act(&work)?;
        }
        driver.session.close()?;
        Ok(driver.account)
    }
}

/// Opens the person's rows by what the account knows.
pub(crate) fn unlock(session: &mut Session, account: &Account) -> Result<(), VaultError> {
    if !session.vault()?.is_locked() {
        return Ok(());
    }
    let model = account.model();
    let pin = model.pin.ok_or(VaultError::PinNotSet)?;
    block_on(session.vault()?.unlock_with_pin(&session::pin(&pin)?))
}
