//! Objects as keys of a view, and back.

use meshwalk_sim::flow::inspect::{Object, Slot};

/// The key of an object, such as `pod 3` or `connection 12.0`.
pub(super) fn of(object: Object) -> String {
    let kind = object.kind();
    match object {
        Object::Source(row)
        | Object::Pod(row)
        | Object::Proxy(row)
        | Object::Cluster(row)
        | Object::Pool(row)
        | Object::Tunnels(row)
        | Object::Edge(row)
        | Object::Service(row) => format!("{kind} {row}"),
        Object::Filters { pod, manager } => format!("{kind} {pod}.{manager}"),
        Object::Connection(Slot { slot, generation })
        | Object::Try(Slot { slot, generation })
        | Object::Attempt(Slot { slot, generation }) => format!("{kind} {slot}.{generation}"),
    }
}

/// The object of a key.
pub(super) fn object(key: &str) -> Option<Object> {
    let (kind, rest) = key.split_once(' ')?;
    let (first, second) = match rest.split_once('.') {
        Some((first, second)) => (first.parse().ok()?, second.parse().ok()?),
        None => (rest.parse().ok()?, 0),
    };
    let slot = Slot { slot: first, generation: second };
    Some(match kind {
        "source" => Object::Source(first),
        "pod" => Object::Pod(first),
        "proxy" => Object::Proxy(first),
        "cluster" => Object::Cluster(first),
        "filters" => Object::Filters { pod: first, manager: second },
        "pool" => Object::Pool(first),
        "connection" => Object::Connection(slot),
        "tunnels" => Object::Tunnels(first),
        "try" => Object::Try(slot),
        "attempt" => Object::Attempt(slot),
        "edge" => Object::Edge(first),
        "service" => Object::Service(first),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_found_by_its_key() {
        let slot = Slot { slot: 12, generation: 3 };
        for known in [
            Object::Source(0),
            Object::Pod(7),
            Object::Proxy(1),
            Object::Cluster(4),
            Object::Filters { pod: 2, manager: 1 },
            Object::Pool(9),
            Object::Connection(slot),
            Object::Tunnels(5),
            Object::Try(slot),
            Object::Attempt(slot),
            Object::Edge(3),
            Object::Service(8),
        ] {
            assert_eq!(object(&of(known)), Some(known));
        }
        assert_eq!(object("teapot 1"), None);
        assert_eq!(object("pod x"), None);
    }
}
