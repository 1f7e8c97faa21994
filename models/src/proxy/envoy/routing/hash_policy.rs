//! What hashing balancers get to hash of a request.

use std::net::IpAddr;

use crate::explain::{Probe, RuleId};
use crate::units::SimDuration;

use super::super::config::{HashPolicy, HashSource};
use super::super::dice::{Dice, Purpose};
use super::super::hash::xx_hash_64;
use super::super::matching::query_value;
use super::super::request::HeaderMap;

const HASH: RuleId = RuleId("envoy.route.hash-policy");

/// A cookie that the proxy makes so that the client comes back to the same host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeCookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// How long the client keeps it; zero as long as it lives.
    pub ttl: SimDuration,
    /// The path it is for.
    pub path: Option<String>,
}

/// The hash of a request, if a policy finds something to hash; and the cookies to make.
///
/// The hashes of the policies are joined by turning what there is by one bit and mixing in the
/// next.
///
/// Source: Envoy, source/common/http/hash_policy.cc.
pub(super) fn hash(
    policies: &[HashPolicy],
    headers: &HeaderMap,
    source_ip: Option<IpAddr>,
    dice: &mut impl Dice,
    probe: &mut impl Probe,
) -> (Option<u64>, Vec<MadeCookie>) {
    let mut hash: Option<u64> = None;
    let mut cookies = Vec::new();
    for policy in policies {
        let text = hashed_text(&policy.source, headers, source_ip, dice, &mut cookies);
        probe.step(HASH, Some(policy.origin), || match &text {
            Some(text) => format!("{} is hashed: {text}", words(&policy.source)),
            None => format!("{} is missing, so nothing is hashed", words(&policy.source)),
        });
        if let Some(text) = text {
            let old = hash.map_or(0, |hash| hash.rotate_left(1));
            hash = Some(old ^ xx_hash_64(text.as_bytes(), 0));
        }
        if policy.terminal && hash.is_some() {
            break;
        }
    }
    (hash, cookies)
}

/// The text that a policy hashes.
fn hashed_text(
    source: &HashSource,
    headers: &HeaderMap,
    source_ip: Option<IpAddr>,
    dice: &mut impl Dice,
    cookies: &mut Vec<MadeCookie>,
) -> Option<String> {
    match source {
        HashSource::Header(name) => {
            let mut values: Vec<&str> = headers.all(name).collect();
            // Sorted, so that the order of repeated headers does not matter.
            values.sort_unstable();
            (!values.is_empty()).then(|| values.concat())
        }
        HashSource::Cookie { name, ttl, path } => {
            let known = cookie(headers, name).filter(|value| !value.is_empty());
            if let Some(value) = known {
                return Some(value.to_owned());
            }
            // Envoy hashes the addresses and ports of the connection, which differ for each.
            let ttl = (*ttl)?;
            let value = format!("{:016x}", dice.roll(Purpose::Balance));
            cookies.push(MadeCookie {
                name: name.clone(),
                value: value.clone(),
                ttl,
                path: path.clone(),
            });
            Some(value)
        }
        HashSource::SourceIp => source_ip.map(|ip| ip.to_string()),
        HashSource::QueryParameter(name) => {
            query_value(headers.get(":path")?, name).map(str::to_owned)
        }
    }
}

/// The value of a cookie, without quotes.
///
/// Source: Envoy, `Http::Utility::parseCookieValue`.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.all("cookie").flat_map(|line| line.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.find(|(known, _)| *known == name).map(|(_, value)| value)?;
    Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

fn words(source: &HashSource) -> String {
    match source {
        HashSource::Header(name) => format!("header {name}"),
        HashSource::Cookie { name, .. } => format!("cookie {name}"),
        HashSource::SourceIp => "the address of the client".to_owned(),
        HashSource::QueryParameter(name) => format!("query parameter {name}"),
    }
}
