//! `pesan serve`: the service.

use tracing::{info, warn};

use super::{Exit, Failure, watch_signals};
use crate::app::{App, Ended, StopRequest, Surroundings};
use crate::config::{Config, Source};
#[cfg(feature = "dev")]
use crate::runtime::crash;
use crate::telemetry::logs;

pub(super) async fn run(source: &Source) -> Result<Exit, Failure> {
    let config = Config::read(source)?;
    #[cfg(feature = "dev")]
    if let Some((point, nth)) = crate::config::dev::DevConfig::from_source(source)?.crash_at {
        crash::arm(&point, nth);
    }
    let logs =
        logs::start(&config.telemetry).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let warnings = config.warnings();
    let stop = StopRequest::default();
    // Both arms are cancel-safe: a service that is not built yet has promised nothing, and the signals never end.
    let app = tokio::select! {
        app = App::build(config, Surroundings::default()) => app?,
        () = watch_signals(&stop) => return Ok(Exit::Done),
        () = stop.requested() => return Ok(Exit::Done),
    };
    for warning in warnings {
        warn!("{warning}");
    }
    info!(address = %app.address(), database = app.storage().name(), "ready");
    let exit = run_app(app, &stop).await;
    logs.finish();
    Ok(exit)
}

/// Runs a built service until a signal or a failure ends it.
pub(super) async fn run_app(app: App, stop: &StopRequest) -> Exit {
    // The signals never end, so this waits for the service.
    let ended = tokio::select! {
        ended = app.run_until_stopped(stop.clone()) => ended,
        () = watch_signals(stop) => return Exit::Failed,
    };
    match ended {
        Ended::Stopped | Ended::Cut(_) => Exit::Done,
        Ended::TaskFailed(task) => {
            super::complain(&format!("the task `{task}` ended, and the service cannot go on without it"));
            Exit::Failed
        }
    }
}
