//! The dialog that shows a secret once: what closes it, and where the secret never stands.

use kit::{Browser, Effect, Fault, Organization, Service, When, World, browse};
use serde_json::json;

use super::{keys_page, token};

/// Creates a key by the form, as far as the dialog with its secret.
async fn create(browser: &Browser<'_>, name: &str) {
    browser.click("Create New Key").await;
    browser.fill("Access Key Name", name).await;
    browser.click("Create key").await;
}

/// Reads the secret from the page without copying or showing it: it is not there.
async fn holds(browser: &Browser<'_>, world: &World, organization: &Organization) -> bool {
    let keys = organization.owner.get(&organization.keys_of("me")).await.expect(200);
    let public = keys["items"][0]["masked_key"].as_str().unwrap()[..23].to_owned();
    assert!(world.items().iter().any(|item| item.contains_key("secret")));
    let long = "return [...document.documentElement.outerHTML.matchAll(/[0-9A-Za-z]{43,}/g)].length";
    assert!(browser.document().await.contains(&public));
    browser.run(long, json!([])).await != 0
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn it_closes_by_its_button_alone_and_asks_before_a_secret_is_lost() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        create(browser, "deploy").await;
        browser.sees_on_top("Save the secret of “deploy” now").await;
        browser.has_focus("Copy token").await;
        assert!(
            !holds(browser, world, &organization).await,
            "the secret is in the page before anybody asked"
        );
        browser.press(&["Escape", "Escape", "Escape"]).await;
        browser
            .run(
                "document.querySelector('dialog').dispatchEvent(new MouseEvent('click', {bubbles: true}))",
                json!([]),
            )
            .await;
        browser.sees_on_top("Save the secret of “deploy” now").await;
        browser.click("Done").await;
        browser.sees_on_top("You have not copied this secret, and it cannot be shown again.").await;
        browser.has_focus("Go back").await;
        browser.press(&["Enter"]).await;
        browser.sees_on_top("Save the secret of “deploy” now").await;
        browser.has_focus("Copy token").await;
        let token = token(browser).await;
        browser.click("Done").await;
        browser.sees_no("Save the secret of").await;
        browser.has_focus("Create New Key").await;
        assert!(!browser.document().await.contains(&token));
        browser.reload().await;
        browser.row("deploy").await;
        assert!(!browser.document().await.contains(&token));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn it_stays_while_the_page_goes_back_and_while_the_session_ends() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("Profile").await;
        browser.click("Access Keys").await;
        create(browser, "deploy").await;
        browser.sees_on_top("Save the secret of “deploy” now").await;
        browser.back().await;
        browser.sees("Your profile").await;
        world.travel(9 * 3600);
        browser.run("dispatchEvent(new Event('focus'))", json!([])).await;
        browser.sees("You are signed out.").await;
        let token = token(browser).await;
        browser.click("Done").await;
        world.key(&token).get("/v1/whoami").await.expect(200);
        browser.back().await;
        assert!(!browser.document().await.contains(&token));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_lost_answer_is_told_and_a_new_secret_takes_its_place() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        let fault = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("TransactWriteItems");
        world.stack.faults().add(fault.function("create-access-key").when(When::Nth(1)));
        create(browser, "deploy").await;
        browser.sees_on_top("Something went wrong on our side").await;
        browser.click("Create key").await;
        browser.sees_on_top("The key was created, but its secret was lost on the way.").await;
        browser.click("Generate new secret").await;
        let token = token(browser).await;
        browser.click("Done").await;
        world.key(&token).get("/v1/whoami").await.expect(200);
        assert_eq!(
            (world.audit("access_key.created").len(), world.audit("access_key.rotated").len()),
            (1, 1)
        );
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_keyboard_alone_creates_copies_and_closes() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.press(&["Tab"]).await;
        browser.has_focus("Skip to content").await;
        browser.press(&["Enter"]).await;
        browser.tab_to("Create New Key").await;
        browser.press(&["Enter"]).await;
        browser.has_focus("Access Key Name").await;
        browser.write("typed").await;
        browser.press(&["Enter"]).await;
        browser.has_focus("Copy token").await;
        browser.press(&["Enter"]).await;
        browser.sees_on_top("Token copied.").await;
        let token = browser.clipboard().await;
        browser.note(&token);
        browser.tab_to("Done").await;
        browser.press(&["Enter"]).await;
        browser.has_focus("Create New Key").await;
        world.key(&token).get("/v1/whoami").await.expect(200);
        browser.tab_to("Actions for typed").await;
        browser.press(&["Enter"]).await;
        browser.has_focus("Key details").await;
        browser.press(&["Down", "Down"]).await;
        browser.has_focus("Change expiry").await;
        browser.press(&["Escape"]).await;
        browser.has_focus("Actions for typed").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_secret_is_taken_out_of_the_answer_before_any_other_part_of_the_page_has_it() {
    browse(async |_, browser| {
        browser.open("/console/signed-out").await;
        let take = "const [card, again] = [module.takeSecret(given), module.takeSecret(given)]; return [card.secret.token, card.keyId, given, again]";
        let answer =
            json!({"key_id": "id", "name": "deploy", "organization_id": "O", "secret": {"token": "t"}});
        let rest = json!({"key_id": "id", "name": "deploy", "organization_id": "O"});
        let taken = browser.with_module("parts/secret.js", take, answer).await;
        assert_eq!(taken, json!(["t", "id", rest, null]));
    });
}
