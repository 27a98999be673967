//! The wallet: its ports, its options, and how it opens and closes.
use std::sync::{Arc, PoisonError, RwLock};

use rid_crypto::CryptoRng;
use rid_flow::{
    Env, RetryingSecureArea,
    ports::{Clock, Http, SecureArea, Storage, Timer, UserAuth},
    run::Ports,
};
use rid_holder::proximity::DeviceAuthMethod;
use rid_profile::{Locale, Profile, ReaderPolicy};
use rid_trust::{Environment, IssuerRoot, RootWarning, Roots, TrustStore};
use rid_vault::{Vault, VaultConfig};
use rid_wire::{Code, Timestamp};

use crate::{WalletError, backlog::Backlog};

/// Makes a handle to the platform's randomness for one step.
pub type RngSource = Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>;

/// The ports of a wallet.
#[derive(Clone)]
pub struct WalletPorts {
    /// Keys.
    pub secure_area: Arc<dyn SecureArea>,
    /// Records.
    pub storage: Arc<dyn Storage>,
    /// Network, if any.
    pub http: Option<Arc<dyn Http>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Sleep.
    pub timer: Arc<dyn Timer>,
    /// Randomness.
    pub rng: RngSource,
}

/// The configuration of a wallet.
pub struct WalletConfig {
    /// The national profile.
    pub profile: Profile,
    /// Roots of issuers and readers.
    pub trust: TrustStore,
    /// Languages, first wanted first.
    pub locales: Vec<Locale>,
    /// When the person must be present at each use of a credential's key.
    pub user_auth: UserAuth,
    /// How the device authenticates face to face.
    pub device_auth: DeviceAuthMethod,
    /// How readers that are not known are treated; the profile may be stricter.
    pub reader_policy: ReaderPolicy,
}

/// The options of an app: certificates as DER or PEM, languages as tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletOptions {
    /// The origin of the roots.
    pub environment: Environment,
    /// Roots of issuers, each with the credential types it may sign for.
    pub issuer_roots: Vec<IssuerRoot>,
    /// Roots of readers, DER or PEM each.
    pub reader_roots: Vec<Vec<u8>>,
    /// Languages, first wanted first (BCP 47); those that are none of ours are passed over.
    pub locales: Vec<String>,
    /// When the person must be present at each use of a credential's key.
    pub user_auth: UserAuth,
    /// How the device authenticates face to face.
    pub device_auth: DeviceAuthMethod,
    /// How readers that are not known are treated; the profile may be stricter.
    pub reader_policy: ReaderPolicy,
}

impl WalletOptions {
    /// The configuration over the embedded profile.
    ///
    /// # Errors
    /// [`WalletError::BadInput`]: `trust_types_missing` for a root without credential types, or the code of a
    /// certificate where a root holds none that can be read.
    pub fn configure(self) -> Result<WalletConfig, WalletError> {
        let roots = Roots::new(self.environment).issuers(&self.issuer_roots);
        let trust = roots.and_then(|roots| roots.readers(&self.reader_roots)).and_then(Roots::store);
        let trust = trust.map_err(|error| WalletError::BadInput { code: error.code() })?;
        let profile = rid_profile::embedded().map_err(|_| WalletError::Bug { code: Code::new("profile_invalid") })?;
        Ok(WalletConfig {
            profile,
            trust,
            locales: Locale::wanted(&self.locales),
            user_auth: self.user_auth,
            device_auth: self.device_auth,
            reader_policy: self.reader_policy,
        })
    }
}

/// One person's wallet. Cheap to share behind an [`Arc`]; every method takes `&self`.
///
/// # Example
/// ```no_run
/// # use rid_wallet::{WalletConfig, WalletError, WalletPorts};
/// # async fn example(ports: WalletPorts, config: WalletConfig) -> Result<(), WalletError> {
/// let wallet = std::sync::Arc::new(rid_wallet::Wallet::open(ports, config).await?);
/// for credential in wallet.credentials().await? {
///     assert!(credential.copies_left <= credential.copies_total);
/// }
/// let presentation = wallet.present()?;
/// let step = presentation.next().await?; // advertise: show the QR code
/// # Ok(()) }
/// ```
pub struct Wallet {
    pub(crate) ports: WalletPorts,
    pub(crate) vault: Vault,
    pub(crate) backlog: Backlog,
    pub(crate) profile: Arc<Profile>,
    pub(crate) trust: Arc<TrustStore>,
    locales: RwLock<Vec<Locale>>,
    pub(crate) user_auth: UserAuth,
    pub(crate) device_auth: DeviceAuthMethod,
    pub(crate) reader_policy: ReaderPolicy,
}

impl Wallet {
    /// Opens the store, or makes an empty one. A presentation that a process exit interrupted is over: its row in the
    /// history says `Started`, or `UnknownDelivery` when the response had been handed out.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] when another process has it open, [`WalletError::StorageDamaged`].
    pub async fn open(ports: WalletPorts, config: WalletConfig) -> Result<Self, WalletError> {
        // A busy secure area is asked again before an error is returned (neg-K11).
        let retrying = RetryingSecureArea::new(ports.secure_area.clone(), ports.timer.clone(), ports.clock.clone());
        let ports = WalletPorts { secure_area: Arc::new(retrying), ..ports };
        let vault_config = VaultConfig { low_water: config.profile.rules().low_water };
        let vault =
            Vault::open(ports.storage.clone(), ports.secure_area.clone(), ports.rng.clone(), vault_config).await?;
        let vault = vault.checking_keys().with_clock(ports.clock.clone()).await;
        let wallet = Self {
            ports,
            vault,
            trust: Arc::new(config.profile.bind_trust(config.trust)),
            backlog: Backlog::default(),
            profile: Arc::new(config.profile),
            locales: RwLock::new(config.locales),
            user_auth: config.user_auth,
            device_auth: config.device_auth,
            reader_policy: config.reader_policy,
        };
        wallet.catch_up().await;
        Ok(wallet)
    }

    /// The origin of the loaded roots.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.trust.environment()
    }

    /// Certificates among the roots that cannot be read; the others are used.
    #[must_use]
    pub fn root_warnings(&self) -> &[RootWarning] {
        self.trust.warnings()
    }

    /// The languages of all views from now on, first wanted first. A step that was given out keeps its language.
    pub fn set_locales(&self, locales: Vec<Locale>) {
        *self.locales.write().unwrap_or_else(PoisonError::into_inner) = locales;
    }

    /// Closes the store and lets other processes open it.
    ///
    /// # Errors
    /// [`WalletError::StorageDamaged`].
    pub async fn close(&self) -> Result<(), WalletError> {
        self.settle().await;
        Ok(self.vault.close().await?)
    }

    pub(crate) fn locales(&self) -> Vec<Locale> {
        self.locales.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn now(&self) -> Result<Timestamp, WalletError> {
        Ok(self.ports.clock.now()?)
    }

    /// Runs one step of a machine with a fresh [`Env`]; nothing of it is held over an await.
    pub(crate) fn with_env<T>(&self, step: impl FnOnce(&mut Env<'_>) -> T) -> Result<T, WalletError> {
        let mut rng = (self.ports.rng)();
        let now = self.now()?;
        Ok(step(&mut Env { now, uptime: self.ports.clock.uptime(), rng: &mut *rng }))
    }

    pub(crate) fn flow_ports(&self) -> Ports<'_> {
        Ports {
            secure_area: self.ports.secure_area.clone(),
            store: &self.vault,
            http: self.ports.http.clone(),
            clock: self.ports.clock.clone(),
            timer: self.ports.timer.clone(),
        }
    }
}
