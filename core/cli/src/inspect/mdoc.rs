//! Requests, responses and credentials (18013-5, 8.3.2.1.2 and 9.1.2.4).
use rid_wire::cbor::Value;

use super::{
    cose,
    decoder::{Decoder, Walk},
    item::as_int,
    outline::{noted, outline, personal, plain},
    tree::Tree,
};

/// DeviceRequest.
pub(crate) fn request(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("version", plain as Walk), ("docRequests", doc_requests)])
}

fn doc_requests(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.list(value, doc_request)
}

/// DocRequest: the elements asked for and the authentication of the reader.
pub(crate) fn doc_request(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("itemsRequest", items_request_bytes as Walk), ("readerAuth", cose::sign1)])
}

fn items_request_bytes(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.embedded(value, "itemsRequest", items_request)
}

/// ItemsRequest: elements with their intentToRetain.
pub(crate) fn items_request(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("docType", plain as Walk), ("nameSpaces", requested)])
}

fn requested(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.each(value, requested_elements)
}

fn requested_elements(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.each(value, intent_to_retain)
}

fn intent_to_retain(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Bool(true) => Tree::noted(true, Some("the reader will keep it")),
        Value::Bool(false) => Tree::noted(false, Some("the reader will not keep it")),
        other => outline(decoder, other),
    }
}

/// DeviceResponse.
pub(crate) fn response(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(
        value,
        &[("version", plain as Walk), ("documents", documents), ("documentErrors", plain), ("status", response_status)],
    )
}

fn response_status(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    let note = as_int(value).and_then(|status| match status {
        0 => Some("ok"),
        10 => Some("general error"),
        11 => Some("CBOR decoding error"),
        12 => Some("CBOR validation error"),
        _ => None,
    });
    noted(decoder, value, note)
}

fn documents(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.list(value, document)
}

/// Document: one credential with the device's part.
pub(crate) fn document(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(
        value,
        &[
            ("docType", plain as Walk),
            ("issuerSigned", issuer_signed),
            ("deviceSigned", device_signed),
            ("errors", plain),
        ],
    )
}

/// IssuerSigned.
pub(crate) fn issuer_signed(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("nameSpaces", namespaces as Walk), ("issuerAuth", cose::sign1)])
}

/// IssuerNameSpaces: items by namespace.
pub(crate) fn namespaces(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.each(value, items)
}

fn items(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.list(value, item_bytes)
}

fn item_bytes(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.embedded(value, "IssuerSignedItemBytes", item)
}

/// IssuerSignedItem.
pub(crate) fn item(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(
        value,
        &[("digestID", plain as Walk), ("random", outline), ("elementIdentifier", plain), ("elementValue", personal)],
    )
}

fn device_signed(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("nameSpaces", device_namespaces_bytes as Walk), ("deviceAuth", device_auth)])
}

/// DeviceNameSpacesBytes.
pub(crate) fn device_namespaces_bytes(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.embedded(value, "deviceSigned.nameSpaces", device_namespaces)
}

fn device_namespaces(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.each(value, device_elements)
}

fn device_elements(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.each(value, personal)
}

/// DeviceAuth.
pub(crate) fn device_auth(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("deviceSignature", cose::sign1 as Walk), ("deviceMac", cose::mac0)])
}
