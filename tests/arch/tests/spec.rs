//! The pages of `spec/` agree with the code.
use std::collections::BTreeSet;

use rid_arch::{Source, files, nonempty, page, product_sources, sources};

/// The first cells of the table rows of a page, without back ticks; at least one.
fn cells(path: &str) -> Vec<String> {
    let page = page(path);
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|rest| rest.split_once('`'));
    nonempty(path, rows.map(|(cell, _)| cell.to_owned()).collect())
}

fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The sources that ship: the rooms and the boundary.
fn shipped() -> Vec<Source> {
    let boundary = sources().into_iter().filter(|source| source.path.starts_with("bindings/src/"));
    product_sources().into_iter().chain(boundary).collect()
}

/// The codes in product code.
fn codes() -> BTreeSet<String> {
    let calls = ["Code::new", "RuleFinding::reject", "WalletError::misuse", "ReaderError::misuse"];
    let sources = shipped();
    let literals = sources.iter().flat_map(|source| calls.into_iter().flat_map(|call| source.literals_in(call)));
    let found = literals.filter(|literal| is_code(literal)).collect();
    nonempty("codes in product code", found).into_iter().collect()
}

#[test]
fn every_code_is_listed() {
    let listed: BTreeSet<String> = cells("spec/errors.md").into_iter().collect();
    let missing: Vec<String> = codes().difference(&listed).cloned().collect();
    assert_eq!(missing, Vec::<String>::new(), "not in spec/errors.md");
}

/// Codes that an `#[error]` attribute repeats, although the same file has them in `code()`.
fn repeated_in_error_texts(source: &Source) -> Vec<String> {
    let texts = source.literals_in("#[error").into_iter().filter(|text| is_code(text));
    texts.filter(|text| source.spoken.matches(&format!("\"{text}\"")).count() > 1).collect()
}

#[test]
fn error_texts_do_not_repeat_codes() {
    let repeated: Vec<String> = shipped().iter().flat_map(repeated_in_error_texts).collect();
    assert_eq!(repeated, Vec::<String>::new(), "write #[error(\"{{}}\", self.code())] above the enum");
    let text = "#[error(\"key_busy\")] Busy, } fn code() { Self::Busy => \"key_busy\" }";
    assert_eq!(repeated_in_error_texts(&Source::new("planted.rs".into(), text.into())), ["key_busy"]);
}

#[test]
fn every_listed_code_is_in_use() {
    let packages = files().into_iter().filter(|file| {
        file.path.starts_with("bindings/kotlin/src/main/") || file.path.starts_with("bindings/swift/Sources/")
    });
    let product: String =
        shipped().into_iter().map(|source| source.spoken).chain(packages.map(|file| file.text)).collect();
    let unused: Vec<String> =
        cells("spec/errors.md").into_iter().filter(|code| !product.contains(&format!("\"{code}\""))).collect();
    assert_eq!(unused, Vec::<String>::new(), "in spec/errors.md only");
}

#[test]
fn codes_are_listed_once_and_in_order() {
    for section in nonempty("sections", page("spec/errors.md").split("\n## ").skip(1).collect()) {
        let title = section.lines().next().unwrap_or_default();
        let rows = section.lines().filter(|line| line.starts_with("| `")).collect();
        assert!(nonempty(title, rows).is_sorted(), "in order: {title}");
    }
    let mut seen = BTreeSet::new();
    let twice: Vec<String> = cells("spec/errors.md").into_iter().filter(|code| !seen.insert(code.clone())).collect();
    assert_eq!(twice, Vec::<String>::new());
}

/// `neg_b01` of every `fn neg_b01_…` in Rust, Kotlin and Swift. A name may have several (`neg_b01_b11_…`,
/// `neg_b21_std_m45_…`).
fn tested() -> BTreeSet<String> {
    let rust = sources().into_iter().flat_map(|source| ids(&source.code, "fn "));
    let packages = files().into_iter().flat_map(|file| match file.path.rsplit('.').next() {
        Some("kt") => ids(&file.text, "fun "),
        Some("swift") => ids(&file.text, "func "),
        _ => Vec::new(),
    });
    nonempty("ids of tests", rust.chain(packages).collect()).into_iter().collect()
}

fn ids(code: &str, keyword: &str) -> Vec<String> {
    let mut found = Vec::new();
    for after in code.split(keyword).skip(1) {
        let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let mut family = None;
        for part in name.split('_') {
            family = match (part, family) {
                ("inv" | "neg" | "perf" | "rel" | "std", _) => Some(part.to_owned()),
                (part, Some(family)) if is_id(part) => {
                    found.push(format!("{family}_{part}"));
                    Some(family)
                }
                _ => None,
            };
        }
    }
    found
}

/// A letter and a number: `b01`.
fn is_id(part: &str) -> bool {
    let number = part.strip_prefix(|c: char| c.is_ascii_lowercase()).unwrap_or_default();
    !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
}

/// `neg-B01` in the form of a test name.
fn as_tests_write(id: &str) -> String {
    id.to_lowercase().replace('-', "_")
}

#[test]
fn every_requirement_has_a_test() {
    let tested = tested();
    let orphans: Vec<String> =
        cells("spec/requirements.md").into_iter().filter(|id| !tested.contains(&as_tests_write(id))).collect();
    assert_eq!(orphans, Vec::<String>::new(), "no test is named after them");
}

#[test]
fn every_id_of_a_test_is_a_requirement() {
    let listed: BTreeSet<String> = cells("spec/requirements.md").iter().map(|id| as_tests_write(id)).collect();
    let unknown: Vec<String> = tested().difference(&listed).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new(), "not in spec/requirements.md");
}

#[test]
fn decisions_are_numbered_without_gaps() {
    let adrs: Vec<String> =
        files().into_iter().filter_map(|file| file.path.strip_prefix("spec/adr/").map(str::to_owned)).collect();
    for (index, name) in adrs.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}-", index + 1)), "{name}");
    }
    assert!(adrs.len() >= 5);
}
