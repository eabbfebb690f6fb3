//! Compares the system with the model: accepted tokens, lists and stored items.

use std::{collections::BTreeMap, ops::Range};

use domain::{id::KeyId, token::SecretToken};
use serde_json::{Value, json};

use super::{
    model::{Secret, Standing, Status, Time},
    run::ModelRun,
    steps::Step,
};

impl ModelRun<'_> {
    pub(crate) async fn compare(&mut self, step: &Step) {
        let users = self.state.users.len();
        let touched = step.user().unwrap_or(users - 1);
        let now = self.now();
        let keys = self.state.users[touched].keys.len();
        self.check_places(touched, now);
        self.check_tokens(touched, 0..keys, now * 1_000).await;
        self.check_wrong_token(touched, now * 1_000).await;
        self.check_list(touched).await;
        let other = self.number % users;
        if let Some(key) = (self.number / users).checked_rem(self.state.users[other].keys.len()) {
            self.check_places(other, now);
            self.check_tokens(other, key..key + 1, now * 1_000).await;
        }
        if self.number.is_multiple_of(10) {
            self.check_narrowed_list(now).await;
        }
    }

    fn check_places(&self, user: usize, now: Time) {
        let user = &self.state.users[user];
        if user.standing == Standing::Deleted {
            return;
        }
        let stored = self.stored_user(user).expect("the user is stored");
        let (mut live, mut ended) = (BTreeMap::new(), vec![]);
        for (suffix, expiry) in stored["live_keys"].as_object().unwrap() {
            let expiry = expiry.as_i64();
            if expiry.is_some_and(|expiry| expiry <= now) {
                ended.push((suffix.clone(), expiry));
            } else {
                live.insert(suffix.clone(), expiry);
            }
        }
        assert_eq!(live, user.live(now));
        // An expired key may keep its entry until the next key is made.
        for (suffix, expiry) in ended {
            let key =
                user.keys.iter().find(|key| key.suffix() == suffix).expect("a deleted key has no entry");
            assert_eq!((key.revoked_at, key.expires_at), (None, expiry));
        }
    }

    /// Compares the answer of the authorizer to each known token of some keys, at a time in milliseconds.
    pub(crate) async fn check_tokens(&mut self, user: usize, keys: Range<usize>, at: i64) {
        let now = at.div_euclid(1_000);
        for position in keys {
            let of_user = &self.state.users[user];
            let (key, deleted) = (&of_user.keys[position], of_user.standing == Standing::Deleted);
            let mut tell = vec![];
            for (token, secret) in key.secrets(now) {
                let passed = self.passes(&token, at).await;
                assert_eq!(passed.as_deref(), key.passes(of_user, secret, now), "{secret:?} {key:?}");
                tell.extend((secret == Secret::Retired && !deleted).then_some(now));
            }
            let key = &mut self.state.users[user].keys[position];
            if !tell.is_empty() && key.reuse_reported_at.is_none_or(|told| told + 3_600 <= now) {
                key.reuse_reported_at = Some(now);
                let id = key.id.clone();
                self.note("access_key.retired_secret_used", "other", &id);
            }
        }
    }

    /// Checks that a wrong token is refused: one with another secret, a short one, or one with another prefix.
    async fn check_wrong_token(&self, user: usize, at: i64) {
        let keys = &self.state.users[user].keys;
        let Some(position) = self.number.checked_rem(keys.len()) else { return };
        let (prefix, key_id) = ("ak".parse().unwrap(), KeyId::parse(&keys[position].id).unwrap());
        let token = SecretToken::generate(&prefix, key_id).expose().to_owned();
        let wrong = match self.number % 3 {
            0 => token,
            1 => token[..token.len() - 1].to_owned(),
            _ => token.replace("ak_", "ka_"),
        };
        assert_eq!(self.passes(&wrong, at).await, None);
    }

    /// Returns the permissions that the authorizer passes on; `None` if it refuses the token.
    async fn passes(&self, token: &str, at: i64) -> Option<String> {
        let event = json!({
            "version": "2.0", "type": "REQUEST", "routeKey": "GET /clusters", "rawPath": "/clusters",
            "rawQueryString": "", "headers": {"x-access-key": token},
            "requestContext": {
                "apiId": "other", "requestId": "asked", "timeEpoch": at,
                "http": {"method": "GET", "sourceIp": "192.0.2.1"},
            },
        });
        let answer = self.world.stack.invoke("authorize-request", &event).await.unwrap();
        (answer["isAuthorized"] == true)
            .then(|| answer["context"]["permissions"].as_str().unwrap().to_owned())
    }

    /// Compares the list of a user's keys, in its order.
    async fn check_list(&mut self, user: usize) {
        let admin = self.admin();
        let of_user = &self.state.users[user];
        let answer = admin.get(&format!("{}?limit=100", self.organization.keys_of(&of_user.id))).await;
        if of_user.standing == Standing::Deleted {
            answer.expect_problem(404, "not_found");
            return;
        }
        let now = self.now();
        let mut keys: Vec<_> = of_user.keys.iter().filter(|key| !key.is_forgotten(now)).collect();
        keys.sort_by_key(|key| &key.id);
        let expected: Vec<_> = keys
            .into_iter()
            .map(|key| {
                json!({
                    "key_id": key.id, "status": key.status(now).as_str(), "version": key.version,
                    "expires_at": key.expires_at.map(text), "overlap_ends_at": key.overlap_ends_at(now).map(text),
                    "roles": key.narrowed.map(|to_role| if to_role { vec!["reader"] } else { vec![] }),
                    "created_by": key.created_by, "updated_by": key.updated_by,
                })
            })
            .collect();
        let shown = |key: &Value| -> Value {
            let members = expected[0].as_object().unwrap().keys();
            members.map(|name| (name.clone(), key[name].clone())).collect()
        };
        let items = answer.expect(200)["items"].as_array().unwrap().clone();
        let shown: Vec<_> =
            items.iter().map(|key| if expected.is_empty() { key.clone() } else { shown(key) }).collect();
        assert_eq!(shown, expected);
    }

    /// Compares the keys of one status in the list of the whole organization.
    async fn check_narrowed_list(&mut self, now: Time) {
        let status = self.random.pick(&[Status::Active, Status::Inactive, Status::Expired, Status::Revoked]);
        let path = format!("{}/access-keys?status={}", self.organization.path, status.as_str());
        let listed: Vec<_> = self.admin().pages(&path).await;
        let listed: Vec<_> = listed.iter().map(|key| key["key_id"].as_str().unwrap()).collect();
        let there = self.state.users.iter().filter(|user| user.standing != Standing::Deleted);
        let keys = there
            .flat_map(|user| &user.keys)
            .filter(|key| key.status(now) == status && !key.is_forgotten(now));
        let mut keys: Vec<_> = keys.collect();
        keys.sort_by_key(|key| (key.expires_at.unwrap_or(Time::MAX), &key.id));
        assert_eq!(listed, keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>());
    }
}

fn text(time: Time) -> String {
    domain::Time::from_seconds(time).to_string()
}
