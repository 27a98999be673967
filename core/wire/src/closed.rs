//! The macro for a `Debug` that shows no content.
/// Implements `Debug` as the bare name of the type. Use it for every type that can hold a claim, a key or a token.
///
/// ```
/// struct Letter(#[allow(dead_code)] String);
/// rid_wire::closed_debug!(Letter);
/// assert_eq!(format!("{:?}", Letter("secret".into())), "Letter");
/// ```
#[macro_export]
macro_rules! closed_debug {
    ($($name:ident $(<$lifetime:lifetime>)?),* $(,)?) => {$(
        impl core::fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}
