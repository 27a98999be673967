//! What every secure area must do.
use alloc::{collections::BTreeSet, string::ToString, sync::Arc, vec::Vec};

use rid_crypto::{AgreementKey, Curve, PublicKey, SignatureAlgorithm, verify};

use rid_wire::hex;

use crate::{
    fake::SeededRng,
    ports::{KeyId, KeyInfo, KeySpec, KeyUse, Prompt, SecureArea, SecureAreaError, UserAuth},
};

/// As many keys as a pool takes at once.
const MANY: u32 = 16;

/// Keys are made, used for what they are for and nothing else, described and deleted.
pub async fn secure_area(area: Arc<dyn SecureArea>) {
    makes_and_describes(&*area).await;
    makes_many(&*area).await;
    signs(&*area).await;
    agrees(&*area).await;
    derives(&*area).await;
    keeps_to_the_use(&*area).await;
    deletes(&*area).await;
}

fn spec(usage: KeyUse) -> KeySpec {
    KeySpec { usage, user_auth: UserAuth::None, challenge: Vec::new() }
}

async fn make(area: &dyn SecureArea, count: u32, usage: KeyUse) -> Vec<KeyInfo> {
    let keys = area.create_keys(count, spec(usage)).await.expect("keys are made");
    assert_eq!(u32::try_from(keys.len()), Ok(count), "as many keys as asked for");
    keys
}

async fn make_one(area: &dyn SecureArea, usage: KeyUse) -> KeyInfo {
    make(area, 1, usage).await.pop().expect("one key")
}

fn public(key: &KeyInfo) -> PublicKey {
    assert_eq!((key.public.len(), key.public.first()), (65, Some(&4)), "uncompressed SEC1");
    PublicKey::from_sec1(Curve::P256, &key.public).expect("a point of P-256")
}

async fn makes_and_describes(area: &dyn SecureArea) {
    assert_eq!(make(area, 0, KeyUse::Sign).await, Vec::new());
    let keys = make(area, 3, KeyUse::Sign).await;
    let ids: BTreeSet<&KeyId> = keys.iter().map(|key| &key.id).collect();
    let publics: BTreeSet<&Vec<u8>> = keys.iter().map(|key| &key.public).collect();
    assert_eq!((ids.len(), publics.len()), (3, 3), "every key is another one");
    for key in &keys {
        public(key);
        assert_eq!(area.info(key.id.clone()).await.as_ref(), Ok(key), "a key is described as it was made");
    }
    let derive = make_one(area, KeyUse::Derive).await;
    assert!(derive.public.is_empty(), "a derivation key has no public half");
    assert_eq!(area.info(derive.id.clone()).await, Ok(derive));
    assert_eq!(area.info(nobody()).await, Err(SecureAreaError::NotFound));
}

/// A pool is filled in one call: no key is made twice, none is one that was there, each is of its own public half.
async fn makes_many(area: &dyn SecureArea) {
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        for key in make(area, MANY, KeyUse::Sign).await {
            let signature = area.sign(key.id.clone(), b"message".to_vec(), Prompt::Issue).await.expect("a signature");
            verify(&public(&key), SignatureAlgorithm::Es256, &[b"message"], &signature).expect("by the key described");
            assert!(seen.insert(key.id.clone()) && seen.insert(KeyId(hex::encode(&key.public))), "another key");
            assert_eq!(area.delete(key.id).await, Ok(()));
        }
    }
}

async fn signs(area: &dyn SecureArea) {
    let key = make_one(area, KeyUse::Sign).await;
    let public = public(&key);
    for message in [Vec::new(), b"message".to_vec(), [7; 100_000].to_vec()] {
        let signature = area.sign(key.id.clone(), message.clone(), Prompt::Present).await.expect("a signature");
        verify(&public, SignatureAlgorithm::Es256, &[&message], &signature).expect("raw ES256 over the message");
        let other = verify(&public, SignatureAlgorithm::Es256, &[&message, b"."], &signature);
        assert!(other.is_err(), "over this message only");
    }
    assert_eq!(area.sign(nobody(), Vec::new(), Prompt::Present).await, Err(SecureAreaError::NotFound));
}

async fn agrees(area: &dyn SecureArea) {
    let peer = AgreementKey::make(&mut SeededRng::new(1));
    // A key that signs agrees too: deviceSignature and deviceMac are made with the same device key.
    for usage in [KeyUse::Agree, KeyUse::Sign] {
        let key = make_one(area, usage).await;
        let shared = area.agree(key.id.clone(), peer.public().to_bytes(), Prompt::Present).await.expect("agrees");
        let theirs = peer.agree(&public(&key)).expect("the same curve");
        assert_eq!(shared.expose().as_slice(), theirs.expose(), "both sides have the same secret");
        for wrong in not_points(&peer.public().to_bytes()) {
            let refused = area.agree(key.id.clone(), wrong, Prompt::Present).await;
            assert!(refused.is_err(), "no agreement with what is no point");
        }
        let again = area.agree(key.id.clone(), peer.public().to_bytes(), Prompt::Present).await.expect("agrees");
        assert_eq!(again.expose(), shared.expose(), "what was wrong before leaves no trace");
    }
    let absent = area.agree(nobody(), peer.public().to_bytes(), Prompt::Present).await;
    assert_eq!(absent.err(), Some(SecureAreaError::NotFound));
}

fn not_points(point: &[u8]) -> Vec<Vec<u8>> {
    let mut off = point.to_vec();
    if let Some(last) = off.last_mut() {
        *last ^= 1;
    }
    let short = point.get(..64).unwrap_or_default().to_vec();
    let mut long = point.to_vec();
    long.push(0);
    let larger = AgreementKey::from_scalar(Curve::P384, &[1; 48]).expect("a key").public().to_bytes();
    [Vec::new(), [0].to_vec(), [4; 65].to_vec(), [0; 65].to_vec(), off, short, long, larger].into()
}

async fn derives(area: &dyn SecureArea) {
    let (one, other) = (make_one(area, KeyUse::Derive).await.id, make_one(area, KeyUse::Derive).await.id);
    let mut seen = BTreeSet::new();
    for key in [&one, &other] {
        for input in [[0; 32], [1; 32], [0xff; 32]] {
            let first = area.derive(key.clone(), input, Prompt::Unlock).await.expect("derives");
            let again = area.derive(key.clone(), input, Prompt::Unlock).await.expect("derives");
            assert_eq!(first.expose(), again.expose(), "the same key and input, the same bytes");
            assert!(seen.insert(*first.expose()), "another key or input, other bytes");
        }
    }
    for prompt in [Prompt::Issue, Prompt::Present, Prompt::SignIn] {
        let told_otherwise = area.derive(one.clone(), [1; 32], prompt).await.expect("derives");
        assert!(!seen.insert(*told_otherwise.expose()), "whatever the person is told");
    }
    let absent = area.derive(nobody(), [0; 32], Prompt::Unlock).await;
    assert_eq!(absent.err(), Some(SecureAreaError::NotFound));
}

async fn keeps_to_the_use(area: &dyn SecureArea) {
    let point = AgreementKey::make(&mut SeededRng::new(2)).public().to_bytes();
    let (agree, derive) = (make_one(area, KeyUse::Agree).await.id, make_one(area, KeyUse::Derive).await.id);
    let sign = make_one(area, KeyUse::Sign).await.id;
    assert!(area.sign(agree.clone(), Vec::new(), Prompt::Present).await.is_err(), "an agreement key does not sign");
    assert!(area.sign(derive.clone(), Vec::new(), Prompt::Present).await.is_err(), "a derivation key does not sign");
    assert!(area.agree(derive, point, Prompt::Present).await.is_err(), "a derivation key does not agree");
    for key in [agree, sign] {
        assert!(area.derive(key, [0; 32], Prompt::Unlock).await.is_err(), "a key pair does not derive");
    }
}

async fn deletes(area: &dyn SecureArea) {
    let point = AgreementKey::make(&mut SeededRng::new(4)).public().to_bytes();
    for usage in [KeyUse::Agree, KeyUse::Derive, KeyUse::Sign] {
        let keys = make(area, 2, usage).await;
        let [gone, kept] = keys.as_slice() else { return };
        assert_eq!(area.delete(gone.id.clone()).await, Ok(()));
        assert_eq!(area.delete(gone.id.clone()).await, Ok(()), "deleting twice succeeds");
        assert_eq!(area.info(gone.id.clone()).await, Err(SecureAreaError::NotFound));
        let (id, input) = (gone.id.clone(), [0; 32]);
        let refused = match usage {
            KeyUse::Agree => area.agree(id, point.clone(), Prompt::Present).await.err(),
            KeyUse::Derive => area.derive(id, input, Prompt::Unlock).await.err(),
            KeyUse::Sign => area.sign(id, Vec::new(), Prompt::Present).await.err(),
        };
        assert_eq!(refused, Some(SecureAreaError::NotFound), "a key that is gone does nothing more");
        assert_eq!(area.info(kept.id.clone()).await.as_ref(), Ok(kept), "the others stay");
        let works = match usage {
            KeyUse::Agree => area.agree(kept.id.clone(), point.clone(), Prompt::Present).await.is_ok(),
            KeyUse::Derive => area.derive(kept.id.clone(), input, Prompt::Unlock).await.is_ok(),
            KeyUse::Sign => area.sign(kept.id.clone(), Vec::new(), Prompt::Present).await.is_ok(),
        };
        assert!(works, "and go on working");
    }
    for id in ["no-such-key", "", "../no-such-key", "\u{18f} \n%s"] {
        let id = KeyId(id.to_string());
        assert_eq!(area.info(id.clone()).await, Err(SecureAreaError::NotFound), "a name is only a name");
        assert_eq!(area.delete(id).await, Ok(()), "what is not there is deleted");
    }
}

fn nobody() -> KeyId {
    KeyId("no-such-key".to_string())
}
