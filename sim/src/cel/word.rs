//! Words in expressions: texts, durations, and complaints about names that nothing has.

use kube_cel::cel::common::ast::{Expr, IdedExpr, LiteralValue};
use meshwalk_models::manifest::nearest;
use meshwalk_models::units::{DurationError, SimDuration};

use super::Complaint;

/// As many names as are listed where none is near.
const LISTED_MAX: usize = 30;

/// A text in quotes.
pub(crate) fn text_of(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The argument of `duration`.
pub(crate) fn duration(expression: &IdedExpr) -> Result<SimDuration, Complaint> {
    let text = text_of(expression).ok_or_else(|| {
        Complaint::new("expected a duration in quotes, such as `duration(\"250ms\")`")
    })?;
    text.parse().map_err(|error: DurationError| Complaint::new(error.to_string()))
}

/// What is wrong with a call that is an operator without a meaning here; operators come as calls
/// under CEL's internal names.
pub(crate) fn unsupported_operator(name: &str) -> Option<Complaint> {
    let is_operator = name.contains('_') && !name.chars().any(|c| c.is_ascii_alphabetic());
    let sign = is_operator.then(|| name.replace('_', ""))?;
    Some(Complaint::new(format!("the operator `{sign}` is not supported")))
}

/// Nothing of this sort has the name; what is nearest to it may be meant.
pub(crate) fn unknown<'k>(
    noun: &str,
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Complaint {
    let complaint = Complaint::new(format!("there is no {noun} `{name}`"));
    match nearest(name, known.clone()) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => {
            let some: Vec<&str> = known.take(LISTED_MAX).collect();
            complaint.help(format!("there are {}", some.join(", ")))
        }
    }
}
