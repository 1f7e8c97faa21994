//! What is spoken on a Service port, as its manifest declares it. Sniffing is a proxy's business.

use crate::manifest::kinds::{AppProtocol, ServicePort, Transport};

/// The declared protocol: `appProtocol` if it is written, else the port name up to its first
/// hyphen, both without regard to case.
///
/// Source: istio `pkg/config/kube/conversion.go`, `ConvertProtocol`; the values with the prefix
/// `kubernetes.io/` are from the Service API.
pub(super) fn declared(port: &ServicePort) -> AppProtocol {
    if port.transport != Transport::Tcp {
        return AppProtocol::Undeclared;
    }
    let written = port.app_protocol.as_ref().or(port.name.as_ref());
    let text = written.map_or("", |text| &text.value).to_ascii_lowercase();
    if port.app_protocol.is_some() {
        match text.as_str() {
            "kubernetes.io/h2c" => return AppProtocol::Http2,
            "kubernetes.io/ws" => return AppProtocol::Http,
            "kubernetes.io/wss" => return AppProtocol::Https,
            _ => {}
        }
    }
    // gRPC-Web travels over HTTP/1.1; the name has a hyphen, so it comes before the split.
    if text.starts_with("grpc-web") {
        return AppProtocol::Http;
    }
    match text.split('-').next().unwrap_or_default() {
        "http" => AppProtocol::Http,
        "http2" => AppProtocol::Http2,
        "grpc" => AppProtocol::Grpc,
        "https" | "tls" => AppProtocol::Https,
        "tcp" | "mongo" | "redis" | "mysql" => AppProtocol::Tcp,
        _ => AppProtocol::Undeclared,
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::Located;
    use crate::world::build::testing::{place, port};

    use super::*;

    #[test]
    fn app_protocol_beats_the_port_name() {
        let spoken = |name: &str, app_protocol: Option<&str>| {
            let mut port = port(name, 80);
            port.app_protocol = app_protocol.map(|text| Located::new(text.to_owned(), place(1)));
            declared(&port)
        };
        assert_eq!(spoken("http-web", None), AppProtocol::Http);
        assert_eq!(spoken("GRPC", None), AppProtocol::Grpc);
        assert_eq!(spoken("grpc-web-x", None), AppProtocol::Http);
        assert_eq!(spoken("http", Some("tcp")), AppProtocol::Tcp);
        assert_eq!(spoken("http", Some("kubernetes.io/h2c")), AppProtocol::Http2);
        // An unknown appProtocol does not fall back to the name.
        assert_eq!(spoken("http", Some("example.com/own")), AppProtocol::Undeclared);
        assert_eq!(spoken("web", None), AppProtocol::Undeclared);
    }
}
