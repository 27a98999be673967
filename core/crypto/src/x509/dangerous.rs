//! Certificates that may be wrong on purpose: each part of what [`super::build`] writes can be changed. For tests only.
use alloc::{format, string::String, vec::Vec};

use rid_wire::Timestamp;
use sha1::{Digest, Sha1};

use super::{
    Certificate, CertificateRequest, Profile,
    der::{self, BIT_STRING, BOOLEAN, OCTET_STRING, SEQUENCE},
    oid,
};
use crate::{CryptoRng, SigningKey};

/// The bit digitalSignature in the first byte of a key usage.
pub const DIGITAL_SIGNATURE: u8 = 0x80;
/// The bit keyCertSign.
pub const KEY_CERT_SIGN: u8 = 0x04;
/// The bit cRLSign.
pub const CRL_SIGN: u8 = 0x02;

/// The parts of a certificate to write. Start with [`Recipe::of`] and change the part under test.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Subject common name.
    pub common_name: Option<String>,
    /// Subject organisation.
    pub organization: Option<String>,
    /// Subject country.
    pub country: Option<String>,
    /// Subject state.
    pub state: Option<String>,
    /// DER SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// Content of the INTEGER of the serial number. `None` draws 16 random bytes and makes them positive.
    pub serial: Option<Vec<u8>>,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// The members cA and path length. `None` omits the extension.
    pub basic_constraints: Option<(bool, Option<u8>)>,
    /// First byte of the bits (see [`DIGITAL_SIGNATURE`]). `None` omits the extension.
    pub key_usage: Option<u8>,
    /// Purposes in dotted text. An empty list omits the extension.
    pub extended_key_usage: Vec<String>,
    /// The signature algorithm to claim in both places, dotted. The signature itself is always ES256.
    pub signature_algorithm: String,
    /// Whether to write key identifiers, issuer alternative name and CRL distribution points.
    pub hints: bool,
    /// Tag of the string type of all names except the country. The text is always written as UTF-8.
    pub string_tag: u8,
    /// Further extensions: dotted identifier, critical, DER value.
    pub extensions: Vec<(String, bool, Vec<u8>)>,
    /// Whether to break the signature.
    pub spoil_signature: bool,
}

/// Builds and signs (ES256) one certificate and returns its DER. Without an issuer it is a self-signed root.
#[must_use]
pub fn build(
    request: &CertificateRequest<'_>,
    signer: &SigningKey,
    issuer: Option<&Certificate>,
    rng: &mut dyn CryptoRng,
) -> Vec<u8> {
    Recipe::of(request).sign(signer, issuer, rng)
}

impl Recipe {
    /// A correct certificate of the profile in the request (ISO 18013-5 Annex B).
    #[must_use]
    pub fn of(request: &CertificateRequest<'_>) -> Self {
        let ca = matches!(request.profile, Profile::Iaca | Profile::ReaderRoot);
        let purpose = match request.profile {
            Profile::DocumentSigner => Some("1.0.18013.5.1.2"),
            Profile::Reader => Some("1.0.18013.5.1.6"),
            Profile::Iaca | Profile::ReaderRoot => None,
        };
        Self {
            common_name: Some(request.common_name.into()),
            organization: request.organization.map(Into::into),
            country: Some(request.country.into()),
            state: None,
            spki: request.key.to_spki(),
            serial: None,
            not_before: request.not_before,
            not_after: request.not_after,
            basic_constraints: ca.then_some((true, Some(0))),
            key_usage: Some(if ca { KEY_CERT_SIGN | CRL_SIGN } else { DIGITAL_SIGNATURE }),
            extended_key_usage: purpose.map(Into::into).into_iter().collect(),
            signature_algorithm: ECDSA_SHA256.into(),
            hints: true,
            string_tag: der::UTF8_STRING,
            extensions: Vec::new(),
            spoil_signature: false,
        }
    }

    /// Signs with ES256 and returns DER. Without an issuer the certificate is self-signed.
    #[must_use]
    pub fn sign(&self, signer: &SigningKey, issuer: Option<&Certificate>, rng: &mut dyn CryptoRng) -> Vec<u8> {
        let algorithm = der::element(SEQUENCE, &[&identifier(&self.signature_algorithm)]);
        let subject = self.name();
        let issuer_name = issuer.map_or(subject.as_slice(), |issuer| issuer.subject().der());
        let validity = der::element(SEQUENCE, &[&time(self.not_before), &time(self.not_after)]);
        let serial =
            self.serial.as_ref().map_or_else(|| fresh_serial(rng), |serial| der::element(der::INTEGER, &[serial]));
        let extensions = der::element(0xa3, &[&self.extensions(signer, issuer)]);
        let tbs = der::element(
            SEQUENCE,
            &[&V3, &serial, &algorithm, issuer_name, &validity, &subject, &self.spki, &extensions],
        );
        let mut raw = signer.sign(&[&tbs]);
        if self.spoil_signature {
            raw.reverse();
        }
        let (r, s) = raw.split_at(32);
        let signature = der::element(SEQUENCE, &[&unsigned(r), &unsigned(s)]);
        der::element(SEQUENCE, &[&tbs, &algorithm, &der::element(BIT_STRING, &[&[0], &signature])])
    }

    fn name(&self) -> Vec<u8> {
        let attribute = |id: &[u8], tag: u8, text: &Option<String>| {
            text.as_ref().map_or_else(Vec::new, |text| {
                let pair = [der::element(der::OID, &[id]), der::element(tag, &[text.as_bytes()])].concat();
                der::element(der::SET, &[&der::element(SEQUENCE, &[&pair])])
            })
        };
        der::element(
            SEQUENCE,
            &[
                &attribute(oid::COUNTRY, der::PRINTABLE_STRING, &self.country),
                &attribute(oid::STATE, self.string_tag, &self.state),
                &attribute(oid::ORGANIZATION, self.string_tag, &self.organization),
                &attribute(oid::COMMON_NAME, self.string_tag, &self.common_name),
            ],
        )
    }

    fn extensions(&self, signer: &SigningKey, issuer: Option<&Certificate>) -> Vec<u8> {
        let mut list = Vec::new();
        if let Some((ca, path_len)) = self.basic_constraints {
            let ca = if ca { der::element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
            let path_len = path_len.map_or_else(Vec::new, |len| unsigned(&[len]));
            list.extend(extension(BASIC_CONSTRAINTS, true, &der::element(SEQUENCE, &[&ca, &path_len])));
        }
        if let Some(bits) = self.key_usage {
            let unused = u8::try_from(bits.trailing_zeros().min(7)).unwrap_or(0);
            list.extend(extension(KEY_USAGE, true, &der::element(BIT_STRING, &[&[unused, bits]])));
        }
        if !self.extended_key_usage.is_empty() {
            let purposes: Vec<u8> = self.extended_key_usage.iter().flat_map(|purpose| identifier(purpose)).collect();
            list.extend(extension(EXTENDED_KEY_USAGE, true, &der::element(SEQUENCE, &[&purposes])));
        }
        if self.hints {
            list.extend(self.hints(signer, issuer));
        }
        for (id, critical, value) in &self.extensions {
            list.extend(extension(id, *critical, value));
        }
        der::element(SEQUENCE, &[&list])
    }

    fn hints(&self, signer: &SigningKey, issuer: Option<&Certificate>) -> Vec<u8> {
        let own_id = der::element(OCTET_STRING, &[&key_id(&self.spki)]);
        let mut list = extension(SUBJECT_KEY_ID, false, &own_id);
        if let Some(issuer) = issuer {
            let signers = key_id(&signer.public().to_spki());
            let id = issuer.subject_key_id().unwrap_or(&signers);
            let id = der::element(SEQUENCE, &[&der::element(0x80, &[id])]);
            list.extend(extension(AUTHORITY_KEY_ID, false, &id));
        }
        let uri = |text: &str| der::element(0x86, &[text.as_bytes()]);
        list.extend(extension(ISSUER_ALT_NAME, false, &der::element(SEQUENCE, &[&uri(ISSUER_URI)])));
        let point = der::element(0xa0, &[&der::element(0xa0, &[&uri(CRL_URI)])]);
        let points = der::element(SEQUENCE, &[&der::element(SEQUENCE, &[&point])]);
        list.extend(extension(CRL_DISTRIBUTION_POINTS, false, &points));
        list
    }
}

const V3: [u8; 5] = [0xa0, 0x03, 0x02, 0x01, 0x02];
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const SUBJECT_KEY_ID: &str = "2.5.29.14";
const KEY_USAGE: &str = "2.5.29.15";
const ISSUER_ALT_NAME: &str = "2.5.29.18";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
/// Placeholder names (RFC 2606).
const ISSUER_URI: &str = "https://rid.example/";
const CRL_URI: &str = "https://rid.example/crl";

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { der::element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
    der::element(SEQUENCE, &[&identifier(id), &critical, &der::element(OCTET_STRING, &[value])])
}

/// The key identifier of 18013-5, tables B.2 to B.6: SHA-1 of the content of the BIT STRING of the key. It is a name,
/// not a protection. A malformed SubjectPublicKeyInfo is hashed whole.
fn key_id(spki: &[u8]) -> Vec<u8> {
    let point = super::spki::read(spki).map(|key| key.to_bytes());
    Sha1::digest(point.as_deref().unwrap_or(spki)).to_vec()
}

/// A serial number of 127 random bits, positive and of full length.
fn fresh_serial(rng: &mut dyn CryptoRng) -> Vec<u8> {
    let mut serial = [0; 16];
    rng.fill_bytes(&mut serial);
    let [first, ..] = &mut serial;
    *first = *first & 0x7f | 0x40;
    der::element(der::INTEGER, &[&serial])
}

/// Writes UTCTime up to 2049 and GeneralizedTime otherwise (RFC 5280, 4.1.2.5).
fn time(at: Timestamp) -> Vec<u8> {
    let (year, month, day) = at.date().parts();
    let second = at.unix().rem_euclid(86_400);
    let clock = format!(
        "{month:02}{day:02}{:02}{:02}{:02}Z",
        second.div_euclid(3_600),
        second.div_euclid(60).rem_euclid(60),
        second.rem_euclid(60)
    );
    match year {
        1950..=2049 => der::element(der::UTC_TIME, &[format!("{:02}{clock}", year.rem_euclid(100)).as_bytes()]),
        _ => der::element(der::GENERALIZED_TIME, &[format!("{year:04}{clock}").as_bytes()]),
    }
}

/// Writes a non-negative integer from its big-endian bytes.
fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    match bytes.get(start..) {
        Some(magnitude @ [0..=0x7f, ..]) => der::element(der::INTEGER, &[magnitude]),
        Some(magnitude) => der::element(der::INTEGER, &[&[0], magnitude]),
        None => der::element(der::INTEGER, &[&[0]]),
    }
}

/// Writes the element of a dotted identifier. The input is constant text, so an arc that is no number counts as 0.
fn identifier(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.').map(|arc| arc.parse::<u64>().unwrap_or(0));
    let top = arcs.next().unwrap_or(0).saturating_mul(40).saturating_add(arcs.next().unwrap_or(0));
    let mut content = Vec::new();
    for arc in core::iter::once(top).chain(arcs) {
        let groups = (64_u32.saturating_sub(arc.leading_zeros())).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let [.., low] = arc.wrapping_shr(group.saturating_mul(7)).to_be_bytes();
            content.push(if group == 0 { low & 0x7f } else { low | 0x80 });
        }
    }
    der::element(der::OID, &[&content])
}
