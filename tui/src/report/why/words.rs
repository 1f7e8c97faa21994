//! Words for verdicts that the report and the screens share.

use meshwalk_models::flip::Admitted;
use meshwalk_models::units::SimDuration;
use meshwalk_models::walk::{Answer, LegEnd, Outcome, SeenAnswer, Sees, shown};

use crate::report::format::counted;

/// How many of the workloads that an edit lets in are named.
const NAMED_MAX: usize = 3;

/// The verdict in one line, with what the client gets and who decides.
pub(crate) fn verdict_line(answer: &Answer) -> String {
    let mut line = answer.verdict.word().to_uppercase();
    let outcome = shown(answer);
    if outcome != answer.verdict.word() {
        line.push_str(&format!("  {outcome}"));
    }
    if let Some(outcome) = answer.if_allowed {
        let mut allowed = answer.clone();
        allowed.outcome = outcome;
        line.push_str(&format!(": {} unless a policy denies it", shown(&allowed)));
    }
    let told = answer.outcome == Outcome::DirectResponse;
    if let Some(status) = answer.status.filter(|_| !told) {
        line.push_str(&format!("  {status}"));
    }
    if let Some(flags) = &answer.flags {
        line.push_str(&format!("  {flags}"));
    }
    let told = answer.outcome != Outcome::Denied || answer.flags.is_some();
    let details = answer.details.as_ref().filter(|_| !told);
    if let Some(details) = details {
        line.push_str(&format!("  {details}"));
    }
    if let Some(by) = &answer.enforced_by {
        line.push_str(&format!("   decided at: {}, {}", by.kind.words(), by.of));
    }
    line
}

/// One end of a leg, such as `sidecar shop/deploy/web`.
pub(crate) fn end(end: &LegEnd) -> String {
    format!("{} {}", end.kind.word(), end.of)
}

/// What the client sees, where that is not the server's answer.
pub(crate) fn seen(sees: &Sees) -> Option<String> {
    let waits = |after: &Option<SimDuration>| {
        after.map_or_else(String::new, |after| format!(" after {after}"))
    };
    Some(match sees {
        Sees::Server | Sees::Unknown => return None,
        Sees::Answer(SeenAnswer { status, body, after, .. }) => {
            let body = body.as_ref().map_or_else(String::new, |body| format!(", body \"{body}\""));
            format!("status {status}{body}{}", waits(after))
        }
        Sees::Refused => "connection refused".to_owned(),
        Sees::Reset { after } => format!("connection reset{}", waits(after)),
        Sees::TlsError => "a TLS error".to_owned(),
        Sees::TimeOut { after, syns } => {
            format!("a connect time-out after {after} and {syns} SYN packets")
        }
        Sees::NotResolved { after } => format!("could not resolve host{}", waits(after)),
    })
}

/// Who else is let in, as the end of a line.
pub(crate) fn others(admitted: &Admitted) -> String {
    let Admitted { workloads, asked, classes } = admitted;
    if workloads.is_empty() {
        return String::new();
    }
    let named = &workloads[..workloads.len().min(NAMED_MAX)];
    let more = if workloads.len() > named.len() { ", …" } else { "" };
    let of = if asked < classes { format!(" of the {asked} asked") } else { String::new() };
    let count = counted(workloads.len() as u64, "other workload");
    format!("; lets in {count}{of} too: {}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_that_are_let_in_too_are_counted_and_some_are_named() {
        let admitted = |count: usize, asked| Admitted {
            workloads: (0..count).map(|at| format!("w{at}")).collect(),
            asked,
            classes: 9,
        };
        assert_eq!(others(&admitted(0, 9)), "");
        assert_eq!(others(&admitted(1, 9)), "; lets in 1 other workload too: w0");
        assert_eq!(
            others(&admitted(4, 8)),
            "; lets in 4 other workloads of the 8 asked too: w0, w1, w2, …"
        );
    }
}
