//! How figures are shown: every repeat in a row, then the medians beside their targets.

use crate::histogram::Histogram;

/// When other programs use more than so many cores, figures say little.
const QUIET_CORES: f64 = 0.15;

/// A figure that there is a target for.
#[derive(Clone, Debug)]
pub struct Figure {
    name: &'static str,
    value: String,
    target: String,
    is_met: bool,
}

/// Figures as they come, shown together in the end.
#[derive(Debug, Default)]
pub struct Figures {
    all: Vec<Figure>,
    other_cores: f64,
}

impl Figures {
    /// A figure that should be at least `target`; `digits` after the point.
    pub fn at_least(&mut self, name: &'static str, value: f64, target: f64, digits: usize) {
        self.add(name, value, ("at least", target), value >= target, digits);
    }

    /// A figure that should be at most `target`.
    pub fn at_most(&mut self, name: &'static str, value: f64, target: f64, digits: usize) {
        self.add(name, value, ("at most", target), value <= target, digits);
    }

    /// So many cores were used by other programs during a run.
    pub fn saw_others(&mut self, cores: f64) {
        self.other_cores = self.other_cores.max(cores);
    }

    fn add(&mut self, name: &'static str, value: f64, target: (&str, f64), is_met: bool, digits: usize) {
        let (word, target) = target;
        self.all.push(Figure {
            name,
            value: format!("{value:.digits$}"),
            target: format!("{word} {target}"),
            is_met,
        });
    }

    /// Small numbers meet no target, and miss none.
    pub fn print(&self, is_quick: bool) {
        println!("\n== figures beside their targets\n{:<60} {:>10}  {:<16}", "", "measured", "target");
        if self.other_cores > QUIET_CORES {
            println!("NOT QUIET: other programs used up to {:.1} cores meanwhile", self.other_cores);
        }
        for Figure { name, value, target, is_met } in &self.all {
            println!(
                "{name:<60} {value:>10}  {target:<16} {}",
                if *is_met || is_quick { "" } else { "MISSED" }
            );
        }
    }
}

/// The middle one.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// From the least to the greatest.
pub fn spread(values: &[f64], digits: usize) -> String {
    let (least, greatest) = values
        .iter()
        .fold((f64::MAX, f64::MIN), |(least, greatest), value| (least.min(*value), greatest.max(*value)));
    format!("median {:.digits$}, {least:.digits$} to {greatest:.digits$}", median(values.iter().copied()))
}

/// The quantiles of a histogram.
pub fn quantiles(histogram: &Histogram) -> String {
    format!(
        "p50 {:.1}  p99 {:.1}  p99.9 {:.1}  max {:.1} ms (n = {})",
        histogram.ms(0.5),
        histogram.ms(0.99),
        histogram.ms(0.999),
        histogram.max_ms(),
        histogram.count()
    )
}

const BANDS_MS: [f64; 9] = [1.0, 2.0, 4.0, 6.0, 10.0, 20.0, 50.0, 100.0, 200.0];

/// How many lie in which band.
pub fn print_bands(histogram: &Histogram) {
    let bands = histogram.bands(&BANDS_MS);
    for (index, count) in bands.into_iter().enumerate() {
        let until = BANDS_MS.get(index).map_or("more".to_owned(), |until| format!("under {until:.0} ms"));
        if count > 0 {
            println!("  {until:>12} {count:>8}  {:>6.2} %", count as f64 * 100.0 / histogram.count() as f64);
        }
    }
}
