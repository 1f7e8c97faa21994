//! From CEL's tree to a checked condition: names are looked up and types are told apart.

use kube_cel::cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use crate::cel::{self, Comparison, Complaint, DURATIONS, Operation, unknown};
use crate::log::{StepKind, SubjectKind};

use super::names::{ConditionNames, is_meant};
use super::tree::{Place, Quantity, Text, Truth};
use super::variable::{VARIABLES, Variable, VariableType};

/// Looks up names.
pub(super) struct Checker<'n> {
    pub(super) names: &'n ConditionNames,
}

/// A checked part of a condition.
enum Typed {
    Truth(Truth),
    Text(Text),
    Number(Quantity),
    Duration(Quantity),
}

impl Typed {
    fn noun(&self) -> &'static str {
        match self {
            Self::Truth(_) => "a condition",
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Duration(_) => "a duration",
        }
    }
}

impl Checker<'_> {
    /// The whole expression, which must be a condition.
    pub(super) fn condition(&self, expression: &IdedExpr) -> Result<Truth, Complaint> {
        match self.part(expression)? {
            Typed::Truth(truth) => Ok(truth),
            other => {
                let what = match &expression.expr {
                    Expr::Ident(name) => format!(", `{name}`"),
                    _ => String::new(),
                };
                let message = format!("expected a condition, got {}{what}", other.noun());
                Err(Complaint::new(message).help(
                    "compare it with something: `status >= 500`, `latency > duration(\"1s\")`",
                ))
            }
        }
    }

    fn part(&self, expression: &IdedExpr) -> Result<Typed, Complaint> {
        match &expression.expr {
            Expr::Literal(literal) => constant(literal),
            Expr::Ident(name) => variable(name),
            Expr::Call(call) => match &call.target {
                Some(target) => self.method(target, call),
                None => self.call(call),
            },
            _ => Err(Complaint::new("lists, maps, fields and macros are not supported here")),
        }
    }

    fn call(&self, call: &CallExpr) -> Result<Typed, Complaint> {
        let pair = |left, right| -> Result<Box<[Truth; 2]>, Complaint> {
            Ok(Box::new([self.condition(left)?, self.condition(right)?]))
        };
        Ok(match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, [left, right]) => Typed::Truth(Truth::All(pair(left, right)?)),
            (operators::LOGICAL_OR, [left, right]) => Typed::Truth(Truth::Any(pair(left, right)?)),
            (operators::LOGICAL_NOT, [inner]) => {
                Typed::Truth(Truth::Not(Box::new(self.condition(inner)?)))
            }
            (operators::NEGATE, [inner]) => match self.part(inner)? {
                Typed::Number(inner) => Typed::Number(Quantity::Negated(Box::new(inner))),
                Typed::Duration(inner) => Typed::Duration(Quantity::Negated(Box::new(inner))),
                other => {
                    return Err(Complaint::new(format!("{} has no negative", other.noun())));
                }
            },
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let parts = [condition, yes, no].map(|part| self.condition(part));
                let [condition, yes, no] = parts;
                Typed::Truth(Truth::Choose(Box::new([condition?, yes?, no?])))
            }
            ("duration", [text]) => {
                Typed::Duration(Quantity::Constant(cel::duration(text)?.as_ns() as f64))
            }
            (name, [left, right]) => {
                let (left, right) = (self.part(left)?, self.part(right)?);
                match cel::Operator::named(name) {
                    Some(cel::Operator::Compares(by)) => self.compare(by, left, right)?,
                    Some(cel::Operator::Calculates(by)) => calculate(by, left, right)?,
                    None => return Err(unknown_function(name)),
                }
            }
            (name, _) => return Err(unknown_function(name)),
        })
    }

    /// `request.startsWith("shoppers")` and the like.
    fn method(&self, target: &IdedExpr, call: &CallExpr) -> Result<Typed, Complaint> {
        let name = call.func_name.as_str();
        let place = match name {
            "startsWith" => Place::Start,
            "endsWith" => Place::End,
            "contains" => Place::Anywhere,
            _ => {
                let known = ["startsWith", "endsWith", "contains"];
                return Err(unknown("method", name, known.into_iter()));
            }
        };
        match (self.part(target)?, call.args.as_slice()) {
            (Typed::Text(text), [part]) => match self.part(part)? {
                Typed::Text(part) => Ok(Typed::Truth(Truth::Has(place, text, part))),
                other => {
                    Err(Complaint::new(format!("`{name}` takes a text, got {}", other.noun())))
                }
            },
            (Typed::Text(_), _) => Err(Complaint::new(format!("`{name}` takes one text"))),
            (other, _) => {
                Err(Complaint::new(format!("`{name}` asks a text, got {}", other.noun())))
            }
        }
    }

    fn compare(
        &self,
        comparison: Comparison,
        left: Typed,
        right: Typed,
    ) -> Result<Typed, Complaint> {
        let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let truth = match (left, right) {
            (Typed::Number(left), Typed::Number(right))
            | (Typed::Duration(left), Typed::Duration(right)) => {
                return Ok(Typed::Truth(Truth::Compare(comparison, left, right)));
            }
            (Typed::Text(left), Typed::Text(right)) if is_equality => {
                self.check_names(&left, &right)?;
                self.check_names(&right, &left)?;
                Truth::Same(left, right)
            }
            (Typed::Text(_), Typed::Text(_)) => {
                return Err(Complaint::new("texts are the same or not; none is above the other")
                    .help("write `==`, `!=`, or `request.startsWith(\"shoppers\")`"));
            }
            (Typed::Truth(left), Typed::Truth(right)) if is_equality => {
                let not = |it: &Truth| Truth::Not(Box::new(it.clone()));
                let both = Truth::All(Box::new([left.clone(), right.clone()]));
                let none = Truth::All(Box::new([not(&left), not(&right)]));
                Truth::Any(Box::new([both, none]))
            }
            (left, right) => return Err(mismatch("compare", &left, &right)),
        };
        Ok(Typed::Truth(match comparison {
            Comparison::NotEqual => Truth::Not(Box::new(truth)),
            _ => truth,
        }))
    }

    /// A text that a variable is compared with must be one that it can have.
    fn check_names(&self, variable: &Text, written: &Text) -> Result<(), Complaint> {
        let (Text::Variable(variable), Text::Constant(written)) = (variable, written) else {
            return Ok(());
        };
        let closed = match variable {
            Variable::Step => Some(("step", StepKind::ALL.map(StepKind::name).to_vec())),
            Variable::Kind => Some(("kind", SubjectKind::ALL.map(SubjectKind::name).to_vec())),
            Variable::Verdict => Some(("verdict", vec!["allow", "deny"])),
            _ => None,
        };
        if let Some((noun, words)) = closed
            && !words.contains(&written.as_str())
        {
            return Err(unknown(noun, written, words.into_iter()));
        }
        let Some(of) = variable.names() else { return Ok(()) };
        let known = self.names.all(of);
        if known.is_empty() || known.iter().any(|full| is_meant(full, written)) {
            return Ok(());
        }
        let short = |full: &'_ str| full.rsplit('/').next().unwrap_or(full).to_owned();
        let shorts: Vec<String> = known.iter().map(|full| short(full)).collect();
        let all = known.iter().copied().chain(shorts.iter().map(String::as_str));
        Err(unknown(of.noun(), written, all))
    }
}

fn variable(name: &str) -> Result<Typed, Complaint> {
    let Some(entry) = VARIABLES.iter().find(|entry| entry.name == name) else {
        return Err(unknown("variable", name, VARIABLES.iter().map(|entry| entry.name)));
    };
    Ok(match entry.sort {
        VariableType::Text => Typed::Text(Text::Variable(entry.variable)),
        VariableType::Number => Typed::Number(Quantity::Variable(entry.variable)),
        VariableType::Duration => Typed::Duration(Quantity::Variable(entry.variable)),
        VariableType::Truth => Typed::Truth(Truth::Variable(entry.variable)),
    })
}

fn constant(literal: &LiteralValue) -> Result<Typed, Complaint> {
    match literal {
        LiteralValue::Boolean(value) => Ok(Typed::Truth(Truth::Constant(*value.inner()))),
        LiteralValue::Int(value) => Ok(Typed::Number(Quantity::Constant(*value.inner() as f64))),
        LiteralValue::UInt(value) => Ok(Typed::Number(Quantity::Constant(*value.inner() as f64))),
        LiteralValue::Double(value) => Ok(Typed::Number(Quantity::Constant(*value.inner()))),
        LiteralValue::String(text) => Ok(Typed::Text(Text::Constant(text.inner().to_owned()))),
        LiteralValue::Bytes(_) | LiteralValue::Null => {
            Err(Complaint::new("expected a condition, a text, a number or a duration"))
        }
    }
}

/// As in CEL, durations are added and subtracted, and not scaled.
fn calculate(operation: Operation, left: Typed, right: Typed) -> Result<Typed, Complaint> {
    match (operation, left, right) {
        (_, Typed::Number(left), Typed::Number(right)) => {
            Ok(Typed::Number(Quantity::Arithmetic(operation, Box::new([left, right]))))
        }
        (Operation::Add | Operation::Subtract, Typed::Duration(left), Typed::Duration(right)) => {
            Ok(Typed::Duration(Quantity::Arithmetic(operation, Box::new([left, right]))))
        }
        (_, left, right) => Err(mismatch("calculate with", &left, &right)),
    }
}

fn mismatch(verb: &str, left: &Typed, right: &Typed) -> Complaint {
    let complaint = Complaint::new(format!("cannot {verb} {} and {}", left.noun(), right.noun()));
    let is_duration = |side: &Typed| matches!(side, Typed::Duration(_));
    if is_duration(left) || is_duration(right) {
        return complaint.help(DURATIONS);
    }
    complaint
}

fn unknown_function(name: &str) -> Complaint {
    cel::unsupported_operator(name).unwrap_or_else(|| {
        Complaint::new(format!("there is no function `{name}`")).help(
            "there is `duration(\"250ms\")`, and texts have startsWith, endsWith and contains",
        )
    })
}
