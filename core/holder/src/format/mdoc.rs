//! Credentials of ISO/IEC 18013-5.
mod receive;

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use rid_claims::{ClaimPath, ClaimValue};
use rid_crypto::{PublicKey, SharedSecret, SignatureAlgorithm, verify};
use rid_flow::{Copy, ports::KeyId};
use rid_mdoc::{
    MDL_NAMESPACE, MdocError, age,
    build::{Selection, UnsignedDocument, device_response},
    device_auth,
    handover::OnlineHandover,
    issuer_signed::UnverifiedIssuerSigned,
    mso::Mso,
    transcript::Transcript,
    verify::{Strictness, VerifiedItem, verify_issuer_signed, verify_stored},
};
use rid_openid::dcql::authority_key_ids;
use rid_profile::Kind;
use rid_trust::{TrustStore, parse_chain};
use rid_wire::{Code, Timestamp, base64, cbor::Limits};

pub(super) use self::receive::receive;
use super::{Disclosure, HeldElement, NamedClaim, OnlineBinding, Proof, Traits};

/// The transcript of the session.
pub(crate) type Binding<'a> = &'a Transcript;

/// The COSE number of the algorithm of device signatures.
const ES256: i64 = SignatureAlgorithm::Es256.cose();

/// A signature or agreement by another key than the credential's.
const DEVICE_KEY_MISMATCH: Code = Code::new("device_key_mismatch");

pub(super) fn names(bytes: &[u8], doc_type: &str, now: Timestamp) -> Result<Vec<NamedClaim>, Code> {
    let issuer_signed = UnverifiedIssuerSigned::parse(bytes, Limits::ONLINE).map_err(|error| error.code())?;
    let evidence = verify_stored(&issuer_signed, doc_type, now)?;
    let claim = |item: &VerifiedItem<'_>| {
        let value = item.value().map_err(|error| error.code())?;
        let path = ClaimPath::element(item.namespace(), item.identifier());
        Ok(NamedClaim { path, value: ClaimValue::from_cbor(&value) })
    };
    evidence.items().iter().map(claim).collect()
}

pub(super) fn traits(bytes: &[u8]) -> Result<Traits, Code> {
    let issuer_signed = UnverifiedIssuerSigned::parse(bytes, Limits::ONLINE).map_err(|error| error.code())?;
    let chain = issuer_signed.issuer_auth.chain().map_err(|error| MdocError::from(error).code())?;
    let chain = parse_chain(chain).map_err(|error| error.code())?;
    Ok(Traits { authorities: authority_key_ids(&chain), other_types: Vec::new() })
}

pub(super) fn age_of(path: &ClaimPath) -> Option<u8> {
    age::age_over(path.name()?)
}

pub(super) fn is_portrait(path: &ClaimPath) -> bool {
    path.as_element() == Some((MDL_NAMESPACE, "portrait"))
}

pub(super) fn display(
    bytes: &[u8],
    doc_type: &str,
    kind: Option<&Kind>,
    trust: &TrustStore,
) -> Result<Vec<HeldElement>, Code> {
    let parsed = UnverifiedIssuerSigned::parse(bytes, Limits::ONLINE).map_err(|e| e.code())?;
    let payload = parsed.issuer_auth.attached().map_err(|e| e.code())?;
    let signed = Mso::parse(payload).map_err(|e| e.code())?.validity.signed;
    let report = verify_issuer_signed(&parsed, Some(doc_type), &mut trust.message(signed), Strictness::Receipt);
    let failure = report.first_failure();
    let evidence = report.evidence.ok_or_else(|| failure.unwrap_or(Code::new("trust_missing")))?;
    let mut elements = Vec::with_capacity(evidence.items().len());
    for item in evidence.items() {
        let value = item.value().map_err(|e| e.code())?;
        let path = ClaimPath::element(item.namespace(), item.identifier());
        elements.push(HeldElement {
            type_fits: kind.is_none_or(|kind| kind.type_fits(&path, &value)),
            value: ClaimValue::from_cbor(&value),
            path,
        });
    }
    Ok(elements)
}

/// A document that only lacks the device's authentication.
pub(crate) struct Prepared {
    document: UnsignedDocument,
    key: KeyId,
    device_key: PublicKey,
    device_authentication: Vec<u8>,
}

/// With `check_at` the copy is checked; without it, its bytes were checked before.
pub(super) fn prepare(
    copy: &Copy,
    doc_type: &str,
    disclosure: &Disclosure,
    transcript: &Transcript,
    check_at: Option<Timestamp>,
) -> Result<Prepared, Code> {
    let issuer_signed = UnverifiedIssuerSigned::parse(&copy.bytes, Limits::ONLINE).map_err(|error| error.code())?;
    let device_key = match check_at {
        Some(now) => verify_stored(&issuer_signed, doc_type, now)?.device_key().clone(),
        None => {
            let payload = issuer_signed.issuer_auth.attached().map_err(|error| error.code())?;
            Mso::parse(payload).map_err(|error| error.code())?.device_key
        }
    };
    let (disclosed, not_returned) = (selection(&disclosure.disclosed), selection(&disclosure.not_returned));
    let document =
        UnsignedDocument::select(doc_type, &issuer_signed, &disclosed, &not_returned).map_err(|error| error.code())?;
    let device_authentication =
        device_auth::device_authentication_bytes(transcript, doc_type, document.device_namespaces());
    Ok(Prepared { document, key: copy.key.clone(), device_key, device_authentication })
}

/// The transcript of an online transaction (std-M24).
pub(super) fn transcript(binding: &OnlineBinding<'_>) -> Transcript {
    let OnlineBinding { audience, nonce, thumbprint, response_uri, origin } = *binding;
    match origin {
        Some(origin) => OnlineHandover::DcApi { origin, nonce, thumbprint },
        None => OnlineHandover::OpenId4Vp {
            client_id: audience,
            nonce,
            thumbprint,
            response_uri: response_uri.unwrap_or_default(),
        },
    }
    .transcript()
}

impl Prepared {
    pub(super) fn disclosed(&self) -> Result<Vec<ClaimPath>, Code> {
        let issuer_signed = self.document.issuer_signed();
        let parsed = UnverifiedIssuerSigned::parse(issuer_signed, Limits::ONLINE).map_err(|error| error.code())?;
        let items =
            parsed.namespaces.iter().flat_map(|(namespace, items)| items.iter().map(move |item| (namespace, item)));
        Ok(items.map(|(namespace, item)| ClaimPath::element(namespace, item.identifier)).collect())
    }

    /// One DeviceResponse in base64url with this document alone.
    pub(super) fn present(&self, proof: &Proof<'_>, transcript: &Transcript) -> Result<String, Code> {
        let document = self.finish(proof, transcript)?;
        Ok(base64::encode_url(&device_response(&[document], &[])))
    }

    pub(super) const fn key(&self) -> &KeyId {
        &self.key
    }

    pub(super) fn to_be_signed(&self) -> Vec<u8> {
        device_auth::signature_to_be_signed(ES256, &self.device_authentication)
    }

    pub(super) fn finish(&self, proof: &Proof<'_>, transcript: &Transcript) -> Result<Vec<u8>, Code> {
        match proof {
            Proof::Signature(signature) => {
                verify(&self.device_key, SignatureAlgorithm::Es256, &[&self.to_be_signed()], *signature)
                    .map_err(|_| DEVICE_KEY_MISMATCH)?;
                Ok(self.document.finish_signature(ES256, *signature))
            }
            Proof::Agreement(secret) => {
                let key = device_auth::derive_mac_key(&SharedSecret::from_p256(secret), transcript);
                Ok(self.document.finish_mac(&device_auth::mac_tag(&key, &self.device_authentication)))
            }
        }
    }
}

/// Groups identifiers by namespace, each once.
fn selection(paths: &[ClaimPath]) -> Selection {
    let mut known = BTreeSet::new();
    let mut selection = Selection::new();
    for (namespace, identifier) in paths.iter().filter_map(ClaimPath::as_element).filter(|name| known.insert(*name)) {
        match selection.iter_mut().find(|(known, _)| known == namespace) {
            Some((_, identifiers)) => identifiers.push(String::from(identifier)),
            None => selection.push((String::from(namespace), [String::from(identifier)].into())),
        }
    }
    selection
}
