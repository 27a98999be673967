//! No flipped byte changes an accepted claim, and no input panics.
use proptest::prelude::*;
use rid_mdoc::{issuer_signed::UnverifiedIssuerSigned, mso::Mso, response::UnverifiedResponse};
use rid_wire::cbor::Limits;

use crate::forge::{PKI, see};

fn flipped(bytes: &[u8], place: usize, change: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let place = place % bytes.len();
    bytes[place] ^= change;
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn neg_b01_flipped_byte_never_changes_a_claim(place in any::<usize>(), change in 1_u8..=255) {
        let genuine = see(&PKI.response).expect("a response").elements.expect("evidence");
        let elements = see(&flipped(&PKI.response, place, change)).ok().and_then(|seen| seen.elements);
        // A flip in a member's name may lose all claims but change none.
        prop_assert!(elements.unwrap_or_default().iter().all(|element| genuine.contains(element)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn std_m44_parsers_never_panic_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = UnverifiedResponse::parse(&bytes, Limits::PROXIMITY);
        let _ = UnverifiedIssuerSigned::parse(&bytes, Limits::PROXIMITY);
        let _ = Mso::parse(&bytes);
    }

    #[test]
    fn std_m44_parsers_never_panic_on_damaged_bytes(
        flips in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in any::<usize>(),
    ) {
        let bend = |bytes: &[u8]| {
            let mut bytes = flips.iter().fold(bytes.to_vec(), |bytes, (place, change)| flipped(&bytes, *place, *change));
            bytes.truncate(bytes.len() - cut % 3);
            bytes
        };
        let _ = UnverifiedResponse::parse(&bend(&PKI.response), Limits::PROXIMITY);
        let _ = UnverifiedIssuerSigned::parse(&bend(&PKI.credential), Limits::PROXIMITY);
        let parsed = UnverifiedIssuerSigned::parse(&PKI.credential, Limits::PROXIMITY).expect("a credential");
        let _ = Mso::parse(&bend(parsed.issuer_auth.attached().expect("a payload")));
    }
}
