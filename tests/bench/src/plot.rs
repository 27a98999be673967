//! A line chart as SVG.
use std::{fmt::Write, fs, path::Path};

use crate::expect;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 48.0;
const TOP: f64 = 36.0;
const RIGHT: f64 = 96.0;
/// Distinguishable also by people who do not tell red from green.
const COLOURS: [&str; 3] = ["#0072b2", "#d55e00", "#009e73"];

pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A chart with linear axes from zero: what grows in proportion is a straight line.
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) series: Vec<Series>,
}

impl Plot {
    pub(crate) fn write(&self, path: &Path) {
        expect(fs::create_dir_all(path.parent().unwrap_or(path)), "folder");
        expect(fs::write(path, self.svg()), "plot");
    }

    fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let (most_x, step_x) = axis(points().map(|point| point.0).fold(0.0, f64::max));
        let (most_y, step_y) = axis(points().map(|point| point.1).fold(0.0, f64::max));
        let at_x = |x: f64| LEFT + x / most_x * (WIDTH - LEFT - RIGHT);
        let at_y = |y: f64| HEIGHT - BOTTOM - y / most_y * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        );
        let mut add = |text: String| expect(writeln!(svg, "{text}"), "text");
        add(format!("<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>"));
        add(format!("<text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{}</text>", self.title));
        for tick in ticks(most_x, step_x) {
            let (x, bottom) = (at_x(tick), HEIGHT - BOTTOM + 16.0);
            add(format!("<text x=\"{x:.1}\" y=\"{bottom}\" text-anchor=\"middle\">{tick}</text>"));
        }
        for tick in ticks(most_y, step_y) {
            let (y, right, text) = (at_y(tick), WIDTH - RIGHT, at_y(tick) + 4.0);
            add(format!("<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/>"));
            add(format!("<text x=\"{}\" y=\"{text:.1}\" text-anchor=\"end\">{tick}</text>", LEFT - 6.0));
        }
        let middle = LEFT + (WIDTH - LEFT - RIGHT) / 2.0;
        add(format!("<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>", HEIGHT - 10.0, self.x));
        add(format!(
            "<text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            HEIGHT / 2.0,
            self.y
        ));
        for (series, colour) in self.series.iter().zip(COLOURS.iter().cycle()) {
            let line: Vec<String> =
                series.points.iter().map(|(x, y)| format!("{:.1},{:.1}", at_x(*x), at_y(*y))).collect();
            add(format!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                line.join(" ")
            ));
            if let Some((x, y)) = series.points.last() {
                let (x, y) = (at_x(*x) + 6.0, at_y(*y) + 4.0);
                add(format!("<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{colour}\">{}</text>", series.name));
            }
        }
        add("</svg>".into());
        svg
    }
}

/// The end of an axis, and the step of its ticks: 1, 2 or 5 times a power of ten.
fn axis(most: f64) -> (f64, f64) {
    let rough = most.max(f64::MIN_POSITIVE) / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    ((most / step).ceil() * step, step)
}

fn ticks(most: f64, step: f64) -> impl Iterator<Item = f64> {
    (0_u32..)
        .map(move |number| (f64::from(number) * step * 1e6).round() / 1e6)
        .take_while(move |tick| *tick <= most * 1.001)
}
