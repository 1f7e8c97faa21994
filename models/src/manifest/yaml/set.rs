//! Overrides such as `--set traffic[0].rate=200`; finding out which types they must have is serde's.

use crate::manifest::diagnostic::quoted;
use crate::manifest::{Diagnostic, Place, SourceId, SourceSet};

use super::DEPTH_MAX;
use super::document::{Document, Node, NodeId, Run};
use super::scalar::NodeKind;
use super::stream::single_document;

/// Changes one value of a document, as the source `change` says: `path=value`. Steps of the path
/// are keys with dots between them, and `[n]` for items of lists; a key with dots stands in
/// quotes: `labels."app.kubernetes.io/name"=web`. Missing keys are made, missing items are not,
/// except the one right after the last. The value is YAML.
///
/// # Errors
/// When the path or the value cannot be read, or the path does not fit the document.
pub fn set_path(
    document: &mut Document,
    sources: &SourceSet,
    change: SourceId,
) -> Result<(), Diagnostic> {
    let text = sources.text(change);
    let start = Place { source: change, line: 1, column: 1 };
    let malformed = |why: &str| {
        Diagnostic::error("set.path", format!("cannot read the override {}: {why}", quoted(text)))
            .at(start, "expected path=value")
            .help("write it like `traffic[0].rate=200`")
    };
    let (steps, value_from) = parse_path(text).map_err(malformed)?;
    let value_text = text[value_from..].trim();
    let value = if value_text.is_empty() {
        document.push_scalar(start, NodeKind::Null, "")
    } else {
        graft(document, sources, change, value_from)?
    };
    document.root = replace(document, document.root, &steps, value, start)?;
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// The steps before the first `=`, and the offset behind it.
fn parse_path(text: &str) -> Result<(Vec<Step>, usize), &'static str> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        if rest.starts_with('[') {
            let end = rest.find(']').ok_or("a `[` is not closed")?;
            let index = rest[1..end].parse().map_err(|_| "a list index is no number")?;
            steps.push(Step::Index(index));
            rest = &rest[end + 1..];
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').ok_or("a quote is not closed")?;
            steps.push(Step::Key(quoted[..end].to_owned()));
            rest = &quoted[end + 1..];
        } else {
            let end = rest.find(['.', '[', '=']).ok_or("there is no `=`")?;
            if end == 0 {
                return Err("a key is empty");
            }
            steps.push(Step::Key(rest[..end].trim().to_owned()));
            rest = &rest[end..];
        }
        if steps.len() > DEPTH_MAX {
            return Err("the path is too long");
        }
        match rest.as_bytes().first() {
            Some(b'=') => return Ok((steps, text.len() - rest.len() + 1)),
            Some(b'.') => rest = &rest[1..],
            Some(b'[') => {}
            _ => return Err("there is no `=`"),
        }
    }
}

/// Reads the value and copies its tree into the document.
fn graft(
    document: &mut Document,
    sources: &SourceSet,
    change: SourceId,
    value_from: usize,
) -> Result<NodeId, Diagnostic> {
    // The value is parsed alone and its places are moved to where it stands in the override.
    let text = sources.text(change);
    let mut alone = SourceSet::new();
    let id = alone.add("value", &text[value_from..]);
    let shift = u32::try_from(text[..value_from].chars().count()).unwrap_or(0);
    let moved = |place: Place| Place {
        source: change,
        line: place.line,
        column: if place.line == 1 { place.column + shift } else { place.column },
    };
    let (value, _) = single_document(&alone, id).map_err(|mut error| {
        for label in &mut error.labels {
            label.place = moved(label.place);
        }
        error
    })?;
    Ok(copy(document, &value, value.root, &moved))
}

/// Depth is bounded by the parser.
fn copy(
    into: &mut Document,
    from: &Document,
    id: NodeId,
    moved: &impl Fn(Place) -> Place,
) -> NodeId {
    let node = from.node(id);
    let place = moved(node.place());
    match node.kind() {
        NodeKind::Sequence => {
            let items = from.items_of(id).iter().map(|&item| copy(into, from, item, moved));
            let items: Vec<NodeId> = items.collect();
            push_sequence(into, place, items)
        }
        NodeKind::Mapping => {
            let mut pairs = Vec::new();
            for &(key, value) in from.pairs_of(id) {
                pairs.push((copy(into, from, key, moved), copy(into, from, value, moved)));
            }
            push_mapping(into, place, pairs)
        }
        kind => into.push_scalar(place, kind, node.text()),
    }
}

/// The node `id` with the value behind `steps` replaced. Nodes on the way are made anew, so that
/// other aliases of them stay as they are.
fn replace(
    document: &mut Document,
    id: NodeId,
    steps: &[Step],
    value: NodeId,
    start: Place,
) -> Result<NodeId, Diagnostic> {
    let Some((step, rest)) = steps.split_first() else { return Ok(value) };
    let node = document.node(id);
    let (kind, place) = (node.kind(), node.place());
    let misfit = |wanted: &str, got: String| {
        Err(Diagnostic::error("set.path", format!("the path needs {wanted}, but finds {got}"))
            .at(start, "in this override")
            .at(place, "this is what it finds"))
    };
    match (step, kind) {
        (Step::Key(key), NodeKind::Mapping | NodeKind::Null) => {
            let mut pairs = document.pairs_of(id).to_vec();
            let found = pairs.iter().position(|pair| document.text_of(pair.0) == key);
            let at = match found {
                Some(at) => at,
                None => {
                    let key = document.push_scalar(start, NodeKind::String, key);
                    pairs.push((key, document.push_scalar(start, NodeKind::Null, "")));
                    pairs.len() - 1
                }
            };
            pairs[at].1 = replace(document, pairs[at].1, rest, value, start)?;
            Ok(push_mapping(document, place, pairs))
        }
        (Step::Index(index), NodeKind::Sequence | NodeKind::Null) => {
            let mut items = document.items_of(id).to_vec();
            if *index == items.len() {
                items.push(document.push_scalar(start, NodeKind::Null, ""));
            }
            let Some(&item) = items.get(*index) else {
                let wanted = format!("item [{index}]");
                return misfit(&wanted, format!("a list of {}", items.len()));
            };
            items[*index] = replace(document, item, rest, value, start)?;
            Ok(push_sequence(document, place, items))
        }
        (Step::Key(key), _) => misfit(&format!("a mapping with {}", quoted(key)), node.describe()),
        (Step::Index(_), _) => misfit("a list", node.describe()),
    }
}

fn push_sequence(document: &mut Document, place: Place, items: Vec<NodeId>) -> NodeId {
    let start = document.items.len();
    document.items.extend(items);
    let run = Run::between(start, document.items.len());
    document.push(Node { place, kind: NodeKind::Sequence, run })
}

fn push_mapping(document: &mut Document, place: Place, pairs: Vec<(NodeId, NodeId)>) -> NodeId {
    let start = document.pairs.len();
    document.pairs.extend(pairs);
    let run = Run::between(start, document.pairs.len());
    document.push(Node { place, kind: NodeKind::Mapping, run })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, change: &str) -> Result<(Document, SourceSet), Diagnostic> {
        let mut sources = SourceSet::new();
        let file = sources.add("file", text);
        let change = sources.add("--set", change);
        let (mut document, _) = single_document(&sources, file).expect("the test's own YAML");
        set_path(&mut document, &sources, change)?;
        Ok((document, sources))
    }

    #[test]
    fn a_value_in_a_list_is_replaced_and_its_place_is_the_override() {
        let (document, sources) =
            set("traffic:\n- rate: 10\n- rate: 20\n", "traffic[1].rate=200").expect("it fits");
        let rates: Vec<_> = document
            .root()
            .get("traffic")
            .expect("still there")
            .items()
            .map(|item| item.get("rate").expect("still there"))
            .collect();
        assert_eq!((rates[0].text(), rates[1].text()), ("10", "200"));
        assert_eq!(sources.show(rates[1].place()).to_string(), "--set:1:17");
    }

    #[test]
    fn missing_keys_are_made_and_the_next_item_is_appended() {
        let (document, _) = set("a: 1\n", "b.\"c.d\"[0]={x: [1, 2]}").expect("it fits");
        let made = document.root().get("b").and_then(|b| b.get("c.d")).expect("made");
        let list = made.items().next().and_then(|item| item.get("x")).expect("made");
        assert_eq!(list.items().map(|item| item.text()).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(document.root().get("a").map(|a| a.text()), Some("1"));
    }

    #[test]
    fn another_alias_of_a_changed_value_stays_as_it_is() {
        let (document, _) = set("base: &b {rate: 1}\ncopy: *b\n", "copy.rate=2").expect("it fits");
        let rate = |key| document.root().get(key).and_then(|it| it.get("rate")).map(|it| it.text());
        assert_eq!((rate("base"), rate("copy")), (Some("1"), Some("2")));
    }

    #[test]
    fn overrides_that_do_not_fit_say_why() {
        for (change, part) in [
            ("traffic", "there is no `=`"),
            ("a..b=1", "a key is empty"),
            ("a[x]=1", "no number"),
            ("a[0=1", "not closed"),
            ("list[5]=1", "a list of 2"),
            ("list.x=1", "a mapping with `x`"),
            ("word[0]=1", "needs a list"),
            ("word={", "broken YAML"),
        ] {
            let error = set("list: [1, 2]\nword: x\n", change).expect_err(change);
            assert!(error.message.contains(part), "{change}: {}", error.message);
        }
    }
}
