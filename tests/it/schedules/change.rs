use kit::{Answer, Call};
use serde_json::{Value, json};

use super::{
    cast::{CAST, client, seconds},
    course::Course,
    schedule::{Change, What},
};

impl Course<'_> {
    /// Asks the API for a change.
    pub(super) async fn ask(&self, change: &Change) -> Answer {
        let key = &self.model.keys[change.key];
        let path = format!("{}/access-keys/{}", self.copied.path, key.id);
        let client = client(self.world, change.by);
        let name = format!("k{}n{}", change.key, self.number);
        match change.what {
            What::Expiry(seconds) => {
                let at = jiff::Timestamp::from_second(self.now + seconds).unwrap().to_string();
                client.patch(&path, json!({"expires_at": at, "name": name})).await
            }
            What::Name => client.patch(&path, json!({"name": name})).await,
            What::Off => client.patch(&path, json!({"active": false})).await,
            What::Rotate => client.post(&format!("{path}/rotate"), json!({})).await,
            What::Revoke => client.post(&format!("{path}/revoke"), Value::Null).await,
            What::Delete => client.delete(&path).await,
            What::Role => {
                let path = format!("{}/users/{}", self.copied.path, self.copied.user_ids[key.user]);
                client.patch(&path, json!({"roles": ["other", "keys"]})).await
            }
        }
    }

    /// Takes note of a change that was answered.
    pub(super) fn note(&mut self, change: &Change, answer: &Answer) -> Result<(), String> {
        self.now = self.now.max(self.world.stack.clock().now().as_second());
        let key = &self.model.keys[change.key];
        let (user, mut state) = (key.user, key.state().clone());
        let version = answer.body["version"].as_u64().unwrap_or(0);
        match answer.status {
            200 | 204 => {}
            400..=499 => return Ok(()),
            status => return Err(format!("{change:?} was answered {status}: {}", answer.body)),
        }
        self.totals.changes += 1;
        let verb = match change.what {
            What::Expiry(_) | What::Name | What::Off => "changed",
            What::Rotate => "made a new secret for",
            What::Revoke => "revoked",
            What::Delete => "deleted",
            What::Role => {
                if self.has_other_roles.insert(user) && change.by != user {
                    let title = format!("{} changed your roles or groups", CAST[change.by].name);
                    self.model.news(self.number, user, &title);
                }
                return Ok(());
            }
        };
        let (by, number) = (change.by, self.number);
        if matches!(change.what, What::Delete) {
            state.expires_at = None;
        } else if version == state.version {
            return Ok(());
        } else {
            answer.body["name"].as_str().unwrap().clone_into(&mut state.name);
            state.version = version;
            state.modifier = by;
            let expires_at = seconds(&answer.body["expires_at"]);
            if state.expires_at != expires_at {
                state.set_at = seconds(&answer.body["updated_at"]).unwrap();
            }
            state.expires_at = expires_at.filter(|_| answer.body["status"] != "revoked");
        }
        if by != user {
            let title = format!("{} {verb} your access key {}", CAST[by].name, state.name);
            self.model.news(number, user, &title);
        }
        self.model.changed(number, change.key, state);
        Ok(())
    }

    /// Checks that no expiry was claimed once a change had been answered by which it was over.
    pub(super) fn check_claims(
        &self,
        key: usize,
        before: Option<i64>,
        answered: usize,
    ) -> Result<(), String> {
        let key = &self.model.keys[key];
        let Some(before) = before.filter(|before| key.state().expires_at != Some(*before)) else {
            return Ok(());
        };
        let claim = format!("NOTICE#{}#{before}#", key.id);
        let is_claim = |call: &&Call| {
            call.operation == "TransactWriteItems"
                && call.status.is_some_and(|status| status.is_success())
                && String::from_utf8_lossy(&call.request).contains(&claim)
        };
        let calls = self.world.stack.calls().all();
        let (earlier, later) = calls.split_at(answered);
        // What was done earlier, and is asked for again because its reply was lost, is answered the same.
        let is_new =
            |call: &&Call| !earlier.iter().any(|one| token(one).is_some() && token(one) == token(call));
        match later.iter().filter(is_claim).find(is_new) {
            Some(call) => Err(format!("an expiry was claimed that was over: {call:?}, of {key:?}")),
            None => Ok(()),
        }
    }
}

/// Returns the name under which a transaction is done once.
fn token(call: &Call) -> Option<String> {
    let request: Value = serde_json::from_slice(&call.request).ok()?;
    Some(request["ClientRequestToken"].as_str()?.to_owned())
}
