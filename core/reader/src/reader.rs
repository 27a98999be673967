//! The reader: its ports, its roots, and the start of a reading.
use std::sync::{Arc, PoisonError, RwLock};

use rid_crypto::{CryptoRng, x509::Certificate};
use rid_flow::{
    Env, RetryingSecureArea,
    ports::{Clock, KeyId, SecureArea, Timer},
};
use rid_profile::{Locale, Profile};
use rid_trust::{Environment, IssuerRoot, RootWarning, Roots, TrustError, TrustStore};
use rid_verifier::{ask::Asked, proximity};
use rid_wire::Code;

use crate::{ReaderError, SignatureCache};

/// Makes a handle to the platform's randomness for one step.
pub type RngSource = Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>;

/// The ports of a reader.
#[derive(Clone)]
pub struct ReaderPorts {
    /// The reader's own key.
    pub secure_area: Arc<dyn SecureArea>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Sleep.
    pub timer: Arc<dyn Timer>,
    /// Randomness.
    pub rng: RngSource,
}

/// The identity of the reader: its requests are signed with it.
#[derive(Clone)]
pub struct ReaderIdentity {
    /// Its key in the secure area.
    pub key: KeyId,
    /// Its chain, leaf first, without the root.
    pub chain: Vec<Certificate>,
}

/// The configuration of a reader.
pub struct ReaderConfig {
    /// The national profile.
    pub profile: Profile,
    /// Roots of issuers, with a [`SignatureCache`] if signers are to be remembered.
    pub trust: TrustStore,
    /// Languages, first wanted first.
    pub locales: Vec<Locale>,
    /// `None`: requests are anonymous.
    pub identity: Option<ReaderIdentity>,
}

/// The options of an app: certificates as DER or PEM, languages as tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderOptions {
    /// The origin of the roots.
    pub environment: Environment,
    /// Roots of issuers, each with the credential types it may sign for.
    pub issuer_roots: Vec<IssuerRoot>,
    /// Languages, first wanted first (BCP 47); those that are none of ours are passed over.
    pub locales: Vec<String>,
    /// The reader's key in the secure area; `None`: requests are anonymous.
    pub key: Option<KeyId>,
    /// The chain of that key, leaf first, without the root; DER or PEM each.
    pub chain: Vec<Vec<u8>>,
}

impl ReaderOptions {
    /// The configuration over the embedded profile.
    ///
    /// # Errors
    /// [`ReaderError::BadInput`]: `trust_types_missing` for a root without credential types, the code of a
    /// certificate where a root holds none that can be read or one of the reader's own chain cannot, or
    /// `reader_chain_missing`.
    pub fn configure(self) -> Result<ReaderConfig, ReaderError> {
        let parse = |bytes: &Vec<u8>| {
            Certificate::parse_pem_or_der(bytes).map_err(|error| ReaderError::BadInput { code: error.code() })
        };
        let bad = |error: TrustError| ReaderError::BadInput { code: error.code() };
        let trust = Roots::new(self.environment).issuers(&self.issuer_roots).and_then(Roots::store).map_err(bad)?;
        let mut chain = Vec::new();
        for certificate in &self.chain {
            chain.extend(parse(certificate)?);
        }
        if self.key.is_some() == chain.is_empty() {
            return Err(ReaderError::BadInput { code: Code::new("reader_chain_missing") });
        }
        Ok(ReaderConfig {
            profile: rid_profile::embedded().map_err(|_| ReaderError::Bug { code: Code::new("profile_invalid") })?,
            trust: trust.with_memory(Arc::new(SignatureCache::default())),
            locales: Locale::wanted(&self.locales),
            identity: self.key.map(|key| ReaderIdentity { key, chain }),
        })
    }
}

/// A verifier's reader: no vault, no documents of its own.
///
/// # Example
/// ```no_run
/// # use rid_reader::{DocumentAsk, Reader, ReaderError};
/// # async fn example(reader: &std::sync::Arc<Reader>, qr: &str, asked: &[DocumentAsk]) -> Result<(), ReaderError> {
/// let reading = reader.read(qr, asked)?;
/// if let rid_reader::ReadingStep::Connect { peripheral_server, .. } = reading.next().await? {
///     // turn the radio on, then say so
///     reading.connected(517)?;
/// }
/// # Ok(()) }
/// ```
pub struct Reader {
    pub(crate) ports: ReaderPorts,
    profile: Arc<Profile>,
    trust: Arc<TrustStore>,
    locales: RwLock<Vec<Locale>>,
    identity: Option<ReaderIdentity>,
}

impl Reader {
    /// A reader. Nothing is opened.
    #[must_use]
    pub fn new(ports: ReaderPorts, config: ReaderConfig) -> Self {
        let ReaderConfig { profile, trust, locales, identity } = config;
        let trust = Arc::new(profile.bind_trust(trust));
        let area = RetryingSecureArea::new(ports.secure_area.clone(), ports.timer.clone(), ports.clock.clone());
        let ports = ReaderPorts { secure_area: Arc::new(area), ..ports };
        Self { ports, profile: Arc::new(profile), trust, locales: RwLock::new(locales), identity }
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

    /// The configuration of a session that asks this.
    pub(crate) fn session_config(&self, asked: Asked) -> proximity::ReaderConfig {
        proximity::ReaderConfig {
            asked,
            authentication: self.identity.as_ref().map(|identity| (identity.key.clone(), identity.chain.clone())),
            trust: self.trust.clone(),
            profile: self.profile.clone(),
            locales: self.locales.read().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// The languages of the readings that start from now on, first wanted first.
    pub fn set_locales(&self, locales: Vec<Locale>) {
        *self.locales.write().unwrap_or_else(PoisonError::into_inner) = locales;
    }

    /// Runs one step of a machine with a fresh [`Env`]; nothing of it is held over an await.
    pub(crate) fn with_env<T>(&self, step: impl FnOnce(&mut Env<'_>) -> T) -> Result<T, ReaderError> {
        let mut rng = (self.ports.rng)();
        let now = self.ports.clock.now()?;
        Ok(step(&mut Env { now, uptime: self.ports.clock.uptime(), rng: &mut *rng }))
    }
}
