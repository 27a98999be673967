//! Recognises the format of a picture.
/// The format of a picture, read from its first bytes. A portrait must be JPEG or JPEG 2000 (18013-5, 7.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    /// JPEG (ISO/IEC 10918).
    Jpeg,
    /// JPEG 2000 (ISO/IEC 15444), as a file or codestream. Many platforms cannot display it.
    Jpeg2000,
    /// Another format.
    Other,
}

impl ImageFormat {
    /// Returns `jpeg`, `jpeg2000` or `other`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Jpeg2000 => "jpeg2000",
            Self::Other => "other",
        }
    }

    /// Recognises the format of these bytes. The rest of the picture may still be malformed.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
        const JP2_FILE: &[u8] = b"\0\0\0\x0cjP  \r\n\x87\n";
        const JP2_CODESTREAM: &[u8] = &[0xff, 0x4f, 0xff, 0x51];
        match bytes {
            jpeg if jpeg.starts_with(JPEG) => Self::Jpeg,
            jp2 if jp2.starts_with(JP2_FILE) || jp2.starts_with(JP2_CODESTREAM) => Self::Jpeg2000,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_is_read_from_the_first_bytes() {
        assert_eq!(ImageFormat::of(&[0xff, 0xd8, 0xff, 0xe0, 0]), ImageFormat::Jpeg);
        assert_eq!(ImageFormat::of(b"\0\0\0\x0cjP  \r\n\x87\n\0\0"), ImageFormat::Jpeg2000);
        assert_eq!(ImageFormat::of(&[0xff, 0x4f, 0xff, 0x51, 0]), ImageFormat::Jpeg2000);
        for other in [&b""[..], b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"] {
            assert_eq!(ImageFormat::of(other), ImageFormat::Other);
        }
    }
}
