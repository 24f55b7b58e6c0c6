//! Medians, tables and bars of them, and whether we are ahead.

use std::{error::Error, fmt::Write as _, fs};

use crate::{
    chart::{Bar, Chart},
    rounds::{Latency, Outcome, Plan, Round},
    servers::Contender,
    visitors::Kind,
};

type Population = (usize, Vec<Outcome>);

/// One figure of a round.
type Figure<'a> = &'a dyn Fn(&Round) -> f64;

/// The table of one number of users.
pub(crate) fn print(users: usize, outcomes: &[Outcome]) -> String {
    let mut table = format!(
        "| {} users | requests a second | p50 | p99 | processor time of a request | memory, with Redis |\n\
         |---|---|---|---|---|---|\n",
        thousands(users)
    );
    for outcome in outcomes {
        let ours = ours_beside(outcome, outcomes);
        let (server, redis) = outcome.memory;
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {}{} | {} |",
            outcome.contender.name(),
            cell(outcome, ours, REQUESTS, thousands_of),
            cell(outcome, ours, &|round| round.all.p50, milliseconds),
            cell(outcome, ours, P99, milliseconds),
            microseconds(outcome.processor),
            times(outcome, outcome.processor / ours.processor),
            match outcome.contender.is_ours() {
                true => megabytes(server),
                false => format!("{} + {}", megabytes(server), megabytes(redis)),
            },
        );
    }
    table
}

/// The latencies of each kind of request.
fn print_kinds(users: usize, outcomes: &[Outcome]) -> String {
    let mut table = format!("| {} users: p50, p99 |", thousands(users));
    for kind in Kind::ALL {
        let _ = write!(table, " {} |", kind.name());
    }
    let _ = writeln!(table, "\n|---|{}", "---|".repeat(Kind::ALL.len()));
    for outcome in outcomes {
        let _ = write!(table, "| {} |", outcome.contender.name());
        for kind in Kind::ALL {
            let of = |part: fn(&Latency) -> f64| {
                median(outcome, &|round| {
                    let of_kind = round.by_kind.iter().find(|(found, _)| *found == kind);
                    of_kind.map_or(f64::NAN, |(_, latency)| part(latency))
                })
            };
            let (p50, p99) = (of(|latency| latency.p50), of(|latency| latency.p99));
            let _ = write!(table, " {}, {} |", milliseconds(p50), milliseconds(p99));
        }
        table.push('\n');
    }
    table
}

/// docs/stores.svg, and what stands between two marks in docs/PERFORMANCE.md.
pub(crate) fn write(plan: &Plan, populations: &[Population]) -> Result<(), Box<dyn Error>> {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    fs::write(format!("{docs}/stores.svg"), draw(populations))?;

    let mut tables = format!(
        "![Requests a second and 99th percentile beside sessions in Redis](stores.svg)\n\n\
         {} rounds, {} s for each in each, {} connections. Medians of the rounds; in brackets the \
         median ratio to ours with the same framework, in the same round.\n\n",
        plan.rounds,
        plan.each.as_secs(),
        plan.connections,
    );
    for (users, outcomes) in populations {
        tables += &print(*users, outcomes);
        tables.push('\n');
    }
    if let Some((users, outcomes)) = populations.last() {
        tables += &print_kinds(*users, outcomes);
    }
    let path = format!("{docs}/PERFORMANCE.md");
    let page = fs::read_to_string(&path)?;
    let (before, rest) = page.split_once(BEGIN).ok_or("the page has no mark")?;
    let (_, after) = rest.split_once(END).ok_or("the page has no second mark")?;
    fs::write(path, format!("{before}{BEGIN}\n{tables}{END}{after}"))?;
    Ok(())
}

fn draw(populations: &[Population]) -> String {
    let mut chart = Chart::default();
    for (users, outcomes) in populations {
        let users = thousands(*users);
        let mut add = |title: &str, value: &dyn Fn(&Outcome) -> f64, label: fn(f64) -> String| {
            let bars = outcomes.iter().map(|outcome| Bar {
                name: outcome.contender.name(),
                value: value(outcome),
                label: label(value(outcome)),
                is_ours: outcome.contender.is_ours(),
            });
            chart.add(&format!("{title}, {users} users"), bars.collect());
        };
        add("requests a second, longer is better", &|one| median(one, REQUESTS), thousands_of);
        add("p99 of a request, shorter is better", &|one| median(one, P99), milliseconds);
    }
    chart.draw("Sessions in a cookie, or in Redis.")
}

/// An error where a peer is ahead of ours with the same framework.
pub(crate) fn verdict(populations: &[Population]) -> Result<(), Box<dyn Error>> {
    for (users, outcomes) in populations {
        for outcome in outcomes.iter().filter(|outcome| !outcome.contender.is_ours()) {
            let ours = ours_beside(outcome, outcomes);
            if ratio(outcome, ours, REQUESTS) >= 1.0 || ratio(outcome, ours, P99) <= 1.0 {
                let name = outcome.contender.name();
                return Err(format!("{name} is ahead with {users} users").into());
            }
        }
    }
    Ok(())
}

fn ours_beside<'a>(outcome: &Outcome, outcomes: &'a [Outcome]) -> &'a Outcome {
    let place = Contender::ALL.iter().position(|one| *one == outcome.contender.ours());
    &outcomes[place.expect("ALL has all")]
}

/// A figure, and how many times ours it is.
fn cell(outcome: &Outcome, ours: &Outcome, figure: Figure<'_>, show: fn(f64) -> String) -> String {
    show(median(outcome, figure)) + &times(outcome, ratio(outcome, ours, figure))
}

fn times(outcome: &Outcome, ratio: f64) -> String {
    match outcome.contender.is_ours() {
        true => String::new(),
        false => format!(" ({ratio:.2} ×)"),
    }
}

fn median(outcome: &Outcome, figure: Figure<'_>) -> f64 {
    middle(outcome.rounds.iter().map(figure).collect())
}

/// Of each round, and the median of them.
fn ratio(outcome: &Outcome, ours: &Outcome, figure: Figure<'_>) -> f64 {
    let pairs = outcome.rounds.iter().zip(&ours.rounds);
    middle(pairs.map(|(theirs, ours)| figure(theirs) / figure(ours)).collect())
}

fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}

fn microseconds(seconds: f64) -> String {
    format!("{:.0} µs", seconds * 1e6)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", (bytes + 500_000) / 1_000_000)
}

fn thousands_of(number: f64) -> String {
    format!("{number:.0}").parse().map(thousands).unwrap_or_default()
}

fn thousands(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", number / 1_000, number % 1_000),
    }
}

const REQUESTS: Figure<'static> = &|round| round.requests_a_second;
const P99: Figure<'static> = &|round| round.all.p99;

const BEGIN: &str = "<!-- written by benches/stores -->";
const END: &str = "<!-- until here -->";
