//! One loop per task: wait for the period, a demand or the end; run; note the outcome.

use crate::Task;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::Instant,
};

/// What is known of a task, for the status page.
#[derive(Debug, Clone, Serialize)]
pub struct TaskStatus {
    /// One sentence.
    pub description: &'static str,
    /// Longest time between runs.
    pub period_ms: u64,
    /// Runs so far.
    pub runs: u64,
    /// Failed runs so far.
    pub failures: u64,
    /// How long the last run took.
    pub last_duration_ms: Option<u64>,
    /// What the last run said of itself.
    pub last_detail: serde_json::Value,
    /// The last failure's text.
    pub last_error: Option<String>,
}

#[derive(Debug)]
struct Entry {
    demand: Arc<Notify>,
    status: Arc<Mutex<TaskStatus>>,
}

/// Owns the tasks' loops. Dropping it ends them between two runs.
#[derive(Debug)]
pub struct Driver {
    entries: BTreeMap<&'static str, Entry>,
    stop: watch::Sender<bool>,
    loops: tokio::sync::Mutex<JoinSet<()>>,
}

impl Driver {
    /// Starts every task; each runs once at the start.
    pub fn spawn(tasks: Vec<Arc<dyn Task>>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut loops = JoinSet::new();
        let mut entries = BTreeMap::new();
        for task in tasks {
            let status = Arc::new(Mutex::new(TaskStatus {
                description: task.description(),
                period_ms: u64::try_from(task.period().as_millis()).unwrap_or(u64::MAX),
                runs: 0,
                failures: 0,
                last_duration_ms: None,
                last_detail: serde_json::Value::Null,
                last_error: None,
            }));
            let demand = Arc::new(Notify::new());
            entries.insert(task.name(), Entry { demand: demand.clone(), status: status.clone() });
            loops.spawn(run_task(task, demand, status, stopped.clone()));
        }
        Self { entries, stop, loops: tokio::sync::Mutex::new(loops) }
    }

    /// Asks for a run now. Demands during a run are joined into one run after it.
    pub fn activate(&self, name: &str) {
        if let Some(entry) = self.entries.get(name) {
            entry.demand.notify_one();
        }
    }

    /// Every task with its status.
    pub fn status(&self) -> BTreeMap<&'static str, TaskStatus> {
        let lock = |entry: &Entry| entry.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.entries.iter().map(|(name, entry)| (*name, lock(entry))).collect()
    }

    /// Lets running tasks end, starts no more, and waits for them.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let mut loops = self.loops.lock().await;
        while loops.join_next().await.is_some() {}
    }
}

async fn run_task(
    task: Arc<dyn Task>,
    demand: Arc<Notify>,
    status: Arc<Mutex<TaskStatus>>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return,
            () = demand.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
        let begin = Instant::now();
        let outcome = task.run().await;
        let took = begin.elapsed();
        let mut status = status.lock().unwrap_or_else(PoisonError::into_inner);
        status.runs += 1;
        status.last_duration_ms = u64::try_from(took.as_millis()).ok();
        wait = task.period();
        match outcome {
            Ok(outcome) => {
                wait = outcome.next_within.unwrap_or(wait).min(wait);
                status.last_detail = outcome.detail;
            }
            Err(error) => {
                tracing::error!(task = task.name(), error, "background task failed");
                status.failures += 1;
                status.last_error = Some(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, Run};
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Counting {
        runs: AtomicU64,
        seen: Notify,
        period: Duration,
    }

    impl Task for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }
        fn description(&self) -> &'static str {
            "Counts its runs; every second one fails."
        }
        fn period(&self) -> Duration {
            self.period
        }
        fn run(&self) -> Run<'_> {
            Box::pin(async {
                let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
                self.seen.notify_one();
                if run.is_multiple_of(2) { Err("even".to_owned()) } else { Ok(Outcome::default()) }
            })
        }
    }

    fn counting(period: Duration) -> Arc<Counting> {
        Arc::new(Counting { runs: AtomicU64::new(0), seen: Notify::new(), period })
    }

    #[tokio::test]
    async fn a_task_runs_at_the_start_on_demand_and_goes_on_after_a_failure() {
        let task = counting(Duration::from_secs(3600));
        let driver = Driver::spawn(vec![task.clone()]);
        task.seen.notified().await;
        for _ in 0..2 {
            driver.activate("counting");
            task.seen.notified().await;
        }
        driver.stop().await;
        let status = &driver.status()["counting"];
        assert_eq!((status.runs, status.failures, status.last_error.as_deref()), (3, 1, Some("even")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_runs_on_its_period() {
        let task = counting(Duration::from_secs(5));
        let driver = Driver::spawn(vec![task.clone()]);
        for _ in 0..4 {
            task.seen.notified().await;
        }
        driver.stop().await;
        assert!(driver.status()["counting"].runs >= 4);
    }
}
