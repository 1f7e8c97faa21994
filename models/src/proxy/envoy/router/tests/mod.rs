//! Stories of single requests, and the laws of all of them.

mod clockwork;
mod laws;
mod retries;
mod rig;
mod timeouts;
