//! The addresses of IPv4, cut where a range begins or ends: the analyser looks at no others.

use std::net::Ipv4Addr;

use ipnet::IpNet;

/// The first and the last address of each piece, in order.
pub(super) fn pieces(ranges: &[IpNet]) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    let of_v4 = ranges.iter().filter_map(|range| match range {
        IpNet::V4(range) => Some(range),
        IpNet::V6(_) => None,
    });
    let mut cuts = vec![0];
    for range in of_v4 {
        cuts.push(u32::from(range.network()));
        cuts.extend(u32::from(range.broadcast()).checked_add(1));
    }
    cuts.sort_unstable();
    cuts.dedup();
    let last = |at: usize| cuts.get(at + 1).map_or(u32::MAX, |next| next - 1);
    let pieces = cuts.iter().enumerate();
    pieces.map(|(at, first)| (Ipv4Addr::from(*first), Ipv4Addr::from(last(at)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_in_exactly_one_piece() {
        let ranges = ["10.0.0.0/8", "10.1.0.0/16", "255.0.0.0/8", "fd00::/8"];
        let ranges = ranges.map(|text| text.parse().expect("a range"));
        let shown: Vec<_> =
            pieces(&ranges).iter().map(|(first, last)| format!("{first}-{last}")).collect();
        assert_eq!(
            shown,
            [
                "0.0.0.0-9.255.255.255",
                "10.0.0.0-10.0.255.255",
                "10.1.0.0-10.1.255.255",
                "10.2.0.0-10.255.255.255",
                "11.0.0.0-254.255.255.255",
                "255.0.0.0-255.255.255.255"
            ]
        );
    }
}
