//! Stories about trees, broken input and types read through serde.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use crate::manifest::{Diagnostic, Located, Severity, SourceId, SourceSet};

use super::*;

struct Read {
    sources: SourceSet,
    documents: Vec<Document>,
    diagnostics: Vec<Diagnostic>,
}

fn read_bytes(bytes: Vec<u8>) -> Read {
    let mut sources = SourceSet::new();
    let source = sources.add_bytes("test.yaml", bytes);
    let (mut read, mut diagnostics) = (Vec::new(), Vec::new());
    for mut parsed in documents(&sources, source) {
        diagnostics.append(&mut parsed.diagnostics);
        read.extend(parsed.document);
    }
    Read { sources, documents: read, diagnostics }
}

fn read(text: &str) -> Read {
    read_bytes(text.as_bytes().to_vec())
}

fn codes(read: &Read) -> Vec<&'static str> {
    read.diagnostics.iter().map(|finding| finding.code).collect()
}

/// The tree in one line, with the places of its nodes.
fn draw(node: NodeRef<'_>) -> String {
    let place = format!("@{}:{}", node.place().line, node.place().column);
    match node.kind() {
        NodeKind::Sequence => {
            let items: Vec<_> = node.items().map(draw).collect();
            format!("[{}]{place}", items.join(", "))
        }
        NodeKind::Mapping => {
            let entries: Vec<_> = node
                .entries()
                .map(|entry| format!("{}: {}", entry.key, draw(entry.value)))
                .collect();
            format!("{{{}}}{place}", entries.join(", "))
        }
        _ => format!("{}{place}", node.text()),
    }
}

#[test]
fn every_node_of_a_block_document_has_its_place() {
    let read = read("# a comment\nmetadata:\n  name: web\n  ports:\n  - 80\n  -   443\n");
    assert_eq!(
        draw(read.documents[0].root()),
        "{metadata: {name: web@3:9, ports: [80@5:5, 443@6:7]@5:5}@3:3}@2:1"
    );
}

#[test]
fn json_is_read_with_the_same_places() {
    let read = read("{\n\t\"a\": [true, null],\n\t\"b\": {\"c\": \"x\\ny\"}\n}\n");
    assert_eq!(
        draw(read.documents[0].root()),
        "{a: [true@2:8, null@2:14]@2:7, b: {c: x\ny@3:13}@3:7}@1:1"
    );
    assert!(read.diagnostics.is_empty());
}

#[test]
fn quoted_numbers_and_words_stay_strings() {
    let read = read("[1, '1', \"true\", true, !!str 5, !!int 5, yes]");
    let kinds: Vec<_> = read.documents[0].root().items().map(NodeRef::kind).collect();
    use NodeKind::{Bool, Integer, String};
    assert_eq!(kinds, [Integer, String, String, Bool, String, Integer, String]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_not_matter() {
    let read = read_bytes(b"\xEF\xBB\xBFa: 1\r\nb:\r\n  c: 2\r\n".to_vec());
    assert_eq!(draw(read.documents[0].root()), "{a: 1@1:4, b: {c: 2@3:6}@3:3}@1:1");
}

#[test]
fn empty_files_and_empty_documents_are_fine() {
    assert_eq!(read("").documents.len(), 0);
    let read = read("# nothing\n---\n---\na: 1\n---\n# the end\n");
    assert!(read.diagnostics.is_empty());
    assert_eq!(read.documents.iter().filter(|document| !document.is_empty()).count(), 1);
}

#[test]
fn a_broken_document_does_not_hide_the_next_ones() {
    let breakages = [
        "a: [1, 2",
        "a: {b",
        "a: \"never closed",
        "a: 'never closed",
        "a: b: c",
        "a: 1\n  b: 2\n c: 3",
        "a:\n\tb: 1",
        "a: *missing",
        "- a\nb: 1",
        "a: |\n   x\n  y\n z",
        "@a",
        "&a &b c",
        "? [\n: ]",
        "%YAML 3.0",
    ];
    for broken in breakages {
        let text = format!("first: 1\n---\n{broken}\n---\nlast: 1\n");
        let read = read(&text);
        let keys: Vec<_> = read
            .documents
            .iter()
            .filter_map(|document| document.root().entries().next().map(|entry| entry.key))
            .collect();
        assert_eq!((keys.first(), keys.last()), (Some(&"first"), Some(&"last")), "{broken}");
        assert!(!read.diagnostics.is_empty(), "{broken}");
        let line = read.diagnostics[0].place().expect("a place").line;
        assert!((2..=7).contains(&line), "{broken}: line {line}");
    }
}

#[test]
fn the_last_of_two_equal_keys_counts_and_both_are_shown() {
    let read = read("a: 1\nb: 2\na: 3\n");
    assert_eq!(draw(read.documents[0].root()), "{b: 2@2:4, a: 3@3:4}@1:1");
    assert_eq!(codes(&read), ["yaml.duplicate-key"]);
    let lines: Vec<_> = read.diagnostics[0].labels.iter().map(|it| it.place.line).collect();
    assert_eq!(lines, [3, 1]);
}

#[test]
fn duplicates_are_found_in_large_mappings_too() {
    let mut text: String = (0..500).map(|at| format!("k{at}: {at}\n")).collect();
    text.push_str("k7: again\n");
    let read = read(&text);
    assert_eq!(codes(&read), ["yaml.duplicate-key"]);
    assert_eq!(read.documents[0].root().get("k7").map(NodeRef::text), Some("again"));
    assert_eq!(read.documents[0].root().entries().len(), 500);
}

#[test]
fn merge_keys_fill_in_what_is_not_written() {
    let read = read("base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\nown: {<<: [*b, *m], x: 9}\n");
    let own = read.documents[0].root().get("own").expect("it is there");
    let values: Vec<_> = ["x", "y", "z"].map(|key| own.get(key).map(NodeRef::text)).to_vec();
    assert_eq!(values, [Some("9"), Some("1"), Some("2")]);
}

#[test]
fn an_alias_bomb_is_a_diagnostic_and_not_a_memory_hog() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let below = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", ")));
    }
    text.push_str("---\nlast: 1\n");
    let read = read(&text);
    assert_eq!(codes(&read), ["yaml.alias-bomb"]);
    assert_eq!(read.documents.len(), 1);
}

#[test]
fn an_alias_to_itself_is_refused() {
    assert_eq!(codes(&read("a: &a [*a]\n")), ["yaml.recursive-alias"]);
}

#[test]
fn nesting_through_aliases_is_bounded_as_written_nesting_is() {
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..1000 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert_eq!(codes(&read(&chain)), ["yaml.too-deep"]);
    assert_eq!(codes(&read(&"[".repeat(100_000))), ["yaml.too-deep"]);
    assert_eq!(codes(&read(&"- ".repeat(100_000))), ["yaml.too-deep"]);
    let deep: String = (0..150).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(read(&deep).diagnostics.is_empty());
}

#[test]
fn unknown_tags_are_noted_once_a_document() {
    let read = read("a: !vault x\nb: !ref y\n---\nc: !!binary z\n");
    assert_eq!(codes(&read), ["yaml.tag-ignored", "yaml.tag-ignored"]);
    assert!(read.diagnostics.iter().all(|finding| finding.severity == Severity::Note));
}

#[test]
fn a_template_is_recognised_and_reported_once() {
    let template = "{{- if .Values.on }}\napiVersion: v1\n{{- end }}\n---\n{{ range . }}\na: 1\n";
    let read = read(template);
    assert_eq!(codes(&read), ["yaml.template"]);
    assert_eq!(read.diagnostics[0].place().map(|it| (it.line, it.column)), Some((1, 1)));
}

#[test]
fn files_that_are_no_text_get_a_diagnostic() {
    assert_eq!(codes(&read_bytes(vec![0, 1, 2, 3])), ["yaml.binary"]);
    assert_eq!(codes(&read_bytes(vec![0xFE, 0xFF, 0, b'a'])), ["yaml.encoding"]);
    let latin1 = read_bytes(b"a: 1\nb: caf\xE9\n".to_vec());
    assert_eq!(codes(&latin1), ["yaml.encoding"]);
    assert_eq!(latin1.diagnostics[0].place().map(|it| (it.line, it.column)), Some((2, 7)));
    assert_eq!(latin1.documents.len(), 1);
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    traffic: Vec<Stream>,
    #[serde(default)]
    weights: BTreeMap<String, Located<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    rate: Located<u32>,
    #[serde(default)]
    shape: Option<Shape>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Shape {
    Steady,
    Ramp { to: u32 },
    Burst(u32),
}

fn plan(text: &str) -> Result<Plan, Diagnostic> {
    let mut sources = SourceSet::new();
    let source = sources.add("plan.yaml", text);
    let (document, _) = single_document(&sources, source)?;
    from_document(&document)
}

#[test]
fn serde_types_are_filled_and_know_their_places() {
    let plan = plan(concat!(
        "traffic:\n",
        "- {rate: 5, shape: steady}\n",
        "- rate: 6\n",
        "  shape: {ramp: {to: 9}}\n",
        "- {rate: 7, shape: {burst: 3}}\n",
        "- {rate: 8, shape: ~}\n",
        "weights: {a: 1, b: 0.5}\n",
    ))
    .expect("it fits");
    let shapes: Vec<_> = plan.traffic.iter().map(|stream| stream.shape.as_ref()).collect();
    let expected = [Shape::Steady, Shape::Ramp { to: 9 }, Shape::Burst(3)];
    assert_eq!(shapes[..3], expected.each_ref().map(Some));
    assert_eq!(shapes[3], None);
    let place = plan.traffic[1].rate.place;
    assert_eq!((plan.traffic[1].rate.value, place.line, place.column), (6, 3, 9));
    assert_eq!(plan.weights["b"].value, 0.5);
}

#[test]
fn errors_of_serde_types_name_the_path_the_place_and_the_remedy() {
    let cases = [
        (
            "traffic:\n- rate: fast\n",
            "traffic[0].rate: expected a whole number from 0 to 4294967295, got a string `fast`",
            (2, 9),
            None,
        ),
        (
            "traffic:\n- rate: -1\n",
            "traffic[0].rate: expected a whole number from 0 to 4294967295, got a whole number `-1`",
            (2, 9),
            None,
        ),
        (
            "traffic:\n- rate: 1\n  shap: steady\n",
            "traffic[0]: unknown field `shap`",
            (3, 3),
            Some("did you mean `shape`?"),
        ),
        ("traffic:\n- {}\n", "traffic[0]: the field `rate` is missing", (2, 3), None),
        ("traffic: 5\n", "traffic: expected a list, got a whole number `5`", (1, 10), None),
        ("traffic: [[1]]\n", "traffic[0]: expected a mapping, got a list", (1, 11), None),
        (
            "traffic:\n- rate: 1\n  shape: stedy\n",
            "traffic[0].shape: expected `steady`, `ramp`, `burst`, got `stedy`",
            (3, 10),
            Some("did you mean `steady`?"),
        ),
        (
            "traffic:\n- rate: 1\n  shape: {ramp: {to: x}}\n",
            "traffic[0].shape.ramp.to: expected a whole number from 0 to 4294967295, got a string `x`",
            (3, 22),
            None,
        ),
        (
            "traffic:\n- rate: 1\n  shape: ramp\n",
            "traffic[0].shape: `ramp` needs settings: write `ramp: …`",
            (3, 10),
            None,
        ),
        (
            "traffic: []\nweights: {a: x}\n",
            "weights.a: expected a number, got a string `x`",
            (2, 14),
            None,
        ),
    ];
    for (text, message, (line, column), help) in cases {
        let error = plan(text).expect_err(text);
        assert_eq!(error.message, message);
        let place = error.place().expect("a place");
        assert_eq!((place.line, place.column), (line, column), "{text}");
        assert_eq!(error.help.as_deref(), help, "{text}");
    }
}

#[test]
fn a_scenario_is_exactly_one_document() {
    assert_eq!(plan("").expect_err("empty").code, "yaml.empty");
    assert_eq!(plan("a: 1\n---\nb: 1\n").expect_err("two").code, "yaml.several-documents");
    assert_eq!(plan("a: [\n").expect_err("broken").code, "yaml.syntax");
    assert!(plan("---\ntraffic: []\n---\n").is_ok());
}

/// A random input found that the braces of a template were looked for by LF alone, so that their
/// line and column were those of another text.
#[test]
fn a_template_is_placed_on_its_line_whatever_breaks_lines() {
    for line_break in ["\n", "\r\n", "\r"] {
        let text = ["", "a: 1", "---", "b: {{ .Values.b }}", "---", "c: 1"].join(line_break);
        let read = read(&text);
        let [finding] = &read.diagnostics[..] else { panic!("{:?}", read.diagnostics) };
        assert_eq!(finding.code, "yaml.template");
        let place = finding.place().expect("a place");
        assert_eq!((place.line, place.column), (4, 4), "{line_break:?}");
        assert_eq!(read.documents.len(), 2, "{line_break:?}");
    }
}

#[test]
fn the_braces_of_another_document_do_not_make_a_broken_one_a_template() {
    for line_break in ["\n", "\r\n", "\r"] {
        let text = ["a: '{{ }}'", "---", "b: ]", "---", "c: '{{ }}'"].join(line_break);
        let codes: Vec<_> = read(&text).diagnostics.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["yaml.syntax"], "{line_break:?}");
    }
}

fn assert_inside(sources: &SourceSet, place: crate::manifest::Place) {
    let source = sources.get(SourceId(0));
    assert!(place.line >= 1 && place.line as usize <= source.line_count(), "{place:?}");
    let length = source.line_text(place.line).chars().count();
    // One past the end is where something is missing.
    assert!(place.column >= 1 && place.column as usize <= length + 2, "{place:?} of {length}");
}

fn assert_places_lie_inside(read: &Read) {
    for document in &read.documents {
        for node in &document.nodes {
            assert_inside(&read.sources, node.place);
        }
    }
    for finding in &read.diagnostics {
        for label in &finding.labels {
            assert_inside(&read.sources, label.place);
        }
    }
}

const SAMPLE: &str = "apiVersion: v1\nkind: Service\nmetadata: &m\n  name: \"web\"\n  labels: {a: 'b'}\n\
    spec:\n  ports:\n  - port: 80\n    targetPort: |\n      x\n  other: *m\n---\n# end\n{\"a\": [1, 2]}\n";

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_places_lie_inside(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_places_lie_inside(&read_bytes(bytes));
    }

    #[test]
    fn yaml_like_text_never_panics_and_places_lie_inside(
        text in "([a-c]: |- |\\[|\\]|\\{|\\}|\n|  |---\n|\\*a|&a |'|\"|\\||>|#|!t |\\? |: |,|\r|\t|é|%|\\.\\.\\.\n|<<: ){0,60}",
    ) {
        assert_places_lie_inside(&read(&text));
    }

    #[test]
    fn mutated_manifests_never_panic_and_places_lie_inside(
        edits in prop::collection::vec((0..SAMPLE.len(), any::<u8>()), 1..6),
    ) {
        let mut bytes = SAMPLE.as_bytes().to_vec();
        for (at, byte) in edits {
            bytes[at] = byte;
        }
        assert_places_lie_inside(&read_bytes(bytes));
    }
}
