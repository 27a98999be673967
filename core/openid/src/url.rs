//! https URLs whose host is a name, and form-encoded parameters.
use alloc::{format, string::String, vec::Vec};

/// Longest URL in bytes.
const MAX_URL: usize = 2048;
/// Most parameters of a form.
const MAX_PARAMETERS: usize = 64;

/// An absolute https URL, kept as received. Its host is a DNS name with a dot: addresses, `localhost` and names of
/// local networks are refused (neg-G06). A name can still lead to such an address, which only the HTTP client sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsUrl {
    text: String,
    host: String,
}

impl HttpsUrl {
    /// Parses a URL. `None` for everything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'`');
        if text.len() > MAX_URL || !text.bytes().all(is_plain) {
            return None;
        }
        let rest = text.strip_prefix("https://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let is_port = |port: &str| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0)
        };
        if !is_name(host) || !port.is_none_or(is_port) {
            return None;
        }
        Some(Self { text: text.into(), host: host.to_ascii_lowercase() })
    }

    /// The URL as received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// A DNS name with at least two labels that no resolver takes for an address.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        letters && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    // Resolvers read `127.1` and `0x7f.1` as addresses: a last label with a digit in front is never a public domain.
    let last = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_local = matches!(last.as_str(), "localhost" | "local" | "internal" | "lan" | "home");
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && !last.starts_with(|first: char| first.is_ascii_digit())
        && !is_local
        && !host.to_ascii_lowercase().ends_with(".home.arpa")
}

/// Reads `application/x-www-form-urlencoded`. `None` if it is malformed, or if a name occurs twice.
pub(crate) fn read_form(text: &str) -> Option<Vec<(String, String)>> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if parameters.len() >= MAX_PARAMETERS || parameters.iter().any(|(known, _)| *known == name) {
            return None;
        }
        parameters.push((name, value));
    }
    Some(parameters)
}

/// Writes `application/x-www-form-urlencoded`.
pub(crate) fn write_form(parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from((high << 4) | low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_url_safe(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The characters that OpenID4VP allows in `nonce` and `state`.
pub(crate) const fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
