//! Stories of requests and filters.

mod access;
mod answers;
mod external;
mod faults;
mod testing;
mod tokens;
