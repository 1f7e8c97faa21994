//! Stories of expectations over counters that are made by hand.

use meshwalk_models::units::{SimDuration, SimTime};
use proptest::prelude::*;

use super::{BreakFinder, Expectations, Monitor, Observed, results};
use crate::scenario::file::Expectation;
use crate::stats::{
    Details, EdgeCounters, EdgeEntry, EdgeOrigin, Ending, Layout, RunStatistics, ServiceEntry,
    TrafficCounters, TrafficEntry, WorkloadCounters, WorkloadEntry,
};

const WARM_UP: SimDuration = SimDuration::from_secs(10);
const DURATION: SimDuration = SimDuration::from_secs(20);

/// shoppers → web → cart; there is another cart in `test`.
fn layout() -> Layout {
    let service = |namespace: &str, name: &str, edges| ServiceEntry {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        edges,
    };
    Layout {
        services: vec![
            service("shop", "web", vec![0]),
            service("shop", "cart", vec![1]),
            service("test", "cart", vec![]),
        ],
        edges: vec![
            EdgeEntry { from: EdgeOrigin::Traffic(0), to: 0 },
            EdgeEntry { from: EdgeOrigin::Workload(0), to: 1 },
        ],
        workloads: vec![WorkloadEntry {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            pods: vec!["web-0".to_owned(), "web-1".to_owned()],
            workers: 2,
            proxy_workers: None,
        }],
        proxies: Vec::new(),
        traffic: vec![TrafficEntry { name: "shoppers".to_owned() }],
        service_by_name: [("shop/web", 0), ("web", 0), ("shop/cart", 1), ("test/cart", 2)]
            .map(|(name, row)| (name.to_owned(), row))
            .into(),
        workload_by_name: [("shop/web", 0), ("web", 0)]
            .map(|(name, row)| (name.to_owned(), row))
            .into(),
    }
}

fn that(text: &str) -> Expectation {
    Expectation { that: Some(text.to_owned()), ..blank() }
}

fn always(text: &str) -> Expectation {
    Expectation { always: Some(text.to_owned()), ..blank() }
}

fn blank() -> Expectation {
    Expectation {
        name: None,
        that: None,
        always: None,
        eventually: None,
        window: None,
        within: None,
    }
}

fn compile(expectation: &Expectation) -> Result<Expectations, String> {
    let list = std::slice::from_ref(expectation);
    Expectations::compile(list, &layout(), |_| None).map_err(|errors| {
        let error = &errors[0];
        match &error.help {
            Some(help) => format!("{} ({help})", error.message),
            None => error.message.clone(),
        }
    })
}

/// A call of web that ended.
#[derive(Clone, Copy, Debug)]
struct Ended {
    at: SimTime,
    ending: Ending,
    latency: SimDuration,
}

/// A call that ended `at_ms` after the warm-up.
fn ended(at_ms: u64, ending: Ending, latency_ms: u64) -> Ended {
    let at = SimTime::ZERO + WARM_UP + SimDuration::from_ms(at_ms);
    Ended { at, ending, latency: SimDuration::from_ms(latency_ms) }
}

/// A run in which nothing happens but these calls, in order.
struct Rig {
    calls: Vec<Ended>,
    statistics: RunStatistics,
    done: usize,
}

impl Rig {
    fn new(calls: &[Ended]) -> Self {
        let statistics = RunStatistics {
            edges: vec![EdgeCounters::default(); 2],
            workloads: vec![WorkloadCounters::default()],
            traffic: vec![TrafficCounters::default()],
            ..RunStatistics::default()
        };
        Self { calls: calls.to_vec(), statistics, done: 0 }
    }

    /// The next call up to `limit`, counted.
    fn next_until(&mut self, limit: SimTime) -> Option<(usize, Ended)> {
        let call = *self.calls.get(self.done).filter(|call| call.at <= limit)?;
        self.done += 1;
        let edge = &mut self.statistics.edges[0];
        edge.endings.count(call.ending);
        edge.attempts += 1;
        edge.latency.record(call.latency);
        Some((self.done, call))
    }
}

fn observe(expectations: &Expectations, calls: &[Ended]) -> Vec<Observed> {
    let mut rig = Rig::new(calls);
    let mut monitor = Monitor::new(expectations, WARM_UP, DURATION);
    while let Some(look) = monitor.next_look() {
        while rig.next_until(look).is_some() {}
        monitor.look(look, &rig.statistics);
    }
    monitor.finish()
}

/// Runs, and if it broke runs again: what was observed, and the name of what broke it.
fn judge(expectation: &Expectation, calls: &[Ended]) -> (Observed, Option<String>) {
    let expectations = compile(expectation).expect("it compiles");
    let observed = observe(&expectations, calls);
    let mut rig = Rig::new(calls);
    let mut finder = BreakFinder::new(&expectations, &observed, WARM_UP);
    loop {
        let limit = finder.next_look().unwrap_or(finder.end());
        while let Some((number, call)) = rig.next_until(limit) {
            let name = format!("shoppers#{number}");
            let Ended { at, ending, latency } = call;
            finder.call_ended(at, &name, ending, latency, &rig.statistics);
        }
        if finder.next_look().is_none() {
            break;
        }
        finder.look(limit, &rig.statistics);
    }
    let found = finder.finish(0, 7).remove(0).map(|broken| broken.request);
    (observed[0].clone(), found)
}

/// A call each 100 ms for 10 s, all fine and 20 ms long.
fn calm() -> Vec<Ended> {
    (1..=100).map(|step| ended(step * 100, Ending::answered(200), 20)).collect()
}

#[test]
fn a_calm_run_holds_and_shows_its_values() {
    for (text, values) in [
        ("success_rate(\"web\") >= 0.999", vec![("success_rate(\"web\")", 1.0)]),
        ("p99(\"shop/web\") < duration(\"21ms\")", vec![("p99(\"shop/web\")", 20.0)]),
        (
            "attempts('web') / requests('web') <= 1.2",
            vec![("attempts(\"web\")", 100.0), ("requests(\"web\")", 100.0)],
        ),
        (
            "rate(\"traffic:shoppers\", \"web\") == 10.0",
            vec![("rate(\"traffic:shoppers\", \"web\")", 10.0)],
        ),
        (
            "quantile(\"web\", 0.5) - mean(\"web\") == duration(\"0s\")",
            vec![("mean(\"web\")", 20.0), ("quantile(\"web\", 0.5)", 20.0)],
        ),
        (
            "utilisation(\"web\") < 1 && !(errors(\"web\") > 0)",
            vec![("errors(\"web\")", 0.0), ("utilisation(\"web\")", 0.0)],
        ),
        ("censored() == 0", vec![("censored()", 0.0)]),
    ] {
        let (observed, broken) = judge(&that(text), &calm());
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(
            (observed.passed, observed.values, broken),
            (Some(true), values, None),
            "{text}"
        );
    }
}

#[test]
fn the_request_that_broke_the_whole_run_for_good_is_found() {
    // One early failure is outweighed later; the failures at the end are not.
    let mut calls = calm();
    calls[4].ending = Ending::answered(500);
    for number in [90, 91, 92] {
        calls[number - 1].ending = Ending::without_answer(Details::CALLER_TIMEOUT);
    }
    let (observed, broken) = judge(&that("success_rate(\"web\") >= 0.97"), &calls);
    assert_eq!(observed.passed, Some(false));
    assert_eq!(observed.message.as_deref(), Some("success_rate(\"web\") was 0.96."));
    // 3 of 91 calls have failed after the 91st, which is more than 3 %.
    assert_eq!(broken.as_deref(), Some("shoppers#91"));
}

#[test]
fn the_first_window_that_breaks_decides_always() {
    let mut calls = calm();
    calls[33].latency = SimDuration::from_ms(400);
    calls[35].latency = SimDuration::from_ms(900);
    calls[77].latency = SimDuration::from_ms(900);
    let (observed, broken) = judge(&always("p99(\"web\") < duration(\"250ms\")"), &calls);
    assert_eq!(observed.passed, Some(false));
    assert_eq!(broken.as_deref(), Some("shoppers#34"));
    let secs = |s| SimTime::ZERO + SimDuration::from_secs(s);
    assert_eq!(observed.broke_between, Some((secs(13), secs(14))));
    assert_eq!(observed.message.as_deref(), Some("Between 13s and 14s, p99(\"web\") was 900ms."));
}

#[test]
fn a_window_counts_only_what_ended_in_it() {
    // Half of the run fails; each later window is fine by itself.
    let mut calls = calm();
    calls[..50].iter_mut().for_each(|call| call.ending = Ending::answered(500));
    let eventually = |within| Expectation {
        eventually: Some("success_rate(\"web\") == 1.0".to_owned()),
        within: Some(SimDuration::from_secs(within)),
        ..blank()
    };
    assert_eq!(judge(&eventually(6), &calls).0.passed, Some(true));
    let (observed, broken) = judge(&eventually(5), &calls);
    assert_eq!((observed.passed, broken), (Some(false), None));
    assert!(observed.message.is_some_and(|it| it.contains("none of 5 windows until 15s")));
}

#[test]
fn without_data_nothing_passes_in_silence() {
    for text in
        ["success_rate(\"web\") > 0", "errors(\"web\") == 0", "p99(\"web\") < duration(\"1h\")"]
    {
        let (observed, _) = judge(&that(text), &[]);
        assert_eq!(observed.passed, None, "{text}");
        assert!(observed.message.is_some_and(|it| it.contains("has no data")));
        assert_eq!(judge(&always(text), &[]).0.passed, None, "{text}");
    }
    assert_eq!(judge(&that("requests(\"web\") == 0"), &[]).0.passed, Some(true));
    assert_eq!(judge(&that("attempts(\"web\") / requests(\"web\") < 2"), &[]).0.passed, None);
    // The known side decides, as CEL has it.
    let either = "requests(\"web\") == 0 || success_rate(\"web\") > 0.9";
    assert_eq!(judge(&that(either), &[]).0.passed, Some(true));
}

#[test]
fn windows_without_data_are_skipped() {
    let calls = [ended(100, Ending::answered(200), 1), ended(9_900, Ending::answered(200), 1)];
    assert_eq!(judge(&always("success_rate(\"web\") == 1"), &calls).0.passed, Some(true));
}

#[test]
fn what_time_alone_broke_has_no_request() {
    let calls: Vec<Ended> = calm().into_iter().take(20).collect();
    let (observed, broken) = judge(&that("rate(\"web\") > 5"), &calls);
    assert_eq!((observed.passed, broken), (Some(false), None));
}

#[test]
fn expressions_that_mean_nothing_say_why() {
    for (text, complaint) in [
        ("", "is empty"),
        ("success_rate(\"web\") >=", "at column 23: mismatched input the end (write it like"),
        (
            "success_rate(\"wbe\") > 0",
            "there is no service `wbe` in this run (did you mean `web`?)",
        ),
        ("succes_rate(\"web\") > 0", "did you mean `success_rate`?"),
        ("requests(\"cart\") > 0", "several services `cart` (write shop/cart or test/cart)"),
        ("rate(\"traffic:shopper\") > 0", "did you mean `shoppers`?"),
        ("p99(\"web\", \"web\") < duration(\"1s\")", "`web` never calls `web`"),
        ("p99(\"web\") < 250", "cannot compare a duration and a number (durations are written"),
        ("p99(\"web\") < duration(\"250\")", "`250` has no unit"),
        ("p99(\"web\") * 2 < duration(\"1s\")", "cannot calculate with a duration and a number"),
        ("p99(\"web\")", "expected a condition, got a duration"),
        ("p99(web) < duration(\"1s\")", "`p99` is written like `p99(\"web\")`"),
        ("quantile(\"web\", 99) < duration(\"1s\")", "from 0 to 1"),
        ("requests(\"web\") % 2 == 0", "the operator `%` is not supported"),
        ("[1].size() > 0", "`[` at column 1 has no meaning"),
        ("\"a\".contains(\"b\")", "the method `contains`"),
        ("'open", "a quote is not closed"),
        ("b'x' == b'x'", "has no meaning"),
    ] {
        let message = compile(&that(text)).expect_err(text);
        assert!(message.contains(complaint), "{text}: {message}");
    }
}

#[test]
fn replications_fail_together_and_pass_only_together() {
    let expectations = compile(&that("success_rate(\"web\") > 0.5")).expect("it compiles");
    let failing: Vec<Ended> = vec![ended(1, Ending::without_answer(Details::CALLER_TIMEOUT), 9)];
    let [good, bad, unknown] =
        [&calm(), &failing, &vec![]].map(|calls| observe(&expectations, calls));
    let together = |all: &[&Vec<Observed>]| {
        let all: Vec<Vec<Observed>> = all.iter().map(|it| (*it).clone()).collect();
        let result = results(&expectations, &all, &[None]).remove(0);
        (result.passed, result.failed_replications)
    };
    assert_eq!(together(&[&good, &good]), (Some(true), 0));
    assert_eq!(together(&[&good, &unknown]), (None, 0));
    assert_eq!(together(&[&unknown, &bad, &good, &bad]), (Some(false), 2));
    assert_eq!(together(&[]), (None, 0));
}

/// On a stack of one megabyte, as the main thread has it on Windows, in builds without optimising.
#[test]
fn the_deepest_expression_that_is_let_through_needs_little_stack() {
    let deepest = [
        format!("{}1{}", "-(".repeat(32), ")".repeat(32)),
        format!("{}1", "1-".repeat(128)),
        format!("{}{}1{}", "(".repeat(32), "1-".repeat(128), ")".repeat(32)),
        format!("{}{}1{}", "(a?".repeat(16), "1-(".repeat(16), "):1)".repeat(16)),
    ];
    let compiled = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(move || deepest.iter().filter(|text| compile(&that(text)).is_ok()).count())
        .expect("a thread starts")
        .join();
    assert_eq!(compiled.ok(), Some(0), "each is answered, and none is a condition");
}

proptest! {
    /// The parser behind the guard is not ours; whatever people write, it must answer.
    #[test]
    fn no_text_brings_the_compiler_down(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "p99", "(", ")", "\"web\"", "'web'", "duration", "\"1s\"", "<", ">=", "==", "!",
                "&&", "||", "?", ":", "+", "-", "*", "/", "%", ".", ",", "1", "0.5", "1e9", "true",
                "in", "has", "all", "map", "null", " ", "\n", "0x", "9999999999999999999", "u", "\"",
            ]),
            0..24,
        ),
    ) {
        let text = pieces.concat();
        if let Ok(expectations) = compile(&that(&text)) {
            prop_assert_eq!(expectations.len(), 1);
        }
    }

    #[test]
    fn long_texts_are_answered_too(piece in "[-(!a1+?:]{1,3}", times in 1usize..900) {
        let _ = compile(&that(&piece.repeat(times)));
    }
}
