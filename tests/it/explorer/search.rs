//! Which order is played next.
//!
//! Depth-first with dynamic partial-order reduction (Flanagan and Godefroid, 2005) and sleep sets: where two calls of an
//! order do not commute, the one that came second is also tried before the first.

use std::collections::BTreeSet;

use kit::Random;

use super::{
    footprint::Footprint,
    order::{CallFault, Choice, Order},
};

/// The pending call of each request; `None` if it has ended.
pub(super) type Pending = [Option<Footprint>];

/// Chooses whose call goes next.
pub(super) trait Scheduler {
    fn choose(&mut self, pending: &Pending) -> Choice;
}

fn waiting(pending: &Pending) -> impl Iterator<Item = usize> {
    pending.iter().enumerate().filter(|(_, touched)| touched.is_some()).map(|(request, _)| request)
}

/// Lets the requests run one after another.
pub(super) struct OneAfterAnother(pub(super) Vec<usize>);

impl Scheduler for OneAfterAnother {
    fn choose(&mut self, pending: &Pending) -> Choice {
        let next = self.0.iter().find(|request| pending[**request].is_some());
        Choice { request: *next.unwrap(), fault: None }
    }
}

/// Plays an order that a failure printed, then the first request that waits.
pub(super) struct Given(pub(super) std::vec::IntoIter<Choice>);

impl Scheduler for Given {
    fn choose(&mut self, pending: &Pending) -> Choice {
        let given = self.0.next().filter(|choice| pending[choice.request].is_some());
        given.unwrap_or_else(|| Choice { request: waiting(pending).next().unwrap(), fault: None })
    }
}

/// Chooses at random, with a fault if one is planned.
pub(super) struct AtRandom<'r> {
    pub(super) random: &'r mut Random,
    pub(super) fault: Option<PlannedFault>,
}

impl Scheduler for AtRandom<'_> {
    fn choose(&mut self, pending: &Pending) -> Choice {
        let request = self.random.pick(&waiting(pending).collect::<Vec<_>>());
        let fault = self.fault.as_mut().and_then(|fault| fault.at(request, pending[request].as_ref()));
        Choice { request, fault }
    }
}

/// A fault of one call of a request: the n-th of those that it can strike, counted from 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedFault {
    pub(super) request: usize,
    pub(super) call: usize,
    pub(super) fault: CallFault,
}

impl PlannedFault {
    /// Counts a call that the fault can strike, and returns the fault if it is the planned one.
    fn at(&mut self, request: usize, touched: Option<&Footprint>) -> Option<CallFault> {
        if request != self.request || !touched.is_some_and(|touched| self.fault.can_strike(touched)) {
            return None;
        }
        let strikes = self.call == 0;
        self.call = self.call.wrapping_sub(1);
        strikes.then_some(self.fault)
    }
}

/// A state of the requests, and what was tried from there.
#[derive(Debug)]
struct Node {
    pending: Vec<Option<Footprint>>,
    chosen: Choice,
    /// Requests whose call was tried here, the chosen one included.
    tried: BTreeSet<usize>,
    /// Requests whose call must be tried here.
    to_try: BTreeSet<usize>,
    /// Requests whose call was tried before with no call since that it does not commute with.
    asleep: BTreeSet<usize>,
}

impl Node {
    /// What the chosen call touches. One that is refused touches nothing.
    fn touched(&self) -> Footprint {
        if self.chosen.fault.is_some_and(CallFault::is_refusal) {
            return Footprint::default();
        }
        self.pending[self.chosen.request].clone().unwrap_or_default()
    }
}

/// The search through all orders.
#[derive(Debug, Default)]
pub(super) struct Search {
    nodes: Vec<Node>,
    /// How many choices of the present run were made.
    depth: usize,
    fault: Option<PlannedFault>,
    fault_now: Option<PlannedFault>,
    /// Whether the present run only repeats another one with calls that commute swapped.
    is_repeat: bool,
    /// Whether the fault struck in a run.
    has_struck: bool,
}

impl Search {
    /// Searches with a fault in each run.
    pub(super) fn with(fault: PlannedFault) -> Self {
        Self { fault: Some(fault), fault_now: Some(fault), ..Self::default() }
    }

    /// Ends a run. Tells whether another one is to be played.
    pub(super) fn go_on(&mut self) -> bool {
        self.find_races();
        (self.depth, self.fault_now, self.is_repeat) = (0, self.fault, false);
        while let Some(mut node) = self.nodes.pop() {
            let next = node
                .to_try
                .iter()
                .find(|request| !node.tried.contains(request) && !node.asleep.contains(request));
            if let Some(next) = next.copied() {
                node.tried.insert(next);
                node.chosen = Choice { request: next, fault: None };
                self.nodes.push(node);
                return true;
            }
        }
        false
    }

    /// Tells whether the planned fault struck a call in any run.
    pub(super) const fn has_struck(&self) -> bool {
        self.has_struck
    }

    /// Tells whether every order was played.
    pub(super) const fn is_over(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Tells whether the run that ended repeats another one.
    pub(super) const fn is_repeat(&self) -> bool {
        self.is_repeat
    }

    /// Finds calls of two requests that do not commute, and remembers to try the second before the first.
    fn find_races(&mut self) {
        let requests = self.nodes.first().map_or(0, |node| node.pending.len());
        // For each call, and for the last one of each request: how many calls of each request must come before.
        let mut clocks: Vec<Vec<usize>> = Vec::new();
        let mut of_request = vec![vec![0; requests]; requests];
        for place in 0..self.nodes.len() {
            let (request, touched) = (self.nodes[place].chosen.request, self.nodes[place].touched());
            let races = |earlier: &usize| {
                let other = &self.nodes[*earlier];
                other.chosen.request != request && !other.touched().commutes(&touched)
            };
            let conflicts: Vec<_> = (0..place).rev().filter(races).collect();
            let unordered = conflicts.iter().find(|earlier| {
                let other = self.nodes[**earlier].chosen.request;
                clocks[**earlier][other] > of_request[request][other]
            });
            if let Some(earlier) = unordered {
                self.nodes[*earlier].to_try.insert(request);
            }
            let mut clock = of_request[request].clone();
            for earlier in conflicts {
                for (mine, its) in clock.iter_mut().zip(&clocks[earlier]) {
                    *mine = (*mine).max(*its);
                }
            }
            clock[request] += 1;
            of_request[request].clone_from(&clock);
            clocks.push(clock);
        }
    }

    fn new_node(&mut self, pending: &Pending) {
        let asleep: BTreeSet<usize> = self.nodes.last().map_or_else(BTreeSet::new, |parent| {
            let touched = parent.touched();
            let before = parent.asleep.union(&parent.tried).filter(|one| **one != parent.chosen.request);
            let sleeps = |one: &&usize| pending[**one].as_ref().is_some_and(|other| other.commutes(&touched));
            before.filter(sleeps).copied().collect()
        });
        let Some(request) = waiting(pending).find(|request| !asleep.contains(request)) else {
            self.is_repeat = true;
            return;
        };
        let one = BTreeSet::from([request]);
        let chosen = Choice { request, fault: None };
        self.nodes.push(Node { pending: pending.to_vec(), chosen, tried: one.clone(), to_try: one, asleep });
    }
}

impl Scheduler for Search {
    fn choose(&mut self, pending: &Pending) -> Choice {
        if self.depth == self.nodes.len() && !self.is_repeat {
            self.new_node(pending);
        }
        if self.is_repeat {
            return Choice { request: waiting(pending).next().unwrap(), fault: None };
        }
        let node = &mut self.nodes[self.depth];
        let request = node.chosen.request;
        assert!(
            pending[request].is_some(),
            "a run cannot be repeated: request {request} has ended at {}",
            self.depth
        );
        node.pending = pending.to_vec();
        node.chosen.fault =
            self.fault_now.as_mut().and_then(|fault| fault.at(request, pending[request].as_ref()));
        self.has_struck |= node.chosen.fault.is_some();
        self.depth += 1;
        node.chosen
    }
}

/// Returns the order of a run that a failure printed, from the environment.
pub(super) fn given() -> Option<Order> {
    kit::share::interleaving().map(|text| Order::parse(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays requests that touch these items, one call for each, and counts the runs that repeat no other one.
    fn count_orders(requests: &[&[&str]]) -> usize {
        let call = |item: &&str| Footprint::writing(item);
        let (mut search, mut orders) = (Search::default(), BTreeSet::new());
        loop {
            let mut left: Vec<Vec<_>> =
                requests.iter().map(|items| items.iter().rev().map(call).collect()).collect();
            let mut order = Vec::new();
            while left.iter().any(|calls: &Vec<Footprint>| !calls.is_empty()) {
                let pending: Vec<_> = left.iter().map(|calls| calls.last().cloned()).collect();
                let choice = search.choose(&pending);
                left[choice.request].pop();
                order.push(choice.request);
            }
            if !search.is_repeat() {
                assert!(orders.insert(order), "an order was played twice");
            }
            if !search.go_on() {
                return orders.len();
            }
        }
    }

    #[test]
    fn each_order_is_played_once_and_calls_that_commute_in_one_order() {
        for (requests, orders) in [
            (&[["a", "b"].as_slice(), &["c", "d"]] as &[&[&str]], 1),
            (&[&["a", "a"], &["a", "a"]], 6),
            (&[&["a", "b"], &["b", "a"]], 3),
            (&[&["a"], &["a"], &["a"]], 6),
            (&[&["a", "b"], &["b", "c"], &["c"]], 4),
            (&[&["x", "a"], &["y", "a"], &["z", "a"]], 6),
        ] {
            assert_eq!(count_orders(requests), orders, "{requests:?}");
        }
    }
}
