//! How work runs: who owns a task (`supervisor`), and work that comes round (`worker`).
//!
//! Mechanism only: nothing here knows what the work is about.

pub mod supervisor;
pub mod worker;

pub use supervisor::{OnEnd, Stop, Supervisor};
pub use worker::{Pulse, Worker};
