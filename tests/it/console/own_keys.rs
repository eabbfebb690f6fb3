//! My Account, Access Keys: a person's own keys, in a browser.

use kit::browse;
use serde_json::json;

use super::{keys_page, page, token};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_person_creates_a_key_from_my_account_and_copies_it() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", "/console").await;
        // "From the menu next to your organization name in the top right of the portal, select My Account."
        browser.click("Menu of alice").await;
        browser.click("My Account").await;
        // "From the My Account page, select the Access Keys tab. … select Create New Key."
        browser.click("Access Keys").await;
        browser.is_at(&keys_page(&organization)).await;
        browser.sees("You have no access keys.").await;
        browser.click("Create New Key").await;
        // "Provide the Access Key Name. Provide the Expiry days."
        browser.has_focus("Access Key Name").await;
        browser.fill("Access Key Name", "deploy").await;
        browser.click("30 days").await;
        browser.sees_on_top("You will be warned 7 and 2 days before.").await;
        browser.click("Create key").await;
        // "Copy this access key and save it in a secure location."
        let token = token(browser).await;
        world.key(&token).get("/v1/whoami").await.expect(200);
        browser.click("Done").await;
        browser.sees_no("Save the secret of").await;
        let row = browser.row("deploy").await;
        assert_eq!(row["Status"], "Active");
        assert!(row["Access key"].as_str().unwrap().starts_with(&token[..23]), "{row}");
        let keys = organization.owner.get(&organization.keys_of("me")).await.expect(200);
        assert_eq!(keys["items"][0]["name"], json!("deploy"));
        assert_eq!(world.audit("access_key.created").len(), 1);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn an_empty_list_of_keys_leads_to_the_first_one() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        for (path, action) in [
            (keys_page(&organization), "Create your first key"),
            (page(&organization, &format!("users/{machine}/access-keys")), "Create its first key"),
        ] {
            browser.open(&path).await;
            browser.click(action).await;
            browser.has_focus("Access Key Name").await;
            browser.write("first").await;
            browser.click("Create key").await;
            token(browser).await;
            browser.click("Done").await;
            browser.row("first").await;
            browser.sees_no(action).await;
        }
    });
}
