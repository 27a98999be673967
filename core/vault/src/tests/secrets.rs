//! neg-N04: what is secret cannot be cloned, printed or compared. Held by the compiler: where one of them can, this
//! file does not build.
use std::fmt::{Debug, Display};

use rid_crypto::{AeadKey, AgreementKey, HmacKey, Secret, SharedSecret, SigningKey};
use rid_flow::{Copy, NewCopy, fake::SeededRng, ports::KeyId};

use crate::{
    Pin, RecoveryCode,
    keys::{MasterKeys, OpenKeys, UserKeys},
    rows::encode::small::ReadRecord,
};

/// Two implementations fit a type that has the trait, and the compiler cannot choose; one that has it not leaves it
/// one.
macro_rules! none_is {
    ($trait:ident: $($secret:ty),+) => {
        $(const _: fn() = || {
            trait Choice<A> {
                fn choose() {}
            }
            struct Has;
            impl<T: ?Sized> Choice<()> for T {}
            impl<T: ?Sized + $trait> Choice<Has> for T {}
            <$secret as Choice<_>>::choose();
        };)+
    };
}

none_is!(
    Clone: AeadKey, AgreementKey, HmacKey, MasterKeys, OpenKeys, Pin, ReadRecord, RecoveryCode, Secret<32>, SharedSecret,
    SigningKey, UserKeys
);
none_is!(Debug: AeadKey, AgreementKey, HmacKey, MasterKeys, OpenKeys, ReadRecord, SharedSecret, SigningKey, UserKeys);
none_is!(
    Display: AeadKey, AgreementKey, Copy, HmacKey, MasterKeys, NewCopy, OpenKeys, Pin, ReadRecord, RecoveryCode, Secret<32>,
    SharedSecret, SigningKey, UserKeys
);
none_is!(
    PartialEq: AeadKey, AgreementKey, HmacKey, MasterKeys, OpenKeys, Pin, ReadRecord, RecoveryCode, Secret<32>, SharedSecret,
    SigningKey, UserKeys
);

#[test]
fn neg_n04_what_is_secret_prints_its_name_at_most() {
    let secret = Secret::<32>::filled(|bytes| bytes.fill(0xaa));
    assert_eq!(format!("{secret:?}"), "Secret");
    let pin = Pin::parse(b"583016").ok();
    assert_eq!(format!("{pin:?}"), "Some(Pin)");
    let code = RecoveryCode::make(&mut SeededRng::new(1));
    assert_eq!(format!("{code:?}"), "RecoveryCode");
    let key = KeyId("a key".into());
    let copy = NewCopy { key, bytes: b"a document".to_vec() };
    assert_eq!(format!("{copy:?}"), "NewCopy");
}
