//! Compact JWE (RFC 7516) with direct ECDH-ES on P-256 and AES-GCM, as OpenID4VP encrypts responses (std-M22).
//!
//! Everything else is refused by name: other key management, other encryption, compression, critical extensions.
use alloc::{format, string::String, vec::Vec};

use rid_wire::{
    Code, base64,
    json::{JsonError, Value},
};

use crate::{
    Aead128Key, AeadKey, AgreementKey, CryptoError, CryptoRng, Curve, EphemeralKey, NONCE_LEN, PublicKey, SharedSecret,
    TAG_LEN, concat_kdf::concat_kdf,
};

/// A reason for which a JWE or its key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum JweError {
    /// The `alg` is not ECDH-ES (neg-E09).
    Alg,
    /// The header has `crit`: no extension is processed.
    Crit,
    /// Key, nonce, tag, header or ciphertext is wrong (neg-E10). Which one is not told.
    Decrypt,
    /// The `enc` is not A128GCM or A256GCM, or not an expected one.
    Enc,
    /// The text does not have five parts of strict base64url, or a header member has another type.
    Form,
    /// The JSON of the header is refused.
    Json(#[from] JsonError),
    /// A key is malformed, not on P-256, or for another use (neg-E06).
    Key,
    /// The text or its header is longer than the limit (neg-E12).
    TooLarge,
    /// The header has `zip`: nothing is decompressed (neg-E08).
    Zip,
}

impl JweError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Alg => "jwe_alg",
            Self::Crit => "jwe_crit",
            Self::Decrypt => "jwe_decrypt",
            Self::Enc => "jwe_enc",
            Self::Form => "jwe_form",
            Self::Json(error) => return error.code(),
            Self::Key => "jwe_key",
            Self::TooLarge => "input_too_large",
            Self::Zip => "jwe_zip_forbidden",
        })
    }
}

/// A content encryption algorithm of the allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentEncryption {
    /// AES-128-GCM (`A128GCM`).
    A128Gcm,
    /// AES-256-GCM (`A256GCM`).
    A256Gcm,
}

impl ContentEncryption {
    /// The name in JOSE.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// The algorithm with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::A128Gcm, Self::A256Gcm].into_iter().find(|known| known.name() == name)
    }
}

/// The one key management algorithm: direct key agreement.
pub const ALG: &str = "ECDH-ES";

/// The recipient of a JWE.
#[derive(Clone, Copy)]
pub struct Recipient<'a> {
    /// The key, on P-256.
    pub key: &'a PublicKey,
    /// The identifier of the key in the recipient's metadata. The header repeats it.
    pub kid: Option<&'a str>,
}

/// Encrypts to the recipient with a fresh ephemeral key. No `apu` or `apv` is sent: OpenID4VP 1.0 defines none.
///
/// # Errors
/// [`JweError::Key`] if the recipient's key is not on P-256.
pub fn encrypt(
    plaintext: &[u8],
    recipient: Recipient<'_>,
    enc: ContentEncryption,
    rng: &mut dyn CryptoRng,
) -> Result<String, JweError> {
    if recipient.key.curve() != Curve::P256 {
        return Err(JweError::Key);
    }
    let ephemeral = EphemeralKey::make(rng);
    let epk = ephemeral.public().to_jose().ok_or(JweError::Key)?.to_value();
    let text = |text: &str| Value::String(text.into());
    let mut members = alloc::vec![("alg".into(), text(ALG)), ("enc".into(), text(enc.name()))];
    members.extend(recipient.kid.map(|kid| ("kid".into(), text(kid))));
    members.push(("epk".into(), epk));
    let header = base64::encode_url(Value::Object(members).to_text().as_bytes());
    let secret = ephemeral.agree(recipient.key).map_err(|_| JweError::Key)?;
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let sealed = seal(&secret, enc, &nonce, header.as_bytes(), plaintext).map_err(|_| JweError::TooLarge)?;
    let (ciphertext, tag) = sealed.split_at_checked(sealed.len().saturating_sub(TAG_LEN)).unwrap_or_default();
    let part = base64::encode_url;
    Ok(format!("{header}..{}.{}.{}", part(&nonce), part(ciphertext), part(tag)))
}

fn seal(
    secret: &SharedSecret,
    enc: ContentEncryption,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    match enc {
        ContentEncryption::A128Gcm => {
            Aead128Key::new(concat_kdf(secret, enc.name(), &[], &[])?).seal(nonce, aad, plaintext)
        }
        ContentEncryption::A256Gcm => {
            AeadKey::new(concat_kdf(secret, enc.name(), &[], &[])?).seal(nonce, aad, plaintext)
        }
    }
}

/// Longest header in base64url digits.
const MAX_HEADER: usize = 8192;

/// A JWE as received. Nothing is decrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct UnopenedJwe<'a> {
    /// The content encryption.
    pub enc: ContentEncryption,
    /// The identifier of the recipient's key, if the header has it.
    pub kid: Option<String>,
    header: &'a str,
    ephemeral: PublicKey,
    apu: Vec<u8>,
    apv: Vec<u8>,
    nonce: Vec<u8>,
    sealed: Vec<u8>,
}

impl<'a> UnopenedJwe<'a> {
    /// Parses `header..nonce.ciphertext.tag` of at most `max_bytes`.
    ///
    /// # Errors
    /// [`JweError`].
    pub fn parse(text: &'a str, max_bytes: usize) -> Result<Self, JweError> {
        if text.len() > max_bytes {
            return Err(JweError::TooLarge);
        }
        let mut parts = text.splitn(6, '.');
        let mut part = || parts.next().ok_or(JweError::Form);
        let (header, wrapped, nonce, ciphertext, tag) = (part()?, part()?, part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(JweError::Form);
        }
        if header.len() > MAX_HEADER {
            return Err(JweError::TooLarge);
        }
        let decode = |text: &str| base64::decode_url(text).map_err(|_| JweError::Form);
        let json = String::from_utf8(decode(header)?).map_err(|_| JsonError::Invalid)?;
        let members = Value::parse(&json, MAX_HEADER)?;
        let protected = Protected::read(&members)?;
        // Direct key agreement wraps no key.
        if !wrapped.is_empty() {
            return Err(JweError::Form);
        }
        let (nonce, mut sealed, tag) = (decode(nonce)?, decode(ciphertext)?, decode(tag)?);
        // A shorter tag would be easier to forge, and bytes must not move between ciphertext and tag.
        if nonce.len() != NONCE_LEN || tag.len() != TAG_LEN {
            return Err(JweError::Decrypt);
        }
        sealed.extend_from_slice(&tag);
        let Protected { enc, kid, ephemeral, apu, apv } = protected;
        Ok(Self { enc, kid, header, ephemeral, apu, apv, nonce, sealed })
    }

    /// Decrypts with the recipient's key.
    ///
    /// # Errors
    /// [`JweError::Decrypt`].
    pub fn open(&self, key: &AgreementKey) -> Result<Vec<u8>, JweError> {
        self.decrypt(key).map_err(|_| JweError::Decrypt)
    }

    fn decrypt(&self, key: &AgreementKey) -> Result<Vec<u8>, CryptoError> {
        let secret = key.agree(&self.ephemeral)?;
        let nonce = self.nonce.as_slice().try_into().map_err(|_| CryptoError::Open)?;
        let (name, aad) = (self.enc.name(), self.header.as_bytes());
        match self.enc {
            ContentEncryption::A128Gcm => {
                Aead128Key::new(concat_kdf(&secret, name, &self.apu, &self.apv)?).open(nonce, aad, &self.sealed)
            }
            ContentEncryption::A256Gcm => {
                AeadKey::new(concat_kdf(&secret, name, &self.apu, &self.apv)?).open(nonce, aad, &self.sealed)
            }
        }
    }
}

/// The members of the header that count.
struct Protected {
    enc: ContentEncryption,
    kid: Option<String>,
    ephemeral: PublicKey,
    apu: Vec<u8>,
    apv: Vec<u8>,
}

impl Protected {
    fn read(members: &Value) -> Result<Self, JweError> {
        let text = |name| match members.member(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(JweError::Form),
        };
        if !matches!(members, Value::Object(_)) {
            return Err(JweError::Form);
        }
        if members.member("crit").is_some() {
            return Err(JweError::Crit);
        }
        if members.member("zip").is_some() {
            return Err(JweError::Zip);
        }
        if text("alg")? != Some(ALG) {
            return Err(JweError::Alg);
        }
        let info = |name| match text(name)? {
            None => Ok(Vec::new()),
            Some(text) => base64::decode_url(text).map_err(|_| JweError::Form),
        };
        let epk = members.member("epk").ok_or(JweError::Form)?;
        Ok(Self {
            enc: text("enc")?.and_then(ContentEncryption::from_name).ok_or(JweError::Enc)?,
            kid: text("kid")?.map(String::from),
            ephemeral: p256_key(epk)?,
            apu: info("apu")?,
            apv: info("apv")?,
        })
    }
}

/// Reads a key of P-256 from a JWK and checks the point.
///
/// # Errors
/// [`JweError::Key`].
pub fn p256_key(jwk: &Value) -> Result<PublicKey, JweError> {
    let key = PublicKey::from_jwk_value(jwk).map_err(|_| JweError::Key)?;
    if key.curve() == Curve::P256 { Ok(key) } else { Err(JweError::Key) }
}

rid_wire::closed_debug!(UnopenedJwe<'_>);
