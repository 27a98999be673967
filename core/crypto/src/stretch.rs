//! Argon2id: a key from a PIN, code or passphrase.
use crate::{
    Argon2Cost, CryptoError, Secret,
    backend::{Active, Argon2Input, Library},
    stack::wiping,
};

/// Derives a 32-byte key from a PIN, code or passphrase with Argon2id version 1.3 (RFC 9106; neg-L06, neg-K26).
///
/// # Errors
/// [`CryptoError::Cost`] before anything is allocated, [`CryptoError::Memory`] if the system has no memory for it,
/// [`CryptoError::Length`] for a secret of 4 GiB or more.
pub fn argon2id(secret: &[u8], salt: &[u8; 16], cost: Argon2Cost) -> Result<Secret<32>, CryptoError> {
    stretch(&Argon2Input { password: secret, salt, key: &[], data: &[] }, cost)
}

fn stretch(input: &Argon2Input<'_>, cost: Argon2Cost) -> Result<Secret<32>, CryptoError> {
    cost.check()?;
    // A hash state left on the stack would allow guessing the PIN without paying the cost.
    wiping(|| Secret::try_filled(|out| Active::argon2id(input, cost, out)))
}

#[cfg(test)]
mod tests {
    use rid_wire::hex;

    use super::*;

    fn cost(memory_kib: u32, passes: u32, lanes: u32) -> Argon2Cost {
        Argon2Cost { memory_kib, passes, lanes }
    }

    /// RFC 9106, 5.3, with its key and associated data.
    #[test]
    fn argon2id_rfc_9106() {
        let input = Argon2Input { password: &[1; 32], salt: &[2; 16], key: &[3; 8], data: &[4; 12] };
        let tag = stretch(&input, cost(32, 3, 4)).unwrap();
        let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
        assert_eq!(tag.expose().as_slice(), hex::decode(expected).unwrap());
    }

    /// Vectors of src/test.c of the reference implementation (P-H-C/phc-winner-argon2, CC0-1.0 or Apache-2.0), Argon2id
    /// 0x13.
    #[test]
    fn argon2id_reference_vectors() {
        for (passes, memory_kib, lanes, password, salt, expected) in [
            (2, 1 << 16, 1, "password", "somesalt", "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"),
            (2, 1 << 8, 1, "password", "somesalt", "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
            (2, 1 << 8, 2, "password", "somesalt", "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
            (1, 1 << 16, 1, "password", "somesalt", "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"),
            (4, 1 << 16, 1, "password", "somesalt", "9025d48e68ef7395cca9079da4c4ec3affb3c8911fe4f86d1a2520856f63172c"),
            (
                2,
                1 << 16,
                1,
                "differentpassword",
                "somesalt",
                "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde",
            ),
            (2, 1 << 16, 1, "password", "diffsalt", "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c"),
        ] {
            let input = Argon2Input { password: password.as_bytes(), salt: salt.as_bytes(), key: &[], data: &[] };
            let tag = stretch(&input, cost(memory_kib, passes, lanes)).unwrap();
            assert_eq!(tag.expose().as_slice(), hex::decode(expected).unwrap(), "{passes} {memory_kib} {lanes}");
        }
    }

    #[test]
    fn argon2id_is_the_inner_function_without_key_and_data() {
        let cost = cost(32, 1, 1);
        let inner = Argon2Input { password: b"481920", salt: &[7; 16], key: &[], data: &[] };
        let (outer, inner) = (argon2id(b"481920", &[7; 16], cost).unwrap(), stretch(&inner, cost).unwrap());
        assert_eq!(outer.expose(), inner.expose());
        let differ = [argon2id(b"481921", &[7; 16], cost), argon2id(b"481920", &[8; 16], cost)];
        differ.into_iter().for_each(|other| assert_ne!(other.unwrap().expose(), outer.expose()));
    }

    /// The cost in a file comes from whoever wrote it, so it is checked.
    #[test]
    fn neg_k26_cost_outside_the_limits_is_refused() {
        let (kib, max) = (Argon2Cost::MEMORY_KIB_MAX, u32::MAX);
        for refused in [
            cost(1 << 31, 3, 1),
            cost(max, 3, 1),
            cost(kib + 1, 3, 1),
            cost(7, 1, 1),
            cost(31, 1, 4),
            cost(0, 1, 1),
            cost(kib, 0, 1),
            cost(kib, 11, 1),
            cost(kib, max, 1),
            cost(kib, 1, 0),
            cost(kib, 1, 5),
            cost(kib, 1, max),
            cost(max, max, max),
        ] {
            assert_eq!(argon2id(b"secret", &[0; 16], refused).unwrap_err(), CryptoError::Cost, "{refused:?}");
        }
        assert_eq!(CryptoError::Cost.code().as_str(), "crypto_cost");
        for taken in [cost(8, 1, 1), cost(32, 10, 4), Argon2Cost::INTERACTIVE, Argon2Cost::STORED] {
            assert_eq!(taken.check(), Ok(()));
        }
        assert_eq!(cost(kib, 10, 4).check(), Ok(()));
    }
}
