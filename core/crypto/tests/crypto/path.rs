//! Chains with one fault each, and the code with which they are refused.
use rid_crypto::x509::{Certificate, PathPolicy, Profile, SignatureBudget, X509Error, dangerous::Recipe, verify_path};
use rid_wire::{ClockTolerance, Timestamp, hex};

use crate::pki::{SeededRng, annex_d, at, key, recipe, sign};

const DOCUMENT_SIGNER: &str = "1.0.18013.5.1.2";
const READER: &str = "1.0.18013.5.1.6";
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const ANY: &str = "2.5.29.37.0";

fn policy(at: Timestamp) -> PathPolicy<'static> {
    PathPolicy {
        at,
        tolerance: ClockTolerance::default(),
        purposes: only(DOCUMENT_SIGNER),
        intermediates: 0,
        same_country: true,
    }
}

/// A list of one purpose that lives as long as the tests.
fn only(purpose: &str) -> Option<&'static [String]> {
    Some(vec![purpose.to_owned()].leak())
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
    let mut budget = SignatureBudget::new();
    verify_path(chain, anchors, policy, &mut budget).map_or_else(|error| error.code().as_str(), |_| "accepted")
}

/// The leaf issued by the root.
fn pair(root: &Recipe, leaf: &Recipe, policy: &PathPolicy<'_>) -> &'static str {
    let root = sign(root, &key(1), None);
    code(&[sign(leaf, &key(1), Some(&root))], &[&root], policy)
}

/// Leaf, intermediate (key 3) and root; the chain in both orders of its extra certificates.
fn triple(root: &Recipe, middle: &Recipe, leaf: &Recipe) -> &'static str {
    let root = sign(root, &key(1), None);
    let middle = sign(middle, &key(1), Some(&root));
    let leaf = sign(leaf, &key(3), Some(&middle));
    let stranger = sign(&recipe(Profile::Iaca, "stranger", &key(9).public()), &key(9), None);
    let policy = PathPolicy { intermediates: 1, ..policy(now()) };
    let codes = [
        code(&[leaf.clone(), middle.clone(), stranger.clone()], &[&root], &policy),
        code(&[leaf, root.clone(), middle], &[&root], &policy),
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
fn std_m45_annex_d_chains_verify() {
    let clock = at("2021-01-01T00:00:00Z");
    let (signer, iaca) =
        (annex_d("iso18013-5-annex-d/DS_CERT.hex"), annex_d("iso18013-5-annex-d-intermediate/d52_iaca.hex"));
    let (reader, reader_root) =
        (annex_d("iso18013-5-annex-d/READER_CERT.hex"), annex_d("iso18013-5-annex-d-intermediate/d54_readerRoot.hex"));
    let issuing = policy(clock);
    let chain = [signer.clone()];
    let path = verify_path(&chain, &[&reader_root, &iaca], &issuing, &mut SignatureBudget::new()).unwrap();
    assert_eq!((path.leaf().der(), path.anchor().der()), (signer.der(), iaca.der()));
    assert_eq!(code(&[signer.clone(), iaca.clone()], &[&iaca], &issuing), "accepted");
    // No reader certificate of Annex D has a country.
    let reading = PathPolicy { purposes: only(READER), same_country: false, ..issuing };
    assert_eq!(code(std::slice::from_ref(&reader), &[&iaca, &reader_root], &reading), "accepted");
    assert_eq!(
        code(std::slice::from_ref(&reader), &[&reader_root], &PathPolicy { same_country: true, ..reading }),
        "cert_path"
    );
    // Each certificate in the position of the other, and at another time.
    assert_eq!(
        code(std::slice::from_ref(&reader), &[&reader_root], &PathPolicy { purposes: None, ..reading }),
        "cert_eku"
    );
    assert_eq!(code(std::slice::from_ref(&signer), &[&iaca], &reading), "cert_eku");
    assert_eq!(code(std::slice::from_ref(&signer), &[&reader_root], &issuing), "cert_untrusted");
    assert_eq!(code(std::slice::from_ref(&signer), &[&iaca], &policy(now())), "cert_expired");
    assert_eq!(code(&[signer], &[&iaca], &PathPolicy { purposes: None, ..issuing }), "accepted");
    assert_eq!(
        code(&[reader], &[&reader_root], &PathPolicy { at: at("2020-09-30T23:58:59Z"), ..reading }),
        "cert_not_yet_valid"
    );
}

#[test]
fn right_chains() {
    assert_eq!(pair(&root(), &leaf(), &policy(now())), "accepted");
    assert_eq!(triple(&high_root(), &middle(), &leaf()), "accepted");
    // No path length limit.
    let boundless = Recipe { basic_constraints: Some((true, None)), ..root() };
    assert_eq!(triple(&boundless, &middle(), &leaf()), "accepted");
    // The letter case of the country does not matter, nor a state that only the leaf has.
    let other_case = Recipe { country: Some("az".into()), state: Some("Bakı".into()), ..leaf() };
    assert_eq!(pair(&root(), &other_case, &policy(now())), "accepted");
}

#[test]
fn neg_f01_unknown_root_and_wrong_signatures_are_refused() {
    let policy = policy(now());
    let real = sign(&root(), &key(1), None);
    let signed = sign(&leaf(), &key(1), Some(&real));
    assert_eq!(code(&[], &[&real], &policy), "cert_untrusted");
    assert_eq!(code(std::slice::from_ref(&signed), &[], &policy), "cert_untrusted");
    // A root of the same name with another key, alone and beside the right one.
    let twin = sign(&Recipe { spki: key(9).public().to_spki(), ..root() }, &key(9), None);
    assert_eq!(code(std::slice::from_ref(&signed), &[&twin], &policy), "cert_untrusted");
    assert_eq!(code(std::slice::from_ref(&signed), &[&twin, &real], &policy), "accepted");
    // Another name with the right key.
    let renamed = sign(&Recipe { common_name: Some("toor".into()), ..root() }, &key(1), None);
    assert_eq!(code(std::slice::from_ref(&signed), &[&renamed], &policy), "cert_untrusted");
    // A root that only the peer sent.
    assert_eq!(code(&[signed, real.clone()], &[&twin], &policy), "cert_untrusted");
    assert_eq!(pair(&root(), &Recipe { spoil_signature: true, ..leaf() }, &policy), "cert_untrusted");
    let spoilt = Recipe { spoil_signature: true, ..middle() };
    assert_eq!(triple(&high_root(), &spoilt, &leaf()), "cert_untrusted");
}

#[test]
fn neg_f01_self_signed_leaf_is_refused() {
    let policy = policy(now());
    let own = sign(&leaf(), &key(2), None);
    let root = sign(&root(), &key(1), None);
    assert_eq!(code(std::slice::from_ref(&own), &[&root], &policy), "cert_untrusted");
    // Being listed as an anchor does not help, nor being a CA.
    assert_eq!(code(std::slice::from_ref(&own), &[&own], &policy), "cert_untrusted");
    assert_eq!(code(std::slice::from_ref(&root), &[&root], &policy), "cert_untrusted");
    assert_eq!(code(&[own.clone(), own.clone()], &[&root], &policy), "cert_untrusted");
}

#[test]
fn neg_f01_expired_and_not_yet_valid_are_refused() {
    let (first, last) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T23:59:59Z"));
    for (time, expected) in [
        (first, "accepted"),
        (last, "accepted"),
        (first.plus_seconds(-61), "cert_not_yet_valid"),
        (last.plus_seconds(1), "cert_expired"),
    ] {
        assert_eq!(pair(&root(), &leaf(), &policy(time)), expected);
    }
    // Only the leaf, root or intermediate.
    let earlier = now().plus_seconds(-1);
    assert_eq!(pair(&root(), &Recipe { not_after: earlier, ..leaf() }, &policy(now())), "cert_expired");
    assert_eq!(pair(&Recipe { not_after: earlier, ..root() }, &leaf(), &policy(now())), "cert_expired");
    assert_eq!(triple(&high_root(), &Recipe { not_after: earlier, ..middle() }, &leaf()), "cert_expired");
}

#[test]
fn neg_f02_intermediates_that_may_not_sign_are_refused() {
    // CA:false explicitly and by default, without the right to sign; a document signer as CA.
    let silent = Recipe { basic_constraints: None, ..middle() };
    let denied = Recipe { basic_constraints: Some((false, None)), ..middle() };
    let unable = Recipe { key_usage: Some(0x02), ..middle() };
    let unsaid = Recipe { key_usage: None, ..middle() };
    let signer = recipe(Profile::DocumentSigner, "middle", &key(3).public());
    for wrong in [silent, denied, unable, unsaid, signer] {
        assert_eq!(triple(&high_root(), &wrong, &leaf()), "cert_path");
    }
    // The path length of the root.
    assert_eq!(triple(&root(), &middle(), &leaf()), "cert_path");
}

#[test]
fn neg_f02_anchors_that_may_not_sign_are_refused() {
    for wrong in [
        Recipe { basic_constraints: None, ..root() },
        Recipe { key_usage: Some(0x02), ..root() },
        Recipe { key_usage: None, ..root() },
    ] {
        assert_eq!(pair(&wrong, &leaf(), &policy(now())), "cert_path");
    }
}

#[test]
fn neg_f02_ca_as_leaf_is_refused() {
    let with = |leaf: Recipe| pair(&root(), &leaf, &policy(now()));
    assert_eq!(with(Recipe { basic_constraints: Some((true, None)), ..leaf() }), "cert_path");
    assert_eq!(with(Recipe { basic_constraints: Some((false, None)), ..leaf() }), "accepted");
    assert_eq!(with(Recipe { key_usage: Some(0x84), ..leaf() }), "cert_path");
}

#[test]
fn neg_f31_leaf_without_digital_signature_is_refused() {
    for policy in [policy(now()), PathPolicy { purposes: None, ..policy(now()) }] {
        for key_usage in [None, Some(0x08), Some(0x40)] {
            assert_eq!(pair(&root(), &Recipe { key_usage, ..leaf() }, &policy), "cert_key_usage", "{key_usage:?}");
        }
    }
    let nothing = Recipe { key_usage: None, extended_key_usage: Vec::new(), ..leaf() };
    assert_eq!(pair(&root(), &nothing, &PathPolicy { purposes: None, ..policy(now()) }), "cert_key_usage");
}

#[test]
fn other_country_or_state_is_refused() {
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
fn neg_f04_wrong_purposes_are_refused() {
    let with = |purposes: &[&str], wanted: Option<&str>| {
        let extended_key_usage = purposes.iter().map(|purpose| (*purpose).to_owned()).collect();
        let policy = PathPolicy { purposes: wanted.and_then(only), ..policy(now()) };
        pair(&root(), &Recipe { extended_key_usage, ..leaf() }, &policy)
    };
    let signer = Some(DOCUMENT_SIGNER);
    assert_eq!(with(&[DOCUMENT_SIGNER], signer), "accepted");
    assert_eq!(with(&[DOCUMENT_SIGNER, "1.2.3"], signer), "accepted");
    for wrong in [
        &[][..],
        &[SERVER_AUTH],
        &[READER],
        &[ANY],
        &["1.2.3"],
        &[DOCUMENT_SIGNER, SERVER_AUTH],
        &[DOCUMENT_SIGNER, ANY],
        &[DOCUMENT_SIGNER, READER],
    ] {
        assert_eq!(with(wrong, signer), "cert_eku", "{wrong:?}");
    }
    // Any purpose for signing documents is accepted.
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

/// EAP, IPsec, IKE, SSH, Kerberos, smart-card logon, PIV.
#[test]
fn neg_f31_purposes_of_other_protocols_are_refused() {
    for purpose in [
        "1.3.6.1.5.5.7.3.13",
        "1.3.6.1.5.5.7.3.14",
        "1.3.6.1.5.5.7.3.5",
        "1.3.6.1.5.5.7.3.17",
        "1.3.6.1.5.5.8.2.2",
        "1.3.6.1.5.5.7.3.21",
        "1.3.6.1.5.2.3.4",
        "1.3.6.1.5.2.3.5",
        "1.3.6.1.4.1.311.20.2.2",
        "2.16.840.1.101.3.6.8",
    ] {
        for purposes in [only(DOCUMENT_SIGNER), None] {
            let policy = PathPolicy { purposes, ..policy(now()) };
            let alone = Recipe { extended_key_usage: vec![purpose.into()], ..leaf() };
            assert_eq!(pair(&root(), &alone, &policy), "cert_eku", "{purpose}");
            let beside = Recipe { extended_key_usage: vec![DOCUMENT_SIGNER.into(), purpose.into()], ..leaf() };
            assert_eq!(pair(&root(), &beside, &policy), "cert_eku", "{purpose} beside the document signer's");
        }
    }
}

/// A chain of CAs with the same name and key, each of which could have issued each other.
fn cross_signed(count: u8) -> Vec<Certificate> {
    let shared = Recipe { basic_constraints: Some((true, None)), ..middle() };
    let parent = sign(&shared, &key(3), None);
    (0..count)
        .map(|number| sign(&Recipe { serial: Some(vec![1, number]), ..shared.clone() }, &key(3), Some(&parent)))
        .collect()
}

#[test]
fn neg_f06_chains_of_more_than_three_are_refused_unread() {
    let root = sign(&root(), &key(1), None);
    let crossed = cross_signed(9);
    let leaf = sign(&leaf(), &key(3), Some(&crossed[0]));
    let chain: Vec<_> = [leaf].into_iter().chain(crossed).collect();
    let policy = PathPolicy { intermediates: 2, ..policy(now()) };
    for (length, expected) in [(3, "cert_untrusted"), (4, "cert_budget"), (10, "cert_budget")] {
        let mut budget = SignatureBudget::new();
        let refused = verify_path(&chain[..length], &[&root], &policy, &mut budget).err();
        assert_eq!(refused.map(|error| error.code().as_str()), Some(expected), "{length}");
        assert_eq!(budget.spent(), 0, "no name leads to the root");
    }
}

/// neg-C35: anchors of one name cost at most the budget of the message, and repeated checks cost nothing.
#[test]
fn neg_f06_budget_holds_for_the_whole_message() {
    let anchors: Vec<_> = (0..1_000_u64)
        .map(|number| {
            let der = Recipe { spki: key(3).public().to_spki(), ..middle() };
            Certificate::parse(&der.sign(&key(9), None, &mut SeededRng::new(number << 32))).unwrap()
        })
        .collect();
    let anchors: Vec<_> = anchors.iter().collect();
    let signed = [sign(&leaf(), &key(9), Some(anchors[0]))];
    let mut budget = SignatureBudget::new();
    for _ in 0..2 {
        let refused = verify_path(&signed, &anchors, &policy(now()), &mut budget).err();
        assert_eq!(refused, Some(X509Error::Budget));
        assert_eq!(budget.spent(), SignatureBudget::MOST);
    }
    let right = sign(&root(), &key(1), None);
    let good = [sign(&leaf(), &key(1), Some(&right))];
    let mut budget = SignatureBudget::new();
    for _ in 0..50 {
        assert!(verify_path(&good, &[&right], &policy(now()), &mut budget).is_ok());
    }
    assert_eq!(budget.spent(), 1);
}

/// neg-C35: a path that is refused by names, permissions, purposes or times costs no signature check.
#[test]
fn neg_f06_signatures_are_checked_last() {
    let root = sign(&root(), &key(1), None);
    for wrong in [
        Recipe { key_usage: None, ..leaf() },
        Recipe { extended_key_usage: vec![SERVER_AUTH.into()], ..leaf() },
        Recipe { country: None, ..leaf() },
        Recipe { not_after: now().plus_seconds(-1), ..leaf() },
    ] {
        let mut budget = SignatureBudget::new();
        let chain = [sign(&wrong, &key(1), Some(&root))];
        assert!(verify_path(&chain, &[&root], &policy(now()), &mut budget).is_err());
        assert_eq!(budget.spent(), 0);
    }
    let renamed = sign(&Recipe { common_name: Some("toor".into()), ..self::root() }, &key(1), None);
    let mut budget = SignatureBudget::new();
    assert!(verify_path(&[sign(&leaf(), &key(1), Some(&root))], &[&renamed], &policy(now()), &mut budget).is_err());
    assert_eq!(budget.spent(), 0);
}

#[test]
fn neg_f02_intermediates_need_a_policy_that_allows_them() {
    let root = sign(&high_root(), &key(1), None);
    let middle = sign(&middle(), &key(1), Some(&root));
    let chain = [sign(&leaf(), &key(3), Some(&middle)), middle];
    assert_eq!(code(&chain, &[&root], &policy(now())), "cert_path");
    assert_eq!(code(&chain, &[&root], &PathPolicy { intermediates: 1, ..policy(now()) }), "accepted");
}

/// neg-F31: an intermediate with purposes allows only these below it.
#[test]
fn neg_f31_purposes_of_intermediates_limit_the_leaf() {
    let with = |purposes: &[&str]| {
        let extended_key_usage = purposes.iter().map(|purpose| (*purpose).to_owned()).collect();
        triple(&high_root(), &Recipe { extended_key_usage, ..middle() }, &leaf())
    };
    assert_eq!(with(&[DOCUMENT_SIGNER]), "accepted");
    assert_eq!(with(&[SERVER_AUTH, ANY]), "accepted");
    assert_eq!(with(&[READER]), "cert_eku");
    assert_eq!(with(&[SERVER_AUTH, "1.2.3"]), "cert_eku");
}

/// A directory name as the base of a subtree: C=`country`, and O=`organization` in another string type than in the
/// recipe.
fn subtree(country: &str, organization: Option<&str>) -> String {
    let attribute = |id: &str, text: &str| {
        let pair = format!("0603{id}13{:02x}{}", text.len(), hex::encode(text.as_bytes()));
        let pair = format!("30{:02x}{pair}", pair.len() / 2);
        format!("31{:02x}{pair}", pair.len() / 2)
    };
    let organization = organization.map(|text| attribute("55040a", text)).unwrap_or_default();
    let name = format!("{}{organization}", attribute("550406", country));
    let name = format!("30{:02x}{name}", name.len() / 2);
    let base = format!("a4{:02x}{name}", name.len() / 2);
    format!("30{:02x}{base}", base.len() / 2)
}

/// Name constraints with one subtree, permitted (a0) or excluded (a1).
fn constraints(list: &str, subtree: &str) -> Vec<(String, bool, Vec<u8>)> {
    let body = format!("{list}{:02x}{subtree}", subtree.len() / 2);
    let value = hex::decode(&format!("30{:02x}{body}", body.len() / 2)).unwrap();
    vec![("2.5.29.30".into(), true, value)]
}

#[test]
fn neg_f12_name_constraints_are_enforced() {
    let org = |name: &str| Recipe { organization: Some(name.into()), ..leaf() };
    let dns = "300a82086578616d706c652e";
    for (list, base, leaf, expected) in [
        ("a0", subtree("AZ", None), leaf(), "accepted"),
        ("a0", subtree("GE", None), leaf(), "cert_name_constraint"),
        ("a1", subtree("AZ", None), leaf(), "cert_name_constraint"),
        ("a1", subtree("GE", None), leaf(), "accepted"),
        // The whole base is compared, as in RFC 5280.
        ("a0", subtree("AZ", Some("SMITH  & co")), org("Smith & Co"), "accepted"),
        ("a0", subtree("AZ", Some("Smith & Co")), org("Smith & Coo"), "cert_name_constraint"),
        // Constraints on other forms forbid alternative names.
        ("a0", dns.into(), leaf(), "accepted"),
        (
            "a0",
            dns.into(),
            Recipe { extensions: vec![("2.5.29.17".into(), false, vec![0x30, 0])], ..leaf() },
            "cert_name_constraint",
        ),
    ] {
        let root = Recipe { extensions: constraints(list, &base), ..root() };
        assert_eq!(pair(&root, &leaf, &policy(now())), expected, "root: {list} {base}");
    }
    // Constraints of an intermediate apply to the leaf, not to itself.
    let bound = Recipe {
        extensions: constraints("a0", &subtree("AZ", Some("Baku"))),
        organization: Some("Gəncə".into()),
        ..middle()
    };
    assert_eq!(triple(&high_root(), &bound, &org("Gəncə")), "cert_name_constraint");
    assert_eq!(triple(&high_root(), &bound, &org("Baku")), "accepted");
    // Constraints of a root apply to the intermediate, too.
    let high = Recipe { extensions: constraints("a1", &subtree("AZ", Some("Baku"))), ..high_root() };
    assert_eq!(
        triple(&high, &Recipe { organization: Some("baku".into()), ..middle() }, &leaf()),
        "cert_name_constraint"
    );
}

#[test]
fn neg_f34_long_serial_in_a_path_is_refused() {
    let long = Some(vec![0x11; 32]);
    assert_eq!(pair(&root(), &Recipe { serial: long.clone(), ..leaf() }, &policy(now())), "cert_form");
    assert_eq!(pair(&Recipe { serial: long.clone(), ..root() }, &leaf(), &policy(now())), "cert_form");
    assert_eq!(triple(&high_root(), &Recipe { serial: long, ..middle() }, &leaf()), "cert_form");
}

#[test]
fn neg_f35_certificate_ahead_of_the_clock_is_tolerated_a_little() {
    let ahead = |seconds| Recipe { not_before: now().plus_seconds(seconds), ..leaf() };
    let strict = PathPolicy { tolerance: ClockTolerance::seconds(0), ..policy(now()) };
    for (seconds, lenient, exact) in [
        (0, "accepted", "accepted"),
        (5, "accepted", "cert_not_yet_valid"),
        (60, "accepted", "cert_not_yet_valid"),
        (90, "cert_not_yet_valid", "cert_not_yet_valid"),
    ] {
        assert_eq!(pair(&root(), &ahead(seconds), &policy(now())), lenient, "{seconds}");
        assert_eq!(pair(&root(), &ahead(seconds), &strict), exact, "{seconds}");
    }
    // The end of the validity period has no tolerance.
    let over = Recipe { not_after: now().plus_seconds(-1), ..leaf() };
    assert_eq!(pair(&root(), &over, &policy(now())), "cert_expired");
}

/// The right path is found after a wrong one was tried.
#[test]
fn second_path_is_tried() {
    let policy = PathPolicy { intermediates: 1, ..policy(now()) };
    let root = sign(&high_root(), &key(1), None);
    let old = sign(&Recipe { not_after: now().plus_seconds(-1), ..middle() }, &key(1), Some(&root));
    let new = sign(&middle(), &key(1), Some(&root));
    let leaf = sign(&leaf(), &key(3), Some(&new));
    assert_eq!(code(&[leaf.clone(), old.clone(), new], &[&root], &policy), "accepted");
    let not_ca = sign(&Recipe { basic_constraints: None, ..middle() }, &key(1), Some(&root));
    assert_eq!(code(&[leaf, not_ca, old], &[&root], &policy), "cert_expired");
}
