//! Rust files without their comments and literals.
use crate::{File, Named, files, nonempty};

/// One Rust file, parsed as far as the tests need.
#[derive(Clone, Debug)]
pub struct Source {
    /// Relative to the root.
    pub path: String,
    /// The text of the file.
    pub text: String,
    /// The text without comments and without the content of string and character literals; same length and lines.
    pub code: String,
    /// The text without comments but with literals; same length and lines.
    pub spoken: String,
}

impl Named for Source {
    fn path(&self) -> &str {
        &self.path
    }
}

impl Source {
    /// Parses a file.
    #[must_use]
    pub fn new(path: String, text: String) -> Self {
        let (code, spoken) = blank(&text);
        Self { path, text, code, spoken }
    }

    /// The lines in which `needle` starts a word of the code, as `path:line needle`.
    #[must_use]
    pub fn places(&self, needle: &str) -> Vec<String> {
        let hits = self.code.lines().enumerate().filter(|(_, line)| begins(line, needle));
        hits.map(|(number, _)| format!("{}:{} {needle}", self.path, number + 1)).collect()
    }

    /// The first segments of imports from `krate`: `fs` and `sync` for `std::{fs, sync::Arc}`.
    #[must_use]
    pub fn taken_from(&self, krate: &str) -> Vec<String> {
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let mut found = Vec::new();
        for (at, path) in self.code.match_indices(&format!("{krate}::")) {
            let after = self.code.get(at + path.len()..).unwrap_or_default();
            let Some(group) = after.strip_prefix('{') else {
                found.push(word(after));
                continue;
            };
            let mut depth = 0_usize;
            let mut begins = true;
            for (at, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => begins = true,
                    c if begins && !c.is_whitespace() => {
                        found.push(word(group.get(at..).unwrap_or_default()));
                        begins = false;
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// The part before the test module at the end of the file.
    #[must_use]
    pub fn product(&self) -> Self {
        let mut at = self.code.len();
        for (start, _) in self.code.match_indices("#[cfg(test)]") {
            let rest = self.code.get(start + "#[cfg(test)]".len()..).unwrap_or_default().trim_start();
            if rest.starts_with("mod ") && rest.chars().find(|c| matches!(c, '{' | ';')) == Some('{') {
                at = at.min(start);
            }
        }
        let cut = |text: &str| text.get(..at).unwrap_or(text).to_owned();
        Self { path: self.path.clone(), text: cut(&self.text), code: cut(&self.code), spoken: cut(&self.spoken) }
    }

    /// The string literals inside the parentheses of every `call(`…`)`.
    #[must_use]
    pub fn literals_in(&self, call: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (start, _) in self.code.match_indices(&format!("{call}(")) {
            let open = start + call.len();
            let inside = self.code.get(open..).unwrap_or_default();
            let mut depth = 0_usize;
            let end = inside.char_indices().find_map(|(at, c)| {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                (depth == 0).then_some(at)
            });
            let spoken = self.spoken.get(open..open + end.unwrap_or(0)).unwrap_or_default();
            found.extend(spoken.split('"').skip(1).step_by(2).map(str::to_owned));
        }
        found
    }
}

fn begins(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Every Rust file of the repository; never empty.
#[must_use]
pub fn sources() -> Vec<Source> {
    let rust = files().into_iter().filter(|file| file.path.ends_with(".rs"));
    nonempty("Rust files", rust.map(|File { path, text }| Source::new(path, text)).collect())
}

/// Product code, never empty: `core/` without tests and without fakes, whose feature no product enables.
#[must_use]
pub fn product_sources() -> Vec<Source> {
    let tests = |path: &str| path.split('/').any(|part| matches!(part, "benches" | "fake" | "tests" | "tests.rs"));
    let product = sources().into_iter().filter(|source| source.path.starts_with("core/") && !tests(&source.path));
    nonempty("product code", product.map(|source| source.product()).collect())
}

/// Blanks comments (in both results) and the contents of literals (in the first), keeping lengths and lines.
fn blank(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let (mut code, mut spoken) = (bytes.to_vec(), bytes.to_vec());
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let wipe = |buffer: &mut [u8], from: usize, to: usize| {
        for byte in buffer.iter_mut().take(to).skip(from) {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let mut index = 0;
    while index < bytes.len() {
        let end = match at(index) {
            b'/' if at(index + 1) == b'/' => {
                let end = line_end(bytes, index);
                wipe(&mut code, index, end);
                wipe(&mut spoken, index, end);
                end
            }
            b'/' if at(index + 1) == b'*' => {
                let end = comment_end(bytes, index);
                wipe(&mut code, index, end);
                wipe(&mut spoken, index, end);
                end
            }
            b'r' if matches!(at(index + 1), b'"' | b'#') && !part(at(index.wrapping_sub(1))) => match raw(bytes, index)
            {
                Some((from, to, end)) => {
                    wipe(&mut code, from, to);
                    end
                }
                None => index + 1,
            },
            b'"' => {
                let end = string_end(bytes, index);
                wipe(&mut code, index + 1, end.saturating_sub(1));
                end
            }
            b'\'' => match character_end(bytes, index) {
                Some(end) => {
                    // Quotation marks in character literals would count as strings later.
                    wipe(&mut code, index + 1, end - 1);
                    wipe(&mut spoken, index + 1, end - 1);
                    end
                }
                None => index + 1,
            },
            _ => index + 1,
        };
        index = end;
    }
    (String::from_utf8_lossy(&code).into_owned(), String::from_utf8_lossy(&spoken).into_owned())
}

fn part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).position(|byte| *byte == b'\n').map_or(bytes.len(), |length| from + length)
}

fn comment_end(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut index) = (0_usize, from);
    while index < bytes.len() {
        match (bytes.get(index), bytes.get(index + 1)) {
            (Some(b'/'), Some(b'*')) => {
                depth += 1;
                index += 2;
            }
            (Some(b'*'), Some(b'/')) => {
                depth -= 1;
                index += 2;
            }
            _ => index += 1,
        }
        if depth == 0 {
            return index;
        }
    }
    bytes.len()
}

/// The position after the closing quotation mark of the string that starts at `from`.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut index = from + 1;
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'\\' => index += 2,
            b'"' => return index + 1,
            _ => index += 1,
        }
    }
    bytes.len()
}

/// The content and end of a raw string at `from`. `None` for a raw identifier.
fn raw(bytes: &[u8], from: usize) -> Option<(usize, usize, usize)> {
    let hashes = bytes.iter().skip(from + 1).take_while(|byte| **byte == b'#').count();
    let start = from + 1 + hashes;
    (bytes.get(start) == Some(&b'"')).then_some(())?;
    let closing: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let length = bytes.get(start + 1..)?.windows(closing.len()).position(|window| window == closing)?;
    Some((start + 1, start + 1 + length, start + 1 + length + closing.len()))
}

/// The position after a character literal. `None` for a lifetime.
fn character_end(bytes: &[u8], from: usize) -> Option<usize> {
    if bytes.get(from + 1) == Some(&b'\\') {
        let length = bytes.get(from + 3..)?.iter().position(|byte| *byte == b'\'')?;
        return Some(from + 3 + length + 1);
    }
    // One character of up to four bytes.
    (2..=5).map(|length| from + length).find(|end| bytes.get(*end) == Some(&b'\'')).map(|end| end + 1).filter(|end| {
        std::str::from_utf8(bytes.get(from + 1..end - 1).unwrap_or_default())
            .is_ok_and(|text| text.chars().count() == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("x.rs".into(), text.into())
    }

    #[test]
    fn comments_and_literals_are_blanked() {
        let taken = source(
            "let a = \"std::fs\"; // std::fs\n/* std::fs /* */ */ let c = 'x'; let d: &'a str = r#\"std::fs\"#;",
        );
        assert!(!taken.code.contains("std::fs"));
        assert!(taken.code.contains("let d: &'a str"));
        assert_eq!(taken.code.len(), taken.text.len());
    }

    #[test]
    fn literals_of_calls_are_found() {
        let taken =
            source("Code::new(match x { A => \"one\", B => f(\"two\") }); g(\"three\"); Code::new(')', \"four\")");
        assert_eq!(taken.literals_in("Code::new"), ["one", "two", "four"]);
    }

    #[test]
    fn test_module_is_cut_off_the_product() {
        let taken =
            source("#[cfg(test)]\nextern crate std;\nfn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }").product();
        assert!(taken.code.contains("fn a") && !taken.code.contains("fn b"));
        assert!(source("#[cfg(test)]\nmod tests;\nfn a() {}").product().code.contains("fn a"));
    }

    #[test]
    fn needles_begin_words() {
        assert_eq!(source("fn a() {}\nuse ring::x;").places("ring::"), ["x.rs:2 ring::"]);
        assert!(source("String::new()").places("ring::").is_empty());
    }

    #[test]
    fn groups_of_imports_are_opened() {
        let taken = source("use std::{fs, sync::{Arc, Mutex}, net::TcpStream}; fn f(x: std::env::Args) {}");
        assert_eq!(taken.taken_from("std"), ["fs", "sync", "net", "env"]);
    }
}
