//! The waiting events and the instances of one function: which instance gets which event. Nothing here starts a process.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{oneshot, watch};

use super::{
    instance::{Assignment, FunctionError, Instance, Invocation, Phase, ResultSender},
    instance_clock::InstanceClock,
    output::Output,
};
use crate::clock::machine_time;

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

/// Events that wait, and the instances by their numbers.
#[derive(Debug)]
pub(super) struct State {
    /// For how long an instance may hold an event.
    timeout: Duration,
    waiting: VecDeque<Invocation>,
    instances: BTreeMap<u32, Instance>,
    /// The numbers of the idle instances, the longest idle first, so that events go round all of them.
    idle: VecDeque<u32>,
    last_number: u32,
    init_error: Option<FunctionError>,
    stopped: bool,
    /// How far the clock of a new instance is ahead of the machine's.
    pub(super) passed: Duration,
}

impl State {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            waiting: VecDeque::new(),
            instances: BTreeMap::new(),
            idle: VecDeque::new(),
            last_number: 0,
            init_error: None,
            stopped: false,
            passed: Duration::ZERO,
        }
    }

    /// Adds an event, and assigns it if an instance is idle.
    pub(super) fn enqueue(&mut self, invocation: Invocation) {
        self.waiting.push_back(invocation);
        self.assign_waiting();
    }

    /// Removes an event that no instance took in time.
    pub(super) fn cancel(&mut self, id: &str) {
        self.waiting.retain(|invocation| invocation.id != id);
    }

    /// Fails the event that waits longest.
    pub(super) fn fail_first(&mut self, error: FunctionError) {
        if let Some(invocation) = self.waiting.pop_front() {
            invocation.result.send(Err(error)).ok();
        }
    }

    /// Gives waiting events to idle instances.
    fn assign_waiting(&mut self) {
        while let Some(invocation) = self.waiting.pop_front() {
            let Some(number) = self.idle.pop_front() else {
                self.waiting.push_front(invocation);
                return;
            };
            if let Err(invocation) = self.assign(number, invocation) {
                self.waiting.push_front(invocation);
            }
        }
    }

    /// Gives an event to an idle instance, or gives the event back if the instance is not idle any more.
    fn assign(&mut self, number: u32, invocation: Invocation) -> Result<(), Invocation> {
        let Some(instance) = self.instances.get_mut(&number) else {
            return Err(invocation);
        };
        let Phase::Idle(next) = std::mem::replace(&mut instance.phase, Phase::Responded) else {
            return Err(invocation);
        };
        let ahead = instance.clock.as_ref().map(InstanceClock::offset).unwrap_or_default();
        let assignment = Assignment {
            id: invocation.id.clone(),
            event: invocation.event.clone(),
            deadline: machine_time() + ahead + self.timeout,
        };
        if next.send(assignment).is_err() {
            return Err(invocation);
        }
        instance.phase = Phase::Busy { id: invocation.id, result: invocation.result };
        invocation.started.send(number).ok();
        Ok(())
    }

    /// Tells whether an event waits that no instance is about to ask for.
    pub(super) fn needs_instance(&self, cap: usize) -> bool {
        let asks = |instance: &&Instance| matches!(instance.phase, Phase::Starting | Phase::Responded);
        let about_to_ask = self.instances.values().filter(asks).count();
        !self.stopped && about_to_ask < self.waiting.len() && self.instances.len() < cap
    }

    /// Numbers the next instance, from 1.
    pub(super) fn next_number(&mut self) -> u32 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn add(&mut self, number: u32, instance: Instance) {
        self.instances.insert(number, instance);
    }

    /// Makes an instance idle; its next event arrives at the returned receiver. `None` if there is no such instance.
    pub(super) fn ask(&mut self, number: u32) -> Option<oneshot::Receiver<Assignment>> {
        let instance = self.instances.get_mut(&number)?;
        let (next, assigned) = oneshot::channel();
        instance.phase = Phase::Idle(next);
        self.idle.retain(|idle| *idle != number);
        self.idle.push_back(number);
        self.assign_waiting();
        Some(assigned)
    }

    /// Ends the event of an instance and returns the sender of its result. `None` if the instance does not hold this
    /// event, or with no id: if it holds no event.
    pub(super) fn take_result(&mut self, number: u32, wanted: Option<&str>) -> Option<ResultSender> {
        let instance = self.instances.get_mut(&number)?;
        match std::mem::replace(&mut instance.phase, Phase::Responded) {
            Phase::Busy { id, result } if wanted.is_none_or(|wanted| wanted == id) => Some(result),
            other => {
                instance.phase = other;
                None
            }
        }
    }

    /// Keeps the reason why an instance could not start.
    pub(super) fn set_init_error(&mut self, error: FunctionError) {
        self.init_error = Some(error);
    }

    /// Removes an instance that has ended, and returns the event that fails by it.
    pub(super) fn remove(&mut self, number: u32) -> Option<(ResultSender, FunctionError)> {
        let held = self.take_result(number, None);
        let removed = self.instances.remove(&number);
        self.idle.retain(|idle| *idle != number);
        let init_error = self.init_error.take();
        if let Some(result) = held {
            return Some((result, FunctionError::exited("while it held the event")));
        }
        removed.filter(|instance| matches!(instance.phase, Phase::Starting))?;
        let invocation = self.waiting.pop_front()?;
        let error = init_error.unwrap_or_else(|| FunctionError::exited("while it started"));
        Some((invocation.result, error))
    }

    /// Drops the waiting events, starts no instance again, and returns the numbers of all instances.
    pub(super) fn stop(&mut self) -> Vec<u32> {
        self.stopped = true;
        self.waiting.clear();
        self.instances.keys().copied().collect()
    }

    pub(super) fn holds(&self, number: u32) -> bool {
        self.instances.contains_key(&number)
    }

    /// Tells whether an instance ran once and is gone.
    pub(super) fn has_ended(&self, number: u32) -> bool {
        number <= self.last_number && !self.holds(number)
    }

    /// Returns the switch that kills an instance.
    pub(super) fn kill_switch(&self, number: u32) -> Option<watch::Sender<bool>> {
        self.instances.get(&number).map(|instance| instance.kill.clone())
    }

    /// Returns what an instance writes.
    pub(super) fn output(&self, number: u32) -> Option<Arc<Output>> {
        self.instances.get(&number)?.output.clone()
    }

    /// Counts the instances, whatever they do.
    pub(super) fn total(&self) -> usize {
        self.instances.len()
    }

    /// Moves the clocks of all instances forward but those of the frozen ones.
    pub(super) fn pass(&mut self, time: Duration, is_frozen: impl Fn(u32) -> bool) {
        self.passed += time;
        let moving = self.instances.iter_mut().filter(|(number, _)| !is_frozen(**number));
        for clock in moving.filter_map(|(_, instance)| instance.clock.as_mut()) {
            clock.advance(time).expect("the file of a clock is open and can be written");
        }
    }

    pub(super) fn count(&self) -> Instances {
        let mut count = Instances::default();
        for instance in self.instances.values() {
            match instance.phase {
                Phase::Starting => count.starting += 1,
                Phase::Idle(_) => count.idle += 1,
                Phase::Busy { .. } | Phase::Responded => count.busy += 1,
            }
        }
        count
    }
}
