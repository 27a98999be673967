//! The suites find flawed ports.
mod flawed_area;
mod flawed_storage;

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use rid_crypto::CryptoRng;
use rid_wire::Timestamp;

use crate::{
    fake::{
        AreaCall, FakeClock, FakeTimer, MemoryDisk, MemoryStorage, ScriptedSecureArea, SeededRng, block_on, conformance,
    },
    ports::{Clock, Generation, KeyId, KeySpec, KeyUse, Prompt, SecureArea, Storage, Timer, Transaction, UserAuth},
};

#[test]
fn memory_storage_conforms() {
    let disk = MemoryDisk::new();
    block_on(conformance::storage(|newest| Arc::new(MemoryStorage::with_layout(&disk, newest))));
}

#[test]
fn the_scripted_secure_area_conforms() {
    block_on(conformance::secure_area(Arc::new(ScriptedSecureArea::new(1))));
}

#[test]
fn the_fake_clock_conforms() {
    let clock = FakeClock::new(Timestamp::from_unix(1_800_000_000));
    let timer: Arc<dyn Timer> = Arc::new(FakeTimer::new(&clock));
    let clock: Arc<dyn Clock> = Arc::new(clock);
    conformance::clock(&clock);
    block_on(conformance::timer(&timer, &clock));
}

async fn call(
    area: &ScriptedSecureArea,
    call: AreaCall,
    key: &KeyId,
    derive: &KeyId,
    peer: &[u8],
) -> Result<(), crate::ports::SecureAreaError> {
    let spec = KeySpec { usage: KeyUse::Sign, user_auth: UserAuth::None, challenge: Vec::new() };
    match call {
        AreaCall::Agree => area.agree(key.clone(), peer.into(), Prompt::Present).await.map(|_| ()),
        AreaCall::CreateKeys => area.create_keys(1, spec).await.map(|_| ()),
        AreaCall::Delete => area.delete(KeyId("other".into())).await,
        AreaCall::Derive => area.derive(derive.clone(), [0; 32], Prompt::Present).await.map(|_| ()),
        AreaCall::Info => area.info(key.clone()).await.map(|_| ()),
        AreaCall::Sign => area.sign(key.clone(), Vec::new(), Prompt::Present).await.map(|_| ()),
    }
}

#[test]
fn the_scripted_secure_area_fails_with_every_error_at_every_call() {
    let area = ScriptedSecureArea::new(2);
    let make = |usage| {
        let spec = KeySpec { usage, user_auth: UserAuth::None, challenge: Vec::new() };
        block_on(area.create_keys(1, spec)).unwrap().remove(0)
    };
    let (key, derive) = (make(KeyUse::Sign), make(KeyUse::Derive));
    for kind in AreaCall::ALL {
        for error in ScriptedSecureArea::ERRORS {
            let run = || block_on(call(&area, kind, &key.id, &derive.id, &key.public));
            let (before, keys) = (area.done(kind), area.keys().len());
            area.fail_once(kind, error);
            assert_eq!(run(), Err(error));
            assert_eq!((area.done(kind), area.keys().len()), (before, keys), "a failure does nothing");
            assert_eq!(run(), Ok(()), "once");
            area.fail_after(kind, 1, error);
            assert_eq!([run(), run(), run()], [Ok(()), Err(error), Ok(())]);
            area.fail_always(kind, error);
            assert_eq!([run(), run()], [Err(error); 2]);
            area.heal();
            assert_eq!(run(), Ok(()));
        }
    }
    assert_eq!((area.signatures(), area.agreements(), area.derives()), (24, 24, 24));
}

/// A new error of the port is one the scripted area must know: this does not compile until it is listed.
#[test]
fn the_scripted_secure_area_knows_every_error_and_every_call() {
    use crate::ports::SecureAreaError as E;
    let place = |error| match error {
        E::Busy => 0,
        E::Cancelled => 1,
        E::Invalidated => 2,
        E::Locked => 3,
        E::NotFound => 4,
        E::Unavailable => 5,
    };
    assert_eq!(ScriptedSecureArea::ERRORS.map(place), [0, 1, 2, 3, 4, 5]);
    let place = |call| match call {
        AreaCall::Agree => 0,
        AreaCall::CreateKeys => 1,
        AreaCall::Delete => 2,
        AreaCall::Derive => 3,
        AreaCall::Info => 4,
        AreaCall::Sign => 5,
    };
    assert_eq!(AreaCall::ALL.map(place), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn neg_k12_l08_keys_under_biometrics_die_with_them_and_need_the_areas_own_prompt() {
    use crate::ports::SecureAreaError as E;
    let area = ScriptedSecureArea::new(3);
    let make = |usage, user_auth| {
        block_on(area.create_keys(1, KeySpec { usage, user_auth, challenge: Vec::new() })).unwrap().remove(0)
    };
    let sign = |key: &KeyId| block_on(area.sign(key.clone(), Vec::new(), Prompt::Present)).map(|_| ());
    let derive = |key: &KeyId| block_on(area.derive(key.clone(), [0; 32], Prompt::Unlock)).map(|_| ());
    let auths = [UserAuth::None, UserAuth::EachUse, UserAuth::BiometricCurrentSet];
    let signing = auths.map(|auth| make(KeyUse::Sign, auth));
    let deriving = auths.map(|auth| make(KeyUse::Derive, auth).id);
    let signed = || signing.each_ref().map(|key| sign(&key.id));
    let derived = || deriving.each_ref().map(derive);
    let peer = signing[0].public.clone();
    let agreed = || {
        signing.each_ref().map(|key| block_on(area.agree(key.id.clone(), peer.clone(), Prompt::Present)).map(|_| ()))
    };
    let all = |last: Result<(), E>| {
        let expected = [Ok(()), Ok(()), last];
        assert_eq!((signed(), derived(), agreed()), (expected, expected, expected));
    };
    all(Ok(()));
    area.unauthenticated(true);
    all(Err(E::Locked));
    area.unauthenticated(false);
    all(Ok(()));

    area.invalidate_biometrics();
    all(Err(E::Invalidated));
    area.unauthenticated(true);
    all(Err(E::Invalidated));
    area.unauthenticated(false);
    assert_eq!(block_on(area.info(signing[2].id.clone())).as_ref(), Ok(&signing[2]), "it is still there");
    let renewed = make(KeyUse::Derive, UserAuth::BiometricCurrentSet);
    assert_eq!(derive(&renewed.id), Ok(()), "one made under the new ones works");
    assert_eq!(block_on(area.delete(deriving[2].clone())), Ok(()));
    assert_eq!(derive(&deriving[2]), Err(E::NotFound));
}

#[test]
fn memory_storage_fails_where_it_is_told_to() {
    let disk = MemoryDisk::new();
    let store = MemoryStorage::new(&disk);
    block_on(store.open()).unwrap();
    for error in MemoryStorage::ERRORS {
        let run = || block_on(store.transact(Transaction::default())).err();
        store.fail_after(1, error);
        assert_eq!([run(), run(), run()], [None, Some(error), None]);
        store.fail_from(1, error);
        assert_eq!([run(), run(), run()], [None, Some(error), Some(error)]);
        store.heal();
        assert_eq!(run(), None);
        store.fail_after(0, error);
        assert_eq!(block_on(store.envelope_replace(Generation(1), [1].into())), Err(error));
        assert_eq!(disk.envelope(), None);
    }
    assert_eq!(store.calls(), 1 + 8 * u64::try_from(MemoryStorage::ERRORS.len()).unwrap());
}

#[test]
fn seeded_randomness_repeats_itself_and_nothing_else() {
    let bytes = |seed| {
        let mut rng = SeededRng::new(seed);
        let mut bytes = [0; 100];
        (&mut rng as &mut dyn CryptoRng).fill_bytes(&mut bytes);
        bytes
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
    let [first, second, ..] = bytes(1).as_chunks::<32>().0.to_vec()[..] else { panic!("two blocks") };
    assert_ne!(first, second);
    let _: Box<dyn CryptoRng + Send> = Box::new(SeededRng::new(1));
}
