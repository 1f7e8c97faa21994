//! Call paths with their worst case, and what the retry settings mean together.

use std::collections::BTreeSet;
use std::io::{self, Write};

use meshwalk_models::units::SimDuration;
use meshwalk_models::walk::{
    Call, CallPath, CallPaths, Cut, Finding, Outcome, RetryInForce, RouteSettings, Timeouts,
    Wasted, call_paths, wasted,
};
use serde::Serialize;

use crate::terminal::{Look, Paint};

use super::columns::{Align, Columns};
use super::format::{ABSENT, counted};
use super::json;
use super::places::Places;

/// How many paths the table shows.
const PATHS_MAX: usize = 20;

/// Everything that `meshwalk retries` found.
pub(crate) struct Audit {
    nodes: Vec<String>,
    calls: Vec<CallRow>,
    paths: CallPaths,
    wasted: Vec<Wasted>,
    routes: Vec<RouteSettings>,
    by_default: u64,
    skipped: Vec<String>,
}

/// One call of a scenario.
pub(crate) struct CallRow {
    /// Its place in the graph.
    pub(crate) call: Call,
    /// The destination as the caller writes it.
    pub(crate) to: String,
    /// The method.
    pub(crate) method: String,
    /// The path.
    pub(crate) path: String,
    /// What becomes of it; `None` for clients outside that no proxy serves.
    pub(crate) outcome: Option<Outcome>,
    /// The limits in force.
    pub(crate) timeouts: Timeouts,
    /// The retries in force.
    pub(crate) retry: Option<RetryInForce>,
    /// What is worth knowing.
    pub(crate) findings: Vec<Finding>,
}

impl Audit {
    /// The calls of a scenario, from its traffic sources on.
    pub(crate) fn of_calls(
        nodes: Vec<String>,
        calls: Vec<CallRow>,
        entries: &BTreeSet<usize>,
        skipped: Vec<String>,
    ) -> Self {
        let graph: Vec<Call> = calls.iter().map(|row| row.call.clone()).collect();
        let entries: Vec<usize> = entries.iter().copied().collect();
        let paths = call_paths(&graph, &entries);
        let wasted = wasted(&graph);
        Self { nodes, calls, paths, wasted, routes: Vec::new(), by_default: 0, skipped }
    }

    /// Routes without a scenario.
    pub(crate) fn of_routes(routes: Vec<RouteSettings>, by_default: u64) -> Self {
        Self {
            nodes: Vec::new(),
            calls: Vec::new(),
            paths: CallPaths::default(),
            wasted: Vec::new(),
            routes,
            by_default,
            skipped: Vec::new(),
        }
    }

    /// The greatest amplification.
    pub(crate) fn worst(&self) -> u64 {
        let of_routes = self.routes.iter().filter_map(|route| route.retry.as_ref());
        let of_routes = of_routes.map(|retry| u64::from(retry.attempts_max())).max();
        let of_paths = self.paths.paths.first().map(|path| path.amplification);
        of_routes.max(of_paths).unwrap_or(1)
    }

    fn shown_path(&self, path: &CallPath, look: &Look) -> String {
        let names: Vec<&str> = path.nodes.iter().map(|&node| self.nodes[node].as_str()).collect();
        let mut text = names.join(&format!(" {} ", look.arrow()));
        // A call whose destination nobody of the graph stands behind.
        let ends_outside = path.nodes.len() == path.calls.len();
        if let Some(&last) = path.calls.last().filter(|_| ends_outside) {
            text.push_str(&format!(" {} {}", look.arrow(), self.calls[last].to));
        }
        match path.cut {
            None => text,
            Some(Cut::Cycle) => format!("{text} (and round again)"),
            Some(Cut::TooLong) => format!("{text} (and on)"),
        }
    }

    fn shown_call(&self, row: &CallRow, look: &Look) -> String {
        format!("{} {} {}", self.nodes[row.call.from], look.arrow(), row.to)
    }

    /// Findings of calls and routes, each once.
    fn findings(&self, look: &Look) -> Vec<(String, &Finding)> {
        let calls = self.calls.iter().flat_map(|row| {
            let title = format!("{} {}{}", self.shown_call(row, look), row.method, row.path);
            row.findings.iter().map(move |it| (title.clone(), it))
        });
        let routes = self
            .routes
            .iter()
            .flat_map(|route| route.findings.iter().map(|it| (route.host.clone(), it)));
        let about_retries = |(_, finding): &(String, &Finding)| finding.id.starts_with("retry.");
        let mut list: Vec<_> = calls.chain(routes).filter(about_retries).collect();
        list.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1);
        list
    }
}

/// Prints the audit as tables.
pub(crate) fn print(
    out: &mut dyn Write,
    audit: &Audit,
    places: Places<'_>,
    look: &Look,
) -> io::Result<()> {
    if !audit.paths.paths.is_empty() {
        print_paths(out, audit, look)?;
        writeln!(out)?;
    }
    if !audit.calls.is_empty() {
        print_calls(out, audit, places, look)?;
    }
    if !audit.routes.is_empty() {
        print_routes(out, audit, places, look)?;
    }
    if audit.by_default > 0 {
        let routes = counted(audit.by_default, "route");
        writeln!(out, "\n{routes} with default retries and timeouts, not listed")?;
    }
    print_findings(out, audit, places, look)?;
    for wasted in &audit.wasted {
        writeln!(out, "! {} [retry.work-wasted]", wasted_sentence(audit, wasted, look))?;
    }
    for skipped in &audit.skipped {
        writeln!(out, "not followed: {skipped}")?;
    }
    if audit.paths.incomplete {
        writeln!(out, "there are more paths than can be followed; the worst may be missing")?;
    }
    Ok(())
}

fn print_paths(out: &mut dyn Write, audit: &Audit, look: &Look) -> io::Result<()> {
    let mut table = Columns::new([
        ("PATH", Align::Left),
        ("ATTEMPTS", Align::Right),
        ("AMPLIFICATION", Align::Right),
        ("WHEN SLOW", Align::Right),
    ]);
    let times = if look.charset == crate::terminal::Charset::Ascii { " x " } else { " × " };
    for path in audit.paths.paths.iter().take(PATHS_MAX) {
        let factors = path.calls.iter().map(|&it| audit.calls[it].call.attempts().to_string());
        table.row(vec![
            audit.shown_path(path, look),
            factors.collect::<Vec<_>>().join(times),
            path.amplification.to_string(),
            when_slow(audit, path).to_string(),
        ]);
    }
    table.print(out, look)?;
    match audit.paths.paths.len().saturating_sub(PATHS_MAX) {
        0 => Ok(()),
        more => writeln!(out, "and {}", counted(more as u64, "path")),
    }
}

/// The product of the attempts that begin when every attempt is as slow as it may be.
fn when_slow(audit: &Audit, path: &CallPath) -> u64 {
    let of = |row: &CallRow| {
        let proxy =
            row.retry.as_ref().map_or(1, |retry| retry.reachable_when_slow.saturating_add(1));
        u64::from(row.call.by_application) * u64::from(proxy)
    };
    path.calls.iter().map(|&it| of(&audit.calls[it])).fold(1, u64::saturating_mul)
}

fn print_calls(
    out: &mut dyn Write,
    audit: &Audit,
    places: Places<'_>,
    look: &Look,
) -> io::Result<()> {
    let mut table = Columns::new([
        ("CALL", Align::Left),
        ("REQUEST", Align::Left),
        ("APP", Align::Right),
        ("PROXY", Align::Right),
        ("RETRIED ON", Align::Left),
        ("TIMEOUT", Align::Right),
        ("PER TRY", Align::Right),
        ("ORIGIN", Align::Left),
    ]);
    let mut shown = BTreeSet::new();
    for row in &audit.calls {
        let mut cells = vec![
            audit.shown_call(row, look),
            format!("{} {}", row.method, row.path),
            row.call.by_application.to_string(),
            row.call.by_proxy.to_string(),
        ];
        cells.extend(settings(row.retry.as_ref(), &row.timeouts, places));
        // A workload may make the same call in several of its routes.
        if shown.insert(cells.clone()) {
            table.row(cells);
        }
    }
    table.print(out, look)
}

fn print_routes(
    out: &mut dyn Write,
    audit: &Audit,
    places: Places<'_>,
    look: &Look,
) -> io::Result<()> {
    let mut table = Columns::new([
        ("HOST", Align::Left),
        ("SEEN FROM", Align::Left),
        ("ROUTE", Align::Left),
        ("ATTEMPTS", Align::Right),
        ("WHEN SLOW", Align::Right),
        ("RETRIED ON", Align::Left),
        ("TIMEOUT", Align::Right),
        ("PER TRY", Align::Right),
        ("ORIGIN", Align::Left),
    ]);
    for route in &audit.routes {
        let attempts = route.retry.as_ref().map_or(1, RetryInForce::attempts_max);
        let slow = route.retry.as_ref().map_or(1, |it| it.reachable_when_slow.saturating_add(1));
        let mut cells = vec![
            route.host.clone(),
            route.proxy.clone(),
            places.show(route.origin),
            attempts.to_string(),
            slow.to_string(),
        ];
        cells.extend(settings(route.retry.as_ref(), &route.timeouts, places));
        table.row(cells);
    }
    table.print(out, look)
}

/// Conditions, timeout, per-try timeout and the place of the policy.
fn settings(retry: Option<&RetryInForce>, limits: &Timeouts, places: Places<'_>) -> [String; 4] {
    let absent = || ABSENT.to_owned();
    let span = |limit: Option<SimDuration>| {
        limit.filter(|limit| limit.as_ns() > 0).map_or_else(absent, |limit| limit.to_string())
    };
    let conditions = retry.map_or_else(absent, |retry| {
        let mut words: Vec<String> = retry.retry_on.words().map(str::to_owned).collect();
        words.extend(retry.status_codes.iter().map(ToString::to_string));
        if words.is_empty() { absent() } else { words.join(",") }
    });
    [
        conditions,
        span(limits.request.map(|limit| limit.value)),
        span(limits.per_try.map(|limit| limit.value)),
        retry.map_or_else(absent, |retry| places.show(retry.origin)),
    ]
}

fn print_findings(
    out: &mut dyn Write,
    audit: &Audit,
    places: Places<'_>,
    look: &Look,
) -> io::Result<()> {
    let findings = audit.findings(look);
    let repeats = audit.routes.iter().filter(|route| route.repeats_work.is_some());
    let repeats: Vec<_> = repeats.collect();
    if findings.is_empty() && repeats.is_empty() && audit.wasted.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Paint::Heading, "Worth knowing"))?;
    for (title, finding) in findings {
        writeln!(out, "! {title}: {} [{}]", finding.sentence, finding.id)?;
        let mut origins: Vec<_> = finding.origins.iter().map(|&it| places.show(it)).collect();
        origins.dedup();
        writeln!(out, "  {}", look.paint(Paint::Faint, &origins.join(", ")))?;
    }
    for route in repeats {
        let conditions = route.repeats_work.as_deref().unwrap_or_default();
        writeln!(
            out,
            "! {}: a POST may run {} times, as retries on {conditions} repeat it [retry.runs-twice]",
            route.host,
            route.retry.as_ref().map_or(1, RetryInForce::attempts_max),
        )?;
        writeln!(out, "  {}", look.paint(Paint::Faint, &places.show(route.origin)))?;
    }
    Ok(())
}

fn wasted_sentence(audit: &Audit, wasted: &Wasted, look: &Look) -> String {
    let outer = audit.shown_call(&audit.calls[wasted.outer], look);
    let inner = audit.shown_call(&audit.calls[wasted.inner], look);
    let limit = wasted.outer_limit;
    match wasted.inner_limit {
        Some(inner_limit) => {
            let lost = SimDuration::from_ns(inner_limit.as_ns() - limit.as_ns());
            format!(
                "{outer} gives an attempt up after {limit}, but {inner} may last {inner_limit}: up \
                 to {lost} of work is thrown away"
            )
        }
        None => format!(
            "{outer} gives an attempt up after {limit}, but {inner} has no limit: its work is \
             thrown away"
        ),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    worst_amplification: u64,
    incomplete: bool,
    paths: Vec<PathOut<'a>>,
    calls: Vec<CallOut<'a>>,
    routes: Vec<RouteOut<'a>>,
    routes_by_default: u64,
    findings: Vec<FindingOut<'a>>,
    wasted: Vec<String>,
    not_followed: &'a [String],
}

#[derive(Serialize)]
struct PathOut<'a> {
    nodes: Vec<&'a str>,
    attempts: Vec<u64>,
    amplification: u64,
    when_slow: u64,
    cut: Option<Cut>,
}

#[derive(Serialize)]
struct CallOut<'a> {
    from: &'a str,
    to: &'a str,
    method: &'a str,
    path: &'a str,
    outcome: Option<Outcome>,
    by_application: u32,
    by_proxy: u32,
    reachable_when_slow: Option<u32>,
    retry_on: Vec<&'static str>,
    origin: Option<String>,
}

#[derive(Serialize)]
struct RouteOut<'a> {
    host: &'a str,
    seen_from: &'a str,
    clusters: &'a [String],
    attempts: u32,
    reachable_when_slow: Option<u32>,
    retry_on: Vec<&'static str>,
    repeats_work: Option<&'a str>,
    origin: String,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    about: String,
    id: &'static str,
    sentence: &'a str,
    origins: Vec<String>,
}

/// Prints the audit as one JSON document; the names of the fields are stable.
pub(crate) fn print_json(out: &mut dyn Write, audit: &Audit, places: Places<'_>) -> io::Result<()> {
    let words = |retry: Option<&RetryInForce>| {
        retry.map_or_else(Vec::new, |retry| retry.retry_on.words().collect())
    };
    let path = |path: &CallPath| PathOut {
        nodes: path.nodes.iter().map(|&node| audit.nodes[node].as_str()).collect(),
        attempts: path.calls.iter().map(|&it| audit.calls[it].call.attempts()).collect(),
        amplification: path.amplification,
        when_slow: when_slow(audit, path),
        cut: path.cut,
    };
    let calls = audit.calls.iter().map(|row| CallOut {
        from: &audit.nodes[row.call.from],
        to: &row.to,
        method: &row.method,
        path: &row.path,
        outcome: row.outcome,
        by_application: row.call.by_application,
        by_proxy: row.call.by_proxy,
        reachable_when_slow: row.retry.as_ref().map(|retry| retry.reachable_when_slow),
        retry_on: words(row.retry.as_ref()),
        origin: row.retry.as_ref().map(|retry| places.show(retry.origin)),
    });
    let routes = audit.routes.iter().map(|route| RouteOut {
        host: &route.host,
        seen_from: &route.proxy,
        clusters: &route.clusters,
        attempts: route.retry.as_ref().map_or(1, RetryInForce::attempts_max),
        reachable_when_slow: route.retry.as_ref().map(|retry| retry.reachable_when_slow),
        retry_on: words(route.retry.as_ref()),
        repeats_work: route.repeats_work.as_deref(),
        origin: places.show(route.origin),
    });
    let findings = audit.findings(&Look::PLAIN).into_iter().map(|(about, it)| FindingOut {
        about,
        id: it.id,
        sentence: &it.sentence,
        origins: it.origins.iter().map(|&origin| places.show(origin)).collect(),
    });
    let wasted = audit.wasted.iter().map(|it| wasted_sentence(audit, it, &Look::PLAIN));
    let document = Document {
        worst_amplification: audit.worst(),
        incomplete: audit.paths.incomplete,
        paths: audit.paths.paths.iter().map(path).collect(),
        calls: calls.collect(),
        routes: routes.collect(),
        routes_by_default: audit.by_default,
        findings: findings.collect(),
        wasted: wasted.collect(),
        not_followed: &audit.skipped,
    };
    json::print(out, &document)
}
