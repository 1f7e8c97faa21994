//! Host names in Istio's kinds: short names, wildcards, and which of two covers the other. Which
//! hosts exist is the registry's business.

/// The whole name of a host that was written in an object of `namespace`
/// (istio `pilot/pkg/model/config.go`, `ResolveShortnameToFQDN`): a name without a dot is a Service
/// of that namespace, and `*` stays. An empty domain leaves `.svc` away too.
#[must_use]
pub fn qualified(host: &str, namespace: &str, domain: &str) -> String {
    if host.is_empty() || host == "*" || host.contains(['.', ':']) {
        host.to_owned()
    } else if domain.is_empty() {
        format!("{host}.{namespace}")
    } else {
        format!("{host}.{namespace}.svc.{domain}")
    }
}

/// Whether a host stands for several: `*` or `*.suffix`.
#[must_use]
pub fn is_wildcard(host: &str) -> bool {
    host.starts_with('*')
}

/// Whether two hosts, each perhaps a wildcard, have a name in common
/// (istio `pkg/config/host/name.go`, `Matches`).
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    match (one.strip_prefix('*'), other.strip_prefix('*')) {
        (Some(one), Some(other)) => one.ends_with(other) || other.ends_with(one),
        (Some(suffix), None) => other.ends_with(suffix),
        (None, Some(suffix)) => one.ends_with(suffix),
        (None, None) => one == other,
    }
}

/// Whether all names of `narrow` are names of `wide` (the same file, `SubsetOf`).
#[must_use]
pub fn covers(wide: &str, narrow: &str) -> bool {
    match (wide.strip_prefix('*'), narrow.strip_prefix('*')) {
        (Some(wide), Some(narrow)) => narrow.len() >= wide.len() && narrow.ends_with(wide),
        (Some(suffix), None) => narrow.ends_with(suffix),
        (None, Some(_)) => false,
        (None, None) => wide == narrow,
    }
}

/// The hosts that two lists have in common, the narrower of each pair, in the order of the first
/// list (istio `pkg/config/host/names.go`, `Intersection`).
#[must_use]
pub fn intersection<'h>(ones: &[&'h str], others: &[&'h str]) -> Vec<&'h str> {
    let mut common: Vec<&str> = Vec::new();
    for &one in ones {
        for &other in others {
            let narrow = match (covers(other, one), covers(one, other)) {
                (true, _) => one,
                (false, true) => other,
                (false, false) => continue,
            };
            if !common.contains(&narrow) {
                common.push(narrow);
            }
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_belongs_to_the_namespace_of_the_object_that_names_it() {
        assert_eq!(qualified("web", "shop", "cluster.local"), "web.shop.svc.cluster.local");
        assert_eq!(qualified("web", "shop", ""), "web.shop");
        for whole in ["web.shop", "*", "*.example.com", "10.0.0.1", "fd00::1"] {
            assert_eq!(qualified(whole, "shop", "cluster.local"), whole);
        }
    }

    #[test]
    fn wildcards_overlap_where_one_suffix_ends_the_other() {
        for (one, other, expected) in [
            ("*", "a.b", true),
            ("*.b", "a.b", true),
            ("*.b", "b", false),
            ("*.a.b", "*.b", true),
            ("*.a", "*.b", false),
            ("a.b", "a.b", true),
            ("a.b", "c.b", false),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn the_narrower_of_two_hosts_is_what_they_have_in_common() {
        assert!(covers("*.b", "*.a.b") && !covers("*.a.b", "*.b") && !covers("a.b", "*.b"));
        assert_eq!(intersection(&["*.b"], &["a.b", "c.d"]), ["a.b"]);
        assert_eq!(intersection(&["a.b", "c.b"], &["*.b"]), ["a.b", "c.b"]);
        assert_eq!(intersection(&["*"], &["*"]), ["*"]);
    }
}
