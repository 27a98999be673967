//! The boundary to Kotlin and Swift: thin, guarded, and made of views only.
use rid_arch::{Source, files, nonempty, page, sources};

fn boundary() -> Vec<Source> {
    let boundary = sources().into_iter().filter(|source| source.path.starts_with("bindings/src/")).collect();
    nonempty("sources of the boundary", boundary)
}

/// The functions under `#[uniffi::export]` blocks: name, signature, body.
fn exported(source: &Source) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for block in source.code.split("#[uniffi::export]").skip(1) {
        let end = block.find("\n}").unwrap_or(block.len());
        let block = block.get(..end).unwrap_or_default();
        for function in
            block.split("pub ").skip(1).filter(|text| text.starts_with("fn ") || text.starts_with("async fn "))
        {
            let (signature, body) = function.split_once('{').unwrap_or((function, ""));
            let name = signature.split("fn ").nth(1).and_then(|rest| rest.split('(').next()).unwrap_or_default();
            found.push((name.to_owned(), signature.to_owned(), body.to_owned()));
        }
    }
    found
}

#[test]
fn every_exported_body_is_guarded_and_returns_a_result() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for source in boundary().iter().filter(|source| !source.path.ends_with("hooks.rs")) {
        for (name, signature, body) in exported(source) {
            seen += 1;
            // These cannot fail or panic.
            let constant = matches!(name.as_str(), "describe_code" | "environment" | "root_warnings" | "uptime_millis");
            let quiet = matches!(name.as_str(), "cancel" | "park" | "log_to" | "set_locales");
            let guarded = ["guard(", "guard_async(", "quietly("].iter().any(|guard| body.contains(guard));
            if !(constant || guarded && (quiet || signature.contains("Result<"))) {
                wrong.push(format!("{}: {name}", source.path));
            }
        }
    }
    assert!(seen > 40, "{seen} exported functions were found");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_boundary_has_no_unsafe_code_no_long_file_and_shows_no_protocol() {
    let mut wrong = Vec::new();
    for source in boundary() {
        let protocol =
            ["rid_mdoc", "rid_holder", "rid_verifier", "rid_vault", "rid_crypto", "rid_issuer", "rid_wire::cbor"];
        for needle in ["unsafe ", "flat_error", "async_runtime"].iter().chain(&protocol) {
            wrong.extend(source.places(needle));
        }
        if source.code.lines().count() > 400 {
            wrong.push(format!("{} is longer than 400 lines", source.path));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_method_of_an_apps_port_is_async_and_its_error_takes_foreign_exceptions() {
    let mut traits = 0;
    for source in boundary() {
        for block in source.code.split("#[uniffi::export(foreign)]").skip(1) {
            traits += 1;
            let end = block.find("\n}").unwrap_or(block.len());
            let block = block.get(..end).unwrap_or_default();
            // A log waits for nothing. Its method is the exception and cannot report success wrongly (ADR 0008).
            let log = block.contains("trait LogSink");
            for method in block.split("fn ").skip(1) {
                assert!(method.contains("Error>"), "{}: a method without a named error", source.path);
            }
            assert!(log || block.matches("async fn ").count() == block.matches("fn ").count(), "{}", source.path);
        }
    }
    assert_eq!(traits, 2);
    let conversions: usize = boundary()
        .iter()
        .map(|source| source.code.matches("From<uniffi::UnexpectedUniFFICallbackError> for").count())
        .sum();
    assert_eq!(conversions, traits);
}

#[test]
fn the_phone_profile_unwinds() {
    let manifest = page("Cargo.toml");
    let phone = manifest.split("[profile.phone]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
    assert!(phone.contains("panic = \"unwind\"") && phone.contains("inherits = \"release\""));
}

#[test]
fn release_builds_refuse_the_hooks_of_tests() {
    let root = Source::new("bindings/src/lib.rs".into(), page("bindings/src/lib.rs")).code;
    assert!(root.contains("not(debug_assertions)") && root.contains("compile_error!"));
}

/// `bindings/swift/test` checks the same in Swift, and `missing_docs` in Rust.
#[test]
fn every_public_declaration_of_the_kotlin_package_is_described() {
    let mut seen = 0;
    let mut bare = Vec::new();
    for file in files() {
        let ours = ["main", "android"].iter().any(|set| file.path.starts_with(&format!("bindings/kotlin/src/{set}/")));
        if !ours || !file.path.ends_with(".kt") {
            continue;
        }
        let mut before = "";
        for (line, text) in file.text.lines().map(str::trim).enumerate() {
            if text.starts_with("public ") && text != "public companion object {" {
                seen += 1;
                if !before.ends_with("*/") {
                    bare.push(format!("{}:{}: {text}", file.path, line + 1));
                }
            }
            if !text.starts_with('@') {
                before = text;
            }
        }
    }
    assert!(seen > 50, "{seen} declarations were found");
    assert_eq!(bare, Vec::<String>::new());
}

/// No type that an app sees is for secrets, private keys, session keys or test hooks.
#[test]
fn no_key_no_secret_and_no_hook_is_on_the_surface_of_a_package() {
    let surfaces: Vec<_> = files().into_iter().filter(|file| file.path.ends_with("/api.txt")).collect();
    assert_eq!(surfaces.len(), 2);
    for surface in surfaces {
        assert!(surface.text.lines().count() > 500, "{}", surface.path);
        let words = ["Secret", "PrivateKey", "SessionKey", "Jwk", "SoftwareArea", "ReaderKey", "Suite", "panicInside"];
        let found: Vec<&str> = words.into_iter().filter(|word| surface.text.contains(word)).collect();
        assert_eq!(found, Vec::<&str>::new(), "{}", surface.path);
    }
}

#[test]
fn a_first_presentation_is_twenty_lines_in_each_language() {
    let readme = page("README.md");
    for language in ["kotlin", "swift"] {
        let lines = readme.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("\n```").next());
        let lines = lines.unwrap_or_default().lines().count();
        assert!((10..=20).contains(&lines), "{language}: {lines} lines");
    }
}
