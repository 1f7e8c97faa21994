//! `proxy-config`: what the proxy of a pod or gateway holds.

use std::sync::Arc;

use meshwalk_models::proxy::envoy::config::ProxyConfig;
use meshwalk_models::walk::full_name;

use crate::Exit;
use crate::cli::{AnswerFormat, PartArg, ProxyConfigArgs};
use crate::failure::Failure;
use crate::report::places::Places;
use crate::report::proxy_config::{self as report, Filter, Origins, Part};

use super::mesh::{self, Mesh};
use super::{Looks, Streams};

/// Carries out `meshwalk proxy-config`.
pub(super) fn proxy_config(
    args: &ProxyConfigArgs,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let mesh = Mesh::load(&args.mesh, streams.input)?;
    mesh.print_errors(streams, &looks.err)?;
    let config = find(args, &mesh)?;
    let filter = Filter { port: args.port, fqdn: args.fqdn.clone(), name: args.name.clone() };
    let part = match args.part {
        PartArg::Listeners => Part::Listeners,
        PartArg::Routes => Part::Routes,
        PartArg::Clusters => Part::Clusters,
        PartArg::Endpoints => Part::Endpoints,
    };
    let origins = Origins { places: Places::new(&mesh.sources), objects: &mesh.objects };
    match args.output {
        AnswerFormat::Text => {
            report::print(streams.out, &config, part, &filter, origins, &looks.out)?;
        }
        AnswerFormat::Json => report::print_json(streams.out, &config, part, &filter, origins)?,
    }
    Ok(Exit::Fine)
}

fn find(args: &ProxyConfigArgs, mesh: &Mesh) -> Result<Arc<ProxyConfig>, Failure> {
    let namespace = args.mesh.namespace.as_deref();
    if mesh::gateway_part(&args.proxy).is_some() {
        let name = mesh.gateway(namespace, &args.proxy)?;
        return mesh.planes.gateway(&mesh.world, &name).ok_or_else(|| {
            Failure::new(format!("{name} has no proxy: no control plane accepts it"))
                .help("`meshwalk lint` says why")
        });
    }
    let caller = mesh.caller(namespace, &args.proxy)?;
    mesh.planes.sidecar(&mesh.world, caller.pod).ok_or_else(|| {
        let name = full_name(&mesh.world, caller.workload);
        Failure::new(format!("{name} has no sidecar"))
            .help("label its namespace `istio-injection: enabled`, or its pods `sidecar.istio.io/inject: \"true\"`")
    })
}
