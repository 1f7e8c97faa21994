//! Stories of requests and filters.

mod access;
mod answers;
mod faults;
mod testing;
