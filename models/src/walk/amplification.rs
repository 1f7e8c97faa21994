//! How attempts multiply along the paths that calls take: arithmetic on a graph of calls. Which
//! retries a call has is found by the walk; who calls whom is given.

use std::collections::{BTreeMap, BTreeSet};

use crate::units::SimDuration;

/// The longest path that is followed; a longer one is cut and says so.
const HOPS_MAX: usize = 32;

/// How many paths are listed.
const PATHS_MAX: usize = 1_000;

/// How many steps a search takes before it gives up on listing everything.
const STEPS_MAX: usize = 50_000;

/// A call that one node of the graph makes.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who calls.
    pub from: usize,
    /// Who is called; several where a route splits its requests. Empty where nobody of the graph
    /// stands behind the destination.
    pub to: Vec<usize>,
    /// Attempts of the application itself, the first included.
    pub by_application: u32,
    /// Attempts of its proxy for each of those, the first included.
    pub by_proxy: u32,
    /// How long one attempt may take until whoever started it gives up; `None` is for ever.
    pub attempt_limit: Option<SimDuration>,
    /// How long the caller may wait in all; `None` is for ever.
    pub whole_limit: Option<SimDuration>,
}

impl Call {
    /// Attempts that reach the server for one request, at most.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        u64::from(self.by_application) * u64::from(self.by_proxy)
    }
}

/// A chain of calls from an entry to a node that calls nobody further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallPath {
    /// The calls, by index.
    pub calls: Vec<usize>,
    /// The nodes: the caller of the first call, then everyone who is called.
    pub nodes: Vec<usize>,
    /// Attempts of the last call for one request at the entry, at most.
    pub amplification: u64,
    /// Why the path ends before its last node's calls.
    pub cut: Option<Cut>,
}

/// Why a path was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// It comes back to a node that it passed.
    Cycle,
    /// It is too long.
    TooLong,
}

/// All paths, worst first.
#[derive(Clone, Debug, Default)]
pub struct CallPaths {
    /// The paths, by amplification and then in the order of the calls.
    pub paths: Vec<CallPath>,
    /// Whether there are more than were followed.
    pub incomplete: bool,
}

/// Work that goes on after its caller has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wasted {
    /// The call whose caller gives up.
    pub outer: usize,
    /// The call that its server makes meanwhile.
    pub inner: usize,
    /// How long the outer attempt lasts.
    pub outer_limit: SimDuration,
    /// How long the inner call may last; `None` is for ever.
    pub inner_limit: Option<SimDuration>,
}

/// The paths that begin at `entries`.
#[must_use]
pub fn call_paths(calls: &[Call], entries: &[usize]) -> CallPaths {
    let mut made_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, call) in calls.iter().enumerate() {
        made_by.entry(call.from).or_default().push(index);
    }
    let mut search = Search { calls, made_by, found: CallPaths::default(), steps: 0 };
    for &entry in entries {
        let mut at = At { nodes: vec![entry], calls: Vec::new(), amplification: 1 };
        search.follow(&mut at);
    }
    let mut found = search.found;
    found
        .paths
        .sort_by(|a, b| b.amplification.cmp(&a.amplification).then_with(|| a.nodes.cmp(&b.nodes)));
    // Two nodes may have several calls between them; the worst of them stands for the path.
    let mut seen = BTreeSet::new();
    found.paths.retain(|path| {
        let outside = path.calls.last().copied().filter(|_| path.nodes.len() == path.calls.len());
        seen.insert((path.nodes.clone(), outside))
    });
    if found.paths.len() > PATHS_MAX {
        found.paths.truncate(PATHS_MAX);
        found.incomplete = true;
    }
    found
}

struct Search<'c> {
    calls: &'c [Call],
    /// The calls that each node makes.
    made_by: BTreeMap<usize, Vec<usize>>,
    found: CallPaths,
    steps: usize,
}

/// Where the search stands.
struct At {
    nodes: Vec<usize>,
    calls: Vec<usize>,
    amplification: u64,
}

impl Search<'_> {
    /// Follows all calls of the last node. The depth is bounded by [`HOPS_MAX`].
    fn follow(&mut self, at: &mut At) {
        let node = *at.nodes.last().expect("a path begins with its entry");
        let calls = self.calls;
        let made = self.made_by.get(&node).cloned().unwrap_or_default();
        if made.is_empty() && !at.calls.is_empty() {
            self.end(at, None);
        }
        for index in made {
            self.step(at, index, &calls[index]);
        }
    }

    fn step(&mut self, at: &mut At, index: usize, call: &Call) {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            self.found.incomplete = true;
            return;
        }
        let before = at.amplification;
        at.calls.push(index);
        at.amplification = before.saturating_mul(call.attempts());
        if call.to.is_empty() {
            self.end(at, None);
        }
        for &next in &call.to {
            let cut = if at.nodes.contains(&next) {
                Some(Cut::Cycle)
            } else if at.calls.len() >= HOPS_MAX {
                Some(Cut::TooLong)
            } else {
                None
            };
            at.nodes.push(next);
            if cut.is_some() {
                self.end(at, cut);
            } else {
                self.follow(at);
            }
            at.nodes.pop();
        }
        at.calls.pop();
        at.amplification = before;
    }

    fn end(&mut self, at: &At, cut: Option<Cut>) {
        self.found.paths.push(CallPath {
            calls: at.calls.clone(),
            nodes: at.nodes.clone(),
            amplification: at.amplification,
            cut,
        });
    }
}

/// Pairs of calls in which the caller gives up before the work that it caused is done.
#[must_use]
pub fn wasted(calls: &[Call]) -> Vec<Wasted> {
    let mut found = BTreeSet::new();
    for (outer, call) in calls.iter().enumerate() {
        let Some(limit) = call.attempt_limit else { continue };
        let made = calls.iter().enumerate().filter(|(_, inner)| call.to.contains(&inner.from));
        for (inner, made) in made {
            if made.whole_limit.is_none_or(|whole| whole > limit) {
                let inner_limit = made.whole_limit;
                found.insert(Wasted { outer, inner, outer_limit: limit, inner_limit });
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(from: usize, to: &[usize], by_application: u32, by_proxy: u32) -> Call {
        Call {
            from,
            to: to.to_vec(),
            by_application,
            by_proxy,
            attempt_limit: None,
            whole_limit: None,
        }
    }

    #[test]
    fn attempts_multiply_along_a_path() {
        let calls = [call(0, &[1], 1, 3), call(1, &[2], 3, 1), call(2, &[3], 2, 2)];
        let found = call_paths(&calls, &[0]);
        assert_eq!(found.paths.len(), 1);
        assert_eq!(
            (found.paths[0].amplification, &found.paths[0].nodes[..]),
            (36, &[0, 1, 2, 3][..])
        );
    }

    #[test]
    fn the_worst_path_comes_first_and_a_split_makes_two() {
        let calls = [call(0, &[1, 2], 1, 2), call(1, &[3], 1, 1), call(2, &[3], 1, 5)];
        let found = call_paths(&calls, &[0]);
        let products: Vec<_> = found.paths.iter().map(|path| path.amplification).collect();
        assert_eq!(products, [10, 2]);
    }

    #[test]
    fn the_worst_of_several_calls_between_two_nodes_stands_for_all() {
        let found = call_paths(&[call(0, &[1], 1, 2), call(0, &[1], 3, 2)], &[0]);
        assert_eq!(found.paths.len(), 1);
        assert_eq!(found.paths[0].amplification, 6);
    }

    #[test]
    fn a_cycle_is_cut_where_it_closes() {
        let found = call_paths(&[call(0, &[1], 1, 2), call(1, &[0], 1, 2)], &[0]);
        assert_eq!(found.paths[0].nodes, [0, 1, 0]);
        assert_eq!((found.paths[0].amplification, found.paths[0].cut), (4, Some(Cut::Cycle)));
    }

    #[test]
    fn a_graph_with_countless_paths_ends_and_says_that_it_is_incomplete() {
        // Twenty layers of eight that call everybody in the next one.
        let layer = |layer: usize| (0..8).map(|it| layer * 8 + it).collect::<Vec<_>>();
        let calls: Vec<_> =
            (0..20 * 8).map(|node| call(node, &layer(node / 8 + 1), 1, 2)).collect();
        let found = call_paths(&calls, &[0]);
        assert!(found.incomplete && found.paths.len() <= PATHS_MAX);
    }

    #[test]
    fn work_is_wasted_where_the_caller_waits_less_than_the_callee() {
        let mut outer = call(0, &[1], 1, 1);
        outer.attempt_limit = Some(SimDuration::from_secs(3));
        let mut inner = call(1, &[2], 1, 1);
        inner.whole_limit = Some(SimDuration::from_secs(10));
        let found = wasted(&[outer.clone(), inner.clone()]);
        assert_eq!((found.len(), found[0].outer, found[0].inner), (1, 0, 1));
        inner.whole_limit = Some(SimDuration::from_secs(2));
        assert_eq!(wasted(&[outer, inner]), []);
    }

    mod laws {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            #[test]
            fn no_path_multiplies_more_than_its_calls_do(
                edges in prop::collection::vec((0usize..6, 0usize..6, 1u32..4, 1u32..4), 1..12),
            ) {
                let calls: Vec<_> =
                    edges.iter().map(|&(from, to, own, proxy)| call(from, &[to], own, proxy)).collect();
                let found = call_paths(&calls, &[0]);
                for path in &found.paths {
                    let product: u64 = path.calls.iter().map(|&it| calls[it].attempts()).product();
                    prop_assert_eq!(path.amplification, product);
                    prop_assert_eq!(path.nodes.len(), path.calls.len() + 1);
                    prop_assert_eq!(path.nodes[0], 0);
                }
            }
        }
    }
}
