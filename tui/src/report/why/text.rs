//! The answer for people: what becomes of the request, the settings in force with their lines,
//! what is worth knowing, and the tree of reasons.

use std::io::{self, Write};

use meshwalk_models::explain::Sourced;
use meshwalk_models::units::SimDuration;
use meshwalk_models::walk::{
    Answer, Crossing, EndpointShare, HeaderChange, InUse, RetryInForce, Share, Verdict,
    shown_target,
};
use meshwalk_models::world::Origin;

use crate::report::format::{counted, exact_share};
use crate::report::tree;
use crate::terminal::{Look, Paint};

use super::words::{end, seen, verdict_line};
use super::{View, flips, title};

/// How wide the names of settings are.
const NAME_WIDTH: usize = 12;

/// How many endpoints of a share are listed.
const ENDPOINTS_MAX: usize = 8;

/// Prints the answer.
pub(crate) fn print(out: &mut dyn Write, view: &View<'_>, look: &Look) -> io::Result<()> {
    let answer = view.answer;
    writeln!(out, "{}", headline(answer, look))?;
    writeln!(out, "{}", look.paint(Paint::Faint, &title(view.world, view.question)))?;
    if let Some(expected) = &view.expected {
        match view.mismatch {
            None => writeln!(out, "{} {expected}", look.paint(Paint::Good, look.tick()))?,
            Some(mismatch) => writeln!(out, "{} {mismatch}", look.paint(Paint::Bad, look.cross()))?,
        }
    }
    let mut settings = Settings { out, view, look };
    settings.verdict(answer)?;
    settings.all(answer)?;
    if !answer.findings.is_empty() {
        writeln!(out, "\n{}", look.paint(Paint::Heading, "Worth knowing"))?;
        for finding in &answer.findings {
            let mut origins: Vec<_> =
                finding.origins.iter().map(|&it| view.places.show(it)).collect();
            origins.dedup();
            let text = format!("{} [{}]", finding.sentence, finding.id);
            print_wrapped(out, "! ", &text, look)?;
            if !origins.is_empty() {
                writeln!(out, "  {}", look.paint(Paint::Faint, &origins.join(", ")))?;
            }
        }
    }
    writeln!(out, "\n{}", look.paint(Paint::Heading, "Because"))?;
    tree::print(out, &answer.because, view.places, look)?;
    if let Some(found) = view.flips {
        flips::print(out, (found, answer.verdict), view.places, look)?;
    }
    if !answer.not_modelled.is_empty() {
        writeln!(out, "\n{}", look.paint(Paint::Warning, "Not modelled, and may change this"))?;
        for untold in &answer.not_modelled {
            let place = untold.origin.map_or_else(String::new, |it| view.places.show(it));
            writeln!(
                out,
                "- {}: {}  {}",
                untold.what,
                untold.touches,
                look.paint(Paint::Faint, &place)
            )?;
        }
    }
    writeln!(out, "\n{}", look.paint(Paint::Faint, &format!("profile {}", view.profile)))
}

/// The verdict in one line, with what the client gets and who decides.
fn headline(answer: &Answer, look: &Look) -> String {
    let paint = match answer.verdict {
        Verdict::Allowed => Paint::Good,
        Verdict::Unknown => Paint::Warning,
        Verdict::Denied | Verdict::Dropped | Verdict::Reset | Verdict::Unauthenticated => {
            Paint::Bad
        }
    };
    look.paint(paint, &verdict_line(answer))
}

fn print_wrapped(out: &mut dyn Write, lead: &str, text: &str, look: &Look) -> io::Result<()> {
    let width = look.width.saturating_sub(lead.len()).max(30);
    for (index, line) in tree::wrap(text, width).into_iter().enumerate() {
        let lead = if index == 0 { lead.to_owned() } else { " ".repeat(lead.len()) };
        writeln!(out, "{lead}{line}")?;
    }
    Ok(())
}

/// Prints names, values and places.
struct Settings<'p, 'v> {
    out: &'p mut dyn Write,
    view: &'p View<'v>,
    look: &'p Look,
}

impl Settings<'_, '_> {
    fn line(&mut self, name: &str, value: &str, origin: Option<Origin>) -> io::Result<()> {
        let place = origin.map_or_else(String::new, |origin| {
            format!("  {}", self.look.paint(Paint::Faint, &self.view.places.show(origin)))
        });
        let name = format!("{name:<NAME_WIDTH$}");
        writeln!(self.out, "  {} {value}{place}", self.look.paint(Paint::Heading, &name))
    }

    /// What the client sees, who decides, and the legs of the way.
    fn verdict(&mut self, answer: &Answer) -> io::Result<()> {
        if let Some(sees) = seen(&answer.client_sees) {
            self.line("client sees", &sees, None)?;
        }
        if let Some(by) = &answer.enforced_by {
            let value = format!("{}, {}", by.kind.words(), by.of);
            let (first, rest) =
                by.origins.split_first().map_or((None, &[][..]), |(it, rest)| (Some(*it), rest));
            self.line("enforced by", &value, first)?;
            for origin in rest {
                self.line("", "", Some(*origin))?;
            }
        }
        if let Some(identity) = &answer.identity {
            let principal = identity.principal.as_deref().unwrap_or("nobody");
            self.line("identity", &format!("{principal}: {}", identity.source), None)?;
        }
        for leg in &answer.legs {
            let crosses = match leg.crosses_node {
                Crossing::No => "on one node",
                Crossing::May => "may cross nodes",
            };
            let value = format!(
                "{} -> {}: {}, {crosses}",
                end(&leg.from),
                end(&leg.to),
                leg.encryption.words()
            );
            self.line("leg", &value, leg.origin)?;
        }
        if answer.verdict == Verdict::Unknown || answer.servers.len() > 1 {
            for server in &answer.servers {
                let percent = server.share_ppm as f64 / 1e4;
                let word = server.verdict.word();
                let value = format!("{percent:.1} % to {}: {word}", server.server);
                self.line("server", &value, None)?;
            }
        }
        Ok(())
    }

    fn all(&mut self, answer: &Answer) -> io::Result<()> {
        for (index, share) in answer.weights.iter().enumerate() {
            if index > 0 || answer.weights.len() > 1 {
                writeln!(self.out)?;
            }
            self.share(share)?;
        }
        if let Some(after) = &answer.request_after {
            self.changes("request", &after.changes)?;
        }
        self.changes("response", &answer.response_headers)?;
        if let Some(body) = answer.body.as_ref().filter(|body| !body.is_empty()) {
            self.line("body", body, None)?;
        }
        for mirror in &answer.mirrors {
            let to = mirror.destination.as_ref().map_or(mirror.cluster.value.clone(), shown_target);
            let value = format!("{} % of the requests to {to}", mirror.share.as_percent_f64());
            self.line("copied", &value, Some(mirror.cluster.origin))?;
        }
        self.timeouts(answer)?;
        match &answer.retry {
            Some(retry) => self.retry(retry),
            None => Ok(()),
        }
    }

    fn share(&mut self, share: &Share) -> io::Result<()> {
        let percent = share.share.as_percent_f64();
        let value = format!("{percent} % to {}", shown_target(&share.destination));
        self.line("share", &value, Some(share.weight.origin))?;
        if let Some((status, flags)) = share.fails_with {
            let value = match status {
                0 => format!("closed, {flags}, by the proxy"),
                status => format!("{status} {flags}, by the proxy"),
            };
            self.line("answered", &value, None)?;
        }
        if !share.cluster.is_empty() {
            let origin = share.cluster_facts.as_ref().map(|facts| facts.origin);
            self.line("cluster", &share.cluster, origin)?;
        }
        if let Some(facts) = &share.cluster_facts {
            self.line("balanced", &facts.balancer.value, Some(facts.balancer.origin))?;
            self.line("protected", &facts.protection.value, Some(facts.protection.origin))?;
            for limit in &facts.limits {
                let value = format!(
                    "{} {} in each of {}",
                    limit.name,
                    limit.each.value,
                    counted(u64::from(limit.callers), "calling proxy").replace("proxys", "proxies")
                );
                self.line("limit", &value, Some(limit.each.origin))?;
            }
            if let Some(outlier) = &facts.outlier {
                self.line("ejection", &outlier.value, Some(outlier.origin))?;
            }
        }
        for endpoint in share.endpoints.iter().take(ENDPOINTS_MAX) {
            self.line("endpoint", &described(endpoint), Some(endpoint.origin))?;
        }
        match share.endpoints.len().saturating_sub(ENDPOINTS_MAX) {
            0 => Ok(()),
            more => self.line("", &format!("and {more} more; `-o json` lists all"), None),
        }
    }

    fn changes(&mut self, name: &str, changes: &[HeaderChange]) -> io::Result<()> {
        for change in changes {
            let value = match &change.value {
                Some(value) => format!("{}: {value}", change.name),
                None => format!("{} removed", change.name),
            };
            self.line(name, &value, change.origin)?;
        }
        Ok(())
    }

    fn timeouts(&mut self, answer: &Answer) -> io::Result<()> {
        let limits = &answer.timeouts;
        let rows = [
            ("timeout", limits.request),
            ("per try", limits.per_try),
            ("per try idle", limits.per_try_idle),
            ("idle", limits.idle),
            ("max stream", limits.max_stream),
            ("connect", limits.connect),
        ];
        for (name, limit) in rows {
            if let Some(limit) = limit {
                self.line(name, &span(limit), Some(limit.origin))?;
            }
        }
        Ok(())
    }

    fn retry(&mut self, retry: &RetryInForce) -> io::Result<()> {
        let attempts = retry.attempts_max();
        let retries = counted(u64::from(*retry.retries), "retry").replace("retrys", "retries");
        let value = format!("{retries}: {attempts} attempts at most");
        self.line("retries", &value, Some(retry.retries.origin))?;
        let mut words: Vec<String> = retry.retry_on.words().map(str::to_owned).collect();
        words.extend(retry.status_codes.iter().map(ToString::to_string));
        let words = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
        self.line("retried on", &words, Some(retry.retry_on.origin))?;
        let (base, max) = retry.backoff.value;
        let value = format!("from {base}, doubled up to {max}, drawn from zero to that");
        self.line("pause", &value, Some(retry.backoff.origin))?;
        let value = format!(
            "{} of {} begin when every attempt is as slow as it may be",
            retry.reachable_when_slow, *retry.retries
        );
        self.line("when slow", &value, None)?;
        let worst = retry.worst_case.map_or_else(
            || "without end: nothing ends an attempt that hangs".to_owned(),
            |worst| format!("{worst} until the client has an answer"),
        );
        self.line("worst case", &worst, None)
    }
}

fn span(limit: Sourced<SimDuration>) -> String {
    if limit.as_ns() == 0 { "none".to_owned() } else { limit.value.to_string() }
}

fn described(endpoint: &EndpointShare) -> String {
    let mut text = endpoint.address.clone();
    if let Some(pod) = &endpoint.pod {
        text.push_str(&format!("  {pod}"));
    }
    if !endpoint.locality.is_empty() {
        text.push_str(&format!("  {}", endpoint.locality));
    }
    if endpoint.priority > 0 {
        text.push_str(&format!("  priority {}", endpoint.priority));
    }
    if endpoint.weight != 1 {
        text.push_str(&format!("  weight {}", endpoint.weight));
    }
    match endpoint.in_use {
        InUse::Yes => {
            let share = exact_share(endpoint.share.as_percent_f64() / 100.0);
            text.push_str(&format!("  {share}"));
        }
        InUse::Standby => text.push_str("  stands by"),
        InUse::Unhealthy => text.push_str("  not healthy"),
    }
    if endpoint.refuses.is_some() {
        text.push_str("  refuses");
    }
    text
}
