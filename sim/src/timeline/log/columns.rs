//! Columns in chunks: they grow without moving what they hold, and a chunk is scanned as a slice.

use crate::log::{Step, StepKind};

/// Values a chunk.
pub(super) const CHUNK: usize = 1 << 12;

/// A column of small values.
#[derive(Clone, Debug)]
pub(super) struct Column<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T: Copy> Column<T> {
    pub(super) fn push(&mut self, value: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(value),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(value);
                self.chunks.push(chunk);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub(super) fn at(&self, index: u32) -> T {
        self.chunks[index as usize / CHUNK][index as usize % CHUNK]
    }

    pub(super) fn set(&mut self, index: u32, value: T) {
        self.chunks[index as usize / CHUNK][index as usize % CHUNK] = value;
    }

    /// The values from `first` to the end of its chunk.
    pub(super) fn rest_of_chunk(&self, first: u32) -> &[T] {
        let chunk = self.chunks.get(first as usize / CHUNK);
        chunk.and_then(|chunk| chunk.get(first as usize % CHUNK..)).unwrap_or_default()
    }

    /// The values of the chunk of `last`, up to and with it.
    pub(super) fn chunk_up_to(&self, last: u32) -> &[T] {
        let chunk = self.chunks.get(last as usize / CHUNK);
        chunk.and_then(|chunk| chunk.get(..=last as usize % CHUNK)).unwrap_or_default()
    }

    /// The first index whose value is not `before`; the column is sorted by that.
    pub(super) fn partition_point(&self, before: impl Fn(T) -> bool) -> usize {
        let chunks = self.chunks.partition_point(|chunk| before(chunk[0]));
        let Some(chunk) = chunks.checked_sub(1) else { return 0 };
        chunk * CHUNK + self.chunks[chunk].partition_point(|value| before(*value))
    }

    pub(super) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK * size_of::<T>()
    }
}

/// In the word of a drawn destination: its place among those of its route in the lowest bits, and
/// the row of the route above. The highest bit says that the step stands apart.
const DESTINATION_BITS: u32 = 10;
const DESTINATION_MAX: u32 = (1 << DESTINATION_BITS) - 1;
const ROUTE_MAX: u32 = (1 << (31 - DESTINATION_BITS)) - 1;
const APART: u32 = 1 << 31;

/// The column of steps: a kind of one byte, and a word. What a step says is that word, or stands
/// apart; most steps say nothing.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    kinds: Column<u8>,
    words: Column<u32>,
    apart: Column<Step>,
    /// Steps that say nothing, by their kind.
    plain: [Option<Step>; StepKind::ALL.len()],
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            kinds: Column::default(),
            words: Column::default(),
            apart: Column::default(),
            plain: [None; StepKind::ALL.len()],
        }
    }
}

impl Steps {
    pub(super) fn push(&mut self, step: Step) {
        let kind = step.kind();
        self.kinds.push(kind as u8);
        let word = match step {
            Step::Retried { previous: word }
            | Step::AttemptBegan { of: word }
            | Step::Relayed { outer: word }
            | Step::ConnectionReused { connection: word } => word,
            Step::RouteDrawn { route } => route,
            Step::DestinationDrawn { route, destination }
                if route <= ROUTE_MAX && destination <= DESTINATION_MAX =>
            {
                route << DESTINATION_BITS | destination
            }
            Step::DestinationDrawn { .. } => {
                self.apart.push(step);
                APART | (self.apart.len() as u32 - 1)
            }
            Step::Answered { status } => u32::from(status),
            _ if says_nothing(kind) => {
                self.plain[kind as usize] = Some(step);
                0
            }
            _ => {
                self.apart.push(step);
                self.apart.len() as u32 - 1
            }
        };
        self.words.push(word);
    }

    pub(super) fn kind(&self, index: u32) -> StepKind {
        StepKind::ALL[usize::from(self.kinds.at(index))]
    }

    pub(super) fn at(&self, index: u32) -> Step {
        let word = self.words.at(index);
        let kind = self.kind(index);
        match kind {
            StepKind::Retried => Step::Retried { previous: word },
            StepKind::AttemptBegan => Step::AttemptBegan { of: word },
            StepKind::Relayed => Step::Relayed { outer: word },
            StepKind::ConnectionReused => Step::ConnectionReused { connection: word },
            StepKind::RouteDrawn => Step::RouteDrawn { route: word },
            StepKind::DestinationDrawn if word & APART != 0 => self.apart.at(word & !APART),
            StepKind::DestinationDrawn => Step::DestinationDrawn {
                route: word >> DESTINATION_BITS,
                destination: word & DESTINATION_MAX,
            },
            StepKind::Answered => Step::Answered { status: word as u16 },
            _ => self.plain[kind as usize].unwrap_or_else(|| self.apart.at(word)),
        }
    }

    pub(super) fn kinds(&self) -> &Column<u8> {
        &self.kinds
    }

    pub(super) fn bytes(&self) -> usize {
        self.kinds.bytes() + self.words.bytes() + self.apart.bytes()
    }
}

/// A set of kinds of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::timeline) struct KindSet(u64);

const _: () = assert!(StepKind::ALL.len() <= 64, "a word has a bit for each kind");

#[cfg_attr(not(feature = "expectations"), expect(dead_code, reason = "conditions need it"))]
impl KindSet {
    pub(in crate::timeline) const ALL: Self = Self(u64::MAX);
    pub(in crate::timeline) const NONE: Self = Self(0);

    pub(in crate::timeline) fn of(is_in: impl Fn(StepKind) -> bool) -> Self {
        let bits = StepKind::ALL.into_iter().filter(|kind| is_in(*kind));
        Self(bits.fold(0, |set, kind| set | 1 << kind as u8))
    }

    pub(in crate::timeline) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(in crate::timeline) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(in crate::timeline) const fn has(self, kind: u8) -> bool {
        self.0 >> kind & 1 == 1
    }
}

/// Whether steps of this kind are all alike.
const fn says_nothing(kind: StepKind) -> bool {
    use StepKind as Kind;
    !matches!(
        kind,
        Kind::CallBegan
            | Kind::Retried
            | Kind::AttemptBegan
            | Kind::Relayed
            | Kind::NotReachable
            | Kind::RouteDrawn
            | Kind::DestinationDrawn
            | Kind::EndpointChosen
            | Kind::ConnectionOpening
            | Kind::ConnectionReused
            | Kind::Decided
            | Kind::Delayed
            | Kind::Asks
            | Kind::Overflowed
            | Kind::AttemptReset
            | Kind::ProxyBacksOff
            | Kind::HostEjected
            | Kind::HostSpared
            | Kind::HostReturned
            | Kind::SynDropped
            | Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::AnsweredByServerProxy
            | Kind::TunnelOpening
            | Kind::Answered
            | Kind::BacksOff
            | Kind::CallEnded
    )
}

#[cfg(test)]
mod tests {
    use super::{DESTINATION_MAX, ROUTE_MAX, Step, Steps};

    #[test]
    fn drawn_destinations_come_back_whether_they_fit_a_word_or_not() {
        let mut steps = Steps::default();
        let ends = [(0, 0), (7, 3), (ROUTE_MAX, DESTINATION_MAX)];
        let beyond = [(ROUTE_MAX + 1, 0), (0, DESTINATION_MAX + 1), (u32::MAX, u32::MAX)];
        let drawn = ends.into_iter().chain(beyond);
        let drawn = drawn.map(|(route, destination)| Step::DestinationDrawn { route, destination });
        let told: Vec<Step> = drawn.chain([Step::RouteDrawn { route: u32::MAX }]).collect();
        told.iter().for_each(|step| steps.push(*step));
        let kept: Vec<Step> = (0..told.len() as u32).map(|place| steps.at(place)).collect();
        assert_eq!(kept, told);
        assert_eq!(steps.apart.len(), beyond.len(), "only what does not fit stands apart");
    }
}
