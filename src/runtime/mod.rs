//! How work runs: who owns a task (`supervisor`), work that comes round (`worker`), many
//! callers served by one write (`batch`), and whether the process should be given work (`readiness`).
//!
//! Mechanism only: nothing here knows what the work is about.

pub mod supervisor;
pub mod worker;
pub mod batch;
pub mod readiness;
pub mod crash;

pub use batch::Batcher;
pub use readiness::Readiness;
pub use supervisor::{OnEnd, Stop, Supervisor};
pub use worker::{Nudge, Pulse, Worker};
