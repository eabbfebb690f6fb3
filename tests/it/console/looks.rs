//! How pages and dialogs look: by the rules of WCAG 2.2, on a phone, in the dark. Pictures go to `target/screenshots`.

use kit::{Browser, Organization, World, browse, share};
use serde_json::{Value, json};

use super::page;

/// Widths and color schemes. `AXE_VARIANTS=all` plays all four; otherwise the narrow light and the wide dark one.
const VARIANTS: [(u32, &str); 4] = [(320, "light"), (1280, "dark"), (1280, "light"), (320, "dark")];

/// Fills an organization with what its pages show.
async fn fill(world: &World) -> (Organization, Value) {
    let organization = world.organization("alice", "flexible").await;
    organization.role("readers", &["users:read", "access-keys:read"]).await;
    let group = json!({"roles": ["readers"]});
    organization.owner.put(&format!("{}/groups/support", organization.path), group).await.expect(200);
    let carol = organization.join_as(world, "carol", "normal").await;
    organization
        .owner
        .patch(&organization.user_path(&carol), json!({"groups": ["support"]}))
        .await
        .expect(200);
    let key = organization.machine_key().await;
    let never = json!({"name": "a-key-with-a-name-that-is-as-long-as-a-name-of-a-key-can-be-here", "never_expires": true});
    organization.owner.post(&organization.keys_of("me"), never).await.expect(201);
    (organization, key)
}

/// Judges what is shown now, in the variants that are played.
async fn judge(browser: &Browser<'_>, state: &str) {
    let all = share::judges_all_variants();
    for (width, scheme) in &VARIANTS[..if all { 4 } else { 2 }] {
        browser.resize(*width, 900).await;
        browser.prefer(scheme).await;
        let state = format!("{state}-{width}-{scheme}");
        browser.screenshot(&state).await;
        if *width == 320 {
            browser.fits(&state).await;
        }
        browser.is_accessible(&state).await;
    }
    browser.resize(1280, 900).await;
    browser.prefer("light").await;
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
#[cfg_attr(not(axe), ignore = "needs axe-core, which .ci/run fetches into target/ci-axe")]
fn every_page_keeps_the_rules_of_wcag_and_fits_a_phone() {
    browse(async |world, browser| {
        let (organization, key) = fill(world).await;
        let (machine, key_id) = (key["user_id"].as_str().unwrap(), key["key_id"].as_str().unwrap());
        browser.open("/console/signed-out").await;
        browser.ready().await;
        judge(browser, "signed-out").await;
        browser.sign_in("alice", &page(&organization, "me/access-keys")).await;
        for rest in [
            "me/access-keys".to_owned(),
            "me/profile".to_owned(),
            "me/access".to_owned(),
            "me/notifications".to_owned(),
            "me/inbox".to_owned(),
            "access-keys".to_owned(),
            format!("access-keys/{key_id}"),
            "users".to_owned(),
            format!("users/{machine}"),
            format!("users/{machine}/access-keys"),
            format!("users/{machine}/access"),
            "roles".to_owned(),
            "groups".to_owned(),
            "policy".to_owned(),
            "audit".to_owned(),
            "settings".to_owned(),
            "nothing".to_owned(),
        ] {
            browser.open(&page(&organization, &rest)).await;
            browser.ready().await;
            judge(browser, &rest.replace('/', "-").replace(key_id, "key").replace(machine, "machine")).await;
        }
        browser.open("/console/new").await;
        browser.ready().await;
        judge(browser, "new").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
#[cfg_attr(not(axe), ignore = "needs axe-core, which .ci/run fetches into target/ci-axe")]
fn every_dialog_and_menu_keeps_the_rules_of_wcag_and_fits_a_phone() {
    browse(async |world, browser| {
        let (organization, key) = fill(world).await;
        let path = page(&organization, &format!("access-keys/{}", key["key_id"].as_str().unwrap()));
        browser.sign_in("alice", &path).await;
        for (button, seen, close) in [
            ("Edit", "Description", "Cancel"),
            ("Change", "New expiry", "Cancel"),
            ("Select", "readers", "Cancel"),
            ("View permissions", "Permissions of", "Close"),
            ("Switch off", "Requests with it are refused", "Cancel"),
            ("Revoke", "This cannot be undone", "Cancel"),
            ("Delete", "the audit log keeps what happened", "Cancel"),
            ("Generate new secret", "The key keeps its id", "Cancel"),
        ] {
            browser.click(button).await;
            browser.sees_on_top(seen).await;
            judge(browser, &format!("dialog-{}", button.to_lowercase().replace(' ', "-"))).await;
            browser.click(close).await;
        }
        browser.open(&page(&organization, "me/access-keys")).await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "deploy").await;
        browser.click("Restrict what this key may do").await;
        judge(browser, "dialog-create").await;
        browser.click("Create key").await;
        browser.sees_on_top("Save the secret of “deploy” now").await;
        judge(browser, "dialog-secret").await;
        browser.click("Done").await;
        browser.sees_on_top("You have not copied this secret").await;
        judge(browser, "dialog-close-without-copying").await;
        browser.click("Close anyway").await;
        browser.click("Actions for deploy").await;
        judge(browser, "menu-key").await;
        browser.press(&["Escape"]).await;
        browser.click("Organization: alice's").await;
        judge(browser, "menu-organizations").await;
        browser.press(&["Escape"]).await;
        browser.open(&page(&organization, "users")).await;
        browser.click("Add user").await;
        browser.click("Machine").await;
        browser.click("Add a key").await;
        judge(browser, "dialog-add-user").await;
        browser.click("Cancel").await;
        browser.open(&page(&organization, "audit")).await;
        browser.click("Details of User linked").await;
        judge(browser, "dialog-event").await;
    });
}
