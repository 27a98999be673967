//! Who may name whom in a manifest (house plan, 1.2 and 4).
use std::collections::{BTreeMap, BTreeSet};

use rid_arch::{Dependency, DependencyKind, Package, files, packages, product_sources};

/// The only edges between rooms. `cli` and `tests/*` may name all.
const EDGES: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("crypto", &["wire"]),
    ("profile", &["wire"]),
    ("trust", &["wire", "crypto"]),
    ("flow", &["wire", "crypto"]),
    ("mdoc", &["wire", "crypto", "trust"]),
    ("vault", &["wire", "crypto", "flow"]),
    ("shell", &["wire", "crypto", "flow"]),
    ("holder", &["wire", "crypto", "profile", "trust", "mdoc", "flow"]),
    ("verifier", &["wire", "crypto", "profile", "trust", "mdoc", "flow"]),
    ("issuer", &["wire", "crypto", "profile", "trust", "mdoc", "flow"]),
    ("wallet", &["wire", "crypto", "profile", "trust", "flow", "holder", "vault"]),
    ("reader", &["wire", "crypto", "profile", "trust", "flow", "verifier"]),
];

/// What the boundary may name: the facades, the shell, and the rooms whose value types the views are made of.
const BOUNDARY: &[&str] = &["wire", "profile", "trust", "flow", "shell", "wallet", "reader"];

/// Cryptography, which only `crypto` may name.
const CRYPTOGRAPHY: &[&str] = &[
    "aes",
    "aes-gcm",
    "argon2",
    "aws-lc-rs",
    "blake2",
    "chacha20poly1305",
    "curve25519-dalek",
    "der",
    "ecdsa",
    "ed25519-dalek",
    "elliptic-curve",
    "hkdf",
    "hmac",
    "hpke",
    "k256",
    "openssl",
    "p256",
    "p384",
    "p521",
    "pkcs8",
    "rcgen",
    "ring",
    "rsa",
    "rustls-webpki",
    "sec1",
    "sha1",
    "sha2",
    "signature",
    "spki",
    "subtle",
    "webpki",
    "x509-cert",
    "x509-parser",
];

/// The outside world, which only `shell` and `cli` may name.
const OUTSIDE: &[&str] = &[
    "async-std",
    "axum",
    "getrandom",
    "hyper",
    "mio",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "sqlx",
    "tokio",
    "ureq",
];

fn core() -> Vec<Package> {
    packages().into_iter().filter(|package| package.room().is_some()).collect()
}

fn room(package: &Package) -> String {
    package.room().unwrap_or_default().to_owned()
}

/// `holder names tokio` for every normal dependency of `core` that is in `list`, except for the rooms in `except`.
fn offenders(list: &[&str], except: &[&str]) -> Vec<String> {
    let rooms = core().into_iter().filter(|package| !except.contains(&room(package).as_str()));
    let named = rooms.flat_map(|package| {
        let names: Vec<String> = package.normal().filter(|name| list.contains(name)).map(str::to_owned).collect();
        names.into_iter().map(move |name| format!("{} names {name}", room(&package)))
    });
    named.collect()
}

/// Rooms that a room reaches over normal dependencies.
fn reached(from: &str) -> BTreeSet<String> {
    let direct: BTreeMap<String, Vec<String>> = core()
        .iter()
        .map(|package| {
            (room(package), package.normal().filter_map(|n| n.strip_prefix("rid-")).map(str::to_owned).collect())
        })
        .collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(next) = open.pop() {
        for neighbour in direct.get(&next).into_iter().flatten() {
            if seen.insert(neighbour.clone()) {
                open.push(neighbour.clone());
            }
        }
    }
    seen
}

#[test]
fn rooms_name_only_rooms_of_the_plan() {
    let mut wrong = Vec::new();
    for package in core() {
        let room = room(&package);
        if room == "cli" {
            continue;
        }
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{room} is no room of the plan"));
            continue;
        };
        let ours = package.normal().filter_map(|name| name.strip_prefix("rid-"));
        wrong.extend(ours.filter(|name| !allowed.contains(name)).map(|name| format!("{room} names {name}")));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_boundary_names_facades_only() {
    let all = packages();
    let bindings = all.iter().find(|package| package.folder == "bindings").expect("the boundary");
    let ours = bindings.normal().filter_map(|name| name.strip_prefix("rid-"));
    assert_eq!(ours.filter(|name| !BOUNDARY.contains(name)).collect::<Vec<_>>(), Vec::<&str>::new());
    let foreign: BTreeSet<&str> = bindings.normal().filter(|name| !name.starts_with("rid-")).collect();
    assert_eq!(foreign, BTreeSet::from(["async-trait", "thiserror", "uniffi"]));
}

#[test]
fn the_reader_reaches_neither_holder_nor_vault() {
    let reached = reached("reader");
    for other in ["holder", "issuer", "vault", "wallet", "shell"] {
        assert!(!reached.contains(other), "reader reaches {other}");
    }
}

#[test]
fn packages_are_named_after_their_folder() {
    for package in packages() {
        let folder = package.folder.rsplit('/').next().unwrap_or_default();
        assert_eq!(package.name, format!("rid-{folder}"));
    }
}

#[test]
fn holder_verifier_and_issuer_never_meet() {
    for from in ["holder", "verifier", "issuer"] {
        let reached = reached(from);
        for other in ["holder", "verifier", "issuer", "vault", "wallet", "shell", "cli"] {
            assert!(!reached.contains(other), "{from} reaches {other}");
        }
    }
}

#[test]
fn the_wallet_reaches_neither_verifier_nor_issuer_nor_shell() {
    let reached = reached("wallet");
    for other in ["verifier", "issuer", "shell"] {
        assert!(!reached.contains(other), "wallet reaches {other}");
    }
}

#[test]
fn nobody_names_a_room_only_to_build() {
    let build = |package: &Package| package.dependencies.iter().any(|d| d.kind == DependencyKind::Build);
    let wrong: Vec<String> = core().iter().filter(|package| build(package)).map(room).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_crypto_names_cryptography() {
    assert_eq!(offenders(CRYPTOGRAPHY, &["crypto"]), Vec::<String>::new());
}

#[test]
fn only_shell_and_the_command_line_name_the_outside_world() {
    assert_eq!(offenders(OUTSIDE, &["shell", "cli"]), Vec::<String>::new());
}

#[test]
fn sqlite_is_only_in_shell() {
    assert_eq!(offenders(&["rusqlite", "sqlx", "libsqlite3-sys"], &["shell"]), Vec::<String>::new());
}

#[test]
fn only_the_boundary_and_its_generator_name_uniffi() {
    let bridges = ["uniffi", "uniffi_build", "uniffi_bindgen", "jni", "flutter_rust_bridge"];
    let names = |package: &Package| package.dependencies.iter().any(|d| bridges.contains(&d.name.as_str()));
    let found: Vec<String> = packages().iter().filter(|package| names(package)).map(|p| p.folder.clone()).collect();
    assert!(found.iter().all(|folder| folder == "bindings" || folder == "bindings/bindgen"), "{found:?}");
}

#[test]
fn no_room_names_foreign_errors_times_or_containers() {
    // ciborium and coset judge our readers in tests; serde_json prints for machines on the command line.
    let foreign = ["anyhow", "chrono", "ciborium", "coset", "eyre", "serde", "serde_cbor", "serde_json", "time"];
    assert_eq!(offenders(&foreign, &["cli"]), Vec::<String>::new());
}

/// A feature that no product has.
fn denied(feature: &String) -> bool {
    feature == "fake" || feature == "test" || feature.starts_with("dangerous")
}

/// What goes round a check or a counter is behind the feature `dangerous`, which no package for phones has.
#[test]
fn what_is_dangerous_is_in_no_product() {
    let bindings = packages().into_iter().find(|package| package.folder == "bindings").expect("the boundary");
    assert!(bindings.dependencies.iter().all(|d| d.kind == DependencyKind::Dev || !d.features.iter().any(denied)));
    assert!(!bindings.default_features.iter().any(denied));
    let mut found = 0;
    for source in product_sources().into_iter().filter(|source| !source.path.starts_with("core/cli/")) {
        for (at, _) in source.code.match_indices("fn dangerous_").chain(source.code.match_indices("pub mod dangerous"))
        {
            let before = source.text.get(..at).unwrap_or_default();
            let gate = before.rfind("#[cfg(feature = \"dangerous").map(|gate| before.get(gate..).unwrap_or_default());
            // Nothing but attributes and the declaration stands between the gate and the name.
            let gated = gate.is_some_and(|between| !between.contains([';', '}']) && !between.contains("\n\n"));
            assert!(gated, "{}: {}", source.path, before.lines().count());
            found += 1;
        }
    }
    assert!(found >= 6, "{found} were looked at");
}

#[test]
fn features_for_tests_are_asked_for_only_in_tests() {
    // The command line is the tool of integrators: it makes test certificates and keeps the keys of captures.
    let tool = |package: &Package, feature: &String| room(package) == "cli" && feature == "dangerous";
    let asks = |package: &Package, d: &Dependency| {
        d.kind != DependencyKind::Dev && d.features.iter().any(|feature| denied(feature) && !tool(package, feature))
    };
    let mut wrong = Vec::new();
    for package in core() {
        wrong.extend(
            package
                .dependencies
                .iter()
                .filter(|d| asks(&package, d))
                .map(|d| format!("{} asks {:?} of {}", package.name, d.features, d.name)),
        );
        wrong.extend(
            package
                .default_features
                .iter()
                .filter(|feature| denied(feature))
                .map(|feature| format!("{} has {feature} by default", package.name)),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_package_inherits_the_lints_and_unsafe_is_forbidden() {
    for file in files().iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        if file.path == "Cargo.toml" {
            assert!(file.text.contains("unsafe_code = \"forbid\""), "the workspace forbids unsafe code");
        } else if file.path == "bindings/Cargo.toml" {
            // uniffi's macros write the unsafe code of the C side; tests/arch/tests/boundary.rs looks for ours.
            assert!(!file.text.contains("workspace = true\n\n[lints"), "{} has lints of its own", file.path);
        } else {
            assert!(file.text.contains("[lints]\nworkspace = true"), "{} inherits the lints", file.path);
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let all = files();
    let reasons = all.iter().find(|file| file.path == "spec/adr/0007-dependencies.md").map(|file| file.text.as_str());
    let reasons = reasons.unwrap_or_default();
    let mut wrong = BTreeSet::new();
    for package in packages() {
        let outside = package.dependencies.iter().filter(|d| !d.name.starts_with("rid-"));
        wrong.extend(outside.filter(|d| !reasons.contains(&format!("| `{}` |", d.name))).map(|d| d.name.clone()));
    }
    assert!(wrong.is_empty(), "not in spec/adr/0007-dependencies.md: {wrong:?}");
}
