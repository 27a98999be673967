//! Opens and unlocks the wallet of a home folder.
use std::{io::Write, sync::Arc};

use rid_flow::ports::{Http, SecureAreaError, UserAuth};
use rid_holder::proximity::DeviceAuthMethod;
use rid_profile::{Locale, ReaderPolicy};
use rid_shell::{OsRng, Sealing, SoftwareSecureArea, SqliteStorage, SystemClock, SystemTimer};
use rid_trust::{Environment, TrustStore};
use rid_vault::{Vault, VaultConfig, VaultError};
use rid_wallet::{
    RngSource, Wallet, WalletConfig, WalletError, WalletPorts,
    view::{LockState, UnlockState},
};
use rid_wire::Code;

use crate::{
    args::OpenArguments,
    failure::{Failure, tries_left},
    home,
    home::Home,
    pki, terminal, verdict,
};

/// A failure of the secure area.
pub(crate) fn of_area(error: SecureAreaError) -> Failure {
    Failure::core("software secure area (NOT hardware)", error.code())
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        Self::core("wallet", error.code())
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::core("wallet", error.code())
    }
}

/// Which wallet to open, and how.
pub(crate) struct Opening<'a> {
    pub(crate) home: &'a Home,
    pub(crate) open: &'a OpenArguments,
    pub(crate) locale: Locale,
    pub(crate) mac: bool,
}

impl Opening<'_> {
    /// Opens and unlocks the wallet. `trust` has the roots of the test PKI.
    pub(crate) fn wallet(&self, trust: TrustStore) -> Result<Arc<Wallet>, Failure> {
        self.unlocked(self.locked_wallet(trust)?)
    }

    /// The same with a network.
    pub(crate) fn online_wallet(&self, trust: TrustStore, http: Arc<dyn Http>) -> Result<Arc<Wallet>, Failure> {
        self.unlocked(self.wallet_over(trust, Some(http))?)
    }

    fn unlocked(&self, wallet: Arc<Wallet>) -> Result<Arc<Wallet>, Failure> {
        match pollster::block_on(unlock(&wallet, self.open)) {
            Ok(()) => Ok(wallet),
            Err(failure) => {
                // Report the failure. The store closes with the process.
                let _ = pollster::block_on(wallet.close());
                Err(failure)
            }
        }
    }

    /// Opens the wallet. If it has a PIN, it stays locked.
    pub(crate) fn locked_wallet(&self, trust: TrustStore) -> Result<Arc<Wallet>, Failure> {
        self.wallet_over(trust, None)
    }

    fn wallet_over(&self, trust: TrustStore, http: Option<Arc<dyn Http>>) -> Result<Arc<Wallet>, Failure> {
        let folder = self.home.wallet();
        home::make_private_dir(&folder)?;
        let ports = WalletPorts {
            secure_area: Arc::new(self.area()?),
            storage: self.storage(),
            http,
            clock: Arc::new(SystemClock::new()),
            timer: Arc::new(SystemTimer::new()),
            rng: rng(),
        };
        let config = WalletConfig {
            profile: verdict::profile()?,
            trust,
            locales: vec![self.locale],
            user_auth: UserAuth::None,
            device_auth: if self.mac { DeviceAuthMethod::Mac } else { DeviceAuthMethod::Signature },
            reader_policy: ReaderPolicy::USUAL,
        };
        Ok(Arc::new(pollster::block_on(Wallet::open(ports, config))?))
    }

    /// Opens the vault below the wallet, to diagnose or destroy it.
    pub(crate) async fn vault(
        &self,
        storage: Arc<SqliteStorage>,
        area: Arc<SoftwareSecureArea>,
    ) -> Result<Vault, VaultError> {
        let low_water = verdict::profile().map_or(0, |profile| profile.rules().low_water);
        let vault = Vault::open(storage, area, rng(), VaultConfig { low_water }).await?;
        Ok(vault.checking_keys().with_clock(Arc::new(SystemClock::new())).await)
    }

    pub(crate) fn storage(&self) -> Arc<SqliteStorage> {
        Arc::new(SqliteStorage::new(&self.home.wallet()))
    }

    /// Opens the software keys. If they have a passphrase, it is asked for.
    pub(crate) fn area(&self) -> Result<SoftwareSecureArea, Failure> {
        match self.try_area()? {
            Err(SecureAreaError::Locked) if self.open.passphrase_file.is_none() && terminal::is_here() => {
                let passphrase = terminal::ask("Passphrase of the software keys (NOT hardware): ")?;
                SoftwareSecureArea::open_with(&self.home.wallet(), Sealing::Passphrase(passphrase)).map_err(of_area)
            }
            opened => opened.map_err(of_area),
        }
    }

    /// The same without asking. The outer failure is one of the arguments.
    pub(crate) fn try_area(&self) -> Result<Result<SoftwareSecureArea, SecureAreaError>, Failure> {
        let folder = self.home.wallet();
        Ok(match (&self.open.key_file, &self.open.passphrase_file) {
            (Some(path), _) => {
                // A bare name has no parent folder to sync.
                let path = std::path::absolute(path).map_err(|error| Failure::file(path, error))?;
                SoftwareSecureArea::open_with(&folder, Sealing::KeyFile(path))
            }
            (None, Some(path)) => {
                let passphrase = terminal::secret("", Some(path), "--passphrase-file")?;
                SoftwareSecureArea::open_with(&folder, Sealing::Passphrase(passphrase))
            }
            (None, None) => SoftwareSecureArea::open(&folder),
        })
    }

    /// The roots of the home's test PKI, or none if there is no PKI: reading needs none.
    pub(crate) fn any_trust(&self) -> Result<TrustStore, Failure> {
        if home::is_there(&pki::certificate_path(&self.home.pki(), "iaca"))? {
            return home_trust(self.home);
        }
        TrustStore::new(Environment::Test, Vec::new()).map_err(|error| Failure::core("trust", error.code()))
    }
}

fn rng() -> RngSource {
    Arc::new(|| Box::new(OsRng))
}

/// Unlocks with the PIN or recovery code of a file, or else of the terminal. Asks nothing if no PIN is set.
pub(crate) async fn unlock(wallet: &Wallet, open: &OpenArguments) -> Result<(), Failure> {
    if wallet.lock_state() == LockState::Unlocked {
        return Ok(());
    }
    let doors = wallet.unlock_state().await?;
    if let (None, Some(path)) = (&open.pin_file, &open.code_file) {
        let code = terminal::secret("", Some(path), "--code-file")?;
        return Ok(wallet.unlock_with_recovery_code(code.as_str().into()).await?);
    }
    if let Some(path) = &open.pin_file {
        let pin = terminal::secret("", Some(path), "--pin-file")?;
        return try_pin(wallet, &pin).await;
    }
    if doors.pin_wait > 0 && doors.recovery {
        return unlock_by_code(wallet, open, &doors).await;
    }
    loop {
        let pin = terminal::secret("PIN: ", None, "--pin-file")?;
        match try_pin(wallet, &pin).await {
            Err(Failure::Pin { left, .. }) if left > 0 => {
                // If stderr is closed, there is nowhere to report.
                let _ = writeln!(std::io::stderr(), "Wrong; {}.", tries_left(left));
            }
            done => return done,
        }
    }
}

/// Unlocks with the recovery code.
pub(crate) async fn unlock_by_code(wallet: &Wallet, open: &OpenArguments, doors: &UnlockState) -> Result<(), Failure> {
    if !doors.recovery {
        return Err(Failure::core("wallet", Code::new("recovery_not_set")));
    }
    let code = terminal::secret("Recovery code: ", open.code_file.as_deref(), "--code-file")?;
    Ok(wallet.unlock_with_recovery_code(code.as_str().into()).await?)
}

/// Tries one PIN and reports how many tries are left. White space around the PIN is ignored.
pub(crate) async fn try_pin(wallet: &Wallet, pin: &str) -> Result<(), Failure> {
    let Err(error) = wallet.unlock_with_pin(pin.trim().as_bytes().to_vec()).await else { return Ok(()) };
    if error.code().as_str() == "pin_wrong" {
        let left = wallet.unlock_state().await?.pin_tries_left;
        return Err(Failure::Pin { code: error.code(), left });
    }
    if error.code().as_str() == "pin_wait" {
        return Err(Failure::Wait { seconds: wallet.unlock_state().await?.pin_wait });
    }
    Err(error.into())
}

/// The roots of the home's test PKI, which must exist.
pub(crate) fn home_trust(home: &Home) -> Result<TrustStore, Failure> {
    let dir = home.pki();
    let one = |name: &str| {
        let path = pki::certificate_path(&dir, name);
        if !home::is_there(&path)? {
            return Err(pki::missing(&path));
        }
        let certificates = crate::input::certificates(&path)?;
        certificates.into_iter().next().ok_or_else(|| pki::missing(&path))
    };
    pki::trust(one("iaca")?, one("reader-root")?)
}

/// Refuses a home without a wallet. Only `rid demo`, `rid enrol` and imports make one.
pub(crate) fn check_wallet(home: &Home) -> Result<(), Failure> {
    let folder = home.wallet();
    if home::is_there(&folder)? {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{}: no wallet here; make one with `rid demo` or `rid enrol`, or name its folder with --home",
        folder.display()
    )))
}
