//! What one request may cost before anybody is asked (neg-C35).
use rid_holder::consent::Requester;
use rid_mdoc::request::{DocRequestToSend, encode};

use crate::{
    reader::items,
    wallet::Wallet,
    world::{CertificateProfile, Identity, MDL, NS, named},
};

/// Who asks, when each of these readers signs one document request.
fn requester(readers: impl Fn(&mut Wallet) -> Vec<Identity>) -> Requester {
    let mut wallet = Wallet::new();
    let readers = readers(&mut wallet);
    let mut reader = wallet.connect();
    let sign = |identity: &Identity| {
        let items_request_bytes = items(MDL, &[(NS, "family_name", false)]).encode();
        let reader_auth = Some(reader.sign(identity, &items_request_bytes));
        DocRequestToSend { items_request_bytes, reader_auth }
    };
    let request = encode(&readers.iter().map(sign).collect::<Vec<_>>());
    wallet.deliver(reader.establish(&request));
    let question = wallet.question.take().unwrap();
    assert_eq!(question.documents.len(), readers.len(), "the session goes on");
    question.requester
}

/// Readers with a certificate of their own each, of the root that the wallet trusts.
fn others(wallet: &mut Wallet, count: usize) -> Vec<Identity> {
    let root = wallet.pki.reader_root.clone();
    let rng = &mut wallet.rng;
    (0..count).map(|_| named(CertificateProfile::Reader, ("Reader", None), Some(&root), rng)).collect()
}

fn code(requester: &Requester) -> &'static str {
    match requester {
        Requester::Known(_) => "known",
        Requester::Identified { reason: code, .. } | Requester::Unknown(code) => code.as_str(),
    }
}

#[test]
fn neg_c35_all_document_requests_share_one_budget() {
    assert_eq!(code(&requester(|wallet| others(wallet, 12))), "reader_auth_mixed");
    assert_eq!(code(&requester(|wallet| others(wallet, 13))), "cert_budget");
    assert_eq!(code(&requester(|wallet| others(wallet, 32))), "cert_budget");
}

#[test]
fn neg_c35_one_chain_in_all_document_requests_is_verified_once() {
    assert_eq!(code(&requester(|wallet| vec![wallet.pki.reader.clone(); 32])), "known");
}
