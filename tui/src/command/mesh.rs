//! Reads manifests into a world with its control planes: what every question about a mesh needs.

use std::io::{self, Read};
use std::path::PathBuf;

use meshwalk_models::control::istio::ambient::waypoints::WaypointName;
use meshwalk_models::control::{ControlPlanes, GatewayKind, GatewayName};
use meshwalk_models::flip::{Bounds, Flips, Setting, flips};
use meshwalk_models::manifest::{self, Diagnostic, Manifests, Severity, SourceSet, nearest};
use meshwalk_models::path::Placement;
use meshwalk_models::profile::Profile;
use meshwalk_models::reach::{Entrance, entrances};
use meshwalk_models::walk::{Answer, Caller, Question, Untold, find_caller, walk};
use meshwalk_models::world::{self, ClusterManifests, OutsideHost, Topology, World};
use meshwalk_sim::run::DEFAULT_CLUSTER;
use meshwalk_sim::scenario::file::DataPathSpec;
use meshwalk_sim::scenario::{self, Scenario};

use crate::cli::{DataPathArg, MeshArgs};
use crate::failure::Failure;
use crate::input::{self, Limits, SourceKind, Sources, untold_kinds};
use crate::report::diagnostics;
use crate::report::objects::Objects;
use crate::terminal::Look;

use super::Streams;

/// The namespace of objects that name none, as `kubectl apply` has it.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// A world, its control planes, and the texts that they were made of.
pub(super) struct Mesh {
    /// All texts.
    pub(super) sources: SourceSet,
    /// Which object a line belongs to.
    pub(super) objects: Objects,
    /// Kinds that nobody models and that matter to traffic.
    pub(super) untold: Vec<Untold>,
    /// What is wrong with them, sorted.
    pub(super) findings: Vec<Diagnostic>,
    /// What all of it was made of.
    pub(super) inputs: Inputs,
    /// Who exists.
    pub(super) world: World,
    /// Who configures the proxies.
    pub(super) planes: ControlPlanes,
    /// What is served to clients outside.
    pub(super) entrances: Vec<Entrance>,
}

/// What a world and its control planes were made of.
pub(super) struct Inputs {
    clusters: Vec<ClusterInput>,
    default_namespace: String,
    outside: Vec<OutsideHost>,
    profile: &'static Profile,
    placement: Placement,
}

/// The manifests of one cluster.
pub(super) struct ClusterInput {
    /// Its name.
    pub(super) name: String,
    /// What was read for it.
    pub(super) manifests: Manifests,
}

/// How manifests become a mesh.
pub(super) struct Assembly<'a> {
    /// The namespace of objects that name none.
    pub(super) default_namespace: &'a str,
    /// Hosts outside all clusters.
    pub(super) outside: &'a [OutsideHost],
    /// The facts that count.
    pub(super) profile: &'static Profile,
    /// Whose word counts on which pods have a proxy.
    pub(super) word: Word<'a>,
}

/// Whose word counts on data paths.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word<'a> {
    /// The command line's, or that of the labels if it has none.
    Given(Option<DataPathArg>),
    /// The scenario's.
    Scenario(&'a Scenario),
}

impl Word<'_> {
    /// What it says of the workloads of a world.
    fn placement(self, world: &World, findings: &mut Vec<Diagnostic>) -> Placement {
        match self {
            Self::Given(data_path) => {
                let spec = data_path.map_or(DataPathSpec::FromLabels, DataPathArg::spec);
                scenario::placement_everywhere(spec)
            }
            Self::Scenario(given) => scenario::placement(world, given, findings),
        }
    }
}

impl Mesh {
    /// Walks a request, and doubts where policies that nobody reads may turn it away.
    pub(super) fn walk(&self, question: &Question) -> Answer {
        let mut answer = walk(&self.world, &self.planes, question);
        answer.add_unread(&self.untold, question.policies);
        answer
    }

    /// Reads what `args` name.
    pub(super) fn load(args: &MeshArgs, stdin: &mut dyn Read) -> Result<Self, Failure> {
        let profile = profile(args.profile.as_deref())?;
        let mut sources = Sources::default();
        let manifests = read_manifests(&args.paths, stdin, &mut sources)?;
        let cluster = ClusterInput { name: DEFAULT_CLUSTER.to_owned(), manifests };
        let assembly = Assembly {
            default_namespace: args.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE),
            outside: &[],
            profile,
            word: Word::Given(args.data_path),
        };
        Ok(Self::assemble(sources, vec![cluster], &assembly))
    }

    /// Joins manifests that were read.
    pub(super) fn assemble(
        sources: Sources,
        clusters: Vec<ClusterInput>,
        assembly: &Assembly<'_>,
    ) -> Self {
        let inputs: Vec<ClusterManifests<'_>> = clusters
            .iter()
            .map(|cluster| ClusterManifests {
                name: &cluster.name,
                default_namespace: assembly.default_namespace,
                resources: &cluster.manifests.resources,
            })
            .collect();
        let built = world::build(&inputs, &Topology::default(), assembly.outside);
        let mut findings = sources.findings;
        let placement = assembly.word.placement(&built.world, &mut findings);
        let (planes, rejected) =
            ControlPlanes::placed(&built.world, &inputs, assembly.profile, placement.clone());
        let entrances = entrances(&built.world, &inputs);
        let mut objects = Objects::default();
        let mut untold = Vec::new();
        for cluster in &clusters {
            objects.add(&cluster.manifests.resources, assembly.default_namespace);
            untold.extend(untold_kinds(&cluster.manifests));
            findings.extend(cluster.manifests.diagnostics.iter().cloned());
        }
        findings.extend(built.findings);
        findings.extend(rejected);
        diagnostics::sort(&mut findings, &sources.set);
        // Clusters may share files, and so their findings.
        findings.dedup();
        let inputs = Inputs {
            default_namespace: assembly.default_namespace.to_owned(),
            outside: assembly.outside.to_vec(),
            profile: assembly.profile,
            placement,
            clusters,
        };
        Self {
            sources: sources.set,
            objects,
            untold,
            findings,
            inputs,
            world: built.world,
            planes,
            entrances,
        }
    }

    /// Prints errors of the input. They do not stop an answer: what is broken has no effect in a
    /// cluster either, and the answer is about the rest.
    pub(super) fn print_errors(&self, streams: &mut Streams<'_>, look: &Look) -> io::Result<()> {
        let errors: Vec<Diagnostic> = self
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .cloned()
            .collect();
        diagnostics::print_briefly(streams.err, &errors, &self.sources, look)
    }

    /// The pod or workload that `text` names.
    pub(super) fn caller(&self, namespace: Option<&str>, text: &str) -> Result<Caller, Failure> {
        find_caller(&self.world, namespace, text).or_else(|error| {
            // `NAME.NAMESPACE`, as istioctl takes it.
            let dotted = text.split_once('.').filter(|_| !text.contains('/'));
            let other =
                dotted.and_then(|(name, own)| find_caller(&self.world, Some(own), name).ok());
            other.ok_or_else(|| {
                let failure = Failure::new(error.to_string());
                match error.help() {
                    Some(help) => failure.help(help),
                    None => failure,
                }
            })
        })
    }

    /// The gateway that `text` names: `NAME`, `NAMESPACE/NAME`, or either behind `gateway/`.
    pub(super) fn gateway(
        &self,
        namespace: Option<&str>,
        text: &str,
    ) -> Result<GatewayName, Failure> {
        let kind =
            (text == "ingress" || text.starts_with("ingress/")).then_some(GatewayKind::Ingress);
        let text = gateway_part(text).unwrap_or(text);
        let (own, name) = match text.split_once('/') {
            Some(("ingress", class)) => (None, class),
            Some((own, name)) => (Some(own), name),
            None => (namespace, text),
        };
        let all = self.planes.gateways();
        let fits = |gateway: &&GatewayName| match kind {
            Some(kind) => gateway.kind == kind && (name == "ingress" || gateway.name == name),
            None => gateway.name == name && own.is_none_or(|own| gateway.namespace == own),
        };
        let found: Vec<&GatewayName> = all.iter().filter(fits).collect();
        match *found {
            [one] => Ok(one.clone()),
            [] => Err(unknown_gateway(text, name, &all)),
            _ => {
                let names: Vec<_> = found.iter().map(|it| described(it)).collect();
                let failure = Failure::new(format!("`{text}` may be {}", names.join(" or ")));
                Err(failure.help("name the namespace: gateway/NAMESPACE/NAME"))
            }
        }
    }
}

impl Mesh {
    /// The waypoint that `text` names: `NAME` or `NAMESPACE/NAME`.
    pub(super) fn waypoint(
        &self,
        namespace: Option<&str>,
        text: &str,
    ) -> Result<WaypointName, Failure> {
        let (own, name) = match text.split_once('/') {
            Some((own, name)) => (Some(own), name),
            None => (namespace, text),
        };
        let all = self.planes.waypoints();
        let fits = |waypoint: &&WaypointName| {
            waypoint.name == name && own.is_none_or(|own| waypoint.namespace == own)
        };
        match *all.iter().filter(fits).collect::<Vec<_>>() {
            [one] => Ok(one.clone()),
            [] => {
                let failure = Failure::new(format!("there is no waypoint `{text}`"));
                let names: Vec<_> = all.iter().take(8).map(ToString::to_string).collect();
                match names.is_empty() {
                    true => Err(failure.help("no Gateway is of the class `istio-waypoint`")),
                    false => Err(failure.help(format!("there are {}", names.join(", ")))),
                }
            }
            _ => Err(Failure::new(format!("`{text}` may be any of several waypoints"))
                .help("name the namespace: waypoint/NAMESPACE/NAME")),
        }
    }
}

impl Inputs {
    /// The smallest edits that would change what becomes of a request, `most` of them.
    pub(super) fn flips(
        &self,
        made: (&World, &ControlPlanes),
        question: &Question,
        answer: &Answer,
        most: usize,
    ) -> Flips {
        let clusters = self.clusters.iter().map(|cluster| ClusterManifests {
            name: &cluster.name,
            default_namespace: &self.default_namespace,
            resources: &cluster.manifests.resources,
        });
        let clusters: Vec<_> = clusters.collect();
        let topology = Topology::default();
        let setting = Setting {
            clusters: &clusters,
            topology: &topology,
            outside: &self.outside,
            profile: self.profile,
            placement: &self.placement,
        };
        let objects = clusters.iter().map(|cluster| cluster.resources.len()).sum();
        flips(&setting, made, question, answer, Bounds::for_objects(most, objects))
    }
}

/// Reads the manifests that `paths` stand for; scenarios and checks among them are left aside, as
/// they say nothing about the cluster.
pub(super) fn read_manifests(
    paths: &[PathBuf],
    stdin: &mut dyn Read,
    sources: &mut Sources,
) -> Result<Manifests, Failure> {
    let found = input::collect(paths, &Limits::DEFAULT);
    let ids = input::read_all(found, stdin, &Limits::DEFAULT, sources);
    let is_manifest = |&id: &_| input::kind_of(&sources.set, id) == SourceKind::Manifest;
    let ids: Vec<_> = ids.into_iter().filter(is_manifest).collect();
    if ids.is_empty() && sources.findings.is_empty() {
        return Err(Failure::new("no manifest is there to read")
            .help("name files and folders with Kubernetes objects behind -f"));
    }
    Ok(manifest::load(&sources.set, ids))
}

/// What stands behind `gateway/`, in any of kubectl's spellings.
pub(super) fn gateway_part(text: &str) -> Option<&str> {
    let (kind, rest) = text.split_once('/')?;
    ["gateway", "gateways", "gw", "gtw"].contains(&kind).then_some(rest)
}

/// What stands behind `waypoint/`.
pub(super) fn waypoint_part(text: &str) -> Option<&str> {
    text.strip_prefix("waypoint/")
}

fn described(gateway: &GatewayName) -> String {
    let api = match gateway.kind {
        GatewayKind::Istio => "Istio",
        GatewayKind::GatewayApi => "Gateway API",
        GatewayKind::Ingress => "ingress-nginx",
    };
    format!("{gateway} ({api})")
}

fn unknown_gateway(text: &str, name: &str, all: &[GatewayName]) -> Failure {
    let failure = Failure::new(format!("there is no gateway `{text}`"));
    let near = nearest(name, all.iter().map(|gateway| gateway.name.as_str()));
    let same = all.iter().filter(|it| it.name == name || Some(it.name.as_str()) == near);
    let same: Vec<_> = same.map(ToString::to_string).collect();
    if !same.is_empty() {
        return failure.help(format!("did you mean {}?", same.join(" or ")));
    }
    match all {
        [] => failure.help("the manifests declare no Gateway, neither Istio's nor Gateway API's"),
        all => {
            let names: Vec<_> = all.iter().take(8).map(ToString::to_string).collect();
            failure.help(format!("there are {}", names.join(", ")))
        }
    }
}

/// The profile that is asked for, or the built-in one.
pub(super) fn profile(name: Option<&str>) -> Result<&'static Profile, Failure> {
    let Some(name) = name else { return Ok(Profile::built_in()) };
    Profile::named(name).ok_or_else(|| {
        let known: Vec<_> = Profile::all().iter().map(|it| it.name.as_str()).collect();
        Failure::new(format!("there is no profile `{name}`"))
            .help(format!("there are {}", known.join(", ")))
    })
}
