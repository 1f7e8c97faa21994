//! `proxy-config`: what the proxy of a pod, gateway or waypoint holds.

use std::sync::Arc;

use meshwalk_models::control::istio::ambient::waypoints::WaypointName;
use meshwalk_models::path::DataPath;
use meshwalk_models::proxy::envoy::config::ProxyConfig;
use meshwalk_models::walk::full_name;

use crate::Exit;
use crate::cli::{AnswerFormat, MeshArgs, PartArg, ProxyConfigArgs};
use crate::failure::Failure;
use crate::input::{self, Sources};
use crate::report::diagnostics;
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
    let (proxy, about) = named(args)?;
    let mesh = Mesh::load(&about, streams.input)?;
    mesh.print_errors(streams, &looks.err)?;
    let config = find(&proxy, about.namespace.as_deref(), &mesh)?;
    let filter = Filter { port: args.port, fqdn: args.fqdn.clone(), name: args.name.clone() };
    let part = match args.part {
        PartArg::Listeners => Part::Listeners,
        PartArg::Routes => Part::Routes,
        PartArg::Clusters => Part::Clusters,
        PartArg::Endpoints => Part::Endpoints,
        PartArg::Memory => return memory(args, &proxy, (&config, &mesh), looks, streams),
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

/// Prints what a proxy takes in memory.
fn memory(
    args: &ProxyConfigArgs,
    proxy: &str,
    (config, mesh): (&ProxyConfig, &Mesh),
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    if args.port.is_some() || args.fqdn.is_some() || args.name.is_some() {
        return Err(Failure::new("memory is that of the whole proxy")
            .help("leave out --port, --fqdn and --name"));
    }
    let mut sources = Sources::default();
    let costs = input::costs(args.costs.costs.as_deref(), streams.input, &mut sources);
    diagnostics::print_briefly(streams.err, &sources.findings, &sources.set, &looks.err)?;
    let costs = costs.ok_or_else(|| Failure::new("the prices cannot be used"))?;
    match args.output {
        AnswerFormat::Text => {
            let own = mesh.caller(args.mesh.namespace.as_deref(), proxy).ok();
            let own = own.and_then(|it| mesh.world.workloads[it.workload].namespace);
            let own = own.map(|id| mesh.world.namespaces[id].name.as_str());
            report::print_memory(streams.out, config, own, &costs, &looks.out)?;
        }
        AnswerFormat::Json => report::print_memory_json(streams.out, config, &costs)?,
    }
    Ok(Exit::Fine)
}

/// Whose proxy it is, and the manifests. Behind `-f FILE…` the name of the pod looks like one more
/// file to the command line; it is the last of them.
fn named(args: &ProxyConfigArgs) -> Result<(String, MeshArgs), Failure> {
    let mut about = args.mesh.clone();
    if let Some(proxy) = &args.proxy {
        return Ok((proxy.clone(), about));
    }
    let last = if about.paths.len() > 1 { about.paths.pop() } else { None };
    let proxy = last.and_then(|path| path.into_os_string().into_string().ok());
    proxy.map(|proxy| (proxy, about)).ok_or_else(|| {
        Failure::new("no pod and no gateway is named")
            .help("write meshwalk proxy-config routes deploy/frontend -n web -f PATH")
    })
}

fn find(proxy: &str, namespace: Option<&str>, mesh: &Mesh) -> Result<Arc<ProxyConfig>, Failure> {
    if let Some(text) = mesh::waypoint_part(proxy) {
        let name = mesh.waypoint(namespace, text)?;
        return of_waypoint(&name, mesh);
    }
    if let Some(text) = mesh::gateway_part(proxy) {
        let name = match mesh.gateway(namespace, proxy) {
            Ok(name) => name,
            // The Gateway of a waypoint is a Gateway too.
            Err(failure) => {
                let name = mesh.waypoint(namespace, text).map_err(|_| failure)?;
                return of_waypoint(&name, mesh);
            }
        };
        return mesh.planes.gateway(&mesh.world, &name).ok_or_else(|| {
            Failure::new(format!("{name} has no proxy: no control plane accepts it"))
                .help("`meshwalk lint` says why")
        });
    }
    let caller = mesh.caller(namespace, proxy)?;
    if mesh.planes.data_path(&mesh.world, caller.pod) == DataPath::IstioAmbient {
        let name = full_name(&mesh.world, caller.workload);
        return Err(Failure::new(format!("{name} has no Envoy: its node's ztunnel carries it"))
            .help("waypoint/NAME shows the waypoint of a Service"));
    }
    mesh.planes.sidecar(&mesh.world, caller.pod).ok_or_else(|| {
        let name = full_name(&mesh.world, caller.workload);
        Failure::new(format!("{name} has no sidecar"))
            .help("label its namespace `istio-injection: enabled`, or its pods `sidecar.istio.io/inject: \"true\"`")
    })
}

fn of_waypoint(name: &WaypointName, mesh: &Mesh) -> Result<Arc<ProxyConfig>, Failure> {
    mesh.planes.waypoint(&mesh.world, name).ok_or_else(|| {
        Failure::new(format!("what {name} holds is not known: it is no waypoint of Istio's"))
            .help("`gatewayClassName: istio-waypoint` makes it one")
    })
}
