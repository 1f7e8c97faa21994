//! A client before a server, as those have it who answer `why`; what they say is used elsewhere.

use meshwalk_models::path::{DataPath, Protection};
use meshwalk_models::walk::{Encounter, LegEncryption, Opener, Takes, receive, wire_port};
use meshwalk_models::world::{PodId, TableId};

use super::super::Compiler;
use super::super::sendings::{Sender, Sending};
use super::Pair;

impl Compiler<'_> {
    /// Asks about a pair; `None` where there is nobody to ask: no control plane, a server that is
    /// a waypoint, or a proxy with Istio's defaults.
    pub(super) fn ask<T>(
        &self,
        sending: &Sending,
        pair: Pair,
        ask: impl FnOnce(&Encounter<'_>) -> T,
    ) -> Option<T> {
        let (planes, request) = (self.input.planes?, sending.request.as_ref()?);
        let world = self.input.world;
        if pair.server as usize >= world.pods.len() {
            return None;
        }
        let takes = self.takes(sending, pair);
        let opener = match &sending.by {
            Sender::Itself => Opener::Client,
            Sender::BareProxy(_) => return None,
            Sender::Proxy(sender) => {
                let (config, cluster, writes) = (&*sender.config, &*sender.cluster, sender.writes);
                match self.waypoints.of_pod(pair.client) {
                    None => Opener::Proxy { config, cluster, writes, takes },
                    Some(name) => Opener::Waypoint { name, config, cluster, writes, takes },
                }
            }
        };
        let in_world = (pair.client as usize) < world.pods.len();
        let external = self.external();
        Some(ask(&Encounter {
            world,
            planes,
            client: in_world.then(|| PodId::from_index(pair.client as usize)),
            opener,
            request,
            server: PodId::from_index(pair.server as usize),
            port: pair.port,
            external: &external,
        }))
    }

    /// The port that the network sees.
    pub(super) fn wire_port(&self, sending: &Sending, pair: Pair) -> u16 {
        self.ask(sending, pair, wire_port).unwrap_or(pair.port)
    }

    /// What protects the bytes, where one of the two is in ambient; `None` where none is.
    pub(super) fn protection_in_ambient(
        &self,
        sending: &Sending,
        pair: Pair,
    ) -> Option<Protection> {
        let is_ambient = |pod: u32| self.pods[pod as usize].data_path == DataPath::IstioAmbient;
        if !is_ambient(pair.client) && !is_ambient(pair.server) {
            return None;
        }
        if self.waypoints.of_pod(pair.server).is_some() {
            return Some(Protection::Hbone);
        }
        let encryption = self.ask(sending, pair, |encounter| receive(encounter).encryption)?;
        Some(match encryption {
            LegEncryption::Plaintext | LegEncryption::ApplicationTls => Protection::Plaintext,
            LegEncryption::Mtls | LegEncryption::Tls => Protection::MutualTls,
            LegEncryption::Hbone => Protection::Hbone,
        })
    }

    /// What an endpoint takes.
    fn takes(&self, sending: &Sending, pair: Pair) -> Takes {
        let Sender::Proxy(sender) = &sending.by else { return Takes::Plaintext };
        let place = sending.servers.iter().position(|it| *it == (pair.server, pair.port));
        match place.and_then(|place| sender.takes.get(place)) {
            Some(Protection::MutualTls | Protection::Hbone) => Takes::MutualTls,
            Some(Protection::Plaintext) | None => Takes::Plaintext,
        }
    }
}
