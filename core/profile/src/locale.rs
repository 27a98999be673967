//! The three languages and their texts.
use alloc::{format, string::String, vec::Vec};

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

impl Locale {
    /// The supported languages among BCP 47 tags, in order and without repetition; Azerbaijani if there is none.
    #[must_use]
    pub fn wanted<S: AsRef<str>>(tags: &[S]) -> Vec<Self> {
        let mut wanted = Vec::new();
        for tag in tags {
            let language = tag.as_ref().split(['-', '_']).next().unwrap_or_default();
            let locale = match language.to_ascii_lowercase().as_str() {
                "az" => Self::Az,
                "en" => Self::En,
                "ru" => Self::Ru,
                _ => continue,
            };
            if !wanted.contains(&locale) {
                wanted.push(locale);
            }
        }
        if wanted.is_empty() {
            wanted.push(Self::Az);
        }
        wanted
    }
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
    /// The text in the first wanted locale; Azerbaijani if the list is empty.
    #[must_use]
    pub fn resolve(&self, locales: &[Locale]) -> &str {
        match locales.first() {
            Some(Locale::En) => &self.en,
            Some(Locale::Ru) => &self.ru,
            Some(Locale::Az) | None => &self.az,
        }
    }

    #[must_use]
    pub(crate) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self { az: change(&self.az), en: change(&self.en), ru: change(&self.ru) }
    }

    /// With another text behind a colon.
    #[must_use]
    pub(crate) fn with(&self, other: &Self) -> Self {
        let joined = |one: &str, other: &str| format!("{one}: {other}");
        Self { az: joined(&self.az, &other.az), en: joined(&self.en, &other.en), ru: joined(&self.ru, &other.ru) }
    }

    pub(crate) fn all(&self) -> [&str; 3] {
        [&self.az, &self.en, &self.ru]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bcp_47_tags_select_languages() {
        assert_eq!(Locale::wanted(&["fr-FR", "ru_RU", "en-Latn-GB", "RU", "az"]), [Locale::Ru, Locale::En, Locale::Az]);
        assert_eq!(Locale::wanted::<&str>(&[]), [Locale::Az]);
        assert_eq!(Locale::wanted(&["", "-", "azb", "e"]), [Locale::Az]);
    }
}
