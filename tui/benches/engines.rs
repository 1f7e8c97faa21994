//! The workloads of `meshwalk bench` at full size: `cargo bench -p meshwalk --bench engines`.

use meshwalk::bench::{BENCHMARKS, Size};

#[expect(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() {
    for benchmark in BENCHMARKS {
        for found in (benchmark.run)(Size::Full, &|_| ()) {
            println!("{:44} {:14.2} {}", found.name, found.value, found.unit);
        }
    }
}
