//! Stories and laws of waterfalls, told on real runs.

mod laws;
mod rig;
mod stories;
mod ways;
