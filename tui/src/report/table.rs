//! The results for people: services, edges, workloads, expectations, and what to keep in mind.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};

use meshwalk_sim::stats::{ExpectationResult, RunResults};

use crate::terminal::{Look, Paint};

use super::columns::{Align, Column, Columns};
use super::format::{ABSENT, counted, ending, exact_share, latency, number, rate, share, span_ms};

/// How much the table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What fits a terminal.
    Normal,
    /// More columns.
    Wide,
}

/// How many assumptions are printed.
const ASSUMPTIONS_MAX: usize = 10;

/// Prints `results` under `title`.
pub(crate) fn print(
    out: &mut dyn Write,
    title: &str,
    results: &RunResults,
    detail: Detail,
    look: &Look,
) -> io::Result<()> {
    print_heading(out, title, results, look)?;
    print_services(out, results, detail, look)?;
    print_edges(out, results, detail, look)?;
    print_workloads(out, results, detail, look)?;
    print_totals(out, results)?;
    print_expectations(out, &results.expectations, look)?;
    print_assumptions(out, results, look)?;
    print_not_modelled(out, results)?;
    let identity = &results.identity;
    let line = format!(
        "state hash {}, seed {}, meshwalk {}",
        results.state_hash, identity.seed, identity.engine
    );
    writeln!(out, "\n{}", look.paint(Paint::Faint, &line))
}

fn print_heading(
    out: &mut dyn Write,
    title: &str,
    results: &RunResults,
    look: &Look,
) -> io::Result<()> {
    let measured = span_ms(results.measured_s * 1e3);
    let runs = match results.replications {
        1 => "1 replication".to_owned(),
        count => format!("{count} replications, intervals at 95%"),
    };
    writeln!(out, "{}: {measured} measured, {runs}", look.paint(Paint::Heading, title))
}

fn print_services(
    out: &mut dyn Write,
    results: &RunResults,
    detail: Detail,
    look: &Look,
) -> io::Result<()> {
    let columns = [("SERVICE", Align::Left), ("RATE", Align::Right), ("SUCCESS", Align::Right)];
    let latencies = right(["P50", "P90", "P99"]);
    let wide = [
        ("MEAN", Align::Right),
        ("GOODPUT", Align::Right),
        ("ATTEMPTS", Align::Right),
        ("AMPLIFICATION", Align::Right),
        ("STATUSES", Align::Left),
        ("FLAGS", Align::Left),
    ];
    let mut table = Columns::new(columns.into_iter().chain(latencies).chain(only(detail, wide)));
    let called = |requests: u64| requests > 0;
    for service in results.services.iter().filter(|service| called(service.requests)) {
        let mut cells = vec![
            full_name(&service.namespace, &service.name),
            rate(service.rate_per_s, look),
            share(service.success_rate, look),
            latency(service.p50_ms, look),
            latency(service.p90_ms, look),
            latency(service.p99_ms, look),
        ];
        cells.extend(only(
            detail,
            [
                latency(service.mean_ms, look),
                rate(service.goodput_per_s, look),
                service.attempts.to_string(),
                factor(service.amplification),
                counts(&service.statuses),
                counts(&service.response_flags),
            ],
        ));
        table.row(cells);
    }
    section(out, &table, look)?;
    let silent = results.services.iter().filter(|service| !called(service.requests)).count();
    match silent {
        0 => Ok(()),
        count => writeln!(out, "{} without calls", counted(count as u64, "service")),
    }
}

fn print_edges(
    out: &mut dyn Write,
    results: &RunResults,
    detail: Detail,
    look: &Look,
) -> io::Result<()> {
    let columns = [("EDGE", Align::Left), ("RATE", Align::Right), ("SUCCESS", Align::Right)];
    let latencies = right(["P50", "P90", "P99"]);
    let wide = right([
        "ATTEMPTS",
        "PENDING",
        "EJECTIONS",
        "CONNECTIONS",
        "TLS",
        "SENT",
        "RECEIVED",
        "PLAINTEXT",
    ]);
    let outcome =
        ["RETRIES", "OVERFLOW", "VERDICTS", "STATUSES", "FLAGS"].map(|name| (name, Align::Left));
    let mut table = Columns::new(
        columns.into_iter().chain(latencies).chain(only(detail, wide)).chain(only(detail, outcome)),
    );
    for edge in results.edges.iter().filter(|edge| edge.attempts > 0) {
        let mut cells = vec![
            format!("{} {} {}", edge.from, look.arrow(), edge.to),
            rate(edge.rate_per_s, look),
            share(edge.success_rate, look),
            latency(edge.p50_ms, look),
            latency(edge.p90_ms, look),
            latency(edge.p99_ms, look),
        ];
        cells.extend(only(
            detail,
            [
                edge.attempts.to_string(),
                edge.pending.to_string(),
                edge.ejections.to_string(),
                edge.connections_opened.to_string(),
                edge.tls_handshakes.to_string(),
                bytes(edge.request_bytes),
                bytes(edge.response_bytes),
                bytes(edge.plaintext_bytes),
                counts(&edge.retries),
                counts(&edge.overflow),
                counts(&edge.verdicts),
                counts(&edge.statuses),
                counts(&edge.response_flags),
            ],
        ));
        table.row(cells);
    }
    section(out, &table, look)
}

fn print_workloads(
    out: &mut dyn Write,
    results: &RunResults,
    detail: Detail,
    look: &Look,
) -> io::Result<()> {
    let columns = [("WORKLOAD", Align::Left), ("PODS", Align::Right), ("UTIL", Align::Right)];
    let rest = right(["BUSIEST", "QUEUE", "WAIT", "WAIT P99", "REJECTED", "PROXY"]);
    let wide = [("ARRIVED", Align::Right), ("WASTED", Align::Right), ("BUSIEST POD", Align::Left)];
    let mut table = Columns::new(columns.into_iter().chain(rest).chain(only(detail, wide)));
    for workload in &results.workloads {
        let busiest = workload.busiest_pod.as_ref();
        let absent = || ABSENT.to_owned();
        let mut cells = vec![
            full_name(&workload.namespace, &workload.name),
            workload.pods.to_string(),
            share(Some(workload.utilisation), look),
            busiest.map_or_else(absent, |pod| exact_share(pod.utilisation)),
            number(workload.queue_length, look),
            latency(workload.wait_mean_ms, look),
            latency(workload.wait_p99_ms, look),
            workload.rejected.to_string(),
            share(workload.proxy_utilisation, look),
        ];
        cells.extend(only(
            detail,
            [
                workload.arrived.to_string(),
                share(workload.wasted, look),
                busiest.map_or_else(absent, |pod| pod.pod.clone()),
            ],
        ));
        table.row(cells);
    }
    section(out, &table, look)
}

fn print_totals(out: &mut dyn Write, results: &RunResults) -> io::Result<()> {
    let totals = &results.totals;
    writeln!(
        out,
        "\n{}: {} succeeded, {} failed, {} without an end (censored); {} under way at the end",
        counted(totals.requests, "request"),
        totals.succeeded,
        totals.failed,
        totals.censored,
        totals.in_flight,
    )
}

fn print_expectations(
    out: &mut dyn Write,
    expectations: &[ExpectationResult],
    look: &Look,
) -> io::Result<()> {
    if expectations.is_empty() {
        return Ok(());
    }
    let held = expectations.iter().filter(|it| it.passed == Some(true)).count();
    let title = format!("Expectations: {held} of {} hold", expectations.len());
    writeln!(out, "\n{}", look.paint(Paint::Heading, &title))?;
    for expectation in expectations {
        let mark = match expectation.passed {
            Some(true) => look.paint(Paint::Good, look.tick()),
            Some(false) => look.paint(Paint::Bad, look.cross()),
            None => look.paint(Paint::Warning, "?"),
        };
        writeln!(out, "{mark} {}", expectation.name)?;
        if expectation.passed != Some(true) {
            print_failure(out, expectation)?;
        }
    }
    Ok(())
}

fn print_failure(out: &mut dyn Write, expectation: &ExpectationResult) -> io::Result<()> {
    if expectation.name != expectation.expression {
        writeln!(out, "    {}: {}", expectation.form, expectation.expression)?;
    }
    if let Some(message) = &expectation.message {
        writeln!(out, "    {message}")?;
    }
    for (call, value) in &expectation.values {
        writeln!(out, "    {call} = {value}")?;
    }
    if expectation.failed_replications > 1 {
        writeln!(out, "    failed in {} replications", expectation.failed_replications)?;
    }
    let Some(broken) = &expectation.first_broken else { return Ok(()) };
    writeln!(
        out,
        "    first broken at {} by {}: {} after {} (seed {})",
        span_ms(broken.time_s * 1e3),
        broken.request,
        ending(broken),
        span_ms(broken.latency_ms),
        broken.seed,
    )
}

fn print_assumptions(out: &mut dyn Write, results: &RunResults, look: &Look) -> io::Result<()> {
    if results.assumptions.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Paint::Heading, "Assumed"))?;
    for assumption in results.assumptions.iter().take(ASSUMPTIONS_MAX) {
        writeln!(out, "- {}", assumption.sentence)?;
    }
    match results.assumptions.len().saturating_sub(ASSUMPTIONS_MAX) {
        0 => Ok(()),
        hidden => writeln!(out, "- and {hidden} more; `-o json` lists all"),
    }
}

fn print_not_modelled(out: &mut dyn Write, results: &RunResults) -> io::Result<()> {
    let Some(first) = results.not_modelled.first() else { return Ok(()) };
    let count = results.not_modelled.len();
    let kinds = if count == 1 { "kind or field" } else { "kinds and fields" };
    writeln!(
        out,
        "\n{count} {kinds} that matter to traffic, or may be typos, have no effect, such as {}; \
         `meshwalk lint` lists them",
        first.what,
    )
}

/// A blank line and the table, or nothing where there are no rows.
fn section(out: &mut dyn Write, table: &Columns, look: &Look) -> io::Result<()> {
    if table.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    table.print(out, look)
}

/// `items` in a wide table, none in a normal one.
fn only<T, const N: usize>(detail: Detail, items: [T; N]) -> impl Iterator<Item = T> {
    let count = match detail {
        Detail::Normal => 0,
        Detail::Wide => N,
    };
    items.into_iter().take(count)
}

fn right<const N: usize>(headers: [&'static str; N]) -> [Column; N] {
    headers.map(|header| (header, Align::Right))
}

fn full_name(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

/// `1.25x`, or `-`.
fn factor(factor: Option<f64>) -> String {
    factor.map_or_else(|| ABSENT.to_owned(), |factor| format!("{factor:.2}x"))
}

/// `200=17 503=2`, or `-`.
fn counts<N: Display>(counts: &BTreeMap<N, u64>) -> String {
    if counts.is_empty() {
        return ABSENT.to_owned();
    }
    let parts = counts.iter().map(|(what, count)| format!("{what}={count}"));
    parts.collect::<Vec<_>>().join(" ")
}

fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| count >= *unit) {
        Some((unit, name)) => format!("{:.1}{name}", count as f64 / *unit as f64),
        None => format!("{count}B"),
    }
}
