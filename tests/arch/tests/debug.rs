//! `Debug` prints no claim, key or token.
use rid_arch::{Source, product_sources, sources};

/// Types whose `Debug` prints bytes, and which bytes these are.
const OPEN: &[(&str, &str)] = &[
    ("ConsentAnswer", "a hash"),
    ("DeviceRequestInfo", "what a reader asks"),
    ("DocRequest", "what a reader asks"),
    ("DocRequestToSend", "what a reader asks"),
    ("ExportVerdict", "a number of rows"),
    ("Found", "a sealed envelope"),
    ("Health", "numbers of tables"),
    ("Key", "a public key"),
    ("KeyInfo", "a public key"),
    ("KeySpec", "the challenge of an attestation"),
    ("IssuerRoot", "a certificate"),
    ("Jwk", "a public key"),
    ("Kind", "ages of the profile"),
    ("PresentationStep", "encrypted messages"),
    ("ReaderOptions", "certificates"),
    ("ReadingStep", "encrypted messages"),
    ("Recipe", "a certificate"),
    ("ConsentRequest", "a hash"),
    ("RetrievalMethod", "how a wallet is reached"),
    ("SessionData", "an encrypted message"),
    ("TranscriptParts", "session keys, public halves"),
    ("WalletOptions", "certificates"),
];

/// Types whose derived `Debug` prints a byte string. Types that can hold content use `rid_wire::closed_debug` instead.
fn printing_bytes(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices("#[derive(") {
        let Some(item) = source.code.get(at..) else { continue };
        let Some((derives, rest)) = item.split_once(")]") else { continue };
        if !derives.contains("Debug") {
            continue;
        }
        let words = rest.split_whitespace().skip_while(|word| !matches!(*word, "struct" | "enum"));
        let name = words.skip(1).take(1).flat_map(str::chars).take_while(|c| c.is_alphanumeric() || *c == '_');
        if fields(rest).is_some_and(|fields| ["Vec<u8>", "[u8]"].iter().any(|bytes| fields.contains(bytes))) {
            found.push(name.collect());
        }
    }
    found
}

/// The fields of the item that starts here, up to its closing brace or semicolon.
fn fields(item: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return item.get(..at),
            '}' => depth -= 1,
            ';' if depth == 0 => return item.get(..at),
            _ => {}
        }
    }
    None
}

#[test]
fn neg_n06_debug_prints_no_bytes() {
    let boundary = sources().into_iter().filter(|source| source.path.starts_with("bindings/src/"));
    let mut found = Vec::new();
    for source in product_sources().into_iter().chain(boundary) {
        let names = printing_bytes(&source).into_iter().filter(|name| !OPEN.iter().any(|(open, _)| open == name));
        found.extend(names.map(|name| format!("{}: {name}", source.path)));
    }
    assert_eq!(found, Vec::<String>::new(), "close their Debug, or say here which bytes they print");
}

#[test]
fn derived_debug_over_bytes_is_found() {
    let found = |text: &str| printing_bytes(&Source::new("x.rs".into(), text.into()));
    assert_eq!(found("#[derive(Clone, Debug)]\npub struct A<'a> { x: u8, b: Vec<u8> }"), ["A"]);
    assert_eq!(found("#[derive(Debug)] #[x] enum B { One(&'static [u8]), }\nstruct C { b: Vec<u8> }"), ["B"]);
    assert!(found("#[derive(Clone)] struct A { b: Vec<u8> }\n#[derive(Debug)] struct B(u8);").is_empty());
}
