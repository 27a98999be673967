//! The stage `commits`: the subjects of the commits after a recorded one follow the rules of CONTRIBUTING.md.
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::{child, tally::Tally};

/// The file with the last commit that predates the rules.
const RECORD: &str = ".ci/commits-after";

/// Runs `.githooks/commit-msg` over every commit after the recorded one.
pub(crate) fn stage() -> Tally {
    check(&child::root())
}

fn check(root: &Path) -> Tally {
    let Ok(after) = std::fs::read_to_string(root.join(RECORD)) else {
        return Tally::failed(&format!("{RECORD} cannot be read"));
    };
    let range = format!("{}..HEAD", after.trim());
    let listed = Command::new("git").current_dir(root).args(["log", "--no-merges", "--format=%s", &range]).output();
    let Some(listed) = listed.ok().filter(|output| output.status.success()) else {
        return Tally::skipped("git or the history after the recorded commit is not there");
    };
    let mut tally = Tally::passed();
    for subject in String::from_utf8_lossy(&listed.stdout).lines() {
        if !follows_the_rules(root, subject) {
            tally.add(Tally::failed(&format!("commit: {subject}")));
        }
    }
    tally
}

/// The hook itself decides, so that a person and this stage get the same answer.
fn follows_the_rules(root: &Path, subject: &str) -> bool {
    let mut hook = Command::new("sh");
    hook.current_dir(root).args([".githooks/commit-msg", "/dev/stdin"]).stdin(Stdio::piped());
    let Ok(mut running) = hook.spawn() else { return false };
    let written = running.stdin.take().is_some_and(|mut pipe| writeln!(pipe, "{subject}").is_ok());
    running.wait().is_ok_and(|status| status.success()) && written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follows(subject: &str) -> bool {
        follows_the_rules(&child::root(), subject)
    }

    #[test]
    fn hook_accepts_only_short_plain_subjects() {
        let long = "a".repeat(71);
        for good in ["Read deviations of the field with a warning", "Say İD in a subject", &format!("A{long}")] {
            assert!(follows(good), "{good}");
        }
        for bad in ["", "one change", "One change; another", "Ends with a full stop.", &format!("Aa{long}")] {
            assert!(!follows(bad), "{bad}");
        }
    }

    #[test]
    fn without_history_the_stage_is_skipped() {
        let folder = std::env::temp_dir().join(format!("rid-commits-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(".ci")).unwrap();
        std::fs::write(folder.join(RECORD), "0000000000000000000000000000000000000001\n").unwrap();
        let tally = check(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((tally.passed, tally.failed, tally.skipped), (0, 0, 1));
    }
}
