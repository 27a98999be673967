//! Mirrors of what wallet and reader share. A field forgotten here does not compile.
pub use rid_claims::{ClaimEntry, ClaimKey, ClaimPath, ClaimValue, PrivateBytes, PrivateText};
use rid_flow::ports;
pub use rid_flow::ports::{KeyId, KeyInfo, KeySpec, KeyUse, Prompt, UserAuth};
pub use rid_profile::ImageFormat;
pub use rid_trust::{Environment, IssuerRoot, RootWarning};
pub use rid_wire::{Code, Timestamp};

uniffi::custom_type!(KeyId, String, { remote, lower: |key| key.0, try_lift: |text| Ok(ports::KeyId(text)) });
uniffi::custom_type!(PrivateText, String, { remote });
uniffi::custom_type!(PrivateBytes, Vec<u8>, { remote });
uniffi::custom_type!(Timestamp, i64, { remote, lower: |time| time.unix(), try_lift: |unix| Ok(Timestamp::from_unix(unix)) });
uniffi::custom_type!(Code, String, { remote, lower: |code| code.into(), try_lift: |_text| Ok(Code::new("code_of_the_app")) });

/// One step of a `ClaimPath`.
#[uniffi::remote(Enum)]
pub enum ClaimKey {
    /// Every element of an array (`null` in DCQL).
    Every,
    /// One element of an array.
    Index {
        /// Position from 0.
        position: u32,
    },
    /// A member by name; for mdoc the namespace, then the element identifier.
    Name {
        /// The name.
        name: String,
    },
}

/// The place of a claim in a credential: names, indexes or "every".
#[uniffi::remote(Record)]
pub struct ClaimPath {
    /// The steps; never empty.
    pub steps: Vec<ClaimKey>,
}

/// One entry of a structured value.
#[uniffi::remote(Record)]
pub struct ClaimEntry {
    /// Key; text for text keys.
    pub key: ClaimValue,
    /// Value.
    pub value: ClaimValue,
}

/// The value of a claim, as views show it.
#[uniffi::remote(Enum)]
pub enum ClaimValue {
    /// An integer beyond 64 signed bits, in decimal digits.
    BigNumber {
        /// Digits, with a sign if negative.
        digits: PrivateText,
    },
    /// Bytes.
    Binary {
        /// The bytes.
        bytes: PrivateBytes,
    },
    /// A date or time (tags 1004 and 0), as its text.
    Date {
        /// `YYYY-MM-DD` or RFC 3339.
        text: PrivateText,
    },
    /// A map.
    Entries {
        /// In received order.
        entries: Vec<ClaimEntry>,
    },
    /// Yes or no.
    Flag {
        /// The value.
        value: bool,
    },
    /// An array.
    Items {
        /// In order.
        items: Vec<ClaimValue>,
    },
    /// `null` or undefined.
    Nothing,
    /// An integer.
    Number {
        /// The value.
        value: i64,
    },
    /// A floating-point number.
    Real {
        /// The value.
        value: f64,
    },
    /// Text.
    Text {
        /// The text.
        text: PrivateText,
    },
}

/// A root of issuers.
#[uniffi::remote(Record)]
pub struct IssuerRoot {
    /// The certificate, DER or PEM; PEM may hold several of the same credential types.
    pub certificate: Vec<u8>,
    /// The credential types (document types) it may sign for; at least one, and there is no word for "any".
    pub credential_types: Vec<String>,
}

/// A certificate among the roots that cannot be read; it is not used, the others are.
#[uniffi::remote(Record)]
pub struct RootWarning {
    /// Which one: `issuer_roots[0], certificate 2`.
    pub root: String,
    /// Why.
    pub code: Code,
}

/// Whether roots are the State's or a test's.
#[uniffi::remote(Enum)]
pub enum Environment {
    /// Real roots.
    Production,
    /// Test roots: every view says so.
    Test,
}

/// What a key may do.
#[uniffi::remote(Enum)]
pub enum KeyUse {
    /// ECDH (deviceMac).
    Agree,
    /// Keyed derivation of 32 bytes from 32 bytes (wraps the vault's envelope, hardens the PIN).
    Derive,
    /// ES256.
    Sign,
}

/// When the person must be present.
#[uniffi::remote(Enum)]
pub enum UserAuth {
    /// Biometrics only; the key is invalidated by a new enrolment.
    BiometricCurrentSet,
    /// Any unlock of the device, at each use.
    EachUse,
    /// Never asked.
    None,
}

/// What a key is made for.
#[uniffi::remote(Record)]
pub struct KeySpec {
    /// Use.
    pub usage: KeyUse,
    /// User presence.
    pub user_auth: UserAuth,
    /// Challenge of a key attestation; empty for none.
    pub challenge: Vec<u8>,
}

/// A key as its secure area describes it.
#[uniffi::remote(Record)]
pub struct KeyInfo {
    /// Identifier.
    pub id: KeyId,
    /// Public key, uncompressed SEC1 P-256; empty for a `Derive` key.
    pub public: Vec<u8>,
    /// Attestation of the platform, opaque; empty when there is none.
    pub attestation: Vec<u8>,
    /// Whether the key lives in hardware.
    pub hardware: bool,
}

/// Why the person is asked; the app has the display text.
#[uniffi::remote(Enum)]
pub enum Prompt {
    /// New documents are being fetched.
    Issue,
    /// Data is being shown.
    Present,
    /// A sign-in.
    SignIn,
    /// The wallet opens.
    Unlock,
}

/// The format of a picture, read from its first bytes. 18013-5 allows JPEG and JPEG 2000 for a portrait (7.2.2).
#[uniffi::remote(Enum)]
pub enum ImageFormat {
    /// JPEG (ISO/IEC 10918).
    Jpeg,
    /// JPEG 2000 (ISO/IEC 15444), as a file or as a codestream. Many platforms cannot show it.
    Jpeg2000,
    /// Anything else.
    Other,
}
