//! Chains: one fault each, and the code it is refused with.
use rid_crypto::x509::{Certificate, PathPolicy, Profile, X509Error, dangerous::Recipe, verify_path};
use rid_wire::Timestamp;

use crate::pki::{Seeded, annex_d, at, key, recipe, sign};

const DOCUMENT_SIGNER: &str = "1.0.18013.5.1.2";
const READER: &str = "1.0.18013.5.1.6";
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const ANY: &str = "2.5.29.37.0";

fn policy(at: Timestamp) -> PathPolicy<'static> {
    PathPolicy { at, leaf_eku: Some(DOCUMENT_SIGNER), same_country: true }
}

fn now() -> Timestamp {
    at("2026-06-01T12:00:00Z")
}

fn root() -> Recipe {
    recipe(Profile::Iaca, "root", &key(1).public())
}

fn leaf() -> Recipe {
    recipe(Profile::DocumentSigner, "leaf", &key(2).public())
}

fn code(chain: &[Certificate], anchors: &[&Certificate], policy: &PathPolicy<'_>) -> &'static str {
    verify_path(chain, anchors, policy).map_or_else(|error| error.code().as_str(), |_| "accepted")
}

/// The leaf by the root, both as given.
fn pair(root: &Recipe, leaf: &Recipe, policy: &PathPolicy<'_>) -> &'static str {
    let root = sign(root, &key(1), None);
    code(&[sign(leaf, &key(1), Some(&root))], &[&root], policy)
}

/// Leaf, intermediate (key 3) and root, all as given; the chain in both orders of its extra certificates.
fn triple(root: &Recipe, middle: &Recipe, leaf: &Recipe) -> &'static str {
    let root = sign(root, &key(1), None);
    let middle = sign(middle, &key(1), Some(&root));
    let leaf = sign(leaf, &key(3), Some(&middle));
    let stranger = sign(&recipe(Profile::Iaca, "stranger", &key(9).public()), &key(9), None);
    let policy = policy(now());
    let codes = [
        code(&[leaf.clone(), middle.clone(), stranger.clone()], &[&root], &policy),
        code(&[leaf, stranger, root.clone(), middle], &[&root], &policy),
    ];
    assert_eq!(codes[0], codes[1]);
    codes[0]
}

fn middle() -> Recipe {
    recipe(Profile::Iaca, "middle", &key(3).public())
}

/// A root that allows one CA below it.
fn high_root() -> Recipe {
    Recipe { basic_constraints: Some((true, Some(1))), ..root() }
}

#[test]
fn std_m45_annex_d_chains() {
    let clock = at("2021-01-01T00:00:00Z");
    let (signer, iaca) =
        (annex_d("iso18013-5-annex-d/DS_CERT.hex"), annex_d("iso18013-5-annex-d-intermediate/d52_iaca.hex"));
    let (reader, reader_root) =
        (annex_d("iso18013-5-annex-d/READER_CERT.hex"), annex_d("iso18013-5-annex-d-intermediate/d54_readerRoot.hex"));
    let issuing = policy(clock);
    let chain = [signer.clone()];
    let path = verify_path(&chain, &[&reader_root, &iaca], &issuing).unwrap();
    assert_eq!((path.leaf().der(), path.anchor().der()), (signer.der(), iaca.der()));
    assert_eq!(code(&[signer.clone(), iaca.clone()], &[&iaca], &issuing), "accepted");
    // Neither Annex D reader certificate names a country.
    let reading = PathPolicy { at: clock, leaf_eku: Some(READER), same_country: false };
    assert_eq!(code(std::slice::from_ref(&reader), &[&iaca, &reader_root], &reading), "accepted");
    assert_eq!(
        code(std::slice::from_ref(&reader), &[&reader_root], &PathPolicy { same_country: true, ..reading }),
        "cert_path"
    );
    // Each in the other's place, and at another time.
    assert_eq!(
        code(std::slice::from_ref(&reader), &[&reader_root], &PathPolicy { leaf_eku: None, ..reading }),
        "cert_eku"
    );
    assert_eq!(code(std::slice::from_ref(&signer), &[&iaca], &reading), "cert_eku");
    assert_eq!(code(std::slice::from_ref(&signer), &[&reader_root], &issuing), "cert_untrusted");
    assert_eq!(code(std::slice::from_ref(&signer), &[&iaca], &policy(now())), "cert_expired");
    assert_eq!(code(&[signer], &[&iaca], &PathPolicy { leaf_eku: None, ..issuing }), "accepted");
    assert_eq!(
        code(&[reader], &[&reader_root], &PathPolicy { at: at("2020-09-30T23:59:59Z"), ..reading }),
        "cert_expired"
    );
}

#[test]
fn right_chains() {
    assert_eq!(pair(&root(), &leaf(), &policy(now())), "accepted");
    assert_eq!(triple(&high_root(), &middle(), &leaf()), "accepted");
    // No limit at all.
    let boundless = Recipe { basic_constraints: Some((true, None)), ..root() };
    assert_eq!(triple(&boundless, &middle(), &leaf()), "accepted");
    // Letter case of the country is nothing; a state only the leaf names neither.
    let other_case = Recipe { country: Some("az".into()), state: Some("Bakı".into()), ..leaf() };
    assert_eq!(pair(&root(), &other_case, &policy(now())), "accepted");
}

#[test]
fn neg_f01_unknown_root_and_wrong_signatures() {
    let policy = policy(now());
    let real = sign(&root(), &key(1), None);
    let signed = sign(&leaf(), &key(1), Some(&real));
    assert_eq!(code(&[], &[&real], &policy), "cert_untrusted");
    assert_eq!(code(std::slice::from_ref(&signed), &[], &policy), "cert_untrusted");
    // A root of the same name with another key, alone and beside the real one.
    let twin = sign(&Recipe { spki: key(9).public().to_spki(), ..root() }, &key(9), None);
    assert_eq!(code(std::slice::from_ref(&signed), &[&twin], &policy), "cert_untrusted");
    assert_eq!(code(std::slice::from_ref(&signed), &[&twin, &real], &policy), "accepted");
    // Another name with the right key.
    let renamed = sign(&Recipe { common_name: Some("toor".into()), ..root() }, &key(1), None);
    assert_eq!(code(std::slice::from_ref(&signed), &[&renamed], &policy), "cert_untrusted");
    // A root that only the peer vouches for.
    assert_eq!(code(&[signed, real.clone()], &[&twin], &policy), "cert_untrusted");
    assert_eq!(pair(&root(), &Recipe { spoil_signature: true, ..leaf() }, &policy), "cert_untrusted");
    let spoilt = Recipe { spoil_signature: true, ..middle() };
    assert_eq!(triple(&high_root(), &spoilt, &leaf()), "cert_untrusted");
}

#[test]
fn neg_f01_self_signed_leaf() {
    let policy = policy(now());
    let own = sign(&leaf(), &key(2), None);
    let root = sign(&root(), &key(1), None);
    assert_eq!(code(std::slice::from_ref(&own), &[&root], &policy), "cert_untrusted");
    // Being listed as an anchor does not help, and neither does being a CA.
    assert_eq!(code(std::slice::from_ref(&own), &[&own], &policy), "cert_untrusted");
    assert_eq!(code(std::slice::from_ref(&root), &[&root], &policy), "cert_untrusted");
    assert_eq!(code(&[own.clone(), own.clone()], &[&root], &policy), "cert_untrusted");
}

#[test]
fn neg_f01_expired_and_not_yet_valid() {
    let (first, last) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T23:59:59Z"));
    for (time, expected) in [
        (first, "accepted"),
        (last, "accepted"),
        (first.plus_seconds(-1), "cert_expired"),
        (last.plus_seconds(1), "cert_expired"),
    ] {
        assert_eq!(pair(&root(), &leaf(), &policy(time)), expected);
    }
    // Leaf, root or intermediate alone.
    let earlier = now().plus_seconds(-1);
    assert_eq!(pair(&root(), &Recipe { not_after: earlier, ..leaf() }, &policy(now())), "cert_expired");
    assert_eq!(pair(&Recipe { not_after: earlier, ..root() }, &leaf(), &policy(now())), "cert_expired");
    assert_eq!(triple(&high_root(), &Recipe { not_after: earlier, ..middle() }, &leaf()), "cert_expired");
}

#[test]
fn neg_f02_intermediates_that_may_not_sign() {
    // CA:false in words, by silence, without the right to sign; a document signer as CA.
    let silent = Recipe { basic_constraints: None, ..middle() };
    let denied = Recipe { basic_constraints: Some((false, None)), ..middle() };
    let unable = Recipe { key_usage: Some(0x02), ..middle() };
    let unsaid = Recipe { key_usage: None, ..middle() };
    let signer = recipe(Profile::DocumentSigner, "middle", &key(3).public());
    for wrong in [silent, denied, unable, unsaid, signer] {
        assert_eq!(triple(&high_root(), &wrong, &leaf()), "cert_path");
    }
    // Path length of the root.
    assert_eq!(triple(&root(), &middle(), &leaf()), "cert_path");
}

#[test]
fn neg_f02_anchors_that_may_not_sign() {
    for wrong in [
        Recipe { basic_constraints: None, ..root() },
        Recipe { key_usage: Some(0x02), ..root() },
        Recipe { key_usage: None, ..root() },
    ] {
        assert_eq!(pair(&wrong, &leaf(), &policy(now())), "cert_path");
    }
}

#[test]
fn neg_f02_leaves_that_are_no_leaves() {
    let with = |leaf: Recipe| pair(&root(), &leaf, &policy(now()));
    assert_eq!(with(Recipe { basic_constraints: Some((true, None)), ..leaf() }), "cert_path");
    assert_eq!(with(Recipe { basic_constraints: Some((false, None)), ..leaf() }), "accepted");
    assert_eq!(with(Recipe { key_usage: Some(0x84), ..leaf() }), "cert_path");
    assert_eq!(with(Recipe { key_usage: Some(0x08), ..leaf() }), "cert_path");
    assert_eq!(with(Recipe { key_usage: None, ..leaf() }), "cert_path");
    // Without an ISO purpose the key usage may be missing.
    let free = PathPolicy { leaf_eku: None, ..policy(now()) };
    assert_eq!(pair(&root(), &Recipe { key_usage: None, ..leaf() }, &free), "accepted");
}

#[test]
fn neg_country_and_state() {
    let with = |leaf: Recipe| pair(&root(), &leaf, &policy(now()));
    let other = Recipe { country: Some("UT".into()), ..leaf() };
    assert_eq!(with(other.clone()), "cert_path");
    assert_eq!(with(Recipe { country: None, ..leaf() }), "cert_path");
    assert_eq!(pair(&Recipe { country: None, ..root() }, &leaf(), &policy(now())), "cert_path");
    assert_eq!(pair(&root(), &other, &PathPolicy { same_country: false, ..policy(now()) }), "accepted");
    let state = |name: &str| Some(name.to_owned());
    let (here, there) = (Recipe { state: state("A"), ..root() }, Recipe { state: state("B"), ..leaf() });
    assert_eq!(pair(&here, &there, &policy(now())), "cert_path");
    assert_eq!(pair(&here, &Recipe { state: state("A"), ..leaf() }, &policy(now())), "accepted");
}

#[test]
fn neg_f04_purposes() {
    let with = |purposes: &[&str], wanted: Option<&str>| {
        let extended_key_usage = purposes.iter().map(|purpose| (*purpose).to_owned()).collect();
        let policy = PathPolicy { leaf_eku: wanted, ..policy(now()) };
        pair(&root(), &Recipe { extended_key_usage, ..leaf() }, &policy)
    };
    let signer = Some(DOCUMENT_SIGNER);
    assert_eq!(with(&[DOCUMENT_SIGNER], signer), "accepted");
    assert_eq!(with(&[DOCUMENT_SIGNER, "1.2.3"], signer), "accepted");
    for wrong in [&[][..], &[SERVER_AUTH], &[READER], &[ANY], &[DOCUMENT_SIGNER, SERVER_AUTH], &[DOCUMENT_SIGNER, ANY]]
    {
        assert_eq!(with(wrong, signer), "cert_eku", "{wrong:?}");
    }
    // Any purpose made for signing documents.
    for right in [&[DOCUMENT_SIGNER][..], &["1.3.6.1.5.5.7.3.36"], &["1.2.3", DOCUMENT_SIGNER]] {
        assert_eq!(with(right, None), "accepted", "{right:?}");
    }
    for wrong in [
        &[][..],
        &[SERVER_AUTH],
        &["1.3.6.1.5.5.7.3.2"],
        &["1.3.6.1.5.5.7.3.3"],
        &["1.3.6.1.5.5.7.3.9"],
        &["1.3.6.1.4.1.311.10.3.3"],
        &["2.16.840.1.113730.4.1"],
        &[ANY],
        &[READER],
        &["1.0.18013.5.1.8"],
        &[DOCUMENT_SIGNER, READER],
        &["1.2.3", SERVER_AUTH],
    ] {
        assert_eq!(with(wrong, None), "cert_eku", "{wrong:?}");
    }
}

/// A chain of CAs as long as a peer may send, all with the same name and key: every one vouches for every other.
fn cross_signed(count: u8) -> Vec<Certificate> {
    let shared = Recipe { basic_constraints: Some((true, None)), ..middle() };
    let parent = sign(&shared, &key(3), None);
    (0..count)
        .map(|number| sign(&Recipe { serial: Some(vec![1, number]), ..shared.clone() }, &key(3), Some(&parent)))
        .collect()
}

#[test]
fn neg_f06_budget() {
    let root = sign(&root(), &key(1), None);
    let crossed = cross_signed(9);
    let leaf = sign(&leaf(), &key(3), Some(&crossed[0]));
    let chain: Vec<_> = [leaf].into_iter().chain(crossed).collect();
    assert_eq!(code(&chain, &[&root], &policy(now())), "cert_budget");
    let long: Vec<_> = chain.iter().cloned().chain([root.clone()]).collect();
    assert_eq!(code(&long, &[&root], &policy(now())), "cert_budget");
    // A thousand anchors of the issuer's name.
    let anchors: Vec<_> = (0..1_000_u64)
        .map(|number| {
            let der = Recipe { spki: key(3).public().to_spki(), ..middle() };
            Certificate::parse(&der.sign(&key(9), None, &mut Seeded(number << 32))).unwrap()
        })
        .collect();
    let anchors: Vec<_> = anchors.iter().collect();
    let signed = sign(&self::leaf(), &key(9), Some(anchors[0]));
    assert_eq!(code(&[signed], &anchors, &policy(now())), "cert_budget");
}

/// Eight intermediates are the most.
#[test]
fn neg_f06_depth() {
    let boundless = |name: &str, seed| Recipe {
        basic_constraints: Some((true, None)),
        ..recipe(Profile::Iaca, name, &key(seed).public())
    };
    let root = sign(&boundless("root", 100), &key(100), None);
    for (count, expected) in [(8, "accepted"), (9, "cert_budget")] {
        let mut chain = Vec::new();
        let mut above = root.clone();
        for step in 1..=count {
            above = sign(&boundless(&format!("ca {step}"), 100 + step), &key(99 + step), Some(&above));
            chain.insert(0, above.clone());
        }
        chain.insert(0, sign(&leaf(), &key(100 + count), Some(&above)));
        assert_eq!(code(&chain, &[&root], &policy(now())), expected);
    }
}

/// Of several ways the right one is found, whatever stands before it.
#[test]
fn a_second_way_is_tried() {
    let policy = policy(now());
    let root = sign(&high_root(), &key(1), None);
    let old = sign(&Recipe { not_after: now().plus_seconds(-1), ..middle() }, &key(1), Some(&root));
    let new = sign(&middle(), &key(1), Some(&root));
    let leaf = sign(&leaf(), &key(3), Some(&new));
    assert_eq!(code(&[leaf.clone(), old.clone(), new], &[&root], &policy), "accepted");
    let not_ca = sign(&Recipe { basic_constraints: None, ..middle() }, &key(1), Some(&root));
    assert_eq!(verify_path(&[leaf, not_ca, old], &[&root], &policy).err(), Some(X509Error::Expired));
}
