//! `rid hostile`: a wallet that cheats. It presents a genuine credential, correctly signed by its device key, with one
//! element altered.
//!
//! It implements the protocol itself, so that the holder's machine needs no switch that makes it cheat.
use std::time::Duration;

use rid_crypto::{AgreementKey, SigningKey};
use rid_issuer::{Issuer, IssuerKey, Validity, sample_citizen};
use rid_mdoc::{
    MDL_DOC_TYPE,
    build::UnsignedDocument,
    build::device_response,
    device_auth,
    engagement::{Ble, Engagement},
    issuer_signed::UnverifiedIssuerSigned,
    request::UnverifiedRequest,
    session::{Role, SessionCipher, SessionData, SessionEstablishment, Status},
    transcript::Transcript,
};
use rid_shell::OsRng;
use rid_wire::{Code, cbor::Encoder, cbor::Limits};

use crate::{
    args::HostileArguments,
    failure::Failure,
    home::Home,
    input,
    issue::AUDIENCE,
    link::{Event, Link, Listener},
    patience::Patience,
    pki::Pki,
    present::Handoff,
    say::Say,
};

/// The time limit of one step of the reader.
const STEP: Duration = Duration::from_secs(60);
/// ES256.
const ES256: i64 = -7;

pub(crate) fn run(arguments: &HostileArguments) -> Result<u8, Failure> {
    let say = Say::new(arguments.json, "hostile wallet");
    let home = Home::new(&arguments.home.home);
    let handoff = Handoff::new(arguments.handoff.as_deref())?;
    let patience = Patience::new(arguments.timeout);
    let device = SigningKey::make(&mut OsRng);
    let credential = genuine(Pki::load(&home.pki())?, &device)?;
    let forged = forge(&credential)?;
    let ephemeral = AgreementKey::make(&mut OsRng);
    let ble = Ble { peripheral_server: Some([0x5a; 16]), central_client: None };
    let engagement = Engagement::build(&ephemeral.public(), &ble);
    let listener = Listener::bind(arguments.port)?;
    handoff.show(&engagement.to_qr(), listener.port()?, &say)?;
    let mut link = listener.accept(arguments.mtu, patience.at_most(Some(STEP)).unwrap_or(STEP))?;
    let establishment = message(&link, &patience)?;
    let sent = answer(&establishment, &engagement, &ephemeral, &device, &forged)?;
    link.send(&sent)?;
    say.line("answered", "an altered element was sent, properly signed by the device");
    // The reader ends the session. Nothing else is expected.
    while !matches!(link.wait(patience.at_most(Some(STEP))), Some(Event::Ended(_)) | None) {}
    link.end();
    say.line("closed", "the reader has the answer");
    Ok(0)
}

/// A genuine driving licence, minted for a key of this wallet.
fn genuine(pki: Pki, device: &SigningKey) -> Result<Vec<u8>, Failure> {
    let fail = |error: rid_issuer::IssueError| Failure::core("issuer", error.code());
    let records = sample_citizen().map_err(fail)?;
    let record = records.iter().find(|record| record.kind == MDL_DOC_TYPE);
    let record = record.ok_or_else(|| Failure::core("issuer", Code::new("unknown_credential_configuration")))?;
    let signed = input::now()?.day_start();
    let validity = Validity { signed, until: signed.plus_days(7) };
    let signer = IssuerKey { key: pki.document_signer.key, certificate: pki.document_signer.certificate };
    Issuer::new(signer, AUDIENCE.into()).mint(record, &device.public().to_bytes(), validity, &mut OsRng).map_err(fail)
}

/// The same credential with another family name. All other bytes are as issued.
fn forge(credential: &[u8]) -> Result<Vec<u8>, Failure> {
    let fail = |error: rid_mdoc::MdocError| Failure::core("forging", error.code());
    let parsed = UnverifiedIssuerSigned::parse(credential, Limits::ONLINE).map_err(fail)?;
    let mut encoder = Encoder::new();
    encoder.map(2).text("nameSpaces").map(parsed.namespaces.len());
    for (namespace, items) in &parsed.namespaces {
        encoder.text(namespace).array(items.len());
        for item in items {
            if item.identifier == "family_name" {
                let mut altered = Encoder::new();
                altered.map(4).text("digestID").uint(item.digest_id).text("random").bytes(item.random);
                altered.text("elementIdentifier").text(item.identifier).text("elementValue").text("Impostor");
                encoder.tagged(&altered.finish());
            } else {
                encoder.raw(item.bytes.outer);
            }
        }
    }
    encoder.text("issuerAuth").raw(parsed.issuer_auth_bytes);
    Ok(encoder.finish())
}

fn message(link: &Link, patience: &Patience) -> Result<Vec<u8>, Failure> {
    loop {
        match link.wait(patience.at_most(Some(STEP))) {
            Some(Event::Message(message)) => return Ok(message),
            Some(Event::Started) => {}
            Some(Event::Ended(_)) => return Err(Failure::core("link", Code::new("transport_disconnected"))),
            None => {
                let advice = "the reader connected and sent no request";
                return Err(Failure::advised("link", Code::new("transport_timeout"), advice));
            }
        }
    }
}

/// The SessionData with the forged response and the session termination.
fn answer(
    establishment: &[u8],
    engagement: &Engagement,
    ephemeral: &AgreementKey,
    device: &SigningKey,
    forged: &[u8],
) -> Result<Vec<u8>, Failure> {
    let session = |error: rid_mdoc::session::SessionError| Failure::core("session", error.code());
    let mdoc = |error: rid_mdoc::MdocError| Failure::core("response", error.code());
    let establishment = SessionEstablishment::parse(establishment, Limits::PROXIMITY).map_err(session)?;
    let transcript = Transcript::qr(engagement.as_bytes(), establishment.e_reader_key_bytes);
    let secret =
        ephemeral.agree(&establishment.e_reader_key).map_err(|error| Failure::core("session", error.code()))?;
    let mut cipher = SessionCipher::derive(Role::Mdoc, &secret, &transcript);
    let request = cipher.decrypt(&establishment.data).map_err(session)?;
    let request = UnverifiedRequest::parse(&request, Limits::PROXIMITY).map_err(mdoc)?;
    let asked = request.doc_requests.iter().find(|asked| asked.items.doc_type == MDL_DOC_TYPE);
    let documents = match asked {
        Some(asked) => {
            let disclose = asked
                .items
                .namespaces
                .iter()
                .map(|n| (n.namespace.clone(), n.elements.iter().map(|e| e.identifier.clone()).collect()))
                .collect();
            let parsed = UnverifiedIssuerSigned::parse(forged, Limits::ONLINE).map_err(mdoc)?;
            let document = UnsignedDocument::select(MDL_DOC_TYPE, &parsed, &disclose, &Vec::new()).map_err(mdoc)?;
            let bytes = device_auth::device_authentication_bytes(
                &transcript,
                document.doc_type(),
                document.device_namespaces(),
            );
            let signature = device.sign(&[&device_auth::signature_to_be_signed(ES256, &bytes)]);
            vec![document.finish_signature(ES256, &signature)]
        }
        None => Vec::new(),
    };
    let data = cipher.encrypt(&device_response(&documents, &[])).map_err(session)?;
    Ok(SessionData::encode(Some(&data), Some(Status::Termination)))
}
