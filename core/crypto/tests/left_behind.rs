//! Dropped secrets leave nothing in the memory of the process (neg-N04). Linux shows it in `/proc/self/mem`.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::{
    fs::{File, read_to_string},
    hint::black_box,
    os::unix::fs::FileExt,
};

use rid_crypto::{
    AeadKey, AgreementKey, Argon2Cost, Backend, Curve, EphemeralKey, HmacKey, Secret, SigningKey, argon2id,
    hkdf_sha256, sha256,
};

/// The bytes to search for. They are kept masked, so that the search does not find itself.
const MASK: u8 = 0x5a;
type Masked = [u8; 32];

fn masked(bytes: &[u8; 32]) -> Masked {
    core::array::from_fn(|at| bytes[at] ^ MASK)
}

/// Random enough to occur nowhere else, and in clear only in the secret.
fn needle(name: &str) -> Masked {
    masked(&sha256(&[name.as_bytes()])).map(|byte| byte.rotate_left(3))
}

fn secret(needle: &Masked) -> Secret<32> {
    Secret::filled(|bytes| bytes.iter_mut().zip(needle).for_each(|(to, from)| *to = from ^ MASK))
}

/// The byte order of the limbs of a number.
fn reversed(needle: &Masked) -> Masked {
    let mut limbs = *needle;
    limbs.reverse();
    limbs
}

/// How often it occurs in writable memory.
fn hits(needle: &Masked) -> usize {
    let (maps, memory) = (read_to_string("/proc/self/maps").unwrap(), File::open("/proc/self/mem").unwrap());
    let mut buffer = vec![0; 1 << 16];
    let mut hits = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let (mut at, end) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        while at < end {
            // Skip the buffer that is read into, which would be found again and again.
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
            // Read the last bytes again, because a needle may span two windows.
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
    drop((parent, key));
    assert_eq!((hits(&n), hits(&out)), (0, 0), "expanded keys");

    let n = needle("argon2");
    let password = secret(&n);
    let cost = Argon2Cost { memory_kib: 256, passes: 2, lanes: 1 };
    let stretched = argon2id(password.expose(), &[7; 16], cost).unwrap();
    let out = masked(stretched.expose());
    drop((password, stretched));
    assert_eq!((hits(&n), hits(&out)), (0, 0), "Argon2id");

    for backend in Backend::AVAILABLE {
        backend.select();
        signing_key(&needle(&format!("signing {backend:?}")));
        agreement_key(&needle(&format!("agreement {backend:?}")));
        ephemeral_key();
    }
}

fn signing_key(n: &Masked) {
    let scalar = secret(n);
    let forms = [*n, reversed(n), montgomery(scalar.expose())];
    // The test's own computation leaves the scalar on the stack.
    zeroize::zeroize_stack::<16384>();
    let key = SigningKey::from_scalar(scalar.expose()).unwrap();
    let _ = key.sign(&[b"message"]);
    drop(scalar);
    // The reference holds the plain form, and `ring` also Montgomery's.
    let held = Backend::AVAILABLE.iter().position(|backend| *backend == Backend::selected()).unwrap() + 1;
    assert_eq!(forms.iter().map(hits).sum::<usize>(), held, "{:?}: the key that is kept", Backend::selected());
    drop(key);
    assert_eq!(forms.map(|form| hits(&form)), [0; 3], "{:?}: signing key", Backend::selected());
}

/// The limbs of a P-256 scalar in Montgomery form: times 2^256.
#[inline(never)]
fn montgomery(scalar: &[u8; 32]) -> Masked {
    use p256::{Scalar, elliptic_curve::PrimeField};
    let radix = (0..256).fold(Scalar::ONE, |power, _| power.double());
    let product = Scalar::from_repr((*scalar).into()).unwrap() * radix;
    let mut limbs = masked(&product.to_bytes().into());
    limbs.reverse();
    limbs
}

fn agreement_key(n: &Masked) {
    let scalar = secret(n);
    let key = AgreementKey::from_scalar(Curve::P256, scalar.expose()).unwrap();
    let shared = key.agree(&key.public()).unwrap();
    let out = masked(shared.expose().try_into().unwrap());
    drop((key, scalar, shared));
    assert_eq!((hits(n), hits(&reversed(n))), (0, 0), "agreement key");
    assert_eq!((hits(&out), hits(&reversed(&out))), (0, 0), "shared secret");
}

fn ephemeral_key() {
    let peer = AgreementKey::make(&mut Counter(1));
    let backend = Backend::selected();
    for used in [true, false] {
        let key = black_box(EphemeralKey::make(&mut Counter(2)));
        let n = private_part(&key);
        zeroize::zeroize_stack::<16384>();
        assert_eq!(hits(&n) + hits(&reversed(&n)), 1, "{backend:?}: the one that is kept is seen, and no copy");
        if used {
            let shared = key.agree(&peer.public()).unwrap();
            let out = masked(shared.expose().try_into().unwrap());
            drop(shared);
            assert_eq!((hits(&out), hits(&reversed(&out))), (0, 0), "{backend:?}: shared secret");
        } else {
            drop(key);
        }
        assert_eq!((hits(&n), hits(&reversed(&n))), (0, 0), "{backend:?}: ephemeral key, used: {used}");
    }
}

/// The private scalar of a key that does not expose it: the bytes behind its pointers that have its public key.
#[inline(never)]
fn private_part(key: &EphemeralKey) -> Masked {
    let memory = File::open("/proc/self/mem").unwrap();
    let read = |at: u64, bytes: &mut [u8]| memory.read_at(bytes, at).is_ok_and(|read| read == bytes.len());
    let mut own = vec![0; size_of_val(key)];
    assert!(read(core::ptr::from_ref(key).addr() as u64, &mut own));
    let public = key.public();
    let mut found = None;
    for pointer in own.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())) {
        let mut behind = [0_u8; 96];
        if pointer >= 1 << 16 && read(pointer, &mut behind) {
            for window in behind.windows(32) {
                let mut scalar = secret(&masked(window.try_into().unwrap()));
                for _ in 0..2 {
                    let same = AgreementKey::from_scalar(Curve::P256, scalar.expose());
                    if same.is_ok_and(|same| same.public() == public) {
                        found = Some(masked(scalar.expose()));
                    }
                    let other = reversed(&masked(scalar.expose()));
                    scalar = secret(&other);
                }
            }
        }
        zeroize::Zeroize::zeroize(&mut behind);
    }
    found.expect("the private part")
}

/// A counter, for keys of the reference.
struct Counter(u8);

impl rand_core::TryRng for Counter {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from(self.0))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from(self.0))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.0 = self.0.wrapping_add(1);
        let mut bytes = sha256(&[&[self.0]]);
        out.iter_mut().zip(&bytes).for_each(|(to, from)| *to = *from);
        zeroize::Zeroize::zeroize(&mut bytes);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}
