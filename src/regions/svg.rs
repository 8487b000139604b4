//! Partitions as SVG pictures.

use std::fmt::Write;
use std::path::Path;

use super::boundary::Boundary;
use super::partition::Partition;
use crate::error::{Result, bail};

/// What the colour of a cell says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Frobenius norm of the slope of the outputs, dark to light.
    #[default]
    Slope,
    /// Logarithm of the area, dark to light.
    Area,
    /// The largest output at the centroid.
    Class,
    /// The activation pattern: equal colour for equal pattern, otherwise arbitrary.
    Pattern,
}

/// How the picture looks.
#[derive(Clone, Copy, Debug)]
pub struct SvgOptions {
    /// What the colour of a cell says.
    pub color: Color,
    /// Width in pixels; the height follows from the domain.
    pub width: u32,
}

impl Default for SvgOptions {
    fn default() -> Self {
        SvgOptions { color: Color::default(), width: 800 }
    }
}

/// Dark blue to yellow, even steps of lightness.
const RAMP: [[f64; 3]; 6] = [
    [48.0, 18.0, 94.0],
    [62.0, 74.0, 137.0],
    [38.0, 130.0, 142.0],
    [53.0, 183.0, 121.0],
    [157.0, 216.0, 60.0],
    [253.0, 231.0, 37.0],
];

/// Distinct colours for classes.
const CLASSES: [[u8; 3]; 10] = [
    [78, 121, 167],
    [242, 142, 43],
    [225, 87, 89],
    [118, 183, 178],
    [89, 161, 79],
    [237, 201, 72],
    [176, 122, 161],
    [255, 157, 167],
    [156, 117, 95],
    [186, 176, 172],
];

impl Partition {
    /// The partition as an SVG document: a polygon per cell, and the boundary over it.
    pub fn to_svg(&self, boundary: Option<&Boundary>, options: &SvgOptions) -> Result<String> {
        let want = self.want();
        if !want.polygons {
            bail!(NotStored, "a picture needs polygons; ask for them in `want`")
        }
        if options.width == 0 || options.width > 1 << 16 {
            bail!(Argument, "width is {}; expected 1 to 65536 pixels", options.width)
        }
        let fills = self.fills(options.color)?;
        let corners = self.domain().polygon();
        let range = |i: usize| {
            corners.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p[i]), h.max(p[i])))
        };
        let ((u0, u1), (v0, v1)) = (range(0), range(1));
        let width = f64::from(options.width);
        let scale = width / (u1 - u0);
        // A needle of a domain still gets a picture.
        let height = (scale * (v1 - v0)).clamp(1.0, 65536.0);
        let at = |[u, v]: [f64; 2]| ((u - u0) * scale, height - (v - v0) / (v1 - v0) * height);
        let mut s = String::with_capacity(64 * self.points().len());
        let stroke = (0.0004 * width).max(0.05);
        let (w, h) = (options.width, height.round());
        let _ = writeln!(
            s,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {width} {height:.3}\">\n\
             <g stroke=\"#1a1a2e\" stroke-width=\"{stroke:.3}\" stroke-linejoin=\"round\">"
        );
        for (i, [r, g, b]) in fills.iter().enumerate() {
            s.push_str("<path fill=\"");
            let _ = write!(s, "#{r:02x}{g:02x}{b:02x}\" d=\"M");
            for (k, &p) in self.polygon(i).iter().enumerate() {
                let (x, y) = at(p);
                let _ = write!(s, "{}{x:.3} {y:.3}", if k == 0 { "" } else { "L" });
            }
            s.push_str("Z\"/>\n");
        }
        s.push_str("</g>\n");
        if let Some(boundary) = boundary {
            let stroke = (0.003 * width).max(0.5);
            let _ =
                writeln!(s, "<g stroke=\"#e63946\" stroke-width=\"{stroke:.3}\" stroke-linecap=\"round\">");
            for [p, q] in boundary.segments() {
                let ((a, b), (c, d)) = (at(*p), at(*q));
                let _ = writeln!(s, "<path d=\"M{a:.3} {b:.3}L{c:.3} {d:.3}\"/>");
            }
            s.push_str("</g>\n");
        }
        s.push_str("</svg>\n");
        Ok(s)
    }

    /// Writes [`Partition::to_svg`] to a file.
    pub fn write_svg(&self, boundary: Option<&Boundary>, options: &SvgOptions, path: &Path) -> Result<()> {
        let svg = self.to_svg(boundary, options)?;
        if let Err(e) = std::fs::write(path, svg) {
            bail!(Io, "path {}: {e}", path.display())
        }
        Ok(())
    }

    fn fills(&self, color: Color) -> Result<Vec<[u8; 3]>> {
        let n = self.n_regions();
        let outputs = self.network().output_len();
        if matches!(color, Color::Slope | Color::Class) && !self.want().maps {
            bail!(NotStored, "colour by slope or class needs maps; ask for them in `want`")
        }
        Ok(match color {
            Color::Slope => {
                let norm = |i: usize| {
                    self.map_a()[i * outputs..(i + 1) * outputs]
                        .iter()
                        .map(|a| a[0] * a[0] + a[1] * a[1])
                        .sum::<f64>()
                };
                ramp((0..n).map(|i| norm(i).sqrt()).collect())
            }
            Color::Area => ramp(self.areas().iter().map(|a| a.max(f64::MIN_POSITIVE).ln()).collect()),
            Color::Class => (0..n).map(|i| CLASSES[self.class(i) % CLASSES.len()]).collect(),
            Color::Pattern => (0..n)
                .map(|i| {
                    let mut hash = 0u64;
                    self.pattern(i, |k, code| {
                        hash ^= (k as u64 + 1)
                            .wrapping_mul(u64::from(code) + 0x9e37_79b9)
                            .wrapping_mul(0x2545_f491_4f6c_dd1d);
                        hash = hash.rotate_left(7);
                    })?;
                    Ok([40, 24, 8].map(|s| 96 + (hash >> s) as u8 % 144))
                })
                .collect::<Result<_>>()?,
        })
    }

    /// The largest output at the centroid of cell `i`, ties to the lowest index.
    fn class(&self, i: usize) -> usize {
        let outputs = self.network().output_len();
        let [u, v] = self.centroids()[i];
        let value = |k: usize| {
            let a = self.map_a()[i * outputs + k];
            a[0] * u + a[1] * v + self.map_b()[i * outputs + k]
        };
        (0..outputs).fold(0, |best, k| if value(k) > value(best) { k } else { best })
    }
}

/// Values to colours between their 2nd and 98th percentile.
fn ramp(values: Vec<f64>) -> Vec<[u8; 3]> {
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let at = |q: f64| sorted[((sorted.len() - 1) as f64 * q) as usize];
    let (lo, hi) = (at(0.02), at(0.98));
    let steps = (RAMP.len() - 1) as f64;
    values
        .iter()
        .map(|x| {
            let t = if hi > lo { ((x - lo) / (hi - lo)).clamp(0.0, 1.0) } else { 0.5 } * steps;
            let i = (t as usize).min(RAMP.len() - 2);
            let f = t - i as f64;
            [0, 1, 2].map(|c| (RAMP[i][c] + f * (RAMP[i + 1][c] - RAMP[i][c])).round() as u8)
        })
        .collect()
}
