//! The bell, the inbox and the notification switches, in a browser.

use kit::{Effect, Fault, Organization, World, browse};
use serde_json::{Value, json};

use super::page;
use crate::inbox::message;

/// Stores an unread message of so many seconds ago.
fn add(world: &World, user_id: &str, ago: i64, title: &str) {
    let mut message = message(world, user_id, ago, "key_changed");
    message["title"] = json!({"S": title});
    world.put(&message);
}

async fn owner_id(organization: &Organization) -> String {
    let owner = organization.owner.get(&organization.user_path("me")).await.expect(200);
    owner["user_id"].as_str().unwrap().to_owned()
}

/// Returns the states of the messages by their titles.
fn states(world: &World) -> Value {
    let messages = world.items_of("INBOX#");
    messages.iter().map(|one| (one["title"].as_str().unwrap().to_owned(), one["state"].clone())).collect()
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn messages_are_read_marked_archived_and_deleted_and_the_bell_counts_them() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let me = &owner_id(&organization).await;
        for (ago, title) in [(40, "First"), (30, "Second"), (20, "Third"), (10, "Fourth")] {
            add(world, me, ago, title);
        }
        browser.sign_in("alice", &page(&organization, "me/inbox")).await;
        browser.sees("Messages are kept for 30 days.").await;
        assert_eq!(browser.attribute("Inbox, 4 unread", "aria-expanded").await, "false");
        // Opening a message marks it as read.
        browser.click("Unread: Fourth").await;
        browser.sees("Alice revoked your key.").await;
        browser.attribute("Inbox, 3 unread", "type").await;
        browser.click("Archive").await;
        browser.sees("Message archived.").await;
        browser.click("Unread: Third").await;
        browser.attribute("Inbox, 2 unread", "type").await;
        browser.click("Mark unread").await;
        browser.sees("Marked as unread.").await;
        browser.attribute("Inbox, 3 unread", "type").await;
        browser.click("Delete").await;
        browser.sees("Message deleted.").await;
        browser.attribute("Inbox, 2 unread", "type").await;
        browser.click("Mark all read").await;
        browser.sees("You have read everything.").await;
        browser.sees("All messages are marked as read.").await;
        let wait = "return new Promise((done) => { const again = () => (document.querySelector(given).getAttribute('aria-label') === 'Inbox' ? done(true) : setTimeout(again, 20)); again(); });";
        browser.with_module("time.js", wait, json!(".bell")).await;
        assert_eq!(states(world), json!({"First": "read", "Second": "read", "Fourth": "archived"}));

        browser.click("Read").await;
        browser.is_at(&page(&organization, "me/inbox?state=read")).await;
        browser.sees("Second").await;
        browser.click("Archived").await;
        browser.click("Fourth").await;
        browser.click("Mark unread").await;
        browser.sees("Marked as unread.").await;
        browser.sees("No messages here.").await;
        assert_eq!(states(world), json!({"First": "read", "Second": "read", "Fourth": "unread"}));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_bell_shows_the_newest_five_and_counts_again_when_the_window_is_looked_at() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let me = &owner_id(&organization).await;
        browser.sign_in("alice", &page(&organization, "me/profile")).await;
        for number in 1..=6 {
            add(world, me, 60 - number, &format!("Message {number}"));
        }
        browser.run("dispatchEvent(new Event('focus'))", json!([])).await;
        browser.click("Inbox, 6 unread").await;
        for number in 2..=6 {
            browser.sees_on_top(&format!("Message {number}")).await;
        }
        assert!(!browser.text().await.contains("Message 1"), "the newest five");
        browser.click("Open inbox").await;
        browser.is_at(&page(&organization, "me/inbox")).await;
        browser.sees("Message 1").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn messages_are_marked_once_however_often_the_button_is_pressed() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        add(world, &owner_id(&organization).await, 10, "First");
        browser.sign_in("alice", &page(&organization, "me/inbox")).await;
        browser.sees("First").await;
        let hold = Fault::anywhere(Effect::Hold).operation("TransactWriteItems");
        world.stack.faults().add(hold.function("manage-inbox"));
        let record_methods = "window.sent = [];
            const send = fetch;
            window.fetch = (...request) => { sent.push(new Request(...request).method); return send(...request); };";
        browser.run(record_methods, json!([])).await;
        browser.click("Mark all read").await;
        assert_eq!(browser.attribute("Marking…", "aria-disabled").await, "true");
        browser.run("document.querySelector('.page-head button').click()", json!([])).await;
        world.stack.faults().until_held().await;
        world.stack.faults().clear();
        browser.sees("You have read everything.").await;
        assert_eq!(browser.attribute("Mark all read", "type").await, "button");
        let sent = browser.run("return sent.filter((method) => method === 'PATCH').length", json!([])).await;
        assert_eq!((sent, states(world)), (json!(1), json!({"First": "read"})));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn times_are_told_anew_and_messages_counted_each_minute() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let me = &owner_id(&organization).await;
        add(world, me, 1, "First");
        browser.holds_minutes().await;
        browser.sign_in("alice", &page(&organization, "me/inbox")).await;
        browser.sees("just now").await;
        browser.attribute("Inbox, 1 unread", "type").await;
        add(world, me, 0, "Second");
        // Times do not wait for the count.
        world.stack.faults().add(Fault::anywhere(Effect::Hold).function("manage-inbox"));
        browser.run("minutesPass(5)", json!([])).await;
        browser.sees("5 minutes ago").await;
        world.stack.faults().clear();
        browser.attribute("Inbox, 2 unread", "type").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn every_notification_switch_is_saved_at_once_and_heeded() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        organization.role("readers", &["users:read"]).await;
        let me = organization.user_path("me");
        let client = world.person("carol");
        let before = client.get(&me).await.expect(200)["notifications"].clone();
        browser.sign_in("carol", &page(&organization, "me/notifications")).await;
        for label in [
            "A key expires soon",
            "A key has expired",
            "Somebody else changed your key",
            "Somebody changed your roles or groups",
        ] {
            for channel in ["e-mail", "inbox"] {
                browser.click(&format!("{label}: {channel}")).await;
                browser.sees("Saved.").await;
                browser.run("document.getElementById('status').textContent = ''", json!([])).await;
            }
        }
        let after = client.get(&me).await.expect(200)["notifications"].clone();
        let kinds = before.as_object().unwrap();
        assert_eq!(kinds.len(), 4, "each kind has a row");
        for (kind, channels) in kinds {
            for (channel, on) in channels.as_object().unwrap() {
                assert_eq!(after[kind][channel], json!(on != true), "{kind} {channel}");
            }
        }
        let assign = async |roles: Value| {
            organization
                .owner
                .patch(&organization.user_path(&carol), json!({"roles": roles}))
                .await
                .expect(200)
        };
        assign(json!(["readers"])).await;
        assert_eq!(states(world), json!({}), "it is switched off");
        browser.click("Somebody changed your roles or groups: inbox").await;
        browser.sees("Saved.").await;
        assign(json!([])).await;
        assert_eq!(states(world).as_object().unwrap().len(), 1);
    });
}
