//! Applies the matchers of the configuration to strings, paths, headers and query parameters.
//! What follows from a match is the business of `routing`, `filters` and `router`.
//!
//! The matchers say what they test with `Display`, in words that fit into a finding.

mod describe;
mod header;
mod path;
mod query;
mod string;
mod template;

pub use header::is_grpc;
pub(crate) use query::query_value;

#[cfg(test)]
mod tests;
