//! Objects of Istio's kinds with their namespaces, in the order in which the older one wins, and
//! who may see them. What they mean is said elsewhere.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::manifest::Located;
use crate::manifest::kinds::{Labels, ObjectMeta};
use crate::world::Origin;

/// An object and the namespace that it lies in.
#[derive(Clone, Debug)]
pub struct Config<T> {
    /// Its namespace: the one it names, or the default of its cluster's manifests.
    pub namespace: String,
    /// The object.
    pub object: T,
}

/// What every object has.
pub trait HasMeta {
    /// Its metadata.
    fn meta(&self) -> &ObjectMeta;
}

macro_rules! have_meta {
    ($($kind:ident),* $(,)?) => {$(
        impl HasMeta for crate::manifest::kinds::istio::$kind {
            fn meta(&self) -> &ObjectMeta {
                &self.meta
            }
        }
    )*};
}

have_meta!(
    AuthorizationPolicy,
    DestinationRule,
    Gateway,
    MeshConfigMap,
    PeerAuthentication,
    ProxyConfigObject,
    RequestAuthentication,
    ServiceEntry,
    Sidecar,
    Unmodelled,
    VirtualService,
    WorkloadEntry,
);

impl<T: HasMeta> Config<T> {
    /// `namespace/name`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}/{}", self.namespace, self.object.meta().name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.object.meta().name.value
    }

    /// Where it stands.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::Manifest(self.object.meta().place)
    }
}

/// The older one first, then by name and namespace, as Istio sorts (istio
/// `pilot/pkg/model/push_context.go`, `sortConfigByCreationTime`). An object without a time counts
/// as yet to be created, so it comes last; in Istio every object has one.
pub fn oldest_first<T: HasMeta>(one: &Config<T>, other: &Config<T>) -> Ordering {
    let age = |config: &Config<T>| {
        let created = config.object.meta().created.map(|time| time.value);
        (created.is_none(), created)
    };
    let name = |config: &Config<T>| (config.name().to_owned(), config.namespace.clone());
    age(one).cmp(&age(other)).then_with(|| name(one).cmp(&name(other)))
}

/// Whether the age of two objects is known, so that a rule by which the older one wins can be
/// trusted.
#[must_use]
pub fn ages_are_known<T: HasMeta>(one: &Config<T>, other: &Config<T>) -> bool {
    one.object.meta().created.is_some() && other.object.meta().created.is_some()
}

/// Whether `labels` has all that `selector` asks for.
#[must_use]
pub fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key).is_some_and(|label| label == value))
}

/// The namespaces that see an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTo {
    /// `*`.
    everybody: bool,
    /// `.`, or the object's own namespace.
    own: bool,
    /// Others by name.
    namespaces: BTreeSet<String>,
}

impl ExportTo {
    /// Everybody.
    pub const PUBLIC: Self = Self { everybody: true, own: false, namespaces: BTreeSet::new() };

    /// `exportTo` of an object; an empty list takes `default`.
    #[must_use]
    pub fn of(list: &[Located<String>], default: &Self) -> Self {
        if list.is_empty() {
            return default.clone();
        }
        Self::of_words(list.iter().map(|word| word.value.as_str()))
    }

    /// From words: `*`, `.`, `~` for nobody, or namespaces.
    pub fn of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut export = Self { everybody: false, own: false, namespaces: BTreeSet::new() };
        for word in words.into_iter().map(str::trim) {
            match word {
                "*" => export.everybody = true,
                "." => export.own = true,
                "~" | "" => {}
                namespace => {
                    export.namespaces.insert(namespace.to_owned());
                }
            }
        }
        export
    }

    /// Whether an object of `namespace` is seen from `client`.
    #[must_use]
    pub fn reaches(&self, namespace: &str, client: &str) -> bool {
        self.everybody || (self.own && namespace == client) || self.namespaces.contains(client)
    }

    /// Whether everybody sees it.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.everybody
    }

    /// Whether nobody but `namespace`, its own, sees it.
    #[must_use]
    pub fn is_private(&self, namespace: &str) -> bool {
        !self.everybody && self.namespaces.iter().all(|it| it == namespace)
    }

    /// The namespaces that see an object of `namespace`, unless everybody does.
    pub fn listed<'e>(&'e self, namespace: &'e str) -> impl Iterator<Item = &'e str> {
        let own = self.own && !self.namespaces.contains(namespace);
        self.namespaces.iter().map(String::as_str).chain(own.then_some(namespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_seen_where_it_is_exported_to() {
        let sees = |words: &[&str], client| {
            ExportTo::of_words(words.iter().copied()).reaches("shop", client)
        };
        assert!(sees(&["*"], "pay"));
        assert!(sees(&["."], "shop") && !sees(&["."], "pay"));
        assert!(sees(&["pay"], "pay") && !sees(&["pay"], "shop"));
        assert!(!sees(&["~"], "shop"));
        assert!(ExportTo::of_words(["shop"]).is_private("shop"));
        assert_eq!(ExportTo::of(&[], &ExportTo::PUBLIC), ExportTo::PUBLIC);
    }
}
