//! Whether the answer of the walk and the fate in the log are the same. They must be: where they
//! differ that is said, and it is a mistake of ours.

use meshwalk_models::walk::{Answer, Outcome, Sees, Verdict};
use meshwalk_sim::stats::{Details, Ending, Ruling};

use super::about::Fate;

/// What the details of answers of policies begin with.
const POLICY: [&str; 3] = ["rbac_", "jwt_", "ext_authz_"];

/// Whether both say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// They do.
    Same,
    /// The request passes, and what ended it in the run is its state or a draw, not what is
    /// written.
    EndedByState,
    /// The call has not ended.
    NotYet,
    /// The answer is not known, so that nothing can be compared.
    Unknown,
    /// They differ, and how.
    Differ(String),
}

/// Compares them. Where servers differ, `verdict` is that of the one that the run chose.
pub(super) fn agreement(answer: &Answer, verdict: Verdict, fate: &Fate) -> Agreement {
    let ruling = fate.ruled.map(|ruled| ruled.ruling);
    let ending = fate.ended.map(|(_, ending)| ending);
    match (verdict, ruling, ending) {
        (Verdict::Unknown, ..) => Agreement::Unknown,
        (Verdict::Allowed, Some(ruling), _) => Agreement::Differ(format!(
            "the answer is allowed, and in the run a policy says {}",
            ruling.name()
        )),
        (_, Some(ruling), _) if !is_same(verdict, ruling) => Agreement::Differ(format!(
            "the answer is {}, and in the run a policy says {}",
            verdict.word(),
            ruling.name()
        )),
        (_, None, None) => Agreement::NotYet,
        (_, Some(_), None) => Agreement::Same,
        (Verdict::Allowed, None, Some(ending)) => allowed(answer, ending),
        (verdict, _, Some(ending)) => refused(answer, verdict, ending),
    }
}

/// What the answer lets pass.
fn allowed(answer: &Answer, ending: Ending) -> Agreement {
    let details = ending.details.name();
    if POLICY.iter().any(|filter| details.starts_with(filter)) {
        let words = format!("the answer is allowed, and the run ends with {ending}");
        return Agreement::Differ(words);
    }
    let is_own = matches!(answer.outcome, Outcome::DirectResponse | Outcome::Redirected);
    match answer.status.filter(|_| is_own) {
        Some(status) if status == ending.status => Agreement::Same,
        None if ending.is_good() => Agreement::Same,
        _ => Agreement::EndedByState,
    }
}

/// What the answer does not let pass.
fn refused(answer: &Answer, verdict: Verdict, ending: Ending) -> Agreement {
    let gave_up = ending.details == Details::CALLER_TIMEOUT;
    let sees = match &answer.client_sees {
        Sees::Answer(seen) => Some(seen.status),
        Sees::Server => answer.status,
        Sees::Refused
        | Sees::Reset { .. }
        | Sees::TlsError
        | Sees::TimeOut { .. }
        | Sees::NotResolved { .. } => Some(0),
        Sees::Unknown => None,
    };
    match sees {
        _ if gave_up => Agreement::Same,
        Some(status) if status == ending.status => Agreement::Same,
        None if !ending.is_good() => Agreement::Same,
        Some(status) => Agreement::Differ(format!(
            "the answer is {} ({}), and the run ends with {ending}",
            verdict.word(),
            if status == 0 { "no answer".to_owned() } else { status.to_string() },
        )),
        None => Agreement::Differ(format!(
            "the answer is {}, and the run ends with {ending}",
            verdict.word()
        )),
    }
}

const fn is_same(verdict: Verdict, ruling: Ruling) -> bool {
    matches!(
        (verdict, ruling),
        (Verdict::Denied, Ruling::Denied)
            | (Verdict::Dropped, Ruling::Dropped)
            | (Verdict::Reset, Ruling::Reset)
            | (Verdict::Unauthenticated, Ruling::Unauthenticated)
    )
}
