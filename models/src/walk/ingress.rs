//! What touches a request at ingress-nginx and is not modelled: annotations of the Ingresses that
//! have rules for its host. The rules themselves are the proxy's business.

use std::collections::BTreeSet;

use crate::control::kubernetes::nginx::{self, Unread, unread};
use crate::control::{GatewayKind, GatewayName};
use crate::explain::{Probe, Tree};
use crate::world::{IngressClass, IngressHost, IngressTarget, Origin};

use super::answer::{Answer, Untold};
use super::proxy::View;
use super::{rules, untold};

/// Tells the annotations that count for a host, and doubts the answer where they may turn the
/// request away.
pub(super) fn tell(view: View<'_>, name: &GatewayName, answer: &mut Answer, tree: &mut Tree) {
    if name.kind != GatewayKind::Ingress {
        return;
    }
    let mut classes = view.world.ingress_classes.iter();
    let Some(class) = classes.find(|class| class.name == name.name) else { return };
    tree.step(nginx::SERVES, None, || {
        format!("class `{}` is named after ingress-nginx, which is taken to serve it", class.name)
    });
    tell_annotations(view, class, answer, tree);
}

/// Tells the annotations of a class that count for a host.
pub(super) fn tell_annotations(
    view: View<'_>,
    class: &IngressClass,
    answer: &mut Answer,
    tree: &mut Tree,
) {
    let mut seen = BTreeSet::new();
    for target in targets(class, &view.dial.host) {
        if !seen.insert(&target.ingress) {
            continue;
        }
        for (annotation, value, kind) in unread(&target.annotations) {
            let what = format!("annotation {annotation} of Ingress {}", target.ingress);
            let origin = Origin::Manifest(value.place);
            tree.step(rules::NOT_MODELLED, Some(origin), || match kind {
                Unread::TurnsAway => format!("{what} may turn the request away"),
                Unread::Changes => format!("{what} may change what happens"),
            });
            if kind == Unread::TurnsAway {
                untold::doubt(&what, vec![origin], view.policies, answer);
            }
            let touches = "what ingress-nginx does with requests of this host".to_owned();
            answer.not_modelled.push(Untold { what, touches, origin: Some(origin) });
        }
    }
}

/// The backends of all rules that a host may meet.
fn targets<'c>(class: &'c IngressClass, host: &str) -> Vec<&'c IngressTarget> {
    let host = host.to_ascii_lowercase();
    let name = host.split(':').next().unwrap_or_default();
    let fits = |known: &IngressHost| match known {
        IngressHost::Exact(exact) => exact == name,
        IngressHost::Wildcard(suffix) => {
            name.split_once('.').is_some_and(|(_, rest)| rest == suffix)
        }
        IngressHost::Any => true,
    };
    let rows = class.hosts.iter().filter(|(known, _)| fits(known)).flat_map(|(_, rows)| rows);
    rows.map(|row| &row.target).chain(class.default_backend.as_ref()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::question::Sender;
    use super::super::testing::Meshed;
    use super::super::{Outcome, SeenAnswer, Sees, Verdict};
    use super::*;

    const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
";

    fn asked(annotations: &str, more: &str) -> Answer {
        let ingress = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\n\
             metadata: {{name: web, namespace: shop, annotations: {{{annotations}}}}}\n\
             spec:\n  ingressClassName: nginx\n  rules:\n  - host: shop.example\n    http:\n      \
             paths:\n      - {{path: /, pathType: Prefix, \
             backend: {{service: {{name: web, port: {{number: 80}}}}}}}}\n---\n"
        );
        let mesh = Meshed::of(format!("{SHOP}{ingress}{more}"));
        let gateway = mesh.planes.gateways().remove(0);
        mesh.asked(Sender::Outside(gateway), "http://shop.example/")
    }

    #[test]
    fn a_request_from_outside_meets_the_backend_of_its_host() {
        let answer = asked("", "");
        assert_eq!(answer.outcome, Outcome::Routed);
        assert_eq!(answer.retry.as_ref().map(|retry| *retry.retries), Some(2));
        assert!(answer.not_modelled.is_empty());
    }

    #[test]
    fn an_annotation_that_may_turn_requests_away_leaves_it_open_what_becomes_of_them() {
        let list = "nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8";
        let answer = asked(list, "");
        assert_eq!((answer.outcome, answer.not_modelled.len()), (Outcome::Unknown, 1));
        let answer = asked("nginx.ingress.kubernetes.io/proxy-body-size: 8m", "");
        assert_eq!((answer.outcome, answer.not_modelled.len()), (Outcome::Routed, 1));
    }

    #[test]
    fn a_backend_that_policy_cuts_off_is_answered_504() {
        let isolated = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: none, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: []}
";
        let answer = asked("", isolated);
        assert_eq!(answer.verdict, Verdict::Dropped);
        let Sees::Answer(SeenAnswer { status, after, .. }) = answer.client_sees else {
            panic!("{:?}", answer.client_sees)
        };
        assert_eq!(status, 504);
        assert_eq!(after.map(|it| it.to_string()), Some("15s".to_owned()), "3 backends, 5 s each");
    }
}
