//! The price of one traversal on one machine: the model's formula for CPU and latency.

use crate::units::SimDuration;

use super::{CostProfile, ProxyKind};

/// How far up a proxy reads what passes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Bytes only.
    Transport,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 and gRPC.
    Http2,
}

/// What one traversal costs in one proxy: a request and its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traversal {
    /// Worker time of each of the two messages without load, on the path.
    pub message: SimDuration,
    /// How much less that is from `full_batch_per_s` on, and in proportion below.
    pub batch_saving: SimDuration,
    /// Traversals in a second from which on nothing more is saved.
    pub full_batch_per_s: f64,
    /// Worker time for each KiB of a message, on the path.
    pub per_kib: SimDuration,
    /// Worker time after the answer has left.
    pub after_response: SimDuration,
    /// What each of the two messages is delayed beside worker time; the mean.
    pub delay: SimDuration,
    /// The standard deviation of that delay.
    pub delay_deviation: SimDuration,
    /// One side of a TLS handshake.
    pub handshake: SimDuration,
    /// Worker threads of the proxy.
    pub workers: u32,
}

impl CostProfile {
    /// What a traversal of a proxy costs, with `filters` more filters or policies than usual.
    ///
    /// ```text
    /// cpu     = k_cpu * (c0 * (1 - batch * min(1, rate / rate0)) + c_parse + c_filter * filters
    ///           + (c_byte + c_crypto) * bytes + c_post)
    /// latency = cpu without c_post + k_lat * delay + waiting + loopback legs
    /// ```
    #[must_use]
    pub fn traversal(&self, kind: ProxyKind, layer: Layer, filters: u32) -> Traversal {
        let cost = self.proxies.of(kind);
        let k_cpu = self.machine.k_cpu.value;
        let k_lat = self.machine.k_lat.value;
        let ns = |price: SimDuration| price.as_ns() as f64;
        let parse = match layer {
            Layer::Transport => 0.0,
            Layer::Http1 => ns(cost.c_parse_http1.value),
            Layer::Http2 => ns(cost.c_parse_http2.value),
        };
        let c0 = ns(cost.c0.value);
        let filters = f64::from(filters);
        let on_path = c0 + parse + ns(cost.c_filter.value) * filters;
        let delay = ns(cost.on_path_delay.value) + ns(cost.on_path_filter.value) * filters;
        // Independent delays of two messages: their variances add up to that of the traversal.
        let deviation = delay * cost.on_path_spread.value / core::f64::consts::SQRT_2;
        let per_kib = ns(cost.c_byte_per_kib.value) + ns(cost.c_crypto_per_kib.value);
        let time = SimDuration::from_ns_f64;
        Traversal {
            message: time(k_cpu * on_path / 2.0),
            batch_saving: time(k_cpu * c0 * cost.batch.value / 2.0),
            full_batch_per_s: cost.rate0_per_s.value,
            per_kib: time(k_cpu * per_kib),
            after_response: time(k_cpu * ns(cost.c_post.value)),
            delay: time(k_lat * delay / 2.0),
            delay_deviation: time(k_lat * deviation),
            handshake: time(k_cpu * ns(self.tls.handshake.value)),
            workers: cost.workers.value.max(1),
        }
    }

    /// What a proxy uses without any traffic, in thousandths of a core.
    #[must_use]
    pub fn idle_millicores(&self, kind: ProxyKind) -> f64 {
        self.machine.k_cpu.value * self.proxies.of(kind).idle_millicores.value
    }
}
