//! No two files of a crate import each other.
use rid_arch::{Modules, packages, product_sources, sources};

/// Crates that still have such pairs. The list only shrinks.
const LATER: &[&str] = &["bindings", "core/issuer", "core/profile", "core/shell", "core/vault"];

#[test]
fn no_two_files_import_each_other() {
    let boundary = sources().into_iter().filter(|source| source.path.starts_with("bindings/src/"));
    let product: Vec<_> = product_sources().into_iter().chain(boundary).collect();
    let crates = packages().into_iter().filter(|package| package.room().is_some() || package.folder == "bindings");
    let (mut found, mut clean) = (Vec::new(), Vec::new());
    for package in crates {
        let circles = Modules::new(&format!("{}/src/", package.folder), &product).circles();
        if LATER.contains(&package.folder.as_str()) {
            clean.extend(circles.is_empty().then_some(package.folder));
        } else {
            found.extend(circles.iter().map(|pair| format!("{}: {pair}", package.folder)));
        }
    }
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(clean, Vec::<String>::new(), "take these off the list");
}
