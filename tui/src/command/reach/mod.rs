//! `reach`: who can talk to whom, and what differs between two configurations.

#[cfg(test)]
mod tests;
mod wanted;

use std::path::PathBuf;

use ipnet::IpNet;
use meshwalk_models::reach::{
    Ask, Change, Party, PartyKind, Reach, Refusals, Wanted, differences, parties, reach as find,
    rows,
};

use crate::cli::{ReachArgs, ReachFormat};
use crate::failure::Failure;
use crate::report::places::Places;
use crate::report::reach as report;
use crate::{Environment, Exit};

use super::mesh::Mesh;
use super::progress::Progress;
use super::{Looks, Streams};

/// Carries out `meshwalk reach`.
pub(super) fn reach(
    args: &ReachArgs,
    environment: &Environment,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let external = wanted::ranges(args)?;
    if let [old, new] = &args.diff[..] {
        if matches!(args.output, ReachFormat::Matrix | ReachFormat::Dot) {
            return Err(Failure::new("a difference is no matrix and no graph")
                .help("print it with -o table or -o json"));
        }
        let old = load(args, std::slice::from_ref(old), looks, streams)?;
        let new = load(args, std::slice::from_ref(new), looks, streams)?;
        return compare(args, (&old, &new), &external, environment, looks, streams);
    }
    let mesh = load(args, &args.paths, looks, streams)?;
    let refusals = match args.output {
        ReachFormat::Wide => Refusals::Given,
        _ if args.refused => Refusals::Given,
        _ => Refusals::LeftOut,
    };
    let ask = Ask { refusals, ..asked(&mesh, &external, &[]) };
    let (from, to) = wanted::sides(args, &mesh, &ask)?;
    let ask = Ask { from: from.as_ref(), to: to.as_ref(), ..ask };
    let progress = Progress::of_search(environment);
    let found = find(&mesh.world, &mesh.planes, &ask, &mut |done, all| progress.at(done, all));
    let counts = Counts { args, from: from.as_ref(), to: to.as_ref(), found: &found };
    let rows = rows(&found, |from, to| counts.pair(from, to));
    progress.finish();
    let view = report::View {
        reach: &found,
        rows: &rows,
        profile: &mesh.planes.profile().name,
        untold: &mesh.untold,
        places: Places::new(&mesh.sources),
    };
    match args.output {
        ReachFormat::Table => {
            let detail = if args.refused { report::Detail::Wide } else { report::Detail::Normal };
            report::table::print(streams.out, &view, detail, &looks.out)?;
        }
        ReachFormat::Wide => {
            report::table::print(streams.out, &view, report::Detail::Wide, &looks.out)?;
        }
        ReachFormat::Matrix => report::matrix::print(streams.out, &view, &looks.out)?,
        ReachFormat::Json => report::document::print(streams.out, &view)?,
        ReachFormat::Dot => report::dot::print(streams.out, &view)?,
    }
    Ok(Exit::Fine)
}

/// Reads the manifests. Paths that cannot be read may hold pods and policies, so that without them
/// it is not known who can talk to whom.
fn load(
    args: &ReachArgs,
    paths: &[PathBuf],
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Mesh, Failure> {
    let mesh = Mesh::load(&args.mesh(paths), streams.input)?;
    mesh.print_errors(streams, &looks.err)?;
    if mesh.findings.iter().any(|finding| finding.code == "input.unreadable") {
        return Err(Failure::new("who can talk to whom is not known: not all could be read")
            .help("correct the paths that are named above"));
    }
    Ok(mesh)
}

/// Which pairs count.
struct Counts<'a> {
    args: &'a ReachArgs,
    from: Option<&'a Wanted>,
    to: Option<&'a Wanted>,
    found: &'a Reach,
}

impl Counts<'_> {
    fn pair(&self, from: usize, to: usize) -> bool {
        let (client, server) = (&self.found.parties()[from], &self.found.parties()[to]);
        let named = |names: Option<&Wanted>, name: &str| names.is_none_or(|it| it.contains(name));
        let here = |namespace: &Option<String>| *namespace == self.args.namespace;
        server.kind != PartyKind::IngressController
            && named(self.from, &client.name)
            && named(self.to, &server.name)
            && (self.args.namespace.is_none() || here(&client.namespace) || here(&server.namespace))
    }
}

/// What is gained and lost.
fn compare(
    args: &ReachArgs,
    (old, new): (&Mesh, &Mesh),
    external: &[IpNet],
    environment: &Environment,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    // Both are cut alike, so that their ranges have the same names.
    let ranges = |mesh: &Mesh| mesh.planes.network_policies().ranges(&mesh.world);
    let cuts = [ranges(old), ranges(new)].concat();
    let sides = |mesh: &Mesh| wanted::sides_or_nobody(args, mesh, &asked(mesh, external, &cuts));
    let ((mut from, mut to), others) = (sides(old)?, sides(new)?);
    wanted::join(&mut from, others.0);
    wanted::join(&mut to, others.1);
    wanted::somebody(args, &from, &to)?;
    let progress = Progress::of_search(environment);
    let found = |mesh: &Mesh, refusals, from: Option<&Wanted>, to: Option<&Wanted>| {
        let ask = Ask { refusals, from, to, ..asked(mesh, external, &cuts) };
        find(&mesh.world, &mesh.planes, &ask, &mut |done, all| progress.at(done, all))
    };
    let both = |refusals, from: Option<&Wanted>, to: Option<&Wanted>| {
        (found(old, refusals, from, to), found(new, refusals, from, to))
    };
    let (before, after) = both(Refusals::LeftOut, from.as_ref(), to.as_ref());
    let (mut all, mut changes) = differences(&before, &after);
    keep_here(args, &all, &mut changes);
    if !changes.is_empty() {
        // Reasons are found out for what differs alone.
        let named = |side: fn(&Change) -> &Vec<usize>| -> Wanted {
            changes.iter().flat_map(side).map(|at| all[*at].name.clone()).collect()
        };
        let (from, to) = (named(|it| &it.from), named(|it| &it.to));
        let (before, after) = both(Refusals::Given, Some(&from), Some(&to));
        (all, changes) = differences(&before, &after);
        keep_here(args, &all, &mut changes);
    }
    progress.finish();
    let view = report::DiffView {
        parties: &all,
        changes: &changes,
        profile: &new.planes.profile().name,
        before: Places::new(&old.sources),
        after: Places::new(&new.sources),
    };
    match args.output {
        ReachFormat::Json => report::diff::print_json(streams.out, &view)?,
        _ => report::diff::print(streams.out, &view, &looks.out)?,
    }
    Ok(if changes.is_empty() { Exit::Fine } else { Exit::Failed })
}

/// Leaves what has to do with the namespace that is asked about.
fn keep_here(args: &ReachArgs, all: &[Party], changes: &mut Vec<Change>) {
    let is_here = |at: &usize| all[*at].namespace == args.namespace;
    changes.retain(|change| {
        args.namespace.is_none() || change.from.iter().chain(&change.to).any(is_here)
    });
}

/// Everything, without reasons.
fn asked<'a>(mesh: &'a Mesh, external: &'a [IpNet], cuts: &'a [IpNet]) -> Ask<'a> {
    let entrances = &mesh.entrances;
    Ask { external, cuts, entrances, refusals: Refusals::LeftOut, from: None, to: None }
}

/// Everybody, by their names.
fn everybody(mesh: &Mesh, ask: &Ask<'_>) -> Vec<Party> {
    parties(&mesh.world, &mesh.planes, ask)
}
