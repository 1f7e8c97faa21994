//! End-to-end stories: the scenarios of the repository, the binary, and what README says.
//!
//! What one part decides is tested beside that part.

mod shapes;
