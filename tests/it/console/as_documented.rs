//! What sentences of the documents say that the product is made from, in a browser, where they have no better place. See
//! [`super::sentences`].

use kit::{DAY, browse};
use serde_json::json;

use super::{keys_page, page, token};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn one_access_key_is_created_and_managed_by_a_user_from_their_home_page() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        organization.join_as(world, "carol", "normal").await;
        browser.sign_in("carol", "/console").await;
        browser.is_at(&keys_page(&organization)).await;
        browser.sees("0 of 1 in use").await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "mine").await;
        browser.click("Create key").await;
        let client = world.key(&token(browser).await);
        browser.click("Done").await;
        browser.sees("1 of 1 in use").await;
        assert_eq!(browser.attribute("Create New Key", "aria-disabled").await, "true");
        browser.choose("mine", "Switch off").await;
        browser.click("Switch off").await;
        browser.sees("Key mine switched off.").await;
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        browser.choose("mine", "Revoke").await;
        browser.click("Revoke key").await;
        browser.sees("0 of 1 in use").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn expiry_days_are_provided_in_the_range_of_1_to_365() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &page(&organization, "users")).await;
        browser.click("Add user").await;
        browser.sees_on_top("Create keys now").await;
        browser.fill("Name", "builder").await;
        browser.click("Add a key").await;
        browser.fill("Access Key Name", "deploy").await;
        for days in ["366", "0"] {
            browser.fill("Expiry days", days).await;
            browser.click_in("dialog .buttons", "Add user").await;
            let invalid =
                "return document.querySelectorAll('dialog [aria-invalid=true], dialog .problem').length";
            while browser.run(invalid, json!([])).await == 0 {
                browser.ready().await;
            }
            assert_eq!(world.audit("access_key.created").len(), 0, "{days}");
        }
        browser.fill("Expiry days", "365").await;
        browser.click_in("dialog .buttons", "Add user").await;
        token_of(browser, "deploy").await;
        browser.click("Done").await;
        assert_eq!(world.audit("access_key.created").len(), 1);
    });
}

/// Copies the token of the one key of a new user.
async fn token_of(browser: &kit::Browser<'_>, name: &str) {
    browser.sees_on_top(&format!("Save the secret of “{name}” now")).await;
    token(browser).await;
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_access_key_is_available_only_when_it_is_created() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "once").await;
        browser.click("Create key").await;
        let token = token(browser).await;
        let secret = token.rsplit('_').next().unwrap();
        browser.click("Done").await;
        browser.choose("once", "Key details").await;
        browser
            .sees("Secrets are stored nowhere. Generate a new one; the key keeps its id and expiry.")
            .await;
        for _ in 0..2 {
            let document = browser.document().await;
            assert!(!document.contains(secret) && !document.contains("Copy secret key"));
            browser.reload().await;
            browser.ready().await;
        }
        browser.back().await;
        browser.row("once").await;
        assert!(!browser.document().await.contains(secret));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn access_keys_of_a_machine_user_are_managed_from_the_users_home_page() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        browser.sign_in("alice", &page(&organization, "users")).await;
        browser.choose("machine", "Access keys").await;
        let machine = key["user_id"].as_str().unwrap();
        browser.is_at(&page(&organization, &format!("users/{machine}/access-keys"))).await;
        browser.choose("key", "Revoke").await;
        browser.click("Revoke key").await;
        browser.sees("0 of 2 in use").await;
        browser.click("Users Management").await;
        browser.row("machine").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_tenant_administrator_creates_multiple_access_keys_and_a_user_only_two() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.join_as(world, "carol", "normal").await;
        for (person, most) in [("alice", 50), ("carol", 2)] {
            browser.sign_in(person, &keys_page(&organization)).await;
            for number in 1..=3 {
                browser.sees(&format!("{} of {most} in use", number - 1)).await;
                if number > most {
                    break;
                }
                browser.click("Create New Key").await;
                browser.fill("Access Key Name", &format!("key-{number}")).await;
                browser.click("Create key").await;
                token(browser).await;
                browser.click("Done").await;
                browser.row(&format!("key-{number}")).await;
            }
            let full = browser.attribute("Create New Key", "aria-disabled").await == "true";
            assert_eq!(full, most == 2, "{person}");
            browser.click(&format!("Menu of {person}")).await;
            browser.click("Sign out").await;
            browser.sees("You are signed out.").await;
            browser.visit(&format!("{}/_local/oidc/logout", world.stack.url())).await;
        }
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn groups_and_roles_are_assigned_by_clicking_actions_and_key_details() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("readers", &["users:read"]).await;
        let group = format!("{}/groups/support", organization.path);
        organization.owner.put(&group, json!({"roles": ["readers"]})).await.expect(200);
        let key = organization.machine_key().await;
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        browser.choose("key", "Key details").await;
        browser.sees("Assignments").await;
        browser.click("Select").await;
        browser.click("support").await;
        browser.click("readers").await;
        browser.click("Save").await;
        browser.sees("Groups: support").await;
        browser.sees("Roles: readers").await;
        let now = organization.owner.get(&organization.key_path(&key)).await.expect(200);
        assert_eq!((&now["groups"], &now["roles"]), (&json!(["support"]), &json!(["readers"])));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_key_expiry_is_modified_from_the_key_details_pane() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let expires = async || {
            let now = organization.owner.get(&organization.key_path(&key)).await.expect(200);
            now["expires_at"].clone()
        };
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        browser.choose("key", "Key details").await;
        browser.click("Change expiry").await;
        browser.set("Date", "2031-05-06").await;
        browser.click("Change expiry").await;
        browser.sees("Expiry of key changed.").await;
        assert!(expires().await.as_str().unwrap().starts_with("2031-05-06T23:59:59"));
        browser.click("Change expiry").await;
        browser.click("Never").await;
        browser.click("Change expiry").await;
        browser.sees_no("Change the expiry of").await;
        assert_eq!(expires().await, json!(null));
        assert_eq!(browser.row("key").await["Expires"], "Never");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_person_logs_in_to_the_portal() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", "/console").await;
        browser.is_at(&keys_page(&organization)).await;
        browser.sees("Your access keys").await;
        // "From the menu next to your organization name in the top right of the portal".
        let place = "const box = document.querySelector('.person').getBoundingClientRect(); return [box.right > innerWidth - 60, box.bottom < 80, document.querySelector('.organization bdi').innerText]";
        let place = browser.run(place, json!([])).await;
        assert_eq!(place, json!([true, true, "alice's"]));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_name_of_a_key_is_a_label_for_identification_in_the_pages() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        browser.sign_in("alice", &page(&organization, &format!("users/{machine}/access-keys"))).await;
        for used in ["0 of 2 in use", "1 of 2 in use"] {
            browser.sees(used).await;
            browser.click("Create New Key").await;
            browser.sees_on_top("A label to recognize it by, for example deploy.").await;
            browser.fill("Access Key Name", "deploy").await;
            browser.click("Create key").await;
            world.key(&token(browser).await).get("/v1/whoami").await.expect(200);
            browser.click("Done").await;
        }
        browser.sees("2 of 2 in use").await;
        let rows = "return [...document.querySelectorAll('main tbody tr')].map((row) => [row.querySelector('th bdi').innerText, row.querySelector('td code').innerText])";
        let rows = browser.run(rows, json!([])).await;
        assert_eq!((&rows[0][0], &rows[1][0]), (&json!("deploy"), &json!("deploy")));
        assert_ne!(rows[0][1], rows[1][1], "what tells them apart");
        world.key("deploy").get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn user_groups_or_roles_are_assigned_to_an_access_key_while_it_is_created() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("readers", &["users:read"]).await;
        organization.role("auditors", &["audit:read"]).await;
        let group = format!("{}/groups/support", organization.path);
        organization.owner.put(&group, json!({"roles": ["auditors"]})).await.expect(200);
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "narrow").await;
        browser.click("Restrict what this key may do").await;
        assert!(browser.checked("Everything you may do").await);
        browser.click("Only these roles and groups").await;
        browser.sees_on_top("Together they permit nothing.").await;
        browser.click("support").await;
        browser.click("readers").await;
        browser.sees_on_top("Together they permit: audit:read users:read").await;
        browser.fill("Allowed networks", "192.0.2.0/24, nowhere").await;
        browser.sees_on_top("nowhere is neither an address nor a network.").await;
        browser.fill("Allowed networks", "127.0.0.0/8").await;
        browser.sees_no("nowhere is neither").await;
        browser.click("Create key").await;
        let client = world.key(&token(browser).await);
        browser.click("Done").await;
        let key = &organization.owner.get(&organization.keys_of("me")).await.expect(200)["items"][0];
        let kept = (&key["groups"], &key["roles"], &key["allowed_cidrs"]);
        assert_eq!(kept, (&json!(["support"]), &json!(["readers"]), &json!(["127.0.0.0/8"])));
        // Roles are kept for ten seconds.
        world.travel(11);
        client.get(&format!("{}/users", organization.path)).await.expect(200);
        client.get(&format!("{}/roles", organization.path)).await.expect_problem(403, "forbidden");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn once_the_access_key_expires_a_new_one_must_be_created() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let made = json!({"name": "old", "expires_in_days": 1});
        organization.owner.post(&organization.keys_of("me"), made).await.expect(201);
        world.travel(2 * DAY);
        browser.sign_in("alice", &keys_page(&organization)).await;
        assert_eq!(browser.row("old").await["Status"], "Expired");
        browser.click("Actions for old").await;
        assert_eq!(browser.attribute("Change expiry", "aria-disabled").await, "true");
        browser.sees_on_top("The policy does not allow a later expiry. Create a new key").await;
        browser.press(&["Escape"]).await;
        browser.sees("0 of 1 in use").await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "new").await;
        browser.click("Create key").await;
        world.key(&token(browser).await).get("/v1/whoami").await.expect(200);
        browser.click("Done").await;
        assert_eq!(browser.row("new").await["Status"], "Active");
    });
}
