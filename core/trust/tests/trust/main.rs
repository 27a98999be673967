//! Decisions of the trust store: roles, document types, pins, and the certificates of 18013-5 Annex D.
#![expect(clippy::panic, clippy::unwrap_used, reason = "functions that tests share")]
mod memory;
mod pki;
mod status;

use pki::{MDL, OTHER, PID, Party, SERVER_AUTH, anchor, annex_d, at, now, store};
use rid_crypto::{
    sha256,
    x509::{Certificate, Profile, X509Error},
};
use rid_trust::{
    Basis, Environment, IssuerRoot, IssuerTrust, PartyBasis, Role, RootWarning, Roots, SignerRules, TrustError,
    TrustStore,
};
use rid_wire::Timestamp;

const ALL_ROLES: [Role; 5] =
    [Role::Issuer, Role::LoginProvider, Role::Reader, Role::StatusIssuer, Role::WalletProvider];

fn refusal(store: &TrustStore, chain: &[Certificate], doc_type: &str) -> Option<&'static str> {
    issuer(store, chain, doc_type, now()).err().map(|error| error.code().as_str())
}

fn issuer(store: &TrustStore, chain: &[Certificate], doc_type: &str, at: Timestamp) -> Result<IssuerTrust, TrustError> {
    store.message(at).issuer(chain, doc_type)
}

fn reader(store: &TrustStore, chain: &[Certificate], at: Timestamp) -> Result<rid_trust::Party, TrustError> {
    store.message(at).reader(chain)
}

fn reader_refusal(store: &TrustStore, chain: &[Certificate]) -> Option<&'static str> {
    reader(store, chain, now()).err().map(|error| error.code().as_str())
}

#[test]
fn std_m61_issuer_is_trusted_by_its_own_anchors() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let store = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
    for doc_type in [PID, MDL] {
        let trust = issuer(&store, &leaf.chain(), doc_type, now()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(trust.basis(), Basis::Anchor);
        assert!(*trust.key() == leaf.key.public());
        assert_eq!((trust.country(), trust.state(), trust.name()), (Some("AZ"), None, Some("yarpaq")));
        assert_eq!(trust.validity(), Some((leaf.certificate.not_before(), leaf.certificate.not_after())));
        assert_eq!(trust.anchor_fingerprint(), Some(sha256(&[root.certificate.der()])));
    }
}

#[test]
fn std_m61_reader_is_trusted_by_its_own_anchors() {
    let root = Party::root(Profile::ReaderRoot, "oxuyucu kökü", 2);
    let leaf = Party::leaf(Profile::Reader, &root);
    let store = store(vec![anchor(&root.certificate, Role::Reader, None)]);
    let trust = reader(&store, &leaf.chain(), now()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(trust.basis, PartyBasis::of_key(&leaf.key.public()));
    assert_eq!(
        (trust.name.as_str(), trust.organization.as_deref(), trust.country.as_deref()),
        ("yarpaq", Some("Sınaq"), Some("AZ"))
    );
}

#[test]
fn std_m61_roles_never_share_anchors() {
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
fn neg_f05_root_of_another_role_signs_no_credential() {
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
fn neg_f30_root_signs_only_its_credential_types() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let store = store(vec![anchor(&root.certificate, Role::Issuer, Some(&[MDL]))]);
    assert_eq!(refusal(&store, &leaf.chain(), MDL), None);
    assert_eq!(refusal(&store, &leaf.chain(), PID), Some("cert_untrusted"));
    assert_eq!(refusal(&store, &leaf.chain(), ""), Some("cert_untrusted"));
}

#[test]
fn neg_f30_decision_has_the_fixed_country() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let store = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
    let required = |doc_type| {
        let decision = issuer(&store, &leaf.chain(), doc_type, now()).unwrap_or_else(|error| panic!("{error}"));
        decision.required_country().map(String::from)
    };
    assert_eq!((required(PID).as_deref(), required(MDL), required(OTHER)), (Some("AZ"), None, None));
}

#[test]
fn neg_f05_root_of_another_role_vouches_for_no_reader() {
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
    assert_eq!(refusal(&store, &other.chain(), PID), Some("cert_eku"), "and so has the identity card");
    assert_eq!(refusal(&store, &other.chain(), OTHER), None, "elsewhere any purpose made for signing documents");
}

#[test]
fn neg_f31_intermediates_need_permission_of_the_rules() {
    let root = Party::spoilt(Profile::Iaca, "kök", 1, None, |recipe| recipe.basic_constraints = Some((true, Some(1))));
    let middle = Party::spoilt(Profile::Iaca, "orta", 3, Some(&root), |_| {});
    let chain = |profile| vec![Party::leaf(profile, &middle).certificate, middle.certificate.clone()];
    let roots = || {
        TrustStore::new(
            Environment::Test,
            vec![anchor(&root.certificate, Role::Issuer, None), anchor(&root.certificate, Role::Reader, None)],
        )
        .unwrap()
    };
    let rules = |intermediates| {
        vec![SignerRules {
            credential_type: PID.into(),
            purposes: vec!["1.0.18013.5.1.2".into()],
            country: None,
            intermediates,
        }]
    };
    for (store, signer, other, reading) in [
        (roots(), Some("cert_path"), Some("cert_path"), Some("cert_path")),
        (roots().with_rules(rules(0), 0), Some("cert_path"), Some("cert_path"), Some("cert_path")),
        (roots().with_rules(rules(1), 0), None, Some("cert_path"), Some("cert_path")),
        (roots().with_rules(rules(0), 1), Some("cert_path"), Some("cert_path"), None),
    ] {
        assert_eq!(refusal(&store, &chain(Profile::DocumentSigner), PID), signer);
        assert_eq!(refusal(&store, &chain(Profile::DocumentSigner), OTHER), other);
        assert_eq!(reader_refusal(&store, &chain(Profile::Reader)), reading);
    }
}

#[test]
fn neg_f32_anchor_signs_no_documents() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    // `rid verify --trust` uses a certificate as an anchor and pins it.
    let given = store(vec![anchor(&root.certificate, Role::Issuer, None)]).pin_leaf(root.certificate.clone());
    assert_eq!(refusal(&given, &root.chain(), MDL), Some("cert_untrusted"));
    assert_eq!(refusal(&given, &leaf.chain(), MDL), None);
    // A published vector has cA without key usage; such a certificate can be pinned.
    let odd = Party::spoilt(Profile::Iaca, "köhnə", 4, None, |recipe| recipe.key_usage = None);
    let given = store(vec![anchor(&odd.certificate, Role::Issuer, None)]).pin_leaf(odd.certificate.clone());
    assert_eq!(refusal(&given, &odd.chain(), MDL), None);
}

#[test]
fn neg_f30_pinned_leaf_signs_its_types_alone() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let pinned = |types: Option<Vec<String>>| store(vec![]).pin_leaf_for(leaf.certificate.clone(), types);
    for (types, mdl) in [(None, None), (Some(vec![MDL.into()]), None), (Some(vec![PID.into()]), Some("cert_untrusted"))]
    {
        assert_eq!(refusal(&pinned(types.clone()), &leaf.chain(), MDL), mdl, "{types:?}");
    }
}

#[test]
fn neg_f34_a_long_serial_of_a_pinned_leaf() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let long = Party::spoilt(Profile::DocumentSigner, "vərəq", 6, Some(&root), |recipe| {
        recipe.serial = Some(vec![0x11; 32]);
    });
    let known = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
    assert_eq!(refusal(&known, &long.chain(), MDL), Some("cert_form"));
    assert_eq!(refusal(&known.pin_leaf(long.certificate.clone()), &long.chain(), MDL), None);
}

#[test]
fn neg_f34_missing_or_malformed_hints() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let store = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
    let with = |spoil: &dyn Fn(&mut rid_crypto::x509::dangerous::Recipe)| {
        let leaf = Party::spoilt(Profile::DocumentSigner, "vərəq", 6, Some(&root), spoil);
        let trust = issuer(&store, &leaf.chain(), MDL, now()).unwrap_or_else(|error| panic!("{error}"));
        (trust.lacks_hints(), trust.malformed_hint())
    };
    assert_eq!(with(&|_| {}), (false, false));
    assert_eq!(with(&|recipe| recipe.hints = false), (true, false));
    assert_eq!(
        with(&|recipe| {
            recipe.hints = false;
            recipe.extensions.push(("2.5.29.31".into(), false, vec![0x30]));
        }),
        (true, true)
    );
}

#[test]
fn neg_f34_unreadable_certificate_of_a_bundle_is_skipped() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let pem = root.certificate.to_pem();
    let torn = pem.replacen('\n', "\n!", 1);
    let issuer = |file: &str, types: &[&str]| IssuerRoot {
        certificate: file.as_bytes().to_vec(),
        credential_types: types.iter().map(|name| String::from(*name)).collect(),
    };
    let roots = |list: &[IssuerRoot]| Roots::new(Environment::Test).issuers(list).and_then(Roots::store);
    let store = roots(&[issuer(&pem, &[OTHER]), issuer(&format!("{torn}{pem}"), &[MDL])]).unwrap();
    assert_eq!(refusal(&store, &leaf.chain(), MDL), None);
    let warning = RootWarning { root: "issuer_roots[1], certificate 1".into(), code: X509Error::Form.code() };
    assert_eq!(store.warnings(), [warning]);
    assert_eq!(roots(&[issuer(&torn, &[MDL])]).err().map(|error| error.code().as_str()), Some("cert_form"));
    // neg-F30: no value means "any".
    assert_eq!(roots(&[issuer(&pem, &[])]).err().map(|error| error.code().as_str()), Some("trust_types_missing"));
    let readers = Roots::new(Environment::Test).readers(&[format!("{pem}{torn}").into_bytes()]).and_then(Roots::store);
    assert_eq!(readers.unwrap().warnings()[0].root, "reader_roots[0], certificate 2");
}

/// Cites neg-F33: string types, letter case and spaces of a name do not matter (RFC 5280, 7.1); all else does.
#[test]
fn neg_f33_names_compare_as_texts() {
    const UTF8: u8 = 0x0c;
    const PRINTABLE: u8 = 0x13;
    const BMP: u8 = 0x1e;
    const TELETEX: u8 = 0x14;
    let signer = |tag: u8, name: &str| {
        let root = Party::spoilt(Profile::Iaca, "Root of Trust", 1, None, |recipe| recipe.organization = None);
        // A copy of the root with the same key and the name as the signer encodes it.
        let twin = Party::spoilt(Profile::Iaca, name, 1, None, |recipe| {
            recipe.organization = None;
            recipe.string_tag = tag;
            if tag == BMP {
                let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
                recipe.common_name = Some(String::from_utf8(units).unwrap());
            }
        });
        let store = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
        refusal(&store, &Party::leaf(Profile::DocumentSigner, &twin).chain(), MDL)
    };
    for (tag, name) in [
        (UTF8, "Root of Trust"),
        (PRINTABLE, "Root of Trust"),
        (BMP, "Root of Trust"),
        (TELETEX, "ROOT OF TRUST"),
        (PRINTABLE, "root  of   trust"),
        (UTF8, "  Root of\u{a0}Trust "),
    ] {
        assert_eq!(signer(tag, name), None, "{tag:#x} {name:?}");
    }
    for name in [
        "Root of Trust 2",
        "Rootof Trust",
        "Root of Trus",
        "Root-of-Trust",
        "Root of Trüst",
        "Roоt of Trust",
        "Root of Trust\u{200b}",
        "",
    ] {
        assert_eq!(signer(UTF8, name), Some("cert_untrusted"), "{name:?}");
    }
}

/// Another value, another order or one attribute more makes another name.
#[test]
fn neg_f33_names_differ_in_their_attributes() {
    let with = |spoil: fn(&mut rid_crypto::x509::dangerous::Recipe)| {
        let root = Party::root(Profile::Iaca, "kök", 1);
        let twin = Party::spoilt(Profile::Iaca, "kök", 1, None, spoil);
        let store = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
        refusal(&store, &Party::leaf(Profile::DocumentSigner, &twin).chain(), MDL)
    };
    assert_eq!(with(|recipe| recipe.country = Some("az".into())), None);
    assert_eq!(with(|recipe| recipe.organization = None), Some("cert_untrusted"));
    assert_eq!(with(|recipe| recipe.state = Some("Sınaq".into())), Some("cert_untrusted"));
    assert_eq!(
        with(|recipe| core::mem::swap(&mut recipe.organization, &mut recipe.common_name)),
        Some("cert_untrusted")
    );
    assert_eq!(with(|recipe| core::mem::swap(&mut recipe.organization, &mut recipe.state)), Some("cert_untrusted"));
}

#[test]
fn neg_c35_one_message_checks_a_chain_once() {
    let root = Party::root(Profile::ReaderRoot, "oxuyucu kökü", 2);
    let leaf = Party::leaf(Profile::Reader, &root);
    let store = store(vec![anchor(&root.certificate, Role::Reader, None)]);
    let mut message = store.message(now());
    for _ in 0..32 {
        assert!(message.reader(&leaf.chain()).is_ok());
    }
    assert_eq!(message.signatures_checked(), 1);
}

#[test]
fn neg_f01_unknown_roots_and_wrong_times() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let stranger = Party::root(Profile::Iaca, "kök", 8);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    let known = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
    assert_eq!(refusal(&known, &Party::leaf(Profile::DocumentSigner, &stranger).chain(), MDL), Some("cert_untrusted"));
    assert_eq!(refusal(&known, &stranger.chain(), MDL), Some("cert_untrusted"), "self-signed");
    for (time, expected) in
        [("2025-12-31T23:58:59Z", X509Error::NotYetValid), ("2027-01-01T00:00:00Z", X509Error::Expired)]
    {
        let decision = issuer(&known, &leaf.chain(), MDL, at(time));
        assert_eq!(decision.err(), Some(TrustError::Certificate(expected)), "{time}");
    }
    let with_root = vec![leaf.certificate.clone(), root.certificate.clone()];
    let others = store(vec![anchor(&stranger.certificate, Role::Issuer, None)]);
    assert_eq!(refusal(&others, &with_root, MDL), Some("cert_untrusted"), "a root in the chain is not trusted");
}

#[test]
fn foreign_issuer_is_refused_and_foreign_reader_accepted() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let store =
        store(vec![anchor(&root.certificate, Role::Issuer, None), anchor(&root.certificate, Role::Reader, None)]);
    let abroad =
        |profile| Party::spoilt(profile, "xarici", 9, Some(&root), |recipe| recipe.country = Some("GE".into())).chain();
    assert_eq!(refusal(&store, &abroad(Profile::DocumentSigner), MDL), Some("cert_path"));
    assert_eq!(reader_refusal(&store, &abroad(Profile::Reader)), None);
}

#[test]
fn empty_chain_is_untrusted() {
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
fn store_without_anchors_cannot_decide() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let leaf = Party::leaf(Profile::DocumentSigner, &root);
    for role in ALL_ROLES {
        let store = store(vec![anchor(&root.certificate, role, None)]);
        assert_eq!(refusal(&store, &leaf.chain(), MDL) == Some("trust_missing"), role != Role::Issuer, "{role:?}");
        assert_eq!(reader_refusal(&store, &leaf.chain()) == Some("trust_missing"), role != Role::Reader, "{role:?}");
    }
}

#[test]
fn test_root_is_refused_by_a_production_store() {
    let root = Party::root(Profile::Iaca, "kök", 1);
    let refused = TrustStore::new(Environment::Production, vec![anchor(&root.certificate, Role::Issuer, None)]);
    assert_eq!(refused.err().map(|error| error.code().as_str()), Some("trust_environment"));
    assert_eq!(store(vec![]).environment(), Environment::Test);
}

#[test]
fn pinned_leaf_is_checked_only_for_its_validity() {
    let tls = Party::spoilt(Profile::Reader, "vərəq", 5, None, |recipe| {
        recipe.extended_key_usage = vec![SERVER_AUTH.into()];
    });
    let store = store(vec![]).pin_leaf(tls.certificate.clone());
    let trust = issuer(&store, &tls.chain(), MDL, now()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(trust.basis(), Basis::Leaf);
    assert_eq!((trust.country(), trust.state()), (None, None), "no country without a path");
    assert_eq!(trust.anchor_fingerprint(), Some(sha256(&[tls.certificate.der()])));
    let late = issuer(&store, &tls.chain(), MDL, at("2027-01-01T00:00:00Z"));
    assert_eq!(late.err().map(|error| error.code().as_str()), Some("cert_expired"));

    let same_key = Party::spoilt(Profile::Reader, "başqa", 5, None, |_| {});
    assert_eq!(refusal(&store, &same_key.chain(), MDL), Some("cert_untrusted"), "only the same bytes are pinned");
    assert_eq!(reader_refusal(&store, &tls.chain()), Some("trust_missing"), "pins apply only to issuers");
}

#[test]
fn pinned_key_takes_precedence() {
    let (one, two) = (Party::root(Profile::Iaca, "bir", 1), Party::root(Profile::Iaca, "iki", 2));
    let leaf = Party::leaf(Profile::DocumentSigner, &one);
    let pinned = |keys: [&Party; 2]| {
        let [first, second] = keys.map(|party| party.key.public());
        store(vec![anchor(&one.certificate, Role::Issuer, None)]).pin_key(first).pin_key(second)
    };
    let late = at("2031-01-01T00:00:00Z");
    let trust = issuer(&pinned([&two, &leaf]), &leaf.chain(), MDL, late).unwrap_or_else(|error| panic!("{error}"));
    assert!(*trust.key() == leaf.key.public(), "the key in the leaf is preferred");
    assert_eq!(trust.basis(), Basis::Key);
    assert_eq!((trust.validity(), trust.name(), trust.anchor_fingerprint()), (None, None, None));
    let trust = issuer(&pinned([&two, &one]), &leaf.chain(), MDL, late).unwrap_or_else(|error| panic!("{error}"));
    assert!(*trust.key() == two.key.public(), "otherwise the first key decides, and the signature fails");
}

#[test]
fn std_m45_annex_d_chains_hold_in_2021() {
    let iaca = annex_d("iso18013-5-annex-d-intermediate/d52_iaca.hex");
    let signer = vec![annex_d("iso18013-5-annex-d/DS_CERT.hex")];
    let reader_root = annex_d("iso18013-5-annex-d-intermediate/d54_readerRoot.hex");
    let terminal = vec![annex_d("iso18013-5-annex-d/READER_CERT.hex")];
    let store = store(vec![anchor(&iaca, Role::Issuer, Some(&[MDL])), anchor(&reader_root, Role::Reader, None)]);
    let then = at("2021-06-01T00:00:00Z");
    let trust = issuer(&store, &signer, MDL, then).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((trust.name(), trust.country(), trust.basis()), (Some("utopia ds"), Some("US"), Basis::Anchor));
    let trust = reader(&store, &terminal, then).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((trust.name.as_str(), trust.country), ("reader", None));

    assert_eq!(refusal(&store, &signer, MDL), Some("cert_expired"));
    assert_eq!(reader_refusal(&store, &terminal), Some("cert_expired"));
    assert_eq!(issuer(&store, &signer, PID, then).err(), Some(TrustError::Certificate(X509Error::Untrusted)));
    assert_eq!(issuer(&store, &terminal, MDL, then).err(), Some(TrustError::Scope));
    assert_eq!(reader(&store, &signer, then).err(), Some(TrustError::Scope));
}
