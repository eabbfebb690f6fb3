//! Checks a model: whole, with its needed conditions alone, and with each condition switched off in turn.

use std::{fmt::Debug, hash::Hash, time::Instant};

use stateright::{Checker, HasDiscoveries, Model};

use crate::bounds::Bounds;

/// A model whose conditions can be switched off.
pub trait Switchable:
    Model<State: Clone + Debug + Hash + PartialEq + Send + Sync, Action: Clone + Debug + PartialEq>
    + Send
    + Sync
    + 'static
{
    /// Its name.
    const NAME: &'static str;
    /// The conditions that can be switched off. A redundant one has the reason why no promise needs it.
    const CONDITIONS: &'static [(Self::Condition, Option<&'static str>)];
    /// A condition of a transaction.
    type Condition: Copy + Debug + PartialEq + Send + Sync + 'static;

    /// Makes the model, with some conditions switched off.
    fn new(bounds: Bounds, off: Vec<Self::Condition>) -> Self;

    /// Describes a state at the start.
    fn describe(state: &Self::State) -> String;

    /// Returns the promise that a state breaks.
    fn broken(state: &Self::State) -> Option<String>;
}

/// A broken promise, and the way to it.
struct Counterexample {
    promise: String,
    start: String,
    steps: Vec<String>,
}

/// What an exploration found.
struct Exploration {
    /// The different states that it met.
    states: usize,
    seconds: f64,
    counterexample: Option<Counterexample>,
}

/// Explores a model, breadth first, up to the first broken promise.
fn explore<M: Switchable>(model: M) -> Exploration {
    let began = Instant::now();
    let checker = model.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let counterexample = checker.discoveries().into_values().next().map(|path| Counterexample {
        promise: M::broken(path.last_state()).unwrap_or_default(),
        start: path.clone().into_states().first().map(M::describe).unwrap_or_default(),
        steps: path.into_actions().iter().map(|action| format!("{action:?}")).collect(),
    });
    Exploration {
        states: checker.unique_state_count(),
        seconds: began.elapsed().as_secs_f64(),
        counterexample,
    }
}

/// Checks a model and prints what it found. Returns whether all is as it should be. The counterexample of the
/// condition `shown` is printed too.
pub fn check<M: Switchable>(bounds: Bounds, shown: Option<&str>) -> bool {
    let redundant: Vec<_> = M::CONDITIONS
        .iter()
        .filter(|(_, reason)| reason.is_some())
        .map(|(condition, _)| *condition)
        .collect();
    println!("{}, {bounds:?} bounds", M::NAME);
    // Needed conditions that keep all promises alone show that each of the others is redundant.
    let whole = [("every condition", Vec::new()), ("without the redundant ones", redundant)];
    let mut is_right = true;
    for (name, off) in whole {
        let found = explore(M::new(bounds, off));
        let is_kept = found.counterexample.is_none();
        print(name, &found, if is_kept { "every promise is kept" } else { "WRONG" }, !is_kept);
        is_right &= is_kept;
    }
    // Within small bounds, what leaves out the redundant ones together says enough.
    let explored = M::CONDITIONS.iter().filter(|(_, reason)| reason.is_none() || bounds != Bounds::Small);
    for (condition, reason) in explored {
        let mut found = explore(M::new(Bounds::Small, vec![*condition]));
        if found.counterexample.is_none() && reason.is_none() && bounds != Bounds::Small {
            found = explore(M::new(bounds, vec![*condition]));
        }
        let name = format!("{condition:?}");
        let (is_expected, verdict) = match (&found.counterexample, reason) {
            (Some(_), None) => (true, String::new()),
            (None, Some(reason)) => (true, format!("redundant: {reason}")),
            (Some(_), Some(_)) => (false, "WRONG: it is listed as redundant".to_owned()),
            (None, None) => (false, "WRONG: no promise needs it".to_owned()),
        };
        print(&format!("  without {name}"), &found, &verdict, shown == Some(&name));
        is_right &= is_expected;
    }
    is_right
}

fn print(name: &str, found: &Exploration, verdict: &str, is_shown: bool) {
    let Exploration { states, seconds, counterexample } = found;
    let broken = counterexample.as_ref();
    let broken = broken.map(|found| format!("breaks {} in {} steps ", found.promise, found.steps.len()));
    println!("{name:<40} {states:>9} states {seconds:>5.1} s  {}{verdict}", broken.unwrap_or_default());
    if let Some(found) = counterexample.as_ref().filter(|_| is_shown) {
        println!("    {}", found.start);
        found.steps.iter().for_each(|step| println!("    {step}"));
    }
}
