//! The sentences for a stable code: those of `rid_profile`, and the command that does the next step.
use rid_profile::{Description, Locale, describe, is_described};

/// The English sentences for a code, and the command that does the next step. `None` if the code has none.
pub(crate) fn of(code: &str) -> Option<String> {
    if !is_described(code) {
        return None;
    }
    let Description { what, next } = describe(code, &[Locale::En]);
    let command = command(code).map(|command| format!(" {command}")).unwrap_or_default();
    Some(format!("{what} {next}{command}"))
}

/// The command of `rid` that does the next step.
pub(crate) fn command(code: &str) -> Option<&'static str> {
    Some(match code {
        "credential_unavailable" => "Run `rid enrol`.",
        "history_unknown" => "Run `rid vault history` to see the places.",
        "key_not_found" => {
            "Give the right --key-file or put the files back. To get back history and settings, run `rid vault recover FOLDER`."
        }
        "no_pin" | "pin_not_set" => "Run `rid vault pin set`.",
        "pin_required" => "Run `rid vault pin change`, or with the recovery code `rid vault pin set`.",
        "no_recovery_code" | "recovery_not_set" => "Run `rid vault code`.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_sentence_says_what_happened_and_what_to_do() {
        for code in ["pin_form", "pin_weak", "crypto_memory", "backup_wrong_code", "storage_readonly"] {
            let said = super::of(code).unwrap();
            assert!(said.ends_with('.') && said.matches(". ").count() >= 1, "{code}: {said}");
        }
        assert_eq!(super::of("no_such_code"), None);
    }
}
