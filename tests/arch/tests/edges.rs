//! Dependencies between packages (ARCHITECTURE.md).
//!
//! Every rule also shows that its search finds something: the packages with an exception, or a planted offender.
#![allow(clippy::panic, reason = "a test that cannot go on says so by failing")]

use std::collections::{BTreeMap, BTreeSet};

use rid_arch::{Dependency, DependencyKind, Package, files, nonempty, packages, page, product_sources};

/// The only edges between rooms. `cli` and `tests/*` may name every room.
const EDGES: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("crypto", &["wire"]),
    ("claims", &["wire"]),
    ("profile", &["wire", "claims", "trust"]),
    ("trust", &["wire", "crypto"]),
    ("flow", &["wire", "crypto", "claims", "trust"]),
    ("mdoc", &["wire", "crypto", "trust"]),
    ("sdjwt", &["wire", "crypto", "claims", "trust"]),
    ("openid", &["wire", "crypto", "claims", "trust"]),
    ("vault", &["wire", "crypto", "claims", "trust", "flow"]),
    ("shell", &["wire", "crypto", "flow"]),
    ("holder", &["wire", "crypto", "claims", "profile", "trust", "mdoc", "sdjwt", "openid", "flow"]),
    ("verifier", &["wire", "crypto", "claims", "profile", "trust", "mdoc", "sdjwt", "openid", "flow"]),
    ("issuer", &["wire", "crypto", "claims", "profile", "trust", "mdoc", "sdjwt", "flow"]),
    ("wallet", &["wire", "crypto", "claims", "profile", "trust", "flow", "holder", "vault"]),
    ("reader", &["wire", "crypto", "claims", "profile", "trust", "flow", "verifier"]),
];

/// The rooms that the boundary may name: the facades, the shell, and the rooms whose value types occur in views.
const BOUNDARY: &[&str] = &["wire", "claims", "profile", "trust", "flow", "shell", "wallet", "reader"];

/// Cryptographic libraries, which only `crypto` may name.
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

/// Crates for the outside world, which only `shell` and `cli` may name.
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

/// The packages of the rooms, which must be exactly those of `EDGES`.
fn core() -> Vec<Package> {
    let core: Vec<Package> = packages().into_iter().filter(|package| package.room().is_some()).collect();
    let planned: BTreeSet<String> = EDGES.iter().map(|(name, _)| *name).chain(["cli"]).map(str::to_owned).collect();
    assert_eq!(
        core.iter().map(room).collect::<BTreeSet<String>>(),
        planned,
        "the rooms of the workspace and of the plan"
    );
    core
}

fn room(package: &Package) -> String {
    package.room().unwrap_or_default().to_owned()
}

/// A room with one dependency, to show that a rule finds it.
fn planted(room: &str, name: &str, kind: DependencyKind, features: &[&str]) -> Package {
    let features: Vec<String> = features.iter().map(|feature| (*feature).to_owned()).collect();
    Package {
        name: format!("rid-{room}"),
        folder: format!("core/{room}"),
        default_features: features.clone(),
        dependencies: vec![Dependency { name: name.to_owned(), kind, features }],
    }
}

/// `holder names tokio` for every normal dependency of a room that is in `list`.
fn namers(list: &[&str]) -> Vec<String> {
    let named = core().into_iter().flat_map(|package| {
        let names: Vec<String> = package.normal().filter(|name| list.contains(name)).map(str::to_owned).collect();
        names.into_iter().map(move |name| format!("{} names {name}", room(&package)))
    });
    named.collect()
}

/// Checks that exactly these rooms name packages of `list`.
#[track_caller]
fn only(rooms: &[&str], list: &[&str]) {
    let found = namers(list);
    let named: BTreeSet<&str> = found.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(named, rooms.iter().copied().collect(), "{found:?}");
}

/// The rooms that a room reaches over normal dependencies; at least one.
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
        let neighbours = direct.get(&next).unwrap_or_else(|| panic!("{next} is no room"));
        for neighbour in neighbours {
            if seen.insert(neighbour.clone()) {
                open.push(neighbour.clone());
            }
        }
    }
    assert!(seen.contains("wire"), "{from} reaches {seen:?}");
    seen
}

/// Edges between rooms that `EDGES` does not have.
fn edges_beyond_the_plan(rooms: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in rooms.iter().filter(|package| package.room() != Some("cli")) {
        let room = room(package);
        let allowed = EDGES.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed).unwrap_or_default();
        let ours = package.normal().filter_map(|name| name.strip_prefix("rid-"));
        wrong.extend(ours.filter(|name| !allowed.contains(name)).map(|name| format!("{room} names {name}")));
    }
    wrong
}

#[test]
fn rooms_name_only_rooms_of_the_plan() {
    assert_eq!(edges_beyond_the_plan(&core()), Vec::<String>::new());
    let planted = planted("mdoc", "rid-holder", DependencyKind::Normal, &[]);
    assert_eq!(edges_beyond_the_plan(&[planted]), ["mdoc names holder"]);
}

#[test]
fn the_boundary_names_facades_only() {
    let all = packages();
    let bindings = all.iter().find(|package| package.folder == "bindings").expect("the boundary");
    let ours: BTreeSet<&str> = bindings.normal().filter_map(|name| name.strip_prefix("rid-")).collect();
    assert_eq!(ours, BOUNDARY.iter().copied().collect());
    let foreign: BTreeSet<&str> = bindings.normal().filter(|name| !name.starts_with("rid-")).collect();
    assert_eq!(foreign, BTreeSet::from(["async-trait", "thiserror", "uniffi"]));
}

#[test]
fn the_reader_reaches_neither_holder_nor_vault() {
    let reached = reached("reader");
    assert!(reached.contains("verifier"), "reader reaches {reached:?}");
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
        assert!(reached.contains("mdoc"), "{from} reaches {reached:?}");
        for other in ["holder", "verifier", "issuer", "vault", "wallet", "shell", "cli"] {
            assert!(!reached.contains(other), "{from} reaches {other}");
        }
    }
}

#[test]
fn the_wallet_reaches_neither_verifier_nor_issuer_nor_shell() {
    let reached = reached("wallet");
    assert!(reached.contains("holder") && reached.contains("vault"), "wallet reaches {reached:?}");
    for other in ["verifier", "issuer", "shell"] {
        assert!(!reached.contains(other), "wallet reaches {other}");
    }
}

/// Rooms with a build dependency.
fn builders(rooms: &[Package]) -> Vec<String> {
    let build = |package: &Package| package.dependencies.iter().any(|d| d.kind == DependencyKind::Build);
    rooms.iter().filter(|package| build(package)).map(room).collect()
}

#[test]
fn no_room_has_a_dependency_only_to_build() {
    assert_eq!(builders(&core()), Vec::<String>::new());
    assert_eq!(builders(&[planted("wire", "cc", DependencyKind::Build, &[])]), ["wire"]);
}

#[test]
fn only_crypto_names_cryptography() {
    only(&["crypto"], CRYPTOGRAPHY);
}

#[test]
fn only_shell_names_the_outside_world() {
    only(&["shell"], OUTSIDE);
}

#[test]
fn sqlite_is_only_in_shell() {
    only(&["shell"], &["rusqlite", "sqlx", "libsqlite3-sys"]);
}

#[test]
fn only_the_boundary_and_its_generator_name_uniffi() {
    let bridges = ["uniffi", "uniffi_build", "uniffi_bindgen", "jni", "flutter_rust_bridge"];
    let names = |package: &Package| package.dependencies.iter().any(|d| bridges.contains(&d.name.as_str()));
    let found: BTreeSet<String> =
        packages().iter().filter(|package| names(package)).map(|p| p.folder.clone()).collect();
    assert_eq!(found, BTreeSet::from(["bindings", "bindings/bindgen"].map(str::to_owned)));
}

#[test]
fn only_the_command_line_names_foreign_errors_times_or_containers() {
    // ciborium and coset judge our readers in tests; serde_json prints for machines on the command line.
    only(&["cli"], &["anyhow", "chrono", "ciborium", "coset", "eyre", "serde", "serde_cbor", "serde_json", "time"]);
}

/// Packages outside `tests/` that use the test kit in their product.
fn built_on_the_kit(packages: &[Package]) -> Vec<String> {
    let product = packages.iter().filter(|package| !package.folder.starts_with("tests/"));
    let kit =
        |package: &&Package| package.dependencies.iter().any(|d| d.name == "rid-kit" && d.kind != DependencyKind::Dev);
    product.filter(kit).map(|package| package.name.clone()).collect()
}

#[test]
fn only_tests_name_the_test_kit() {
    let all = packages();
    assert_eq!(built_on_the_kit(&all), Vec::<String>::new());
    let tests = all.iter().filter(|p| p.dependencies.iter().any(|d| d.name == "rid-kit")).collect();
    let _ = nonempty("packages whose tests use the kit", tests);
    let offender = |kind| built_on_the_kit(&[planted("wallet", "rid-kit", kind, &[])]);
    assert_eq!(offender(DependencyKind::Normal), ["rid-wallet"]);
    assert_eq!(offender(DependencyKind::Build), ["rid-wallet"]);
    assert_eq!(offender(DependencyKind::Dev), Vec::<String>::new());
}

/// Features for tests that a room enables outside its own tests. The command line is the tool of integrators: it makes
/// test certificates and keeps the keys of captures.
fn enabled_test_features(rooms: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in rooms {
        let tool = |feature: &str| package.room() == Some("cli") && feature == "dangerous";
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Dev) {
            let features = dependency.features.iter().filter(|feature| denied(feature) && !tool(feature));
            wrong.extend(features.map(|feature| format!("{} enables {feature} of {}", package.name, dependency.name)));
        }
        let defaults = package.default_features.iter().filter(|feature| denied(feature));
        wrong.extend(defaults.map(|feature| format!("{} has {feature} by default", package.name)));
    }
    wrong
}

/// A feature that no product has.
fn denied(feature: &String) -> bool {
    feature == "fake" || feature == "test" || feature.starts_with("dangerous")
}

/// Rooms that enable issuing. A dependency on it would put it into an app.
fn issuing(rooms: &[Package]) -> Vec<String> {
    let issues = |package: &Package| {
        let mut normal = package.dependencies.iter().filter(|d| d.kind != DependencyKind::Dev);
        let by_default = package.default_features.iter().any(|feature| feature == "issue");
        by_default || normal.any(|d| d.features.iter().any(|feature| feature == "issue"))
    };
    rooms.iter().filter(|package| issues(package)).map(room).collect()
}

#[test]
fn only_the_issuer_and_the_command_line_issue() {
    let wrong: Vec<String> = issuing(&core()).into_iter().filter(|room| room != "cli" && room != "issuer").collect();
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(issuing(&[planted("wallet", "rid-sdjwt", DependencyKind::Normal, &["issue"])]), ["wallet"]);
}

/// Functions that bypass a check or a counter need the feature `dangerous`, which no package for phones enables.
#[test]
fn neg_n07_dangerous_functions_are_in_no_product() {
    let bindings = packages().into_iter().find(|package| package.folder == "bindings").expect("the boundary");
    assert!(!bindings.dependencies.is_empty());
    assert!(bindings.dependencies.iter().all(|d| d.kind == DependencyKind::Dev || !d.features.iter().any(denied)));
    assert!(!bindings.default_features.iter().any(denied));
    let mut found = 0;
    for source in product_sources().into_iter().filter(|source| !source.path.starts_with("core/cli/")) {
        for (at, _) in source.code.match_indices("fn dangerous_").chain(source.code.match_indices("pub mod dangerous"))
        {
            let before = source.text.get(..at).unwrap_or_default();
            let gate = before.rfind("#[cfg(feature = \"dangerous").map(|gate| before.get(gate..).unwrap_or_default());
            // Only attributes and the declaration are between the gate and the name.
            let gated = gate.is_some_and(|between| !between.contains([';', '}']) && !between.contains("\n\n"));
            assert!(gated, "{}: {}", source.path, before.lines().count());
            found += 1;
        }
    }
    assert!(found >= 6, "{found} were looked at");
}

#[test]
fn features_for_tests_are_enabled_only_in_tests() {
    assert_eq!(enabled_test_features(&core()), Vec::<String>::new());
    for feature in ["fake", "test", "dangerous", "dangerous-seeded-rng"] {
        let product = planted("wallet", "rid-flow", DependencyKind::Normal, &[feature]);
        let expected =
            [format!("rid-wallet enables {feature} of rid-flow"), format!("rid-wallet has {feature} by default")];
        assert_eq!(enabled_test_features(&[product]), expected);
    }
    let tests =
        Package { default_features: Vec::new(), ..planted("wallet", "rid-flow", DependencyKind::Dev, &["fake"]) };
    assert_eq!(enabled_test_features(&[tests]), Vec::<String>::new());
}

#[test]
fn every_package_inherits_the_lints_and_unsafe_is_forbidden() {
    assert!(page("Cargo.toml").contains("unsafe_code = \"forbid\""), "the workspace forbids unsafe code");
    let manifests = files().into_iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    for file in nonempty("manifests of packages", manifests.collect()) {
        if file.path == "bindings/Cargo.toml" {
            // uniffi's macros write the unsafe code of the C side; tests/arch/tests/boundary.rs looks for ours.
            assert!(
                file.text.contains("[lints.clippy]\nall = { level = \"deny\""),
                "{} has lints of its own",
                file.path
            );
        } else {
            assert!(file.text.contains("[lints]\nworkspace = true"), "{} inherits the lints", file.path);
        }
    }
}

/// External dependencies without a row in ADR 7.
fn without_reason(packages: &[Package], reasons: &str) -> BTreeSet<String> {
    let outside = packages.iter().flat_map(|package| &package.dependencies).filter(|d| !d.name.starts_with("rid-"));
    outside.filter(|d| !reasons.contains(&format!("| `{}` |", d.name))).map(|d| d.name.clone()).collect()
}

#[test]
fn every_dependency_has_its_reason() {
    let reasons = page("spec/adr/0007-dependencies.md");
    let wrong = without_reason(&packages(), &reasons);
    assert!(wrong.is_empty(), "not in spec/adr/0007-dependencies.md: {wrong:?}");
    let planted = planted("wire", "left-pad", DependencyKind::Normal, &[]);
    assert_eq!(without_reason(&[planted], &reasons), BTreeSet::from(["left-pad".to_owned()]));
}
