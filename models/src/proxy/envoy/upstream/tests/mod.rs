//! Stories of one cluster in one proxy.

mod balance;
mod breaker;
mod hashing;
mod laws;
mod locality;
mod subset;
mod update;
