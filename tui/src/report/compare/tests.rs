//! What a comparison looks like, from results that were filled in by hand.

use meshwalk_sim::compare::{
    Cell, Comparison, ExplainedPart, Explanation, Figure, ObjectResults, ObjectSupport,
    PathResults, Precision, Unit, Value,
};
use meshwalk_sim::stats::{Assumption, Estimate, Identity};

use super::*;

fn value(value: f64, half_width: f64, added: Option<(f64, f64)>) -> Cell {
    let added = added.map(|(value, half_width)| Estimate { value, half_width: Some(half_width) });
    Cell::Value(Value { value, half_width: Some(half_width), added })
}

fn exact(value: f64) -> Estimate {
    Estimate { value, half_width: None }
}

fn text(text: &str) -> Cell {
    Cell::Text { text: text.to_owned() }
}

fn support(support: &'static str, reason: &str) -> ObjectSupport {
    ObjectSupport { support, reason: reason.to_owned(), rule: "support.test" }
}

fn figures() -> Vec<Figure> {
    let unknown = || Cell::not_modelled("this data path was not run");
    let figure = |name, of: Option<&str>, unit, cells| Figure {
        name,
        of: of.map(str::to_owned),
        unit,
        cells,
    };
    let shoppers = Some("shoppers");
    vec![
        figure(
            "success_rate",
            shoppers,
            Unit::Share,
            vec![value(0.999, 0.0, None), value(1.0, 0.0, None), unknown()],
        ),
        figure(
            "latency_p50",
            shoppers,
            Unit::Ms,
            vec![value(12.0, 0.3, None), value(13.9, 0.4, Some((1.9, 0.05))), unknown()],
        ),
        figure(
            "latency_p99",
            shoppers,
            Unit::Ms,
            vec![value(80.0, 2.0, None), value(84.0, 2.5, Some((4.0, 0.6))), unknown()],
        ),
        figure(
            "cpu_sidecars",
            None,
            Unit::Cores,
            vec![Cell::NONE, value(1.25, 0.01, None), unknown()],
        ),
        figure(
            "memory_sidecars",
            None,
            Unit::Bytes,
            vec![Cell::NONE, Cell::not_modelled("no prices of memory"), unknown()],
        ),
        figure(
            "plaintext_bytes",
            None,
            Unit::BytesPerS,
            vec![value(2_500_000.0, 10.0, None), value(0.0, 0.0, None), unknown()],
        ),
        figure(
            "default_retries",
            None,
            Unit::Text,
            vec![text("none"), text("2, at the caller's sidecar"), text("none")],
        ),
    ]
}

fn explanation() -> Explanation {
    Explanation {
        data_path: "istio-sidecar".to_owned(),
        added_ms: exact(2.0),
        parts: vec![
            ExplainedPart {
                at: "a to b".to_owned(),
                part: "caller_proxy_work",
                added_ms: exact(1.5),
            },
            ExplainedPart { at: "a to b".to_owned(), part: "network", added_ms: exact(-0.001) },
        ],
        overlap_ms: exact(0.501),
    }
}

fn object() -> ObjectResults {
    ObjectResults {
        kind: "VirtualService".to_owned(),
        name: "shop/cart".to_owned(),
        line: "routes.yaml:7".to_owned(),
        paths: vec![
            support("rejected", "no CRD of Istio is installed"),
            support("honoured", "the sidecars of callers read it"),
            support("ignored", "no Service that it names has a waypoint"),
        ],
    }
}

fn comparison() -> Comparison {
    let path = |name: &str, not_modelled: Option<&str>| PathResults {
        name: name.to_owned(),
        not_modelled: not_modelled.map(str::to_owned),
        state_hash: not_modelled.is_none().then(|| "00000000000000ab".to_owned()),
    };
    Comparison {
        identity: Identity {
            engine: "0.0.0".to_owned(),
            profile: "test".to_owned(),
            scenario: String::new(),
            manifests: String::new(),
            seed: 7,
            edits: Vec::new(),
        },
        baseline: "none".to_owned(),
        measured_s: 60.0,
        replications: 10,
        precision: Precision {
            relative: Some(0.05),
            floor_ms: Some(0.05),
            reached: Some(false),
            missed: Some(
                "p99 of shoppers on istio-sidecar differs by 4.000ms, known to 0.600ms".to_owned(),
            ),
        },
        data_paths: vec![
            path("none", None),
            path("istio-sidecar", None),
            path("istio-ambient", Some("shop/web is in ambient, which cannot be run yet")),
        ],
        kept_out: vec!["data/db".to_owned()],
        figures: figures(),
        explanations: vec![explanation()],
        objects: vec![object()],
        assumptions: vec![Assumption {
            id: "world".to_owned(),
            sentence: "there are 3 nodes".to_owned(),
        }],
        not_modelled: Vec::new(),
    }
}

fn printed(print: impl Fn(&mut dyn Write, &Comparison) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out, &comparison()).expect("memory takes everything");
    String::from_utf8(out).expect("reports are UTF-8")
}

#[test]
fn the_table_shows_what_each_path_adds_and_what_is_not_known() {
    insta::assert_snapshot!(printed(|out, it| table(out, "the shop", it, &Look::PLAIN)));
}

#[test]
fn the_wide_table_shows_values_beside_differences() {
    let text = printed(|out, it| wide(out, "the shop", it, &Look::PLAIN));
    assert!(text.contains("13.9±0.4ms (+1.90±0.05ms)"), "{text}");
}

#[test]
fn markdown_has_the_same_figures_in_a_table() {
    insta::assert_snapshot!(printed(|out, it| markdown(out, "the shop", it)));
}

#[test]
fn an_explanation_adds_up_and_names_the_largest_parts_first() {
    insta::assert_snapshot!(printed(|out, it| explain(out, it, &Look::PLAIN)), @r"
    Where +2.00ms on istio-sidecar comes from, for the mean request
    +1.50ms   caller proxy work   a to b
    +501us    overlap             calls that go on at the same time, and what nothing else explains
    -1.00us   smaller parts       1 of them
    ");
}

#[test]
fn markdown_has_the_same_explanation_in_a_table() {
    insta::assert_snapshot!(printed(|out, it| explain_markdown(out, it)), @r"
    ### Where +2.00ms on istio-sidecar comes from, for the mean request

    | added | part | at |
    |---:|---|---|
    | +1.50ms | caller proxy work | a to b |
    | +501us | overlap | calls that go on at the same time, and what nothing else explains |
    | -1.00us | smaller parts | 1 of them |
    ");
}
