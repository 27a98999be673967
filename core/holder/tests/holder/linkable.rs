//! What receipt refuses because readers could link copies by it, or because others write it and a wallet need not
//! (neg-N05).
use rid_crypto::{PublicKey, SigningKey, sha256};
use rid_flow::ports::KeyId;
use rid_holder::format::receive;
use rid_wire::{
    cbor::Encoder,
    cose::{protected_header, sig_structure},
};

use crate::world::{MDL, NOW, NS, Pki, SeededRng, batch, validity};

/// A copy of one element, written by hand; each part is right until a test changes it.
struct Handmade {
    seed: u8,
    elements: usize,
    item_member: bool,
    unprotected_label: bool,
    status: Option<(&'static str, u64)>,
    /// A digest of an element that is not there.
    decoy: Option<[u8; 32]>,
    digest_id: u64,
}

impl Handmade {
    const fn good(seed: u8) -> Self {
        Self {
            seed,
            elements: 1,
            item_member: false,
            unprotected_label: false,
            status: None,
            decoy: None,
            digest_id: 1,
        }
    }

    fn issue(&self, pki: &Pki, device_key: &PublicKey) -> Vec<u8> {
        let mut item = Encoder::new();
        item.map(if self.item_member { 5 } else { 4 });
        item.text("digestID").uint(self.digest_id).text("random").bytes(&[self.seed; 32]);
        item.text("elementIdentifier").text("family_name").text("elementValue").text("Əliyeva");
        if self.item_member {
            item.text("serial").uint(7);
        }
        let mut tagged = Encoder::new();
        tagged.tagged(&item.finish());
        let item = tagged.finish();
        let payload = self.mso(&item, device_key);
        let protected = protected_header(-7);
        let mut signed = sig_structure(&protected, &[], payload.len());
        signed.extend_from_slice(&payload);
        let mut encoder = Encoder::new();
        encoder.map(2).text("issuerAuth").array(4).bytes(&protected);
        encoder.map(if self.unprotected_label { 2 } else { 1 }).int(33).bytes(pki.signer.certificate.der());
        if self.unprotected_label {
            encoder.int(4).bytes(b"copy 7");
        }
        encoder.bytes(&payload).bytes(&pki.signer.key.sign(&[&signed]));
        encoder.text("nameSpaces");
        match self.elements {
            0 => encoder.map(0),
            _ => encoder.map(1).text(NS).array(1).raw(&item),
        };
        encoder.finish()
    }

    fn mso(&self, item: &[u8], device_key: &PublicKey) -> Vec<u8> {
        let mut mso = Encoder::new();
        mso.map(if self.status.is_some() { 7 } else { 6 });
        mso.text("docType").text(MDL).text("version").text("1.0").text("digestAlgorithm").text("SHA-256");
        mso.text("validityInfo").map(3);
        for (name, time) in [
            ("signed", validity().signed),
            ("validFrom", validity().valid_from),
            ("validUntil", validity().valid_until),
        ] {
            mso.text(name).tag(0).text(&time.to_tdate());
        }
        mso.text("deviceKeyInfo").map(1).text("deviceKey").raw(&device_key.to_cose());
        mso.text("valueDigests").map(1).text(NS).map(if self.decoy.is_some() { 2 } else { 1 });
        mso.uint(self.digest_id).bytes(&sha256(&[item]));
        if let Some(decoy) = self.decoy {
            mso.uint(2).bytes(&decoy);
        }
        if let Some((uri, index)) = self.status {
            mso.text("status").map(1).text("status_list").map(2).text("uri").text(uri).text("idx").uint(index);
        }
        let mut encoder = Encoder::new();
        encoder.tagged(&mso.finish());
        encoder.finish()
    }
}

/// What comes of a batch of two copies: a code, or `accepted`.
fn received(change: impl Fn(&mut Handmade, u8)) -> &'static str {
    let mut rng = SeededRng::new(21);
    let pki = Pki::make(&mut rng);
    let keys: Vec<_> = (0..2).map(|n| (KeyId(format!("key-{n}")), SigningKey::make(&mut rng).public())).collect();
    let issue = |(number, (_, key)): (u8, &(KeyId, PublicKey))| {
        let mut copy = Handmade::good(number + 1);
        change(&mut copy, number);
        copy.issue(&pki, key)
    };
    let copies: Vec<Vec<u8>> = (0..).zip(&keys).map(issue).collect();
    let copies: Vec<&[u8]> = copies.iter().map(Vec::as_slice).collect();
    let result = receive(&batch(MDL, &copies, &keys), None, &pki.issuers(), NOW);
    result.map_or_else(|error| error.code().as_str(), |_| "accepted")
}

#[test]
fn neg_n05_marks_that_link_copies_are_refused_by_name() {
    assert_eq!(received(|_, _| {}), "accepted");
    assert_eq!(received(|copy, number| copy.item_member = number == 1), "credential_item_member");
    assert_eq!(received(|copy, number| copy.unprotected_label = number == 1), "credential_unprotected_label");
}

#[test]
fn neg_n05_digest_that_occurs_twice_in_a_batch() {
    assert_eq!(received(|copy, number| copy.decoy = Some([number; 32])), "accepted");
    assert_eq!(received(|copy, _| copy.decoy = Some([9; 32])), "batch_digest_repeated");
}

#[test]
fn neg_n05_status_reference_that_occurs_twice_in_a_batch() {
    let uri = "https://status.example/1";
    assert_eq!(received(|copy, number| copy.status = Some((uri, number.into()))), "accepted");
    assert_eq!(received(|copy, number| copy.status = (number == 1).then_some((uri, 5))), "accepted");
    assert_eq!(received(|copy, _| copy.status = Some((uri, 5))), "batch_status_repeated");
}

#[test]
fn std_m14_an_empty_credential_is_refused_by_name() {
    assert_eq!(received(|copy, _| copy.elements = 0), "credential_empty");
}

/// A verifier reads it with a warning; a wallet takes in what the standard says.
#[test]
fn std_m14_wide_digest_ids_are_refused_on_receipt() {
    assert_eq!(received(|copy, _| copy.digest_id = (1 << 31) - 1), "accepted");
    assert_eq!(received(|copy, _| copy.digest_id = 1 << 31), "mdoc_digest_id_range");
    assert_eq!(received(|copy, _| copy.digest_id = u64::MAX), "mdoc_digest_id_range");
}
