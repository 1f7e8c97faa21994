//! The lines between two layers: each has a row at either end, and runs between them on vertical
//! tracks, so that no two lines lie on each other.
//!
//! A line that leaves in the row in which another arrives must turn off before the other turns in.
//! Where such demands go round in a circle, one line takes a detour below everything.

/// The lines of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Channel {
    /// How many tracks there are.
    pub(super) tracks: usize,
    /// By line: its tracks from left to right, each with the row that it leads to.
    pub(super) bends: Vec<Vec<(usize, usize)>>,
}

/// A vertical piece of a line.
#[derive(Clone, Copy, Debug)]
struct Piece {
    line: usize,
    from: usize,
    to: usize,
    /// The piece of the same line that has to stand left of it.
    after: Option<usize>,
}

/// Runs lines from the row at their left end to that at their right end. Rows are less than
/// `height`, and no two lines have the same row at the same side.
pub(super) fn route(ends: &[(usize, usize)], height: usize) -> Channel {
    let mut pieces: Vec<Piece> = Vec::new();
    for (line, (from, to)) in ends.iter().enumerate() {
        if from != to {
            pieces.push(Piece { line, from: *from, to: *to, after: None });
        }
    }
    let mut detours = 0;
    let tracks = loop {
        match assign(&pieces) {
            Ok(tracks) => break tracks,
            Err(stuck) => {
                // Below everything there is always a row that nobody else has.
                let below = height + detours;
                detours += 1;
                let whole = pieces[stuck];
                pieces[stuck].to = below;
                pieces.push(Piece { from: below, after: Some(stuck), ..whole });
            }
        }
    };
    let mut bends: Vec<Vec<(usize, usize)>> = vec![Vec::new(); ends.len()];
    for (piece, track) in pieces.iter().zip(&tracks) {
        bends[piece.line].push((*track, piece.to));
    }
    bends.iter_mut().for_each(|bends| bends.sort_unstable());
    Channel { tracks: tracks.iter().max().map_or(0, |track| track + 1), bends }
}

/// Gives every piece a track; tells of one that stands in a circle of demands, if there is any.
fn assign(pieces: &[Piece]) -> Result<Vec<usize>, usize> {
    let before = demands(pieces);
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); pieces.len()];
    for (piece, before) in before.iter().enumerate() {
        before.iter().for_each(|first| followers[*first].push(piece));
    }
    let mut tracks: Vec<Option<usize>> = vec![None; pieces.len()];
    // By track, the rows that are taken.
    let mut taken: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut ready: std::collections::BTreeSet<usize> =
        (0..pieces.len()).filter(|piece| waiting[*piece] == 0).collect();
    while let Some(piece) = ready.pop_first() {
        let first = before[piece].iter().filter_map(|it| tracks[*it]).max().map_or(0, |it| it + 1);
        let (top, bottom) = pieces[piece].span();
        let is_free = |spans: &[(usize, usize)]| {
            spans.iter().all(|(first, last)| bottom < *first || *last < top)
        };
        let track = (first..taken.len()).find(|track| is_free(&taken[*track]));
        let track = track.unwrap_or(taken.len().max(first));
        taken.resize(taken.len().max(track + 1), Vec::new());
        taken[track].push((top, bottom));
        tracks[piece] = Some(track);
        for next in &followers[piece] {
            waiting[*next] -= 1;
            if waiting[*next] == 0 {
                ready.insert(*next);
            }
        }
    }
    let stuck =
        (0..pieces.len()).find(|piece| tracks[*piece].is_none() && in_circle(*piece, &before));
    match stuck {
        Some(piece) => Err(piece),
        None => Ok(tracks.into_iter().flatten().collect()),
    }
}

impl Piece {
    fn span(&self) -> (usize, usize) {
        (self.from.min(self.to), self.from.max(self.to))
    }
}

/// By piece, those that have to stand left of it: what leaves in the row in which it arrives.
fn demands(pieces: &[Piece]) -> Vec<Vec<usize>> {
    let mut leaving: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for (piece, it) in pieces.iter().enumerate() {
        if it.after.is_none() {
            leaving.insert(it.from, piece);
        }
    }
    let arrives = |it: &Piece| leaving.get(&it.to).copied();
    pieces
        .iter()
        .enumerate()
        .map(|(own, it)| {
            arrives(it).filter(|piece| *piece != own).into_iter().chain(it.after).collect()
        })
        .collect()
}

/// Whether a piece has to stand left of itself.
fn in_circle(piece: usize, before: &[Vec<usize>]) -> bool {
    let mut seen = vec![false; before.len()];
    let mut open: Vec<usize> = before[piece].clone();
    while let Some(next) = open.pop() {
        if next == piece {
            return true;
        }
        if !std::mem::replace(&mut seen[next], true) {
            open.extend(&before[next]);
        }
    }
    false
}
