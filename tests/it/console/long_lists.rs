//! Lists of which one page shows little or nothing, in a browser: they go on by themselves, and say so where they stop.

use kit::{Organization, World, browse};
use serde_json::{Value, json};

use super::page;

const HEAD: &str =
    "return [...document.querySelectorAll('main tbody th')].map((one) => one.innerText.trim())";

/// Creates a key that ends after all others, behind this many of another name.
async fn a_key_behind(world: &World, organization: &Organization, others: usize) -> Value {
    let machine = organization.machine("ci").await;
    let make = async |name: &str, days: u32| {
        let body = json!({"name": name, "expires_in_days": days});
        organization.owner.post(&organization.keys_of(&machine), body).await.expect(201)
    };
    let first = make("other", 30).await;
    world.copy_key(first["key_id"].as_str().unwrap(), others);
    make("last", 365).await
}

/// Counts the calls of a route that the page has made since it was loaded.
fn calls(route: &str) -> String {
    format!(
        "return performance.getEntriesByType('resource').filter((one) => new URL(one.name).pathname.endsWith('{route}')).length"
    )
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_policy_preview_goes_on_over_pages_that_show_nothing() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        a_key_behind(world, &organization, 320).await;
        browser.sign_in("alice", &page(&organization, "policy")).await;
        browser.fill("Longest, in days", "100").await;
        browser.click("Preview").await;
        browser.sees("1 of 322 live keys would not be allowed: 322 keys looked at.").await;
        assert_eq!(browser.row("last").await["Rule"], "the longest lifetime of a key: 100 days");
        let pages = browser.run(&calls("/policy-preview"), json!([])).await;
        assert!(pages.as_i64().unwrap() >= 4, "{pages} pages, all but the last without a key");
        browser.fill("Longest, in days", "1").await;
        browser.click("Preview").await;
        browser.sees("These 322 of 322 live keys would not be allowed: 322 keys looked at.").await;
        browser.sees("50 shown, there are more.").await;
        let rows =
            browser.run("return document.querySelectorAll('.policy tbody tr').length", json!([])).await;
        assert_eq!(rows, 50);
    });
}

async fn a_revoked_key_behind(world: &World, organization: &Organization, others: usize) {
    let last = a_key_behind(world, organization, others).await;
    let path = format!("{}/revoke", organization.key_path(&last));
    organization.owner.post(&path, json!(null)).await.expect(200);
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_narrowed_list_goes_on_by_itself_until_it_shows_something() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        a_revoked_key_behind(world, &organization, 1_200).await;
        browser.sign_in("alice", &page(&organization, "access-keys?status=revoked")).await;
        assert_eq!(browser.row("last").await["Status"], "Revoked");
        let pages = browser.run(&calls("/access-keys"), json!([])).await;
        assert!((2..=10).contains(&pages.as_i64().unwrap()), "{pages}");
        assert_eq!(browser.run(HEAD, json!([])).await, json!(["last"]));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn after_ten_empty_pages_a_narrowed_list_asks_whether_to_look_further() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        a_revoked_key_behind(world, &organization, 2_600).await;
        browser.sign_in("alice", &page(&organization, "access-keys?status=revoked")).await;
        browser.sees("Nothing found so far").await;
        assert_eq!(browser.run(&calls("/access-keys"), json!([])).await, 10);
        assert!(!browser.text().await.contains("No key fits these filters."), "it may be there");
        browser.click("Look further").await;
        assert_eq!(browser.row("last").await["Status"], "Revoked");
        browser.sees_no("Look further").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn filters_of_users_stand_in_the_address_and_survive_a_reload() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.invite("dora").await;
        let [blue, _] = [organization.machine("blue").await, organization.machine("green").await];
        organization
            .owner
            .patch(&organization.user_path(&blue), json!({"status": "suspended"}))
            .await
            .expect(200);
        browser.sign_in("alice", &page(&organization, "users")).await;
        browser.row("dora").await;
        browser.click("Machines").await;
        browser.sees_no("dora").await;
        let mut machines = browser.run(HEAD, json!([])).await;
        machines.as_array_mut().unwrap().sort_by_key(Value::to_string);
        assert_eq!(machines.to_string().matches("Machine").count(), 0, "{machines}");
        assert_eq!(machines.as_array().unwrap().len(), 2, "{machines}");
        browser.click("Suspended").await;
        browser.sees_no("green").await;
        browser.is_at(&page(&organization, "users?kind=machine&status=suspended")).await;
        browser.reload().await;
        assert_eq!(browser.row("blue").await["Status"], "Suspended");
        assert!(!browser.text().await.contains("green"));
        assert_eq!(browser.attribute("Machines", "aria-pressed").await, "true");
        browser.fill("Name or e-mail", "gre").await;
        browser.sees("No user fits these filters.").await;
        browser.click("Any status").await;
        browser.row("green").await;
        browser.is_at(&page(&organization, "users?kind=machine&q=gre")).await;
        browser.fill("Name or e-mail", "DORA@").await;
        browser.sees("No user fits these filters.").await;
        browser.click("Show all").await;
        browser.row("alice").await;
        browser.is_at(&page(&organization, "users")).await;
        assert_eq!(browser.value("Name or e-mail").await, "");
    });
}
