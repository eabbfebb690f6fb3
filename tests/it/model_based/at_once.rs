//! Sends the requests of two steps at once. The answers and the table must be those of one step after the other.

use kit::{Answer, Random};

use super::{
    model::{Kind, Time},
    request::Request,
    run::{ModelRun, State},
    steps::{By, Step},
};

/// Draws of a step that can meet another one.
const DRAWS: usize = 8;

impl Step {
    /// Chooses a step that can meet this one.
    pub(super) fn choose_other(&self, state: &State, random: &mut Random, now: Time) -> Option<Self> {
        let mut drawn = (0..DRAWS).map(|_| Self::choose(state, random, now));
        drawn.find(|other| self.can_meet(other, state))
    }

    /// Tells whether the model can tell the order of two steps from their answers. Two changes of one key would leave the
    /// time of the second alone; the linearizability tests have these.
    fn can_meet(&self, other: &Self, state: &State) -> bool {
        let is_same_user = self.user() == other.user() && self.user().is_some();
        let deletes = |step: &Self| matches!(step, Self::DeleteKey { .. });
        let has_one_key = self.key().is_some() && other.key().is_some();
        let meet_at_key =
            is_same_user && has_one_key && (self.key() == other.key() || deletes(self) || deletes(other));
        // A request of a suspended person ends in the authorizer or in the function.
        let suspends = |step: &Self| matches!(step, Self::Suspend { .. } | Self::Lift { .. });
        let is_person = self.user().is_some_and(|user| state.users[user].kind != Kind::Machine);
        let meet_at_person = is_same_user && is_person && (suspends(self) || suspends(other));
        self.is_one_request() && other.is_one_request() && !meet_at_key && !meet_at_person
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
        let [one, other] = steps.map(|step| self.request(step));
        let answers = <[Answer; 2]>::from(tokio::join!(one.send(), other.send()));
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
        panic!("as neither order of {steps:?}: {answers:?}");
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

impl Request {
    async fn send(self) -> Answer {
        self.client.send(self.method, &self.path, Some(self.body)).await
    }
}
