//! Who is not let in, and who is somebody else by now: the gateway's bare refusals, failed sign-ins and a second person, in a
//! browser.

use kit::browse;
use serde_json::json;

use super::{keys_page, page, token};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_bare_refusal_of_the_gateway_is_an_ended_session_or_a_lost_membership() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        organization.role("readers", &["users:read", "roles:read"]).await;
        let carol = organization.join_as(world, "carol", "normal").await;
        let user = organization.user_path(&carol);
        organization.owner.patch(&user, json!({"roles": ["readers"]})).await.expect(200);
        // Roles are kept for ten seconds.
        world.travel(11);
        browser.sign_in("carol", &page(&organization, "users")).await;
        browser.row("carol").await;
        organization.owner.delete(&user).await.expect(204);
        browser.click("Roles").await;
        browser.sees("You do not have access to this.").await;
        assert!(!browser.text().await.contains("Sign in again"), "the session goes on");
        browser.reload().await;
        browser
            .sees("There is nothing here. It may have been deleted, or belong to another organization.")
            .await;

        world.travel(9 * 3600);
        browser.run("dispatchEvent(new Event('focus'))", json!([])).await;
        browser.sees("Sign in again").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn two_people_in_two_tabs_are_told_apart_and_an_open_secret_stays() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.join_as(world, "bob", "normal").await;
        browser.sign_in("alice", &page(&organization, "users")).await;
        browser.row("alice").await;
        browser.open_tab(&keys_page(&organization)).await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "deploy").await;
        browser.click("Create key").await;
        browser.sees_on_top("Save the secret of “deploy” now").await;
        browser.open_tab(&keys_page(&organization)).await;
        browser.click("Menu of alice").await;
        browser.click("Sign out").await;
        browser.sees("You are signed out.").await;
        browser.visit(&format!("{}/_local/oidc/logout", world.stack.url())).await;
        browser.sign_in("bob", &keys_page(&organization)).await;
        browser.sees("You have no access keys.").await;

        browser.show_tab(1).await;
        browser.run("dispatchEvent(new Event('focus'))", json!([])).await;
        browser.sees("bob is signed in in this browser now.").await;
        let token = token(browser).await;
        world.key(&token).get("/v1/whoami").await.expect(200);
        browser.click("Done").await;
        browser.show_tab(0).await;
        browser.run("dispatchEvent(new Event('focus'))", json!([])).await;
        browser.sees("It needs the permission users:read").await;
        browser.attribute("Menu of bob", "type").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_failed_sign_in_is_told_in_our_words_and_is_not_tried_again_without_a_click() {
    browse(async |_, browser| {
        for (reason, words) in [
            ("denied", "The sign-in was cancelled."),
            ("expired", "The sign-in took too long. Try again."),
            ("mismatch", "This sign-in was begun in another window or browser. Try again."),
            ("issuer", "The identity provider did not answer as expected."),
            ("email_missing", "Your identity provider told no e-mail address."),
            ("unavailable", "You signed in, but the service could not keep it. Try again."),
            ("%3Cb%3Eother", "The sign-in failed. Try again."),
        ] {
            browser.open(&format!("/console/sign-in-failed?reason={reason}")).await;
            browser.sees(words).await;
            browser.attribute("Sign in", "href").await;
        }
        // Whoever comes from the sign-in without a session is not sent there again.
        browser.open("/console?signed_in=1").await;
        browser.sees("You signed in, but this browser did not keep the session.").await;
        browser.is_at("/console?signed_in=1").await;
    });
}
