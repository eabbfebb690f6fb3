//! Plays requests at once, one call after the other.

use std::{collections::HashMap, pin::Pin, task::Poll};

use futures_util::{StreamExt as _, future::poll_fn, stream::FuturesUnordered};
use kit::{Answer, Effect, Fault, HeldCall, Service, World};

use super::{
    footprint::Footprint,
    order::{CallFault, Order},
    search::Scheduler,
};

/// How a request ended.
#[derive(Debug, Clone)]
pub(super) enum Ended {
    Answered(Answer),
    /// A run of the notice function, or another thing that has no answer: whether it went well.
    Ran(bool),
}

/// A request that runs.
pub(super) type Running<'w> = Pin<Box<dyn Future<Output = Ended> + 'w>>;

/// A request that runs, with its position.
type Numbered<'w> = Pin<Box<dyn Future<Output = (usize, Ended)> + 'w>>;

/// A request, or a step of another kind.
pub(super) enum Part<'w> {
    Request(Running<'w>),
    /// Something that a test does to the table at once.
    Step(Box<dyn FnOnce() + 'w>),
}

/// The result of a run.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) ended: Vec<Ended>,
    pub(super) order: Order,
    /// For each choice of the order: what its call touches.
    pub(super) touched: Vec<Footprint>,
}

/// The requests that run, and whose each call is.
struct Run<'w> {
    world: &'w World,
    futures: FuturesUnordered<Numbered<'w>>,
    steps: Vec<Option<Box<dyn FnOnce() + 'w>>>,
    ended: Vec<Option<Ended>>,
    /// The requests by function and number of an instance that works for them.
    owners: HashMap<(String, u32), usize>,
    held: Vec<HeldCall>,
}

/// Plays parts in the order that a scheduler chooses, while all calls of these functions are held.
pub(super) async fn play<'w>(
    world: &'w World,
    functions: &[&str],
    parts: Vec<Part<'w>>,
    scheduler: &mut dyn Scheduler,
) -> Played {
    for function in functions {
        world.stack.faults().add(Fault::on(Service::DynamoDb, Effect::Hold).function(function));
    }
    let mut run = Run {
        world,
        futures: FuturesUnordered::new(),
        steps: Vec::new(),
        ended: parts.iter().map(|_| None).collect(),
        owners: HashMap::new(),
        held: Vec::new(),
    };
    for (position, part) in parts.into_iter().enumerate() {
        run.start(position, part).await;
    }
    let (mut order, mut touched) = (Order::default(), Vec::new());
    loop {
        let pending = run.pending();
        if pending.iter().all(Option::is_none) {
            break;
        }
        let choice = scheduler.choose(&pending);
        order.0.push(choice);
        touched.extend(pending[choice.request].clone());
        run.go(choice.request, choice.fault).await;
    }
    world.stack.faults().clear();
    Played { ended: run.ended.into_iter().map(Option::unwrap).collect(), order, touched }
}

impl<'w> Run<'w> {
    async fn start(&mut self, position: usize, part: Part<'w>) {
        match part {
            Part::Request(running) => {
                self.futures.push(Box::pin(async move { (position, running.await) }));
                self.steps.push(None);
                self.settle(position).await;
            }
            Part::Step(step) => self.steps.push(Some(step)),
        }
    }

    /// Returns the pending call of each request; `None` if it has ended.
    fn pending(&self) -> Vec<Option<Footprint>> {
        let of = |position: usize| {
            let step = self.steps[position].is_some().then(Footprint::of_a_step);
            let calls = self.held.iter().filter(|call| self.owner(call) == Some(position)).map(Footprint::of);
            step.into_iter().chain(calls).reduce(Footprint::and)
        };
        (0..self.ended.len()).map(of).collect()
    }

    /// Lets the next call of a request go on, and waits for what follows.
    async fn go(&mut self, request: usize, fault: Option<CallFault>) {
        if let Some(step) = self.steps[request].take() {
            assert!(fault.is_none(), "a step has no fault");
            step();
            self.ended[request] = Some(Ended::Ran(true));
            return;
        }
        let position = self.held.iter().position(|call| self.owner(call) == Some(request)).unwrap();
        let call = self.held.remove(position);
        let faults = self.world.stack.faults();
        assert!(faults.let_go(call.id, fault.map(CallFault::effect)));
        faults.until_calls(|_, going| going == 0).await;
        self.settle(request).await;
    }

    /// Waits until a request has ended or its next call is held. Nothing else runs meanwhile, so that a call of an instance
    /// that was not seen before belongs to this request.
    async fn settle(&mut self, request: usize) {
        while self.ended[request].is_none() && !self.is_held(request) {
            self.next(request).await;
        }
    }

    fn is_held(&self, request: usize) -> bool {
        self.held.iter().any(|call| self.owner(call) == Some(request))
    }

    /// Waits for a new call or an end.
    async fn next(&mut self, request: usize) {
        let world = self.world;
        let faults = world.stack.faults();
        let known: Vec<_> = self.held.iter().map(|call| call.id).collect();
        let arrived = std::cell::RefCell::new(Vec::new());
        let calls = faults.until_calls(|held, going| {
            let new: Vec<_> = held.iter().filter(|call| !known.contains(&call.id)).cloned().collect();
            let is_new = going == 0 && !new.is_empty();
            arrived.replace(new);
            is_new
        });
        let mut calls = std::pin::pin!(calls);
        let futures = &mut self.futures;
        let end = poll_fn(|context| {
            if let Poll::Ready(Some(end)) = futures.poll_next_unpin(context) {
                return Poll::Ready(Some(end));
            }
            calls.as_mut().poll(context).map(|()| None)
        });
        if let Some((position, ended)) = end.await {
            self.ended[position] = Some(ended);
            self.owners.retain(|_, owner| *owner != position);
            return;
        }
        for call in arrived.take() {
            if is_free(&call) {
                assert!(faults.let_go(call.id, None));
                continue;
            }
            let owner = self.owners.entry((call.function.clone(), call.instance)).or_insert(request);
            debug_assert!(self.ended[*owner].is_none());
            self.held.push(call);
        }
        self.held.sort_by_key(|call| call.id);
    }

    fn owner(&self, call: &HeldCall) -> Option<usize> {
        self.owners.get(&(call.function.clone(), call.instance)).copied()
    }
}

/// Tells whether a call goes on at once. What an authorizer reads of the organization depends on what it knows, and so on
/// the time; no request changes it.
fn is_free(call: &HeldCall) -> bool {
    call.function == "authorize-request" && Footprint::of(call).only_reads_organization()
}
