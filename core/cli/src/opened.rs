//! The wallet of a home folder, opened over the desktop's ports.
use std::{path::Path, sync::Arc};

use rid_flow::ports::UserAuth;
use rid_holder::proximity::DeviceAuthMethod;
use rid_profile::Locale;
use rid_shell::{OsRng, SoftwareSecureArea, SqliteStorage, SystemClock, SystemTimer};
use rid_trust::TrustStore;
use rid_wallet::{Wallet, WalletConfig, WalletError, WalletPorts};

use crate::{failure::Failure, home, home::Home, pki, verdict};

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        Self::core("wallet", error.code())
    }
}

/// Opens the wallet of a home; `trust` is the test PKI's roots.
pub(crate) fn open(home: &Home, trust: TrustStore, locale: Locale, mac: bool) -> Result<Arc<Wallet>, Failure> {
    let folder = home.wallet();
    home::make_private_dir(&folder)?;
    let area =
        SoftwareSecureArea::open(&folder).map_err(|error| Failure::core("software secure area", error.code()))?;
    let ports = WalletPorts {
        secure_area: Arc::new(area),
        storage: Arc::new(SqliteStorage::new(&folder)),
        http: None,
        clock: Arc::new(SystemClock::new()),
        timer: Arc::new(SystemTimer::new()),
        rng: Arc::new(|| Box::new(OsRng)),
    };
    let config = WalletConfig {
        profile: verdict::profile()?,
        trust,
        locales: vec![locale],
        user_auth: UserAuth::None,
        device_auth: if mac { DeviceAuthMethod::Mac } else { DeviceAuthMethod::Signature },
    };
    Ok(Arc::new(pollster::block_on(Wallet::open(ports, config))?))
}

/// The roots of the home's test PKI; the PKI must have been made.
pub(crate) fn home_trust(home: &Home) -> Result<TrustStore, Failure> {
    let dir = home.pki();
    let one = |name: &str| {
        let path = pki::certificate_path(&dir, name);
        if !path.exists() {
            return Err(missing(&path));
        }
        let certificates = crate::input::certificates(&path)?;
        certificates.into_iter().next().ok_or_else(|| missing(&path))
    };
    pki::trust(one("iaca")?, one("reader-root")?)
}

fn missing(path: &Path) -> Failure {
    Failure::usage(format!("{}: not there; `rid demo` or `rid issue --init` makes a test PKI", path.display()))
}
