//! The test PKI: IACA root, document signer, reader root, reader certificate (18013-5 Annex B). Made once and then
//! reused.
use std::path::{Path, PathBuf};

use rid_crypto::{
    PublicKey, SigningKey,
    x509::{Certificate, CertificateRequest, Profile, build},
};
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_wire::{ClockTolerance, Code, Timestamp, base64, json::Value};

use crate::{failure::Failure, home, input, roots, verdict};

const COUNTRY: &str = "AZ";
const ORGANIZATION: &str = "Rəqəmsal İD TEST";

/// A key with its certificate.
pub(crate) struct Identity {
    pub(crate) key: SigningKey,
    pub(crate) certificate: Certificate,
}

/// The four identities of the test State.
pub(crate) struct Pki {
    pub(crate) iaca: Identity,
    pub(crate) document_signer: Identity,
    pub(crate) reader_root: Identity,
    pub(crate) reader: Identity,
    /// Whether it was just made.
    pub(crate) fresh: bool,
}

/// File names of a PKI without their extensions.
const NAMES: [&str; 4] = ["iaca", "document-signer", "reader-root", "reader"];

impl Pki {
    /// Reads the PKI in `dir`. Never makes one.
    pub(crate) fn load(dir: &Path) -> Result<Self, Failure> {
        for path in NAMES.map(|name| certificate_path(dir, name)) {
            if !home::is_there(&path)? {
                return Err(missing(&path));
            }
        }
        let [iaca, document_signer, reader_root, reader] = NAMES.map(|name| load(dir, name));
        Ok(Self {
            iaca: iaca?,
            document_signer: document_signer?,
            reader_root: reader_root?,
            reader: reader?,
            fresh: false,
        })
    }

    /// Reads the PKI in `dir`, or makes one that is valid from 00:00Z of the day before.
    pub(crate) fn load_or_make(dir: &Path, now: Timestamp) -> Result<Self, Failure> {
        let mut there = true;
        for name in NAMES {
            there &= home::is_there(&certificate_path(dir, name))?;
        }
        if there {
            let pki = Self::load(dir)?;
            if pki.document_signer.certificate.check_validity(now, ClockTolerance::default()).is_ok() {
                return Ok(pki);
            }
        }
        let pki = Self::make(now)?;
        home::make_private_dir(dir)?;
        let all = [&pki.iaca, &pki.document_signer, &pki.reader_root, &pki.reader];
        for (name, identity) in NAMES.iter().zip(all) {
            save(dir, name, identity)?;
        }
        Ok(pki)
    }

    /// Issues a reader certificate for another's key. The reader root signs it, and it is valid from 00:00Z of the day
    /// before.
    pub(crate) fn certify_reader(
        &self,
        key: &PublicKey,
        name: &str,
        now: Timestamp,
        days: u32,
    ) -> Result<Certificate, Failure> {
        let from = now.plus_days(-1).day_start();
        let request = CertificateRequest {
            profile: Profile::Reader,
            common_name: name,
            organization: Some(ORGANIZATION),
            country: COUNTRY,
            key,
            not_before: from,
            not_after: from.plus_days(days.into()).plus_seconds(-1),
        };
        sign(&request, Some(&self.reader_root), &self.reader_root.key)
    }

    fn make(now: Timestamp) -> Result<Self, Failure> {
        let from = now.plus_days(-1).day_start();
        let iaca = certify(Profile::Iaca, "Rəqəmsal İD TEST IACA", from, 5 * 365, None)?;
        let document_signer =
            certify(Profile::DocumentSigner, "Rəqəmsal İD TEST Document Signer", from, 457, Some(&iaca))?;
        let reader_root = certify(Profile::ReaderRoot, "Rəqəmsal İD TEST Reader Root", from, 5 * 365, None)?;
        let reader = certify(Profile::Reader, "Yol Polisi TEST", from, 730, Some(&reader_root))?;
        Ok(Self { iaca, document_signer, reader_root, reader, fresh: true })
    }

    /// The trust store of wallet and reader in the test State.
    pub(crate) fn trust(&self) -> Result<TrustStore, Failure> {
        trust(self.iaca.certificate.clone(), self.reader_root.certificate.clone())
    }
}

/// A test trust store with one issuer root, for the kinds of the profile, and one reader root.
pub(crate) fn trust(iaca: Certificate, reader_root: Certificate) -> Result<TrustStore, Failure> {
    let types = roots::own_types(&verdict::profile()?);
    let anchor = |certificate, role, credential_types| Anchor {
        certificate,
        role,
        environment: Environment::Test,
        credential_types,
    };
    let anchors = vec![anchor(iaca, Role::Issuer, Some(types)), anchor(reader_root, Role::Reader, None)];
    roots::store(anchors, Environment::Test)
}

/// Makes an unknown reader: a fresh root and certificate.
pub(crate) fn unknown_reader(now: Timestamp) -> Result<Identity, Failure> {
    let from = now.plus_days(-1).day_start();
    let root = certify(Profile::ReaderRoot, "Unknown Root", from, 365, None)?;
    certify(Profile::Reader, "Unknown Reader", from, 365, Some(&root))
}

fn certify(
    profile: Profile,
    common_name: &str,
    not_before: Timestamp,
    days: i64,
    issuer: Option<&Identity>,
) -> Result<Identity, Failure> {
    let mut rng = rid_shell::OsRng;
    let key = SigningKey::make(&mut rng);
    let request = CertificateRequest {
        profile,
        common_name,
        organization: Some(ORGANIZATION),
        country: COUNTRY,
        key: &key.public(),
        not_before,
        not_after: not_before.plus_days(days).plus_seconds(-1),
    };
    let certificate = sign(&request, issuer, issuer.map_or(&key, |issuer| &issuer.key))?;
    Ok(Identity { key, certificate })
}

fn sign(
    request: &CertificateRequest<'_>,
    issuer: Option<&Identity>,
    signer: &SigningKey,
) -> Result<Certificate, Failure> {
    let der = build(request, signer, issuer.map(|issuer| &issuer.certificate), &mut rid_shell::OsRng);
    Certificate::parse(&der).map_err(|error| Failure::core("test PKI", error.code()))
}

/// The failure of a home without a test PKI.
pub(crate) fn missing(path: &Path) -> Failure {
    Failure::usage(format!(
        "{}: there is no test PKI; make one with `rid issue --init` or `rid demo`, or name its folder with --home",
        path.display()
    ))
}

pub(crate) fn certificate_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.pem"))
}

fn key_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.test-key.jwk"))
}

fn save(dir: &Path, name: &str, identity: &Identity) -> Result<(), Failure> {
    home::write(&certificate_path(dir, name), identity.certificate.to_pem().as_bytes())?;
    home::write(&key_path(dir, name), private_jwk(&identity.key).as_bytes())
}

fn load(dir: &Path, name: &str) -> Result<Identity, Failure> {
    let malformed = || Failure::core("test PKI", Code::new("pki_malformed"));
    let certificate = input::certificates(&certificate_path(dir, name))?.into_iter().next().ok_or_else(malformed)?;
    let text = String::from_utf8(input::file(&key_path(dir, name))?).map_err(|_| malformed())?;
    let jwk = Value::parse(&text, 4096).map_err(|_| malformed())?;
    let scalar = jwk.member("d").and_then(Value::as_str).and_then(|d| base64::decode_url(d).ok());
    let key = SigningKey::from_scalar(&scalar.ok_or_else(malformed)?).map_err(|_| malformed())?;
    Ok(Identity { key, certificate })
}

/// The private JWK of a test key.
pub(crate) fn private_jwk(key: &SigningKey) -> String {
    let point = key.public().to_bytes();
    let (x, y) = point.get(1..).unwrap_or_default().split_at(32.min(point.len().saturating_sub(1)));
    jwk(x, y, key.dangerous_scalar().expose())
}

/// A P-256 private JWK.
pub(crate) fn jwk(x: &[u8], y: &[u8], d: &[u8]) -> String {
    let [x, y, d] = [x, y, d].map(base64::encode_url);
    format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{x}\",\"y\":\"{y}\",\"d\":\"{d}\"}}\n")
}
