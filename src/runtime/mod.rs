//! How work runs: who owns a task (`supervisor`), work that comes round (`worker`), many
//! callers served by one round of work (`rounds`), whether the process should be given work
//! (`readiness`), and whether it has more of it than it can do at once (`pressure`).
//!
//! Mechanism only: nothing here knows what the work is about.

pub mod supervisor;
pub mod worker;
pub mod rounds;
pub mod readiness;
pub mod pressure;
pub mod crash;

pub use pressure::Pressure;
pub use readiness::Readiness;
pub use rounds::Rounds;
pub use supervisor::{OnEnd, Stop, Supervisor};
pub use worker::{Nudge, Pulse, Worker};
