//! What a mesh decides, as pure functions; when it happens is `meshwalk-sim`'s business.
//!
//! Nothing in this crate reads a clock, draws a random number, touches a file or starts a
//! thread: time, random draws and file contents come in as arguments, so the same inputs give
//! the same answer and the same explanation on every machine.

pub mod control;
pub mod cost;
pub mod explain;
pub mod flip;
pub mod identity;
pub mod lookup;
pub mod manifest;
pub mod path;
pub mod policy;
pub mod probes;
pub mod profile;
pub mod proxy;
pub mod reach;
pub mod support;
pub mod token;
pub mod units;
pub mod walk;
pub mod world;
