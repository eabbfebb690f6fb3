//! Key details and the Actions menu, sentence by sentence of the source, in a browser.

use kit::{DAY, browse};
use serde_json::json;

use super::{keys_page, page, token};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn key_details_copy_access_key_and_secret_key_as_a_pair() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "pair").await;
        browser.click("Create key").await;
        let token = token(browser).await;
        let (access_key, secret_key) = token.rsplit_once('_').unwrap();
        for (button, copied) in [
            ("Copy access key", "Access key"),
            ("Copy secret key", "Secret key"),
            ("Copy tenant id", "Tenant id"),
            ("Copy all", "Key details"),
        ] {
            browser.click(button).await;
            browser.sees_on_top(&format!("{copied} copied.")).await;
            let text = browser.clipboard().await;
            let expected = match copied {
                "Access key" => access_key.to_owned(),
                "Secret key" => secret_key.to_owned(),
                "Tenant id" => organization.id.clone(),
                _ => format!("key:{access_key}::{secret_key},tenant id: {}", organization.id),
            };
            assert_eq!(text, expected, "{button}");
        }
        browser.click("Show token").await;
        browser.sees_on_top(&token).await;
        browser.click("Done").await;
        browser.sees_no("Save the secret of").await;
        assert!(!browser.document().await.contains(secret_key));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_key_is_valid_for_days_until_a_custom_date_or_never_expires() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        let now = || world.stack.clock().now().as_second();
        let before = now();
        for (name, choice) in [
            ("days", "7 days"),
            ("month", "30 days"),
            ("quarter", "90 days"),
            ("year", "365 days"),
            ("date", "On a date"),
            ("never", "Never"),
        ] {
            browser.click("Create New Key").await;
            browser.fill("Access Key Name", name).await;
            browser.click(choice).await;
            if name == "date" {
                browser.set("Date", "2031-05-06").await;
                browser.sees_on_top("Expires on 6 May 2031 at 23:59").await;
            }
            if name == "never" {
                browser.sees_on_top("This key will never expire. Give it an expiry all the same").await;
            }
            browser.click("Create key").await;
            if name == "never" {
                browser.sees_on_top("Create a key that never expires?").await;
                browser.click("Create anyway").await;
            }
            token(browser).await;
            browser.click("Done").await;
        }
        let after = now();
        let keys = organization.owner.get(&organization.keys_of("me")).await.expect(200);
        let of = |name: &str| {
            let found = keys["items"].as_array().unwrap().iter().find(|key| key["name"] == name);
            found.unwrap()["expires_at"].clone()
        };
        assert!(of("date").as_str().unwrap().starts_with("2031-05-06T23:59:59"), "{keys}");
        assert_eq!(of("never"), json!(null));
        assert_eq!(browser.row("never").await["Expires"], "Never");
        for (name, days) in [("days", 7), ("month", 30), ("quarter", 90), ("year", 365)] {
            let stored = of(name).as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
            assert!((before..=after).contains(&(stored - days * DAY)), "{name}: {keys}");
            assert_eq!(browser.row(name).await["Expires"], format!("in {days} days"));
        }
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_form_offers_what_the_policy_allows() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("Create New Key").await;
        browser.sees_on_top("365 days").await;
        assert!(!browser.text().await.contains("Never"), "strict keys expire");
        browser.click("On a date").await;
        let days = "const field = document.querySelector('input[type=date]'); return [field.min, field.max].map((day) => Math.round((Date.parse(day) - Date.parse(new Date().toISOString().slice(0, 10))) / 864e5))";
        let days = browser.run(days, json!([])).await;
        let (first, last) = (days[0].as_i64().unwrap(), days[1].as_i64().unwrap());
        assert!((1..=2).contains(&first) && (364..=365).contains(&last), "{days}");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn an_expiry_that_cannot_move_later_is_disabled_with_its_reason_and_may_move_earlier() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let made = json!({"name": "fixed", "expires_in_days": 60});
        let key = organization.owner.post(&organization.keys_of("me"), made).await.expect(201);
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.choose("fixed", "Change expiry").await;
        browser
            .sees_on_top("The policy does not allow a later expiry. Create a new key before this one ends.")
            .await;
        let off = "return [...document.querySelectorAll('dialog input[name=expiry]')].map((one) => [one.labels[0].innerText.trim(), one.disabled])";
        let expected = json!([
            ["7 days", false],
            ["30 days", false],
            ["90 days", true],
            ["365 days", true],
            ["On a date", false]
        ]);
        assert_eq!(browser.run(off, json!([])).await, expected);
        let note = "return document.getElementById(document.querySelector('dialog fieldset').getAttribute('aria-describedby')).innerText";
        let note = browser.run(note, json!([])).await;
        assert!(note.as_str().unwrap().starts_with("The policy does not allow a later expiry."), "{note}");
        browser.click("7 days").await;
        browser.click("Change expiry").await;
        browser.sees("Expiry of fixed changed.").await;
        let now = organization.owner.get(&organization.key_path(&key)).await.expect(200);
        assert!(now["expires_at"].as_str().unwrap() < key["expires_at"].as_str().unwrap(), "{now}");
        world.travel(8 * DAY);
        browser.reload().await;
        browser.choose("fixed", "Key details").await;
        browser
            .sees("The policy does not allow a later expiry. Create a new key before this one ends.")
            .await;
        assert_eq!(browser.attribute("Change expiry", "aria-disabled").await, "true");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn after_the_key_expires_its_date_is_extended_by_editing_it() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let made = json!({"name": "old", "expires_in_days": 1});
        let key = organization.owner.post(&organization.keys_of("me"), made).await.expect(201);
        world.travel(2 * DAY);
        browser.sign_in("alice", &keys_page(&organization)).await;
        assert_eq!(browser.row("old").await["Status"], "Expired");
        browser.choose("old", "Change expiry").await;
        browser.sees_on_top("It takes a place in the quota again.").await;
        browser.click("30 days").await;
        browser.click("Change expiry").await;
        browser.sees("Expiry of old changed.").await;
        assert_eq!(browser.row("old").await["Status"], "Active");
        world.key(crate::tokens::token(&key)).get("/v1/whoami").await.expect(200);
        browser.choose("old", "Change expiry").await;
        browser.click("Never").await;
        browser.click("Change expiry").await;
        browser.sees_no("Change the expiry of").await;
        assert_eq!(browser.row("old").await["Expires"], "Never");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn groups_and_roles_are_selected_in_key_details_and_the_impacted_user_sees_the_bell() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("readers", &["users:read", "access-keys:read"]).await;
        let carol = organization.join_as(world, "carol", "normal").await;
        let made = json!({"name": "hers", "expires_in_days": 30});
        world.person("carol").post(&organization.keys_of("me"), made).await.expect(201);
        browser.sign_in("alice", &page(&organization, &format!("users/{carol}/access"))).await;
        browser.click("Select").await;
        browser.click("readers").await;
        browser.sees_on_top("Together they permit:").await;
        browser.click("Save").await;
        browser.sees("Roles and groups of carol changed.").await;
        browser.click("Menu of alice").await;
        browser.click("Sign out").await;
        browser.sees("You are signed out.").await;
        browser.visit(&format!("{}/_local/oidc/logout", world.stack.url())).await;

        browser.sign_in("carol", &keys_page(&organization)).await;
        browser.click("Inbox, 1 unread").await;
        browser.sees_on_top("Open inbox").await;
        browser.click("Open inbox").await;
        browser.click("Mark all read").await;
        browser.sees("You have read everything.").await;
        browser.open(&keys_page(&organization)).await;
        browser.choose("hers", "Key details").await;
        browser.sees("This key may do everything that its user may.").await;
        browser.click("Select").await;
        browser.click("readers").await;
        browser.click("Save").await;
        browser.sees("Roles: readers").await;
        browser.click("View permissions").await;
        browser.sees_on_top("users:read").await;
        browser.sees_on_top("Narrowed to role readers").await;
        browser.click("Close").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn generate_new_secret_key_shows_it_once_and_ends_the_old_one_after_the_overlap() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let old = world.key(crate::tokens::token(&key));
        let path = page(&organization, &format!("access-keys/{}", key["key_id"].as_str().unwrap()));
        browser.sign_in("alice", &path).await;
        browser.click("Generate new secret").await;
        browser.sees_on_top("Whatever still uses the old secret is refused from its next request.").await;
        browser.click("1 hour").await;
        browser.sees_on_top("The old secret works for another 1 hour, then it is refused.").await;
        browser.click("Generate new secret").await;
        let new = token(browser).await;
        browser.click("Done").await;
        browser.sees("The previous secret works until").await;
        world.key(&new).get("/v1/whoami").await.expect(200);
        old.get("/v1/whoami").await.expect(200);
        assert!(!browser.document().await.contains(new.rsplit('_').next().unwrap()));
        world.travel(3601);
        old.get("/v1/whoami").await.expect_forbidden_by_gateway();
        world.key(&new).get("/v1/whoami").await.expect(200);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn from_the_actions_menu_a_key_is_marked_inactive_and_active() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let client = world.key(crate::tokens::token(&key));
        browser.sign_in("alice", &page(&organization, "access-keys?status=all")).await;
        browser.choose("key", "Switch off").await;
        browser.sees_on_top("Requests with it are refused until it is switched on again.").await;
        browser.click("Switch off").await;
        browser.sees("Key key switched off.").await;
        assert_eq!(browser.row("key").await["Status"], "Inactive");
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        browser.choose("key", "Switch on").await;
        browser.sees("Key key switched on.").await;
        client.get("/v1/whoami").await.expect(200);
        browser.choose("key", "View permissions").await;
        browser.sees_on_top("This key permits nothing: its user has no roles.").await;
        browser.press(&["Escape"]).await;
        browser.has_focus("Actions for key").await;
    });
}
