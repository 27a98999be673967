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
