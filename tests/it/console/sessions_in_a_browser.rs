//! Sessions as browsers keep them: reloads, tabs, sign-out, an issuer of another site.

use kit::{Options, browse, browse_with, with_console};

use super::{keys_page, page};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_session_survives_a_reload_and_a_second_tab_and_ends_in_both() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.reload().await;
        browser.sees("You have no access keys.").await;
        browser.open_tab(&page(&organization, "users")).await;
        browser.row("alice").await;
        browser.click("Menu of alice").await;
        browser.click("Sign out").await;
        browser.sees("You are signed out.").await;
        browser.show_tab(0).await;
        browser.click("Users").await;
        browser.sees("Sign in again").await;
        assert!(
            world
                .items()
                .iter()
                .all(|item| !item["PK"].as_str().is_some_and(|key| key.starts_with("SESSION#")))
        );
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn sign_out_everywhere_ends_the_sessions_of_other_browsers() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let other = world.web_client();
        other.sign_in("alice").await;
        other.session().await.expect(200);
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("Menu of alice").await;
        browser.click("Sign out everywhere").await;
        browser.sees("You are signed out.").await;
        other.session().await.expect(401);
        // After a sign-out the page waits for a click.
        browser.open("/console/signed-out").await;
        browser.sees("You are signed out.").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn an_issuer_of_another_site_signs_in_although_the_cookie_is_strict() {
    let options = Options { issuer_host: "localhost", ..with_console() };
    browse_with(options, async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.sees("You have no access keys.").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_session_ends_at_its_second_and_the_page_keeps_what_was_typed() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "typed before").await;
        world.travel(8 * 3600);
        browser.click("Create key").await;
        browser.sees_on_top("You are signed out.").await;
        browser.sees("Sign in again").await;
        assert_eq!(browser.value("Access Key Name").await, "typed before");
        assert_eq!(world.audit("access_key.created").len(), 0);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn an_organization_of_others_and_one_that_is_not_there_look_alike() {
    browse(async |world, browser| {
        let hers = world.organization("bob", "strict").await;
        world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&hers)).await;
        browser
            .sees("There is nothing here. It may have been deleted, or belong to another organization.")
            .await;
        browser.open("/console/nothing/here/at/all").await;
        browser.sees("Not found").await;
        browser.open("/console").await;
        browser.sees("You have no access keys.").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_page_that_is_left_alone_says_at_the_second_of_its_sessions_end_that_it_is_over() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        let expires_at = world.items_of("SESSION")[0]["expires_at"].as_i64().unwrap();
        world.travel(expires_at - world.stack.clock().now().as_second() - 6);
        browser.reload().await;
        browser.sees("You have no access keys.").await;
        // Nothing is asked and nothing is touched until then.
        browser.sees("You are signed out.").await;
        browser.sees("Sign in again").await;
    });
}
