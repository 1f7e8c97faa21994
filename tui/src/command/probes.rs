//! `probes`: whether the kubelet's probes reach the containers that they ask about.

use meshwalk_models::probes::{Probed, of_workload};

use crate::Exit;
use crate::cli::{ProbesArgs, ProbesFormat};
use crate::failure::Failure;
use crate::report::places::Places;
use crate::report::probes::{self as report, View};

use super::mesh::Mesh;
use super::{Looks, Streams};

/// Carries out `meshwalk probes`.
pub(super) fn probes(
    args: &ProbesArgs,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let mesh = Mesh::load(&args.mesh, streams.input)?;
    mesh.print_errors(streams, &looks.err)?;
    let workloads = match &args.workload {
        Some(name) => vec![mesh.caller(args.mesh.namespace.as_deref(), name)?.workload],
        None => mesh.world.workloads.ids().filter(|&id| is_in(args, &mesh, id)).collect(),
    };
    let find = |id| of_workload(&mesh.world, &mesh.planes, id);
    let mut probes: Vec<Probed> = workloads.into_iter().flat_map(find).collect();
    for probed in &mut probes {
        probed.doubt(&mesh.untold);
    }
    let places = Places::new(&mesh.sources);
    let view = View { world: &mesh.world, probes: &probes, places };
    match args.output {
        ProbesFormat::Table => report::print(streams.out, &view, &looks.out)?,
        ProbesFormat::Wide => report::print_wide(streams.out, &view, &looks.out)?,
        ProbesFormat::Json => report::print_json(streams.out, &view)?,
    }
    Ok(Exit::Fine)
}

/// Whether the workload stands in the namespace that is asked about, if one is.
fn is_in(args: &ProbesArgs, mesh: &Mesh, id: meshwalk_models::world::WorkloadId) -> bool {
    let own = mesh.world.workloads[id].namespace;
    let own = own.map(|namespace| mesh.world.namespaces[namespace].name.as_str());
    args.mesh.namespace.as_deref().is_none_or(|wanted| own == Some(wanted))
}
