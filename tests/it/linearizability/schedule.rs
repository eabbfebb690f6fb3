//! The schedule: one of the calls that wait goes on at a time, by a seed, some with a fault.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    pin::pin,
    task::Poll,
};

use futures_util::future::{Either, poll_fn, select};
use kit::{Effect, Fault, HeldCall, Random, Service, World};

/// The functions of the requests.
const FUNCTIONS: [&str; 8] = [
    "authorize-request",
    "create-access-key",
    "delete-access-key",
    "get-access-key",
    "manage-users",
    "revoke-access-key",
    "rotate-access-key",
    "update-access-key",
];

/// One call in so many has a fault.
const FAULTY: usize = 16;

/// Starts the instances that so many clients need, so that no request waits for one.
pub(super) async fn warm_up(world: &World, clients: usize) {
    for function in FUNCTIONS.into_iter().chain(["describe-caller"]) {
        world.stack.warm_up(function, clients).await.unwrap();
    }
}

/// Holds every call to the table, and lets one after another go on while clients run. `running` counts the clients.
pub(super) async fn run(world: &World, random: &mut Random, running: &Cell<usize>) {
    let faults = world.stack.faults();
    for function in FUNCTIONS {
        faults.add(Fault::on(Service::DynamoDb, Effect::Hold).function(function));
    }
    while running.get() > 0 {
        let (waiting, before) = (RefCell::new(Vec::new()), running.get());
        let wait = faults.until_calls(|held, going| {
            waiting.replace(held.to_vec());
            going == 0 && callers(held) >= before
        });
        let end = poll_fn(|_| if running.get() == before { Poll::Pending } else { Poll::Ready(()) });
        if let Either::Left(_) = select(pin!(end), pin!(wait)).await {
            continue;
        }
        let waiting = waiting.take();
        let call = random.pick(&waiting);
        let effect = random.one_in(FAULTY).then(|| effect(random));
        assert!(faults.let_go(call.id, effect));
    }
    faults.clear();
}

/// Counts the instances that wait: each client has one.
fn callers(held: &[HeldCall]) -> usize {
    held.iter().map(|call| (&call.function, call.instance)).collect::<BTreeSet<_>>().len()
}

fn effect(random: &mut Random) -> Effect {
    random.pick(&[
        Effect::LoseReply,
        Effect::LoseRequest,
        Effect::Throttle,
        Effect::ServerError,
        Effect::TransactionConflict { position: 0 },
        Effect::KillBefore,
        Effect::KillAfter,
    ])
}
