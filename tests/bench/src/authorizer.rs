//! The authorizer against the floors.

mod at_once;
mod starts;
mod unseen;
mod warm;

use rand::seq::SliceRandom as _;

use crate::{
    arguments::Size,
    binaries::{AUTHORIZER, DOCUMENTED, LEAN, LOGGING, NOTHING},
    event,
    failure::Failure,
    instance::{Answer, Instance, Start},
    report::Report,
    world::World,
};

/// A function with an event, and what its answer must be.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) start: Start,
    pub(crate) event: Vec<u8>,
    pub(crate) passes: bool,
}

/// The floors.
pub(crate) const DOES_NOTHING: &str = "does nothing";
pub(crate) const LOGS: &str = "writes one log line";
pub(crate) const LEAN_READ: &str = "the read alone, lean";
pub(crate) const DOCUMENTED_READ: &str = "the read alone, documented set-up";
/// The authorizer's events.
pub(crate) const RIGHT: &str = "authorizer: right secret";
pub(crate) const WRONG: &str = "authorizer: wrong secret";
pub(crate) const MALFORMED: &str = "authorizer: malformed";
pub(crate) const JWT: &str = "authorizer: JWT";

impl Subject {
    /// Lists the floors, then the authorizer with each kind of credential.
    fn all(world: &World) -> Result<Vec<Self>, Failure> {
        let token = &world.tokens[0];
        let right = event::authorizer(world, "x-access-key", token)?;
        let malformed = event::authorizer(world, "x-access-key", &token[..token.len() - 1])?;
        let wrong = event::authorizer(world, "x-access-key", &event::with_wrong_secret(token))?;
        let jwt = world.stack.issuer().token("alice", "alice@example.com", "Alice");
        let jwt = event::sign_in(world, &jwt)?;
        let authorizer = world.of(AUTHORIZER)?;
        let of = |name, start, event, passes| Self { name, start, event, passes };
        Ok(vec![
            of(DOES_NOTHING, world.floor(NOTHING)?, malformed.clone(), false),
            of(LOGS, world.floor(LOGGING)?, malformed.clone(), false),
            of(LEAN_READ, world.floor(LEAN)?, right.clone(), true),
            of(DOCUMENTED_READ, world.floor(DOCUMENTED)?, right.clone(), true),
            of(MALFORMED, authorizer.clone(), malformed, false),
            of(WRONG, authorizer.clone(), wrong, false),
            of(RIGHT, authorizer.clone(), right, true),
            of(JWT, authorizer, jwt, true),
        ])
    }

    /// Lets an instance decide, and checks the decision.
    pub(crate) fn decide(&self, world: &World, instance: &Instance) -> Result<Answer, Failure> {
        decide(world, instance, &self.event, self.passes)
    }
}

/// Lets an instance decide on an event, and checks the decision.
pub(crate) fn decide(
    world: &World,
    instance: &Instance,
    event: &[u8],
    passes: bool,
) -> Result<Answer, Failure> {
    let answer = instance.invoke(event, world.deadline())?;
    let expected: &[u8] = if passes { br#""isAuthorized":true"# } else { br#""isAuthorized":false"# };
    let decided = answer.body.windows(expected.len()).any(|window| window == expected);
    if answer.is_right && decided {
        Ok(answer)
    } else {
        Err(instance.failed(String::from_utf8_lossy(&answer.body)))
    }
}

/// Returns the items in an order of its own each time.
///
/// None always comes after the same one, whose traces in caches and whose end would be a part of its time.
fn in_turn<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<_> = items.collect();
    items.shuffle(&mut rand::rng());
    items
}

/// Returns the larger of two figures that may not be known.
fn most(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::max)
}

/// Finds a subject by its name.
fn place(subjects: &[Subject], name: &str) -> Option<usize> {
    subjects.iter().position(|subject| subject.name == name)
}

/// Measures the authorizer and the floors, in turns.
pub(crate) fn measure(world: &World, size: &Size, report: &mut Report) -> Result<(), Failure> {
    let subjects = &Subject::all(world)?;
    starts::measure(world, subjects, size, report)?;
    warm::measure(world, subjects, size, report)?;
    unseen::measure(world, subjects, size, report)?;
    at_once::measure(world, subjects, size, report)
}
