//! From CEL's tree to a checked one: names are looked up and types are told apart.

use kube_cel::cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::function::{self, About, FUNCTIONS, FunctionEntry};
use super::measure::Measure;
use super::subject::Subject;
use super::tree::{Quantity, Truth};
use crate::cel::{self, Comparison, Complaint, DURATIONS, Operation, text_of};
use crate::stats::Layout;

/// Looks up names and collects what the expressions of a run measure.
pub(super) struct Checker<'l> {
    pub(super) layout: &'l Layout,
    /// Shared by all expectations.
    pub(super) subjects: Vec<Subject>,
    /// Of the present expectation.
    pub(super) measures: Vec<Measure>,
}

/// A checked part of an expression.
enum Typed {
    Truth(Truth),
    Number(Quantity),
    Duration(Quantity),
}

impl Typed {
    fn noun(&self) -> &'static str {
        match self {
            Self::Truth(_) => "a condition",
            Self::Number(_) => "a number",
            Self::Duration(_) => "a duration",
        }
    }
}

impl Checker<'_> {
    /// The whole expression, which must be a condition.
    pub(super) fn condition(&mut self, expression: &IdedExpr) -> Result<Truth, Complaint> {
        match self.part(expression)? {
            Typed::Truth(truth) => Ok(truth),
            other => Err(Complaint::new(format!("expected a condition, got {}", other.noun()))
                .help("compare it with something: `… >= 0.99`, `… < duration(\"250ms\")`")),
        }
    }

    fn part(&mut self, expression: &IdedExpr) -> Result<Typed, Complaint> {
        match &expression.expr {
            Expr::Literal(literal) => constant(literal),
            Expr::Call(call) if call.target.is_none() => self.call(call),
            Expr::Call(call) => Err(Complaint::new(format!(
                "the method `{}` is not supported in an expectation",
                call.func_name
            ))),
            Expr::Ident(name) => {
                Err(Complaint::new(format!("there are no variables, so `{name}` means nothing"))
                    .help("names of services stand in quotes"))
            }
            _ => Err(Complaint::new("lists, maps, fields and macros are not supported here")),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Result<Typed, Complaint> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, [left, right]) => Ok(Typed::Truth(Truth::All(Box::new([
                self.condition(left)?,
                self.condition(right)?,
            ])))),
            (operators::LOGICAL_OR, [left, right]) => Ok(Typed::Truth(Truth::Any(Box::new([
                self.condition(left)?,
                self.condition(right)?,
            ])))),
            (operators::LOGICAL_NOT, [inner]) => {
                Ok(Typed::Truth(Truth::Not(Box::new(self.condition(inner)?))))
            }
            (operators::NEGATE, [inner]) => match self.part(inner)? {
                Typed::Number(inner) => Ok(Typed::Number(Quantity::Negated(Box::new(inner)))),
                Typed::Duration(inner) => Ok(Typed::Duration(Quantity::Negated(Box::new(inner)))),
                Typed::Truth(_) => Err(Complaint::new("a condition has no negative; write `!`")),
            },
            (operators::CONDITIONAL, [condition, yes, no]) => self.choice(condition, yes, no),
            ("duration", [text]) => {
                Ok(Typed::Duration(Quantity::Constant(cel::duration(text)?.as_ns() as f64)))
            }
            (name, args) => match (cel::Operator::named(name), args) {
                (Some(operator), [left, right]) => {
                    let (left, right) = (self.part(left)?, self.part(right)?);
                    match operator {
                        cel::Operator::Compares(comparison) => compare(comparison, left, right),
                        cel::Operator::Calculates(operation) => calculate(operation, left, right),
                    }
                }
                _ => self.measure(name, args),
            },
        }
    }

    fn choice(
        &mut self,
        condition: &IdedExpr,
        yes: &IdedExpr,
        no: &IdedExpr,
    ) -> Result<Typed, Complaint> {
        let condition = self.condition(condition)?;
        match (self.part(yes)?, self.part(no)?) {
            (Typed::Truth(yes), Typed::Truth(no)) => {
                Ok(Typed::Truth(Truth::Choose(Box::new([condition, yes, no]))))
            }
            (Typed::Number(yes), Typed::Number(no)) => {
                Ok(Typed::Number(Quantity::Choose(Box::new((condition, yes, no)))))
            }
            (Typed::Duration(yes), Typed::Duration(no)) => {
                Ok(Typed::Duration(Quantity::Choose(Box::new((condition, yes, no)))))
            }
            (yes, no) => Err(mismatch("choose between", &yes, &no)),
        }
    }

    fn measure(&mut self, name: &str, args: &[IdedExpr]) -> Result<Typed, Complaint> {
        let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) else {
            return Err(cel::unsupported_operator(name).unwrap_or_else(|| {
                cel::unknown("function", name, FUNCTIONS.iter().map(|function| function.name))
            }));
        };
        let (statistic, names) = match (function.statistic, args) {
            (function::Statistic::Quantile, [names @ .., q]) => (quantile(q)?, names),
            (statistic, names) => (statistic, names),
        };
        let names = names.iter().map(|name| text_of(name).ok_or_else(|| misused(function)));
        let names: Vec<&str> = names.collect::<Result<_, _>>()?;
        let subject = match (function.about, names.as_slice()) {
            (About::Calls, [_] | [_, _]) => Subject::calls(&names, self.layout)?,
            (About::Workload, [name]) => Subject::workload(name, self.layout)?,
            (About::Run, []) => Subject::Run,
            _ => return Err(misused(function)),
        };
        let subject = self.subject(subject);
        let measure = Measure {
            text: spelled(function, &names, statistic),
            subject,
            statistic,
            is_duration: function.is_duration(),
        };
        let value = Quantity::Measure(self.number_of(measure));
        Ok(if function.is_duration() { Typed::Duration(value) } else { Typed::Number(value) })
    }

    fn subject(&mut self, subject: Subject) -> usize {
        let known = self.subjects.iter().position(|other| *other == subject);
        known.unwrap_or_else(|| {
            self.subjects.push(subject);
            self.subjects.len() - 1
        })
    }

    fn number_of(&mut self, measure: Measure) -> usize {
        let known = self.measures.iter().position(|other| other.text == measure.text);
        known.unwrap_or_else(|| {
            self.measures.push(measure);
            self.measures.len() - 1
        })
    }
}

fn constant(literal: &LiteralValue) -> Result<Typed, Complaint> {
    match literal {
        LiteralValue::Boolean(value) => Ok(Typed::Truth(Truth::Constant(*value.inner()))),
        // All numbers are doubles here, so that a ratio of counts is not a whole number.
        LiteralValue::Int(value) => Ok(Typed::Number(Quantity::Constant(*value.inner() as f64))),
        LiteralValue::UInt(value) => Ok(Typed::Number(Quantity::Constant(*value.inner() as f64))),
        LiteralValue::Double(value) => Ok(Typed::Number(Quantity::Constant(*value.inner()))),
        LiteralValue::String(text) => {
            Err(Complaint::new(format!("a text such as \"{}\" has no value here", text.inner()))
                .help(DURATIONS))
        }
        LiteralValue::Bytes(_) | LiteralValue::Null => {
            Err(Complaint::new("expected a condition, a number or a duration"))
        }
    }
}

fn quantile(expression: &IdedExpr) -> Result<function::Statistic, Complaint> {
    let number = match &expression.expr {
        Expr::Literal(LiteralValue::Double(value)) => Some(*value.inner()),
        Expr::Literal(LiteralValue::Int(value)) => Some(*value.inner() as f64),
        _ => None,
    };
    let in_range = number.filter(|number| (0.0..=1.0).contains(number));
    in_range.map(function::Statistic::Latency).ok_or_else(|| {
        Complaint::new("the last argument of `quantile` is a number from 0 to 1")
            .help("write it like `quantile(\"web\", 0.999)`")
    })
}

fn compare(comparison: Comparison, left: Typed, right: Typed) -> Result<Typed, Complaint> {
    match (left, right) {
        (Typed::Number(left), Typed::Number(right))
        | (Typed::Duration(left), Typed::Duration(right)) => {
            Ok(Typed::Truth(Truth::Compare(comparison, left, right)))
        }
        (left, right) => {
            let complaint = mismatch("compare", &left, &right);
            let is_duration = |side: &Typed| matches!(side, Typed::Duration(_));
            Err(if is_duration(&left) || is_duration(&right) {
                complaint.help(DURATIONS)
            } else {
                complaint
            })
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
    Complaint::new(format!("cannot {verb} {} and {}", left.noun(), right.noun()))
}

fn misused(function: &FunctionEntry) -> Complaint {
    Complaint::new(format!("`{}` is written like `{}`", function.name, function.usage))
}

/// A call in one spelling, so that equal measures have equal texts.
fn spelled(function: &FunctionEntry, names: &[&str], statistic: function::Statistic) -> String {
    let mut args: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    if let (function::Statistic::Quantile, function::Statistic::Latency(q)) =
        (function.statistic, statistic)
    {
        args.push(q.to_string());
    }
    format!("{}({})", function.name, args.join(", "))
}
