//! Ranges of addresses in policies: CIDR blocks with exceptions.

use ipnet::IpNet;

use crate::manifest::diagnostic::quoted;
use crate::manifest::fields::Fields;
use crate::manifest::{Diagnostic, Located};

/// `ipBlock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpBlock {
    /// The range.
    pub range: Located<IpNet>,
    /// What is taken out of it; each lies within the range.
    pub except: Vec<Located<IpNet>>,
}

/// An `ipBlock`; `None`, with findings, if a part of it is wrong: without an exception it would let
/// more through (kubernetes pkg/apis/networking/validation, `ValidateIPBlock`).
pub(super) fn read_block(block: &mut Fields<'_, '_, '_, '_>) -> Option<IpBlock> {
    let errors = block.errors();
    let range = block.required_string("cidr").and_then(|text| read_range(block, &text));
    let texts = block.strings("except");
    let except: Vec<_> = texts.iter().filter_map(|text| read_range(block, text)).collect();
    let range = range?;
    for out in &except {
        let is_within = range.contains(&out.value) && range.prefix_len() < out.prefix_len();
        if !is_within {
            let message = format!("`except` {} does not lie within the block", out.value);
            block.add(
                Diagnostic::error("manifest.except-outside", message)
                    .at(out.place, "the whole block is taken to match nothing")
                    .at(range.place, format!("the block is {}", range.value))
                    .help("a cluster refuses this object; name a part of the block"),
            );
        }
    }
    (block.errors() == errors).then_some(IpBlock { range, except })
}

/// A range in CIDR notation, with a finding if it is none.
pub(super) fn read_range(
    fields: &mut Fields<'_, '_, '_, '_>,
    text: &Located<String>,
) -> Option<Located<IpNet>> {
    let Ok(range) = text.value.parse::<IpNet>() else {
        let message = format!("{} is no range of addresses", quoted(&text.value));
        let mut finding = Diagnostic::error("manifest.invalid-cidr", message)
            .at(text.place, "taken to match nothing");
        finding.help = Some(match text.value.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(_)) => format!("write `{}/32` for one address", text.value),
            Ok(std::net::IpAddr::V6(_)) => format!("write `{}/128` for one address", text.value),
            Err(_) => "write an address, a slash and the length of the prefix, such as \
                       `10.0.0.0/8` or `fd00::/8`"
                .to_owned(),
        });
        fields.add(finding);
        return None;
    };
    if range != range.trunc() {
        let message = format!("{} is no beginning of a block", quoted(&text.value));
        fields.add(
            Diagnostic::warning("manifest.loose-cidr", message)
                .at(text.place, format!("read as `{}`", range.trunc()))
                .help(format!(
                    "write `{}`, or a longer prefix if one host is meant",
                    range.trunc()
                )),
        );
    }
    Some(Located::new(range.trunc(), text.place))
}
