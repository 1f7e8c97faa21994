//! Decisions that carry their reasons, and the catalogue of the rules behind them.
//!
//! Decides nothing itself; every other room returns these types.
