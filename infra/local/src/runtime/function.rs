//! One function: its queue and its instances.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, oneshot},
    time::timeout,
};

use super::{
    Caller, Surroundings,
    instance::{Assignment, FunctionError, Instance, Invocation, Phase, Reply},
    process,
};
use crate::{
    clock::machine_time,
    random,
    tasks::{Tasks, lock},
    template::functions::Function as Declared,
};

/// Counts the instances of a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Instances {
    /// Started, and not yet asking for events.
    pub starting: usize,
    /// Waiting for an event.
    pub idle: usize,
    /// Holding an event.
    pub busy: usize,
}

/// A function with its queue; instances are started as Lambda does, one for each event that waits.
#[derive(Debug)]
pub(super) struct Function {
    declared: Declared,
    /// `None` where a test plays the instances.
    binary: Option<PathBuf>,
    surroundings: Surroundings,
    tasks: Arc<Tasks>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Invocation>,
    instances: BTreeMap<u32, Instance>,
    /// Idle instances, the longest idle first, so that events go round all of them.
    idle: VecDeque<u32>,
    last_number: u32,
    init_error: Option<FunctionError>,
    stopped: bool,
}

impl State {
    /// Counts the instances that will ask for an event next: those that start, and those that have answered.
    fn about_to_ask(&self) -> usize {
        let asks = |instance: &&Instance| matches!(instance.phase, Phase::Starting | Phase::Done);
        self.instances.values().filter(asks).count()
    }

    /// Ends an instance's event and returns where its answer goes; `None` if it does not hold that event.
    fn take_reply(&mut self, number: u32, wanted: Option<&str>) -> Option<Reply> {
        let instance = self.instances.get_mut(&number)?;
        match std::mem::replace(&mut instance.phase, Phase::Done) {
            Phase::Busy { id, reply } if wanted.is_none_or(|wanted| wanted == id) => Some(reply),
            other => {
                instance.phase = other;
                None
            }
        }
    }
}

impl Function {
    pub(super) fn new(
        declared: Declared,
        binary: Option<PathBuf>,
        surroundings: Surroundings,
        tasks: Arc<Tasks>,
    ) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { declared, binary, surroundings, tasks, state, changed: Notify::new() })
    }

    /// Hands an event to an instance, in its turn, and waits for the answer. The event is seen through
    /// even if the caller goes away, as Lambda does.
    pub(super) async fn invoke(self: &Arc<Self>, event: Bytes) -> Result<Bytes, FunctionError> {
        let (answer, answered) = oneshot::channel();
        let function = Arc::clone(self);
        self.tasks.spawn(async move {
            answer.send(function.see_through(event).await).ok();
        });
        answered.await.unwrap_or_else(|_| Err(FunctionError::exited("with the stack")))
    }

    async fn see_through(self: &Arc<Self>, event: Bytes) -> Result<Bytes, FunctionError> {
        let limit = self.declared.timeout;
        let (started, start) = oneshot::channel();
        let (reply, answer) = oneshot::channel();
        let id = random::uuid();
        self.enqueue(Invocation { id: id.clone(), event, started, reply });
        let Ok(started) = timeout(limit, start).await else {
            lock(&self.state).waiting.retain(|invocation| invocation.id != id);
            return Err(FunctionError::queued_too_long());
        };
        if let Ok(answer) = timeout(limit, answer).await {
            return answer.unwrap_or_else(|_| Err(FunctionError::exited("before it answered")));
        }
        if let Ok(number) = started {
            self.kill(number).await;
        }
        self.surroundings.logs.note(&self.declared.name, "timed out");
        Err(FunctionError::timed_out(limit))
    }

    fn enqueue(self: &Arc<Self>, invocation: Invocation) {
        let mut state = lock(&self.state);
        state.waiting.push_back(invocation);
        self.hand_out(&mut state);
        self.scale(&mut state);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Gives waiting events to idle instances.
    fn hand_out(&self, state: &mut State) {
        while let Some(invocation) = state.waiting.pop_front() {
            let Some(number) = state.idle.pop_front() else {
                state.waiting.push_front(invocation);
                return;
            };
            let Some(instance) = state.instances.get_mut(&number) else {
                state.waiting.push_front(invocation);
                continue;
            };
            let Phase::Idle(hand) = std::mem::replace(&mut instance.phase, Phase::Done) else {
                state.waiting.push_front(invocation);
                continue;
            };
            let assignment = self.assignment(&invocation);
            if hand.send(assignment).is_err() {
                state.waiting.push_front(invocation);
                continue;
            }
            instance.phase = Phase::Busy { id: invocation.id, reply: invocation.reply };
            invocation.started.send(number).ok();
        }
    }

    fn assignment(&self, invocation: &Invocation) -> Assignment {
        Assignment {
            id: invocation.id.clone(),
            event: invocation.event.clone(),
            deadline: machine_time() + self.declared.timeout,
        }
    }

    /// Starts an instance for each waiting event that no instance is about to ask for, up to the cap.
    fn scale(self: &Arc<Self>, state: &mut State) {
        while self.binary.is_some()
            && !state.stopped
            && state.about_to_ask() < state.waiting.len()
            && state.instances.len() < self.surroundings.instance_cap
        {
            if let Err(error) = self.start(state) {
                let unlucky = state.waiting.pop_front();
                unlucky.map(|invocation| invocation.reply.send(Err(error)));
            }
        }
    }

    fn start(self: &Arc<Self>, state: &mut State) -> Result<(), FunctionError> {
        state.last_number += 1;
        let number = state.last_number;
        let instance = Instance::starting();
        if let Some(binary) = &self.binary {
            let caller = Caller { function: self.declared.name.clone(), instance: number };
            let process = process::start(binary, &caller, &self.declared, &self.surroundings);
            let process = process.map_err(|cause| FunctionError::not_started(&cause))?;
            let killed = instance.kill.subscribe();
            let function = Arc::clone(self);
            self.tasks.spawn(async move {
                process.run(killed).await;
                function.gone(number);
            });
        }
        state.instances.insert(number, instance);
        Ok(())
    }

    /// Waits for the next event for an instance; `None` if there is no such instance.
    pub(super) async fn next(self: &Arc<Self>, number: u32) -> Option<Assignment> {
        let handed = {
            let mut state = lock(&self.state);
            let instance = state.instances.get_mut(&number)?;
            let (hand, handed) = oneshot::channel();
            instance.phase = Phase::Idle(hand);
            state.idle.retain(|idle| *idle != number);
            state.idle.push_back(number);
            self.hand_out(&mut state);
            handed
        };
        self.changed.notify_waiters();
        handed.await.ok()
    }

    /// Takes an instance's answer; `false` if it holds no such event.
    pub(super) fn answered(&self, number: u32, id: &str, answer: Result<Bytes, FunctionError>) -> bool {
        let reply = lock(&self.state).take_reply(number, Some(id));
        reply.map(|reply| reply.send(answer)).is_some()
    }

    /// Remembers why an instance could not start.
    pub(super) fn init_failed(&self, error: FunctionError) {
        lock(&self.state).init_error = Some(error);
    }

    /// Forgets an instance that has ended, and fails what it held.
    pub(super) fn gone(self: &Arc<Self>, number: u32) {
        let mut state = lock(&self.state);
        let held = state.take_reply(number, None);
        let instance = state.instances.remove(&number);
        state.idle.retain(|idle| *idle != number);
        let init_error = state.init_error.take();
        let failed = match (held, instance.as_ref().map(|instance| &instance.phase)) {
            (Some(reply), _) => Some((reply, FunctionError::exited("while it held the event"))),
            (None, Some(Phase::Starting)) => state.waiting.pop_front().map(|invocation| {
                (invocation.reply, init_error.unwrap_or_else(|| FunctionError::exited("while it started")))
            }),
            _ => None,
        };
        self.scale(&mut state);
        drop(state);
        if let Some((reply, error)) = failed {
            self.surroundings.logs.note(&self.declared.name, &error.error_message);
            reply.send(Err(error)).ok();
        }
        drop(instance);
        self.changed.notify_waiters();
    }

    /// Kills an instance and waits until it is gone.
    pub(super) async fn kill(self: &Arc<Self>, number: u32) {
        let kill = lock(&self.state).instances.get(&number).map(|instance| instance.kill.clone());
        let Some(kill) = kill else { return };
        kill.send_replace(true);
        drop(kill);
        if self.binary.is_none() {
            self.gone(number);
        }
        self.until(|state| !state.instances.contains_key(&number)).await;
    }

    /// Kills every instance and waits until all are gone; none is started again.
    pub(super) async fn stop(self: &Arc<Self>) {
        let numbers: Vec<u32> = {
            let mut state = lock(&self.state);
            state.stopped = true;
            state.waiting.clear();
            state.instances.keys().copied().collect()
        };
        for number in numbers {
            self.kill(number).await;
        }
    }

    /// Starts instances until there are this many, and waits until each has asked for an event.
    pub(super) async fn warm_up(self: &Arc<Self>, wanted: usize) -> Result<(), FunctionError> {
        let wanted = wanted.min(self.surroundings.instance_cap);
        {
            let mut state = lock(&self.state);
            while state.instances.len() < wanted {
                self.start(&mut state)?;
            }
        }
        let ready = |state: &State| {
            state.instances.values().filter(|instance| !matches!(instance.phase, Phase::Starting)).count()
                >= wanted
        };
        self.until(|state| ready(state) || state.instances.len() < wanted).await;
        if ready(&lock(&self.state)) { Ok(()) } else { Err(FunctionError::exited("while it started")) }
    }

    async fn until(&self, holds: impl Fn(&State) -> bool) {
        loop {
            let changed = self.changed.notified();
            if holds(&lock(&self.state)) {
                return;
            }
            changed.await;
        }
    }

    pub(super) fn count(&self) -> Instances {
        let mut count = Instances::default();
        for instance in lock(&self.state).instances.values() {
            match instance.phase {
                Phase::Starting => count.starting += 1,
                Phase::Idle(_) => count.idle += 1,
                Phase::Busy { .. } | Phase::Done => count.busy += 1,
            }
        }
        count
    }

    /// Returns what the first instance is started with, but for the address of the runtime API.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let caller = Caller { function: self.declared.name.clone(), instance: 1 };
        process::variables(&caller, &self.declared, &self.surroundings).collect()
    }

    pub(super) fn arn(&self) -> String {
        crate::template::names::function_arn(&self.declared.name)
    }
}
