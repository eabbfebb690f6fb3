//! A window: three clients that send random requests about one machine user and its keys, and what they saw.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use futures_util::future::{join, join_all};
use kit::{Answer as HttpAnswer, Organization, Random, World};
use serde_json::{Value, json};

use super::{
    history::{History, Recorder},
    rules::{Answer, Request},
    schedule,
};

const CLIENTS: usize = 3;

/// Requests of each client.
const REQUESTS: usize = 8;

/// What the clients share.
struct Window<'w> {
    world: &'w World,
    organization: &'w Organization,
    user: String,
    recorder: Recorder,
    random: RefCell<Random>,
    keys: RefCell<BTreeMap<usize, KnownKey>>,
}

/// A key that a client was told of.
struct KnownKey {
    id: String,
    /// The tokens, by the position of the request that made each.
    tokens: BTreeMap<usize, String>,
}

/// Plays a window. The seed draws the requests, the order of their calls and the faults.
pub(super) async fn play(world: &World, organization: &Organization, seed: u64) -> History {
    schedule::warm_up(world, CLIENTS).await;
    let window = Window {
        world,
        organization,
        user: organization.machine(&format!("machine {seed}")).await,
        recorder: Recorder::default(),
        random: RefCell::new(Random::new(seed)),
        keys: RefCell::default(),
    };
    let (running, mut order) = (Cell::new(CLIENTS), Random::new(!seed));
    let client = async |client: usize| {
        for _ in 0..REQUESTS {
            window.send(client).await;
        }
        running.set(running.get() - 1);
    };
    let clients = join_all((0..CLIENTS).map(client));
    // The schedule is polled after the clients, so that it sees when one has ended.
    join(clients, schedule::run(world, &mut order, &running)).await;
    window.recorder.into_history()
}

impl Window<'_> {
    /// Sends a request of a client and records it.
    async fn send(&self, client: usize) {
        let request = self.draw();
        let position = self.recorder.send(client, request);
        let answer = self.answer_to(request).await;
        // Nobody knows whether a request that failed was done.
        if answer.status != 429 && answer.status < 500 {
            self.learn(position, request, &answer);
            self.recorder.answer(position, told(request, &answer));
        }
    }

    /// Draws a request about the two newest keys that a client was told of: requests about one key meet more often.
    fn draw(&self) -> Request {
        let (keys, random) = (self.keys.borrow(), &mut *self.random.borrow_mut());
        let known: Vec<_> = keys.keys().rev().take(2).copied().collect();
        if known.is_empty() {
            return Request::Create;
        }
        let key = random.pick(&known);
        match random.below(18) {
            0..3 => Request::Create,
            3..6 => Request::Rotate(key),
            6 => Request::Revoke(key),
            7 => Request::Delete(key),
            8 => Request::SwitchOff(key),
            9 => Request::SwitchOn(key),
            10..12 => Request::Read(key),
            12..16 => {
                let secrets: Vec<_> = keys[&key].tokens.keys().copied().collect();
                Request::Call { key, secret: random.pick(&secrets) }
            }
            16 => Request::Suspend,
            _ => Request::Lift,
        }
    }

    async fn answer_to(&self, request: Request) -> HttpAnswer {
        let owner = &self.organization.owner;
        let user = self.organization.user_path(&self.user);
        match request {
            Request::Create => {
                let body = json!({"name": "key", "expires_in_days": 30});
                owner.post(&self.organization.keys_of(&self.user), body).await
            }
            Request::Rotate(key) => {
                owner.post(&format!("{}/rotate", self.path(key)), json!({"overlap_seconds": 0})).await
            }
            Request::Revoke(key) => owner.post(&format!("{}/revoke", self.path(key)), Value::Null).await,
            Request::Delete(key) => owner.delete(&self.path(key)).await,
            Request::SwitchOff(key) => owner.patch(&self.path(key), json!({"active": false})).await,
            Request::SwitchOn(key) => owner.patch(&self.path(key), json!({"active": true})).await,
            Request::Read(key) => owner.get(&self.path(key)).await,
            Request::Call { key, secret } => {
                let client = self.world.key(&self.keys.borrow()[&key].tokens[&secret]);
                client.get("/v1/whoami").await
            }
            Request::Suspend => owner.patch(&user, json!({"status": "suspended"})).await,
            Request::Lift => owner.patch(&user, json!({"status": "active"})).await,
        }
    }

    fn path(&self, key: usize) -> String {
        format!("{}/access-keys/{}", self.organization.path, self.keys.borrow()[&key].id)
    }

    /// Remembers a new key, or a new secret of one.
    fn learn(&self, position: usize, request: Request, answer: &HttpAnswer) {
        let Some(token) = answer.body["secret"]["token"].as_str() else { return };
        let key = if let Request::Rotate(key) = request { key } else { position };
        let id = answer.body["key_id"].as_str().unwrap().to_owned();
        let mut keys = self.keys.borrow_mut();
        let known = keys.entry(key).or_insert_with(|| KnownKey { id, tokens: BTreeMap::new() });
        known.tokens.insert(position, token.to_owned());
    }
}

/// Reads an answer in the words of the rules.
fn told(request: Request, answer: &HttpAnswer) -> Answer {
    let is_of_key =
        !matches!(request, Request::Delete(_) | Request::Call { .. } | Request::Suspend | Request::Lift);
    match answer.status {
        200..300 if is_of_key => Answer::Key {
            version: answer.body["version"].as_u64().unwrap(),
            status: answer.body["status"].as_str().unwrap().to_owned(),
        },
        200..300 => Answer::Done,
        _ => Answer::Refused(answer.body["code"].as_str().unwrap_or_default().to_owned()),
    }
}
