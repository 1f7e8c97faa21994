//! The annotations of an Ingress that change what ingress-nginx does with requests. Those that are
//! not read here are listed as not modelled where manifests are read.

use crate::explain::Sourced;
use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::units::SimDuration;
use crate::world::Origin;

/// What all of its own annotations begin with.
const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// The settings of one Ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// How long a connection may take to be made.
    pub(super) connect_timeout: Sourced<SimDuration>,
    /// The longest silence of a backend.
    pub(super) read_timeout: Sourced<SimDuration>,
    /// When the next backend is asked, such as `error timeout`.
    pub(super) next_upstream: Sourced<String>,
    /// How many backends are asked; zero is no limit.
    pub(super) tries: Sourced<u32>,
    /// Whether paths are patterns.
    pub(super) paths: Paths,
    /// What the path becomes.
    pub(super) rewrite_target: Option<Sourced<String>>,
    /// Who is sent to HTTPS.
    pub(super) redirect: HttpsRedirect,
}

/// How the paths of an Ingress are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paths {
    /// As Kubernetes has them.
    Plain,
    /// As regular expressions.
    Patterns,
}

/// Who is sent to HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpsRedirect {
    /// Nobody.
    Never,
    /// Requests for hosts that have a certificate.
    WithCertificate(Origin),
    /// All requests.
    Always(Origin),
}

impl Settings {
    /// The settings that annotations make; what cannot be read counts as absent, as it does there.
    pub(super) fn of(annotations: &Labels) -> Self {
        let text = |name: &str| annotations.get(&format!("{PREFIX}{name}"));
        let seconds = |name: &str, default: u64, id: &'static str| {
            let written = text(name).and_then(|it| Some((it.value.parse().ok()?, it.place)));
            match written {
                Some((seconds, place)) => {
                    Sourced::new(SimDuration::from_secs(seconds), Origin::Manifest(place))
                }
                None => Sourced::default_of(SimDuration::from_secs(default), id),
            }
        };
        let is = |name: &str| text(name).and_then(|it| Some((it.value.parse().ok()?, it.place)));
        let next_upstream = match text("proxy-next-upstream") {
            Some(it) => Sourced::new(it.value.clone(), Origin::Manifest(it.place)),
            None => Sourced::default_of("error timeout".to_owned(), "nginx.next-upstream"),
        };
        let tries = text("proxy-next-upstream-tries");
        let tries = tries.and_then(|it| Some((it.value.parse().ok()?, it.place)));
        let redirect = match (is("force-ssl-redirect"), is("ssl-redirect")) {
            (Some((true, place)), _) => HttpsRedirect::Always(Origin::Manifest(place)),
            (_, Some((false, _))) => HttpsRedirect::Never,
            (_, Some((true, place))) => HttpsRedirect::WithCertificate(Origin::Manifest(place)),
            _ => HttpsRedirect::WithCertificate(Origin::Default("nginx.ssl-redirect")),
        };
        let rewrite = text("rewrite-target");
        let patterns = rewrite.is_some() || is("use-regex").is_some_and(|(it, _): (bool, _)| it);
        Self {
            connect_timeout: seconds("proxy-connect-timeout", 5, "nginx.connect-timeout"),
            read_timeout: seconds("proxy-read-timeout", 60, "nginx.read-timeout"),
            next_upstream,
            tries: match tries {
                Some((tries, place)) => Sourced::new(tries, Origin::Manifest(place)),
                None => Sourced::default_of(3, "nginx.next-upstream-tries"),
            },
            paths: if patterns { Paths::Patterns } else { Paths::Plain },
            rewrite_target: rewrite
                .map(|it| Sourced::new(it.value.clone(), Origin::Manifest(it.place))),
            redirect,
        }
    }
}

/// The annotations that are read here.
const READ: [&str; 8] = [
    "force-ssl-redirect",
    "proxy-connect-timeout",
    "proxy-next-upstream",
    "proxy-next-upstream-tries",
    "proxy-read-timeout",
    "rewrite-target",
    "ssl-redirect",
    "use-regex",
];

/// What annotations begin with that may turn requests away, or send them to somebody else.
const TURN_AWAY: [&str; 12] = [
    "auth-",
    "canary",
    "configuration-snippet",
    "denylist-",
    "enable-global-auth",
    "enable-modsecurity",
    "limit-",
    "modsecurity-",
    "permanent-redirect",
    "server-snippet",
    "temporal-redirect",
    "whitelist-",
];

/// What an annotation that is not read may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Requests may be turned away by it, or answered by somebody else.
    TurnsAway,
    /// Something else changes.
    Changes,
}

/// The annotations of ingress-nginx that are not read, with what they may do.
pub fn unread(annotations: &Labels) -> impl Iterator<Item = (&str, &Located<String>, Unread)> {
    annotations.iter().filter_map(|(name, value)| {
        let own = name.strip_prefix(PREFIX)?;
        let away = TURN_AWAY.iter().any(|begin| own.starts_with(begin));
        let kind = if away { Unread::TurnsAway } else { Unread::Changes };
        (!READ.contains(&own)).then_some((name.as_str(), value, kind))
    })
}
