//! One function: it starts instances on demand and hands events to them, as Lambda does.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, oneshot},
    time::timeout,
};

use super::{
    Caller, RuntimeConfig,
    instance::{Assignment, FunctionError, Instance, Invocation},
    process,
    state::{Instances, State},
};
use crate::{
    tasks::{Tasks, lock},
    template::functions::FunctionSettings,
};

/// A function with its waiting events. One instance is started for each event that waits, up to the cap.
#[derive(Debug)]
pub(super) struct Function {
    settings: FunctionSettings,
    /// `None` if a test plays the instances.
    binary: Option<PathBuf>,
    config: RuntimeConfig,
    tasks: Arc<Tasks>,
    state: Mutex<State>,
    changed: Notify,
}

impl Function {
    pub(super) fn new(
        settings: FunctionSettings,
        binary: Option<PathBuf>,
        config: RuntimeConfig,
        tasks: Arc<Tasks>,
    ) -> Arc<Self> {
        let state = Mutex::new(State::new(settings.timeout));
        Arc::new(Self { settings, binary, config, tasks, state, changed: Notify::new() })
    }

    /// Hands an event to an instance, in its turn, and waits for the result. As in Lambda, the event runs to its end
    /// even if the caller goes away.
    pub(super) async fn invoke(self: &Arc<Self>, id: String, event: Bytes) -> Result<Bytes, FunctionError> {
        let (sender, result) = oneshot::channel();
        let function = Arc::clone(self);
        self.tasks.spawn(async move {
            sender.send(function.run(id, event).await).ok();
        });
        result.await.unwrap_or_else(|_| Err(FunctionError::exited("with the stack")))
    }

    async fn run(self: &Arc<Self>, id: String, event: Bytes) -> Result<Bytes, FunctionError> {
        let limit = self.settings.timeout;
        let (started, start) = oneshot::channel();
        let (sender, result) = oneshot::channel();
        self.enqueue(Invocation { id: id.clone(), event, started, result: sender });
        let Ok(started) = timeout(limit, start).await else {
            lock(&self.state).cancel(&id);
            return Err(FunctionError::throttled());
        };
        if let Ok(result) = timeout(limit, result).await {
            return result.unwrap_or_else(|_| Err(FunctionError::exited("before it responded")));
        }
        if let Ok(number) = started {
            self.kill(number).await;
        }
        self.config.logs.note(&self.settings.name, "timed out");
        Err(FunctionError::timed_out(limit))
    }

    fn enqueue(self: &Arc<Self>, invocation: Invocation) {
        let mut state = lock(&self.state);
        state.enqueue(invocation);
        self.scale(&mut state);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Starts an instance for each waiting event that no instance is about to ask for, up to the cap.
    fn scale(self: &Arc<Self>, state: &mut State) {
        while self.binary.is_some() && state.needs_instance(self.config.instance_cap) {
            if let Err(error) = self.start(state) {
                state.fail_first(error);
            }
        }
    }

    fn start(self: &Arc<Self>, state: &mut State) -> Result<(), FunctionError> {
        let number = state.next_number();
        let clock = self.config.clocks.as_ref().map(|clocks| clocks.start(state.passed)).transpose();
        let clock = clock.map_err(|cause| FunctionError::not_started(&cause))?;
        let mut instance = Instance::starting(clock);
        if let Some(binary) = &self.binary {
            let caller = Caller { function: self.settings.name.clone(), instance: number };
            let process =
                process::start(binary, &caller, &self.settings, &self.config, instance.clock.as_ref());
            let process = process.map_err(|cause| FunctionError::not_started(&cause))?;
            instance.output = Some(process.output());
            let killed = instance.kill.subscribe();
            let function = Arc::clone(self);
            self.tasks.spawn(async move {
                process.run(killed).await;
                function.remove(number);
            });
        }
        state.add(number, instance);
        Ok(())
    }

    /// Waits for the next event of an instance; `None` if there is no such instance.
    pub(super) async fn next(self: &Arc<Self>, number: u32) -> Option<Assignment> {
        let assigned = lock(&self.state).ask(number)?;
        self.changed.notify_waiters();
        assigned.await.ok()
    }

    /// Takes the result of an instance's event; `false` if the instance holds no such event.
    ///
    /// Whoever gets the result finds in the logs what the instance wrote before it.
    pub(super) fn complete(&self, number: u32, id: &str, result: Result<Bytes, FunctionError>) -> bool {
        let output = lock(&self.state).output(number);
        if let Some(output) = output {
            output.catch_up();
        }
        let sender = lock(&self.state).take_result(number, Some(id));
        sender.map(|sender| sender.send(result)).is_some()
    }

    /// Keeps the reason why an instance could not start.
    pub(super) fn fail_start(&self, error: FunctionError) {
        lock(&self.state).set_init_error(error);
    }

    /// Removes an instance that has ended, and fails the event that it held.
    fn remove(self: &Arc<Self>, number: u32) {
        let mut state = lock(&self.state);
        let failed = state.remove(number);
        self.scale(&mut state);
        drop(state);
        if let Some((sender, error)) = failed {
            self.config.logs.note(&self.settings.name, &error.error_message);
            sender.send(Err(error)).ok();
        }
        self.changed.notify_waiters();
    }

    /// Kills an instance and waits until it is gone.
    pub(super) async fn kill(self: &Arc<Self>, number: u32) {
        let Some(kill) = lock(&self.state).kill_switch(number) else { return };
        kill.send_replace(true);
        drop(kill);
        if self.binary.is_none() {
            self.remove(number);
        }
        self.wait_until(|state| !state.holds(number)).await;
    }

    /// Tells whether an instance ran once and has ended.
    pub(super) fn has_ended(&self, number: u32) -> bool {
        lock(&self.state).has_ended(number)
    }

    /// Kills every instance and waits until all are gone; none is started again.
    pub(super) async fn stop(self: &Arc<Self>) {
        let numbers = lock(&self.state).stop();
        for number in numbers {
            self.kill(number).await;
        }
    }

    /// Starts instances until there are this many, and waits until each has asked for an event.
    pub(super) async fn warm_up(self: &Arc<Self>, wanted: usize) -> Result<(), FunctionError> {
        let wanted = wanted.min(self.config.instance_cap);
        {
            let mut state = lock(&self.state);
            while state.total() < wanted {
                self.start(&mut state)?;
            }
        }
        let ready = |state: &State| state.total() - state.count().starting >= wanted;
        self.wait_until(|state| ready(state) || state.total() < wanted).await;
        if ready(&lock(&self.state)) { Ok(()) } else { Err(FunctionError::exited("while it started")) }
    }

    async fn wait_until(&self, condition: impl Fn(&State) -> bool) {
        loop {
            let changed = self.changed.notified();
            if condition(&lock(&self.state)) {
                return;
            }
            changed.await;
        }
    }

    /// Moves the clocks of all instances forward but those of the frozen ones.
    pub(super) fn pass(&self, time: Duration, is_frozen: impl Fn(u32) -> bool) {
        lock(&self.state).pass(time, is_frozen);
    }

    pub(super) fn count(&self) -> Instances {
        lock(&self.state).count()
    }

    /// Returns the variables of the first instance, but for the address of the runtime API.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let caller = Caller { function: self.settings.name.clone(), instance: 1 };
        process::variables(&caller, &self.settings, &self.config).collect()
    }

    pub(super) fn arn(&self) -> String {
        crate::template::names::function_arn(&self.settings.name)
    }
}
