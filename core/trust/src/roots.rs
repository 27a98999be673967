//! Collects the roots that an app gives.
use alloc::{format, string::String, vec::Vec};

use crate::{Anchor, Environment, Role, RootWarning, TrustError, TrustStore};
use rid_crypto::x509::Bundle;

/// A root of issuers, as given by an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerRoot {
    /// The certificate, DER or PEM. PEM may hold several of the same credential types.
    pub certificate: Vec<u8>,
    /// The credential types that it may sign for. At least one is required; no value means "any".
    pub credential_types: Vec<String>,
}

/// Collects the roots of an app into a [`TrustStore`].
pub struct Roots {
    environment: Environment,
    anchors: Vec<Anchor>,
    warnings: Vec<RootWarning>,
}

impl Roots {
    /// An empty collection.
    #[must_use]
    pub const fn new(environment: Environment) -> Self {
        Self { environment, anchors: Vec::new(), warnings: Vec::new() }
    }

    /// Adds roots of issuers.
    ///
    /// # Errors
    /// [`TrustError::Types`] for a root without credential types; the certificate's error for a root without a readable
    /// certificate.
    pub fn issuers(mut self, roots: &[IssuerRoot]) -> Result<Self, TrustError> {
        for (index, root) in roots.iter().enumerate() {
            if root.credential_types.is_empty() {
                return Err(TrustError::Types);
            }
            self.add(&root.certificate, Role::Issuer, Some(&root.credential_types), &format!("issuer_roots[{index}]"))?;
        }
        Ok(self)
    }

    /// Adds roots of readers, each DER or PEM.
    ///
    /// # Errors
    /// The certificate's error for a root without a readable certificate.
    pub fn readers(mut self, roots: &[Vec<u8>]) -> Result<Self, TrustError> {
        for (index, root) in roots.iter().enumerate() {
            self.add(root, Role::Reader, None, &format!("reader_roots[{index}]"))?;
        }
        Ok(self)
    }

    /// Makes the store.
    ///
    /// # Errors
    /// As [`TrustStore::new`].
    pub fn store(self) -> Result<TrustStore, TrustError> {
        let mut store = TrustStore::new(self.environment, self.anchors)?;
        store.warnings = self.warnings;
        Ok(store)
    }

    fn add(&mut self, file: &[u8], role: Role, types: Option<&Vec<String>>, name: &str) -> Result<(), TrustError> {
        let bundle = Bundle::parse(file)?;
        self.anchors.extend(bundle.certificates.into_iter().map(|certificate| Anchor {
            certificate,
            role,
            environment: self.environment,
            credential_types: types.cloned(),
        }));
        self.warnings.extend(
            bundle
                .unreadable
                .into_iter()
                .map(|(place, error)| RootWarning { root: format!("{name}, certificate {place}"), code: error.code() }),
        );
        Ok(())
    }
}
