//! Stories of requests and their routes.

mod actions;
mod headers;
mod selection;
pub(crate) mod testing;
