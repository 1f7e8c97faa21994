//! Whether two data paths really got the same load: the ground of every paired difference.

use std::fmt;

use crate::flow::plan::{Op, Plan, SourceLoad};

use super::Sample;

/// Something that two paths must have in common and do not: a bug, or load that depends on
/// answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference(String);

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Difference {}

/// Checks that applications and sources are the same in two plans: capacity, steps, and the
/// distributions that work is drawn from. The draws themselves depend on the seed, the request and
/// the hop alone, and on nothing that a mesh could change.
///
/// # Errors
/// The first thing that differs.
pub fn same_application(one: &Plan, other: &Plan) -> Result<(), Difference> {
    let (mine, theirs) = (names(one), names(other));
    if let Some(name) = mine.iter().find(|name| !theirs.contains(name)) {
        return Err(Difference(format!("workload {name} is on one path alone")));
    }
    for (row, name) in mine.iter().enumerate() {
        let at = theirs.iter().position(|it| it == name).expect("checked above");
        let differs = |what: &str| Err(Difference(format!("{what} of workload {name} differ")));
        let (mine, theirs) = (&one.apps[row], &other.apps[at]);
        if (mine.workers, mine.queue_limit) != (theirs.workers, theirs.queue_limit) {
            return differs("the workers");
        }
        if mine.pods.1 != theirs.pods.1 {
            return differs("the pods");
        }
        let same_programs = mine.routes.len() == theirs.routes.len()
            && mine
                .routes
                .iter()
                .zip(&theirs.routes)
                .all(|(a, b)| same_program(one, a.program as usize, other, b.program as usize));
        if !same_programs {
            return differs("the steps");
        }
    }
    let sources = |plan: &Plan| plan.sources.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    if sources(one) != sources(other) {
        return Err(Difference("the sources of traffic differ".to_owned()));
    }
    Ok(())
}

/// The names of the applications, by row.
fn names(plan: &Plan) -> Vec<String> {
    (0..plan.apps.len()).map(|row| plan.layout.workload_name(row)).collect()
}

/// Whether two programs do the same work in the same order; whom they call is for the paths to say.
fn same_program(one: &Plan, mine: usize, other: &Plan, theirs: usize) -> bool {
    let (a, b) = (&one.programs[mine], &other.programs[theirs]);
    if (a.response_bytes, a.error_rate) != (b.response_bytes, b.error_rate) {
        return false;
    }
    let steps = |plan: &Plan, first: u32| {
        let mut at = first as usize;
        let mut steps = Vec::new();
        loop {
            let op = plan.ops[at];
            steps.push(op);
            at += 1;
            if matches!(op, Op::Respond) {
                return steps;
            }
        }
    };
    let (mine, theirs) = (steps(one, a.first_op), steps(other, b.first_op));
    mine.len() == theirs.len()
        && mine.iter().zip(&theirs).all(|pair| match pair {
            (Op::Work(mine), Op::Work(theirs)) => {
                one.distributions[*mine as usize] == other.distributions[*theirs as usize]
            }
            (Op::Calls(_, mine), Op::Calls(_, theirs)) => mine == theirs,
            (Op::SkipUnless(mine, to), Op::SkipUnless(theirs, other_to)) => {
                mine == theirs && to - a.first_op == other_to - b.first_op
            }
            (Op::Respond, Op::Respond) => true,
            _ => false,
        })
}

/// Checks that every open source sent the same requests at the same nanoseconds in one replication
/// of two paths. Users in a closed loop ask again when they have their answer, so theirs may differ.
///
/// # Errors
/// The first source that did not.
pub fn same_arrivals(plan: &Plan, one: &Sample, other: &Sample) -> Result<(), Difference> {
    let open = plan.sources.iter().map(|it| matches!(it.load, SourceLoad::Open(_)));
    for (row, (source, is_open)) in plan.sources.iter().zip(open).enumerate() {
        let (mine, theirs) = (&one.traffic[row], &other.traffic[row]);
        if is_open && (mine.sent, mine.arrivals) != (theirs.sent, theirs.arrivals) {
            return Err(Difference(format!(
                "source {} sent {} requests on one path and {} on the other, or others",
                source.name, mine.sent, theirs.sent
            )));
        }
    }
    Ok(())
}
