//! What a developer needs and production does not: a private MongoDB (`mongod`) and the Meta simulator.

pub mod mongod;
pub mod simulator;
