//! Kinds among the manifests that nobody models and that matter to traffic, as answers tell them.

use meshwalk_models::manifest::{Manifests, Sort};
use meshwalk_models::walk::Untold;

use crate::report::format::counted;

/// Kinds that the answers know nothing of. Objects that the walk names by
/// themselves are not among them.
pub(crate) fn untold_kinds(manifests: &Manifests) -> Vec<Untold> {
    const NAMED: [&str; 3] = ["EnvoyFilter", "Telemetry", "WasmPlugin"];
    let entries = manifests.report.not_modelled.iter();
    let kinds = entries.filter(|entry| {
        let is_named = NAMED.iter().any(|name| entry.kind.ends_with(name));
        entry.sort == Sort::NotModelledYet && entry.field.is_none() && !is_named
    });
    kinds
        .map(|entry| {
            let first = entry.places.first().map_or("", String::as_str);
            let objects = counted(entry.count, "object");
            let touches = format!("{}; {objects}, the first at {first}", entry.reason);
            Untold { what: entry.kind.clone(), touches, origin: None }
        })
        .collect()
}
