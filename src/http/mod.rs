//! HTTP: translates requests into calls and results into answers, and decides nothing.
//!
//! A handler awaits nothing but channels and timers: what needs the database or the network runs on the main
//! runtime, because a worker's own runtime ends with the worker.

mod admission;
mod body;
mod caller;
pub mod error;
mod graphql;
pub mod guard;
mod health;
mod metrics;
mod request;
mod samples;
pub mod tls;
mod webhook;

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

use crate::clock::Clock;
use crate::ids::Random;
use crate::ingest::Journal;
use crate::runtime::Readiness;
use crate::telemetry::Metrics;
use std::sync::Arc;

pub use admission::Admission;
pub use graphql::{GraphQl, PATH as GRAPHQL_PATH};
pub use guard::Guard;
pub use metrics::HttpMetrics;
pub use samples::Samples;
pub use tls::Tls;
pub use webhook::{PATH as WEBHOOK_PATH, Webhooks};

/// An idle connection is kept this long: longer than a proxy keeps it, so the proxy closes first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// A request's head must be there within this time.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// A TLS handshake must be done within this time: two lost packets are borne, silence is not.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// So many handshakes a worker has under way; further connections wait in the listener's queue.
const HANDSHAKES_PER_WORKER_MAX: usize = 256;

/// What the routes work with. Cheap to clone; one for the whole process.
#[derive(Clone, Debug)]
pub struct State {
    pub clock: Clock,
    pub random: Random,
    pub readiness: Readiness,
    pub metrics: Arc<Metrics>,
    pub http_metrics: HttpMetrics,
    pub admission: Arc<Admission>,
    pub guard: Guard,
    pub webhooks: Arc<Webhooks>,
    pub graphql: GraphQl,
    pub samples: Samples,
    pub journal: Journal,
}

/// Starts answering on `listener`, plainly or with TLS. The returned future runs the server; `stop_max` bounds its
/// graceful stop.
pub fn serve(
    listener: TcpListener,
    state: State,
    tls: Option<Tls>,
    workers: Option<usize>,
    stop_max: Duration,
) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(state.clone()))
            .app_data(web::Data::new(state.guard.clone()))
            .wrap(from_fn(request::wrap))
            .configure(routes)
    })
    .disable_signals()
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_MAX)
    .shutdown_timeout(stop_max.as_secs().max(1));
    let server = match workers {
        Some(workers) => server.workers(workers),
        None => server,
    };
    let server = match tls {
        Some(tls) => {
            let config = tls.server_config();
            server
                .tls_handshake_timeout(HANDSHAKE_MAX)
                .max_connection_rate(HANDSHAKES_PER_WORKER_MAX)
                .on_connect(move |connection, data| tls.judge(connection, data))
                .listen_rustls_0_23(listener, config)?
        }
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/health/live", web::get().to(health::live))
        .route("/health/ready", web::get().to(health::ready))
        .route("/metrics", web::get().to(metrics::show))
        .service(
            web::resource(webhook::PATH)
                .wrap(from_fn(admission::admit))
                .route(web::post().to(webhook::receive))
                .route(web::get().to(webhook::verify_subscription))
                .default_service(web::to(request::method_not_allowed)),
        )
        .service(
            web::resource(graphql::PATH)
                .wrap(from_fn(guard::admit))
                .route(web::post().to(graphql::post))
                .route(web::get().to(graphql::get))
                .default_service(web::to(graphql::other_method)),
        )
        .service(
            web::resource(graphql::socket::PATH)
                .wrap(from_fn(guard::admit))
                .route(web::get().to(graphql::socket::open))
                .default_service(web::to(request::method_not_allowed)),
        )
        .service(
            web::resource(samples::PATH)
                .wrap(from_fn(guard::admit))
                .route(web::post().to(samples::upload))
                .default_service(web::to(request::method_not_allowed)),
        )
        .default_service(web::to(request::not_found));
}
