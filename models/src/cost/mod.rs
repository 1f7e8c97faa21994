//! What each hop costs: prices of machines, proxies, kernel, TLS and control planes, as data with
//! the source and the error of each number.
//!
//! The data stand in `profiles/`; the formulas that join them stand here. Waiting is no price: it
//! comes from the queues of the simulator.

mod control_plane;
mod kernel;
mod machine;
mod memory;
mod network;
mod priced;
mod proxy;
mod tls;
mod traversal;
mod user;

#[cfg(test)]
mod tests;

pub use control_plane::{ControlPlaneCost, ResourceRequest};
pub use kernel::{KernelCost, KubeProxyMode};
pub use machine::{Machine, MachineCost};
pub use memory::{Held, MemoryPart};
pub use network::{LinkPrior, NetworkCost};
pub use priced::Priced;
pub use proxy::{ProxyCost, ProxyCosts, ProxyKind};
pub use tls::TlsCost;
pub use traversal::{Layer, Traversal};
pub use user::read_costs;

use serde::Deserialize;

/// All prices, of one machine.
///
/// The form of the model: parts that add up, each linear in the size of messages, as in MeshInsight
/// (SoCC'23). ARCHITECTURE.md says what was fitted on which figures, and where the model is known
/// not to fit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostProfile {
    /// Its name: the machine's, or what a user calls theirs.
    pub name: String,
    /// The machine's factors.
    pub machine: MachineCost,
    /// Each sort of proxy.
    pub proxies: ProxyCosts,
    /// The kernel and kube-proxy.
    pub kernel: KernelCost,
    /// TLS between two proxies.
    pub tls: TlsCost,
    /// Control planes and what an installation asks of a cluster.
    pub control_plane: ControlPlaneCost,
    /// How long messages travel where a scenario does not say.
    pub network: NetworkCost,
}

impl CostProfile {
    /// The prices of the machine that stands for most clusters: a virtual machine in a cloud.
    ///
    /// # Panics
    /// Never: the files are part of the program and read by a test.
    #[must_use]
    pub fn built_in() -> Self {
        Self::of_machine(Machine::DEFAULT)
    }

    /// The prices of one of the machines that were measured.
    ///
    /// # Panics
    /// Never: the files are part of the program and read by a test.
    #[must_use]
    pub fn of_machine(machine: Machine) -> Self {
        serde_json::from_value(document(machine)).expect("the built-in prices are well-formed")
    }
}

/// The files of one machine as one document, which a user's file can change.
fn document(machine: Machine) -> serde_json::Value {
    let read = |text: &str| -> serde_json::Value {
        serde_json::from_str(text).expect("the built-in prices are JSON")
    };
    let mut machines = read(include_str!("profiles/machines.json"));
    serde_json::json!({
        "name": machine.name(),
        "machine": machines[machine.name()].take(),
        "proxies": read(include_str!("profiles/proxies.json")),
        "kernel": read(include_str!("profiles/kernel.json")),
        "tls": read(include_str!("profiles/tls.json")),
        "control_plane": read(include_str!("profiles/control-plane.json")),
        "network": read(include_str!("profiles/network.json")),
    })
}
