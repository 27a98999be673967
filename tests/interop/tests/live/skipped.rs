//! A test whose peer cannot run reports it: this binary runs itself in an environment without programs.
use std::process::{Command, Output};

/// Runs the tests whose names start with this prefix.
fn without_programs(filter: &str, required: bool) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(filter).env("PATH", "").env_remove("RID_INTEROP");
    if required {
        command.env("RID_INTEROP", "required");
    }
    command.output().unwrap()
}

/// The number before `passed` in the result line of the harness.
fn passed(stdout: &str) -> usize {
    let (_, result) = stdout.split_once("test result: ok. ").unwrap();
    result.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn neg_t08_test_without_its_peer_is_skipped_by_name() {
    for (peer, reason) in
        [("npm::", "node cannot be run"), ("multipaz::", "java cannot be run"), ("python::", "python3 cannot be run")]
    {
        let output = without_programs(peer, false);
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{stdout}");
        let skipped: Vec<&str> = stdout.lines().filter(|line| line.starts_with("skipped: ")).collect();
        assert!(skipped.iter().all(|line| line.contains(reason)), "{skipped:?}");
        assert!(!skipped.is_empty());
        assert_eq!(skipped.len(), passed(&stdout), "{stdout}");
    }
}

#[test]
fn neg_t08_missing_required_peer_fails() {
    for peer in ["npm::", "multipaz::", "python::"] {
        assert!(!without_programs(peer, true).status.success(), "{peer}");
    }
}
