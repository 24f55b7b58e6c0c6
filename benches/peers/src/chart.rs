//! Bars in an SVG, one panel for each table.

use std::fmt::Write as _;

use time::OffsetDateTime;

pub(crate) struct Bar {
    pub(crate) name: &'static str,
    /// What the length of the bar stands for.
    pub(crate) value: f64,
    /// What is written at its end.
    pub(crate) label: String,
    /// Ours are green.
    pub(crate) is_ours: bool,
}

#[derive(Default)]
pub(crate) struct Chart {
    panels: Vec<(String, Vec<Bar>)>,
}

const WIDTH: usize = 760;
const NAMES: usize = 220;
const NUMBERS: usize = 90;
const ROW: usize = 20;
const HEADING: usize = 34;

impl Chart {
    pub(crate) fn add(&mut self, title: &str, bars: Vec<Bar>) {
        self.panels.push((title.to_owned(), bars));
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.panels.extend(other.panels);
    }

    /// The first bar of each panel is ours. A bar of more than four times ours is cut off.
    pub(crate) fn draw(&self, title: &str) -> String {
        let rows: usize = self.panels.iter().map(|(_, bars)| bars.len()).sum();
        let height = 60 + rows * ROW + self.panels.len() * HEADING;
        let mut svg = String::new();
        let out = &mut svg;
        line(
            out,
            &format!(
                r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">"##
            ),
        );
        line(out, STYLE);
        line(out, r#"<rect class="page" width="100%" height="100%"/>"#);
        text(out, 10, 22, "start", &format!("{title} {}", origin()));
        let mut y = 40;
        for (title, bars) in &self.panels {
            y += HEADING;
            line(out, &format!(r#"<text x="10" y="{}" font-weight="bold">{title}</text>"#, y - 10));
            let ours = bars[0].value;
            let longest = bars.iter().map(|bar| bar.value).fold(ours, f64::max).min(ours * 4.0);
            for bar in bars {
                #[expect(clippy::cast_precision_loss, reason = "it is some hundred pixels")]
                let room = (WIDTH - NAMES - NUMBERS) as f64;
                let length = room * (bar.value / longest).min(1.0);
                let class = if bar.is_ours { "ours" } else { "peer" };
                text(out, NAMES - 8, y + 14, "end", bar.name);
                line(
                    out,
                    &format!(
                        r#"<rect class="{class}" x="{NAMES}" y="{}" width="{length:.0}" height="{}"/>"#,
                        y + 2,
                        ROW - 4
                    ),
                );
                let cut = if bar.value > longest { "⋯ " } else { "" };
                line(
                    out,
                    &format!(
                        r#"<text x="{:.0}" y="{}">{cut}{}</text>"#,
                        220.0 + length + 6.0,
                        y + 14,
                        bar.label
                    ),
                );
                y += ROW;
            }
        }
        line(out, "</svg>");
        svg
    }
}

/// Light or dark, as the reader's browser is.
const STYLE: &str = "<style>.page{fill:#fff}text{fill:#000}.ours{fill:#1a7f5a}.peer{fill:#9aa5b1}\
    @media (prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}.ours{fill:#2ea37a}\
    .peer{fill:#6e7a87}}</style>";

fn text(out: &mut String, x: usize, y: usize, anchor: &str, text: &str) {
    line(out, &format!(r#"<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#));
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes everything");
}

/// The machine and the day.
fn origin() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").ok();
    let model = cpu
        .as_deref()
        .and_then(|info| info.lines().find_map(|line| line.strip_prefix("model name")))
        .map_or("unknown processor", |model| model.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{model}, {cores} cores, {} {}, {}",
        std::env::consts::OS,
        std::env::consts::ARCH,
        OffsetDateTime::now_utc().date()
    )
}
