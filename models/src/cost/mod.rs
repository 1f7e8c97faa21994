//! What each hop costs: prices of proxies, connections and handshakes, as data with their source.
//!
//! Waiting is no price: it comes from the queues of the simulator.

use serde::Deserialize;

use crate::units::SimDuration;

/// The built-in prices; every number has its source beside it.
const BUILT_IN: &str = include_str!("profiles/default.json");

/// The prices of one machine type and proxy generation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostProfile {
    /// Its name.
    pub name: String,
    /// An Envoy sidecar.
    pub sidecar: ProxyCost,
    /// TLS between two proxies.
    pub tls: TlsCost,
    /// One message between an application and its proxy, through the loopback device.
    pub loopback: Priced<SimDuration>,
}

/// A number with its source and how far off it may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priced<T> {
    /// The number.
    pub value: T,
    /// Where it comes from.
    pub source: String,
    /// The relative error to expect, as the source's spread shows it.
    pub relative_error: f64,
}

/// The price of passing one proxy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyCost {
    /// Worker threads of one proxy.
    pub workers: Priced<u32>,
    /// Worker time on the path of a request.
    pub request: Priced<SimDuration>,
    /// Worker time on the path of a response.
    pub response: Priced<SimDuration>,
    /// Worker time after a response has left (telemetry); later messages wait for it.
    pub after_response: Priced<SimDuration>,
    /// Worker time for each KiB of a message.
    pub per_kib: Priced<SimDuration>,
}

/// The price of TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsCost {
    /// Worker time of a full mutual handshake on each side.
    pub handshake: Priced<SimDuration>,
}

impl CostProfile {
    /// The prices that are built in.
    ///
    /// # Panics
    /// Never: the file is part of the program and read by a test.
    #[must_use]
    pub fn built_in() -> Self {
        serde_json::from_str(BUILT_IN).expect("the built-in prices are well-formed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_price_names_its_source() {
        let profile = CostProfile::built_in();
        for source in [
            &profile.sidecar.workers.source,
            &profile.sidecar.request.source,
            &profile.sidecar.response.source,
            &profile.sidecar.after_response.source,
            &profile.sidecar.per_kib.source,
            &profile.tls.handshake.source,
            &profile.loopback.source,
        ] {
            assert!(!source.is_empty());
        }
    }

    #[test]
    fn a_sidecar_traversal_costs_what_the_source_says() {
        let sidecar = CostProfile::built_in().sidecar;
        let traversal =
            sidecar.request.value + sidecar.response.value + sidecar.after_response.value;
        assert_eq!(traversal, SimDuration::from_us(200), "0.20 vCPU per 1000 requests a second");
    }
}
