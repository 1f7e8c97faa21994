//! The wall clock and the memory of the process: the only figures that differ from run to run.

use std::fs;
use std::time::Instant;

/// What `run` gives, and the seconds that it took.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(super) fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed().as_secs_f64())
}

/// Two rivals in turns, so that a busy machine slows both; for each what it gives and the seconds
/// of its fastest round, since whatever else runs can only add time.
pub(super) fn in_turns<A, B>(
    rounds: usize,
    ours: impl Fn() -> A,
    theirs: impl Fn() -> B,
) -> ((A, f64), (B, f64)) {
    let round = || (timed(&ours), timed(&theirs));
    let (mut first, mut second) = round();
    for _ in 1..rounds {
        let (ours, theirs) = round();
        first.1 = first.1.min(ours.1);
        second.1 = second.1.min(theirs.1);
    }
    (first, second)
}

/// The 99th of a hundred, and the longest; sorts them.
pub(super) fn p99_and_worst(seconds: &mut [f64]) -> (f64, f64) {
    seconds.sort_by(f64::total_cmp);
    let p99 = (seconds.len() * 99).div_ceil(100).saturating_sub(1);
    let at = |place: usize| seconds.get(place).copied().unwrap_or(0.0);
    (at(p99), at(seconds.len().saturating_sub(1)))
}

/// The most memory that this process ever held, in bytes; `None` where the system does not say
/// (`VmHWM` of `/proc/self/status` is Linux's).
pub(super) fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
