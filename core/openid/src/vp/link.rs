//! The link or QR code that invokes a wallet (OpenID4VP 1.0, 5 and 9; std-M20).
use alloc::string::String;
#[cfg(feature = "test")]
use alloc::vec::Vec;

use rid_wire::json::Value;

use super::VpError;
use crate::url::{HttpsUrl, read_form, write_form};

/// Longest link in bytes.
const MAX_LINK: usize = 65_536;

/// A parsed link. Nothing of it is authenticated: only the signed request object counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The client identifier, which must be that of the request object.
    pub client_id: String,
    /// The place of the request object.
    pub source: Source,
}

/// The place of the request object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// To be fetched once, without following redirects.
    Reference {
        /// The address.
        uri: HttpsUrl,
        /// The method.
        method: Method,
    },
    /// In the link.
    Value(String),
    /// Unsigned parameters in the link.
    #[cfg(feature = "test")]
    Parameters(Vec<(String, String)>),
}

/// The HTTP method for a request object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST with the wallet's metadata and nonce.
    Post,
}

impl Invocation {
    /// Parses a link: `openid4vp:`, `haip-vp:`, or an https link that the wallet claims.
    ///
    /// # Errors
    /// [`VpError`].
    pub fn parse(text: &str) -> Result<Self, VpError> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        if text.len() > MAX_LINK || !matches!(scheme.as_deref(), Some("openid4vp" | "haip-vp" | "https")) {
            return Err(VpError::Link);
        }
        let (_, query) = text.split_once('?').ok_or(VpError::Link)?;
        let query = query.split('#').next().unwrap_or_default();
        let parameters = read_form(query).ok_or(VpError::Link)?;
        let find = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let client_id = find("client_id").filter(|id| !id.is_empty()).ok_or(VpError::ClientId)?;
        let source = match (find("request_uri"), find("request"), find("request_uri_method")) {
            (Some(uri), None, method) => Source::Reference {
                method: match method {
                    None | Some("get") => Method::Get,
                    Some("post") => Method::Post,
                    Some(_) => return Err(VpError::RequestUriMethod),
                },
                uri: HttpsUrl::parse(uri).ok_or(VpError::RequestUri)?,
            },
            (None, Some(request), None) => Source::Value(request.into()),
            (None, None, None) => unsigned(&parameters)?,
            _ => return Err(VpError::Link),
        };
        Ok(Self { client_id: client_id.into(), source })
    }
}

/// The body of the POST that fetches a request object: what the wallet takes, and its nonce.
#[must_use]
pub fn fetch_form(wallet_nonce: &str) -> String {
    let texts = |all: &[&str]| Value::Array(all.iter().map(|text| Value::String((*text).into())).collect());
    let algorithms = texts(&["ES256", "ES384", "ES512"]);
    let sd_jwt = [("sd-jwt_alg_values", algorithms.clone()), ("kb-jwt_alg_values", texts(&["ES256"]))];
    let object = |members: &[(&str, Value)]| {
        Value::Object(members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
    };
    let metadata = object(&[
        ("vp_formats_supported", object(&[("dc+sd-jwt", object(&sd_jwt)), ("mso_mdoc", object(&[]))])),
        ("client_id_prefixes_supported", texts(&["x509_hash", "x509_san_dns"])),
        ("request_object_signing_alg_values_supported", algorithms),
        ("response_types_supported", texts(&["vp_token"])),
        ("response_modes_supported", texts(&["direct_post.jwt", "direct_post"])),
    ]);
    write_form(&[("wallet_metadata", &metadata.to_text()), ("wallet_nonce", wallet_nonce)])
}

#[cfg(feature = "test")]
fn unsigned(parameters: &[(String, String)]) -> Result<Source, VpError> {
    Ok(Source::Parameters(parameters.to_vec()))
}

#[cfg(not(feature = "test"))]
fn unsigned(_: &[(String, String)]) -> Result<Source, VpError> {
    Err(VpError::Unsigned)
}
