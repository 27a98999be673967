//! Which file of a crate imports which.
use std::collections::{BTreeMap, BTreeSet};

use crate::Source;

type Path = Vec<String>;

/// The files of one crate as modules, with the imports between them.
///
/// Imports are paths that begin with `crate`, `super`, `self` or the name of a child module. A name that a module
/// exports again (`pub use`) leads to the file that has it.
#[derive(Debug, Default)]
pub struct Modules {
    imports: BTreeMap<Path, BTreeSet<Path>>,
}

impl Modules {
    /// Reads the files below `folder`, such as `core/cli/src/`.
    #[must_use]
    pub fn new(folder: &str, sources: &[Source]) -> Self {
        let inside = sources.iter().filter_map(|source| Some((module(source.path.strip_prefix(folder)?)?, source)));
        let files: BTreeMap<Path, &Source> = inside.collect();
        let mut exports: BTreeMap<(Path, String), Path> = BTreeMap::new();
        let mut named = BTreeMap::new();
        for (at, source) in &files {
            let (public, private) = paths(at, source, &files);
            exports.extend(public.into_iter().filter_map(|path| Some(((at.clone(), path.last()?.clone()), path))));
            named.insert(at.clone(), private);
        }
        let target = |paths: Vec<Path>| paths.iter().map(|path| resolve(path, &files, &exports, 0)).collect();
        Self { imports: named.into_iter().map(|(at, paths)| (at, target(paths))).collect() }
    }

    /// Pairs of files that import each other, as `cose mdoc`. A module and one inside it are no pair: they are one
    /// unit.
    #[must_use]
    pub fn circles(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (one, imports) in &self.imports {
            for other in imports.iter().filter(|other| one < other && !other.starts_with(one)) {
                if self.imports.get(other).is_some_and(|back| back.contains(one)) {
                    found.push(format!("{} {}", one.join("::"), other.join("::")));
                }
            }
        }
        found
    }
}

/// `["inspect", "cose"]` for `inspect/cose.rs`; empty for the root of the crate.
fn module(file: &str) -> Option<Path> {
    let mut path: Path = file.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") || matches!(file, "lib.rs" | "main.rs") {
        path.pop();
    }
    Some(path)
}

/// Absolute paths that a file exports again, and those it uses.
fn paths(at: &Path, source: &Source, files: &BTreeMap<Path, &Source>) -> (Vec<Path>, Vec<Path>) {
    let children = files.keys().filter(|path| path.len() == at.len() + 1 && path.starts_with(at));
    let children: Vec<&str> = children.filter_map(|path| path.last()).map(String::as_str).collect();
    let (mut public, mut private) = (Vec::new(), Vec::new());
    let code = &source.code;
    for start in ["crate", "super", "self"].into_iter().chain(children) {
        for (begin, text) in code.match_indices(&format!("{start}::")) {
            let before = code.get(..begin).unwrap_or_default();
            if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':')) {
                continue;
            }
            let mut found = Vec::new();
            let rest = code.get(begin + text.len()..).unwrap_or_default();
            branches(rest, &[start.to_owned()], &mut found);
            let statement = before.rsplit([';', '}', '\n']).next().unwrap_or_default().trim();
            let again = statement.starts_with("pub") && statement.ends_with("use");
            let list = if again { &mut public } else { &mut private };
            list.extend(found.into_iter().map(|path| absolute(at, path)));
        }
    }
    (public, private)
}

/// Every path of a tree such as `a::{b, c::{self, d as e}}`; gives what follows the tree.
fn branches<'t>(text: &'t str, prefix: &[String], found: &mut Vec<Path>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            match rest.strip_prefix('}') {
                Some(after) => return after,
                None if rest.is_empty() => return rest,
                None => {
                    let after = branches(rest, prefix, found);
                    // An alias, or anything else that is no path.
                    rest = after.trim_start_matches(|c: char| !matches!(c, ',' | '}'));
                }
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*').unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let path: Path = prefix.iter().cloned().chain([word.to_owned()]).collect();
    if let Some(deeper) = rest.strip_prefix("::") {
        return branches(deeper, &path, found);
    }
    found.push(path);
    rest
}

fn absolute(at: &Path, path: Path) -> Path {
    let mut base = at.clone();
    let mut words = path.into_iter().peekable();
    match words.peek().map(String::as_str) {
        Some("crate") => {
            base.clear();
            words.next();
        }
        Some("self") => drop(words.next()),
        _ => {}
    }
    while words.next_if(|word| word == "super").is_some() {
        base.pop();
    }
    base.extend(words.filter(|word| word != "self"));
    base
}

/// The file that a path leads to.
fn resolve(
    path: &Path,
    files: &BTreeMap<Path, &Source>,
    exports: &BTreeMap<(Path, String), Path>,
    again: usize,
) -> Path {
    let mut at = Path::new();
    for word in path {
        let inner: Path = at.iter().chain([word]).cloned().collect();
        if files.contains_key(&inner) {
            at = inner;
            continue;
        }
        return match exports.get(&(at.clone(), word.clone())) {
            Some(path) if again < 8 => resolve(path, files, exports, again + 1),
            _ => at,
        };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(format!("src/{path}"), (*text).into())).collect();
        Modules::new("src/", &sources).circles()
    }

    #[test]
    fn two_files_that_import_each_other_are_found() {
        let found = circles(&[
            ("lib.rs", "mod one;\nmod other;\n"),
            ("one.rs", "use crate::{other::{self, Thing as Else}, third};\n"),
            ("other.rs", "fn f() { super::one::g() }\n"),
        ]);
        assert_eq!(found, ["one other"]);
    }

    #[test]
    fn exported_name_leads_to_its_file() {
        let found = circles(&[
            ("lib.rs", "mod one;\nmod other;\npub use one::One;\npub(crate) use crate::other::Other;\n"),
            ("one.rs", "use crate::Other;\n"),
            ("other.rs", "use crate::One;\n"),
        ]);
        assert_eq!(found, ["one other"]);
    }

    #[test]
    fn module_and_its_child_are_one_unit() {
        let found = circles(&[
            ("lib.rs", "mod one;\n"),
            ("one.rs", "mod inner;\nfn f() { inner::g() }\n"),
            ("one/inner.rs", "use super::f;\n"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
