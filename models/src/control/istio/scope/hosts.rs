//! The hosts of an egress listener: `namespace/host`, and what they let in. Whether the host
//! exists is the registry's business.

use std::collections::{BTreeMap, BTreeSet};

use crate::control::istio::hosts;

/// Any namespace.
const ANY: &str = "*";

/// What a listener imports, by namespace (istio `pilot/pkg/model/sidecar.go`,
/// `convertIstioListenerToWrapper`).
#[derive(Clone, Debug, Default)]
pub(super) struct Imports {
    by_namespace: BTreeMap<String, Hosts>,
    /// Whether each host is exact and in one namespace.
    all_exact: bool,
}

/// The hosts of one namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    exact: BTreeSet<String>,
    wildcards: Vec<String>,
    excluded: Vec<String>,
}

impl Imports {
    pub(super) fn everything() -> Self {
        Self::new(["*/*"], "")
    }

    /// `own` is the namespace that `.` stands for. Texts without exactly one `/` are left out; a
    /// `~` before the namespace takes hosts out again, and alone it stands for any namespace.
    pub(super) fn new<'h>(words: impl IntoIterator<Item = &'h str>, own: &str) -> Self {
        let mut imports = Self { all_exact: true, ..Self::default() };
        for word in words {
            let Some((namespace, host)) = word.split_once('/').filter(|it| !it.1.contains('/'))
            else {
                continue;
            };
            let excluded = namespace.strip_prefix('~');
            let namespace = match excluded.unwrap_or(namespace) {
                "" if excluded.is_some() => ANY,
                "." => own,
                namespace => namespace,
            };
            let hosts = imports.by_namespace.entry(namespace.to_owned()).or_default();
            if excluded.is_some() {
                hosts.excluded.push(host.to_owned());
                continue;
            }
            if hosts::is_wildcard(host) {
                hosts.wildcards.push(host.to_owned());
            } else {
                hosts.exact.insert(host.to_owned());
            }
            imports.all_exact &= !hosts::is_wildcard(host) && namespace != ANY;
        }
        imports
    }

    /// The exact hosts with their namespaces, if there are no others.
    pub(super) fn only_exact(&self) -> Option<Vec<(&str, &str)>> {
        let pairs = self.by_namespace.iter().flat_map(|(namespace, hosts)| {
            hosts.exact.iter().map(move |host| (namespace.as_str(), host.as_str()))
        });
        self.all_exact.then(|| pairs.collect())
    }

    /// The lists that may import a service of this namespace, the one of the namespace first; none
    /// if the host is taken out.
    pub(super) fn lists(&self, namespace: &str, host: &str) -> impl Iterator<Item = &Hosts> {
        let lists = [self.by_namespace.get(namespace), self.by_namespace.get(ANY)];
        let excluded = lists.iter().flatten().any(|hosts| hosts.excludes(host));
        lists.into_iter().flatten().filter(move |_| !excluded)
    }

    /// Whether a VirtualService of this namespace with these hosts is known
    /// (istio `pilot/pkg/model/virtualservice.go`, `SelectVirtualServices`).
    pub(super) fn takes_rules<'h>(
        &self,
        namespace: &str,
        mut of: impl Iterator<Item = &'h str>,
    ) -> bool {
        of.any(|host| self.lists(namespace, host).any(|hosts| hosts.takes_rules_for(host)))
    }
}

impl Hosts {
    /// Whether a service with this host is imported: its own name, or a wildcard that covers it.
    pub(super) fn takes(&self, host: &str) -> bool {
        self.exact.contains(host) || self.wildcards.iter().any(|wide| hosts::covers(wide, host))
    }

    /// Whether a rule for this host is imported; here either may be the wildcard.
    fn takes_rules_for(&self, host: &str) -> bool {
        self.exact.contains(host)
            || self.wildcards.iter().any(|wide| hosts::overlap(wide, host))
            || hosts::is_wildcard(host) && self.exact.iter().any(|it| hosts::overlap(it, host))
    }

    fn excludes(&self, host: &str) -> bool {
        self.excluded.iter().any(|wide| hosts::covers(wide, host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(words: &[&str], namespace: &str, host: &str) -> bool {
        let imports = Imports::new(words.iter().copied(), "shop");
        imports.lists(namespace, host).any(|hosts| hosts.takes(host))
    }

    #[test]
    fn a_host_is_let_in_by_namespace_and_name() {
        assert!(takes(&["*/*"], "pay", "a.b"));
        assert!(takes(&["./*"], "shop", "a.b") && !takes(&["./*"], "pay", "a.b"));
        assert!(takes(&["pay/*.b"], "pay", "a.b") && !takes(&["pay/*.b"], "pay", "b"));
        assert!(takes(&["*/a.b"], "pay", "a.b") && !takes(&["*/a.b"], "pay", "*.b"));
        assert!(!takes(&["a.b", "pay/x/a.b"], "pay", "a.b"));
    }

    #[test]
    fn a_tilde_takes_hosts_out_again() {
        assert!(!takes(&["~/*"], "pay", "a.b"));
        assert!(!takes(&["*/*", "~/a.b"], "pay", "a.b"));
        assert!(!takes(&["*/*", "~pay/*.b"], "pay", "a.b"));
        assert!(takes(&["*/*", "~pay/*.b"], "shop", "a.b"));
    }

    #[test]
    fn rules_with_a_wildcard_are_let_in_by_a_name_that_they_cover() {
        let imports = Imports::new(["shop/a.b"], "shop");
        assert!(imports.takes_rules("shop", ["x.y", "*.b"].into_iter()));
        assert!(!imports.takes_rules("shop", ["c.b"].into_iter()));
        assert!(!imports.takes_rules("pay", ["a.b"].into_iter()));
        assert_eq!(imports.only_exact(), Some(vec![("shop", "a.b")]));
        assert_eq!(Imports::everything().only_exact(), None);
    }
}
