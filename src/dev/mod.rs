//! What a developer needs and production does not: the Meta simulator and a private MongoDB.

pub mod simulator;
