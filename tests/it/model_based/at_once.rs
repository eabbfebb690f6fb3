//! Sends the requests of two steps at once, in an order of their transactions that is drawn. The answers and the table must be
//! those of one step after the other.

use std::cell::{Cell, RefCell};

use kit::{Answer, Effect, Fault, HeldCall, Random, Service, When};
use tokio::sync::Notify;

use super::{
    model::{Kind, Time},
    request::Request,
    run::{ModelRun, State},
    steps::{By, Step},
};

/// Draws of a step that can meet another one.
const DRAWS: usize = 20;

impl Step {
    /// Chooses a step that can meet this one.
    pub(super) fn choose_other(&self, state: &State, random: &mut Random, now: Time) -> Option<Self> {
        let mut drawn = (0..DRAWS).map(|_| Self::choose(state, random, now));
        drawn.find(|other| self.can_meet(other, state))
    }

    /// Tells whether two steps touch the same things in different functions, and the model can tell their order from the
    /// answers. Each function has one instance, which answers one request after the other.
    fn can_meet(&self, other: &Self, state: &State) -> bool {
        let is_same_user = self.user() == other.user();
        let has_policy = matches!(self, Self::SetPolicy { .. }) || matches!(other, Self::SetPolicy { .. });
        let are_apart = self.function() != other.function();
        // Two changes of one key leave only the time of the second in the table, and the model needs both. A deleted key moves
        // the positions of the others. The linearizability tests play them.
        let deletes = |step: &Self| matches!(step, Self::DeleteKey { .. });
        let meet_at_key = self.key().is_some()
            && other.key().is_some()
            && (self.key() == other.key() || deletes(self) || deletes(other));
        // A request of a suspended person ends in the authorizer or in the function.
        let suspends = |step: &Self| matches!(step, Self::Suspend { .. } | Self::Lift { .. });
        let is_person = self.user().is_some_and(|user| state.users[user].kind != Kind::Machine);
        let meet_at_person = is_person && (suspends(self) || suspends(other));
        self.is_one_request()
            && other.is_one_request()
            && are_apart
            && (has_policy || is_same_user && !meet_at_key && !meet_at_person)
    }

    /// Tells whether the step is one request of somebody who stays signed in.
    const fn is_one_request(&self) -> bool {
        match self {
            Self::Rotate { by, .. } | Self::Switch { by, .. } | Self::Revoke { by, .. } => {
                matches!(by, By::Admin | By::Themselves)
            }
            Self::CreateKey { .. }
            | Self::MoveExpiry { .. }
            | Self::Narrow { .. }
            | Self::Rename { .. }
            | Self::DeleteKey { .. }
            | Self::Suspend { .. }
            | Self::Lift { .. }
            | Self::SetPolicy { .. } => true,
            Self::CreateUser { .. }
            | Self::DeleteUser { .. }
            | Self::Wait { .. }
            | Self::SeeEnd { .. }
            | Self::RunNotices => false,
        }
    }
}

impl ModelRun<'_> {
    /// Sends two requests at once, and applies them to the model in the order that has their answers.
    pub(super) async fn send_both(&mut self, steps: [&Step; 2]) {
        let now = self.now();
        let requests = steps.map(|step| self.request(step));
        let is_second_first = self.random.one_in(2);
        let (answers, met) = self.play_both(requests, is_second_first).await;
        self.met += usize::from(met);
        let before = (self.state.clone(), self.events.clone());
        for order in [[0, 1], [1, 0]] {
            let has_answers =
                order.into_iter().all(|position| self.applies(steps[position], &answers[position], now));
            if has_answers {
                return;
            }
            (self.state, self.events) = before.clone();
        }
        let answers = answers.map(|answer| (answer.status, answer.body));
        panic!("no order of {steps:?} gives these answers: {answers:?}");
    }

    /// Holds the first transaction of each request until the other has come to its own too, and lets one go after the other.
    /// Tells whether both were held: a request that is refused may have no transaction.
    async fn play_both(&self, [one, other]: [Request; 2], is_second_first: bool) -> ([Answer; 2], bool) {
        let faults = self.world.stack.faults();
        let functions = [one.function, other.function];
        for function in functions {
            let held = Fault::on(Service::DynamoDb, Effect::Hold).operation("TransactWriteItems");
            faults.add(held.function(function).when(When::First(1)));
        }
        let (over, end) = (Cell::new(0), Notify::new());
        let send = async |request: Request| {
            let answer = request.client.send(request.method, &request.path, Some(request.body)).await;
            over.set(over.get() + 1);
            end.notify_one();
            answer
        };
        let let_go = async {
            let waiting: RefCell<Vec<HeldCall>> = RefCell::default();
            while over.get() + waiting.borrow().len() < 2 {
                let all_wait = faults.until_calls(|held, _| {
                    waiting.replace(held.to_vec());
                    over.get() + held.len() >= 2
                });
                tokio::select! { () = all_wait => {}, () = end.notified() => {} }
            }
            let mut held = waiting.into_inner();
            held.sort_by_key(|call| (call.function == functions[0]) == is_second_first);
            for call in &held {
                assert!(faults.let_go(call.id, None));
                faults.until_calls(|_, going| going == 0).await;
            }
            held.len() == 2
        };
        let (one, other, met) = tokio::join!(send(one), send(other), let_go);
        faults.clear();
        ([one, other], met)
    }

    /// Tells whether a step has this answer now, and applies it.
    fn applies(&mut self, step: &Step, answer: &Answer, now: Time) -> bool {
        match self.state.refusal(step, now) {
            Some((status, code)) => {
                (answer.status, answer.body["code"].as_str().unwrap_or_default()) == (status, code)
            }
            None if matches!(answer.status, 200 | 201 | 204) => {
                self.apply(step, answer);
                true
            }
            None => false,
        }
    }
}
