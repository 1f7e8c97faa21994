//! What stands behind the state of an object: who it is to the mesh, and what its proxy was
//! configured with, each line with where it comes from. All of it is what `meshwalk proxy-config`
//! shows; nothing is evaluated here.

use std::sync::Arc;

use meshwalk_models::control::istio::ambient::waypoints::WaypointName;
use meshwalk_models::path::{DataPath, Protection};
use meshwalk_models::proxy::envoy::config::{Cluster, ProxyConfig, UpstreamProtocol, UpstreamTls};
use meshwalk_models::world::{Origin, PodId, TableId, World};
use meshwalk_sim::flow::inspect::{Object, State};
use meshwalk_sim::stats::BoxKind;

use crate::explore::scene::Scene;
use crate::report::objects::Objects;
use crate::report::places::Places;
use crate::report::proxy_config::{Filter, Origins, Part, listing};

use super::STATE;
use super::detail::{Line, table_of};
use super::objects::{Fold, News};

/// Lines about identity and configuration.
pub(super) fn lines(scene: &Scene<'_>, object: Object) -> Vec<Line> {
    let mut lines = Vec::new();
    match object {
        Object::Pod(pod) => {
            lines.extend(identity(scene, pod, "identity"));
            lines.extend(of_proxy(scene, pod, None));
        }
        Object::Proxy(proxy) => lines.extend(of_box(scene, proxy)),
        Object::Cluster(_) => {
            if let Some(State::Cluster(it)) = scene.timeline.here().inspect(object) {
                let name = scene.timeline.here().names().cluster(it.plan).to_owned();
                lines.extend(of_proxy(scene, it.client, Some(&name)));
            }
        }
        Object::Connection(_) => {
            if let Some(State::Connection(it)) = scene.timeline.here().inspect(object)
                && it.protection != Protection::Plaintext
            {
                lines.extend(identity(scene, it.client, "client shows"));
                lines.extend(identity(scene, it.server, "server shows"));
            }
        }
        _ => {}
    }
    if !lines.is_empty() {
        lines.insert(0, Line::Section("configuration".to_owned()));
    }
    lines
}

/// Who a pod is to the mesh.
fn identity(scene: &Scene<'_>, pod: u32, name: &str) -> Option<Line> {
    let planes = scene.asking.planes();
    let plan = scene.session.plan().pods.get(pod as usize)?;
    let value = match waypoint_of(scene, pod) {
        Some(waypoint) => planes.waypoint_identity(&waypoint)?,
        None if plan.data_path == DataPath::None => return None,
        None => planes.identity(scene.session.world(), known_pod(scene.session.world(), pod)?)?,
    };
    Some(Line::Field {
        name: name.to_owned(),
        value: value.to_string(),
        was: None,
        origin: None,
        leads: None,
    })
}

fn known_pod(world: &World, row: u32) -> Option<PodId> {
    ((row as usize) < world.pods.len()).then(|| PodId::from_index(row as usize))
}

/// The waypoint whose pod this is.
fn waypoint_of(scene: &Scene<'_>, pod: u32) -> Option<WaypointName> {
    let plan = scene.session.plan();
    let place = plan.boxes.get(plan.pods.get(pod as usize)?.proxy as usize)?;
    if place.kind != BoxKind::Waypoint {
        return None;
    }
    let owner = &plan.layout.proxies.get(place.entry as usize)?.owner;
    let all = scene.asking.planes().waypoints();
    all.into_iter().find(|name| format!("{}/{}", name.namespace, name.name) == *owner)
}

/// The configuration of a proxy, by its box.
fn of_box(scene: &Scene<'_>, proxy: u32) -> Vec<Line> {
    let plan = scene.session.plan();
    let kind = plan.boxes.get(proxy as usize).map(|place| place.kind);
    let pod = (0..).zip(&plan.pods).find(|(_, pod)| pod.proxy == proxy).map(|(row, _)| row);
    match (kind, pod) {
        (Some(BoxKind::Ztunnel), _) => vec![Line::Note(
            "A ztunnel has no routes and no clusters: it forwards connections.".to_owned(),
        )],
        (_, Some(pod)) => {
            let mut lines: Vec<Line> = identity(scene, pod, "identity").into_iter().collect();
            lines.extend(of_proxy(scene, pod, None));
            lines
        }
        (_, None) => Vec::new(),
    }
}

/// The configuration of the Envoy of a pod's side, or one of its clusters.
fn of_proxy(scene: &Scene<'_>, pod: u32, cluster: Option<&str>) -> Vec<Line> {
    let Some(config) = config_of(scene, pod) else { return Vec::new() };
    let mut objects = Objects::default();
    for cluster in &scene.session.clusters {
        let namespace = &scene.session.scenario.file.default_namespace;
        objects.add(&cluster.manifests.resources, namespace);
    }
    let origins = Origins { places: Places::new(&scene.session.sources), objects: &objects };
    match cluster {
        Some(name) => one_cluster(&config, name, origins),
        None => all_parts(scene, &config, origins),
    }
}

fn config_of(scene: &Scene<'_>, pod: u32) -> Option<Arc<ProxyConfig>> {
    let (world, planes) = (scene.session.world(), scene.asking.planes());
    match waypoint_of(scene, pod) {
        Some(waypoint) => planes.waypoint(world, &waypoint),
        None => planes.sidecar(world, known_pod(world, pod)?),
    }
}

/// Every part of a configuration, folded at first.
fn all_parts(scene: &Scene<'_>, config: &ProxyConfig, origins: Origins<'_>) -> Vec<Line> {
    // Only what is unfolded is written out: in large worlds a proxy knows thousands of hosts.
    let parts = [
        ("listeners", Part::Listeners, Some(config.listeners.len())),
        ("routes", Part::Routes, None),
        ("clusters", Part::Clusters, Some(config.clusters.len())),
        ("endpoints", Part::Endpoints, None),
    ];
    let mut lines = Vec::new();
    for (name, part, count) in parts {
        let key = format!("config {name}");
        let is_open = scene.view.is_turned_over(STATE, &key);
        let fold = if is_open { Fold::Unfolded } else { Fold::Folded };
        let words = count.map_or_else(|| name.to_owned(), |count| format!("{name} {count}"));
        lines.push(Line::Folding(key, words, fold));
        if is_open {
            let listing = listing(config, part, &Filter::default(), origins);
            let same = |row: Vec<String>| row.into_iter().map(|it| (it, News::Same)).collect();
            let rows: Vec<_> = listing.rows.into_iter().map(same).collect();
            let nowhere = std::iter::repeat(None);
            lines.extend(table_of(listing.headers, rows, nowhere));
        }
    }
    lines
}

/// What one cluster is configured with.
fn one_cluster(config: &ProxyConfig, name: &str, origins: Origins<'_>) -> Vec<Line> {
    let Some(cluster) = config.clusters.get(name) else { return Vec::new() };
    let line = |name: &str, value: String, origin: Origin| Line::Field {
        name: name.to_owned(),
        value,
        was: None,
        origin: Some(origins.places.show(origin)),
        leads: None,
    };
    let http = &cluster.http;
    let mut lines = vec![line("made by", name.to_owned(), cluster.origin)];
    let connect = &cluster.connect_timeout;
    lines.push(line("connect timeout", connect.value.to_string(), connect.origin));
    lines.push(line("encryption", encryption(cluster).to_owned(), cluster.tls.origin));
    lines.push(line("protocol", protocol(http.protocol.value).to_owned(), http.protocol.origin));
    let no_limit = |value: u32| {
        if value == 0 { "no limit".to_owned() } else { value.to_string() }
    };
    let most = &http.max_requests_per_connection;
    lines.push(line("requests per connection", no_limit(most.value), most.origin));
    let idle = &http.idle_timeout;
    lines.push(line("idle timeout", idle.value.to_string(), idle.origin));
    let filter = Filter { name: Some(name.to_owned()), ..Filter::default() };
    let listing = listing(config, Part::Clusters, &filter, origins);
    let rule = listing.headers.iter().position(|header| *header == "DESTINATION RULE");
    let rule = rule.and_then(|place| listing.rows.first()?.get(place).cloned());
    if let Some(rule) = rule.filter(|rule| !rule.is_empty()) {
        lines.push(Line::Field {
            name: "DestinationRule".to_owned(),
            value: rule,
            was: None,
            origin: None,
            leads: None,
        });
    }
    lines
}

fn encryption(cluster: &Cluster) -> &'static str {
    match &cluster.tls.value {
        UpstreamTls::None => "plaintext",
        UpstreamTls::AutoMutual => "mTLS where the host takes it",
        UpstreamTls::Hbone => "HBONE where the host takes it",
        UpstreamTls::IstioMutual { .. } => "mTLS of the mesh",
        UpstreamTls::Simple { .. } => "TLS",
        UpstreamTls::Mutual { .. } => "TLS with a certificate of the user's",
    }
}

const fn protocol(protocol: UpstreamProtocol) -> &'static str {
    match protocol {
        UpstreamProtocol::Http1 => "HTTP/1.1",
        UpstreamProtocol::Http2 => "HTTP/2",
        UpstreamProtocol::AsDownstream => "as the client speaks",
        UpstreamProtocol::Tcp => "TCP",
    }
}
