//! Sends the requests of the steps, and finds out whether they took effect.

use kit::{Answer, DAY, Effect, Fault, Item, Service, When};
use serde_json::{Value, json};

use super::{
    model::{Key, Kind, Standing, User},
    request::Request,
    run::ModelRun,
    steps::Step,
};

/// The outcome of a request; a failure says nothing of whether the change was made.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done,
    Refused,
    Failed,
}

impl ModelRun<'_> {
    /// Sends the request of a step, sometimes with faults, and applies it to the model if it took effect.
    pub(crate) async fn send(&mut self, step: &Step) {
        let refusal = self.state.refusal(step, self.now());
        let Request { function, mut client, method, path, body } = self.request(step);
        let twice = matches!(step, Step::CreateKey { twice: true, .. } | Step::Rotate { twice: true, .. });
        if twice {
            client = client.with_header("idempotency-key", &format!("step {}", self.number));
        }
        let disturbed = self.random.one_in(4);
        if disturbed {
            let function = if self.random.one_in(8) { "authorize-request" } else { function };
            self.disturb(function);
        }
        let answer = client.send(method.clone(), &path, Some(body.clone())).await;
        let struck = self.world.stack.faults().struck() > 0;
        self.world.stack.faults().clear();
        let came = outcome(&answer, refusal, struck);
        let done = came == Outcome::Done || (came == Outcome::Failed && self.is_done(step));
        assert!(!done || refusal.is_none(), "a refused change was made");
        if done {
            self.apply(step, &answer);
        }
        if came == Outcome::Failed && done && matches!(step, Step::DeleteUser { .. }) {
            client.send(method, &path, Some(body)).await.expect(204);
        } else if twice && came != Outcome::Refused {
            let again = client.send(method, &path, Some(body)).await;
            if done {
                let status = if matches!(step, Step::CreateKey { .. }) { 201 } else { 200 };
                assert_eq!(again.header("idempotent-replayed"), "true");
                assert_eq!(again.expect(status).get("secret"), None);
            } else if outcome(&again, refusal, false) == Outcome::Done {
                self.apply(step, &again);
            }
        }
    }

    /// Adds a fault to the next calls of a function to the table, or kills its instance at one of them.
    pub(crate) fn disturb(&mut self, function: &str) {
        if self.random.one_in(6) {
            let effect = self.random.pick(&[Effect::KillBefore, Effect::KillAfter]);
            let call = When::Nth(self.random.pick(&[1, 2, 3, 5]));
            self.world.stack.faults().add(Fault::on(Service::DynamoDb, effect).function(function).when(call));
            return;
        }
        let effect = self.random.pick(&[
            Effect::LoseReply,
            Effect::LoseReply,
            Effect::LoseRequest,
            Effect::Throttle,
            Effect::ServerError,
            Effect::TransactionConflict { position: 0 },
            Effect::TransactionConflict { position: 1 },
        ]);
        let count = self.random.pick(&[1, 1, 2, 3, 5, 40]);
        let fault = Fault::on(Service::DynamoDb, effect).function(function).when(When::First(count));
        let writes = self.random.one_in(2) && function != "authorize-request";
        let fault = if writes { fault.operation("TransactWriteItems") } else { fault };
        self.world.stack.faults().add(fault);
    }

    /// Creates a user; a person signs in afterwards.
    pub(crate) async fn create_user(&mut self, kind: Kind, keys: &[i64], has_email: bool) {
        let step = Step::CreateUser { kind, keys: keys.to_vec(), has_email };
        let refusal = self.state.refusal(&step, self.now());
        let name = format!("u{}", self.number);
        let email = format!("{name}@example.com");
        let wanted: Vec<_> = keys.iter().map(|days| json!({"name": "k", "expires_in_days": days})).collect();
        let mut body = json!({"name": name, "kind": match kind {
            Kind::Owner => "owner",
            Kind::Normal => "normal",
            Kind::Machine => "machine",
        }});
        if has_email {
            body["email"] = json!(email);
        }
        if kind == Kind::Machine {
            body["access_keys"] = json!(wanted);
            body["roles"] = json!(["reader"]);
        }
        if self.number > 0 && self.random.one_in(4) {
            self.disturb("manage-users");
        }
        let users = format!("{}/users", self.organization.path);
        let answer = self.admin().post(&users, body).await;
        let struck = self.world.stack.faults().struck() > 0;
        self.world.stack.faults().clear();
        let id = match outcome(&answer, refusal, struck) {
            Outcome::Done => answer.body["user_id"].as_str().unwrap().to_owned(),
            Outcome::Refused => return,
            Outcome::Failed => {
                let made = self.world.items_of("USER").into_iter().find(|user| user["name"] == name.as_str());
                let Some(made) = made else { return };
                made["user_id"].as_str().unwrap().to_owned()
            }
        };
        assert_eq!(refusal, None);
        self.note("user.created", "other", &id);
        let email = has_email.then_some(email);
        let user = User {
            id,
            name: name.clone(),
            kind,
            standing: Standing::Active,
            email,
            rearmed_at: None,
            keys: vec![],
        };
        self.state.users.push(user);
        let position = self.state.users.len() - 1;
        for _ in keys {
            let stored = self.unknown_key(position, None).unwrap();
            let shown = answer.body["access_keys"].as_array().into_iter().flatten();
            let token = shown.filter(|shown| shown["key_id"] == stored["key_id"]).find_map(token_of);
            // The keys of one request are stored in any order.
            let expiry = stored["expires_at"].as_i64().unwrap() - stored["created_at"].as_i64().unwrap();
            assert!(keys.contains(&(expiry / DAY)), "{expiry}");
            self.add_key(position, &stored, Some(expiry / DAY), token);
        }
        if kind != Kind::Machine {
            let me = self.organization.user_path("me");
            self.person(&name).get(&me).await.expect(200);
            let id = self.state.users[position].id.clone();
            self.note("user.linked", "other", &id);
        }
    }

    pub(crate) fn note(&mut self, action: &str, effect: &str, target: &str) {
        self.events.push([action, effect, target].map(str::to_owned));
    }

    /// Returns a stored key of a user that the model does not have: the one with this id if it is known.
    pub(crate) fn unknown_key(&self, user: usize, key_id: Option<&str>) -> Option<Item> {
        let user = &self.state.users[user];
        let stored = self.world.partition(&format!("USER#{}", user.id), ("KEY#", "KEY$"));
        let known = |item: &Item| user.keys.iter().any(|key| item["key_id"] == key.id.as_str());
        let wanted = |item: &Item| key_id.is_none_or(|key_id| item["key_id"] == key_id);
        stored.into_iter().find(|item| !known(item) && wanted(item))
    }

    pub(crate) fn stored_key(&self, key: &Key) -> Option<Item> {
        self.world.item(&format!("USER#{}", &key.id[..12]), &format!("KEY#{}", key.suffix()))
    }

    pub(crate) fn stored_user(&self, user: &User) -> Option<Item> {
        self.world.item(&format!("USER#{}", user.id), "USER")
    }

    /// Reads from the table whether a change was made.
    fn is_done(&self, step: &Step) -> bool {
        let user = &self.state.users[step.user().unwrap_or_default()];
        match step {
            Step::CreateKey { user, .. } => self.unknown_key(*user, None).is_some(),
            Step::Rotate { key, .. }
            | Step::MoveExpiry { key, .. }
            | Step::Switch { key, .. }
            | Step::Narrow { key, .. }
            | Step::Rename { key, .. }
            | Step::Revoke { key, .. } => {
                let stored = self.stored_key(&user.keys[*key]).unwrap();
                stored["version"].as_u64().unwrap() > user.keys[*key].version
            }
            Step::DeleteKey { key, .. } => self.stored_key(&user.keys[*key]).is_none(),
            Step::Suspend { .. } => self.stored_user(user).unwrap()["status"] == "suspended",
            Step::Lift { .. } => self.stored_user(user).unwrap()["status"] == "active",
            Step::DeleteUser { .. } => {
                self.stored_user(user).is_none_or(|stored| stored["status"] == "deleted")
            }
            Step::SetPolicy { change } => {
                let stored = self.world.item(&format!("ORG#{}", self.organization.id), "ORG").unwrap();
                change.is_in(&stored["policy"])
            }
            Step::CreateUser { .. } | Step::Wait { .. } | Step::SeeEnd { .. } | Step::RunNotices => false,
        }
    }
}

pub(crate) fn token_of(answer: &Value) -> Option<String> {
    Some(answer["secret"]["token"].as_str()?.to_owned())
}

fn outcome(answer: &Answer, refusal: Option<(u16, &'static str)>, struck: bool) -> Outcome {
    let failed = match answer.status {
        429 => answer.body["code"] == "too_many_requests",
        503 => answer.body["code"] == "unavailable",
        500 => ModelRun::is_gateways(answer),
        _ => false,
    };
    if failed && struck {
        return Outcome::Failed;
    }
    match refusal {
        Some((status, code)) => {
            let said = answer.body["code"].as_str().unwrap_or_default();
            assert_eq!((answer.status, said), (status, code), "{}", answer.body);
            Outcome::Refused
        }
        None => {
            assert!(matches!(answer.status, 200 | 201 | 204), "{}: {}", answer.status, answer.body);
            Outcome::Done
        }
    }
}
