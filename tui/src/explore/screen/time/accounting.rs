//! The account of a request as text: where its time went, and what its services were asked for
//! and did. The figures are those of the log; here they are only rounded and written.

use meshwalk_models::units::SimTime;
use meshwalk_sim::waterfall::{Account, ServiceAccount, Spent, Waterfall, account};

use crate::explore::scene::Scene;

use super::figures::{ms, percent, times, together};
use super::naming::Naming;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Heading,
    Dim,
    Warn,
}

/// A line of text.
pub(super) type Text = (Tone, String);

/// The account up to the cursor and in all.
pub(super) struct Accounts {
    pub(super) so_far: Account,
    pub(super) whole: Account,
}

impl Accounts {
    pub(super) fn of(scene: &Scene<'_>, waterfall: &Waterfall, now: SimTime) -> Self {
        let plan = scene.session.plan();
        Self {
            so_far: account(plan, waterfall, now),
            whole: account(plan, waterfall, SimTime::MAX),
        }
    }
}

/// The lines of the pane.
pub(super) fn lines(naming: &Naming<'_>, accounts: &Accounts) -> Vec<Text> {
    let mut lines = time_lines(accounts);
    lines.push((Tone::Plain, String::new()));
    for service in &accounts.whole.services {
        lines.extend(service_lines(naming, service));
    }
    lines
}

fn time_lines(accounts: &Accounts) -> Vec<Text> {
    let Accounts { so_far, whole } = accounts;
    let heading = format!("{:<24}{:>13}{:>7}{:>13}", "time of the request", "in all", "", "so far");
    let mut lines = vec![(Tone::Heading, heading)];
    let totals: Vec<_> = whole.parts.iter().map(|part| part.total).collect();
    let now = |part: &meshwalk_sim::waterfall::PartOfTime| {
        let here = so_far.parts.iter().find(|it| it.spent == part.spent);
        here.map_or(meshwalk_models::units::SimDuration::ZERO, |it| it.total)
    };
    let nows: Vec<_> = whole.parts.iter().map(now).collect();
    let (totals, nows) = (together(&totals), together(&nows));
    let sum: u64 = totals.iter().sum();
    for (place, part) in whole.parts.iter().enumerate() {
        lines.push((
            Tone::Plain,
            format!(
                "{:<24}{:>13}{:>7}{:>13}",
                short(part.spent),
                ms(totals[place]),
                percent(totals[place], sum),
                ms(nows[place])
            ),
        ));
    }
    let so_far_sum: u64 = nows.iter().sum();
    lines.push((
        Tone::Heading,
        format!("{:<24}{:>13}{:>7}{:>13}", "= latency", ms(sum), "100%", ms(so_far_sum)),
    ));
    let replaced: Vec<_> = whole.parts.iter().map(|part| part.replaced).collect();
    let replaced: u64 = together(&replaced).iter().sum();
    if replaced > 0 {
        lines.push((
            Tone::Warn,
            format!(
                "{:<24}{:>13}{:>7}",
                "of it in failed attempts",
                ms(replaced),
                percent(replaced, sum)
            ),
        ));
    }
    lines
}

/// A part in the words that its column has room for.
const fn short(spent: Spent) -> &'static str {
    match spent {
        Spent::Calls => "between its steps",
        Spent::NodeProxy => "to the node's proxy",
        Spent::Stream => "between messages",
        Spent::OwnSide => "caller's own side",
        other => other.words(),
    }
}

fn service_lines(naming: &Naming<'_>, service: &ServiceAccount) -> Vec<Text> {
    let ServiceAccount { wanted, made, busy, .. } = *service;
    let tone = if made > wanted { Tone::Warn } else { Tone::Plain };
    let name = naming.service(service.service);
    let attempts = if made == 1 { "attempt" } else { "attempts" };
    let mut lines = vec![(
        tone,
        format!(
            "{name}: {made} {attempts}, {wanted} wanted, amplification {}",
            times(made, wanted)
        ),
    )];
    let parts = together(&[busy.useful, busy.vain, busy.wasted]);
    let sum: u64 = parts.iter().sum();
    if sum == 0 {
        return lines;
    }
    let share = |part: u64| format!("{} {}", ms(part), percent(part, sum));
    lines.push((Tone::Plain, format!("  workers held {}: useful {}", ms(sum), share(parts[0]))));
    if parts[1] + parts[2] > 0 {
        lines.push((
            Tone::Warn,
            format!("  of no use {}, nobody waited {}", share(parts[1]), share(parts[2])),
        ));
    }
    lines
}
