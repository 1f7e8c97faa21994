//! The binary: hands the process's arguments, environment and streams to the library.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use meshwalk::terminal::Pipe;
use meshwalk::{Environment, Streams, interrupt, panic};

fn main() -> ExitCode {
    panic::install_hook();
    let environment = Environment::of_process();
    interrupt::exit_on_ctrl_c(&environment);
    let exit = panic::guard(|| {
        let mut streams = Streams {
            input: &mut io::stdin().lock(),
            out: &mut BufWriter::new(Pipe::new(io::stdout().lock())),
            // Not locked: the progress bar and the report of a bug write from other threads.
            err: &mut Pipe::new(io::stderr()),
        };
        meshwalk::run(std::env::args_os(), &environment, &mut streams)
    });
    exit.into()
}
