//! A user's own prices: a file that says only which numbers differ from a machine that was
//! measured. It opens no files.

use serde_json::Value;

use crate::manifest::yaml::{self, Entry, NodeKind, NodeRef};
use crate::manifest::{Diagnostic, SourceId, SourceSet, nearest};
use crate::units::SimDuration;

use super::{CostProfile, Machine, document};

/// No single price is longer; sums of prices then stay far from the largest time.
const PRICE_MAX: SimDuration = SimDuration::from_secs(60);

/// No factor, rate or number of CPUs is larger.
const NUMBER_MAX: f64 = 1e6;

/// Worker threads of one proxy, at most.
const WORKERS_MAX: f64 = 1_024.0;

/// Reads a file of prices. Its keys are those of the built-in profile; `base` names the machine to
/// start from, and `name` the result. A number is written alone or as `{value, source,
/// relative_error}`.
///
/// # Errors
/// Everything that is wrong with it: unknown keys, values without or with a wrong unit, numbers out
/// of range.
pub fn read_costs(sources: &SourceSet, source: SourceId) -> Result<CostProfile, Vec<Diagnostic>> {
    let (file, _) = yaml::single_document(sources, source).map_err(|error| vec![error])?;
    let root = file.root();
    if root.kind() != NodeKind::Mapping {
        return Err(vec![wrong(root, format!("expected prices, got {}", root.describe()))]);
    }
    let mut overlay = Overlay { sources, prices: document(Machine::DEFAULT), found: Vec::new() };
    if let Some(base) = root.get("base") {
        overlay.start_from(base);
    }
    let base = overlay.prices["name"].as_str().unwrap_or_default();
    overlay.prices["name"] = Value::from(format!("{base}, changed by {}", sources.name(source)));
    for entry in root.entries() {
        match entry.key {
            "base" => {}
            "name" => overlay.prices["name"] = Value::from(entry.value.text()),
            _ => overlay.change(&mut Vec::new(), entry),
        }
    }
    if !overlay.found.is_empty() {
        return Err(overlay.found);
    }
    serde_json::from_value(overlay.prices)
        .map_err(|error| vec![wrong(root, format!("the prices cannot be used: {error}"))])
}

fn wrong(node: NodeRef<'_>, message: String) -> Diagnostic {
    Diagnostic::error("costs.invalid", message).at(node.place(), "here")
}

/// The built-in prices while a file changes them.
struct Overlay<'s> {
    sources: &'s SourceSet,
    prices: Value,
    found: Vec<Diagnostic>,
}

impl Overlay<'_> {
    fn start_from(&mut self, base: NodeRef<'_>) {
        match Machine::of_name(base.text()) {
            Some(machine) => self.prices = document(machine),
            None => {
                let known = Machine::ALL.map(Machine::name).join(", ");
                let message = format!("base: expected one of {known}, got {}", base.describe());
                self.found.push(wrong(base, message));
            }
        }
    }

    /// Changes what one entry names. Only keys of the built-in profile are followed, so the depth is
    /// that of the profile.
    fn change(&mut self, path: &mut Vec<String>, entry: Entry<'_>) {
        let known = at(&mut self.prices, path);
        let Some(here) = known.get(entry.key) else {
            let names = known.as_object().into_iter().flat_map(|it| it.keys().map(String::as_str));
            let near = nearest(entry.key, names).map(|name| format!("did you mean `{name}`?"));
            let message = format!("{}: there is no such price", dotted(path, entry.key));
            let mut finding =
                Diagnostic::error("costs.unknown-key", message).at(entry.key_place, "not a price");
            finding.help = near;
            self.found.push(finding);
            return;
        };
        let is_price = here.get("value").is_some();
        path.push(entry.key.to_owned());
        if is_price {
            self.set(path, entry.value);
        } else if entry.value.kind() == NodeKind::Mapping {
            for inner in entry.value.entries() {
                self.change(path, inner);
            }
        } else {
            let message = format!(
                "{}: expected prices by name, got {}",
                path.join("."),
                entry.value.describe()
            );
            self.found.push(wrong(entry.value, message));
        }
        path.pop();
    }

    /// Sets one price.
    fn set(&mut self, path: &[String], node: NodeRef<'_>) {
        let value_node = match node.kind() {
            NodeKind::Mapping => node.get("value"),
            _ => Some(node),
        };
        let name = path.join(".");
        let (Some(value_node), true) = (value_node, self.knows_all_keys(&name, node)) else {
            if node.get("value").is_none() && node.kind() == NodeKind::Mapping {
                let message = format!("{name}: expected a number, or `value` beside `source`");
                self.found.push(wrong(node, message));
            }
            return;
        };
        if let Err(message) = self.check(path, value_node) {
            self.found.push(wrong(value_node, format!("{name}: {message}")));
            return;
        }
        let source = match node.get("source") {
            Some(source) => source.text().to_owned(),
            None => self.sources.show(value_node.place()).to_string(),
        };
        let price = at(&mut self.prices, path);
        let before = price.clone();
        price["value"] = scalar(value_node, &before["value"]);
        price["source"] = Value::from(source);
        price["relative_error"] =
            Value::from(node.get("relative_error").and_then(NodeRef::as_float).unwrap_or(0.0));
        if let Err(error) = serde_json::from_value::<CostProfile>(self.prices.clone()) {
            *at(&mut self.prices, path) = before;
            self.found.push(wrong(value_node, format!("{name}: {error}")));
        }
    }

    fn knows_all_keys(&mut self, name: &str, node: NodeRef<'_>) -> bool {
        let mut all = true;
        for entry in node.entries() {
            if !["value", "source", "relative_error"].contains(&entry.key) {
                all = false;
                let message = format!("{name}.{}: there is no such key", entry.key);
                let finding = Diagnostic::error("costs.unknown-key", message)
                    .at(entry.key_place, "expected `value`, `source` or `relative_error`");
                self.found.push(finding);
            }
        }
        all
    }

    /// Whether a value is of the right sort and in range.
    fn check(&mut self, path: &[String], node: NodeRef<'_>) -> Result<(), String> {
        let before = at(&mut self.prices, path)["value"].clone();
        let key = path.last().map_or("", String::as_str);
        if before.is_string() {
            if let Ok(time) = node.text().parse::<SimDuration>()
                && time > PRICE_MAX
            {
                return Err(format!("expected at most {PRICE_MAX}, got {time}"));
            }
            return Ok(());
        }
        let number = node.as_float().filter(|number| number.is_finite());
        let number = number.ok_or_else(|| format!("expected a number, got {}", node.describe()))?;
        let (low, high) = match key {
            "batch" => (0.0, 1.0),
            "k_cpu" | "k_lat" => (0.001, 1_000.0),
            "rate0_per_s" => (0.001, NUMBER_MAX),
            "workers" => (1.0, WORKERS_MAX),
            "on_path_spread" => (0.0, 100.0),
            _ => (0.0, NUMBER_MAX),
        };
        if (low..=high).contains(&number) {
            Ok(())
        } else {
            Err(format!("expected a number from {low} to {high}, got {number}"))
        }
    }
}

/// A scalar as JSON: of the sort that the built-in value has, where it can be told.
fn scalar(node: NodeRef<'_>, before: &Value) -> Value {
    let whole = node.as_integer().and_then(|number| u64::try_from(number).ok());
    match (before, whole) {
        (Value::String(_), _) => Value::from(node.text()),
        (_, Some(whole)) => Value::from(whole),
        _ => node.as_float().map_or(Value::Null, Value::from),
    }
}

/// The part of the profile at a path that was followed before.
fn at<'v>(prices: &'v mut Value, path: &[String]) -> &'v mut Value {
    path.iter().fold(prices, |part, key| &mut part[key.as_str()])
}

fn dotted(path: &[String], key: &str) -> String {
    let mut all = path.to_vec();
    all.push(key.to_owned());
    all.join(".")
}
