//! CEL's grammar, by the `cel` crate, behind a guard; it gives the words no meaning.
//!
//! The guard lets through only what the languages here are made of. So deep nesting, byte literals and
//! macros never reach the parser, which is not made for hostile input.

use kube_cel::cel::common::ast::IdedExpr;
use kube_cel::cel::parser::Parser;

use super::Complaint;

const BYTES_MAX: usize = 2_000;
const DEPTH_MAX: usize = 32;
/// Each `?` nests one deeper without a bracket.
const CHOICES_MAX: usize = 16;
/// `1-1-1…` is a tree as deep as it is long, and each level costs about 4 KiB of stack where
/// nothing is optimised.
const OPERATORS_MAX: usize = 128;

/// What is written in CEL, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Language {
    /// As in `has no meaning in an expectation`.
    pub(crate) noun: &'static str,
    /// A good one.
    pub(crate) example: &'static str,
    /// What to do with one that is too long.
    pub(crate) shorten: &'static str,
}

/// The tree of an expression.
pub(crate) fn parse(text: &str, language: Language) -> Result<IdedExpr, Complaint> {
    guard(text, language)?;
    // The parser's own limit of depth panics when it is exceeded; the guard's keeps far below it.
    let parser = Parser::new().max_recursion_depth(u16::MAX);
    parser.parse(text).map_err(|errors| {
        let Some(first) = errors.errors.first() else {
            return Complaint::new("this is no CEL expression");
        };
        let message = first.msg.strip_prefix("Syntax error: ").unwrap_or(&first.msg);
        // The list of everything that could stand there helps nobody.
        let message = message.split(" expecting ").next().unwrap_or(message);
        let message = message.replace("'<EOF>'", "the end");
        let (line, column) = first.pos;
        let at = if line > 1 {
            format!("line {line}, column {column}")
        } else {
            format!("column {column}")
        };
        let complaint = Complaint::new(format!("this is no CEL expression: at {at}: {message}"))
            .help(format!("write it like `{}`", language.example));
        match (line, usize::try_from(column)) {
            (1, Ok(column)) => complaint.at(column.saturating_sub(1)),
            _ => complaint,
        }
    })
}

fn guard(text: &str, language: Language) -> Result<(), Complaint> {
    if text.trim().is_empty() {
        return Err(Complaint::new("the expression is empty"));
    }
    if text.len() > BYTES_MAX {
        return Err(Complaint::new(format!("the expression is longer than {BYTES_MAX} bytes")));
    }
    if text.matches('?').count() > CHOICES_MAX {
        return Err(Complaint::new(format!("expected at most {CHOICES_MAX} times `?`")));
    }
    let operators = text.matches(|c| "+-*/%<>=".contains(c)).count();
    if operators > OPERATORS_MAX {
        return Err(Complaint::new(format!("expected at most {OPERATORS_MAX} signs of operators"))
            .help(language.shorten));
    }
    let mut depth = 0;
    let mut quote = None;
    let mut before = ' ';
    for (column, c) in (1..).zip(text.chars()) {
        if let Some(open) = quote {
            if c == '\\' || c.is_control() {
                return Err(stranger(c, column, language));
            }
            quote = (c != open).then_some(open);
        } else if matches!(c, '"' | '\'') {
            // A letter before a quote would make a byte or raw literal.
            if before.is_alphanumeric() || before == c {
                return Err(stranger(c, column, language));
            }
            quote = Some(c);
        } else if c == '(' {
            depth += 1;
            if depth > DEPTH_MAX {
                return Err(Complaint::new(format!("brackets nest at most {DEPTH_MAX} deep")));
            }
        } else if c == ')' {
            depth = depth.saturating_sub(1);
        } else if !is_ordinary(c) {
            return Err(stranger(c, column, language));
        }
        before = c;
    }
    match quote {
        Some(_) => Err(Complaint::new("a quote is not closed")),
        None => Ok(()),
    }
}

fn is_ordinary(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, ' ' | '\n' | '\r' | '\t' | '_' | ',' | '.')
        || "+-*/%<>=!&|?:".contains(c)
}

fn stranger(c: char, column: usize, language: Language) -> Complaint {
    let noun = language.noun;
    let shown = c.escape_default();
    Complaint::new(format!("`{shown}` at column {column} has no meaning in {noun}"))
        .help("lists, maps, macros and escapes are not supported here")
        .at(column - 1)
}
