//! How long something takes, many times over.

use std::time::Instant;

/// The first rounds fill caches and are not counted.
const WARM_UP: usize = 10;

/// What was measured of one thing, in milliseconds, the shortest first.
pub struct Row {
    name: String,
    ms: Vec<f64>,
}

/// Does it so many times, one after the other.
pub async fn timed(name: String, rounds: usize, mut act: impl AsyncFnMut(usize)) -> Row {
    for round in 0..WARM_UP {
        act(round).await;
    }
    let mut ms = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let begin = Instant::now();
        act(round).await;
        ms.push(begin.elapsed().as_secs_f64() * 1_000.0);
    }
    ms.sort_by(f64::total_cmp);
    Row { name, ms }
}

impl Row {
    /// So many in a hundred took no longer.
    pub fn at(&self, share: usize) -> f64 {
        self.ms[(self.ms.len() - 1) * share / 100]
    }
}

/// All of it as a table.
pub fn print(rows: &[Row]) {
    println!("{:<60} {:>8} {:>8} {:>8}", "milliseconds", "p50", "p99", "max");
    for row in rows {
        println!("{:<60} {:>8.2} {:>8.2} {:>8.2}", row.name, row.at(50), row.at(99), row.at(100));
    }
}
