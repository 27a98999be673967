use alloc::string::String;

/// A language of the apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// Azerbaijani.
    Az,
    /// English.
    En,
    /// Russian.
    Ru,
}

/// One text in the three languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Localized {
    /// Azerbaijani.
    pub az: String,
    /// English.
    pub en: String,
    /// Russian.
    pub ru: String,
}

impl Localized {
    /// The text in the first of the wanted locales; Azerbaijani when the list is empty.
    #[must_use]
    pub fn resolve(&self, locales: &[Locale]) -> &str {
        match locales.first() {
            Some(Locale::En) => &self.en,
            Some(Locale::Ru) => &self.ru,
            Some(Locale::Az) | None => &self.az,
        }
    }

    /// The three texts, each changed by `change`.
    #[must_use]
    pub(crate) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self { az: change(&self.az), en: change(&self.en), ru: change(&self.ru) }
    }

    pub(crate) fn all(&self) -> [&str; 3] {
        [&self.az, &self.en, &self.ru]
    }
}
