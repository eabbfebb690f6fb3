//! How much a browser loads: for the first visit, and for each change of the page.

use kit::{Browser, browse};
use serde_json::{Value, json};

use super::{keys_page, page};

/// What the page asked for since it was opened, besides calls of the API: the page itself and its files.
const LOADED: &str = "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter((one) => /^\\/console/.test(new URL(one.name).pathname) && !/^\\/console\\/(session|sign-)/.test(new URL(one.name).pathname))
    .map((one) => [new URL(one.name).pathname.replace(/^.*assets\\/\\w+\\//, ''), one.encodedBodySize])";

async fn loaded(browser: &Browser<'_>) -> Vec<Value> {
    browser.ready().await;
    browser.run(LOADED, json!([])).await.as_array().unwrap().clone()
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_first_visit_takes_at_most_25_requests_and_45_kilobytes() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.forget_files().await;
        browser.reload().await;
        browser.sees("You have no access keys.").await;
        let files = loaded(browser).await;
        let weight: i64 = files.iter().map(|file| file[1].as_i64().unwrap()).sum();
        assert!((20..=25).contains(&files.len()), "{}: {files:?}", files.len());
        assert!((25_000..=45_000).contains(&weight), "{weight}: {files:?}");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_change_of_the_page_takes_at_most_three_more_files() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let machine = key["user_id"].as_str().unwrap();
        browser.sign_in("alice", &keys_page(&organization)).await;
        let (key, user) =
            (format!("access-keys/{}", key["key_id"].as_str().unwrap()), format!("users/{machine}"));
        for (rest, seen) in [
            ("access-keys", "All keys of the organization"),
            (&*key, "Recent events"),
            ("users", "People sign in; machines use access keys alone."),
            (&*user, "User id"),
            (&*format!("{user}/access-keys"), "1 of 2 in use"),
            (&*format!("{user}/access"), "Assignments"),
            ("roles", "A role is a set of permissions."),
            ("groups", "A group carries roles."),
            ("policy", "Keys for each user"),
            ("audit", "Every change, newest first."),
            ("settings", "Tenant id"),
            ("me/profile", "User id"),
            ("me/notifications", "A key expires soon"),
            ("me/inbox", "Messages are kept for 30 days."),
        ] {
            browser.open(&keys_page(&organization)).await;
            let before = loaded(browser).await.len();
            let path = page(&organization, rest);
            // As a link does it.
            let follow = "const link = document.createElement('a'); link.href = arguments[0]; document.querySelector('main').append(link); link.click(); link.remove();";
            browser.run(follow, json!([path])).await;
            browser.is_at(&path).await;
            browser.sees(seen).await;
            let files = loaded(browser).await;
            assert!((1..=3).contains(&(files.len() - before)), "{rest}: {:?}", &files[before..]);
        }
    });
}
