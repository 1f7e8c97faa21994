//! Ranks: how far to the right each box stands. Callees stand right of their callers; where boxes
//! call each other in a circle, one edge of it points back.

/// The rank of each box: the longest way to it from a box that nobody calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranks {
    /// By box.
    pub(super) of_box: Vec<usize>,
    /// By edge, whether it is taken to point the other way.
    pub(super) is_reversed: Vec<bool>,
}

/// How far the search has come with a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Ranks of all boxes.
pub(super) fn ranks(boxes: usize, edges: &[(usize, usize)]) -> Ranks {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    let mut called = vec![false; boxes];
    for (edge, (from, to)) in edges.iter().enumerate() {
        if from != to {
            out[*from].push(edge);
            called[*to] = true;
        }
    }
    let mut search = Search {
        edges,
        out: &out,
        marks: vec![Mark::New; boxes],
        is_reversed: vec![false; edges.len()],
        finished: Vec::with_capacity(boxes),
    };
    // Those that nobody calls come first, so that a circle is cut where one comes into it.
    let (first, then): (Vec<usize>, Vec<usize>) = (0..boxes).partition(|node| !called[*node]);
    first.into_iter().chain(then).for_each(|node| search.from(node));
    let Search { is_reversed, finished, .. } = search;
    let mut of_box = vec![0; boxes];
    // Callers are finished after their callees; of an edge that points back it is the other way.
    for node in finished.iter().rev() {
        for edge in &out[*node] {
            let to = edges[*edge].1;
            if !is_reversed[*edge] {
                of_box[to] = of_box[to].max(of_box[*node] + 1);
            }
        }
    }
    Ranks { of_box, is_reversed }
}

struct Search<'e> {
    edges: &'e [(usize, usize)],
    out: &'e [Vec<usize>],
    marks: Vec<Mark>,
    is_reversed: Vec<bool>,
    finished: Vec<usize>,
}

impl Search<'_> {
    /// Visits everything that can be reached, without recursion: chains of calls may be long.
    fn from(&mut self, start: usize) {
        if self.marks[start] != Mark::New {
            return;
        }
        self.marks[start] = Mark::Open;
        let mut open: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((node, next)) = open.last_mut() {
            let Some(edge) = self.out[*node].get(*next).copied() else {
                self.marks[*node] = Mark::Done;
                self.finished.push(*node);
                open.pop();
                continue;
            };
            *next += 1;
            let to = self.edges[edge].1;
            match self.marks[to] {
                Mark::New => {
                    self.marks[to] = Mark::Open;
                    open.push((to, 0));
                }
                Mark::Open => self.is_reversed[edge] = true,
                Mark::Done => {}
            }
        }
    }
}
