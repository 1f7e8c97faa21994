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
