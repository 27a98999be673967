//! The sentences for a stable code, as an app displays them.
use rid_profile::{Description, Locale};

/// What to tell a person about a code. It never holds text about a person.
#[uniffi::remote(Record)]
pub struct Description {
    /// What happened, one sentence or two.
    pub what: String,
    /// What to do next.
    pub next: String,
}

/// The sentences for a stable code in the first wanted language (BCP 47). A code that is not known gets general
/// sentences.
#[uniffi::export]
pub fn describe_code(code: String, locales: Vec<String>) -> Description {
    rid_profile::describe(&code, &Locale::wanted(&locales))
}
