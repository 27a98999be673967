//! What secrets leave behind in the memory of the process once they are dropped: nothing (neg-N04). Linux lends the view.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::{
    fs::{File, read_to_string},
    hint::black_box,
    os::unix::fs::FileExt,
};

use rid_crypto::{
    AeadKey, AgreementKey, Argon2Cost, Curve, DerivedMessage, HmacKey, Secret, SigningKey, argon2id, hkdf_sha256,
    open_derived, sha256,
};

/// A needle is kept masked, so that looking for it does not find what looks.
const MASK: u8 = 0x5a;
type Masked = [u8; 32];

fn masked(bytes: &[u8; 32]) -> Masked {
    core::array::from_fn(|at| bytes[at] ^ MASK)
}

/// Random enough to be nowhere else, and never in clear but in the secret.
fn needle(name: &str) -> Masked {
    masked(&sha256(&[name.as_bytes()])).map(|byte| byte.rotate_left(3))
}

fn secret(needle: &Masked) -> Secret<32> {
    Secret::filled(|bytes| bytes.iter_mut().zip(needle).for_each(|(to, from)| *to = from ^ MASK))
}

/// As the limbs of a number lie.
fn reversed(needle: &Masked) -> Masked {
    let mut limbs = *needle;
    limbs.reverse();
    limbs
}

/// How often it stands in writable memory.
fn hits(needle: &Masked) -> usize {
    let (maps, memory) = (read_to_string("/proc/self/maps").unwrap(), File::open("/proc/self/mem").unwrap());
    let mut buffer = vec![0; 1 << 16];
    let mut hits = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let (mut at, end) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        while at < end {
            // Not what it reads into: that would copy itself on and on.
            let own = buffer.as_ptr().addr() as u64..buffer.as_ptr().addr() as u64 + buffer.len() as u64;
            if own.contains(&at) {
                at = own.end;
                continue;
            }
            let stop = if at < own.start { end.min(own.start) } else { end };
            let wanted = buffer.len().min(usize::try_from(stop - at).unwrap());
            let Ok(read) = memory.read_at(&mut buffer[..wanted], at) else { break };
            let found =
                |window: &[u8]| window[0] ^ MASK == needle[0] && window.iter().zip(needle).all(|(a, b)| a ^ MASK == *b);
            hits += buffer[..read].windows(32).filter(|window| found(window)).count();
            buffer.fill(0);
            // The last ones again: a needle may lie across.
            at += u64::try_from(if read < buffer.len() { read } else { read - 31 }).unwrap().max(1);
        }
    }
    hits
}

#[inline(never)]
fn moved<const N: usize>(secret: Secret<N>) -> Vec<Secret<N>> {
    let mut kept = vec![black_box(secret)];
    for _ in 0..5 {
        let other = black_box(kept.remove(0));
        kept.insert(0, other);
        kept.reserve(kept.capacity() + 1);
    }
    kept
}

#[test]
fn neg_n04_nothing_is_left_behind() {
    let n = needle("moved");
    let kept = moved(secret(&n));
    assert_eq!(hits(&n), 1, "the one that is kept is seen, and no copy");
    drop(kept);
    assert_eq!(hits(&n), 0, "moved");

    let n = needle("taken");
    let mut array = Box::new([0; 32]);
    array.iter_mut().zip(&n).for_each(|(to, from)| *to = from ^ MASK);
    let kept = Secret::take(&mut array);
    drop(kept);
    assert_eq!(hits(&n), 0, "taken");

    let n = needle("aead");
    let key = AeadKey::new(secret(&n));
    let sealed = key.seal(&[1; 12], b"", b"plain").unwrap();
    assert!(key.open(&[1; 12], b"", &sealed).is_ok());
    drop(key);
    assert_eq!(hits(&n), 0, "key schedule");

    let n = needle("hkdf");
    let ikm = secret(&n);
    let derived = hkdf_sha256(ikm.expose(), b"salt", b"info");
    let out = masked(derived.expose());
    drop((ikm, derived));
    assert_eq!((hits(&n), hits(&out)), (0, 0), "HKDF");

    let n = needle("expand");
    let parent = secret(&n);
    let key = HmacKey::new(&parent);
    let out = masked(key.expand([b"in", b"fo"]).expose());
    let mut sealed = AeadKey::new(key.expand([b"in", b"fo"])).seal(&[1; 12], b"", b"plain").unwrap();
    let message =
        DerivedMessage { parent: &key, info: [b"in", b"fo"], nonce: &[1; 12], aad: Vec::new(), sealed: &mut sealed };
    assert_eq!(open_derived([message]), [Ok(())]);
    drop((parent, key));
    assert_eq!((hits(&n), hits(&out)), (0, 0), "expanded keys");

    let n = needle("argon2");
    let password = secret(&n);
    let cost = Argon2Cost { memory_kib: 256, passes: 2, lanes: 1 };
    let stretched = argon2id(password.expose(), &[7; 16], cost).unwrap();
    let out = masked(stretched.expose());
    drop((password, stretched));
    assert_eq!((hits(&n), hits(&out)), (0, 0), "Argon2id");

    let n = needle("signing");
    let scalar = secret(&n);
    let key = SigningKey::from_scalar(scalar.expose()).unwrap();
    let _ = key.sign(&[b"message"]);
    drop((key, scalar));
    assert_eq!((hits(&n), hits(&reversed(&n))), (0, 0), "signing key");

    let n = needle("agreement");
    let scalar = secret(&n);
    let key = AgreementKey::from_scalar(Curve::P256, scalar.expose()).unwrap();
    let shared = key.agree(&key.public()).unwrap();
    let out = masked(shared.expose().try_into().unwrap());
    drop((key, scalar, shared));
    assert_eq!((hits(&n), hits(&reversed(&n))), (0, 0), "agreement key");
    assert_eq!((hits(&out), hits(&reversed(&out))), (0, 0), "shared secret");
}
