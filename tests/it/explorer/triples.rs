//! Three requests at once, by a seed: some sets of three, in some orders of their calls.

use kit::{Random, run};

use super::{
    action::Action::{self, *},
    compare::{ConcurrentRequests, Violation},
    fixture::Setup,
    search::{AtRandom, Search, given},
};

/// Requests about a key and its user.
const OF_KEYS: [Action; 14] = [
    Create,
    ExtendExpired,
    Extend,
    Rotate,
    RotateItself,
    RotateOnce,
    SwitchOff,
    SwitchOn,
    Revoke,
    DeleteKey,
    Suspend,
    DeleteUser,
    Kind,
    Policy,
];

/// Requests about a first sign-in. They are drawn apart: among requests about keys they would seldom meet.
const OF_SIGN_INS: [Action; 5] = [Link, LinkOther, Address, SuspendInvited, DeleteInvited];

/// Orders of each set.
const ORDERS: usize = 10;

#[test]
fn three_requests_at_once_end_as_one_after_another() {
    let first = kit::share::seed("INTERLEAVING_SEED").unwrap_or(1);
    run(async |world| {
        let fixture = Setup::Keys.build(world).await;
        for seed in first..first + kit::share::interleaved_triples() {
            let mut random = Random::new(seed);
            for kind in [&OF_KEYS[..], &OF_SIGN_INS] {
                let actions = [0; 3].map(|_| random.pick(kind));
                let mut requests = ConcurrentRequests::new(world, &fixture, &actions).await;
                for _ in 0..ORDERS {
                    let mut drawn = AtRandom { random: &mut random, fault: None };
                    let checked = match given() {
                        Some(_) => requests.search(&mut Search::default(), 1).await.map(drop),
                        None => requests.check(&mut drawn).await.map(drop),
                    };
                    if let Err(Violation(text)) = checked {
                        panic!("INTERLEAVING_SEED={seed} {text}");
                    }
                }
            }
        }
    });
}
