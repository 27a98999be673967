//! QR codes: drawn in the terminal with half blocks, written to and read from PNG.
use std::{fs::File, io::BufReader, io::BufWriter, path::Path};

use qrcode::{Color, EcLevel, QrCode};
use rid_wire::Code;

use crate::failure::Failure;

/// Pixels of one module in a PNG.
const SCALE: usize = 8;
/// Quiet zone in modules (ISO/IEC 18004).
const QUIET: usize = 4;
/// The largest picture that is read, in pixels.
const MAX_PIXELS: u64 = 50_000_000;

/// A QR code as a square of dark and light modules, including the quiet zone.
pub(crate) struct Qr {
    width: usize,
    dark: Vec<bool>,
}

impl Qr {
    /// Encodes a text.
    pub(crate) fn new(text: &str) -> Result<Self, Failure> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L)
            .map_err(|_| Failure::core("QR code", Code::new("qr_too_long")))?;
        let (inner, width) = (code.width(), code.width() + 2 * QUIET);
        let colors = code.to_colors();
        let mut dark = vec![false; width * width];
        for (at, color) in colors.iter().enumerate() {
            let (x, y) = (at % inner + QUIET, at / inner + QUIET);
            if let Some(module) = dark.get_mut(y * width + x) {
                *module = *color == Color::Dark;
            }
        }
        Ok(Self { width, dark })
    }

    /// Renders for a terminal: two modules per character, inverted so that a dark terminal can be scanned.
    pub(crate) fn to_terminal(&self) -> String {
        let mut text = String::new();
        for y in (0..self.width).step_by(2) {
            text.push_str("  ");
            for x in 0..self.width {
                text.push(match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
                    (false, false) => '█',
                    (false, true) => '▀',
                    (true, false) => '▄',
                    (true, true) => ' ',
                });
            }
            text.push('\n');
        }
        text
    }

    /// Writes a PNG.
    pub(crate) fn write_png(&self, path: &Path) -> Result<(), Failure> {
        let side = self.width * SCALE;
        let mut pixels = Vec::with_capacity(side * side);
        for y in 0..side {
            pixels.extend((0..side).map(|x| if self.is_dark(x / SCALE, y / SCALE) { 0 } else { 255 }));
        }
        let fail = |_| Failure::core("PNG", Code::new("png_write"));
        let file = File::create(path).map_err(|error| Failure::file(path, error))?;
        let side = u32::try_from(side).map_err(|_| Failure::core("PNG", Code::new("png_write")))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().map_err(fail)?.write_image_data(&pixels).map_err(fail)
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && self.dark.get(y * self.width + x).copied().unwrap_or(false)
    }
}

/// Reads the QR code in a PNG, or a file that has the text itself.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let bytes = crate::input::file(path)?;
    if bytes.starts_with(b"\x89PNG") {
        return read_png(path);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.trim().into()),
        Err(_) => Err(Failure::usage(format!("{}: neither a PNG nor the text of a QR code", path.display()))),
    }
}

/// Refuses text that is no device engagement. `flag` names its source.
pub(crate) fn check_text(flag: &str, text: &str) -> Result<(), Failure> {
    if text.starts_with("mdoc:") {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{flag}: not the text of a wallet's QR code, which begins with `mdoc:`; `rid present` prints it and writes it to qr.txt"
    )))
}

fn read_png(path: &Path) -> Result<String, Failure> {
    let unreadable = || {
        Failure::usage(format!(
            "{}: no QR code was found in this picture; give the PNG that `rid present --handoff DIR` writes, or --qr-text",
            path.display()
        ))
    };
    let file = File::open(path).map_err(|error| Failure::file(path, error))?;
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_| unreadable())?;
    let (width, height) = (reader.info().width, reader.info().height);
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(unreadable());
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(unreadable)?];
    let frame = reader.next_frame(&mut pixels).map_err(|_| unreadable())?;
    let samples = frame.color_type.samples();
    let (width, height) = (width as usize, height as usize);
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        pixels.get((y * width + x) * samples).copied().unwrap_or(255)
    });
    picture.detect_grids().into_iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text).ok_or_else(unreadable)
}
