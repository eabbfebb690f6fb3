//! Sends the changes of a history to the API, and applies them to the model.

use kit::{Answer, Call};
use serde_json::{Value, json};

use super::{
    fixtures::{PEOPLE, client, seconds},
    history::History,
    scenario::{Change, ChangeKind},
};

impl History<'_> {
    /// Sends a change to the API.
    pub(super) async fn send(&self, change: &Change) -> Answer {
        let key = &self.model.keys[change.key];
        let path = format!("{}/access-keys/{}", self.copy.path, key.id);
        let client = client(self.world, change.by);
        let name = format!("k{}n{}", change.key, self.number);
        match change.kind {
            ChangeKind::Expiry(seconds) => {
                let at = jiff::Timestamp::from_second(self.now + seconds).unwrap().to_string();
                client.patch(&path, json!({"expires_at": at, "name": name})).await
            }
            ChangeKind::Name => client.patch(&path, json!({"name": name})).await,
            ChangeKind::Off => client.patch(&path, json!({"active": false})).await,
            ChangeKind::Rotate => client.post(&format!("{path}/rotate"), json!({})).await,
            ChangeKind::Revoke => client.post(&format!("{path}/revoke"), Value::Null).await,
            ChangeKind::Delete => client.delete(&path).await,
            ChangeKind::Role => {
                let path = format!("{}/users/{}", self.copy.path, self.copy.user_ids[key.user]);
                client.patch(&path, json!({"roles": ["other", "keys"]})).await
            }
        }
    }

    /// Applies a change to the model, if the API accepted it.
    pub(super) fn apply(&mut self, change: &Change, answer: &Answer) -> Result<(), String> {
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
        let verb = match change.kind {
            ChangeKind::Expiry(_) | ChangeKind::Name | ChangeKind::Off => "changed",
            ChangeKind::Rotate => "made a new secret for",
            ChangeKind::Revoke => "revoked",
            ChangeKind::Delete => "deleted",
            ChangeKind::Role => {
                if self.has_other_roles.insert(user) && change.by != user {
                    let title = format!("\"{}\" changed your roles or groups", PEOPLE[change.by].name);
                    self.model.notify(self.number, user, &title);
                }
                return Ok(());
            }
        };
        let (by, number) = (change.by, self.number);
        if matches!(change.kind, ChangeKind::Delete) {
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
            let title = format!("\"{}\" {verb} your access key \"{}\"", PEOPLE[by].name, state.name);
            self.model.notify(number, user, &title);
        }
        self.model.change(number, change.key, state);
        Ok(())
    }

    /// Checks that no run claimed a notice of the old expiry after the API had answered the change.
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
        // A repeated transaction, whose first reply was lost, is no new claim.
        let is_new =
            |call: &&Call| !earlier.iter().any(|one| token(one).is_some() && token(one) == token(call));
        match later.iter().filter(is_claim).find(is_new) {
            Some(call) => Err(format!("a notice of an old expiry was claimed: {call:?}, of {key:?}")),
            None => Ok(()),
        }
    }
}

/// Returns the idempotency token of a transaction.
fn token(call: &Call) -> Option<String> {
    let request: Value = serde_json::from_slice(&call.request).ok()?;
    Some(request["ClientRequestToken"].as_str()?.to_owned())
}
