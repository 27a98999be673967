//! File sizes, names and marks (CONTRIBUTING.md).
use rid_arch::{File, Named, files, product_sources, sources};

/// The most lines of product code in a file.
const LONGEST: usize = 500;

fn paths<T: Named>(found: impl Iterator<Item = T>) -> Vec<String> {
    found.map(|named| named.path().to_owned()).collect()
}

#[test]
fn files_do_one_thing() {
    let lengths = product_sources().into_iter().map(|source| (source.code.lines().count(), source.path));
    let long: Vec<_> = lengths.filter(|(lines, _)| *lines > LONGEST).collect();
    assert_eq!(long, Vec::new(), "more than {LONGEST} lines before the tests");
}

#[test]
fn rooms_have_names_of_their_own() {
    let nameless = ["common", "helper", "helpers", "misc", "util", "utils"];
    let stem = |part: &str| nameless.contains(&part.split('.').next().unwrap_or(part));
    let wrong = sources().into_iter().filter(|source| source.path.split('/').any(stem));
    assert_eq!(paths(wrong), Vec::<String>::new());
}

#[test]
fn nothing_is_left_unfinished() {
    let macros = ["todo!", "unimplemented!", "dbg!"];
    let places: Vec<String> =
        sources().iter().flat_map(|source| macros.iter().flat_map(|m| source.places(m)).collect::<Vec<_>>()).collect();
    assert_eq!(places, Vec::<String>::new());
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let marked = product_sources().into_iter().filter(|source| marks.iter().any(|mark| source.text.contains(mark)));
    assert_eq!(paths(marked), Vec::<String>::new());
}

#[test]
fn every_ignored_test_has_a_reason() {
    let ignored = sources().into_iter().filter(|source| source.code.contains("#[ignore]"));
    assert_eq!(paths(ignored), Vec::<String>::new(), "an ignored test says why: #[ignore = \"…\"]");
}

#[test]
fn names_do_not_start_with_get() {
    let places: Vec<String> = product_sources().iter().flat_map(|source| source.places("fn get_")).collect();
    assert_eq!(places, Vec::<String>::new());
}

/// After an I/O error `Path::exists` returns false (neg-K32).
#[test]
fn no_decision_rests_on_path_exists() {
    let places: Vec<String> =
        product_sources().iter().flat_map(|source| source.places("exists()")).filter(|p| !p.contains("try_")).collect();
    assert_eq!(places, Vec::<String>::new());
}

#[test]
fn nothing_names_a_machine_or_a_registry_host() {
    let needles = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/tm", "p/"),
        concat!("registry.", "npmjs"),
        concat!("static.crates", ".io"),
        concat!("index.crates", ".io"),
        concat!("pypi", ".org"),
        concat!("files.python", "hosted"),
        concat!("proxy.golang", ".org"),
        concat!("repo1.", "maven"),
    ];
    // Data of others is stored unmodified.
    let others = |path: &str| path.starts_with("tests/vectors/") && !path.ends_with("README.md");
    let wrong = files()
        .into_iter()
        .filter(|file| !others(&file.path) && needles.iter().any(|needle| file.text.contains(needle)));
    assert_eq!(paths(wrong), Vec::<String>::new());
}

#[test]
fn no_private_key_is_in_the_repository() {
    let mark = concat!("PRIVATE", " KEY-----");
    let wrong = files().into_iter().filter(|file| !file.path.starts_with("tests/vectors/") && file.text.contains(mark));
    assert_eq!(paths(wrong), Vec::<String>::new());
}

fn file(path: &str) -> Option<File> {
    files().into_iter().find(|file| file.path == path)
}

#[test]
fn readme_starts_with_two_commands() {
    let readme = file("README.md").map(|file| file.text).unwrap_or_default();
    let block = readme.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(block, Some("./rid demo\n./rid test\n"));
    let ci = file(".ci/run").map(|file| file.text).unwrap_or_default();
    assert!(ci.trim_end().ends_with("exec ./rid test"), ".ci/run calls the second");
}

#[test]
fn every_page_exists() {
    let papers =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "deny.toml"];
    let pages = [
        "spec/profile.md",
        "spec/requirements.md",
        "spec/errors.md",
        "spec/threat-model.md",
        "spec/link.md",
        "spec/verify.md",
        "spec/enrolment.md",
    ];
    let missing: Vec<&str> = papers.into_iter().chain(pages).filter(|path| file(path).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn links_between_pages_resolve() {
    let all: Vec<File> = files();
    let known: Vec<&str> = all.iter().map(|file| file.path.as_str()).collect();
    let (mut seen, mut wrong) = (0, Vec::new());
    for page in all.iter().filter(|file| file.path.ends_with(".md") && !file.path.starts_with("tests/vectors/")) {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in page.text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()) {
            if link.is_empty() || link.contains("://") {
                continue;
            }
            seen += 1;
            let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
            for part in link.trim_end_matches('/').split('/') {
                match part {
                    ".." => drop(path.pop()),
                    "." => {}
                    part => path.push(part),
                }
            }
            let target = path.join("/");
            if !known.iter().any(|known| *known == target || known.starts_with(&format!("{target}/"))) {
                wrong.push(format!("{} -> {link}", page.path));
            }
        }
    }
    assert!(seen > 20, "{seen} links were found");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn files_of_the_strangers_test_exist() {
    let all = files();
    let table = file("CONTRIBUTING.md").map(|page| page.text).unwrap_or_default();
    let named: Vec<&str> = table.split('`').filter(|name| name.starts_with("core/") && name.ends_with(".rs")).collect();
    assert!(named.len() >= 10, "{named:?}");
    let missing: Vec<&str> = named.into_iter().filter(|name| !all.iter().any(|file| file.path == *name)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "correct the table in CONTRIBUTING.md");
}
