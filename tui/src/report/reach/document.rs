//! Connections as one JSON document; its fields are described in JSON.md.

use std::io::{self, Write};

use meshwalk_models::policy::ConnectionSet;
use meshwalk_models::proxy::envoy::config::Wants;
use meshwalk_models::reach::{Admission, Fate, PartyKind, Requests, names};
use serde::Serialize;

use crate::report::json;
use crate::report::places::Places;

use super::{View, enforced_by, lines, why};

#[derive(Serialize)]
struct Document<'a> {
    profile: &'a str,
    classes: usize,
    parties: Vec<PartyRow<'a>>,
    connections: Vec<ConnectionRow<'a>>,
    not_modelled: Vec<String>,
}

#[derive(Serialize)]
struct PartyRow<'a> {
    name: &'a str,
    kind: PartyKind,
    namespace: Option<&'a str>,
    pods: u32,
}

#[derive(Serialize)]
struct ConnectionRow<'a> {
    from: Vec<String>,
    to: Vec<String>,
    ports: &'a ConnectionSet,
    #[serde(flatten)]
    fate: FateRow<'a>,
}

/// What becomes of connections.
#[derive(Serialize)]
pub(super) struct FateRow<'a> {
    verdict: &'static str,
    requests: Option<RequestsRow<'a>>,
    enforced_by: Option<&'static str>,
    why: Option<&'a str>,
    lines: Vec<String>,
}

#[derive(Serialize)]
struct RequestsRow<'a> {
    admitted: Option<Vec<AdmissionRow<'a>>>,
    except: Vec<AdmissionRow<'a>>,
    undecided: Vec<AdmissionRow<'a>>,
}

#[derive(Serialize)]
struct AdmissionRow<'a> {
    policy: &'a str,
    line: Option<String>,
    conditions: Vec<ConditionRow<'a>>,
}

#[derive(Serialize)]
struct ConditionRow<'a> {
    attribute: &'a str,
    values: &'a [String],
    wants: &'static str,
}

/// Prints the document.
pub(crate) fn print(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    let parties = view.reach.parties();
    let party = |party: &'_ meshwalk_models::reach::Party| (party.kind, party.pods);
    let rows = parties.iter().map(|it| {
        let (kind, pods) = party(it);
        PartyRow { name: &it.name, kind, namespace: it.namespace.as_deref(), pods }
    });
    let connections = view.rows.iter().map(|row| ConnectionRow {
        from: names(parties, &row.from),
        to: names(parties, &row.to),
        ports: &row.link.set,
        fate: fate(&row.link.fate, view.places),
    });
    let document = Document {
        profile: view.profile,
        classes: view.reach.class_count(),
        parties: rows.collect(),
        connections: connections.collect(),
        not_modelled: view.left_out(),
    };
    json::print(out, &document)
}

/// What becomes of connections, with lines.
pub(super) fn fate<'a>(fate: &'a Fate, places: Places<'_>) -> FateRow<'a> {
    let requests = match fate {
        Fate::Allowed(Requests::Some { admitted, except, undecided }) => Some(RequestsRow {
            admitted: admitted.as_ref().map(|all| admissions(all, places)),
            except: admissions(except, places),
            undecided: admissions(undecided, places),
        }),
        _ => None,
    };
    FateRow {
        verdict: fate.word(),
        requests,
        enforced_by: enforced_by(fate),
        why: why(fate),
        lines: lines(fate.origins(), places),
    }
}

fn admissions<'a>(all: &'a [Admission], places: Places<'_>) -> Vec<AdmissionRow<'a>> {
    let row = |one: &'a Admission| AdmissionRow {
        policy: &one.policy,
        line: places.file_line(one.origin),
        conditions: one
            .conditions
            .iter()
            .map(|it| ConditionRow {
                attribute: &it.attribute,
                values: &it.values,
                wants: match it.wants {
                    Wants::OneOf => "one_of",
                    Wants::NoneOf => "none_of",
                },
            })
            .collect(),
    };
    all.iter().map(row).collect()
}
