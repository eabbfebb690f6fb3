//! The tasks of one stack, all of which end with it.

use std::sync::Mutex;

use tokio::task::JoinSet;

/// Holds tasks and ends them when it is dropped or stopped.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    running: Mutex<Option<JoinSet<()>>>,
}

impl Tasks {
    /// Starts without a task.
    pub(crate) fn new() -> Self {
        Self { running: Mutex::new(Some(JoinSet::new())) }
    }

    /// Runs a task until it ends or the stack does. After a stop it does nothing.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(running) = lock(&self.running).as_mut() {
            while running.try_join_next().is_some() {}
            running.spawn(task);
        }
    }

    /// Ends every task without waiting.
    pub(crate) fn abort(&self) {
        drop(lock(&self.running).take());
    }

    /// Ends every task and waits for it.
    pub(crate) async fn stop(&self) {
        let running = lock(&self.running).take();
        if let Some(mut running) = running {
            running.shutdown().await;
        }
    }
}

/// Locks a mutex, even if a thread panicked while it held the lock: no statement here leaves the value half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
