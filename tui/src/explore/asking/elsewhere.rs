//! The same request on the other data paths: verdicts side by side, and paths that nobody models.

use meshwalk_models::walk::{Answer, Outcome, Sees, Verdict};
use meshwalk_models::world::Origin;

use super::ground::{Ground, PATHS};
use meshwalk_models::walk::Question;

/// Data paths that meshwalk does not have yet.
const NOT_MODELLED: [&str; 2] = ["linkerd", "cilium"];

/// The request on one data path.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    /// The name of the path.
    pub(crate) path: &'static str,
    /// What becomes of the request there; `None` where that is not modelled.
    pub(crate) there: Option<There>,
}

/// What becomes of a request on another data path.
#[derive(Clone, Debug)]
pub(crate) struct There {
    /// Whether it passes.
    pub(crate) verdict: Verdict,
    /// What becomes of it.
    pub(crate) outcome: Outcome,
    /// The status that a proxy answers, if one does.
    pub(crate) status: Option<u16>,
    /// What the client sees.
    pub(crate) sees: Sees,
    /// Which box decides, and whose it is.
    pub(crate) by: Option<(&'static str, String)>,
    /// Who the deciding box, or else the server, takes the client for; empty where that is nobody.
    pub(crate) identity: String,
    /// What the box goes by.
    pub(crate) origins: Vec<Origin>,
}

/// Asks on each path; what is not wanted any more is left out.
pub(super) fn ask(
    ground: &Ground,
    question: &Question,
    go_on: &dyn Fn() -> bool,
) -> Vec<Elsewhere> {
    let mut all = Vec::new();
    for (place, path) in PATHS.into_iter().enumerate() {
        if !go_on() {
            break;
        }
        let answer = ground.walk_elsewhere(place, question);
        all.push(Elsewhere { path: path.name(), there: Some(There::of(&answer)) });
    }
    all.extend(NOT_MODELLED.map(|path| Elsewhere { path, there: None }));
    all
}

impl There {
    /// What an answer says, in short.
    pub(crate) fn of(answer: &Answer) -> Self {
        let identity = answer.identity.as_ref().and_then(|it| it.principal.clone());
        let by = answer.enforced_by.as_ref();
        Self {
            verdict: answer.verdict,
            outcome: answer.outcome,
            status: answer.status,
            sees: answer.client_sees.clone(),
            by: by.map(|by| (by.kind.words(), by.of.clone())),
            identity: identity.unwrap_or_default(),
            origins: by.map(|by| by.origins.clone()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use meshwalk_models::units::SimTime;
    use meshwalk_models::world::TableId;

    use super::super::{Asking, Sought};
    use super::*;
    use crate::explore::testing;

    /// One call in a folder of questions.
    fn call(folder: &str, from: &str, to: &str, method: &str) -> (String, Vec<String>) {
        let traffic = format!(
            "traffic=[{{name: calls, from: {from}, to: \"{to}\", requests: [{{method: {method}, \
             path: /}}], load: {{arrivals: {{constant: {{rate: 1/s}}}}}}}}]"
        );
        (format!("questions/{folder}"), vec![traffic])
    }

    fn calls() -> Vec<(String, Vec<String>)> {
        vec![
            call("33-which-policy", "shop/frontend", "charge.payments:8080", "POST"),
            call("27-which-identity", "web/frontend", "orders.shop:8080", "GET"),
            call("34-strict-and-plaintext", "old/batch", "ledger.shop:8080", "GET"),
            call("24-l7-deny-without-waypoint", "web/frontend", "orders.shop:8080", "DELETE"),
            call("28-network-policy-and-hbone", "web/frontend", "orders.shop:8080", "GET"),
            call("41-routes-in-ci", "web/frontend", "checkout.shop:8080", "GET"),
            ("basics/outside.yaml".to_owned(), Vec::new()),
            ("basics/policies.yaml".to_owned(), vec!["data_paths={}".to_owned()]),
        ]
    }

    /// An asker of a scenario, the rows of its calls, and a pod that makes each.
    fn asking(scenario: &str, edits: &[String]) -> (Asking, Vec<(u32, u32)>) {
        let edits: Vec<&str> = edits.iter().map(String::as_str).collect();
        let session = testing::session(scenario, &edits);
        let asked = session.prepared.asked.iter().enumerate();
        let pod = |caller: Option<_>| {
            caller.map_or(u32::MAX, |id| session.world().workloads[id].pods.start.index() as u32)
        };
        let calls = asked.map(|(row, asked)| (row as u32, pod(asked.caller))).collect();
        (Asking::inline(Arc::clone(&session)), calls)
    }

    /// What is told of a request on a path.
    fn told(there: &There) -> (Verdict, Outcome, Option<u16>, Option<(&'static str, String)>) {
        (there.verdict, there.outcome, there.status, there.by.clone())
    }

    #[test]
    fn what_is_said_of_another_path_is_what_a_run_on_that_path_answers() {
        let mut compared = 0;
        for (scenario, edits) in calls() {
            let (here, calls) = asking(&scenario, &edits);
            for path in PATHS {
                let moved = format!("data_path={}", path.name());
                let (there, _) = asking(&scenario, &[&edits[..], &[moved]].concat());
                for &(call, pod) in &calls {
                    let dear = here.dear(call, pod, SimTime::ZERO);
                    let Sought::Found(found) = dear.elsewhere else {
                        panic!("it is found at once")
                    };
                    let row = found.iter().find(|row| row.path == path.name()).expect("its row");
                    let said = row.there.as_ref().expect("the path is modelled");
                    let answered = there.answer(call, pod, SimTime::ZERO).expect("it is walked");
                    let own = There::of(&answered.answer);
                    assert_eq!(told(said), told(&own), "{scenario} call {call} on {}", path.name());
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 4 * (6 + 7 + 4));
    }

    #[test]
    fn nothing_is_said_of_paths_that_are_not_modelled() {
        let (scenario, edits) = calls().remove(0);
        let (here, calls) = asking(&scenario, &edits);
        let dear = here.dear(calls[0].0, calls[0].1, SimTime::ZERO);
        let Sought::Found(found) = dear.elsewhere else { panic!("it is found at once") };
        let silent: Vec<&str> =
            found.iter().filter(|row| row.there.is_none()).map(|row| row.path).collect();
        assert_eq!(silent, NOT_MODELLED);
    }
}
