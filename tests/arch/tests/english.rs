//! How we write (CONTRIBUTING.md), as far as a machine can tell.
use rid_arch::{File, files, nonempty};

/// Words of the glossary that are never the right ones.
const DIALECT: &[&str] =
    &["hurt", "anew", "of before", "called away", "turned away", "taken along", "comes to nothing", "came to nothing"];

/// Folders and files that are still to be rewritten. The list only shrinks.
const LATER: &[&str] = &[];

/// Files whose words are not ours, or that must name the dialect.
fn is_exempt(path: &str) -> bool {
    let others = path.starts_with("tests/vectors/") && !path.ends_with("README.md");
    others || path == "tests/arch/tests/english.rs" || path == "CONTRIBUTING.md" || path.ends_with("package-lock.json")
}

/// Text files that people read.
fn prose() -> Vec<File> {
    let endings = [".rs", ".md", ".kt", ".kts", ".swift", ".toml", ".sh", ".mjs", ".c"];
    let ours = files().into_iter().filter(|file| endings.iter().any(|end| file.path.ends_with(end)));
    let open = ours.filter(|file| !is_exempt(&file.path) && !LATER.iter().any(|later| file.path.starts_with(later)));
    nonempty("files with prose", open.collect())
}

fn rust() -> Vec<File> {
    nonempty("Rust files", prose().into_iter().filter(|file| file.path.ends_with(".rs")).collect())
}

/// `path:line` of every line for which `is_wrong` holds.
fn lines(files: &[File], is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let wrong = file.text.lines().enumerate().filter(|(_, line)| is_wrong(line));
        found.extend(wrong.map(|(number, line)| format!("{}:{}: {}", file.path, number + 1, line.trim())));
    }
    found
}

/// Names of tests are sentences with underscores.
fn has_dialect(line: &str) -> bool {
    let line = line.to_lowercase().replace('_', " ");
    let word = |(at, found): (usize, &str)| {
        let (before, after) = (line.get(..at), line.get(at + found.len()..));
        let is_edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        is_edge(before.and_then(|text| text.chars().next_back())) && is_edge(after.and_then(|text| text.chars().next()))
    };
    DIALECT.iter().any(|words| line.match_indices(words).any(word))
}

#[test]
fn words_of_the_dialect_are_gone() {
    assert_eq!(lines(&prose(), has_dialect), Vec::<String>::new());
    assert!(has_dialect("fn a_hurt_row_is_skipped()") && has_dialect("/// Begins anew."));
    assert!(!has_dialect("Shurtleff"));
}

#[test]
fn comments_have_at_most_120_characters() {
    let is_long = |line: &str| line.trim_start().starts_with("//") && line.chars().count() > 120;
    assert_eq!(lines(&rust(), is_long), Vec::<String>::new());
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> =
        rust().into_iter().filter(|file| !file.text.starts_with("//! ")).map(|file| file.path).collect();
    assert_eq!(silent, Vec::<String>::new());
}

/// First paragraphs of the docs of public items, with the place of the item.
fn first_paragraphs(file: &File) -> Vec<(usize, String)> {
    let (mut found, mut doc) = (Vec::new(), Vec::<&str>::new());
    for (number, line) in file.text.lines().enumerate() {
        let line = line.trim_start();
        if let Some(text) = line.strip_prefix("///") {
            doc.push(text.trim());
        } else if !line.starts_with("#[") && !line.starts_with(')') {
            if line.starts_with("pub ") && !doc.is_empty() {
                let first: Vec<&str> = doc.iter().copied().take_while(|line| !line.is_empty()).collect();
                found.push((number + 1, first.join(" ")));
            }
            doc.clear();
        }
    }
    found
}

fn is_sentence(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || matches!(c, '`' | '['));
    begins && text.ends_with(['.', ':'])
}

#[test]
fn docs_of_public_items_are_sentences() {
    let mut wrong = Vec::new();
    for file in rust() {
        let paragraphs = first_paragraphs(&file).into_iter().filter(|(_, text)| !is_sentence(text));
        wrong.extend(paragraphs.map(|(line, text)| format!("{}:{line}: {text}", file.path)));
    }
    assert_eq!(wrong, Vec::<String>::new());
    let planted =
        "/// no capital.\npub fn f() {}\n/// Right.\n#[must_use]\npub fn g() {}\n/// No stop\npub struct S;\n";
    let planted = first_paragraphs(&File { path: "planted.rs".into(), text: planted.into() });
    assert_eq!(planted.iter().map(|(_, text)| is_sentence(text)).collect::<Vec<_>>(), [false, true, false]);
}
