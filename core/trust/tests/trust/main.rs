//! Decisions of the trust store: roles, document types, pins, and the certificates of 18013-5 Annex D.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "functions that tests share")]
mod pki;

use pki::{MDL, PID, Party, SERVER_AUTH, anchor, annex_d, at, now, store};
use rid_crypto::{
    sha256,
    x509::{Certificate, Profile, X509Error},
};
use rid_trust::{Basis, Environment, Role, TrustError, TrustStore};

const ALL_ROLES: [Role; 4] = [Role::Issuer, Role::Reader, Role::StatusIssuer, Role::WalletProvider];

fn refusal(store: &TrustStore, chain: &[Certificate], doc_type: &str) -> Option<&'static str> {
    store.issuer(chain, doc_type, now()).err().map(|error| error.code().as_str())
}

fn reader_refusal(store: &TrustStore, chain: &[Certificate]) -> Option<&'static str> {
    store.reader(chain, now()).err().map(|error| error.code().as_str())
}

#[test]
fn std_m61_an_issuer_is_trusted_through_its_own_pool() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let store = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
    for doc_type in [PID, MDL] {
        let trust = store.issuer(&leaf.chain(), doc_type, now()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(trust.basis(), Basis::Anchor);
        assert!(*trust.key() == leaf.key.public());
        assert_eq!((trust.country(), trust.state(), trust.name()), (Some("AZ"), None, Some("yarpaq")));
        assert_eq!(trust.validity(), Some((leaf.certificate.not_before(), leaf.certificate.not_after())));
        assert_eq!(trust.anchor_fingerprint(), Some(sha256(&[root.certificate.der()])));
    }
}

#[test]
fn std_m61_a_reader_is_trusted_through_its_own_pool() {
    let root = Party::root(Profile::ReaderRoot, "oxuyucu kökü", 2);
    let leaf = Party::leaf(Profile::Reader, &root);
    let store = store(vec![anchor(&root.certificate, Role::Reader, None)]);
    let trust = store.reader(&leaf.chain(), now()).unwrap_or_else(|error| panic!("{error}"));
    assert!(*trust.key() == leaf.key.public());
    assert_eq!((trust.name(), trust.organization(), trust.country()), (Some("yarpaq"), Some("Sınaq"), Some("AZ")));
}

#[test]
fn std_m61_pools_are_never_shared() {
    let issuers = Party::root(Profile::Iaca, "kök", 1);
    let readers = Party::root(Profile::ReaderRoot, "oxuyucu kökü", 2);
    let signer = Party::leaf(Profile::DocumentSigner, &issuers);
    let reader = Party::leaf(Profile::Reader, &readers);
    let store =
        store(vec![anchor(&issuers.certificate, Role::Issuer, None), anchor(&readers.certificate, Role::Reader, None)]);
    assert_eq!(refusal(&store, &signer.chain(), MDL), None);
    assert_eq!(reader_refusal(&store, &reader.chain()), None);
    assert_eq!(refusal(&store, &reader.chain(), MDL), Some("trust_list_scope"));
    assert_eq!(refusal(&store, &reader.chain(), PID), Some("trust_list_scope"));
    assert_eq!(reader_refusal(&store, &signer.chain()), Some("trust_list_scope"));
}

#[test]
fn neg_f05_a_root_of_another_role_signs_no_credential() {
    let root = Party::root(Profile::Iaca, "pulqabı kökü", 3);
    let issuers = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    for role in ALL_ROLES.into_iter().filter(|role| *role != Role::Issuer) {
        let store =
            store(vec![anchor(&issuers.certificate, Role::Issuer, None), anchor(&root.certificate, role, None)]);
        assert_eq!(refusal(&store, &leaf.chain(), PID), Some("trust_list_scope"), "{role:?}");
    }
}

#[test]
fn neg_f05_a_root_of_other_document_types_is_out_of_scope() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let store = store(vec![anchor(&root.certificate, Role::Issuer, Some(&[MDL]))]);
    assert_eq!(refusal(&store, &leaf.chain(), MDL), None);
    assert_eq!(refusal(&store, &leaf.chain(), PID), Some("trust_list_scope"));
}

#[test]
fn neg_f05_a_root_of_another_role_vouches_for_no_reader() {
    let readers = Party::root(Profile::ReaderRoot, "oxuyucu kökü", 2);
    let others = Party::root(Profile::ReaderRoot, "başqa kök", 4);
    let leaf = Party::leaf(Profile::Reader, &others);
    for role in ALL_ROLES.into_iter().filter(|role| *role != Role::Reader) {
        let store =
            store(vec![anchor(&readers.certificate, Role::Reader, None), anchor(&others.certificate, role, None)]);
        assert_eq!(reader_refusal(&store, &leaf.chain()), Some("trust_list_scope"), "{role:?}");
    }
}

#[test]
fn neg_f04_a_tls_certificate_signs_nothing() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let store =
        store(vec![anchor(&root.certificate, Role::Issuer, None), anchor(&root.certificate, Role::Reader, None)]);
    let tls = Party::spoilt(Profile::DocumentSigner, "www", 5, Some(&root), |recipe| {
        recipe.extended_key_usage = vec![SERVER_AUTH.into()];
    });
    for doc_type in [PID, MDL] {
        assert_eq!(refusal(&store, &tls.chain(), doc_type), Some("cert_eku"), "{doc_type}");
    }
    assert_eq!(reader_refusal(&store, &tls.chain()), Some("cert_eku"));
}

#[test]
fn neg_f04_purposes_are_those_of_the_role() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let store =
        store(vec![anchor(&root.certificate, Role::Issuer, None), anchor(&root.certificate, Role::Reader, None)]);
    let reader = Party::leaf(Profile::Reader, &root);
    let signer = Party::leaf(Profile::DocumentSigner, &root);
    assert_eq!(refusal(&store, &reader.chain(), MDL), Some("cert_eku"));
    assert_eq!(refusal(&store, &reader.chain(), PID), Some("cert_eku"));
    assert_eq!(reader_refusal(&store, &signer.chain()), Some("cert_eku"));

    let other = Party::spoilt(Profile::DocumentSigner, "vərəq", 6, Some(&root), |recipe| {
        recipe.extended_key_usage = vec!["1.3.6.1.4.1.99999.1".into()];
    });
    assert_eq!(refusal(&store, &other.chain(), MDL), Some("cert_eku"), "the mDL has a purpose of its own");
    assert_eq!(refusal(&store, &other.chain(), PID), None, "any purpose made for signing documents");
}

#[test]
fn neg_f01_unknown_roots_and_wrong_times() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let stranger = Party::root(Profile::Iaca, "kök", 8);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let known = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
    assert_eq!(refusal(&known, &Party::leaf(Profile::DocumentSigner, &stranger).chain(), MDL), Some("cert_untrusted"));
    assert_eq!(refusal(&known, &stranger.chain(), MDL), Some("cert_untrusted"), "self-signed");
    for late in ["2025-12-31T23:59:59Z", "2027-01-01T00:00:00Z"] {
        let decision = known.issuer(&leaf.chain(), MDL, at(late));
        assert_eq!(decision.err(), Some(TrustError::Certificate(X509Error::Expired)), "{late}");
    }
    let with_root = vec![leaf.certificate.clone(), root.certificate.clone()];
    let others = store(vec![anchor(&stranger.certificate, Role::Issuer, None)]);
    assert_eq!(refusal(&others, &with_root, MDL), Some("cert_untrusted"), "a root in the chain is nobody's");
}

#[test]
fn an_issuer_of_another_country_is_refused_a_reader_is_not() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let store =
        store(vec![anchor(&root.certificate, Role::Issuer, None), anchor(&root.certificate, Role::Reader, None)]);
    let abroad =
        |profile| Party::spoilt(profile, "xarici", 9, Some(&root), |recipe| recipe.country = Some("GE".into())).chain();
    assert_eq!(refusal(&store, &abroad(Profile::DocumentSigner), MDL), Some("cert_path"));
    assert_eq!(reader_refusal(&store, &abroad(Profile::Reader)), None);
}

#[test]
fn an_empty_chain_is_untrusted() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    for anchors in [vec![], vec![anchor(&root.certificate, Role::Issuer, None)]] {
        let store = store(anchors);
        assert_eq!(refusal(&store, &[], MDL), Some("cert_untrusted"));
        assert_eq!(reader_refusal(&store, &[]), Some("cert_untrusted"));
    }
    let pinned = store(vec![]).pin_key(root.key.public());
    assert_eq!(refusal(&pinned, &[], MDL), Some("cert_untrusted"));
}

#[test]
fn a_store_that_holds_nothing_cannot_decide() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    for role in ALL_ROLES {
        let store = store(vec![anchor(&root.certificate, role, None)]);
        assert_eq!(refusal(&store, &leaf.chain(), MDL) == Some("trust_missing"), role != Role::Issuer, "{role:?}");
        assert_eq!(reader_refusal(&store, &leaf.chain()) == Some("trust_missing"), role != Role::Reader, "{role:?}");
    }
}

#[test]
fn a_test_root_enters_no_production_store() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let refused = TrustStore::new(Environment::Production, vec![anchor(&root.certificate, Role::Issuer, None)]);
    assert_eq!(refused.err().map(|error| error.code().as_str()), Some("trust_environment"));
    assert_eq!(store(vec![]).environment(), Environment::Test);
}

#[test]
fn a_pinned_leaf_is_checked_for_its_time_alone() {
    let tls = Party::spoilt(Profile::Reader, "vərəq", 5, None, |recipe| {
        recipe.extended_key_usage = vec![SERVER_AUTH.into()];
    });
    let store = store(vec![]).pin_leaf(tls.certificate.clone());
    let trust = store.issuer(&tls.chain(), MDL, now()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(trust.basis(), Basis::Leaf);
    assert_eq!((trust.country(), trust.state()), (None, None), "no country without a path");
    assert_eq!(trust.anchor_fingerprint(), Some(sha256(&[tls.certificate.der()])));
    let late = store.issuer(&tls.chain(), MDL, at("2027-01-01T00:00:00Z"));
    assert_eq!(late.err().map(|error| error.code().as_str()), Some("cert_expired"));

    let same_key = Party::spoilt(Profile::Reader, "başqa", 5, None, |_| {});
    assert_eq!(refusal(&store, &same_key.chain(), MDL), Some("cert_untrusted"), "equal byte for byte or not at all");
    assert_eq!(reader_refusal(&store, &tls.chain()), Some("trust_missing"), "pins are for issuers");
}

#[test]
fn a_pinned_key_comes_before_everything() {
    let (one, two) = (Party::root(Profile::Iaca, "bir", 1), Party::root(Profile::Iaca, "iki", 2));
    let leaf = Party::leaf(Profile::DocumentSigner, &one);
    let pinned = |keys: [&Party; 2]| {
        let [first, second] = keys.map(|party| party.key.public());
        store(vec![anchor(&one.certificate, Role::Issuer, None)]).pin_key(first).pin_key(second)
    };
    let late = at("2031-01-01T00:00:00Z");
    let trust = pinned([&two, &leaf]).issuer(&leaf.chain(), MDL, late).unwrap_or_else(|error| panic!("{error}"));
    assert!(*trust.key() == leaf.key.public(), "of several, the leaf's");
    assert_eq!(trust.basis(), Basis::Key);
    assert_eq!((trust.validity(), trust.name(), trust.anchor_fingerprint()), (None, None, None));
    let trust = pinned([&two, &one]).issuer(&leaf.chain(), MDL, late).unwrap_or_else(|error| panic!("{error}"));
    assert!(*trust.key() == two.key.public(), "else the first, and the signature will fail");
}

#[test]
fn std_m45_annex_d_chains_hold_in_2021() {
    let iaca = annex_d("iso18013-5-annex-d-intermediate/d52_iaca.hex");
    let signer = vec![annex_d("iso18013-5-annex-d/DS_CERT.hex")];
    let reader_root = annex_d("iso18013-5-annex-d-intermediate/d54_readerRoot.hex");
    let reader = vec![annex_d("iso18013-5-annex-d/READER_CERT.hex")];
    let store = store(vec![anchor(&iaca, Role::Issuer, Some(&[MDL])), anchor(&reader_root, Role::Reader, None)]);
    let then = at("2021-06-01T00:00:00Z");
    let trust = store.issuer(&signer, MDL, then).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((trust.name(), trust.country(), trust.basis()), (Some("utopia ds"), Some("US"), Basis::Anchor));
    let trust = store.reader(&reader, then).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((trust.name(), trust.country()), (Some("reader"), None));

    assert_eq!(refusal(&store, &signer, MDL), Some("cert_expired"));
    assert_eq!(reader_refusal(&store, &reader), Some("cert_expired"));
    assert_eq!(store.issuer(&signer, PID, then).err(), Some(TrustError::Scope));
    assert_eq!(store.issuer(&reader, MDL, then).err(), Some(TrustError::Scope));
    assert_eq!(store.reader(&signer, then).err(), Some(TrustError::Scope));
}
