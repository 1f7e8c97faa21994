//! `bench`: measures how fast meshwalk is on this machine, beside another simulator and the aims.

use indicatif::{ProgressBar, ProgressStyle};

use crate::Exit;
use crate::bench::{BENCHMARKS, Size};
use crate::cli::{BenchArgs, MeasureFormat};
use crate::failure::Failure;
use crate::report::bench as report;
use crate::terminal::Look;

use super::Streams;

/// Carries out `meshwalk bench`. An aim that is missed is no failure: the machine may be busy.
pub(super) fn bench(
    args: &BenchArgs,
    look: &Look,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let size = if args.quick { Size::Quick } else { Size::Full };
    let style =
        ProgressStyle::with_template("{pos}/{len} {msg} …").expect("the template is well-formed");
    let chosen: Vec<_> = BENCHMARKS.iter().filter(|it| it.name.contains(&args.name)).collect();
    if chosen.is_empty() {
        let names = BENCHMARKS.map(|it| it.name).join("; ");
        return Err(Failure::new(format!("no workload has `{}` in its name", args.name))
            .help(format!("there are: {names}")));
    }
    let bar = ProgressBar::new(chosen.len() as u64).with_style(style);
    let mut found = Vec::new();
    for benchmark in chosen {
        let tell = |what: &str| {
            bar.set_message(what.to_owned());
            // Otherwise the bar might show the old words until the workload is done.
            bar.force_draw();
        };
        tell(benchmark.name);
        found.extend((benchmark.run)(size, &tell));
        bar.inc(1);
    }
    bar.finish_and_clear();
    match args.output {
        MeasureFormat::Table => report::print(streams.out, &found, look)?,
        MeasureFormat::Json => report::print_json(streams.out, &found)?,
    }
    Ok(Exit::Fine)
}
