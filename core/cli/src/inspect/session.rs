//! Engagement, session and transcript (18013-5, 8.2.1 and 9.1).
use rid_wire::cbor::Value;

use super::{
    decoder::{Decoder, Walk},
    item::as_int,
    mdoc,
    outline::{key, noted, outline, plain},
    tree::Tree,
};

/// DeviceEngagement.
pub(crate) fn engagement(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(
        value,
        &[
            (0, "version", plain as Walk),
            (1, "security", security),
            (2, "deviceRetrievalMethods", methods),
            (3, "serverRetrievalMethods", outline),
            (4, "protocolInfo", outline),
        ],
    )
}

fn security(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.tuple(value, &[("cipherSuite", plain as Walk), ("eDeviceKeyBytes", device_key_bytes)])
}

fn device_key_bytes(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.embedded(value, "EDeviceKeyBytes", key)
}

fn methods(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.list(value, method)
}

fn method(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    let Value::Array(items) = value else { return outline(decoder, value) };
    let options: Walk = match items.first() {
        Some(Value::Uint(1)) => nfc_options,
        Some(Value::Uint(2)) => ble_options,
        _ => plain,
    };
    decoder.tuple(value, &[("type", method_type as Walk), ("version", plain), ("options", options)])
}

fn method_type(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    let note = as_int(value).and_then(|number| match number {
        1 => Some("NFC"),
        2 => Some("BLE"),
        3 => Some("Wi-Fi Aware"),
        _ => None,
    });
    noted(decoder, value, note)
}

fn nfc_options(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(value, &[(0, "maxCommandData", plain as Walk), (1, "maxResponseData", plain)])
}

fn ble_options(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(
        value,
        &[
            (0, "peripheralServerMode", plain as Walk),
            (1, "centralClientMode", plain),
            (10, "peripheralServerUuid", outline),
            (11, "centralClientUuid", outline),
            (20, "peripheralServerAddress", outline),
        ],
    )
}

/// SessionEstablishment.
pub(crate) fn establishment(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("eReaderKey", reader_key_bytes as Walk), ("data", ciphertext)])
}

fn reader_key_bytes(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.embedded(value, "EReaderKeyBytes", key)
}

/// SessionData.
pub(crate) fn data(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("data", ciphertext as Walk), ("status", status)])
}

fn ciphertext(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Bytes(bytes) if !decoder.show => Tree::leaf(format!("<{} bytes, encrypted>", bytes.len())),
        other => outline(decoder, other),
    }
}

fn status(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    let note = as_int(value).and_then(|number| match number {
        10 => Some("error in session encryption"),
        11 => Some("CBOR decoding error"),
        20 => Some("session termination"),
        _ => None,
    });
    noted(decoder, value, note)
}

/// SessionTranscript.
pub(crate) fn transcript(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.tuple(
        value,
        &[
            ("DeviceEngagementBytes", engagement_bytes as Walk),
            ("EReaderKeyBytes", reader_key_bytes),
            ("Handover", handover),
        ],
    )
}

fn engagement_bytes(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.embedded(value, "DeviceEngagementBytes", engagement)
}

fn handover(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Null => Tree::noted(serde_json::Value::Null, Some("QR code")),
        Value::Array(items) => match items.as_slice() {
            [Value::Bytes(_), Value::Bytes(_) | Value::Null] => {
                decoder.tuple(value, &[("NFC handover select", outline as Walk), ("NFC handover request", outline)])
            }
            // OpenID4VP and other protocols start with their name.
            [Value::Text(_), ..] => decoder.tuple(value, &[("type", plain as Walk)]),
            _ => outline(decoder, value),
        },
        other => outline(decoder, other),
    }
}

/// DeviceAuthentication: what a device signs or MACs.
pub(crate) fn device_authentication(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.tuple(
        value,
        &[
            ("context", plain as Walk),
            ("SessionTranscript", transcript),
            ("docType", plain),
            ("DeviceNameSpacesBytes", mdoc::device_namespaces_bytes),
        ],
    )
}

/// ReaderAuthentication: what a reader signs.
pub(crate) fn reader_authentication(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.tuple(
        value,
        &[("context", plain as Walk), ("SessionTranscript", transcript), ("ItemsRequestBytes", items_request_bytes)],
    )
}

fn items_request_bytes(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.embedded(value, "ItemsRequestBytes", mdoc::items_request)
}
