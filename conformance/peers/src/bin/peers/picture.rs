//! The picture of a run: for each ceremony, the median of each library on its fastest back end, on a logarithmic scale.

use std::fmt::Write;

use crate::make::CEREMONIES;
use crate::page::{micros, plain};
use crate::results::Run;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 80.0;
const TOP: f64 = 64.0;
const BAR: f64 = 15.0;
const STEP: f64 = 19.0;
const TITLE: f64 = 32.0;

/// An SVG picture that is readable on a light and on a dark page.
pub(crate) fn svg(run: &Run) -> String {
    let libraries = run.libraries();
    let panel = TITLE + STEP * libraries.len() as f64;
    let bottom = TOP + panel * CEREMONIES.len() as f64;
    let medians = run.rows.iter().flat_map(|row| CEREMONIES.iter().filter_map(|(name, _)| row.times(name)));
    let (low, high) =
        medians.fold((u64::MAX, 1), |(low, high), times| (low.min(times.median), high.max(times.median)));
    let (low, high) = ((low as f64).log10().floor(), (high as f64).log10().ceil());
    let x = |nanoseconds: f64| LEFT + (WIDTH - LEFT - RIGHT) * (nanoseconds.log10() - low) / (high - low);

    let mut svg = head(bottom + 16.0);
    for power in low as i32..=high as i32 {
        let at = x(10f64.powi(power));
        let _ = writeln!(svg, r#"  <path d="M{at:.1} {:.1}V{bottom:.1}" class="grid"/>"#, TOP - 6.0);
        let label = format!("{} µs", 10f64.powi(power - 3));
        let _ = writeln!(
            svg,
            r#"  <text x="{at:.1}" y="{:.1}" class="small" text-anchor="middle">{label}</text>"#,
            TOP - 12.0
        );
    }
    for (at, (name, title)) in CEREMONIES.iter().enumerate() {
        let y = TOP + panel * at as f64;
        let _ = writeln!(svg, r#"  <text x="20" y="{:.1}" class="title">{}</text>"#, y + 20.0, plain(title));
        for (line, library) in libraries.iter().enumerate() {
            let y = y + TITLE + STEP * line as f64;
            let _ = writeln!(
                svg,
                r#"  <text x="{:.1}" y="{:.1}" text-anchor="end">{library}</text>"#,
                LEFT - 8.0,
                y + 12.0
            );
            let Some((_, times)) = run.fastest(library, name) else {
                let _ = writeln!(
                    svg,
                    r#"  <text x="{:.1}" y="{:.1}" class="small">not supported</text>"#,
                    LEFT + 6.0,
                    y + 12.0
                );
                continue;
            };
            let class = if *library == "rp" { "rp" } else { "peer" };
            let end = x(times.median as f64);
            let _ = writeln!(
                svg,
                r#"  <rect x="{LEFT}" y="{y:.1}" width="{:.1}" height="{BAR}" rx="2" class="{class}"/>"#,
                end - LEFT
            );
            let _ = writeln!(
                svg,
                r#"  <text x="{:.1}" y="{:.1}" class="small">{}</text>"#,
                end + 6.0,
                y + 12.0,
                micros(times.median)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn head(height: f64) -> String {
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0}" role="img" aria-labelledby="title desc">
  <title id="title">Time of a ceremony by library</title>
  <desc id="desc">The median of each library on its fastest back end for five ceremonies, on a logarithmic scale. The table of the page has the figures.</desc>
  <style>
    text {{ font: 13px system-ui, sans-serif; fill: #1b2421; }}
    .small {{ font-size: 12px; fill: #4a5753; }}
    .title {{ font-weight: 600; }}
    .ground {{ fill: #f7faf8; }}
    .grid {{ stroke: #d5dfda; }}
    .rp {{ fill: #2f6f5e; }}
    .peer {{ fill: #a9bdb5; }}
    @media (prefers-color-scheme: dark) {{
      text {{ fill: #e4ece8; }}
      .small {{ fill: #b3c1bb; }}
      .ground {{ fill: #18211e; }}
      .grid {{ stroke: #33403b; }}
      .rp {{ fill: #58b598; }}
      .peer {{ fill: #54655e; }}
    }}
  </style>
  <rect width="{WIDTH}" height="{height:.0}" rx="10" class="ground"/>
  <text x="20" y="26">Median from the JSON of the response to the result; each library on its fastest back end; logarithmic scale</text>
"##
    )
}
