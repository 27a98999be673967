//! The names and extensions of a certificate that the core does not read.
//!
//! This parser is lenient. The strict parser has accepted the certificate before, and what is not understood here is
//! omitted.

/// One DER element.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
}

/// One extension.
pub(crate) struct Extension<'a> {
    pub(crate) id: String,
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

pub(crate) const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const BOOLEAN: u8 = 0x01;
const OCTET_STRING: u8 = 0x04;
/// `[3]` of a TBSCertificate.
const EXTENSIONS: u8 = 0xa3;

/// The elements of a content, up to the first truncated one.
pub(crate) fn elements(mut rest: &[u8]) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    while let Some((element, after)) = split(rest) {
        found.push(element);
        rest = after;
    }
    found
}

/// The content of the first element: the TBSCertificate, if given the content of a certificate.
pub(crate) fn inside(der: &[u8]) -> &[u8] {
    split(der).map_or(&[], |(element, _)| element.content)
}

/// The extensions of a certificate.
pub(crate) fn extensions(certificate: &[u8]) -> Vec<Extension<'_>> {
    let fields = elements(inside(inside(certificate)));
    let list = fields.into_iter().find(|field| field.tag == EXTENSIONS).map_or(&[][..], |field| field.content);
    elements(inside(list)).iter().filter_map(extension).collect()
}

/// The signature algorithm of a certificate, dotted.
pub(crate) fn signature_algorithm(certificate: &[u8]) -> Option<String> {
    let algorithm = *elements(inside(certificate)).get(1)?;
    dotted_of(&elements(algorithm.content), 0)
}

/// The attributes of a distinguished name: dotted type and text.
pub(crate) fn attributes(name: &[u8]) -> Vec<(String, String)> {
    let sets = elements(inside(name));
    let pairs = sets.iter().flat_map(|set| elements(set.content));
    pairs
        .filter_map(|pair| {
            let parts = elements(pair.content);
            let value = parts.get(1)?;
            Some((dotted_of(&parts, 0)?, String::from_utf8_lossy(value.content).into_owned()))
        })
        .collect()
}

fn extension<'a>(element: &Element<'a>) -> Option<Extension<'a>> {
    let parts = elements(element.content);
    let critical = parts.iter().any(|part| part.tag == BOOLEAN && part.content == [0xff]);
    let value = parts.iter().find(|part| part.tag == OCTET_STRING)?.content;
    Some(Extension { id: dotted_of(&parts, 0)?, critical, value })
}

fn dotted_of(elements: &[Element<'_>], at: usize) -> Option<String> {
    elements.get(at).filter(|element| element.tag == OID).and_then(|element| dotted(element.content))
}

/// The first element and the bytes after it.
fn split(input: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&[tag, first], rest) = input.split_first_chunk::<2>()?;
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0_usize, |len, digit| (len << 8) | usize::from(*digit)), rest)
    };
    let (content, after) = rest.split_at_checked(len)?;
    Some((Element { tag, content }, after))
}

fn dotted(content: &[u8]) -> Option<String> {
    let mut arcs: Vec<u64> = Vec::new();
    for arc in content.split_inclusive(|byte| *byte < 0x80) {
        if arc.len() > 9 {
            return None;
        }
        arcs.push(arc.iter().fold(0, |value, byte| (value << 7) | u64::from(byte & 0x7f)));
    }
    let (first, rest) = arcs.split_first()?;
    let top = (first / 40).min(2);
    let start = [top, first - top * 40];
    let all: Vec<String> = start.iter().chain(rest).map(u64::to_string).collect();
    Some(all.join("."))
}
