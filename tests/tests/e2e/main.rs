//! End-to-end stories: the scenarios of the repository and the binary under good and bad input.
//!
//! What one part decides is tested beside that part; what README says, in `readme.rs`.

mod house;
mod manifests;
mod shapes;
