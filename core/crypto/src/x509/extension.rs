//! Extensions of a certificate (RFC 5280, 4.2).
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Name, X509Error,
    der::{self, Der, DerError},
    oid,
};

/// Key usage bits (RFC 5280, 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// The bit digitalSignature.
    pub digital_signature: bool,
    /// The bit keyCertSign.
    pub key_cert_sign: bool,
    /// The bit cRLSign.
    pub crl_sign: bool,
    /// Whether any other bit is set.
    pub other: bool,
}

/// Extended key usages, as object identifiers in dotted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    /// The purposes in the extension.
    pub purposes: Vec<String>,
    /// Whether the extension is critical.
    pub critical: bool,
}

/// The extensions this project reads (RFC 5280, 4.2).
#[derive(Clone, Default)]
pub(super) struct Extensions {
    pub(super) ca: bool,
    pub(super) path_len: Option<u32>,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) extended_key_usage: Option<ExtendedKeyUsage>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    pub(super) name_constraints: NameConstraints,
    pub(super) crl_uri: Option<String>,
    pub(super) crl_points: bool,
    pub(super) issuer_alt_name: bool,
    pub(super) subject_alt_name: bool,
    /// URIs and DNS names of the subject alternative name.
    pub(super) alternative_uris: Vec<String>,
    pub(super) alternative_hosts: Vec<String>,
    /// Whether an extension that is only a hint was malformed. Such an extension counts as absent.
    pub(super) malformed_hint: bool,
}

/// Name constraints (RFC 5280, 4.2.1.10): subtrees of directory names. Of other forms only their presence is recorded.
#[derive(Clone, Default)]
pub(super) struct NameConstraints {
    permitted: Vec<Name>,
    excluded: Vec<Name>,
    other_forms: bool,
}

impl Extensions {
    /// Reads the extensions. Duplicates and unknown critical extensions are refused.
    pub(super) fn read(content: &[u8]) -> Result<Self, X509Error> {
        let mut list = Der::only(content, der::SEQUENCE)?;
        if list.is_empty() {
            return Err(X509Error::Form);
        }
        let mut extensions = Self::default();
        let mut seen: Vec<&[u8]> = Vec::new();
        while !list.is_empty() {
            let mut extension = list.sequence()?;
            let id = extension.expect(der::OID)?;
            let critical = extension.flag()?;
            let value = extension.expect(der::OCTET_STRING)?;
            extension.finish()?;
            if seen.contains(&id) || seen.len() >= MAX_EXTENSIONS {
                return Err(X509Error::Form);
            }
            seen.push(id);
            extensions.take(id, critical, value)?;
        }
        Ok(extensions)
    }

    fn take(&mut self, id: &[u8], critical: bool, value: &[u8]) -> Result<(), X509Error> {
        match id {
            oid::BASIC_CONSTRAINTS => (self.ca, self.path_len) = basic_constraints(value)?,
            oid::KEY_USAGE => self.key_usage = Some(key_usage(value)?),
            oid::EXTENDED_KEY_USAGE => {
                self.extended_key_usage = Some(ExtendedKeyUsage { purposes: purposes(value)?, critical });
            }
            oid::NAME_CONSTRAINTS => self.name_constraints = NameConstraints::read(value)?,
            oid::SUBJECT_KEY_ID
            | oid::AUTHORITY_KEY_ID
            | oid::CRL_DISTRIBUTION_POINTS
            | oid::ISSUER_ALT_NAME
            | oid::SUBJECT_ALT_NAME
            | oid::CERTIFICATE_POLICIES => {
                // A name constraint can forbid an alternative name even if it is unreadable.
                self.subject_alt_name |= id == oid::SUBJECT_ALT_NAME;
                match self.take_hint(id, value) {
                    Err(_) if !critical => self.malformed_hint = true,
                    taken => taken?,
                }
            }
            _ if critical => return Err(X509Error::Form),
            _ => {}
        }
        Ok(())
    }

    /// Extensions that no path decision depends on.
    fn take_hint(&mut self, id: &[u8], value: &[u8]) -> Result<(), DerError> {
        match id {
            oid::SUBJECT_KEY_ID => {
                let mut outer = Der::new(value);
                let key_id = outer.expect(der::OCTET_STRING)?.to_vec();
                outer.finish()?;
                self.subject_key_id = Some(key_id);
            }
            oid::AUTHORITY_KEY_ID => {
                self.authority_key_id = Der::only(value, der::SEQUENCE)?.optional(CONTEXT_0)?.map(<[u8]>::to_vec);
            }
            oid::CRL_DISTRIBUTION_POINTS => {
                self.crl_uri = first_uri(value)?;
                self.crl_points = true;
            }
            oid::ISSUER_ALT_NAME => {
                not_empty(value)?;
                self.issuer_alt_name = true;
            }
            oid::SUBJECT_ALT_NAME => {
                (self.alternative_uris, self.alternative_hosts) = alternative_names(value)?;
            }
            _ => not_empty(value)?,
        }
        Ok(())
    }
}

/// Checks that names and policies, which are not interpreted here, are a sequence of at least one element.
fn not_empty(value: &[u8]) -> Result<(), DerError> {
    let mut entries = Der::only(value, der::SEQUENCE)?;
    entries.any()?;
    while !entries.is_empty() {
        entries.any()?;
    }
    Ok(())
}

impl NameConstraints {
    fn read(value: &[u8]) -> Result<Self, X509Error> {
        let mut fields = Der::only(value, der::SEQUENCE)?;
        let mut constraints = Self::default();
        for (tag, list) in
            [(CONTEXT_0_CONSTRUCTED, &mut constraints.permitted), (CONTEXT_1_CONSTRUCTED, &mut constraints.excluded)]
        {
            let mut subtrees = Der::new(fields.optional(tag)?.unwrap_or_default());
            while !subtrees.is_empty() {
                let mut subtree = subtrees.sequence()?;
                let base = subtree.any()?;
                // RFC 5280 allows no minimum other than 0 and no maximum.
                subtree.finish()?;
                match base.tag {
                    DIRECTORY_NAME => list.push(Name::read(Der::new(base.content).any()?)?),
                    _ => constraints.other_forms = true,
                }
            }
        }
        fields.finish()?;
        Ok(constraints)
    }

    /// Whether a certificate below may have this subject. Constraints on other forms than directory names are not
    /// evaluated: under them a certificate may have no alternative name.
    pub(super) fn allow(&self, subject: &Name, subject_alt_name: bool) -> bool {
        let within = |bases: &[Name]| bases.iter().any(|base| subject.is_within(base));
        (self.permitted.is_empty() || within(&self.permitted))
            && !within(&self.excluded)
            && !(self.other_forms && subject_alt_name)
    }
}

/// The most extensions in a certificate. Document signers, readers and their roots have fewer.
const MAX_EXTENSIONS: usize = 32;

/// Tags: `[0]`, primitive and constructed; `[1]`; of general names `[2]`, a DNS name, `[4]`, a directory name, and
/// `[6]`, a URI.
const CONTEXT_0: u8 = 0x80;
const CONTEXT_0_CONSTRUCTED: u8 = 0xa0;
const CONTEXT_1_CONSTRUCTED: u8 = 0xa1;
const DNS: u8 = 0x82;
const DIRECTORY_NAME: u8 = 0xa4;
const URI: u8 = 0x86;

/// A path length without cA is refused (4.2.1.9).
fn basic_constraints(value: &[u8]) -> Result<(bool, Option<u32>), DerError> {
    let mut fields = Der::only(value, der::SEQUENCE)?;
    let ca = fields.flag()?;
    if fields.is_empty() {
        return Ok((ca, None));
    }
    let path_len = fields.unsigned()?;
    fields.finish()?;
    if !ca || path_len.len() > 4 {
        return Err(DerError);
    }
    Ok((ca, Some(path_len.iter().fold(0, |len, byte| (len << 8) | u32::from(*byte)))))
}

/// A named bit list has at least one bit set and none in the padding.
fn key_usage(value: &[u8]) -> Result<KeyUsage, DerError> {
    let mut outer = Der::new(value);
    let content = outer.expect(der::BIT_STRING)?;
    outer.finish()?;
    let (first, second, unused) = match content {
        [unused @ 0..=7, first] if *first != 0 => (*first, 0, *first & filling(*unused)),
        [unused @ 0..=7, first, second] if first | second != 0 => (*first, *second, *second & filling(*unused)),
        _ => return Err(DerError),
    };
    if unused != 0 {
        return Err(DerError);
    }
    Ok(KeyUsage {
        digital_signature: first & 0x80 != 0,
        key_cert_sign: first & 0x04 != 0,
        crl_sign: first & 0x02 != 0,
        other: first & 0x79 != 0 || second != 0,
    })
}

/// A mask of the lowest `unused` bits.
fn filling(unused: u8) -> u8 {
    !0xff_u8.wrapping_shl(u32::from(unused))
}

fn purposes(value: &[u8]) -> Result<Vec<String>, DerError> {
    let mut list = Der::only(value, der::SEQUENCE)?;
    let mut purposes = Vec::new();
    while !list.is_empty() {
        purposes.push(oid::dotted(list.expect(der::OID)?)?);
    }
    if purposes.is_empty() { Err(DerError) } else { Ok(purposes) }
}

/// The URIs and DNS names; names of another form are passed over.
fn alternative_names(value: &[u8]) -> Result<(Vec<String>, Vec<String>), DerError> {
    not_empty(value)?;
    let mut names = Der::only(value, der::SEQUENCE)?;
    let (mut uris, mut hosts) = (Vec::new(), Vec::new());
    while !names.is_empty() {
        let name = names.any()?;
        let text = core::str::from_utf8(name.content).ok().filter(|text| text.is_ascii()).map(ToString::to_string);
        match name.tag {
            URI => uris.extend(text),
            DNS => hosts.extend(text),
            _ => {}
        }
    }
    Ok((uris, hosts))
}

/// The first URI of the full names. Points with other names are skipped.
fn first_uri(value: &[u8]) -> Result<Option<String>, DerError> {
    let mut points = Der::only(value, der::SEQUENCE)?;
    while !points.is_empty() {
        let Some(name) = points.sequence()?.optional(CONTEXT_0_CONSTRUCTED)? else { continue };
        let Some(full) = Der::new(name).optional(CONTEXT_0_CONSTRUCTED)? else { continue };
        let mut names = Der::new(full);
        while !names.is_empty() {
            let name = names.any()?;
            if name.tag == URI && name.content.is_ascii() {
                return Ok(core::str::from_utf8(name.content).ok().map(ToString::to_string));
            }
        }
    }
    Ok(None)
}
