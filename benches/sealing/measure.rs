//! Cases measured in turn, so that what disturbs one disturbs all.

use std::time::Instant;

/// Something to measure. Returns a number, so that its work cannot be left out.
pub(crate) struct Case<'a> {
    name: &'static str,
    run: Box<dyn Fn() -> usize + 'a>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(name: &'static str, run: impl Fn() -> usize + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }

    fn nanoseconds(&self, iterations: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..iterations {
            std::hint::black_box((self.run)());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(iterations)
    }
}

pub(crate) struct Table {
    rounds: usize,
    iterations: u32,
}

impl Table {
    /// So many rounds under `cargo bench`, or everything once with `--test` and under `cargo test`.
    pub(crate) fn from_args(rounds: usize, iterations: u32) -> Self {
        let args: Vec<_> = std::env::args().collect();
        let has = |flag: &str| args.iter().any(|arg| arg == flag);
        match has("--bench") && !has("--test") {
            true => Self { rounds, iterations },
            false => Self { rounds: 1, iterations: 1 },
        }
    }

    /// Prints each case with the ratio to the first, and returns the times in nanoseconds.
    pub(crate) fn print(&self, cases: &[Case<'_>]) -> Vec<f64> {
        let mut times = vec![Vec::with_capacity(self.rounds); cases.len()];
        for _ in 0..self.rounds {
            for (case, times) in cases.iter().zip(&mut times) {
                times.push(case.nanoseconds(self.iterations));
            }
        }
        for (case, times_of_case) in cases.iter().zip(&times) {
            let ratios = times_of_case.iter().zip(&times[0]).map(|(time, first)| time / first);
            println!(
                "  {:38} {:>8.0} ns  × {:.3}",
                case.name,
                median(times_of_case.clone()),
                median(ratios.collect()),
            );
        }
        times.into_iter().map(median).collect()
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
