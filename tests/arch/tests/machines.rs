//! What the facades leave to the machines and to the runner (spec/adr/0002-flows-as-data.md).
use rid_arch::product_sources;

/// An error is matched by its type: a code is for people, logs and other languages.
#[test]
fn no_facade_decides_by_the_spelling_of_a_code() {
    let decides = |line: &str| ["match ", "starts_with", "=="].iter().any(|word| line.contains(word));
    let mut places = Vec::new();
    let mut lines = 0;
    for source in product_sources().iter().filter(|source| source.path.starts_with("core/wallet/")) {
        for (number, line) in source.code.lines().enumerate() {
            lines += 1;
            if line.contains("code") && line.contains("as_str()") && decides(line) {
                places.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    assert_eq!(places, Vec::<String>::new());
    assert!(lines > 1_000, "{lines} lines read");
}

/// The file of each line of core that has `needle`.
fn core(needle: &str) -> Vec<String> {
    let sources = product_sources();
    let core = sources.iter().filter(|source| source.path.starts_with("core/"));
    core.flat_map(|source| source.code.lines().filter(|line| line.contains(needle)).map(|_| source.path.clone()))
        .collect()
}

/// ADR 0013.
#[test]
fn one_runner_calls_machines_and_puts_effects_back() {
    // A facade that polled a machine, or fed it, would be a second runner. The command line plays a reader by itself.
    for call in [".poll()", "session.handle(", ".reply(Reply::"] {
        let outside: Vec<String> = core(call)
            .into_iter()
            .filter(|path| ["core/wallet/", "core/reader/"].iter().any(|facade| path.starts_with(facade)))
            .collect();
        assert_eq!(outside, Vec::<String>::new(), "{call}");
        assert!(core(call).iter().any(|path| path.starts_with("core/flow/src/run/")), "{call}");
    }
    assert_eq!(core("pending.push_front("), ["core/flow/src/run/session.rs"]);
}
