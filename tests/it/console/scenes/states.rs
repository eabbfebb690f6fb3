//! States that pages have besides: empty, full, refused, suspended, signed out.

use kit::{Browser, World};
use serde_json::json;

use super::{Names, Scene};
use crate::console::page;

/// Shows each state, and lets `look` see it under a name. Ends with nobody signed in.
pub(in super::super) async fn every_state(
    world: &World,
    browser: &Browser<'_>,
    (scene, names): (&Scene, &Names),
    mut look: impl AsyncFnMut(&str),
) {
    browser.open("/console/signed-out").await;
    browser.sees("You are signed out.").await;
    look("signed-out").await;
    browser.open("/console/sign-in-failed?reason=denied").await;
    browser.sees("The sign-in was cancelled.").await;
    look("sign-in-failed").await;
    browser.open("/console?signed_in=1").await;
    browser.sees("You signed in, but this browser did not keep the session.").await;
    look("no-session").await;
    browser.visit(&format!("{}/console", world.stack.url())).await;
    browser.sees("Anybody can be anybody here.").await;
    look("development-sign-in").await;
    browser.click("E-mail is verified").await;
    browser.fill("Name", "fred").await;
    browser.fill("E-mail", "fred@example.com").await;
    browser.click("Sign in").await;
    browser.sees("Your identity provider has not verified this address").await;
    look("unverified").await;
    sign_out(browser, "fred").await;
    browser.visit(&format!("{}/_local/oidc/logout", world.stack.url())).await;
    browser.sign_in("erin", "/console").await;
    browser.sees("not a member of any organization yet").await;
    look("welcome").await;
    sign_out(browser, "erin").await;
    of_an_owner(world, browser, scene, names, &mut look).await;
    browser.sign_in("carol", &scene.page("audit")).await;
    browser.sees("You do not have access to this.").await;
    look("forbidden").await;
    browser.open(&scene.page("policy")).await;
    browser.sees("This needs the permission organization:write.").await;
    look("policy-locked").await;
    browser.open(&scene.page("me/access-keys")).await;
    browser.sees("0 of 2 in use").await;
    world.travel(9 * 3600);
    browser.run("dispatchEvent(new Event('focus'))", json!([])).await;
    browser.sees("You are signed out.").await;
    look("session-over").await;
}

async fn of_an_owner(
    world: &World,
    browser: &Browser<'_>,
    scene: &Scene,
    names: &Names,
    look: &mut impl AsyncFnMut(&str),
) {
    let strict = world.organization("alice", "strict").await;
    let key = json!({"name": names.key, "expires_in_days": 30});
    strict.owner.post(&strict.keys_of("me"), key).await.expect(201);
    let empty = world.organization("alice", "strict").await;
    browser.sign_in("alice", &page(&strict, "me/access-keys")).await;
    browser.sees("Revoke or delete one first.").await;
    look("quota-full").await;
    browser.choose(names.key, "Change expiry").await;
    browser.sees_on_top("An earlier one is always allowed.").await;
    look("dialog-change-expiry-fixed").await;
    browser.press(&["Escape"]).await;
    browser.sees_no("An earlier one is always allowed.").await;
    browser.resize(320, 900).await;
    browser.click("My keys").await;
    browser.sees("Audit").await;
    look("narrow-menu").await;
    browser.resize(1280, 900).await;
    for (name, rest, text) in [
        ("empty-my-keys", "me/access-keys", "You have no access keys."),
        ("empty-inbox", "me/inbox", "You have read everything."),
        ("empty-keys", "access-keys", "There are no active keys."),
        ("empty-roles", "roles", "There are no roles yet."),
        ("empty-search", "users?q=nobody", "No user fits these filters."),
        ("empty-audit", "audit?action=role.deleted", "No event fits these filters."),
    ] {
        browser.open(&page(&empty, rest)).await;
        browser.sees(text).await;
        look(name).await;
    }
    for (name, rest) in [("key-gone", "access-keys/0000000000000000000A"), ("not-a-page", "nothing")] {
        browser.open(&scene.page(rest)).await;
        browser.sees("It may have been deleted, or belong to another organization.").await;
        browser.ready().await;
        look(name).await;
    }
    browser.open("/console/0000000000000000/me/access-keys").await;
    browser.sees("Go to your organizations").await;
    look("organization-of-others").await;
    empty.owner.patch(&empty.path, json!({"status": "suspended"})).await.expect(200);
    world.travel(11);
    browser.open(&page(&empty, "me/access-keys")).await;
    browser.sees("What it holds is shown again once an owner has lifted the suspension.").await;
    look("suspended").await;
    browser.open(&page(&empty, "settings")).await;
    browser.sees("Lift the suspension first.").await;
    look("suspended-settings").await;
    browser.click("Delete organization").await;
    browser.sees_on_top("All its users and keys disappear. This cannot be undone.").await;
    look("dialog-delete-organization").await;
    browser.press(&["Escape"]).await;
    browser.sees_no("All its users and keys disappear.").await;
    empty.owner.patch(&empty.path, json!({"status": "active"})).await.expect(200);
    world.travel(11);
    sign_out(browser, "alice").await;
}

async fn sign_out(browser: &Browser<'_>, person: &str) {
    browser.click(&format!("Menu of {person}")).await;
    browser.click("Sign out").await;
    browser.sees("You are signed out.").await;
}

/// Shows what a console says whose stack knows no identity provider for it.
pub(in super::super) async fn not_configured(browser: &Browser<'_>, mut look: impl AsyncFnMut(&str)) {
    browser.open("/console").await;
    browser.sees("Signing in is not set up here.").await;
    look("not-configured").await;
}
