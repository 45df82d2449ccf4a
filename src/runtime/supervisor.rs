//! The one owner of every task: names it, watches it, counts its failures, joins it at the end.
//!
//! A kept task (`keep`) runs for the life of the process; when it ends by itself or panics, its policy says
//! whether it is started again or the process ends. A job (`run`, `run_blocking`) ends by itself and gives a
//! value back. All of them run on the main runtime, wherever they are started from, so nothing that they hold
//! dies with an HTTP worker.
//!
//! Stopping has two steps. The soft one is a request: a task that sees it finishes what it has begun and
//! returns. The hard one cuts whatever is still running.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, error, info_span, warn};

use crate::clock::Stopwatch;
use crate::telemetry::Metrics;

/// The pause before a task is started again: the first, and the longest.
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(30);
/// A task that ran this long was well: its next failure is a first one again.
const RESTART_FORGIVEN_AFTER: Duration = Duration::from_mins(1);
/// How long a cut task may take to be gone. It only has to reach its next await.
const CUT_WAIT_MAX: Duration = Duration::from_secs(2);

/// What happens when a kept task ends although nobody asked it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEnd {
    /// It is started again, after a pause that grows.
    Restart,
    /// The process cannot do its work without it: it stops and exits with a failure.
    StopProcess,
}

/// Owns the tasks. Cheap to clone.
#[derive(Clone)]
pub struct Supervisor(Arc<Inner>);

struct Inner {
    runtime: Handle,
    soft: CancellationToken,
    hard: CancellationToken,
    tracker: TaskTracker,
    running: Mutex<BTreeMap<&'static str, usize>>,
    failed: watch::Sender<Option<&'static str>>,
    metrics: TaskMetrics,
}

/// A task's view of the end.
#[derive(Clone, Debug)]
pub struct Stop {
    soft: CancellationToken,
}

impl Stop {
    /// Resolves when the task should finish what it has begun and return.
    pub async fn requested(&self) {
        self.soft.cancelled().await;
    }

    /// Whether the end has been asked for.
    pub fn is_requested(&self) -> bool {
        self.soft.is_cancelled()
    }
}

/// A job gave no value: it panicked, or the process is being cut short.
#[derive(Debug, thiserror::Error)]
#[error("the job `{0}` was lost")]
pub struct Lost(pub &'static str);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabels {
    task: &'static str,
}

#[derive(Clone)]
struct TaskMetrics {
    running: Family<TaskLabels, Gauge>,
    panics: Family<TaskLabels, Counter>,
    unexpected_ends: Family<TaskLabels, Counter>,
}

impl TaskMetrics {
    fn new(metrics: &Metrics) -> Self {
        Self {
            running: metrics.register("tasks_running", "Background tasks running now", Family::default()),
            panics: metrics.register("task_panics", "Background tasks that panicked", Family::default()),
            unexpected_ends: metrics.register(
                "task_unexpected_ends",
                "Background tasks that returned although nobody asked them to",
                Family::default(),
            ),
        }
    }
}

impl Supervisor {
    /// A supervisor whose tasks run on `runtime`.
    pub fn new(runtime: Handle, metrics: &Metrics) -> Self {
        let soft = CancellationToken::new();
        Self(Arc::new(Inner {
            runtime,
            soft,
            hard: CancellationToken::new(),
            tracker: TaskTracker::new(),
            running: Mutex::default(),
            failed: watch::Sender::new(None),
            metrics: TaskMetrics::new(metrics),
        }))
    }

    /// Starts a task for the life of the process. `make` is called again for each restart.
    pub fn keep<F, Fut>(&self, name: &'static str, on_end: OnEnd, make: F)
    where
        F: Fn(Stop) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let supervisor = self.clone();
        self.track(name, async move {
            let stop = supervisor.stop_signal();
            let mut pause = RESTART_PAUSE_MIN;
            loop {
                let watch = Stopwatch::start();
                let ended = AssertUnwindSafe(make(stop.clone())).catch_unwind().await;
                if stop.is_requested() {
                    return;
                }
                supervisor.note_end(name, ended.is_err());
                if on_end == OnEnd::StopProcess {
                    supervisor.0.failed.send_replace(Some(name));
                    return;
                }
                if watch.elapsed() >= RESTART_FORGIVEN_AFTER {
                    pause = RESTART_PAUSE_MIN;
                }
                // Both arms are cancel-safe: a token and a timer.
                tokio::select! {
                    () = stop.requested() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(RESTART_PAUSE_MAX);
            }
        });
    }

    /// Runs `job` on the main runtime; stopping waits for it. Dropping the returned future does not end the job.
    pub fn run<T, Fut>(
        &self,
        name: &'static str,
        job: Fut,
    ) -> impl Future<Output = Result<T, Lost>> + Send + use<T, Fut>
    where
        T: Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        let (send, receive) = tokio::sync::oneshot::channel();
        let supervisor = self.clone();
        // Boxed: each future around it would keep room for all of it.
        let job = Box::pin(AssertUnwindSafe(job).catch_unwind());
        self.track(name, async move {
            match job.await {
                // Nobody may be waiting any more; the job was worth doing all the same.
                Ok(value) => drop(send.send(value)),
                Err(_) => supervisor.note_end(name, true),
            }
        });
        async move { receive.await.map_err(|_| Lost(name)) }
    }

    /// Runs work that blocks its thread. It cannot be cut, so it must be short or look at `Stop`.
    pub fn run_blocking<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Lost>> + Send {
        let done = self.0.runtime.spawn_blocking(work);
        let job = self.run(name, done);
        async move { job.await?.map_err(|_| Lost(name)) }
    }

    /// The signal that tasks look at.
    pub fn stop_signal(&self) -> Stop {
        Stop { soft: self.0.soft.clone() }
    }

    /// Resolves with the name of a task that the process cannot do without, once it has ended.
    pub async fn failed(&self) -> &'static str {
        let mut failed = self.0.failed.subscribe();
        match failed.wait_for(Option::is_some).await.map(|name| *name) {
            Ok(Some(name)) => name,
            // The sender lives in `self`, so the channel cannot close.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Asks all tasks to finish, waits for them, and cuts what is left after `grace`. Says what had to be cut.
    pub async fn shut_down(&self, grace: Duration) -> Vec<&'static str> {
        self.0.soft.cancel();
        self.0.tracker.close();
        if tokio::time::timeout(grace, self.0.tracker.wait()).await.is_ok() {
            return Vec::new();
        }
        let left = self.running();
        warn!(tasks = ?left, "background tasks did not finish in time and are cut");
        self.0.hard.cancel();
        if tokio::time::timeout(CUT_WAIT_MAX, self.0.tracker.wait()).await.is_err() {
            error!(tasks = ?self.running(), "background tasks could not be cut");
        }
        left
    }

    /// The names of the tasks and jobs that run now.
    pub fn running(&self) -> Vec<&'static str> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    fn track(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let running = Running::new(self.clone(), name);
        let hard = self.0.hard.clone();
        let tracked = async move {
            let _running = running;
            // Dropping the task in the middle is what a hard stop means.
            tokio::select! {
                () = hard.cancelled() => {}
                () = task => {}
            }
        };
        #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
        self.0.runtime.spawn(self.0.tracker.track_future(tracked.instrument(info_span!("task", name))));
    }

    fn note_end(&self, name: &'static str, panicked: bool) {
        let labels = TaskLabels { task: name };
        if panicked {
            self.0.metrics.panics.get_or_create(&labels).inc();
            error!(task = name, "a background task panicked");
        } else {
            self.0.metrics.unexpected_ends.get_or_create(&labels).inc();
            error!(task = name, "a background task ended although nobody asked it to");
        }
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("running", &self.running()).finish_non_exhaustive()
    }
}

/// Counts a task for as long as it lives.
struct Running {
    supervisor: Supervisor,
    name: &'static str,
}

impl Running {
    fn new(supervisor: Supervisor, name: &'static str) -> Self {
        *supervisor.0.running.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
        supervisor.0.metrics.running.get_or_create(&TaskLabels { task: name }).inc();
        Self { supervisor, name }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.supervisor.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(self.name) {
            *count -= 1;
            if *count == 0 {
                running.remove(self.name);
            }
        }
        self.supervisor.0.metrics.running.get_or_create(&TaskLabels { task: self.name }).dec();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn supervisor() -> (Supervisor, Metrics) {
        let metrics = Metrics::new();
        (Supervisor::new(Handle::current(), &metrics), metrics)
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_counted_and_started_again() {
        let (supervisor, metrics) = supervisor();
        let starts = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&starts);
        supervisor.keep("frail", OnEnd::Restart, move |stop| {
            let start = seen.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(start >= 2, "planted");
                stop.requested().await;
            }
        });
        while starts.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(supervisor.shut_down(Duration::from_secs(1)).await.is_empty());
        assert!(metrics.render().unwrap().contains("pesan_task_panics_total{task=\"frail\"} 2"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_vital_task_that_ends_is_a_failure_of_the_process() {
        let (supervisor, _metrics) = supervisor();
        supervisor.keep("vital", OnEnd::StopProcess, |_stop| async {});
        assert_eq!(supervisor.failed().await, "vital");
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_waits_for_jobs_and_cuts_what_does_not_finish() {
        let (supervisor, _metrics) = supervisor();
        let job = supervisor.run("short", async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            7
        });
        supervisor.keep("deaf", OnEnd::Restart, |_stop| std::future::pending());
        assert_eq!(supervisor.shut_down(Duration::from_secs(1)).await, ["deaf"]);
        assert_eq!(job.await.unwrap(), 7);
        assert!(supervisor.running().is_empty());
    }

    #[tokio::test]
    async fn a_job_that_panics_is_lost_and_harms_nobody() {
        let (supervisor, _metrics) = supervisor();
        let lost = supervisor.run("broken", async { panic!("planted") }).await;
        assert_eq!(lost.map(|(): ()| ()).unwrap_err().to_string(), "the job `broken` was lost");
        assert_eq!(supervisor.run_blocking("whole", || 3).await.unwrap(), 3);
    }
}
