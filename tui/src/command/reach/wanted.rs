//! Whom `--from`, `--to` and `--external` mean.

use std::net::IpAddr;

use ipnet::IpNet;
use meshwalk_models::manifest::nearest;
use meshwalk_models::reach::{Ask, Party, PartyKind, Wanted};
use meshwalk_models::walk::full_name;

use crate::cli::ReachArgs;
use crate::failure::Failure;

use super::super::mesh::Mesh;
use super::everybody;

/// The ranges that are asked about; those that callers and servers are named by are among them.
pub(super) fn ranges(args: &ReachArgs) -> Result<Vec<IpNet>, Failure> {
    let mut ranges = Vec::new();
    for text in &args.external {
        let range = range(text).ok_or_else(|| {
            Failure::new(format!("`{text}` is no range of addresses"))
                .help("write --external 203.0.113.0/24")
        })?;
        ranges.push(range);
    }
    ranges.extend(args.from.iter().chain(&args.to).filter_map(|text| range(text)));
    ranges.sort();
    ranges.dedup();
    Ok(ranges)
}

fn range(text: &str) -> Option<IpNet> {
    let net: Option<IpNet> = text.parse().ok();
    let range = net.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(range.trunc())
}

/// The names of callers and of servers that are asked about.
type Sides = (Option<Wanted>, Option<Wanted>);

/// Whom the arguments mean.
pub(super) fn sides(args: &ReachArgs, mesh: &Mesh, ask: &Ask<'_>) -> Result<Sides, Failure> {
    let found = sides_or_nobody(args, mesh, ask)?;
    somebody(args, &found.0, &found.1)?;
    Ok(found)
}

/// The same, where it is no error that nobody has a name: another configuration may have them.
pub(super) fn sides_or_nobody(
    args: &ReachArgs,
    mesh: &Mesh,
    ask: &Ask<'_>,
) -> Result<Sides, Failure> {
    if args.from.is_empty() && args.to.is_empty() {
        return Ok((None, None));
    }
    let all = everybody(mesh, ask);
    let side = |texts: &[String]| -> Result<Option<Wanted>, Failure> {
        if texts.is_empty() {
            return Ok(None);
        }
        let mut wanted = Wanted::new();
        for text in texts {
            wanted.extend(named(args, mesh, &all, text)?);
        }
        Ok(Some(wanted))
    };
    Ok((side(&args.from)?, side(&args.to)?))
}

/// Whether the names mean anybody at all.
pub(super) fn somebody(
    args: &ReachArgs,
    from: &Option<Wanted>,
    to: &Option<Wanted>,
) -> Result<(), Failure> {
    for (texts, found) in [(&args.from, from), (&args.to, to)] {
        if found.as_ref().is_some_and(Wanted::is_empty) {
            return Err(Failure::new(format!("nobody is called `{}`", texts.join("` or `"))));
        }
    }
    Ok(())
}

/// Adds the names of one configuration to those of another.
pub(super) fn join(names: &mut Option<Wanted>, more: Option<Wanted>) {
    if let (Some(names), Some(more)) = (names, more) {
        names.extend(more);
    }
}

fn named(args: &ReachArgs, mesh: &Mesh, all: &[Party], text: &str) -> Result<Vec<String>, Failure> {
    let kind = |kind| all.iter().filter(move |party| party.kind == kind);
    let names = |parties: Vec<&Party>| parties.iter().map(|party| party.name.clone()).collect();
    if let Some(range) = range(text) {
        let inside = |party: &&Party| party.name.split(", ").any(|part| lies_in(part, &range));
        return Ok(names(kind(PartyKind::Range).filter(inside).collect()));
    }
    match text {
        "outside" => return Ok(names(kind(PartyKind::Range).collect())),
        "ingress" => {
            let found: Vec<_> = kind(PartyKind::IngressController).collect();
            return match found.is_empty() && args.diff.is_empty() {
                true => Err(Failure::new("no Ingress and no Route is there")),
                false => Ok(names(found)),
            };
        }
        _ => {}
    }
    if let Some(namespace) = text.strip_suffix("/*") {
        let here = |party: &&Party| party.namespace.as_deref() == Some(namespace);
        let found: Vec<_> = kind(PartyKind::Workload).filter(here).collect();
        if found.is_empty() && args.diff.is_empty() {
            let known = all.iter().filter_map(|party| party.namespace.as_deref());
            let failure = Failure::new(format!("no workload is in namespace `{namespace}`"));
            return Err(match nearest(namespace, known) {
                Some(near) => failure.help(format!("did you mean {near}/*?")),
                None => failure,
            });
        }
        return Ok(names(found));
    }
    match mesh.caller(args.namespace.as_deref(), text) {
        Ok(caller) => {
            let name = full_name(&mesh.world, caller.workload);
            let part = format!("{name}[");
            let fits = |party: &&Party| party.name == name || party.name.starts_with(&part);
            Ok(names(kind(PartyKind::Workload).filter(fits).collect()))
        }
        Err(_) if !args.diff.is_empty() => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// Whether a part of a range's name lies in a range.
fn lies_in(part: &str, range: &IpNet) -> bool {
    match part.split_once('-') {
        Some((first, last)) => {
            [first, last].iter().all(|ip| ip.parse::<IpAddr>().is_ok_and(|ip| range.contains(&ip)))
        }
        None => part.parse::<IpNet>().is_ok_and(|net| range.contains(&net)),
    }
}
