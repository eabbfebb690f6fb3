//! Users Management: the keys of machine users on their pages, sentence by sentence of the source, in a browser.

use kit::browse;
use serde_json::json;

use super::{page, token};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_access_keys_tab_of_a_user_shows_name_half_the_key_expiry_and_creation() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        browser.sign_in("alice", "/console").await;
        // "From the menu next to your organization name in the top right of the portal, select Users Management."
        browser.click("Menu of alice").await;
        browser.click("Users Management").await;
        // "Select the Username from the list. View the Access Keys tab on the user's home page."
        browser.click("machine").await;
        browser.click("Access Keys").await;
        browser.sees("1 of 2 in use").await;
        let row = browser.row("key").await;
        assert_eq!(row["Access key"], key["masked_key"]);
        assert_eq!(row["Expires"], "in 90 days");
        assert_eq!(row["Created"], "just now");
        assert_eq!(row["Last used"], "Never used");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn delete_next_to_a_key_prompts_to_confirm_the_deletion() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let machine = key["user_id"].as_str().unwrap();
        let client = world.key(crate::tokens::token(&key));
        browser.sign_in("alice", &page(&organization, &format!("users/{machine}/access-keys"))).await;
        browser.choose("key", "Delete").await;
        browser.sees_on_top("Delete “key”?").await;
        browser.has_focus("Cancel").await;
        browser.press(&["Enter"]).await;
        browser.sees_no("Delete “key”?").await;
        client.get("/v1/whoami").await.expect(200);
        browser.has_focus("Actions for key").await;
        browser.choose("key", "Delete").await;
        browser.click("Delete key").await;
        browser.sees("Key key deleted.").await;
        browser.sees("machine has no access keys.").await;
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(world.audit("access_key.deleted").len(), 1);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn create_new_key_stands_at_the_top_right_of_a_machines_access_keys_tab() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let path = page(&organization, &format!("users/{machine}/access-keys"));
        browser.sign_in("alice", &path).await;
        browser.sees("ci has no access keys.").await;
        let corner = "const [button, below] = ['.page-head .do button', '.empty'].map((one) => document.querySelector(one).getBoundingClientRect()); return [button.left > innerWidth / 2, Math.abs(button.right - below.right) < 2, button.bottom <= below.top]";
        assert_eq!(browser.run(corner, json!([])).await, json!([true, true, true]));
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "nightly").await;
        browser.click("365 days").await;
        browser.click("Create key").await;
        world.key(&token(browser).await).get("/v1/whoami").await.expect(200);
        browser.click("Done").await;
        assert_eq!(browser.row("nightly").await["Status"], "Active");
        // "The key is managed by an organization owner for the machine user, whereas the normal user manages their own."
        let carol = organization.join_as(world, "carol", "normal").await;
        browser.open(&page(&organization, &format!("users/{carol}/access-keys"))).await;
        browser.sees("People make their own keys, so that nobody else sees their secrets.").await;
        assert!(!browser.text().await.contains("Create New Key"));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn two_access_keys_are_created_while_the_owner_is_creating_a_machine_user() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &page(&organization, "users")).await;
        browser.click("Add user").await;
        browser.sees_on_top("A job or service.").await;
        browser.click("Machine").await;
        browser.fill("Name", "builder").await;
        for (number, name) in ["blue", "green"].iter().enumerate() {
            browser.click("Add a key").await;
            browser.has_focus("Access Key Name").await;
            browser.write(name).await;
            assert!(number < 2);
        }
        assert_eq!(browser.attribute("Add a key", "aria-disabled").await, "true");
        browser.click_in("dialog .buttons", "Add user").await;
        browser.sees_on_top("Save the secrets of 2 keys now").await;
        for name in ["blue", "green"] {
            browser.click(&format!("Copy token of {name}")).await;
            browser.sees_on_top("Token copied.").await;
            let token = browser.clipboard().await;
            browser.note(&token);
            world.key(&token).get("/v1/whoami").await.expect(200);
            if name == "blue" {
                browser.click("Done").await;
                browser.sees_on_top("You have not copied every secret, and none can be shown again.").await;
                browser.click("Go back").await;
            }
        }
        browser.click("Done").await;
        browser.sees_no("Save the secrets of 2 keys now").await;
        assert_eq!(browser.row("builder").await["Status"], "Active");
        assert_eq!(world.audit("access_key.created").len(), 2);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn whoever_loses_the_one_key_of_a_normal_user_deletes_it_and_creates_another() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        organization.join_as(world, "carol", "normal").await;
        let carol = world.person("carol");
        let made = json!({"name": "lost", "expires_in_days": 30});
        carol.post(&organization.keys_of("me"), made).await.expect(201);
        browser.sign_in("carol", &page(&organization, "me/access-keys")).await;
        browser.sees("1 of 1 in use").await;
        browser
            .sees("Your organization allows 1 key for each normal user. Revoke or delete one first.")
            .await;
        assert_eq!(browser.attribute("Create New Key", "aria-disabled").await, "true");
        browser.choose("lost", "Delete").await;
        browser.click("Delete key").await;
        browser.sees("0 of 1 in use").await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "new").await;
        browser.click("Create key").await;
        token(browser).await;
        browser.click("Done").await;
        browser.sees("1 of 1 in use").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn revoking_a_key_affects_neither_role_nor_sign_in_of_its_user() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        organization.role("readers", &["users:read"]).await;
        let user = organization.user_path(&carol);
        organization.owner.patch(&user, json!({"roles": ["readers"]})).await.expect(200);
        // Roles are kept for ten seconds.
        world.travel(11);
        let made = json!({"name": "laptop", "expires_in_days": 30});
        let key = world.person("carol").post(&organization.keys_of("me"), made).await.expect(201);
        browser.sign_in("carol", &page(&organization, "me/access-keys")).await;
        browser.choose("laptop", "Revoke").await;
        browser
            .sees_on_top(
                "The next request with this key is refused. This cannot be undone; its record stays.",
            )
            .await;
        browser.click("Revoke key").await;
        browser.sees("Key laptop revoked.").await;
        assert_eq!(browser.row("laptop").await["Status"], "Revoked");
        world.key(crate::tokens::token(&key)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        browser.reload().await;
        browser.sees("0 of 1 in use").await;
        browser.click("Access").await;
        browser.sees("Roles readers").await;
        browser.click("Users").await;
        assert_eq!(browser.row("carol").await["Roles and groups"], "readers");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn in_app_inbox_or_email_notifications_are_enabled_for_ones_keys() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &page(&organization, "me/notifications")).await;
        for channel in ["inbox", "e-mail"] {
            let before = browser.checked(&format!("A key expires soon: {channel}")).await;
            browser.click(&format!("A key expires soon: {channel}")).await;
            browser.sees("Saved.").await;
            browser.reload().await;
            browser.ready().await;
            assert_eq!(browser.checked(&format!("A key expires soon: {channel}")).await, !before);
        }
    });
}
