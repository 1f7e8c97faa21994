//! A request of a client outside at a controller of Ingresses that no manifest holds: the rules of
//! its class, then the way from the controller to the backend. What such a controller is in truth,
//! and what it makes of annotations, is not decided here.

use crate::control::ControlPlanes;
use crate::control::kubernetes::ingress::{self as rules_of, IngressAnswer};
use crate::control::kubernetes::service_port::Destination;
use crate::explain::{Probe, Tree};
use crate::policy::network::NetworkPeer;
use crate::proxy::envoy::config::{ProxyConfig, Transport};
use crate::proxy::envoy::{Connection, Request};
use crate::world::{IngressClassId, Origin, ServiceId, World};

use super::answer::{Answer, Outcome};
use super::plain::Picks;
use super::request::{self, Dial};
use super::server_side::Sending;
use super::verdict::{BoxKind, EndKind, SeenAnswer, Sees, from_outside};
use super::{
    CLIENTS_OF_RUNS, OutsideClient, Question, UnseenController, bypass, exposed, ingress, plain,
    proxy, rules, server_side,
};

impl UnseenController {
    /// What it is called, such as `ingress/public`.
    #[must_use]
    pub fn name(&self) -> String {
        if self.class.is_empty() { "ingress".to_owned() } else { format!("ingress/{}", self.class) }
    }
}

/// Walks a request at the controller.
pub(super) fn walk(
    (world, planes): (&World, &ControlPlanes),
    question: &Question,
    controller: &UnseenController,
    tree: &mut Tree,
) -> Answer {
    let mut classes = world.ingress_classes.entries();
    let Some((class, _)) = classes.find(|(_, class)| class.name == controller.class) else {
        let sentence = format!("no Ingress names the class `{}`", controller.class);
        return Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::CONTROLLER);
    };
    let name = controller.name();
    let assumed = Origin::Assumed("the controller is not in the manifests");
    tree.step(rules::CONTROLLER, Some(assumed), || {
        format!("a client outside asks {name}, whose controller is in no manifest")
    });
    let host = question.target.host.clone();
    let dial = Dial { host, port: 0, source: None, destination: None };
    let asked = request::build(question, &dial);
    let path = question.path.as_deref().unwrap_or("/");
    let authority = asked.headers.get(":authority").unwrap_or_default().to_owned();
    let mut answer = match rules_of::decide(world, class, &authority, path, tree) {
        IngressAnswer::Forward { service, port } => {
            sent_on((world, planes), question, (controller, &asked), (service, port), tree)
        }
        IngressAnswer::NotFound => own(404, "no Ingress rule of its class takes the request"),
        IngressAnswer::Broken => own(503, "the backend of its Ingress rule does not exist"),
        IngressAnswer::NotModelled => {
            let sentence = "the backend is of a kind that is not modelled".to_owned();
            Answer::unreachable(Outcome::Unknown, sentence, tree, rules::CONTROLLER)
        }
    };
    answer.ends_at(BoxKind::Gateway, &name);
    answer.legs.insert(0, from_outside(&name, &asked.connection));
    annotations((world, planes), question, (class, &dial), (&mut answer, tree));
    answer
}

/// An answer of the controller itself.
fn own(status: u16, sentence: &str) -> Answer {
    let seen = Sees::Answer(SeenAnswer { status, ..SeenAnswer::default() });
    let mut answer = Answer::new(Outcome::NoRoute).seen(seen);
    answer.status = Some(status);
    answer.tell("path.ends", format!("the controller answers {status}: {sentence}"), Vec::new());
    answer
}

/// The way from the controller to its backend.
fn sent_on(
    (world, planes): (&World, &ControlPlanes),
    question: &Question,
    (controller, asked): (&UnseenController, &Request),
    (service, port): (ServiceId, usize),
    tree: &mut Tree,
) -> Answer {
    let (none, number) = (ProxyConfig::default(), world.services[service].ports[port].port);
    let host = question.target.host.clone();
    let dial = Dial { host, port: number, source: None, destination: None };
    let view = proxy::View {
        world,
        planes,
        config: &none,
        dial: &dial,
        callers: 1,
        policies: question.policies,
        external: &question.external,
    };
    let found = Destination::Service { service, port };
    let mut answer = plain::picked(view, &found, Picks::Controller, tree);
    if let Some(behind) = exposed::gateway_behind((world, planes), &answer) {
        let client = OutsideClient::OfRun(CLIENTS_OF_RUNS);
        return exposed::at_gateway((world, planes), question, (client, behind), tree);
    }
    let sender = Sending {
        pod: None,
        peer: NetworkPeer::IngressController,
        identity: None,
        admission: controller.admission,
        kind: EndKind::Outside,
        name: controller.name(),
    };
    // It ends the client's TLS, and is taken to send plaintext.
    let connection = Connection {
        transport: Transport::RawBuffer,
        sni: None,
        principal: None,
        destination_port: number,
        ..asked.connection.clone()
    };
    let mut request = Request { connection, ..asked.clone() };
    request.headers.set(":scheme", "http");
    server_side::walk_plain(view, &sender, &request, &mut answer, tree);
    bypass::tell(view, &sender, &mut answer);
    // Which status it makes of a connection that fails is its own affair.
    let is_open = |sees: &Sees| !matches!(sees, Sees::Answer(_) | Sees::Server);
    if let Some(ending) = answer.ending.as_mut().filter(|ending| is_open(&ending.sees)) {
        ending.sees = Sees::Unknown;
    }
    answer
}

/// Annotations that ingress-nginx would heed: whichever controller serves the class may.
fn annotations(
    (world, planes): (&World, &ControlPlanes),
    question: &Question,
    (class, dial): (IngressClassId, &Dial),
    (answer, tree): (&mut Answer, &mut Tree),
) {
    let (none, row) = (ProxyConfig::default(), &world.ingress_classes[class]);
    let view = proxy::View {
        world,
        planes,
        config: &none,
        dial,
        callers: 1,
        policies: question.policies,
        external: &question.external,
    };
    ingress::tell_annotations(view, row, answer, tree);
}

#[cfg(test)]
mod tests;
