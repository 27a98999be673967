use crate::{Profile, ProfileError};

/// The profile that ships with this build.
///
/// # Errors
/// [`ProfileError`]; a test proves that the embedded file has none.
pub fn embedded() -> Result<Profile, ProfileError> {
    Profile::parse(include_str!("../profile.json"))
}
