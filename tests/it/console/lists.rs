//! Lists of the organization in a browser: filters, search, many at once, audit.

use kit::{DAY, browse};
use serde_json::json;

use super::page;

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn filters_stand_in_the_address_and_survive_a_reload() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        organization
            .owner
            .post(&format!("{}/revoke", organization.key_path(&key)), json!(null))
            .await
            .expect(200);
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        browser.sees("There are no active keys.").await;
        browser.click("Revoked").await;
        browser.row("key").await;
        browser.is_at(&page(&organization, "access-keys?status=revoked")).await;
        browser.reload().await;
        assert_eq!(browser.row("key").await["Status"], "Revoked");
        browser.click("Owners").await;
        browser.sees("No key fits these filters.").await;
        browser.click("Show all").await;
        browser.sees("There are no active keys.").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn keys_that_end_within_thirty_days_or_were_not_used_for_ninety_are_found() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let make = async |name: &str, days: u32| {
            let (owner, machine) = (world.person("alice"), json!({"kind": "machine", "name": name}));
            let machine = owner.post(&format!("{}/users", organization.path), machine).await.expect(201);
            let keys = organization.keys_of(machine["user_id"].as_str().unwrap());
            let key = owner.post(&keys, json!({"name": name, "expires_in_days": days})).await.expect(201);
            world.key(crate::tokens::token(&key)).get("/v1/whoami").await.expect(200);
        };
        make("used 91 days ago", 300).await;
        world.travel(2 * DAY);
        make("used 89 days ago", 300).await;
        world.travel(91 * DAY);
        make("ends in 29 days", 29).await;
        make("ends in 31 days", 31).await;
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        for (filter, fits, other) in [
            ("Expiring within 30 days", "ends in 29 days", "ends in 31 days"),
            ("Unused for 90 days", "used 91 days ago", "used 89 days ago"),
        ] {
            browser.row(other).await;
            browser.click(filter).await;
            browser.sees_no(other).await;
            browser.row(fits).await;
            browser.click(filter).await;
        }
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_pasted_token_keeps_its_public_half_alone() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let token = crate::tokens::token(&key);
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        browser.row("key").await;
        browser.set("Name, or a pasted key", token).await;
        let public = &token[..token.rfind('_').unwrap()];
        browser.is_at(&page(&organization, &format!("access-keys?q={public}"))).await;
        assert_eq!(browser.value("Name, or a pasted key").await, public);
        browser.row("key").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn several_keys_are_revoked_at_once_and_the_one_that_fails_is_named() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let make = async |name: &str| {
            let body = json!({"name": name, "expires_in_days": 30});
            organization.owner.post(&organization.keys_of(&machine), body).await.expect(201)
        };
        let (one, two) = (make("one").await, make("two").await);
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        browser.click("Select one").await;
        browser.click("Select two").await;
        browser.sees("2 selected").await;
        organization.owner.delete(&organization.key_path(&one)).await.expect(204);
        browser.click("Revoke").await;
        browser.sees_on_top("one (ci)").await;
        browser.click("Revoke 2 keys").await;
        browser.sees_on_top("1 key could not be revoked:").await;
        browser.sees_on_top("It is not there any more.").await;
        browser.click("Close").await;
        assert_eq!(browser.row("two").await["Status"], "Revoked");
        assert!(!browser.document().await.contains("Actions for one"), "it is gone from the list too");
        let path = organization.key_path(&two);
        assert_eq!(organization.owner.get(&path).await.expect(200)["status"], "revoked");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn of_many_keys_four_are_revoked_at_a_time() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        for number in 1..=6 {
            let machine = organization.machine(&format!("machine {number}")).await;
            let body = json!({"name": format!("key {number}"), "expires_in_days": 30});
            organization.owner.post(&organization.keys_of(&machine), body).await.expect(201);
        }
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        for number in 1..=6 {
            browser.click(&format!("Select key {number}")).await;
        }
        let count = "const real = fetch; let open = 0; window.most = 0; \
            window.fetch = (...all) => { most = Math.max(most, ++open); return real(...all).finally(() => open--); };";
        browser.run(count, json!([])).await;
        browser.click("Revoke").await;
        browser.click("Revoke 6 keys").await;
        browser.sees("6 keys revoked.").await;
        assert_eq!(browser.run("return most", json!([])).await, 4);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_list_of_more_than_one_page_loads_more() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        world.copy_user(&machine, 60);
        browser.sign_in("alice", &page(&organization, "users")).await;
        browser.sees("shown, there are more").await;
        browser.click("Load more").await;
        browser.sees_no("shown, there are more").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_audit_log_is_filtered_by_action_and_shows_what_changed() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        browser.sign_in("alice", &page(&organization, "audit?action=access_key.created")).await;
        let row = browser.row("Access key created").await;
        assert_eq!(row["Who"], "alice");
        assert!(!browser.text().await.contains("User created Details"));
        browser.click("Details of Access key created").await;
        assert_eq!(browser.attribute("Copy request id", "type").await, "button");
        browser.press(&["Escape"]).await;
        browser.has_focus("Details of Access key created").await;
        browser.click("Details of Access key created").await;
        browser.click("All its events").await;
        browser.sees("Target ").await;
        let address = browser.run("return location.search", json!([])).await;
        assert_eq!(address, format!("?target={}", key["key_id"].as_str().unwrap()));
        assert_eq!(browser.row("Access key created").await["Who"], "alice");
        assert!(!browser.text().await.contains("Organization created Details"), "of this key alone");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_audit_log_is_narrowed_by_who_by_target_and_by_day() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let made = json!({"name": "his", "expires_in_days": 30});
        world.person("bob").post(&organization.keys_of("me"), made).await.expect(201);
        browser.lives_in("UTC").await;
        browser.sign_in("alice", &page(&organization, "audit")).await;
        browser.row("Access key created").await;
        let who = "return [...new Set([...document.querySelectorAll('main tbody tr')].map((row) => row.children[1].innerText))]";
        assert_eq!(browser.run(who, json!([])).await, json!(["bob", "alice"]), "newest first");
        browser.click_in("main tbody", "bob").await;
        browser.is_at(&page(&organization, &format!("audit?actor={bob}"))).await;
        browser.sees("Audit events, 1 shown").await;
        assert_eq!(browser.run(who, json!([])).await, json!(["bob"]));
        browser.reload().await;
        browser.sees("Audit events, 1 shown").await;
        assert_eq!(browser.run(who, json!([])).await, json!(["bob"]));
        browser.click(&format!("Who {bob}")).await;
        browser.is_at(&page(&organization, "audit")).await;
        browser.row("Organization created").await;

        let target = key["key_id"].as_str().unwrap();
        browser.open(&page(&organization, &format!("audit?target={target}"))).await;
        browser.row("Access key created").await;
        assert_eq!(browser.run(who, json!([])).await, json!(["alice"]));
        browser.click(&format!("Target {target}")).await;
        browser.row("Organization created").await;

        let tomorrow = "return new Date(Date.now() + 864e5).toISOString().slice(0, 10)";
        let tomorrow = browser.run(tomorrow, json!([])).await;
        for (label, other) in [("From", "Before"), ("Before", "From")] {
            browser.set(label, tomorrow.as_str().unwrap()).await;
            if label == "From" {
                browser.sees("No event fits these filters.").await;
                browser.click("Show all").await;
            }
            browser.row("Organization created").await;
            assert_eq!(browser.value(other).await, "", "{label}");
        }
        let until = "return new URLSearchParams(location.search).get('until')";
        let until = browser.run(until, json!([])).await;
        assert_eq!(until, format!("{}T00:00:00Z", tomorrow.as_str().unwrap()));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn events_of_the_service_itself_have_neither_an_address_nor_a_request() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        organization.key(&machine, 1).await;
        world.travel(DAY + 60);
        world.notify().await;
        browser.sign_in("alice", &page(&organization, "audit")).await;
        assert_eq!(browser.row("Access key expired").await["Who"], "notify-expiring-keys");
        browser.set("Action", "access_key.expired").await;
        browser.is_at(&page(&organization, "audit?action=access_key.expired")).await;
        browser.click("Details of Access key expired").await;
        browser.sees_on_top("From None Request None").await;
        browser.click("Close").await;
    });
}
