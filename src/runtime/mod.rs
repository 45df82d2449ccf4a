//! How work runs: who owns a task (`supervisor`), work that comes round (`worker`), many
//! callers served by one round of work (`rounds`), and whether the process should be given work (`readiness`).
//!
//! Mechanism only: nothing here knows what the work is about.

pub mod supervisor;
pub mod worker;
pub mod rounds;
pub mod readiness;
pub mod crash;

pub use readiness::Readiness;
pub use rounds::Rounds;
pub use supervisor::{OnEnd, Stop, Supervisor};
pub use worker::{Nudge, Pulse, Worker};
