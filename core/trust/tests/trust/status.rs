//! Token Status Lists: published lists, tokens in both forms, and forgeries.
use proptest::prelude::*;
use rid_crypto::x509::{Certificate, Profile};
use rid_kit::vector;
use rid_trust::{
    IssuerTrust, Role, TrustStore,
    status::{CWT_TYPE, Status, StatusError, StatusList, UnverifiedStatusToken},
};
use rid_wire::{base64, cbor::Encoder, cose::sig_structure, hex, json::Value};

use crate::pki::{MDL, Party, anchor, now, store};

const URI: &str = "https://status.example/1";
/// The bytes b9 a3 (draft, 4.1): status 1 at the indices 0, 3, 4, 5, 7, 8, 9, 13 and 15.
const LIST: &str = "eNrbuRgAAhcBXQ";

struct World {
    root: Party,
    signer: Party,
    store: TrustStore,
    issuer: IssuerTrust,
}

impl World {
    fn new() -> Self {
        let root = Party::root(Profile::Iaca, "kök", 1);
        let signer = Party::leaf(Profile::DocumentSigner, &root);
        let store = store(vec![anchor(&root.certificate, Role::Issuer, None)]);
        let issuer = store.message(now()).issuer(&signer.chain(), MDL).unwrap();
        Self { root, signer, store, issuer }
    }

    /// Signs a JWT with these members of header and claims; `null` removes one.
    fn jwt(&self, header: &str, claims: &str) -> String {
        let der = base64::encode_standard(self.signer.certificate.der());
        let own = format!(r#"{{"alg":"ES256","typ":"statuslist+jwt","x5c":["{der}"]}}"#);
        let iat = now().unix();
        let payload = format!(
            r#"{{"sub":"{URI}","iat":{iat},"exp":{},"ttl":600,"status_list":{{"bits":1,"lst":"{LIST}"}}}}"#,
            iat + 3_600
        );
        let input = format!("{}.{}", encode(&with(&own, header)), encode(&with(&payload, claims)));
        format!("{input}.{}", base64::encode_url(&self.signer.key.sign(&[input.as_bytes()])))
    }

    /// Signs a CWT of this type with this address.
    fn cwt(&self, typ: &str, uri: &str) -> Vec<u8> {
        let compressed = base64::decode_url(LIST).unwrap();
        let mut payload = Encoder::new();
        payload.map(5).int(2).text(uri).int(4).int(now().unix() + 3_600).int(6).int(now().unix());
        payload.int(65_533).map(2).text("bits").uint(1).text("lst").bytes(&compressed).int(65_534).uint(600);
        let payload = payload.finish();
        let mut protected = Encoder::new();
        protected.map(2).int(1).int(-7).int(16).text(typ);
        let protected = protected.finish();
        let prefix = sig_structure(&protected, &[], payload.len());
        let signature = self.signer.key.sign(&[&prefix, &payload]);
        let mut token = Encoder::new();
        token.tag(18).array(4).bytes(&protected).map(1).int(33).bytes(self.signer.certificate.der());
        token.bytes(&payload).bytes(&signature);
        token.finish()
    }

    fn verify(&self, token: &[u8]) -> Result<StatusList, StatusError> {
        UnverifiedStatusToken::parse(token)?.verify(URI, &self.issuer, &mut self.store.message(now()))
    }

    fn refused(&self, header: &str, claims: &str) -> &'static str {
        self.verify(self.jwt(header, claims).as_bytes()).unwrap_err().code().as_str()
    }

    /// A list of the published form.
    fn published(&self, name: &str) -> StatusList {
        let text = String::from_utf8(vector(&format!("token-status-list/{name}"))).unwrap();
        let list: String = text.chars().filter(|char| !char.is_whitespace()).collect();
        self.verify(self.jwt("{}", &format!(r#"{{"status_list":{list}}}"#)).as_bytes()).unwrap()
    }
}

fn encode(text: &str) -> String {
    base64::encode_url(text.as_bytes())
}

/// The object with these members set; `null` removes one.
fn with(object: &str, more: &str) -> String {
    let [Value::Object(mut members), Value::Object(more)] =
        [object, more].map(|text| Value::parse(text, 5_000_000).unwrap())
    else {
        panic!("objects")
    };
    for (name, value) in more {
        members.retain(|(known, _)| *known != name);
        if value != Value::Null {
            members.push((name, value));
        }
    }
    Value::Object(members).to_text()
}

#[test]
fn std_m60_published_lists_have_the_published_statuses() {
    let world = World::new();
    let statuses = String::from_utf8(vector("token-status-list/appendix_statuses.json")).unwrap();
    let Value::Object(by_bits) = Value::parse(&statuses, 100_000).unwrap() else { panic!("an object") };
    let names = [
        ("1", "status_list_encoding1_long_json.txt"),
        ("2", "status_list_encoding2_long_json.txt"),
        ("4", "status_list_encoding4_json.txt"),
        ("8", "status_list_encoding8_json.txt"),
    ];
    for (bits, name) in names {
        let list = world.published(name);
        let of_bits = by_bits.iter().find(|(known, _)| known == bits).map(|(_, statuses)| statuses);
        let Some(Value::Object(statuses)) = of_bits else { panic!("statuses of {bits}") };
        for (index, status) in statuses {
            let expected = match status {
                Value::Integer(0) => Status::Valid,
                Value::Integer(1) => Status::Revoked,
                Value::Integer(2) => Status::Suspended,
                Value::Integer(other) => Status::Other(u8::try_from(*other).unwrap()),
                _ => panic!("a number"),
            };
            assert_eq!(list.status(index.parse().unwrap()), Ok(expected), "{bits} bits, index {index}");
        }
        assert_eq!(list.status(1 << 20), Err(StatusError::Index), "2^20 entries");
        assert_eq!(list.status(u64::MAX), Err(StatusError::Index));
    }
}

#[test]
fn std_m60_tokens_of_both_forms_are_verified() {
    let world = World::new();
    for token in [world.jwt("{}", "{}").into_bytes(), world.cwt(CWT_TYPE, URI)] {
        let list = world.verify(&token).unwrap();
        let revoked: Vec<u64> = (0..16).filter(|index| list.status(*index) == Ok(Status::Revoked)).collect();
        assert_eq!(revoked, [0, 3, 4, 5, 7, 8, 9, 13, 15]);
        assert_eq!(list.status(16), Err(StatusError::Index));
        assert_eq!((list.issued(), list.fresh_until(now())), (now(), Some(now().plus_seconds(600))));
    }
    // The example of the draft has no certificate, so nobody vouches for it.
    let text = String::from_utf8(vector("token-status-list/status_list_cwt.txt")).unwrap();
    let example = hex::decode(&text.split_whitespace().collect::<String>()).unwrap();
    let parsed = UnverifiedStatusToken::parse(&example).unwrap();
    let refused = parsed.verify("https://example.com/statuslists/1", &world.issuer, &mut world.store.message(now()));
    assert_eq!(refused.unwrap_err().code().as_str(), "cose_x5chain");
}

#[test]
fn std_m60_a_list_counts_only_from_the_root_of_the_issuer() {
    let world = World::new();
    let token = world.jwt("{}", "{}");
    let verify = |store: &TrustStore, issuer: &IssuerTrust| {
        let parsed = UnverifiedStatusToken::parse(token.as_bytes()).unwrap();
        parsed.verify(URI, issuer, &mut store.message(now())).map(drop).map_err(|error| error.code().as_str())
    };
    assert_eq!(verify(&world.store, &world.issuer), Ok(()));
    // A credential of another root of the same store.
    let other_root = Party::root(Profile::Iaca, "başqa kök", 2);
    let other = Party::leaf(Profile::DocumentSigner, &other_root);
    let anchors = [&world.root, &other_root].map(|root| anchor(&root.certificate, Role::Issuer, None));
    let both = store(anchors.into());
    let issuer = both.message(now()).issuer(&other.chain(), MDL).unwrap();
    assert_eq!(verify(&both, &issuer), Err("cert_untrusted"));
    // A key or certificate that is trusted directly has no root.
    let pinned: &Certificate = &world.signer.certificate;
    let by_key = IssuerTrust::decided_on_receipt(pinned);
    assert_eq!(verify(&world.store, &by_key), Err("trust_missing"));
    // Anchors of readers are no roots of lists.
    let readers = store(vec![anchor(&world.root.certificate, Role::Reader, None)]);
    assert_eq!(verify(&readers, &world.issuer), Err("trust_missing"));
    let lists = store(vec![anchor(&world.root.certificate, Role::StatusIssuer, None)]);
    assert_eq!(verify(&lists, &world.issuer), Ok(()));
}

#[test]
fn std_m60_forged_tokens_are_refused_by_name() {
    let world = World::new();
    let iat = now().unix();
    assert_eq!(world.refused(r#"{"typ":"JWT"}"#, "{}"), "status_list_type");
    assert_eq!(world.refused(r#"{"alg":"none"}"#, "{}"), "jws_alg");
    assert_eq!(world.refused(r#"{"x5c":null}"#, "{}"), "jws_x5c");
    let claims = [
        (r#"{"sub":"https://status.example/2"}"#.to_owned(), "status_list_uri"),
        (r#"{"sub":null}"#.to_owned(), "status_list_form"),
        (r#"{"iat":null}"#.to_owned(), "status_list_form"),
        (r#"{"ttl":-1}"#.to_owned(), "status_list_form"),
        (r#"{"status_list":null}"#.to_owned(), "status_list_form"),
        (r#"{"status_list":{"bits":3,"lst":"eNrbuRgAAhcBXQ"}}"#.to_owned(), "status_list_form"),
        (r#"{"status_list":{"bits":1,"lst":"AAAA"}}"#.to_owned(), "status_list_compression"),
        (format!(r#"{{"exp":{iat}}}"#), "status_list_time"),
        (format!(r#"{{"iat":{}}}"#, iat + 61), "status_list_time"),
    ];
    for (claims, code) in claims {
        assert_eq!(world.refused("{}", &claims), code, "{claims}");
    }
    assert!(world.verify(world.jwt("{}", &format!(r#"{{"iat":{},"exp":{}}}"#, iat + 60, iat + 1)).as_bytes()).is_ok());
    let altered = world.jwt("{}", "{}").replacen(".", ".A", 1);
    assert!(world.verify(altered.as_bytes()).is_err());
    let mut signed = world.cwt(CWT_TYPE, URI);
    let last = signed.len() - 1;
    signed[last] ^= 1;
    assert_eq!(world.verify(&signed).unwrap_err().code().as_str(), "status_list_signature");
    assert_eq!(world.verify(&world.cwt("application/cwt", URI)).unwrap_err(), StatusError::Type);
    assert_eq!(world.verify(&world.cwt(CWT_TYPE, "https://status.example/2")).unwrap_err(), StatusError::Uri);
}

#[test]
fn std_m60_a_decompression_bomb_costs_no_memory() {
    let world = World::new();
    // 64 MiB of zeros in 65 KiB.
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 64 << 20], 9);
    let list = format!(r#"{{"status_list":{{"bits":1,"lst":"{}"}}}}"#, base64::encode_url(&bomb));
    assert_eq!(world.refused("{}", &list), "status_list_compression");
}

proptest! {
    #[test]
    fn std_m60_any_bytes_give_a_named_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(UnverifiedStatusToken::parse(&bytes).is_err());
    }

    #[test]
    fn std_m60_each_entry_is_read_where_it_was_written(
        bits in prop::sample::select(vec![1_u32, 2, 4, 8]),
        values in proptest::collection::vec(any::<u8>(), 1..100),
    ) {
        let world = World::new();
        let per_byte = 8 / bits as usize;
        let mut bytes = vec![0_u8; values.len().div_ceil(per_byte)];
        let mask = ((1_u32 << bits) - 1) as u8;
        for (index, value) in values.iter().enumerate() {
            bytes[index / per_byte] |= (value & mask) << (index % per_byte * bits as usize);
        }
        let lst = base64::encode_url(&miniz_oxide::deflate::compress_to_vec_zlib(&bytes, 6));
        let claims = format!(r#"{{"status_list":{{"bits":{bits},"lst":"{lst}"}}}}"#);
        let list = world.verify(world.jwt("{}", &claims).as_bytes()).unwrap();
        for (index, value) in values.iter().enumerate() {
            let expected = match value & mask {
                0 => Status::Valid,
                1 => Status::Revoked,
                2 => Status::Suspended,
                other => Status::Other(other),
            };
            prop_assert_eq!(list.status(index as u64), Ok(expected));
        }
    }
}
