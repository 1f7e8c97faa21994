//! End-to-end stories: the scenarios of the repository and the binary under good and bad input.
//!
//! What one part decides is tested beside that part; what README says, in `readme.rs`.

mod ambient_questions;
mod bad_input;
mod binary;
mod data_paths;
mod determinism;
mod exit_codes;
mod expectations;
mod explore_files;
mod explore_story;
mod explore_terminal;
mod gateway_api;
mod gateway_conformance;
mod house;
mod istio_simulation;
mod json;
mod manifests;
mod netpol_conformance;
mod oracle;
mod output;
mod paths;
mod policy_questions;
mod pty;
mod questions;
mod reach;
mod samples;
mod shapes;
mod step;
mod tokens;
mod waypoints;
