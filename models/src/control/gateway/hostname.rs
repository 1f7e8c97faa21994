//! Hostnames of listeners and routes: which covers which, what two have in common, and which is
//! the more specific. It knows nothing of ports or paths.
//!
//! Source: gateway-api `apis/v1/httproute_types.go`, `HTTPRouteSpec.Hostnames`; `Listener.Hostname`.

use std::cmp::Reverse;

/// A hostname of a listener or route, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Hostname {
    /// Every host.
    Any,
    /// Every host that ends with this text, which begins with a dot.
    Wildcard(String),
    /// This host.
    Exact(String),
}

impl Hostname {
    /// Reads `text`; `None` and `*` mean every host.
    pub(super) fn of(text: Option<&str>) -> Self {
        let text = text.unwrap_or("*").to_ascii_lowercase();
        match text.strip_prefix('*') {
            Some("") => Self::Any,
            Some(suffix) if suffix.starts_with('.') => Self::Wildcard(suffix.to_owned()),
            _ => Self::Exact(text),
        }
    }

    /// Whether every host that `other` means is meant by this one too.
    ///
    /// `*.example.com` covers `a.b.example.com` and never `example.com`.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Wildcard(suffix), Self::Exact(host)) => {
                host.len() > suffix.len() && host.ends_with(suffix.as_str())
            }
            (Self::Wildcard(suffix), Self::Wildcard(narrower)) => {
                narrower.ends_with(suffix.as_str())
            }
            (Self::Exact(one), Self::Exact(host)) => one == host,
            (Self::Wildcard(_), Self::Any) | (Self::Exact(_), Self::Any | Self::Wildcard(_)) => {
                false
            }
        }
    }

    /// What both mean; of two hostnames one covers the other, or they have nothing in common.
    pub(super) fn intersection(&self, other: &Self) -> Option<Self> {
        if self.covers(other) {
            Some(other.clone())
        } else if other.covers(self) {
            Some(self.clone())
        } else {
            None
        }
    }

    /// The more specific comes first: most characters without a wildcard, then most characters.
    pub(super) fn order(&self) -> Reverse<(usize, usize)> {
        Reverse(match self {
            Self::Any => (0, 0),
            Self::Wildcard(suffix) => (0, suffix.len() + 1),
            Self::Exact(host) => (host.len(), host.len()),
        })
    }

    /// As Envoy writes it in the domains of a virtual host, and as people read it.
    pub(super) fn domain(&self) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Wildcard(suffix) => format!("*{suffix}"),
            Self::Exact(host) => host.clone(),
        }
    }

    /// This hostname and all that cover it, the most specific first.
    pub(super) fn and_wider(&self) -> Vec<Self> {
        let mut wider = vec![self.clone()];
        let name = match self {
            Self::Any => return wider,
            Self::Wildcard(suffix) => &suffix[1..],
            Self::Exact(host) => host.as_str(),
        };
        let mut rest = name;
        while let Some((_, suffix)) = rest.split_once('.') {
            wider.push(Self::Wildcard(format!(".{suffix}")));
            rest = suffix;
        }
        wider.push(Self::Any);
        wider
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Hostname {
        Hostname::of(Some(text))
    }

    #[test]
    fn a_wildcard_matches_any_number_of_labels_but_never_none() {
        assert!(name("*.Example.com").covers(&name("a.b.example.com")));
        assert!(name("*.example.com").covers(&name("*.b.example.com")));
        assert!(!name("*.example.com").covers(&name("example.com")));
        assert!(!name("*.example.com").covers(&name("badexample.com")));
        assert!(!name("*.b.example.com").covers(&name("*.example.com")));
    }

    #[test]
    fn two_hostnames_have_the_narrower_one_in_common() {
        assert_eq!(name("*.a.com").intersection(&name("x.a.com")), Some(name("x.a.com")));
        assert_eq!(name("x.a.com").intersection(&name("*.com")), Some(name("x.a.com")));
        assert_eq!(Hostname::Any.intersection(&name("*.com")), Some(name("*.com")));
        assert_eq!(name("x.a.com").intersection(&name("y.a.com")), None);
    }

    #[test]
    fn an_exact_name_goes_before_any_wildcard_and_a_long_wildcard_before_a_short_one() {
        let mut names = [Hostname::Any, name("*.com"), name("*.long.example.com"), name("a.b")];
        names.sort_by_key(Hostname::order);
        let shown: Vec<_> = names.iter().map(Hostname::domain).collect();
        assert_eq!(shown, ["a.b", "*.long.example.com", "*.com", "*"]);
    }

    #[test]
    fn all_that_cover_a_name_are_found_from_narrow_to_wide() {
        let shown: Vec<_> = name("a.b.c").and_wider().iter().map(Hostname::domain).collect();
        assert_eq!(shown, ["a.b.c", "*.b.c", "*.c", "*"]);
        for wider in name("a.b.c").and_wider() {
            assert!(wider.covers(&name("a.b.c")));
        }
    }
}
