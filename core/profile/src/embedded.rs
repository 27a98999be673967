//! The embedded profile.
use crate::{Profile, ProfileError};

/// Parses the profile that is part of this build.
///
/// # Errors
/// [`ProfileError`]; a test proves that the embedded file is valid.
pub fn embedded() -> Result<Profile, ProfileError> {
    Profile::parse(include_str!("../profile.json"))
}
