//! What each data path makes of the user's objects, and what a placement comes to in words.

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::control::istio::ambient::waypoints::WaypointAsked;
use meshwalk_models::cost::{CostProfile, Held, ProxyKind};
use meshwalk_models::manifest::UnreadObject;
use meshwalk_models::path::{DataPath, Placement};
use meshwalk_models::profile::Profile;
use meshwalk_models::support::{Fact, Installed, Judgement, Object, Scene, facts, judge, objects};
use meshwalk_models::world::{ClusterManifests, World};
use meshwalk_sim::compare::{
    Cell, ControlPlaneUpkeep, Figure, ObjectResults, ObjectSupport, PathUpkeep, ProxyUpkeep, Unit,
    Upkeep,
};
use meshwalk_sim::scenario::file::DataPathSpec;
use meshwalk_sim::stats::BoxKind;

use crate::input::{Cluster, Loaded};
use crate::report::places::Places;

/// A data path with the world in which it is told.
pub(super) struct Told<'w> {
    pub(super) path: DataPathSpec,
    pub(super) world: &'w World,
    /// Who configures its proxies, where that is made already.
    pub(super) planes: Option<&'w ControlPlanes>,
    /// What carries the traffic of each workload.
    pub(super) placement: &'w Placement,
}

/// What is told of all data paths.
pub(super) struct Said {
    /// Objects with what each path makes of them.
    pub(super) objects: Vec<ObjectResults>,
    /// What each path comes to, in words.
    pub(super) words: Vec<Figure>,
    /// What each path takes beside what runs count.
    pub(super) upkeep: Upkeep,
}

/// Asks the models about every path.
pub(super) fn tell(
    loaded: &Loaded,
    default_namespace: &str,
    costs: &CostProfile,
    paths: &[Told<'_>],
) -> Said {
    let clusters: Vec<ClusterManifests<'_>> = loaded
        .clusters
        .iter()
        .map(|cluster| ClusterManifests {
            name: &cluster.name,
            default_namespace,
            resources: &cluster.manifests.resources,
        })
        .collect();
    let unread: Vec<(&str, &[UnreadObject])> = loaded
        .clusters
        .iter()
        .map(|it: &Cluster| (it.name.as_str(), it.manifests.unread.as_slice()))
        .collect();
    let objects = objects(&clusters, &unread);
    let mut judgements: Vec<Vec<Judgement>> = objects.iter().map(|_| Vec::new()).collect();
    let (mut all_facts, mut upkeeps) = (Vec::new(), Vec::new());
    for told in paths {
        let made;
        let planes = match told.planes {
            Some(planes) => planes,
            None => {
                let (placement, profile) = (told.placement.clone(), Profile::built_in());
                made = ControlPlanes::placed(told.world, &clusters, profile, placement).0;
                &made
            }
        };
        let installed = match told.path {
            DataPathSpec::None => Installed::NoMesh,
            _ => Installed::Istio,
        };
        let scene = Scene { world: told.world, planes, installed };
        for (object, judgements) in objects.iter().zip(&mut judgements) {
            judgements.push(judge(scene, object));
        }
        all_facts.push(facts(scene));
        upkeeps.push(upkeep(scene, costs));
    }
    let places = Places::new(&loaded.sources);
    let several = loaded.clusters.len() > 1;
    let rows = objects.iter().zip(judgements);
    let rows = rows.map(|(object, judgements)| row(object, judgements, places, several));
    Said {
        objects: rows.collect(),
        words: figures(&all_facts),
        upkeep: Upkeep { proxies: proxies(costs), paths: upkeeps },
    }
}

fn row(
    object: &Object<'_>,
    judgements: Vec<Judgement>,
    places: Places<'_>,
    several_clusters: bool,
) -> ObjectResults {
    let own = match object.namespace {
        "" => object.name.to_owned(),
        namespace => format!("{namespace}/{}", object.name),
    };
    let name = if several_clusters { format!("{own} in {}", object.cluster) } else { own };
    let support = |it: Judgement| ObjectSupport {
        support: it.support.name(),
        reason: it.reason,
        rule: it.rule.0,
    };
    ObjectResults {
        kind: object.kind.clone(),
        name,
        line: places.show(meshwalk_models::world::Origin::Manifest(object.place)),
        paths: judgements.into_iter().map(support).collect(),
    }
}

/// What one proxy of each kind takes.
fn proxies(costs: &CostProfile) -> BTreeMap<BoxKind, ProxyUpkeep> {
    let kinds = [
        (BoxKind::Sidecar, ProxyKind::Sidecar),
        (BoxKind::Ztunnel, ProxyKind::Ztunnel),
        (BoxKind::Waypoint, ProxyKind::Waypoint),
        (BoxKind::Gateway, ProxyKind::EnvoyGateway),
    ];
    let of_kind = |kind| ProxyUpkeep {
        idle_cores: costs.idle_millicores(kind) / 1e3,
        connection_bytes: costs.proxies.of(kind).m_connection.value.0 as f64,
    };
    kinds.map(|(of_box, kind)| (of_box, of_kind(kind))).into()
}

/// By the configuration that each proxy holds; connections are counted by runs.
fn upkeep(scene: Scene<'_>, costs: &CostProfile) -> PathUpkeep {
    let Scene { world, planes, installed } = scene;
    if installed == Installed::NoMesh {
        return PathUpkeep::default();
    }
    let (mut sidecars, mut nodes, mut waypoints) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (pod, row) in world.pods.entries() {
        if planes.data_path(world, pod) == DataPath::IstioAmbient {
            nodes.insert(row.node);
        } else if let Some(config) = planes.sidecar(world, pod) {
            sidecars.push(costs.memory(ProxyKind::Sidecar, Held::of(&config)).0 as f64);
        }
    }
    if !nodes.is_empty() {
        let asked = world.services.ids().map(WaypointAsked::Service);
        waypoints.extend(asked.filter_map(|it| planes.waypoint_for(world, it).outcome));
    }
    let of_waypoint = |name| {
        let held = planes.waypoint(world, name).map_or_else(Held::default, |it| Held::of(&it));
        costs.memory(ProxyKind::Waypoint, held).0 as f64
    };
    let ztunnel = costs.memory(ProxyKind::Ztunnel, Held::default()).0 as f64;
    let proxies = (sidecars.len() + nodes.len() + waypoints.len()) as u64;
    let istiod = costs.control_plane.istiod_memory(proxies, world.services.len() as u64);
    let all = [
        (BoxKind::Sidecar, sidecars),
        (BoxKind::Ztunnel, nodes.iter().map(|_| ztunnel).collect()),
        (BoxKind::Waypoint, waypoints.iter().map(of_waypoint).collect()),
    ];
    let existing = all.into_iter().filter(|(_, of_kind)| !of_kind.is_empty());
    PathUpkeep {
        memory_bytes: existing.map(|(kind, of_kind)| (kind, of_kind.iter().sum())).collect(),
        control_plane: Some(ControlPlaneUpkeep {
            requested_cores: f64::from(costs.control_plane.request_istiod.cpu_millicores.value)
                / 1e3,
            memory_bytes: istiod.0 as f64,
        }),
    }
}

/// A figure in words for each fact; all paths tell the same facts in the same order.
fn figures(all: &[Vec<Fact>]) -> Vec<Figure> {
    let names = all.first().map_or(&[][..], Vec::as_slice);
    let figures = names.iter().enumerate().map(|(row, fact)| Figure {
        name: fact.name,
        of: None,
        unit: Unit::Text,
        cells: all.iter().map(|facts| Cell::Text { text: facts[row].text.clone() }).collect(),
    });
    figures.collect()
}
