//! Ranges of addresses in policies: what is no range lets nobody through.

use std::net::IpAddr;

use ipnet::IpNet;
use meshwalk_models::control::ControlPlanes;
use meshwalk_models::manifest::kinds::Transport;
use meshwalk_models::policy::network::{NetworkPeer, NetworkVerdict};
use meshwalk_models::world::World;

use super::Target;
use super::manifests::with_planes;

pub(super) const TARGET: Target = Target {
    name: "addresses",
    words: &[
        "0.0.0.0/0",
        "::/0",
        "10.0.0.0/8",
        "/0",
        "/32",
        "/33",
        "/128",
        "/-1",
        "/+8",
        "/08",
        "::",
        "::ffff:10.0.0.1/128",
        "10.1.2.3",
        "010.0.0.0/8",
        "0x0a.0.0.0/8",
        "fe80::1%eth0/64",
        " ",
    ],
    seeds: || {
        let seeds = ["0.0.0.0/0\n10.0.0.0/8", "10.0.0.0/8\n10.1.0.0/16", "::/0\n2001:db8::/32"];
        seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect()
    },
    read,
};

const ASKED: [&str; 4] = ["10.1.2.3", "10.9.9.9", "203.0.113.9", "2001:db8::1"];

/// A block and an exception to it, as a NetworkPolicy for all that a pod calls.
fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (block, except) = text.split_once('\n').unwrap_or((&text, "10.0.0.0/8"));
    let quoted = |text: &str| serde_json::to_string(text).expect("a string is JSON");
    let manifests = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: c}}]}}\n---\n\
         apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: out}}\n\
         spec:\n  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n  - to:\n    - ipBlock:\n        \
         cidr: {}\n        except: [{}]\n",
        quoted(block),
        quoted(except),
    );
    with_planes(manifests.as_bytes(), |world, planes| {
        for address in ASKED {
            let address: IpAddr = address.parse().expect("an address of our own");
            if allows(world, planes, address) {
                let holds = |range: &str| {
                    range.parse::<IpNet>().is_ok_and(|range| range.contains(&address))
                };
                assert!(holds(block), "{address} is let through by {block:?}");
                assert!(!holds(except), "{address} is let through although {except:?} is not");
            }
        }
    });
}

fn allows(world: &World, planes: &ControlPlanes, address: IpAddr) -> bool {
    let Some(pod) = world.pods.ids().next() else { return false };
    let verdict = planes.network_policies().decide(
        world,
        NetworkPeer::Pod(pod),
        NetworkPeer::Address(address),
        443,
        Transport::Tcp,
        &mut meshwalk_models::explain::Silent,
    );
    verdict == NetworkVerdict::Allowed
}
