//! The notice function: who is notified, when, and what failures do.

mod addresses;
mod crashes;
mod daily_limit;
mod digest;
mod failures;
mod inboxes;
mod names;
mod outbox;
mod owners;
mod parting;
mod recipients;
mod removal;
mod scale;
mod stages;
mod turns;
mod undeliverable;

use kit::World;

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
