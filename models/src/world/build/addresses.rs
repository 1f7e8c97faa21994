//! Synthetic addresses, stable by name. Declared addresses are left to their owners.
//!
//! An address is a hash of the owner's name into a private range, so that an unrelated object
//! changes no address. Two names that meet in one address are rare in ranges this large; then
//! the one that comes first by name keeps it and the other takes the next free one.

use std::net::{IpAddr, Ipv4Addr};

use crate::lookup::LookupMap;

use super::objects::ClusterObjects;

/// A range of addresses that nothing else uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    first: Ipv4Addr,
    size: u32,
}

/// Pods: 10.128.0.0/9.
pub(super) const PODS: Range = Range { first: Ipv4Addr::new(10, 128, 0, 0), size: 1 << 23 };
/// Services: 10.96.0.0/11, which begins as kubeadm's default does.
pub(super) const SERVICES: Range = Range { first: Ipv4Addr::new(10, 96, 0, 0), size: 1 << 21 };
/// Nodes: 10.0.0.0/10.
pub(super) const NODES: Range = Range { first: Ipv4Addr::new(10, 0, 0, 0), size: 1 << 22 };
/// Hosts outside: 198.18.0.0/15, which RFC 2544 sets aside for tests.
pub(super) const OUTSIDE: Range = Range { first: Ipv4Addr::new(198, 18, 0, 0), size: 1 << 17 };

/// Which addresses are taken.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    taken: LookupMap<u32, ()>,
}

impl Addresses {
    /// No synthetic address equals one that a manifest declares.
    pub(super) fn reserving(clusters: &[ClusterObjects<'_>]) -> Self {
        let mut addresses = Self::default();
        for cluster in clusters {
            let pods = cluster.pods.values().filter_map(|pod| pod.pod_ip.as_ref());
            let services = cluster.services.values().filter_map(|svc| svc.cluster_ip.as_ref());
            let nodes = cluster.nodes.values().filter_map(|node| node.internal_ip.as_ref());
            for text in pods.chain(services).chain(nodes) {
                if let Ok(address) = text.value.parse::<Ipv4Addr>() {
                    addresses.taken.insert(u32::from(address), ());
                }
            }
        }
        addresses
    }

    /// The address of the entity with the stable hash `name`.
    pub(super) fn claim(&mut self, range: Range, name: u64) -> IpAddr {
        let first = u32::from(range.first);
        let start = u32::try_from(name % u64::from(range.size)).expect("a range is below 2^32");
        let mut offset = start;
        loop {
            let octet = offset & 0xff;
            // The ends of a /24 look like network and broadcast addresses to readers.
            if octet != 0 && octet != 255 && self.taken.insert(first + offset, ()).is_none() {
                break;
            }
            offset = (offset + 1) % range.size;
            assert!(offset != start, "limits on objects keep every address range from filling");
        }
        IpAddr::V4(Ipv4Addr::from(first + offset))
    }
}

/// A hash of names that is the same on every machine and in every version: FNV-1a with a final
/// mix, as its low bits alone are weak.
pub(super) fn stable_hash(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        // 0xff ends a part: it occurs in no UTF-8 text.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_address_sends_the_second_owner_to_the_next_one() {
        let mut addresses = Addresses::default();
        let first = addresses.claim(PODS, 77);
        let second = addresses.claim(PODS, 77);
        assert_eq!(first.to_string(), "10.128.0.77");
        assert_eq!(second.to_string(), "10.128.0.78");
    }

    #[test]
    fn no_address_ends_in_0_or_255() {
        let mut addresses = Addresses::default();
        assert_eq!(addresses.claim(NODES, 255).to_string(), "10.0.1.1");
    }

    #[test]
    fn the_hash_is_frozen() {
        // Another value would move every pod and address of every world.
        assert_eq!(stable_hash(&["shop", "cart"]), stable_hash(&["shop", "cart"]));
        assert_ne!(stable_hash(&["shop", "cart"]), stable_hash(&["shopc", "art"]));
        assert_eq!(stable_hash(&["cart"]), 9_589_977_732_758_206_289);
    }
}
