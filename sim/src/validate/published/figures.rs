//! The published figures: data only, each with the runs it is read off.

use meshwalk_models::cost::Machine;

use super::FigureResult;
use super::setup::{Measured, Mesh, Setup, Shape};

const ISTIO_1_20: &str = "Istio 1.20 performance page, bare metal";
const ISTIO_1_22: &str = "Istio 1.22 performance page, bare metal";
const ISTIO_1_24: &str = "Istio 1.24 performance page";
const SOLO: &str = "Solo.io raw data, n2-standard-8, Istio 1.22, Linkerd 2.14";
const BUOYANT: &str = "Buoyant raw data, e2-standard-8, Istio 1.25, Linkerd edge-25.4.1";
const CILIUM: &str = "Cilium CNI benchmark 2021, Ryzen 3950X";
const SERVICES: &str = "kube-proxy with iptables, 4-core nodes";

/// What is read off a run.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// The median, in milliseconds.
    P50Ms,
    /// The 90th percentile less that of the run without a mesh, in milliseconds.
    P90AddedMs,
    /// The 99th percentile less that of the run without a mesh, in milliseconds.
    P99AddedMs,
    /// CPU of all proxies, in thousandths of a core.
    Millicores,
    /// CPU of one proxy of a pair, in cores.
    CoresOfOne,
    /// The mean time of a request of a closed loop, in microseconds.
    LoopUs,
    /// Requests a second.
    PerSecond,
}

/// One published figure.
pub(super) struct Figure {
    group: &'static str,
    mesh: Mesh,
    published: f64,
    reading: Reading,
    setup: Setup,
    source: &'static str,
}

impl Figure {
    /// The runs it is read off.
    pub(super) fn setups(&self) -> Vec<Setup> {
        match self.reading {
            Reading::P90AddedMs | Reading::P99AddedMs => vec![self.setup, self.without_mesh()],
            _ => vec![self.setup],
        }
    }

    fn without_mesh(&self) -> Setup {
        Setup { mesh: Mesh::None, ..self.setup }
    }

    /// The figure beside what `find` has measured.
    pub(super) fn result<'m>(&self, find: impl Fn(&Setup) -> &'m Measured) -> FigureResult {
        let it = find(&self.setup);
        let (unit, simulated) = match self.reading {
            Reading::P50Ms => ("ms", it.p50_us / 1e3),
            Reading::P90AddedMs => ("ms", (it.p90_us - find(&self.without_mesh()).p90_us) / 1e3),
            Reading::P99AddedMs => ("ms", (it.p99_us - find(&self.without_mesh()).p99_us) / 1e3),
            Reading::Millicores => ("mC", it.millicores),
            Reading::CoresOfOne => ("cores", it.millicores / 2.0 / 1e3),
            Reading::LoopUs => ("us", 1e6 / it.per_s),
            Reading::PerSecond => ("1/s", it.per_s),
        };
        FigureResult {
            group: self.group,
            mesh: self.mesh,
            unit,
            published: self.published,
            simulated,
            relative_error: (simulated - self.published) / self.published,
            source: self.source,
        }
    }
}

const fn pair(mesh: Mesh) -> Setup {
    let (machine, rate_per_s) = (Machine::BareMetalLab, 1_000);
    Setup { shape: Shape::Pair, mesh, machine, rate_per_s, measured_ms: 20_000 }
}

const fn five_hops(mesh: Mesh) -> Setup {
    let (machine, rate_per_s) = (Machine::N2Standard8, 450);
    Setup { shape: Shape::FiveHops, mesh, machine, rate_per_s, measured_ms: 20_000 }
}

const fn namespaces(mesh: Mesh, rate_per_s: u32) -> Setup {
    let measured_ms = 4_800_000 / rate_per_s;
    Setup {
        shape: Shape::NineNamespaces,
        mesh,
        machine: Machine::E2Standard8,
        rate_per_s,
        measured_ms,
    }
}

const fn closed(shape: Shape, mesh: Mesh) -> Setup {
    // The kernel's prices do not depend on the machine; the lab's factor is 1.
    Setup { shape, mesh, machine: Machine::BareMetalLab, rate_per_s: 0, measured_ms: 500 }
}

const fn added_p90(mesh: Mesh, published: f64, source: &'static str) -> Figure {
    let group = "pair, 1 KB, 1000/s, bare metal: p90 added";
    Figure { group, mesh, published, reading: Reading::P90AddedMs, setup: pair(mesh), source }
}

const fn added_p99(mesh: Mesh, published: f64, source: &'static str) -> Figure {
    let group = "pair, 1 KB, 1000/s, bare metal: p99 added";
    Figure { group, mesh, published, reading: Reading::P99AddedMs, setup: pair(mesh), source }
}

const fn cores(mesh: Mesh, published: f64) -> Figure {
    let group = "CPU of one proxy at 1000/s";
    let (setup, source) = (pair(mesh), ISTIO_1_24);
    Figure { group, mesh, published, reading: Reading::CoresOfOne, setup, source }
}

const fn median(mesh: Mesh, published: f64) -> Figure {
    let group = "five hops, 450/s, n2-standard-8: p50";
    let (setup, source) = (five_hops(mesh), SOLO);
    Figure { group, mesh, published, reading: Reading::P50Ms, setup, source }
}

const fn millicores(mesh: Mesh, rate_per_s: u32, published: f64) -> Figure {
    let group = match rate_per_s {
        60 => "CPU of all proxies, 60/s, e2-standard-8",
        240 => "CPU of all proxies, 240/s, e2-standard-8",
        _ => "CPU of all proxies, 1200/s, e2-standard-8",
    };
    let (setup, source) = (namespaces(mesh, rate_per_s), BUOYANT);
    Figure { group, mesh, published, reading: Reading::Millicores, setup, source }
}

const fn round_trip(mesh: Mesh, published: f64) -> Figure {
    let (group, setup) = ("TCP_RR", closed(Shape::RoundTrips, mesh));
    Figure { group, mesh, published, reading: Reading::LoopUs, setup, source: CILIUM }
}

const fn with_connect(mesh: Mesh, published: f64) -> Figure {
    let (group, setup) = ("TCP_CRR", closed(Shape::ShortConnections, mesh));
    Figure { group, mesh, published, reading: Reading::LoopUs, setup, source: CILIUM }
}

const fn short(mesh: Mesh, published: f64) -> Figure {
    let (group, setup) = ("short connections a second", closed(Shape::ShortConnections, mesh));
    Figure { group, mesh, published, reading: Reading::PerSecond, setup, source: SERVICES }
}

/// All of them, group by group.
pub(super) const FIGURES: &[Figure] = &[
    added_p90(Mesh::IstioSidecar, 0.228, ISTIO_1_20),
    added_p90(Mesh::IstioAmbient, 0.17, ISTIO_1_22),
    added_p99(Mesh::IstioSidecar, 0.298, ISTIO_1_20),
    added_p99(Mesh::IstioAmbient, 0.20, ISTIO_1_22),
    cores(Mesh::IstioSidecar, 0.20),
    cores(Mesh::Waypoint, 0.25),
    cores(Mesh::IstioAmbient, 0.06),
    median(Mesh::None, 1.57),
    median(Mesh::Linkerd, 4.49),
    median(Mesh::IstioSidecar, 6.36),
    millicores(Mesh::Linkerd, 60, 155.0),
    millicores(Mesh::IstioAmbient, 60, 127.0),
    millicores(Mesh::Waypoint, 60, 143.0),
    millicores(Mesh::IstioSidecar, 60, 430.0),
    millicores(Mesh::Linkerd, 240, 600.0),
    millicores(Mesh::IstioAmbient, 240, 534.0),
    millicores(Mesh::Waypoint, 240, 585.0),
    millicores(Mesh::IstioSidecar, 240, 1_340.0),
    millicores(Mesh::Linkerd, 1_200, 2_621.0),
    millicores(Mesh::IstioAmbient, 1_200, 2_374.0),
    millicores(Mesh::Waypoint, 1_200, 2_814.0),
    millicores(Mesh::IstioSidecar, 1_200, 5_120.0),
    round_trip(Mesh::Node, 20.9),
    round_trip(Mesh::Ebpf, 22.1),
    round_trip(Mesh::Iptables, 28.6),
    round_trip(Mesh::Ipsec, 38.5),
    round_trip(Mesh::Wireguard, 61.3),
    with_connect(Mesh::Node, 76.9),
    with_connect(Mesh::Ebpf, 79.7),
    with_connect(Mesh::Iptables, 104.75),
    short(Mesh::Services10000, 17_261.0),
    short(Mesh::Services5000, 22_237.0),
    short(Mesh::None, 31_365.0),
];
