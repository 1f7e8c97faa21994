//! Who a workload is: its SPIFFE id, made of trust domain, namespace and service account. Who has
//! which id, and whether a peer believes it, is decided elsewhere.

use std::fmt;
use std::str::FromStr;

/// An id of a workload of Istio, such as `spiffe://cluster.local/ns/shop/sa/cart` (istio
/// `pkg/spiffe/spiffe.go`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    /// Such as `cluster.local`.
    pub trust_domain: String,
    /// The namespace of the workload.
    pub namespace: String,
    /// Its service account.
    pub service_account: String,
}

/// What ids begin with.
const SCHEME: &str = "spiffe://";

/// The longest id, in bytes (SPIFFE-ID.md, "Maximum SPIFFE ID length").
const LENGTH_MAX: usize = 2048;

/// The longest trust domain, in bytes (SPIFFE-ID.md, "Trust domain").
const DOMAIN_LENGTH_MAX: usize = 255;

/// Why a text is no id of a workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpiffeIdError {
    /// It does not begin with `spiffe://`.
    #[error("an identity begins with `spiffe://`")]
    Scheme,
    /// It is longer than ids may be.
    #[error("an identity has at most {LENGTH_MAX} bytes, and a trust domain {DOMAIN_LENGTH_MAX}")]
    Length,
    /// Its trust domain holds what it may not hold.
    #[error("`{0}` is no trust domain: small letters, digits, dots, hyphens and underscores")]
    TrustDomain(String),
    /// Its path does not name a namespace and a service account.
    #[error("the path of an identity is `/ns/NAMESPACE/sa/ACCOUNT`")]
    Path,
}

impl SpiffeId {
    /// The id of a workload.
    ///
    /// # Errors
    /// If a part holds what it may not hold.
    pub fn new(
        trust_domain: &str,
        namespace: &str,
        service_account: &str,
    ) -> Result<Self, SpiffeIdError> {
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        if trust_domain.is_empty() || !trust_domain.bytes().all(fits) {
            return Err(SpiffeIdError::TrustDomain(trust_domain.to_owned()));
        }
        if !is_segment(namespace) || !is_segment(service_account) {
            return Err(SpiffeIdError::Path);
        }
        let id = Self {
            trust_domain: trust_domain.to_owned(),
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
        };
        let too_long = trust_domain.len() > DOMAIN_LENGTH_MAX || id.to_string().len() > LENGTH_MAX;
        if too_long { Err(SpiffeIdError::Length) } else { Ok(id) }
    }

    /// Without `spiffe://`, as policies of Istio name it.
    #[must_use]
    pub fn principal(&self) -> String {
        let Self { trust_domain, namespace, service_account } = self;
        format!("{trust_domain}/ns/{namespace}/sa/{service_account}")
    }

    /// Whether both are one workload where the trust domains of `aliases` stand for each other.
    #[must_use]
    pub fn is_alias_of(&self, other: &Self, aliases: &[&str]) -> bool {
        let one_domain = |domain: &str| aliases.contains(&domain);
        let same_domain = self.trust_domain == other.trust_domain
            || (one_domain(&self.trust_domain) && one_domain(&other.trust_domain));
        same_domain
            && self.namespace == other.namespace
            && self.service_account == other.service_account
    }
}

/// A segment of a path (SPIFFE-ID.md, "Path").
fn is_segment(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !text.is_empty() && text != "." && text != ".." && text.bytes().all(fits)
}

impl FromStr for SpiffeId {
    type Err = SpiffeIdError;

    fn from_str(text: &str) -> Result<Self, SpiffeIdError> {
        if text.len() > LENGTH_MAX {
            return Err(SpiffeIdError::Length);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(SpiffeIdError::Scheme)?;
        let parts: Vec<_> = rest.split('/').collect();
        match parts[..] {
            [domain, "ns", namespace, "sa", account] => Self::new(domain, namespace, account),
            _ => Err(SpiffeIdError::Path),
        }
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.principal())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_identity_has_three_parts_and_nothing_else() {
        let id: SpiffeId = "spiffe://cluster.local/ns/shop/sa/cart".parse().expect("an id");
        assert_eq!((id.namespace.as_str(), id.service_account.as_str()), ("shop", "cart"));
        assert_eq!(id.principal(), "cluster.local/ns/shop/sa/cart");
        for (text, error) in [
            ("cluster.local/ns/shop/sa/cart", SpiffeIdError::Scheme),
            ("spiffe://cluster.local/ns/shop", SpiffeIdError::Path),
            ("spiffe://cluster.local/ns/shop/sa/cart/x", SpiffeIdError::Path),
            ("spiffe://cluster.local/ns//sa/cart", SpiffeIdError::Path),
            ("spiffe://cluster.local/ns/../sa/cart", SpiffeIdError::Path),
            ("spiffe://Cluster/ns/a/sa/b", SpiffeIdError::TrustDomain("Cluster".to_owned())),
            ("spiffe:///ns/a/sa/b", SpiffeIdError::TrustDomain(String::new())),
        ] {
            assert_eq!(text.parse::<SpiffeId>(), Err(error), "{text}");
        }
        let long = "a".repeat(2048);
        assert_eq!(SpiffeId::new("a", &long, "b"), Err(SpiffeIdError::Length));
        assert_eq!(format!("spiffe://{long}").parse::<SpiffeId>(), Err(SpiffeIdError::Length));
    }

    #[test]
    fn aliases_of_a_trust_domain_name_the_same_workload() {
        let id = |domain| SpiffeId::new(domain, "shop", "cart").expect("an id");
        let aliases = ["new.example", "old.example"];
        assert!(id("new.example").is_alias_of(&id("old.example"), &aliases));
        assert!(!id("new.example").is_alias_of(&id("other.example"), &aliases));
        let other = SpiffeId::new("new.example", "shop", "web").expect("an id");
        assert!(!id("new.example").is_alias_of(&other, &aliases));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(
            domain in "[a-z0-9._-]{1,20}", namespace in "[a-z][a-z0-9-]{0,9}", account in "[a-z][a-z0-9.-]{0,9}",
        ) {
            let id = SpiffeId::new(&domain, &namespace, &account).expect("an id");
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,60}") {
            if let Ok(id) = text.parse::<SpiffeId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
