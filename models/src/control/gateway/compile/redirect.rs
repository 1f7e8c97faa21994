//! Redirects: which scheme, host, port and path the client is sent to.
//!
//! Source: gateway-api `apis/v1/httproute_types.go`, `HTTPRequestRedirectFilter.Port`.

use crate::explain::Sourced;
use crate::manifest::Place;
use crate::manifest::kinds::gateway::RedirectFilter;
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::{PathMatcher, Redirect};
use crate::world::Origin;

use super::paths;

/// Where a request came in, as far as redirects depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Entrance {
    /// The port of the listener, or of the Service in a mesh.
    pub(in super::super) port: u16,
    /// `http` or `https`.
    pub(in super::super) scheme: &'static str,
}

/// The redirect of a rule for requests that `matched` takes.
pub(super) fn redirect(
    facts: &GatewayFacts,
    entrance: Entrance,
    filter: &RedirectFilter,
    place: Place,
    matched: &PathMatcher,
) -> Result<Redirect, String> {
    let origin = Origin::Manifest(place);
    let status =
        filter.status.map_or(Sourced::default_of(302, "gateway.redirect-status"), |status| {
            Sourced::new(status.value, Origin::Manifest(status.place))
        });
    if !matches!(status.value, 301 | 302 | 303 | 307 | 308) {
        return Err(format!("{} is no status of a redirect", status.value));
    }
    let text = |part: &Option<crate::manifest::Located<String>>| {
        part.as_ref().map(|it| Sourced::new(it.value.clone(), Origin::Manifest(it.place)))
    };
    let path = match &filter.path {
        Some(modifier) => {
            let path = paths::redirect(facts, modifier, matched)?;
            path.map(|path| Sourced::new(path, origin))
        }
        None => None,
    };
    Ok(Redirect {
        status,
        scheme: text(&filter.scheme),
        host: text(&filter.hostname),
        port: port(facts, entrance, filter, origin),
        path,
        strip_query: false,
        origin,
    })
}

/// The port as it has to be written. "If redirect scheme is not-empty, the redirect port MUST be
/// the well-known port associated with the redirect scheme", else that of the listener; a port
/// that goes without saying is left out.
fn port(
    facts: &GatewayFacts,
    entrance: Entrance,
    filter: &RedirectFilter,
    origin: Origin,
) -> Option<Sourced<u16>> {
    let scheme = filter.scheme.as_ref().map_or(entrance.scheme, |scheme| scheme.value.as_str());
    let goes_without_saying = well_known(scheme);
    if let Some(port) = filter.port {
        let written = Sourced::new(port.value, Origin::Manifest(port.place));
        return (Some(port.value) != goes_without_saying).then_some(written);
    }
    let listener = Sourced::new(entrance.port, origin);
    if filter.scheme.is_none() {
        return (Some(entrance.port) != goes_without_saying).then_some(listener);
    }
    // Where the listener's own port has to be written, requests name it in their host, and the
    // proxy would keep it; writing the other port replaces it.
    let named = Some(entrance.port) != well_known(entrance.scheme)
        && filter.hostname.is_none()
        && !facts.differs(GatewayDifference::RedirectPort);
    match goes_without_saying {
        Some(port) => named.then_some(Sourced::new(port, origin)),
        None => Some(listener),
    }
}

fn well_known(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Located;
    use crate::profile::Profile;
    use crate::world::testing::{place, text};

    fn facts() -> &'static GatewayFacts {
        &Profile::named("gateway-api").expect("a built-in profile").gateway
    }

    fn sent_to(port: u16, scheme: Option<&str>, wanted: Option<u16>) -> Option<u16> {
        let filter = RedirectFilter {
            scheme: scheme.map(text),
            hostname: None,
            path: None,
            port: wanted.map(|port| Located::new(port, place(1))),
            status: None,
        };
        let entrance = Entrance { port, scheme: if port == 443 { "https" } else { "http" } };
        let matched = PathMatcher::Prefix("/".to_owned());
        let redirect = redirect(facts(), entrance, &filter, place(1), &matched);
        redirect.expect("a redirect").port.map(|port| port.value)
    }

    #[test]
    fn the_port_follows_the_scheme_or_else_the_listener() {
        // On the usual ports nothing has to be written.
        assert_eq!(sent_to(80, None, None), None);
        assert_eq!(sent_to(80, Some("https"), None), None);
        assert_eq!(sent_to(443, Some("http"), None), None);
        // A listener elsewhere keeps its port, but not across schemes.
        assert_eq!(sent_to(8080, None, None), Some(8080));
        assert_eq!(sent_to(8080, Some("https"), None), Some(443));
        // A port that is asked for is written unless the scheme means it anyway.
        assert_eq!(sent_to(80, None, Some(8083)), Some(8083));
        assert_eq!(sent_to(80, Some("https"), Some(443)), None);
        assert_eq!(sent_to(80, None, Some(80)), None);
        assert_eq!(sent_to(80, None, Some(443)), Some(443));
    }

    #[test]
    fn only_statuses_of_redirects_are_taken() {
        let filter = RedirectFilter {
            scheme: None,
            hostname: None,
            path: None,
            port: None,
            status: Some(Located::new(304, place(1))),
        };
        let entrance = Entrance { port: 80, scheme: "http" };
        let matched = PathMatcher::Prefix("/".to_owned());
        let broken = redirect(facts(), entrance, &filter, place(1), &matched);
        assert!(broken.is_err());
    }
}
