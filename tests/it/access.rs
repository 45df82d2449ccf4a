//! Access: who is let in, what they may do, and what is kept of it.

mod audit;
mod door;
mod keys;
mod matrix;
mod tokens;

use pesan::auth::Access;
use pesan::config::{Config, Source};
use pesan::telemetry::Metrics;

use crate::support::app::TestApp;

/// The configuration of a service on the app's database, with these settings besides.
fn config(app: &TestApp, settings: &[(&str, &str)]) -> Config {
    let usual = [("MONGODB_URI", crate::support::mongo::uri()), ("PESAN_DATABASE", app.database.as_str())];
    let values = usual.iter().chain(settings);
    Config::read(&Source::of(values.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))).unwrap()
}

/// Another instance's view of who calls.
fn instance(app: &TestApp, settings: &[(&str, &str)]) -> Access {
    let config = config(app, settings);
    Access::new(&app.storage, &app.clock.clock(), &config.access, &Metrics::new()).unwrap()
}
