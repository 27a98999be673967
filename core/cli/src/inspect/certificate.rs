//! X.509 certificates (RFC 5280; 18013-5, Annex B). They hold no secret and no personal data, so everything is shown.
use rid_crypto::{
    Curve,
    x509::{Certificate, KeyUsage},
};
use rid_wire::hex;

use super::{decoder::Decoder, der, tree::Tree};

/// A certificate in a message.
pub(crate) fn received(decoder: &mut Decoder, bytes: &[u8]) -> Tree {
    match Certificate::parse(bytes) {
        Ok(certificate) => tree(&certificate),
        Err(error) => {
            decoder.problem(error.code(), "x5chain", decoder.offset(bytes));
            Tree::leaf(format!("<{} bytes: {}>", bytes.len(), error.code()))
        }
    }
}

/// Shows the fields that a verifier reads, and the names.
pub(crate) fn tree(certificate: &Certificate) -> Tree {
    let id = |id: Option<&[u8]>| Tree::leaf(id.map_or("none".into(), hex::encode));
    let mut members = vec![
        ("subject".into(), name(certificate.subject().der())),
        ("issuer".into(), name(certificate.issuer().der())),
        ("serial".into(), Tree::leaf(hex::encode(certificate.serial()))),
        ("notBefore".into(), Tree::leaf(certificate.not_before().to_string())),
        ("notAfter".into(), Tree::leaf(certificate.not_after().to_string())),
        ("publicKey".into(), Tree::leaf(curve(certificate.public_key().curve()))),
        ("signatureAlgorithm".into(), signature_algorithm(certificate)),
        ("ca".into(), Tree::leaf(certificate.is_ca())),
    ];
    if certificate.is_ca() {
        let limit = certificate.path_len().map_or(Tree::text("unlimited"), Tree::leaf);
        members.push(("pathLength".into(), limit));
    }
    members.push(("keyUsage".into(), certificate.key_usage().map_or(Tree::text("none"), |usage| key_usage(&usage))));
    if let Some(usage) = certificate.extended_key_usage() {
        let purposes = usage.purposes.iter().map(|id| Tree::noted(id.as_str(), purpose(id))).collect();
        members.push(("extendedKeyUsage".into(), Tree::List(purposes)));
    }
    let extensions = der::extensions(certificate.der());
    for (oid, label) in [("2.5.29.17", "subjectAltName"), ("2.5.29.18", "issuerAltName")] {
        if let Some(extension) = extensions.iter().find(|extension| extension.id == oid) {
            members.push((label.into(), general_names(extension.value)));
        }
    }
    members.push(("subjectKeyId".into(), id(certificate.subject_key_id())));
    members.push(("authorityKeyId".into(), id(certificate.authority_key_id())));
    if let Some(uri) = certificate.crl_uri() {
        members.push(("crl".into(), Tree::text(uri)));
    }
    let listed = extensions.iter().map(|extension| {
        let critical = if extension.critical { ", critical" } else { "" };
        Tree::leaf(format!("{}{critical}", extension_name(&extension.id)))
    });
    members.push(("extensions".into(), Tree::List(listed.collect())));
    members.push(("sha256".into(), Tree::leaf(hex::encode(&certificate.fingerprint()))));
    Tree::Map(members)
}

const fn curve(curve: Curve) -> &'static str {
    match curve {
        Curve::Ed25519 => "Ed25519",
        Curve::P256 => "EC P-256",
        Curve::P384 => "EC P-384",
        Curve::P521 => "EC P-521",
    }
}

fn name(der: &[u8]) -> Tree {
    let attributes = der::attributes(der).into_iter().map(|(id, text)| match attribute(&id) {
        Some(short) => format!("{short}={text}"),
        None => format!("{id}={text}"),
    });
    Tree::text(&attributes.collect::<Vec<_>>().join(", "))
}

fn attribute(id: &str) -> Option<&'static str> {
    Some(match id {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.97" => "organizationIdentifier",
        _ => return None,
    })
}

fn signature_algorithm(certificate: &Certificate) -> Tree {
    let id = der::signature_algorithm(certificate.der()).unwrap_or_default();
    Tree::text(match id.as_str() {
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        "1.3.101.112" => "Ed25519",
        other => other,
    })
}

fn key_usage(usage: &KeyUsage) -> Tree {
    let bits = [
        (usage.digital_signature, "digitalSignature"),
        (usage.key_cert_sign, "keyCertSign"),
        (usage.crl_sign, "cRLSign"),
        (usage.other, "others"),
    ];
    Tree::leaf(bits.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect::<Vec<_>>().join(", "))
}

fn purpose(id: &str) -> Option<&'static str> {
    Some(match id {
        "1.0.18013.5.1.2" => "document signer",
        "1.0.18013.5.1.6" => "reader authentication",
        "1.3.6.1.5.5.7.3.1" => "TLS server",
        "1.3.6.1.5.5.7.3.2" => "TLS client",
        "2.5.29.37.0" => "any",
        _ => return None,
    })
}

/// GeneralNames (4.2.1.6). Of names that are not text only the length is shown.
fn general_names(value: &[u8]) -> Tree {
    let names = der::elements(der::inside(value)).into_iter().map(|name| {
        let text = || String::from_utf8_lossy(name.content).into_owned();
        Tree::text(&match name.tag {
            0x81 => format!("email:{}", text()),
            0x82 => format!("DNS:{}", text()),
            0x86 => format!("URI:{}", text()),
            0xa4 => format!("directory name of {} bytes", name.content.len()),
            _ => format!("other name of {} bytes", name.content.len()),
        })
    });
    Tree::List(names.collect())
}

fn extension_name(id: &str) -> &str {
    match id {
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.18" => "issuerAltName",
        "2.5.29.19" => "basicConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.37" => "extKeyUsage",
        other => other,
    }
}
