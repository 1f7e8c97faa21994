//! Decides which backend an Ingress controller gives a request to.
//!
//! Source: <https://kubernetes.io/docs/concepts/services-networking/ingress/>, sections "Path
//! types", "Multiple matches" and "Hostname wildcards". Annotations of single controllers are
//! not modelled.

use serde::Serialize;

use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::IngressPathType;
use crate::world::{
    BrokenBackend, IngressClass, IngressClassId, IngressHost, IngressRoute, IngressTarget,
    ServiceId, World,
};

pub(crate) const BACKEND: RuleId = RuleId("k8s.ingress.backend");
pub(crate) const DEFAULT: RuleId = RuleId("k8s.ingress.default-backend");
pub(crate) const HOST: RuleId = RuleId("k8s.ingress.host");
pub(crate) const PATH: RuleId = RuleId("k8s.ingress.path");

/// How many paths that are passed over are told.
const TOLD_MAX: usize = 16;

/// What the controller does with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IngressAnswer {
    /// It forwards it.
    Forward {
        /// The Service.
        service: ServiceId,
        /// The index of its port.
        port: usize,
    },
    /// It answers 404: no rule fits and there is no default backend.
    NotFound,
    /// It answers 503: the rule that fits leads nowhere.
    Broken,
    /// The rule that fits has a backend of a kind that is not modelled.
    NotModelled,
}

/// Decides on a request for `host` (a port after it is ignored) and `path` (a query likewise).
pub fn decide(
    world: &World,
    class: IngressClassId,
    host: &str,
    path: &str,
    probe: &mut impl Probe,
) -> IngressAnswer {
    let class = &world.ingress_classes[class];
    let path = path.split(['?', '#']).next().unwrap_or_default();
    probe.enter();
    probe.fact("host", || host.to_owned());
    probe.fact("path", || path.to_owned());
    let target = route(class, &bare_host(host), path, probe)
        .map(|route| &route.target)
        .or_else(|| default_backend(class, probe));
    let answer = match target.map(|target| &target.backend) {
        None => IngressAnswer::NotFound,
        Some(Ok((service, port))) => IngressAnswer::Forward { service: *service, port: *port },
        Some(Err(BrokenBackend::NotModelled)) => IngressAnswer::NotModelled,
        Some(Err(BrokenBackend::NoService(_) | BrokenBackend::NoPort { .. })) => {
            IngressAnswer::Broken
        }
    };
    probe.leave(BACKEND, target.map(|target| target.origin), || match &answer {
        IngressAnswer::Forward { service, port } => {
            let number = world.services[*service].ports[*port].port;
            format!("forwarded to {} port {number}", world.service_name(*service))
        }
        IngressAnswer::NotFound => "404: no rule fits and there is no default backend".to_owned(),
        IngressAnswer::Broken => "503: the backend does not exist".to_owned(),
        IngressAnswer::NotModelled => "the backend is of a kind that is not modelled".to_owned(),
    });
    answer
}

/// The host in lower case, without the port.
fn bare_host(host: &str) -> String {
    let lower = host.to_ascii_lowercase();
    match lower.rsplit_once(':') {
        // The colons of a bare IPv6 address are no port.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            if name.contains(':') && !name.ends_with(']') { lower } else { name.to_owned() }
        }
        _ => lower,
    }
}

/// The routes of the most specific host that fits, and among them the first path that fits.
fn route<'w>(
    class: &'w IngressClass,
    host: &str,
    path: &str,
    probe: &mut impl Probe,
) -> Option<&'w IngressRoute> {
    let suffix = host.split_once('.').map(|(_, suffix)| suffix.to_owned());
    let wildcard = suffix.map(IngressHost::Wildcard);
    let hosts = [Some(IngressHost::Exact(host.to_owned())), wildcard, Some(IngressHost::Any)];
    let found = hosts.into_iter().flatten().find_map(|key| class.hosts.get_key_value(&key));
    probe.step(HOST, None, || match found {
        Some((IngressHost::Exact(name), _)) => format!("host `{name}` fits exactly"),
        Some((IngressHost::Wildcard(suffix), _)) => format!("host `*.{suffix}` fits"),
        Some((IngressHost::Any, _)) => "a rule without a host fits".to_owned(),
        None => "no rule has this host".to_owned(),
    });
    let (_, routes) = found?;
    let at = routes.iter().position(|route| fits(route, path));
    for passed in routes.iter().take(at.unwrap_or(routes.len()).min(TOLD_MAX)) {
        probe.step(PATH, Some(passed.origin), || {
            format!(
                "path `{}` ({:?}) does not fit and is passed over",
                passed.path, passed.path_type
            )
        });
    }
    let route = at.map(|at| &routes[at]);
    probe.step(PATH, route.map(|route| route.origin), || match route {
        Some(route) => format!("path `{}` ({:?}) fits first", route.path, route.path_type),
        None => format!("none of {} paths fits", routes.len()),
    });
    route
}

fn default_backend<'w>(
    class: &'w IngressClass,
    probe: &mut impl Probe,
) -> Option<&'w IngressTarget> {
    let backend = class.default_backend.as_ref();
    probe.step(DEFAULT, backend.map(|target| target.origin), || match backend {
        Some(target) => format!("Ingress {} has a default backend", target.ingress),
        None => "no Ingress of the class has a default backend".to_owned(),
    });
    backend
}

fn fits(route: &IngressRoute, path: &str) -> bool {
    match route.path_type {
        IngressPathType::Exact => route.path == path,
        // What it means is up to the controller; most treat it as a prefix.
        IngressPathType::Prefix | IngressPathType::ImplementationSpecific => {
            let mut asked = elements(path);
            elements(&route.path).all(|wanted| asked.next() == Some(wanted))
        }
    }
}

fn elements(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::explain::{Silent, Tree};
    use crate::manifest::Located;
    use crate::manifest::kinds::{
        Ingress, IngressBackend, IngressPath, IngressRule, Resource, TargetPort,
    };
    use crate::world::testing::*;
    use crate::world::{Built, ClusterManifests, Topology, build};

    use super::*;

    fn backend(service: &str) -> IngressBackend {
        IngressBackend {
            service: Some(text(service)),
            port: Some(Located::new(TargetPort::Number(80), place(1))),
            place: place(1),
        }
    }

    fn path(path: &str, path_type: IngressPathType, service: &str) -> IngressPath {
        IngressPath { path: Some(text(path)), path_type, backend: backend(service) }
    }

    fn rule(host: &str, paths: Vec<IngressPath>) -> IngressRule {
        let host = (!host.is_empty()).then(|| text(host));
        IngressRule { host, paths, place: place(1) }
    }

    fn ingress(name: &str, rules: Vec<IngressRule>) -> Ingress {
        Ingress { meta: meta(name), class: None, default_backend: None, rules, tls_hosts: vec![] }
    }

    /// The Services `a` to `f`, and these Ingresses.
    fn built(ingresses: Vec<Ingress>) -> Built {
        let mut resources: Vec<_> = ingresses.into_iter().map(Resource::Ingress).collect();
        for name in ["a", "b", "c", "d", "e", "f"] {
            let title = format!("shop/{name}");
            resources.push(Resource::Service(service(&title, "", vec![port("", 80)])));
        }
        let part =
            ClusterManifests { name: "one", default_namespace: "default", resources: &resources };
        build(&[part], &Topology::default(), &[])
    }

    /// The Service that gets the request, or the answer in another case.
    fn ask(built: &Built, host: &str, path: &str) -> String {
        let world = &built.world;
        match decide(world, IngressClassId(0), host, path, &mut Silent) {
            IngressAnswer::Forward { service, .. } => world.services[service].name.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn prefixes_are_compared_element_by_element() {
        use IngressPathType::Prefix;
        let paths = vec![path("/foo/", Prefix, "a"), path("/foo/bar", Prefix, "b")];
        let built = built(vec![ingress("shop/web", vec![rule("", paths)])]);
        for (asked, wanted) in [
            ("/foo", "a"),
            ("/foo/", "a"),
            ("/foo/barn", "a"),
            ("/foo/bar?x=1", "b"),
            ("/foo/bar/baz", "b"),
            ("/food", "NotFound"),
            ("/FOO", "NotFound"),
        ] {
            assert_eq!(ask(&built, "any.example", asked), wanted, "{asked}");
        }
    }

    #[test]
    fn exact_beats_prefix_and_long_beats_short_across_ingresses() {
        use IngressPathType::{Exact, Prefix};
        let one = ingress("shop/one", vec![rule("", vec![path("/", Prefix, "a")])]);
        let two = ingress(
            "shop/two",
            vec![rule("", vec![path("/x", Prefix, "b"), path("/x", Exact, "c")])],
        );
        let built = built(vec![one, two]);
        assert_eq!(ask(&built, "h", "/"), "a");
        assert_eq!(ask(&built, "h", "/x"), "c");
        assert_eq!(ask(&built, "h", "/x/"), "b");
    }

    #[test]
    fn an_exact_host_beats_a_wildcard_of_one_label() {
        use IngressPathType::Prefix;
        let rules = vec![
            rule("shop.example", vec![path("/", Prefix, "a")]),
            rule("*.shop.example", vec![path("/", Prefix, "b")]),
            rule("www.shop.example", vec![path("/only", Prefix, "c")]),
        ];
        let built = built(vec![ingress("shop/web", rules)]);
        assert_eq!(ask(&built, "SHOP.example:8443", "/"), "a");
        assert_eq!(ask(&built, "api.shop.example", "/"), "b");
        assert_eq!(ask(&built, "www.shop.example", "/only"), "c");
        assert_eq!(ask(&built, "a.b.shop.example", "/"), "NotFound");
        // The most specific host decides alone, even if none of its paths fits.
        assert_eq!(ask(&built, "www.shop.example", "/"), "NotFound");
    }

    #[test]
    fn the_default_backend_gets_the_rest() {
        let mut web = ingress("shop/web", vec![]);
        web.default_backend = Some(backend("f"));
        let built = built(vec![web]);
        assert_eq!(ask(&built, "h", "/"), "f");
    }

    #[test]
    fn a_backend_that_does_not_exist_is_found_and_answers_503() {
        let mut lost = backend("a");
        lost.port = Some(Located::new(TargetPort::Number(81), place(1)));
        let mut paths = vec![path("/gone", IngressPathType::Prefix, "gone")];
        paths.push(IngressPath { backend: lost, ..path("/port", IngressPathType::Prefix, "a") });
        let built = built(vec![ingress("shop/web", vec![rule("", paths)])]);
        assert_eq!(ask(&built, "h", "/gone"), "Broken");
        assert_eq!(ask(&built, "h", "/port"), "Broken");
        let codes: Vec<_> = built.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["world.absent-ingress-service", "world.absent-ingress-port"]);
    }

    #[test]
    fn of_two_equal_paths_the_older_ingress_counts() {
        use IngressPathType::Prefix;
        let with_age = |name: &str, created: &str, service: &str| {
            let mut object = ingress(name, vec![rule("", vec![path("/", Prefix, service)])]);
            object.meta.created = Some(Located::new(created.parse().unwrap(), place(1)));
            object
        };
        let built = built(vec![
            with_age("shop/a-young", "2024-05-01T00:00:00Z", "a"),
            with_age("shop/b-old", "2023-05-01T00:00:00Z", "b"),
        ]);
        assert_eq!(ask(&built, "h", "/"), "b");
        assert_eq!(built.findings[0].code, "world.repeated-ingress-path");
    }

    #[test]
    fn the_explanation_shows_host_path_and_line() {
        let paths = vec![path("/x", IngressPathType::Exact, "a")];
        let built = built(vec![ingress("shop/web", vec![rule("", paths)])]);
        let mut tree = Tree::default();
        decide(&built.world, IngressClassId(0), "h", "/x", &mut tree);
        let root = tree.finish().remove(0);
        assert_eq!(root.finding, "forwarded to shop/a port 80");
        let rules: Vec<_> = root.because.iter().map(|step| step.rule).collect();
        assert_eq!(rules, [HOST, PATH]);
        assert!(root.because[1].origin.is_some());
    }

    #[test]
    fn paths_before_the_one_that_fits_are_told_as_passed_over() {
        use IngressPathType::Prefix;
        let paths = vec![path("/suggest", Prefix, "a"), path("/", Prefix, "b")];
        let built = built(vec![ingress("shop/web", vec![rule("", paths)])]);
        let mut tree = Tree::default();
        decide(&built.world, IngressClassId(0), "h", "/x", &mut tree);
        let root = tree.finish().remove(0);
        let told: Vec<_> = root.because.iter().map(|step| step.finding.as_str()).collect();
        assert_eq!(told[1], "path `/suggest` (Prefix) does not fit and is passed over");
        assert_eq!(told[2], "path `/` (Prefix) fits first");
    }
}
