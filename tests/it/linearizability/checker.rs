//! Searches an order of a history's requests that the rules allow (Wing and Gong, 1993), and no state twice (Lowe, 2017).
//!
//! Kept by hand: `stateright`'s tester, which `tests/models` could share, goes through a state again for each order that leads to
//! it, and would bring eleven crates, an HTTP server among them, into every `cargo test`.

use std::collections::HashSet;

use super::{history::History, rules::State};

/// The requests that have happened, one bit each, and the state after them.
type Reached = (u64, State);

/// Tells whether the requests of a history can have happened one after another, each between its sending and its answer.
pub(super) fn is_linearizable(history: &History, start: &State) -> bool {
    assert!(history.0.len() <= 64, "a bit for each request");
    search(history, (0, start.clone()), &mut HashSet::new())
}

fn search(history: &History, (done, state): Reached, seen: &mut HashSet<Reached>) -> bool {
    let left = || history.0.iter().enumerate().filter(|(position, _)| done & 1 << position == 0);
    // What is sent after an answer happens after the answered request.
    let Some(first_answer) = left().filter_map(|(_, one)| Some(one.answer.as_ref()?.0)).min() else {
        return true;
    };
    left().filter(|(_, one)| one.sent < first_answer).any(|(position, one)| {
        let mut next = state.clone();
        let answer = next.step(position, one.request);
        let fits = one.answer.as_ref().is_none_or(|(_, given)| *given == answer);
        let reached = (done | 1 << position, next);
        fits && seen.insert(reached.clone()) && search(history, reached, seen)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linearizability::{
        history::Operation,
        rules::{Answer, Request},
    };

    /// A request, when it was sent, when it was answered, and how.
    type Recorded = (Request, usize, Option<(usize, Answer)>);

    /// Makes a history of requests, each of a client of its own.
    fn history(operations: &[Recorded]) -> History {
        let operation = |(client, recorded): (usize, &Recorded)| {
            let (request, sent, answer) = recorded.clone();
            Operation { client, request, sent, answer }
        };
        History(operations.iter().enumerate().map(operation).collect())
    }

    fn key(version: u64, status: &str) -> Answer {
        Answer::Key { version, status: status.to_owned() }
    }

    fn refused(code: &str) -> Answer {
        Answer::Refused(code.to_owned())
    }

    fn is_explained(operations: &[Recorded]) -> bool {
        is_linearizable(&history(operations), &State::default())
    }

    #[test]
    fn a_call_after_an_answered_revocation_has_no_order_and_one_during_it_has() {
        let call = Request::Call { key: 0, secret: 0 };
        let around = |sent| {
            is_explained(&[
                (Request::Create, 0, Some((1, key(1, "active")))),
                (Request::Revoke(0), 2, Some((4, key(2, "revoked")))),
                (call, sent, Some((6, Answer::Done))),
            ])
        };
        assert!(around(3));
        assert!(!around(5));
    }

    #[test]
    fn three_keys_of_a_quota_of_two_have_no_order() {
        let create = |sent, answered| (Request::Create, sent, Some((answered, key(1, "active"))));
        assert!(is_explained(&[create(0, 3), create(1, 4)]));
        assert!(!is_explained(&[create(0, 3), create(1, 4), create(2, 5)]));
        let third = (Request::Create, 2, Some((5, refused("quota_exceeded"))));
        assert!(is_explained(&[create(0, 3), create(1, 4), third]));
    }

    #[test]
    fn a_request_without_an_answer_happened_at_any_later_time_or_never() {
        let call = |sent, answer| (Request::Call { key: 0, secret: 0 }, sent, Some((sent + 1, answer)));
        let with_suspension = |sent, calls: [Answer; 2]| {
            let [first, second] = calls;
            is_explained(&[
                (Request::Create, 0, Some((1, key(1, "active")))),
                (Request::Suspend, sent, None),
                call(2, first),
                call(5, second),
            ])
        };
        assert!(with_suspension(2, [Answer::Done, Answer::Done]));
        assert!(with_suspension(2, [Answer::Done, refused("")]));
        assert!(!with_suspension(2, [refused(""), Answer::Done]), "nobody lifted it");
        assert!(!with_suspension(4, [refused(""), refused("")]), "before it was sent");
    }

    #[test]
    fn two_changes_that_both_saw_the_same_version_have_no_order() {
        let switch = |sent| (Request::SwitchOff(0), sent, Some((9, key(2, "inactive"))));
        let rotate = |version| (Request::Rotate(0), 3, Some((8, key(version, "active"))));
        let create = (Request::Create, 0, Some((1, key(1, "active"))));
        assert!(!is_explained(&[create.clone(), switch(2), rotate(3)]));
        assert!(!is_explained(&[create.clone(), switch(2), rotate(2)]));
        let after = (Request::SwitchOff(0), 2, Some((9, key(3, "inactive"))));
        assert!(is_explained(&[create, after, rotate(2)]));
    }
}
