//! Laws: what the index of the series answers is what going through everything would have found.

use proptest::prelude::*;

use super::*;

/// So many edges; one service is called over all of them but the last.
const EDGES: usize = 4;
/// When the run is meant to end, in nanoseconds.
const END_NS: u64 = 10_000;

/// Something that happened to an edge: how long after what happened before, where, and what.
type Told = (u64, usize, Happening);

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        Just(Happening::Began),
        Just(Happening::Counted(Signal::MutualTls)),
        Just(Happening::Rose(Gauge::Waiting)),
        Just(Happening::Fell(Gauge::Waiting)),
        (0u16..3, any::<bool>(), 0u64..5_000).prop_map(|(ending, is_success, latency_ns)| {
            Happening::Ended { ending, is_success, latency_ns }
        }),
    ]
}

fn told() -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec((0u64..120, 0..EDGES, happening()), 1..120)
}

/// The series of what happened, an entry each, and the same as a list.
fn taken(told: &[Told]) -> (Series, Vec<(Cut, usize, Happening)>) {
    let services = vec![(0..EDGES - 1).collect()];
    let rows = Rows { edges: EDGES, workloads: 0, sources: 0, services };
    let end = SimTime::from_ns(END_NS);
    let mut series = Series {
        table: Table::new(rows.len(), end),
        journal: Journal::new(rows.len()),
        rows,
        endings: [200, 404, 503].map(Ending::answered).to_vec(),
        end,
        ..Series::default()
    };
    let (mut list, mut ns) = (Vec::new(), 0);
    for (entry, (later, row, happening)) in (0..).zip(told) {
        ns += later;
        series.until = Cut { time: SimTime::from_ns(ns), entry };
        series.note(*row, *happening);
        list.push((series.until, *row, *happening));
    }
    (series, list)
}

fn edges_of(row: Row) -> Vec<usize> {
    match row {
        Row::Edge(edge) => vec![edge],
        _ => (0..EDGES - 1).collect(),
    }
}

const ROWS: [Row; 3] = [Row::Edge(0), Row::Edge(EDGES - 1), Row::Service(0)];

proptest! {
    #[test]
    fn figures_at_any_moment_are_those_of_everything_up_to_it(
        told in told(), place in any::<prop::sample::Index>(), row in 0..ROWS.len(), back in 0u64..9_000,
    ) {
        let (series, list) = taken(&told);
        let (cut, row) = (list[place.index(list.len())].0, ROWS[row]);
        let look = series.upto(cut);
        let figures = look.over(row, SimDuration::from_ns(back));
        let begin = cut.time.as_ns().saturating_sub(back);
        let from = SimTime::from_ns(begin - begin % series.width().as_ns());
        let (mut cell, mut before) = (cell::Cell::default(), cell::Cell::default());
        for (at, edge, happening) in list.iter().take_while(|(at, ..)| at.entry <= cut.entry) {
            if edges_of(row).contains(edge) {
                let of = if at.time < from { &mut before } else { &mut cell };
                of.take(*happening, cut.time.since(at.time));
            }
        }
        prop_assert_eq!((figures.from, figures.to), (from, cut.time));
        prop_assert_eq!(&figures.cell, &cell);
        prop_assert_eq!(figures.levels, before.nets());
        let whole = look.since_start(row);
        for signal in [Signal::Begun, Signal::Ended, Signal::Failed, Signal::MutualTls] {
            prop_assert_eq!(look.counts_so_far(&[row]).count(signal), whole.count(signal));
        }
        prop_assert_eq!(look.counts_so_far(&[row]).protections(), whole.protections());
    }

    #[test]
    fn counts_of_the_run_are_those_of_its_windows_with_the_last_one_cut(
        told in told(), place in any::<prop::sample::Index>(), row in 0..ROWS.len(),
    ) {
        let (series, list) = taken(&told);
        let (cut, row) = (list[place.index(list.len())].0, ROWS[row]);
        let look = series.upto(cut);
        let mut windows = series.windows(row);
        let own = look.last_window(row);
        if let Some(whole) = windows.iter_mut().find(|window| window.from == own.from) {
            *whole = own;
        }
        let counts: Vec<_> =
            windows.iter().map(|it| (it.span(), it.count(Signal::Begun))).collect();
        prop_assert_eq!(look.counts_of_run(row, Signal::Begun), counts);
    }

    #[test]
    fn the_next_and_the_previous_entry_of_a_row_are_the_nearest_ones(
        told in told(), entry in 0u64..130, row in 0..ROWS.len(),
    ) {
        let (series, list) = taken(&told);
        let own = edges_of(ROWS[row]);
        let of_row = || list.iter().filter(|(_, edge, _)| own.contains(edge)).map(|it| it.0.entry);
        prop_assert_eq!(series.next_of(ROWS[row], entry), of_row().find(|it| *it > entry));
        prop_assert_eq!(
            series.previous_of(ROWS[row], entry), of_row().rfind(|it| *it < entry)
        );
    }
}
