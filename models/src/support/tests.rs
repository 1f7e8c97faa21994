//! Objects of one shop on each data path.

use super::*;
use crate::control::ControlPlanes;
use crate::manifest::{SourceSet, load};
use crate::path::{Choice, DataPath, Placement, WaypointPlacement};
use crate::profile::Profile;
use crate::world::{ClusterManifests, Topology, build};

const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart-0, namespace: shop, labels: {app: cart}}
spec: {nodeName: node-a, containers: [{name: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}}
spec: {nodeName: node-a, containers: [{name: app}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-a}
---
apiVersion: v1
kind: Node
metadata: {name: node-b}
---
";

/// The data paths, as `support` is asked about them.
#[derive(Clone, Copy)]
enum Path {
    NoMesh,
    Sidecar,
    Ambient,
    Waypoint,
}

const ALL: [Path; 4] = [Path::NoMesh, Path::Sidecar, Path::Ambient, Path::Waypoint];

fn placement(path: Path) -> Placement {
    match path {
        Path::NoMesh => Placement {
            waypoints: WaypointPlacement::Nowhere,
            ..Placement::everywhere(DataPath::None)
        },
        Path::Sidecar => Placement::everywhere(DataPath::IstioSidecar),
        Path::Ambient => Placement::everywhere(DataPath::IstioAmbient),
        Path::Waypoint => Placement {
            waypoints: WaypointPlacement::EveryNamespace,
            ..Placement::everywhere(DataPath::IstioAmbient)
        },
    }
}

/// What `with` makes of the shop with `more` on `path`, where `bare` pods are kept out.
fn scene<T>(
    path: Path,
    more: &str,
    bare: &[&str],
    with: impl FnOnce(Scene<'_>, &[Object<'_>]) -> T,
) -> T {
    let mut sources = SourceSet::new();
    let file = sources.add("shop.yaml", format!("{SHOP}{more}"));
    let manifests = load(&sources, [file]);
    let errors: Vec<_> = manifests.diagnostics.iter().map(|it| &it.message).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let resources = &manifests.resources;
    let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
    let world = build(&[cluster], &Topology::default(), &[]).world;
    let mut placement = placement(path);
    for (id, workload) in world.workloads.entries() {
        if bare.contains(&workload.name.as_str()) {
            placement.workloads.insert(id, Choice::Given(DataPath::None));
        }
    }
    let (planes, _) = ControlPlanes::placed(&world, &[cluster], Profile::built_in(), placement);
    let installed = match path {
        Path::NoMesh => Installed::NoMesh,
        _ => Installed::Istio,
    };
    let objects = objects(&[cluster], &[("c", manifests.unread.as_slice())]);
    with(Scene { world: &world, planes: &planes, installed }, &objects)
}

/// What each path makes of the one object in `more`.
fn judged(more: &str) -> [Judgement; 4] {
    ALL.map(|path| {
        scene(path, more, &[], |scene, objects| {
            let [object] = objects else { panic!("one object, got {objects:?}") };
            judge(scene, object)
        })
    })
}

fn supports(more: &str) -> [Support; 4] {
    judged(more).map(|it| it.support)
}

fn istio(group: &str, kind: &str, spec: &str) -> String {
    let meta = "{name: it, namespace: shop}";
    format!("apiVersion: {group}.istio.io/v1\nkind: {kind}\nmetadata: {meta}\nspec: {spec}\n")
}

use Support::{Honoured, Ignored, Partly, Rejected, Unknown};

#[test]
fn routes_need_a_waypoint_in_ambient() {
    let routes = "{hosts: [cart], http: [{route: [{destination: {host: cart}}]}]}";
    let expected = [Rejected, Honoured, Ignored, Honoured];
    assert_eq!(supports(&istio("networking", "VirtualService", routes)), expected);
    let rule = istio("networking", "DestinationRule", "{host: cart.shop.svc.cluster.local}");
    assert_eq!(supports(&rule), expected);
    let route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
                 metadata: {name: it, namespace: shop}\n\
                 spec: {parentRefs: [{group: '', kind: Service, name: cart}], \
                 rules: [{backendRefs: [{name: cart, port: 80}]}]}\n";
    assert_eq!(supports(route), [Ignored, Honoured, Ignored, Honoured]);
    let waypoint = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
                    metadata: {name: it, namespace: shop}\n\
                    spec: {gatewayClassName: istio-waypoint, \
                    listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n";
    assert_eq!(supports(waypoint), [Ignored, Ignored, Honoured, Honoured]);
}

#[test]
fn what_is_written_for_envoy_means_nothing_in_ambient() {
    let expected = [Rejected, Honoured, Ignored, Ignored];
    let patch = "{configPatches: [{applyTo: HTTP_FILTER, match: {context: SIDECAR_INBOUND}}]}";
    assert_eq!(
        supports(&istio("networking", "EnvoyFilter", patch).replace("io/v1", "io/v1alpha3")),
        expected
    );
    assert_eq!(supports(&istio("networking", "Sidecar", "{egress: [{hosts: ['./*']}]}")), expected);
    let entry = "{hosts: [api.example], ports: [{number: 443, name: tls, protocol: TLS}], \
                 resolution: DNS}";
    let known = [Rejected, Honoured, Honoured, Honoured];
    assert_eq!(supports(&istio("networking", "ServiceEntry", entry)), known);
    let settings = "apiVersion: v1\nkind: ConfigMap\n\
                    metadata: {name: istio, namespace: istio-system}\n\
                    data: {mesh: 'accessLogFile: /dev/stdout'}\n";
    assert_eq!(supports(settings), [Ignored, Honoured, Partly, Partly]);
}

#[test]
fn an_access_policy_loses_at_ztunnels_what_looks_at_requests() {
    let policy = |action: &str, rule: &str| {
        let selector = "selector: {matchLabels: {app: cart}}";
        judged(&istio(
            "security",
            "AuthorizationPolicy",
            &format!("{{{selector}, action: {action}, rules: [{rule}]}}"),
        ))
    };
    let whole = policy("ALLOW", "{from: [{source: {namespaces: [shop]}}]}");
    assert_eq!(whole.map(|it| it.support), [Rejected, Honoured, Honoured, Honoured]);
    let less = policy("ALLOW", "{to: [{operation: {methods: [GET]}}]}");
    assert!(less[2].reason.contains("`methods`"), "{}", less[2].reason);
    assert_eq!(less.map(|it| it.support), [Rejected, Honoured, Partly, Partly]);
    let nothing = policy("DENY", "{to: [{operation: {paths: [/admin]}}]}");
    assert!(nothing[2].reason.contains("denies nothing"), "{}", nothing[2].reason);
    assert_eq!(nothing.map(|it| it.support), [Rejected, Honoured, Ignored, Ignored]);
}

#[test]
fn policies_of_peers_hold_at_ztunnels_but_for_disable() {
    let peers = |mode: &str| {
        supports(&istio("security", "PeerAuthentication", &format!("{{mtls: {{mode: {mode}}}}}")))
    };
    assert_eq!(peers("STRICT"), [Rejected, Honoured, Honoured, Honoured]);
    assert_eq!(peers("DISABLE"), [Rejected, Honoured, Ignored, Ignored]);
}

#[test]
fn what_looks_at_requests_needs_a_target_behind_a_waypoint() {
    let tokens = |whom: &str| {
        let rules = "jwtRules: [{issuer: 'https://issuer.example', jwks: '{\"keys\":[]}'}]";
        supports(&istio("security", "RequestAuthentication", &format!("{{{whom}, {rules}}}")))
    };
    let selected = tokens("selector: {matchLabels: {app: cart}}");
    assert_eq!(selected, [Rejected, Honoured, Ignored, Ignored]);
    let target = tokens("targetRefs: [{group: '', kind: Service, name: cart}]");
    assert_eq!(target, [Rejected, Ignored, Ignored, Honoured]);
}

#[test]
fn the_network_sees_tunnels_in_ambient() {
    let policy = |ports: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
             metadata: {{name: it, namespace: shop}}\n\
             spec: {{podSelector: {{matchLabels: {{app: cart}}}}, ingress: [{{{ports}}}]}}\n"
        )
    };
    let any = supports(&policy("from: [{podSelector: {}}]"));
    assert_eq!(any, [Honoured; 4]);
    let port = judged(&policy("ports: [{port: 8080}]"));
    assert!(port[2].reason.contains("they are dropped"), "{}", port[2].reason);
    assert_eq!(port.map(|it| it.support), [Honoured, Honoured, Partly, Partly]);
    let both = judged(&policy("ports: [{port: 8080}, {port: 15008}]"));
    assert!(both[2].reason.contains("senders outside the mesh"), "{}", both[2].reason);
}

#[test]
fn objects_of_a_mesh_that_does_not_run_are_rejected() {
    let linkerd = "apiVersion: policy.linkerd.io/v1beta3\nkind: Server\n\
                   metadata: {name: it, namespace: shop}\nspec: {port: 8080}\n";
    assert_eq!(supports(linkerd), [Rejected; 4]);
    let cilium = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
                  metadata: {name: it, namespace: shop}\nspec: {}\n";
    assert_eq!(supports(cilium), [Unknown; 4]);
    let named = scene(Path::Sidecar, cilium, &[], |_, objects| {
        let object = &objects[0];
        (
            object.kind.clone(),
            object.namespace.to_owned(),
            object.name.to_owned(),
            object.place.line,
        )
    });
    let kind = "CiliumNetworkPolicy".to_owned();
    let line = SHOP.lines().count() as u32 + 1;
    assert_eq!(named, (kind, "shop".to_owned(), "it".to_owned(), line));
}

#[test]
fn an_object_holds_at_the_pods_that_have_a_proxy() {
    let policy = istio("security", "AuthorizationPolicy", "{rules: [{}]}");
    let one = |bare: &[&str]| {
        scene(Path::Sidecar, &policy, bare, |scene, objects| judge(scene, &objects[0]))
    };
    assert_eq!(one(&[]).support, Honoured);
    let some = one(&["web-0"]);
    assert_eq!(some.support, Partly);
    assert_eq!(some.reason, "1 of the 2 pods that it selects have no proxy");
    assert_eq!(one(&["web-0", "cart-0"]).support, Ignored);
    let nobody = policy.replace("{rules", "{selector: {matchLabels: {app: none}}, rules");
    assert_eq!(supports(&nobody), [Rejected, Ignored, Ignored, Ignored]);
}

#[test]
fn a_gateway_reads_what_is_bound_to_it_on_every_path_with_istio() {
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
                   metadata: {name: it, namespace: shop}\n\
                   spec: {gatewayClassName: istio, listeners: [{name: web, port: 80, protocol: HTTP}]}\n";
    assert_eq!(supports(gateway), [Ignored, Honoured, Honoured, Honoured]);
    let other = gateway.replace("gatewayClassName: istio,", "gatewayClassName: edge,");
    assert_eq!(supports(&other), [Honoured; 4]);
}

#[test]
fn the_edge_serves_its_objects_on_every_path() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                   metadata: {name: it, namespace: shop}\n\
                   spec: {defaultBackend: {service: {name: cart, port: {number: 80}}}}\n";
    assert_eq!(supports(ingress), [Honoured; 4]);
    let own = ingress.replace("spec: {", "spec: {ingressClassName: istio, ");
    assert_eq!(supports(&own), [Ignored, Honoured, Honoured, Honoured]);
}

#[test]
fn a_placement_is_told_in_words() {
    let told = |path, name: &str| {
        scene(path, "", &[], |scene, _| {
            let facts = facts(scene);
            facts.into_iter().find(|it| it.name == name).expect("the fact exists").text
        })
    };
    assert_eq!(told(Path::NoMesh, "default_retries"), "none: applications alone try again");
    assert!(told(Path::Sidecar, "default_retries").starts_with("2 by the caller's sidecar"));
    assert!(told(Path::Ambient, "default_retries").starts_with("none in ambient"));
    assert!(told(Path::Waypoint, "default_retries").contains("for 1 Service;"));
    assert_eq!(told(Path::Sidecar, "blast_radius"), "a sidecar: its own pod");
    let worst = "a ztunnel: all pods in ambient on its node, at worst 2 of 2 on node-a";
    assert_eq!(told(Path::Ambient, "blast_radius"), worst);
    let waypoint = told(Path::Waypoint, "blast_radius");
    assert!(
        waypoint.ends_with("; waypoint/shop/waypoint: what is sent to shop/cart"),
        "{waypoint}"
    );
    assert!(told(Path::Waypoint, "authorization").contains("requests at the waypoints"));
    assert_eq!(told(Path::Sidecar, "components"), "istiod, 2 sidecars");
    let ambient = "istiod, istio-cni and ztunnel on each of 2 nodes";
    assert_eq!(told(Path::Ambient, "components"), ambient);
    assert!(told(Path::NoMesh, "crds").starts_with("none"));
}
