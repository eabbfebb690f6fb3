//! Plays orders, and compares each result with the results of the serial orders.

use std::collections::BTreeMap;

use kit::World;

use super::{
    action::Action,
    fixture::Fixture,
    footprint::Footprint,
    order::{CallFault, Order},
    outcome::{Allowed, Outcome},
    play::play,
    search::{Given, OneAfterAnother, Scheduler, Search, given},
};

/// Requests that meet, and where.
#[derive(Debug)]
pub(super) struct ConcurrentRequests<'w> {
    world: &'w World,
    fixture: &'w Fixture,
    actions: Vec<Action>,
    /// What the requests leave behind one after another, in each order, and without each of them.
    serial: BTreeMap<Vec<usize>, Outcome>,
    pub(super) played: usize,
    /// The calls of each request that runs before all others: what each touches.
    calls: Vec<Vec<Footprint>>,
}

/// An order whose result equals that of no serial order.
#[derive(Debug)]
pub(super) struct Violation(pub(super) String);

impl<'w> ConcurrentRequests<'w> {
    /// Plays the requests one after another, in each order.
    pub(super) async fn new(world: &'w World, fixture: &'w Fixture, actions: &[Action]) -> Self {
        for action in actions {
            let instances = actions.iter().filter(|other| other.function() == action.function()).count();
            world.stack.warm_up(action.function(), instances).await.unwrap();
        }
        world.stack.warm_up("authorize-request", actions.len()).await.unwrap();
        let actions = actions.to_vec();
        let mut requests =
            Self { world, fixture, actions, serial: BTreeMap::new(), played: 0, calls: Vec::new() };
        requests.calls.resize(requests.actions.len(), Vec::new());
        for order in permutations(requests.actions.len()) {
            let (run, outcome) =
                requests.play(&order, &mut OneAfterAnother((0..order.len()).collect())).await;
            requests.calls[order[0]] = run.calls_of(0);
            requests.serial.insert(order, outcome);
        }
        requests
    }

    /// Adds what is left behind if a request is not done: a request that fails may be done or not.
    pub(super) async fn let_requests_fail(&mut self) {
        for absent in 0..self.actions.len() {
            for order in permutations(self.actions.len()) {
                let order: Vec<_> = order.into_iter().filter(|request| *request != absent).collect();
                if !self.serial.contains_key(&order) {
                    let mut one_by_one = OneAfterAnother((0..order.len()).collect());
                    let (_, outcome) = self.play(&order, &mut one_by_one).await;
                    self.serial.insert(order, outcome);
                }
            }
        }
    }

    /// Plays every order, or as many as are wanted. Returns the number of orders that differ.
    pub(super) async fn search(&mut self, search: &mut Search, most: usize) -> Result<usize, Violation> {
        if let Some(order) = given() {
            self.check(&mut Given(order.0.into_iter())).await?;
            return Ok(1);
        }
        let (most, mut orders) = (self.played.saturating_add(most), 0);
        loop {
            self.check(search).await?;
            orders += usize::from(!search.is_repeat());
            if !search.go_on() || self.played >= most {
                return Ok(orders);
            }
        }
    }

    /// Counts the requests.
    pub(super) fn count(&self) -> usize {
        self.actions.len()
    }

    /// Counts the calls of a request that a fault can strike, if the request runs before all others.
    pub(super) fn count_calls(&self, request: usize, fault: CallFault) -> usize {
        self.calls[request].iter().filter(|touched| fault.can_strike(touched)).count()
    }

    /// Plays one order, and returns it.
    pub(super) async fn check(&mut self, scheduler: &mut dyn Scheduler) -> Result<Order, Violation> {
        let all: Vec<_> = (0..self.actions.len()).collect();
        let (Run { order, .. }, outcome) = self.play(&all, scheduler).await;
        let faulty = order.0.iter().find(|choice| choice.fault.is_some());
        let allowed = Allowed {
            may_fail: faulty.map(|choice| choice.request),
            // A lease that ends before its time lets a run send what another one sends too.
            may_send_twice: faulty.is_some() || self.actions.contains(&Action::LeaseEnds),
        };
        let serial: Vec<_> = self.serial.values().collect();
        if outcome.is_one_of(&serial, &self.actions, allowed) {
            return Ok(order);
        }
        let serial = self.serial.iter();
        let serial = serial.map(|(order, serial)| format!("\n{order:?} {}", outcome.differences(serial)));
        let text = format!(
            "{:?}: INTERLEAVING=\"{order}\" ends {:?}, and as no order of whole requests does:{}",
            self.actions,
            outcome.answers(),
            serial.collect::<String>(),
        );
        Err(Violation(text))
    }

    /// Plays some of the requests, from the same start. The scheduler sees the positions in `requests`.
    async fn play(&mut self, requests: &[usize], scheduler: &mut dyn Scheduler) -> (Run, Outcome) {
        self.world.restore_again(&self.fixture.start);
        self.fixture.travel(self.world, 0);
        let mails = self.world.stack.emails().len();
        let functions = self.functions();
        let start = |request: &usize| self.actions[*request].start(*request, self.world, self.fixture);
        let played = play(self.world, &functions, requests.iter().map(start).collect(), scheduler).await;
        self.played += 1;
        self.fixture.settle(self.world).await;
        let ended = requests.iter().copied().zip(played.ended).collect();
        let outcome = Outcome::read(self.world, self.fixture, &ended, self.actions.len(), mails);
        (Run { order: played.order, touched: played.touched }, outcome)
    }

    fn functions(&self) -> Vec<&'static str> {
        let mut functions: Vec<_> = self.actions.iter().map(|action| action.function()).collect();
        functions.sort_unstable();
        functions.dedup();
        functions
    }
}

/// The calls of a run.
#[derive(Debug)]
struct Run {
    order: Order,
    /// For each choice of the order: what its call touches.
    touched: Vec<Footprint>,
}

impl Run {
    /// Returns what the calls of a request touch.
    fn calls_of(self, request: usize) -> Vec<Footprint> {
        let choices = self.order.0.into_iter().zip(self.touched);
        choices.filter(|(choice, _)| choice.request == request).map(|(_, touched)| touched).collect()
    }
}

/// Lists the orders of so many requests.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let shorter = permutations(last);
    let with_last = shorter.into_iter().flat_map(|order| {
        (0..count).map(move |place| {
            let mut longer = order.clone();
            longer.insert(place, last);
            longer
        })
    });
    with_last.collect()
}
