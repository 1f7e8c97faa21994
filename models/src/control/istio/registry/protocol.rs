//! What is spoken on a port, as Istio reads it from a Service or ServiceEntry. Whether sniffing
//! finds HTTP on a port that declares nothing is the proxy's business.

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2 in plaintext.
    Http2,
    /// gRPC.
    Grpc,
    /// gRPC-Web.
    GrpcWeb,
    /// A proxy for any host, on a Sidecar's egress listener.
    HttpProxy,
    /// HTTP within TLS of the application.
    Https,
    /// TLS of the application.
    Tls,
    /// Bytes.
    Tcp,
    /// `MongoDB`, as bytes.
    Mongo,
    /// Redis, as bytes.
    Redis,
    /// `MySQL`, as bytes.
    MySql,
    /// UDP, which no proxy takes.
    Udp,
    /// Nothing was declared: the proxy looks at the first bytes.
    Sniffed,
}

impl Protocol {
    /// By its word, whatever the case; what is no word is sniffed
    /// (istio `pkg/config/protocol/instance.go`, `Parse`).
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "http" => Self::Http,
            "http2" => Self::Http2,
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb,
            "http_proxy" => Self::HttpProxy,
            "https" => Self::Https,
            "tls" => Self::Tls,
            "tcp" => Self::Tcp,
            "mongo" => Self::Mongo,
            "redis" => Self::Redis,
            "mysql" => Self::MySql,
            "udp" => Self::Udp,
            _ => Self::Sniffed,
        }
    }

    /// On a TCP port of a Service (istio `pkg/config/kube/conversion.go`, `ConvertProtocol`).
    #[must_use]
    pub fn of_service_port(number: u16, name: &str, app_protocol: Option<&str>) -> Self {
        /// Their clients wait for the server to speak first, so sniffing would stall them.
        const SERVER_FIRST: [u16; 4] = [25, 53, 3306, 27017];
        match app_protocol {
            Some("kubernetes.io/h2c") => return Self::Http2,
            Some("kubernetes.io/ws") => return Self::Http,
            Some("kubernetes.io/wss") => return Self::Https,
            _ => {}
        }
        let word = app_protocol.unwrap_or(name);
        let lower = word.to_ascii_lowercase();
        if lower.starts_with("grpc-web") {
            return Self::GrpcWeb;
        }
        let prefix = lower.split('-').next().unwrap_or_default();
        match Self::of_word(prefix) {
            Self::Sniffed if SERVER_FIRST.contains(&number) => Self::Tcp,
            protocol => protocol,
        }
    }

    /// Whether it is HTTP in plaintext.
    #[must_use]
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::Grpc | Self::GrpcWeb | Self::HttpProxy)
    }

    /// Whether it is spoken over HTTP/2.
    #[must_use]
    pub const fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// Whether the proxy sees bytes and no requests.
    #[must_use]
    pub const fn is_tcp(self) -> bool {
        matches!(
            self,
            Self::Https | Self::Tls | Self::Tcp | Self::Mongo | Self::Redis | Self::MySql
        )
    }

    /// Whether it is TLS of the application.
    #[must_use]
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_protocol_beats_the_name_and_server_first_ports_are_not_sniffed() {
        for (number, name, app, expected) in [
            (80, "http", None, Protocol::Http),
            (80, "HTTP-web", None, Protocol::Http),
            (80, "grpc-web-x", None, Protocol::GrpcWeb),
            (80, "grpc-internal", None, Protocol::Grpc),
            (80, "http", Some("tcp"), Protocol::Tcp),
            (80, "tcp", Some("kubernetes.io/h2c"), Protocol::Http2),
            (80, "tcp", Some("kubernetes.io/ws"), Protocol::Http),
            (80, "tcp", Some("kubernetes.io/wss"), Protocol::Https),
            (80, "http", Some("example.com/own"), Protocol::Sniffed),
            (80, "web", None, Protocol::Sniffed),
            (3306, "", None, Protocol::Tcp),
            (27017, "web", None, Protocol::Tcp),
            (3306, "http", None, Protocol::Http),
            (3307, "mysql", None, Protocol::MySql),
        ] {
            assert_eq!(Protocol::of_service_port(number, name, app), expected, "{name} {app:?}");
        }
    }
}
