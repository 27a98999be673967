//! DeviceEngagement and the QR code (18013-5, 8.2.1; std-M40).
use alloc::{string::String, vec::Vec};

use rid_crypto::{CryptoError, Curve, PublicKey};
use rid_wire::{
    base64,
    cbor::{CborError, Decoder, Encoder, Limits},
    cose,
};

use crate::{MdocError, session::key_bytes};

/// A BLE retrieval method of an engagement (type 2, version 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ble {
    /// UUID of the mdoc's GATT server (peripheral server mode; options 0 and 10).
    pub peripheral_server: Option<[u8; 16]>,
    /// UUID that the mdoc scans for (central client mode; options 1 and 11).
    pub central_client: Option<[u8; 16]>,
}

/// A way to reach the mdoc.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetrievalMethod {
    /// Bluetooth Low Energy.
    Ble(Ble),
    /// A method of another type or version, as encoded.
    Other(Vec<u8>),
}

/// A parsed engagement and its bytes.
#[derive(Clone)]
pub struct Engagement {
    bytes: Vec<u8>,
    version: String,
    e_device_key: PublicKey,
    is_key_short: bool,
    methods: Vec<RetrievalMethod>,
}

impl Engagement {
    /// Builds an engagement of version "1.0" with cipher suite 1 and one BLE method.
    #[must_use]
    pub fn build(e_device_key: &PublicKey, ble: &Ble) -> Self {
        let mut encoder = Encoder::new();
        encoder.map(3).int(VERSION).text(VERSION_BUILT);
        encoder.int(SECURITY).array(2).uint(CIPHER_SUITE).raw(&key_bytes(e_device_key));
        encoder.int(METHODS).array(1);
        ble.write(&mut encoder);
        Self {
            bytes: encoder.finish(),
            version: VERSION_BUILT.into(),
            e_device_key: e_device_key.clone(),
            is_key_short: false,
            methods: [RetrievalMethod::Ble(ble.clone())].into(),
        }
    }

    /// Parses a DeviceEngagement of at most 4 KiB from a QR code. Unknown members are ignored (std-S50, std-S51).
    /// Indefinite lengths are refused because the bytes become part of the transcript.
    ///
    /// # Errors
    /// [`MdocError::Engagement`] (version, cipher suite, contradictory options), [`MdocError::Cbor`];
    /// [`MdocError::Cose`] and [`MdocError::Crypto`] for the key, which must be on P-256.
    pub fn parse(bytes: &[u8]) -> Result<Self, MdocError> {
        Self::read(bytes, Ble::read)
    }

    /// Parses an engagement received over NFC. An offered BLE mode may lack its UUID, because the handover message can
    /// carry it.
    ///
    /// # Errors
    /// As [`Engagement::parse`].
    pub fn parse_nfc(bytes: &[u8]) -> Result<Self, MdocError> {
        Self::read(bytes, |options| Ok(BleOptions::read(options)?.ble()))
    }

    fn read(bytes: &[u8], read_ble: fn(&mut Decoder<'_>) -> Result<Ble, MdocError>) -> Result<Self, MdocError> {
        let mut decoder = Decoder::new(bytes, LIMITS)?.definite();
        let (mut version, mut e_device_key, mut methods) = (None, None, Vec::new());
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            match key.as_int() {
                Some(VERSION) => version = Some(read_version(decoder)?),
                Some(SECURITY) => e_device_key = Some(read_security(decoder)?),
                Some(METHODS) => {
                    decoder.array(|decoder, _| -> Result<(), MdocError> {
                        methods.push(RetrievalMethod::read(decoder, read_ble)?);
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })?;
        decoder.finish()?;
        match (version, e_device_key) {
            (Some(version), Some((e_device_key, is_key_short))) => {
                Ok(Self { bytes: bytes.into(), version, e_device_key, is_key_short, methods })
            }
            _ => Err(MdocError::Engagement),
        }
    }

    /// Parses the text of the QR code: `mdoc:` (lower case) and base64url without padding.
    ///
    /// # Errors
    /// As [`Engagement::parse`].
    pub fn parse_qr(text: &str) -> Result<Self, MdocError> {
        let encoded = text.strip_prefix(QR_SCHEME).ok_or(MdocError::Engagement)?;
        if encoded.len() > MAX_QR {
            return Err(CborError::TooLarge.into());
        }
        Self::parse(&base64::decode_url(encoded).map_err(|_| MdocError::Engagement)?)
    }

    /// Formats the text of the QR code.
    #[must_use]
    pub fn to_qr(&self) -> String {
        let mut text = String::from(QR_SCHEME);
        text.push_str(&base64::encode_url(&self.bytes));
        text
    }

    /// The bytes as received or built.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The version text.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The key EDeviceKey.
    #[must_use]
    pub fn e_device_key(&self) -> &PublicKey {
        &self.e_device_key
    }

    /// Returns true if a coordinate of EDeviceKey lacks its leading zeros (warning `key_coordinate_short`).
    #[must_use]
    pub fn is_key_short(&self) -> bool {
        self.is_key_short
    }

    /// The retrieval methods in order of preference.
    #[must_use]
    pub fn methods(&self) -> &[RetrievalMethod] {
        &self.methods
    }
}

/// Members of DeviceEngagement.
const VERSION: i64 = 0;
const SECURITY: i64 = 1;
const METHODS: i64 = 2;

/// The cipher suite of the first edition.
const CIPHER_SUITE: u64 = 1;
const VERSION_BUILT: &str = "1.0";

/// Type and version of the BLE method, then its options.
const BLE: (u64, u64) = (2, 1);
const SUPPORTS_PERIPHERAL_SERVER: i64 = 0;
const SUPPORTS_CENTRAL_CLIENT: i64 = 1;
const PERIPHERAL_SERVER_UUID: i64 = 10;
const CENTRAL_CLIENT_UUID: i64 = 11;

const QR_SCHEME: &str = "mdoc:";
const LIMITS: Limits = Limits { max_bytes: 4096, max_depth: 16 };
/// Length of the longest engagement in base64url.
const MAX_QR: usize = 5462;

impl RetrievalMethod {
    fn read(
        decoder: &mut Decoder<'_>,
        read_ble: fn(&mut Decoder<'_>) -> Result<Ble, MdocError>,
    ) -> Result<Self, MdocError> {
        let mut inside = decoder.clone();
        let encoded = decoder.skip()?;
        let (mut kind, mut version, mut options) = (None, None, None);
        let count = inside.array(|decoder, index| -> Result<(), MdocError> {
            match index {
                0 => kind = Some(decoder.uint()?),
                1 => version = Some(decoder.uint()?),
                2 => options = Some(decoder.clone()),
                _ => {}
            }
            Ok(())
        })?;
        match (kind.zip(version), options) {
            (Some(BLE), Some(mut options)) if count == 3 => read_ble(&mut options).map(Self::Ble),
            (Some(BLE) | None, _) => Err(MdocError::Engagement),
            (Some(_), _) => Ok(Self::Other(encoded.into())),
        }
    }
}

/// The options of a BLE method: for each mode, true if it is offered, and its UUID.
struct BleOptions {
    peripheral_server: (bool, Option<[u8; 16]>),
    central_client: (bool, Option<[u8; 16]>),
}

impl BleOptions {
    /// Reads the four options below and ignores the others (addresses, PSM).
    fn read(decoder: &mut Decoder<'_>) -> Result<Self, MdocError> {
        let (mut server, mut client) = (false, false);
        let (mut server_uuid, mut client_uuid) = (None, None);
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            match key.as_int() {
                Some(SUPPORTS_PERIPHERAL_SERVER) => server = decoder.boolean()?,
                Some(SUPPORTS_CENTRAL_CLIENT) => client = decoder.boolean()?,
                Some(PERIPHERAL_SERVER_UUID) => server_uuid = Some(read_uuid(decoder)?),
                Some(CENTRAL_CLIENT_UUID) => client_uuid = Some(read_uuid(decoder)?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self { peripheral_server: (server, server_uuid), central_client: (client, client_uuid) })
    }

    /// The UUIDs of the offered modes.
    fn ble(&self) -> Ble {
        let of_mode = |(offered, uuid): (bool, Option<[u8; 16]>)| uuid.filter(|_| offered);
        Ble { peripheral_server: of_mode(self.peripheral_server), central_client: of_mode(self.central_client) }
    }
}

impl Ble {
    /// Reads the options of a QR code, where every offered mode must have its UUID.
    fn read(decoder: &mut Decoder<'_>) -> Result<Self, MdocError> {
        let options = BleOptions::read(decoder)?;
        let lacks = |(offered, uuid): (bool, Option<[u8; 16]>)| offered && uuid.is_none();
        if lacks(options.peripheral_server) || lacks(options.central_client) {
            return Err(MdocError::Engagement);
        }
        Ok(options.ble())
    }

    fn write(&self, encoder: &mut Encoder) {
        let uuids = [(PERIPHERAL_SERVER_UUID, self.peripheral_server), (CENTRAL_CLIENT_UUID, self.central_client)];
        let given = uuids.iter().filter(|(_, uuid)| uuid.is_some()).count();
        encoder.array(3).uint(BLE.0).uint(BLE.1).map(given.saturating_add(2));
        encoder.int(SUPPORTS_PERIPHERAL_SERVER).boolean(self.peripheral_server.is_some());
        encoder.int(SUPPORTS_CENTRAL_CLIENT).boolean(self.central_client.is_some());
        for (option, uuid) in uuids {
            if let Some(uuid) = uuid {
                encoder.int(option).bytes(&uuid);
            }
        }
    }
}

/// Reads "1." and digits: a minor version may only add members.
fn read_version(decoder: &mut Decoder<'_>) -> Result<String, MdocError> {
    let version = decoder.text()?;
    if crate::request::is_version_1(&version) { Ok(version.into_owned()) } else { Err(MdocError::Engagement) }
}

/// Reads EDeviceKey; the flag is true if a coordinate lacks its leading zeros.
fn read_security(decoder: &mut Decoder<'_>) -> Result<(PublicKey, bool), MdocError> {
    let mut key = None;
    let count = decoder.array(|decoder, index| -> Result<(), MdocError> {
        match index {
            0 if decoder.uint()? != CIPHER_SUITE => return Err(MdocError::Engagement),
            1 => key = Some(decoder.tagged()?),
            _ => {}
        }
        Ok(())
    })?;
    let tagged = key.filter(|_| count == 2).ok_or(MdocError::Engagement)?;
    let mut decoder = tagged.decoder();
    let (key, is_short) = PublicKey::from_cose_padded(&cose::Key::read(&mut decoder)?)?;
    decoder.finish()?;
    if key.curve() == Curve::P256 { Ok((key, is_short)) } else { Err(CryptoError::AlgUnsupported.into()) }
}

fn read_uuid(decoder: &mut Decoder<'_>) -> Result<[u8; 16], MdocError> {
    decoder.definite_bytes()?.try_into().map_err(|_| MdocError::Engagement)
}
