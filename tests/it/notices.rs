//! The notice function: who is notified, when, and what failures do.

mod addresses;
mod changes;
mod crashes;
mod daily_limit;
mod digest;
mod expiry_events;
mod failures;
mod gained;
mod inboxes;
mod moves;
mod names;
mod outbox;
mod overtaken;
mod owners;
mod parting;
mod parting_at_once;
mod recipients;
mod released;
mod removal;
mod scale;
mod stages;
mod suspended;
mod turns;
mod undeliverable;

use kit::{Effect, Fault, Organization, Service, When, World};
use local::FunctionError;
use serde_json::{Value, json};

/// Lists who got mails, in order of address.
pub(crate) fn recipients(world: &World) -> Vec<String> {
    let mut all: Vec<_> = world.stack.emails().into_iter().flat_map(|mail| mail.to).collect();
    all.sort();
    all
}

/// Lists the titles in the inbox of a user, in no order.
fn titles(world: &World, user_id: &str) -> Vec<String> {
    let partition = format!("USER#{user_id}");
    let inbox = world.items_of("INBOX#").into_iter().filter(|message| message["PK"] == partition);
    inbox.map(|message| message["title"].as_str().unwrap().to_owned()).collect()
}

/// Revokes a key of Alice's organization, or extends it to 200 days.
async fn revoke_or_extend(world: &World, organization: &Organization, key: &Value, revokes: bool) {
    let (alice, path) = (world.person("alice"), organization.key_path(key));
    let answer = if revokes {
        alice.post(&format!("{path}/revoke"), Value::Null).await
    } else {
        alice.patch(&path, json!({"expires_in_days": 200})).await
    };
    answer.expect(200);
}

/// Names one of the transactions that runs send from now on.
const fn transaction(number: u64) -> (&'static str, &'static str, u64) {
    ("notify-expiring-keys", "TransactWriteItems", number)
}

/// Makes a fault of one of the transactions that runs send from now on.
fn at_transaction(number: u64, effect: Effect) -> Fault {
    let (function, operation, nth) = transaction(number);
    Fault::on(Service::DynamoDb, effect).function(function).operation(operation).when(When::Nth(nth))
}

/// Makes two runs at once: the first one is held at this transaction of its own while the second one runs.
async fn two_runs(world: &World, held: u64) -> (Result<Value, FunctionError>, Result<Value, FunctionError>) {
    world.while_held(transaction(held), world.try_notify(), world.try_notify()).await
}

/// Sets the status of a user, or of the organization itself (`None`).
async fn set_status(world: &World, organization: &Organization, user_id: Option<&str>, status: &str) {
    let path = user_id.map_or_else(|| organization.path.clone(), |user_id| organization.user_path(user_id));
    world.person("alice").patch(&path, json!({"status": status})).await.expect(200);
}
