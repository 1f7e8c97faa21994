//! The functions of expectations: the list that help pages, messages and the checker share.

use crate::stats::Ruling;

/// What a function is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Calls of a service, by all callers or by one; or the requests of a traffic source.
    Calls,
    /// A workload's pods.
    Workload,
    /// The whole run.
    Run,
}

/// What a function tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistic {
    Requests,
    Attempts,
    Retries,
    Amplification,
    Ejections,
    Overflow,
    Pending,
    Rate,
    Goodput,
    SuccessRate,
    Errors,
    Mean,
    /// A fixed quantile.
    Latency(f64),
    /// The quantile that the last argument names.
    Quantile,
    Utilisation,
    QueueWait(f64),
    Rejected,
    Arrived,
    Wasted,
    Censored,
    /// What policy ended, of one sort.
    Ruled(Ruling),
    PlaintextBytes,
}

/// One function.
#[derive(Clone, Copy, Debug)]
pub struct FunctionEntry {
    /// Its name in expressions.
    pub name: &'static str,
    /// What its arguments name.
    pub about: About,
    /// How a call is written.
    pub usage: &'static str,
    /// What it tells, as a sentence.
    pub sentence: &'static str,
    pub(super) statistic: Statistic,
}

impl FunctionEntry {
    /// Whether it gives a duration; all others give numbers.
    #[must_use]
    pub const fn is_duration(&self) -> bool {
        matches!(
            self.statistic,
            Statistic::Mean | Statistic::Latency(_) | Statistic::Quantile | Statistic::QueueWait(_)
        )
    }
}

const fn entry(
    name: &'static str,
    about: About,
    statistic: Statistic,
    usage: &'static str,
    sentence: &'static str,
) -> FunctionEntry {
    FunctionEntry { name, about, usage, sentence, statistic }
}

/// All functions. Counts of calls and attempts are zero without data; everything else is unknown
/// then.
pub const FUNCTIONS: [FunctionEntry; 28] = [
    entry("requests", About::Calls, Statistic::Requests, "requests(\"web\")", "Calls that ended."),
    entry(
        "attempts",
        About::Calls,
        Statistic::Attempts,
        "attempts(\"web\")",
        "Attempts that began; for a traffic source, requests that it sent.",
    ),
    entry(
        "retries",
        About::Calls,
        Statistic::Retries,
        "retries(\"web\", \"cart\")",
        "Attempts after the first of a call, by the caller or by its proxy.",
    ),
    entry(
        "amplification",
        About::Calls,
        Statistic::Amplification,
        "amplification(\"cart\")",
        "Attempts for each call that there would be without any retries, from 1; retries of callers \
         above count too.",
    ),
    entry(
        "ejections",
        About::Calls,
        Statistic::Ejections,
        "ejections(\"cart\")",
        "Ejections of hosts by outlier detection, each time and in each caller's proxy.",
    ),
    entry(
        "overflow",
        About::Calls,
        Statistic::Overflow,
        "overflow(\"cart\")",
        "Attempts and retries that circuit breakers had no place for.",
    ),
    entry(
        "pending",
        About::Calls,
        Statistic::Pending,
        "pending(\"cart\")",
        "Attempts that had to wait for a connection.",
    ),
    entry(
        "denied",
        About::Calls,
        Statistic::Ruled(Ruling::Denied),
        "denied(\"web\", \"db\")",
        "Requests that a rule on who may call answered in place of the server.",
    ),
    entry(
        "unauthenticated",
        About::Calls,
        Statistic::Ruled(Ruling::Unauthenticated),
        "unauthenticated(\"web\", \"db\")",
        "Requests that were answered because their token is missing or bad.",
    ),
    entry(
        "dropped",
        About::Calls,
        Statistic::Ruled(Ruling::Dropped),
        "dropped(\"web\", \"db\")",
        "Connections whose SYN network policy left without an answer.",
    ),
    entry(
        "reset",
        About::Calls,
        Statistic::Ruled(Ruling::Reset),
        "reset(\"web\", \"db\")",
        "Connections that the server's side refused or ended.",
    ),
    entry(
        "plaintext_bytes",
        About::Calls,
        Statistic::PlaintextBytes,
        "plaintext_bytes(\"web\", \"db\")",
        "Bytes that left their node unencrypted, headers included.",
    ),
    entry("rate", About::Calls, Statistic::Rate, "rate(\"web\")", "Calls that ended, per second."),
    entry(
        "goodput",
        About::Calls,
        Statistic::Goodput,
        "goodput(\"web\")",
        "Good answers (below 400) that the caller still waited for, per second.",
    ),
    entry(
        "success_rate",
        About::Calls,
        Statistic::SuccessRate,
        "success_rate(\"web\")",
        "The share of calls that ended with an answer below 500, from 0 to 1.",
    ),
    entry(
        "errors",
        About::Calls,
        Statistic::Errors,
        "errors(\"web\")",
        "Calls that ended otherwise.",
    ),
    entry(
        "mean",
        About::Calls,
        Statistic::Mean,
        "mean(\"web\")",
        "The mean latency of calls that ended.",
    ),
    entry(
        "p50",
        About::Calls,
        Statistic::Latency(0.5),
        "p50(\"web\", \"cart\")",
        "The median latency; of the calls of one caller if two names are given.",
    ),
    entry(
        "p90",
        About::Calls,
        Statistic::Latency(0.9),
        "p90(\"web\")",
        "The 90th percentile of the latency.",
    ),
    entry(
        "p95",
        About::Calls,
        Statistic::Latency(0.95),
        "p95(\"web\")",
        "The 95th percentile of the latency.",
    ),
    entry(
        "p99",
        About::Calls,
        Statistic::Latency(0.99),
        "p99(\"web\")",
        "The 99th percentile of the latency.",
    ),
    entry(
        "quantile",
        About::Calls,
        Statistic::Quantile,
        "quantile(\"web\", 0.999)",
        "Any quantile of the latency.",
    ),
    entry(
        "utilisation",
        About::Workload,
        Statistic::Utilisation,
        "utilisation(\"web\")",
        "The share of worker time in use, from 0 to 1, over all pods.",
    ),
    entry(
        "queue_wait_p99",
        About::Workload,
        Statistic::QueueWait(0.99),
        "queue_wait_p99(\"web\")",
        "The 99th percentile of the wait for a worker.",
    ),
    entry(
        "rejected",
        About::Workload,
        Statistic::Rejected,
        "rejected(\"web\")",
        "Requests turned away because a pod's queue was full.",
    ),
    entry(
        "arrived",
        About::Workload,
        Statistic::Arrived,
        "arrived(\"web-v2\")",
        "Requests that reached the pods.",
    ),
    entry(
        "wasted",
        About::Workload,
        Statistic::Wasted,
        "wasted(\"web\")",
        "The share of the work that went into answers nobody waited for any more, from 0 to 1.",
    ),
    entry(
        "censored",
        About::Run,
        Statistic::Censored,
        "censored()",
        "Measured requests without an end when the run ended; known only then.",
    ),
];
