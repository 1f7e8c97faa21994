//! The terminal interface: one cursor in the log of a run, and screens that are pure functions of
//! it. It computes no mesh behaviour.

#[expect(dead_code, unused_imports, reason = "the screens that speak come with their own commits")]
pub(crate) mod wording;
