//! What a test begins with: the shared MongoDB (`mongo`), the service in this process (`app`), the service as a
//! program (`program`), webhooks as Meta signs them (`webhook`), certificates (`pki`), waiting without sleeping
//! (`eventually`), Meta beside the service (`meta`); for what goes wrong: services that die (`fleet`), a load that remembers what it was promised
//! (`load`), a server that answers as it likes (`peer`), what must be in the database then (`oracle`), and the deeds themselves (`ordeal`).

pub mod app;
#[cfg(feature = "dev")]
pub mod fleet;
#[cfg(feature = "dev")]
pub mod load;
#[cfg(feature = "dev")]
pub mod meta;
pub mod mongo;
#[cfg(feature = "dev")]
pub mod oracle;
#[cfg(feature = "dev")]
pub mod ordeal;
#[cfg(feature = "dev")]
pub mod peer;
pub mod pki;
pub mod program;
pub mod scan;
pub mod webhook;

use std::future::Future;
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is there.
pub async fn eventually<T, F, Fut>(what: &str, ask: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    within(PATIENCE, what, ask).await
}

/// As `eventually`, with a deadline that is part of the promise under test.
pub async fn within<T, F, Fut>(deadline: Duration, what: &str, mut ask: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < deadline, "not within {deadline:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An HTTP client. One crypto library for the whole process, chosen here.
pub fn client() -> reqwest::Client {
    client_within(PATIENCE)
}

/// The same, less patient.
pub fn client_within(deadline: Duration) -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().timeout(deadline).no_proxy().build().unwrap()
}
