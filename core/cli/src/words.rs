//! A sentence of what happened and what to do next, for the refusals a person meets at the command line.

/// The sentence for a stable code, if it needs one.
pub(crate) fn of(code: &str) -> Option<&'static str> {
    Some(match code {
        "backup_code_form" => {
            "This is no recovery code: it has 25 letters and digits in five groups. Compare it with the paper, letter by letter."
        }
        "backup_form" | "backup_truncated" => {
            "This is no whole recovery file. Copy it again from where it was kept, or take another one."
        }
        "backup_version" => "A newer version wrote this recovery file. Install the newer version.",
        "backup_wrong_code" => {
            "The recovery code does not open it, or the file was altered. Use the code that was made last and confirmed; a file needs \
             the code it was made with."
        }
        "credential_unavailable" => "No copy of this document is left. Ask its issuer for new ones: `rid enrol`.",
        "crypto_memory" => {
            "The system gave no memory to check the PIN. Nothing was counted. Close other programs and try again."
        }
        "history_unknown" => "There is no such entry, or it was deleted before. `rid vault history` shows the places.",
        "input_too_large" => "The file is larger than any that this program writes. Check that it is the right one.",
        "key_not_found" => {
            "The keys of this wallet are not here. Give the right --key-file or put the files back; the recovery code gives history and \
             settings: `rid vault recover FOLDER`."
        }
        "pin_form" => "A PIN has six to twelve digits from 0 to 9. Nothing was counted. Type it again.",
        "pin_not_set" => "No PIN is set yet. `rid vault pin set` sets one.",
        "pin_required" => {
            "The PIN is needed for this. Who knows it uses `rid vault pin change`; the recovery code sets a new one: `rid vault pin set`."
        }
        "pin_weak" => {
            "Others would try this PIN first: a pattern, a common one, or a date of the person. Choose another."
        }
        "recovery_not_set" => "No recovery code waits or was made. `rid vault code` makes one.",
        "storage_full" => "The disk is full. Nothing was signed or changed. Make room and try again.",
        "storage_io" => {
            "The folder or a file in it cannot be read or written. Nothing was signed. Check the disk and try again."
        }
        "storage_locked" => "Another program has this wallet open. Close it and try again.",
        "storage_readonly" => {
            "The folder or its disk is read-only. Nothing was signed or changed. Make it writable and try again."
        }
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
