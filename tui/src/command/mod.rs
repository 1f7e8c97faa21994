//! Carries out one parsed command; how its results look is `report`'s business.

#[cfg(feature = "bench")]
mod bench;
mod compare;
mod explore;
mod keys;
mod lint;
mod mesh;
mod pages;
mod paths;
mod probes;
mod progress;
mod proxy_config;
mod reach;
mod retries;
mod rules;
mod run;
mod usable;
mod validate;
mod why;

use std::io::{Read, Write};

use crate::cli::{Cli, Command};
use crate::terminal::{ColorChoice, Colors, Look};
use crate::{Environment, Exit};

/// Where a command reads and writes.
pub struct Streams<'a> {
    /// Standard input.
    pub input: &'a mut dyn Read,
    /// Standard output: results.
    pub out: &'a mut dyn Write,
    /// Standard error: findings, failures and progress.
    pub err: &'a mut dyn Write,
}

/// What the outputs can show.
struct Looks {
    out: Look,
    err: Look,
}

/// Carries out `cli`; failures are printed.
pub(crate) fn execute(cli: &Cli, environment: &Environment, streams: &mut Streams<'_>) -> Exit {
    let looks =
        Looks { out: environment.stdout_look(cli.color), err: environment.stderr_look(cli.color) };
    let result = match &cli.command {
        Command::Run(args) => run::run(args, environment, &looks, streams),
        Command::Compare(args) => compare::compare(args, environment, &looks, streams),
        Command::Open(args) => explore::open(args, (cli.color, environment), &looks, streams),
        Command::Play(args) => explore::play(args, cli.color, &looks, streams),
        Command::Step(args) => explore::step(args, environment, &looks, streams),
        Command::Render(args) => explore::render(args, cli.color, &looks, streams),
        Command::Lint(args) => lint::lint(args, &looks.out, streams),
        Command::Why(args) => why::why(args, &looks, streams),
        Command::ProxyConfig(args) => proxy_config::proxy_config(args, &looks, streams),
        Command::Reach(args) => reach::reach(args, environment, &looks, streams),
        Command::Retries(args) => retries::retries(args, &looks, streams),
        Command::Paths(args) => paths::paths(args, &looks.out, streams),
        Command::Probes(args) => probes::probes(args, &looks, streams),
        Command::Rules(args) => rules::rules(args, &looks.out, streams),
        Command::Validate(args) => validate::validate(args, &looks, streams),
        #[cfg(feature = "bench")]
        Command::Bench(args) => bench::bench(args, &looks.out, streams),
        Command::Keys(args) => keys::keys(args, environment, streams),
        Command::Schema(args) => pages::schema(args, streams),
        Command::Completions(args) => pages::completions(args, streams),
        Command::Man(args) => pages::man(args, streams),
    };
    let result = result.and_then(|exit| {
        streams.out.flush()?;
        Ok(exit)
    });
    result.unwrap_or_else(|failure| {
        // Standard error is the last place to tell; when it is gone, the exit code still is not.
        let _ = failure.print(streams.err, &looks.err);
        Exit::Unusable
    })
}

/// Prints what the command line parser has to say: help, the version, or a usage error.
pub(crate) fn explain_usage(
    error: &clap::Error,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Exit {
    // The choice of colour stands in arguments that could not be read.
    let choice = ColorChoice::Auto;
    let (out, look, exit) = if error.use_stderr() {
        (&mut *streams.err, environment.stderr_look(choice), Exit::Unusable)
    } else {
        (&mut *streams.out, environment.stdout_look(choice), Exit::Fine)
    };
    let text = error.render();
    let text = match look.colors {
        Colors::Ansi => text.ansi().to_string(),
        Colors::None => text.to_string(),
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => exit,
        Err(_) => Exit::Unusable,
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
