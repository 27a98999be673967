//! What is remembered of certificate signatures changes no decision.
use std::sync::{Arc, Mutex, PoisonError};

use proptest::prelude::*;
use rid_crypto::x509::{Certificate, KnownSignatures, Profile, SignatureMemory, Signed};
use rid_trust::{IssuerTrust, Party as Trusted, Role, TrustError, TrustStore};
use rid_wire::Timestamp;

use crate::pki::{MDL, OTHER, PID, Party, SERVER_AUTH, anchor, at, now, store};

/// A memory that counts what it is asked and told.
#[derive(Default)]
struct Counted {
    known: Mutex<(KnownSignatures, usize, usize)>,
}

impl Counted {
    /// The number of hits and of learned pairs.
    fn counts(&self) -> (usize, usize) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        (known.1, known.2)
    }
}

impl SignatureMemory for Counted {
    fn knows(&self, pair: &Signed) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let knows = known.0.knows(pair);
        known.1 += usize::from(knows);
        knows
    }

    fn learn(&self, pair: Signed) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.2 += 1;
        known.0.learn(pair);
    }
}

/// Everything that a decision says.
type Said = Result<(Vec<u8>, Option<String>, Option<[u8; 32]>, Option<(Timestamp, Timestamp)>), TrustError>;

fn of_issuer(decision: Result<IssuerTrust, TrustError>) -> Said {
    let said = |trust: IssuerTrust| {
        (trust.key().to_bytes(), trust.name().map(Into::into), trust.anchor_fingerprint(), trust.validity())
    };
    decision.map(said)
}

fn of_reader(decision: Result<Trusted, TrustError>) -> Said {
    decision.map(|trust| (trust.id().to_vec(), Some(trust.name), None, None))
}

/// Roots of both roles, of one name too, and chains that are right, forged, of the wrong purpose or of another root.
struct World {
    roots: Vec<Party>,
    chains: Vec<Vec<Certificate>>,
}

impl World {
    fn make() -> Self {
        let roots = vec![
            Party::root(Profile::Iaca, "kök", 1),
            Party::root(Profile::Iaca, "kök", 2),
            Party::root(Profile::ReaderRoot, "oxuyucu", 3),
        ];
        let mut chains = Vec::new();
        for root in &roots {
            chains.extend([Profile::DocumentSigner, Profile::Reader].map(|profile| Party::leaf(profile, root).chain()));
            chains.push(
                Party::spoilt(Profile::DocumentSigner, "www", 5, Some(root), |recipe| {
                    recipe.extended_key_usage = vec![SERVER_AUTH.into()];
                })
                .chain(),
            );
            // Of this root by its names, signed by another key.
            let key = Party::root(Profile::Iaca, "", 77).key;
            let forger = Party { key, certificate: root.certificate.clone() };
            chains.push(Party::leaf(Profile::DocumentSigner, &forger).chain());
        }
        Self { roots, chains }
    }

    /// A store in which each root has a role, or none.
    fn store(&self, roles: [Option<Role>; 3], only: Option<&str>) -> TrustStore {
        let only = only.map(|doc_type| vec![doc_type]);
        let anchors = self.roots.iter().zip(roles);
        store(anchors.filter_map(|(root, role)| Some(anchor(&root.certificate, role?, only.as_deref()))).collect())
    }
}

/// Roles of the roots, the one type they may sign, the type asked for, the chain, the day, and the role asked for.
fn step() -> impl Strategy<Value = ([Option<Role>; 3], Option<&'static str>, &'static str, usize, usize, bool)> {
    let role = || prop::option::of(prop::sample::select(vec![Role::Issuer, Role::Reader, Role::StatusIssuer]));
    let doc_type = || prop::sample::select(vec![PID, MDL, OTHER]);
    let roles = [role(), role(), role()];
    (roles, prop::option::of(doc_type()), doc_type(), 0_usize..12, 0_usize..4, any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// One memory serves stores that trust different roots for different roles and types, at different times.
    #[test]
    fn neg_f06_what_is_remembered_changes_no_decision(steps in prop::collection::vec(step(), 1..40)) {
        let world = World::make();
        let memory = Arc::new(Counted::default());
        for (roles, only, doc_type, chain, day, as_reader) in steps {
            let plain = world.store(roles, only);
            let remembering = world.store(roles, only).with_memory(memory.clone());
            let time = [now(), at("2025-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), now().plus_days(1)][day];
            let chain = &world.chains[chain];
            let decide = |store: &TrustStore| {
                let mut message = store.message(time);
                let said = match as_reader {
                    true => of_reader(message.reader(chain)),
                    false => of_issuer(message.issuer(chain, doc_type)),
                };
                (said, message.signatures_checked())
            };
            prop_assert_eq!(decide(&plain), decide(&remembering));
        }
    }
}

#[test]
fn a_signer_that_is_met_again_costs_no_signature_check() {
    let world = World::make();
    let memory = Arc::new(Counted::default());
    let store = world.store([Some(Role::Issuer), None, None], None).with_memory(memory.clone());
    for met in 0..3 {
        assert!(store.message(now()).issuer(&world.chains[0], MDL).is_ok());
        assert_eq!(memory.counts(), (met, 1));
    }
}

/// A stranger fills no memory: what is learned was signed by an anchor.
#[test]
fn neg_f06_nothing_is_remembered_of_a_refused_signature() {
    let world = World::make();
    let memory = Arc::new(Counted::default());
    let store = world.store([Some(Role::Issuer), None, None], None).with_memory(memory.clone());
    for chain in &world.chains[1..] {
        assert!(store.message(now()).issuer(chain, MDL).is_err());
    }
    assert_eq!(memory.counts(), (0, 0));
}

#[test]
fn neg_f06_the_memory_is_bounded_and_keeps_what_is_used() {
    let pair = |number: usize| -> Signed {
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&u64::try_from(number).unwrap_or(0).to_be_bytes());
        (fingerprint, [1; 32])
    };
    let mut known = KnownSignatures::new();
    for number in 0..10 * KnownSignatures::MOST {
        known.learn(pair(number));
        assert!(known.len() <= KnownSignatures::MOST);
        assert!(known.knows(&pair(0)), "{number}");
    }
    assert!(!known.knows(&pair(1)) && !known.knows(&([1; 32], pair(0).0)));
}
