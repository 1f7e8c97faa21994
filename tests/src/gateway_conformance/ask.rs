//! From a case to the proxy that its request meets and to the request itself. What becomes of it
//! is not decided here.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use meshwalk_models::control::kubernetes::dns::{Resolved, resolve};
use meshwalk_models::explain::Silent;
use meshwalk_models::profile::{GatewayDifference, GatewayReading, Profile};
use meshwalk_models::proxy::envoy::config::{Direction, ProxyConfig, Transport};
use meshwalk_models::proxy::envoy::listening::Arrival;
use meshwalk_models::proxy::envoy::{Connection, HeaderMap, Request};
use meshwalk_models::walk::find_caller;
use meshwalk_models::world::ServiceKind;

use super::case::{Case, Client, Test};
use super::lab::Lab;

/// The address of every Gateway; it is the host of requests that name none.
const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));
/// The address of clients outside.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
/// The port that the suite sends to.
const PORT: u16 = 80;
/// The Service that clients of the mesh dial where the case names none.
const ECHO: &str = "echo";
const GRPC_SERVICE: &str = "gateway_api_conformance.echo_basic.grpcecho.GrpcEcho";
const MESH_CALL: &str = "/proto.EchoTestService/Echo";

/// A request and the proxy that it meets.
pub(super) struct Asked {
    pub(super) config: Arc<ProxyConfig>,
    pub(super) arrival: Arrival,
    pub(super) request: Request,
    /// The path as it was sent.
    pub(super) path: String,
}

impl Asked {
    /// What a case asks.
    pub(super) fn of(
        lab: &Lab,
        test: &Test,
        case: &Case,
        profile: &'static Profile,
    ) -> Result<Self, String> {
        if case.request.is_some() == case.call().is_some() {
            return Err("expected either `Request` or one of the echo requests".to_owned());
        }
        match case.client.as_ref().or(test.client.as_ref()) {
            Some(client) => from_client(lab, client, case, profile),
            None => from_outside(lab, test, case),
        }
    }
}

/// A request from outside, to the address of a Gateway.
fn from_outside(lab: &Lab, test: &Test, case: &Case) -> Result<Asked, String> {
    let named = test.gateway.as_ref().ok_or("expected `gateway` or `client`")?;
    let (spoken, host) = spoken(case, GATEWAY.to_string())?;
    let gateway = lab.gateway_for(named, &host);
    let config = lab.planes.gateway(&lab.world, &gateway);
    let config = config.ok_or_else(|| format!("{gateway} has no proxy"))?;
    if let Some(problem) = lab.problem_of(&gateway) {
        return Err(format!("{gateway}: {problem}"));
    }
    let connection = connection(&spoken, OUTSIDE, GATEWAY, PORT);
    Ok(asked(config, Arrival::Dialled, spoken, host, connection))
}

/// A request from a workload of the mesh, to a Service by its name.
fn from_client(
    lab: &Lab,
    client: &Client,
    case: &Case,
    profile: &'static Profile,
) -> Result<Asked, String> {
    let caller = find_caller(&lab.world, Some(&client.namespace), &client.app)
        .map_err(|error| error.to_string())?;
    let (spoken, dialled) = spoken(case, ECHO.to_owned())?;
    let (name, port) = match dialled.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().map_err(|_| format!("`{port}` is no port"))?),
        None => (dialled.as_str(), PORT),
    };
    let answer = resolve(&lab.world, caller.workload, name, &mut Silent);
    let address = match answer.result.map_err(|failure| failure.to_string())? {
        Resolved::Address(address) => address,
        Resolved::Service(service) => match lab.world.services[service].kind {
            ServiceKind::ClusterIp(address) => address,
            _ => return Err(format!("{name} has no address of its own")),
        },
        other => return Err(format!("{name} stands for {other:?}")),
    };
    let plain = || Arc::new(lab.planes.gateway_api().mesh_proxy(&lab.world, &client.namespace));
    let config = match *profile.gateway.reading {
        GatewayReading::Standard => plain(),
        GatewayReading::Istio => {
            // That there is none is never explained by a difference.
            let sidecar = lab.planes.sidecar(&lab.world, caller.pod);
            let sidecar = sidecar
                .ok_or_else(|| format!("{}/{} has no sidecar", client.namespace, client.app))?;
            let by_authority = profile.gateway.differs(GatewayDifference::MeshFrontend);
            if by_authority { sidecar } else { plain() }
        }
    };
    let source = lab.world.pods[caller.pod].ip;
    let connection = connection(&spoken, source, address, port);
    let arrival = Arrival::Redirected(Direction::Outbound);
    let host = case.request.as_ref().and_then(|request| {
        let mut headers = request.headers.iter();
        headers.find(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, value)| value.clone())
    });
    let host = host.unwrap_or_else(|| usual_host(name, port));
    Ok(asked(config, arrival, spoken, host, connection))
}

/// A port that goes without saying is not written.
fn usual_host(name: &str, port: u16) -> String {
    if port == PORT { name.to_owned() } else { format!("{name}:{port}") }
}

/// A request, without its host and connection.
struct Spoken {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    is_grpc: bool,
}

/// What is sent, and the host that it names; `host` if it names none.
fn spoken(case: &Case, host: String) -> Result<(Spoken, String), String> {
    let or = |given: &str, other: String| if given.is_empty() { other } else { given.to_owned() };
    let pairs = |map: &std::collections::BTreeMap<String, String>| {
        let others = map.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    if let Some(method) = case.call() {
        let metadata = case.request_metadata.clone().unwrap_or_default();
        let spoken = Spoken {
            method: "POST".to_owned(),
            path: format!("/{GRPC_SERVICE}/{method}"),
            headers: pairs(&metadata.metadata),
            is_grpc: true,
        };
        return Ok((spoken, or(&metadata.authority, host)));
    }
    let request = case.request.clone().unwrap_or_default();
    let is_grpc = match request.protocol.to_ascii_lowercase().as_str() {
        "" | "http" => false,
        "grpc" => true,
        other => return Err(format!("requests over `{other}` are not sent here")),
    };
    let spoken = Spoken {
        method: or(&request.method, if is_grpc { "POST" } else { "GET" }.to_owned()),
        path: or(&request.path, if is_grpc { MESH_CALL } else { "/" }.to_owned()),
        headers: pairs(&request.headers),
        is_grpc,
    };
    Ok((spoken, or(&request.host, host)))
}

fn connection(spoken: &Spoken, source: IpAddr, address: IpAddr, port: u16) -> Connection {
    let alpn = if spoken.is_grpc { "h2c" } else { "http/1.1" };
    Connection {
        source_ip: Some(source),
        destination_ip: Some(address),
        destination_port: port,
        transport: Transport::RawBuffer,
        sni: None,
        alpn: vec![alpn.to_owned()],
        principal: None,
    }
}

fn asked(
    config: Arc<ProxyConfig>,
    arrival: Arrival,
    spoken: Spoken,
    host: String,
    connection: Connection,
) -> Asked {
    let mut headers = HeaderMap::new();
    headers.append(":method", spoken.method);
    headers.append(":scheme", "http");
    headers.append(":authority", host);
    headers.append(":path", spoken.path.as_str());
    if spoken.is_grpc {
        headers.append("content-type", "application/grpc");
    }
    for (name, value) in spoken.headers {
        headers.append(&name, value);
    }
    let request = Request { headers, connection, tokens: Arc::default() };
    Asked { config, arrival, request, path: spoken.path }
}
