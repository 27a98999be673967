//! Checks on receipt (std-M14, neg-B): all of the batch or a named refusal.
use rid_claims::{ClaimPath, CredentialType};
use rid_crypto::{PublicKey, SigningKey};
use rid_flow::{Credential, ports::KeyId};
use rid_holder::format::{ReceiveError, receive};
use rid_mdoc::{
    build::{ElementToIssue, UnsignedCredential},
    issuer_signed::UnverifiedIssuerSigned,
    mso::ValidityInfo,
};
use rid_wire::{Timestamp, cbor::Limits};

use crate::world::{
    self, Identity, MDL, NOW, NS, PID, Pki, SeededRng, element, encoded, licence, mint, mint_valid, validity,
};

struct Batch {
    pki: Pki,
    rng: SeededRng,
    keys: Vec<(KeyId, PublicKey)>,
    copies: Vec<Vec<u8>>,
}

impl Batch {
    fn good() -> Self {
        let mut rng = SeededRng::new(11);
        let pki = Pki::make(&mut rng);
        let keys: Vec<_> = (0..3).map(|n| (KeyId(format!("key-{n}")), SigningKey::make(&mut rng).public())).collect();
        let copies = keys.iter().map(|(_, key)| mint(&pki.signer, MDL, &licence(), key, &mut rng)).collect();
        Self { pki, rng, keys, copies }
    }

    fn check(&self) -> Result<Credential, ReceiveError> {
        self.check_at(MDL, NOW)
    }

    fn check_at(&self, doc_type: &str, now: Timestamp) -> Result<Credential, ReceiveError> {
        let copies: Vec<&[u8]> = self.copies.iter().map(Vec::as_slice).collect();
        receive(&world::batch(doc_type, &copies, &self.keys), None, &self.pki.issuers(), now)
            .map(|received| received.credential)
    }

    fn refused(&self, code: &str) {
        let Err(error) = self.check() else { panic!("accepted, not {code}") };
        assert_eq!(error.code().as_str(), code);
    }

    /// The last copy again.
    fn replace(&mut self, elements: &[ElementToIssue]) {
        let key = self.keys[2].1.clone();
        self.copies[2] = mint(&self.pki.signer, MDL, elements, &key, &mut self.rng);
    }

    fn replace_all_valid(&mut self, validity: ValidityInfo) {
        for (copy, (_, key)) in self.copies.iter_mut().zip(&self.keys) {
            *copy = mint_valid(&self.pki.signer, MDL, &licence(), key, (validity, &mut self.rng));
        }
    }
}

#[test]
fn std_m14_a_good_batch_is_described_by_names_and_no_values() {
    let batch = Batch::good();
    let credential = batch.check().unwrap();
    assert_eq!(credential.credential_type, CredentialType::mdoc(MDL));
    assert_eq!((credential.issuer.as_str(), &credential.subject), ("Test DS", &None));
    assert_eq!((credential.signed, credential.valid_until), (validity().signed, validity().valid_until));
    let mut claims = credential.claims;
    claims.sort();
    let mut expected: Vec<ClaimPath> =
        licence().iter().map(|element| ClaimPath::element(NS, &element.identifier)).collect();
    expected.sort();
    assert_eq!(claims, expected);
    let copies: Vec<_> = credential.copies.into_iter().map(|copy| (copy.key.clone(), copy.bytes.clone())).collect();
    let given: Vec<_> = batch.keys.iter().map(|(id, _)| id.clone()).zip(batch.copies).collect();
    assert!(copies == given);
}

#[test]
fn neg_b18_a_copy_bound_to_another_key() {
    let mut batch = Batch::good();
    batch.keys.swap(1, 2);
    batch.refused("device_key_mismatch");
    batch.keys.swap(1, 2);
    batch.keys[2].1 = SigningKey::make(&mut batch.rng).public();
    batch.refused("device_key_mismatch");
}

#[test]
fn another_number_of_copies_than_keys() {
    let mut batch = Batch::good();
    let last = batch.copies.pop().unwrap();
    batch.refused("batch_size");
    batch.copies.push(last.clone());
    batch.copies.push(last);
    batch.refused("batch_size");
    batch.copies.clear();
    batch.keys.clear();
    batch.refused("batch_size");
}

#[test]
fn copies_that_do_not_say_the_same() {
    let mut batch = Batch::good();
    let mut other = licence();
    other[0] = element(NS, "family_name", encoded(|w| _ = w.text("Quliyeva")));
    batch.replace(&other);
    batch.refused("batch_mismatch");
    batch.replace(&licence()[1..]);
    batch.refused("batch_mismatch");
    let mut more = licence();
    more.push(element(NS, "height", encoded(|w| _ = w.uint(170))));
    batch.replace(&more);
    batch.refused("batch_mismatch");
    batch.replace(&licence());
    assert!(batch.check().is_ok());
    let later = ValidityInfo { valid_until: validity().valid_until.plus_days(1), ..validity() };
    let key = batch.keys[2].1.clone();
    batch.copies[2] = mint_valid(&batch.pki.signer, MDL, &licence(), &key, (later, &mut batch.rng));
    batch.refused("batch_mismatch");
}

#[test]
fn neg_n05_copies_that_share_their_randoms_could_be_linked() {
    let mut batch = Batch::good();
    // The same generator twice: the randoms and digests are those of the second copy.
    let keys = [batch.keys[1].1.clone(), batch.keys[2].1.clone()];
    for (copy, key) in batch.copies[1..].iter_mut().zip(keys) {
        *copy = mint(&batch.pki.signer, MDL, &licence(), &key, &mut SeededRng::new(99));
    }
    batch.refused("batch_mismatch");
}

#[test]
fn neg_b01_b11_a_flipped_byte_anywhere_is_refused() {
    let mut batch = Batch::good();
    let good = batch.copies[0].clone();
    let at = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what).unwrap();
    batch.copies[0][at(&good, b"AZ000000")] ^= 1;
    batch.refused("mdoc_digest_mismatch");
    batch.copies[0] = good.clone();
    let parsed = UnverifiedIssuerSigned::parse(&good, Limits::ONLINE).unwrap();
    batch.copies[0][at(&good, &parsed.issuer_auth.signature)] ^= 1;
    batch.refused("cose_signature_invalid");
    // Any byte at all is refused, by some name.
    for place in (0..good.len()).step_by(7) {
        batch.copies[0] = good.clone();
        batch.copies[0][place] ^= 0x10;
        assert!(batch.check().is_err(), "byte {place}");
    }
}

#[test]
fn neg_b03_another_document_type() {
    let batch = Batch::good();
    assert_eq!(batch.check_at(PID, NOW).err().unwrap().code().as_str(), "mdoc_doctype_mismatch");
}

#[test]
fn neg_b09_neg_b10_validity() {
    let batch = Batch::good();
    let at = |now: Timestamp| batch.check_at(MDL, now).err().map(|error| error.code().as_str());
    assert_eq!(at(validity().valid_until), None);
    assert_eq!(at(validity().valid_until.plus_seconds(1)), Some("mdoc_expired"));
    assert_eq!(at(validity().signed.plus_seconds(-61)), Some("mdoc_validity_invalid"));
    let mut batch = Batch::good();
    batch.replace_all_valid(ValidityInfo { valid_from: NOW.plus_days(1), ..validity() });
    batch.refused("mdoc_not_yet_valid");
    let before = NOW.day_start().plus_days(-5);
    batch.replace_all_valid(ValidityInfo { signed: before, valid_from: before, ..validity() });
    batch.refused("mdoc_validity_invalid");
}

#[test]
fn an_issuer_nobody_here_trusts_or_no_anchor_at_all() {
    let batch = Batch::good();
    let copies: Vec<&[u8]> = batch.copies.iter().map(Vec::as_slice).collect();
    let check = |trust: &rid_trust::TrustStore| {
        let result = receive(&world::batch(MDL, &copies, &batch.keys), None, trust, NOW);
        result.err().unwrap().code().as_str()
    };
    let mut rng = SeededRng::new(5);
    assert_eq!(check(&Pki::make(&mut rng).issuers()), "cert_untrusted");
    // std-M61: a pool of readers vouches for no issuer.
    let wrong_role = check(&batch.pki.readers());
    assert!(["trust_missing", "trust_list_scope", "cert_untrusted"].contains(&wrong_role), "{wrong_role}");
    let empty = rid_trust::TrustStore::new(rid_trust::Environment::Test, vec![]).unwrap();
    assert_eq!(check(&empty), "trust_missing");
}

#[test]
fn neg_f13_another_country_than_the_signer() {
    let mut batch = Batch::good();
    let elements = [element(NS, "issuing_country", encoded(|w| _ = w.text("GE")))];
    for (copy, (_, key)) in batch.copies.iter_mut().zip(&batch.keys) {
        *copy = mint(&batch.pki.signer, MDL, &elements, key, &mut batch.rng);
    }
    batch.refused("issuer_country_mismatch");
}

#[test]
fn neg_f04_a_certificate_for_another_purpose() {
    let mut batch = Batch::good();
    let Pki { reader, .. } = Pki::make(&mut SeededRng::new(11));
    // Same seed: the reader of the same country, under the readers' root, signs credentials.
    let forger: &Identity = &reader;
    for (copy, (_, key)) in batch.copies.iter_mut().zip(&batch.keys) {
        *copy = mint(forger, MDL, &licence(), key, &mut batch.rng);
    }
    let code = batch.check().err().unwrap().code().as_str();
    assert!(["cert_eku", "cert_untrusted"].contains(&code), "{code}");
}

#[test]
fn neg_b16_a_credential_signed_by_nobody() {
    let mut batch = Batch::good();
    let template = rid_mdoc::build::MsoTemplate { doc_type: MDL, device_key: &batch.keys[0].1, validity: validity() };
    let unsigned = UnsignedCredential::make(&template, &licence(), &mut batch.rng).unwrap();
    batch.copies[0] = unsigned.finish(&[0; 64], &[batch.pki.signer.certificate.der()]);
    batch.refused("cose_signature_invalid");
}
