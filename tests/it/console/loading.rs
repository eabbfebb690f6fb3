//! What stands on a page while it loads, and where a part of it cannot be loaded, in a browser.

use kit::{Browser, Effect, Fault, Service, When, browse};
use serde_json::{Value, json};

use super::{keys_page, page, token};

/// Holds the calls of a function until the faults are cleared.
fn hold(function: &str) -> Fault {
    Fault::on(Service::DynamoDb, Effect::Hold).function(function)
}

/// Waits until an expression is true in the page.
async fn until(browser: &Browser<'_>, expression: &str) {
    let wait = format!(
        "return new Promise((done) => {{ const again = () => (({expression}) ? done(true) : setTimeout(again, 10)); again(); }});"
    );
    browser.with_module("time.js", &wait, Value::Null).await;
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn grey_rows_stand_in_a_slow_list_after_a_moment_and_old_rows_stay_while_it_is_read_again() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.machine_key().await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.sees("You have no access keys.").await;
        let note = "window.stood = []; new MutationObserver(() => { for (const one of ['.waiting', '.skeleton', 'tbody']) if (document.querySelector(`main ${one}`) && !stood.includes(one)) stood.push(one); }).observe(document.body, { childList: true, subtree: true });";
        browser.run(note, json!([])).await;
        world.stack.faults().add(hold("list-access-keys"));
        browser.click("Keys").await;
        until(browser, "document.querySelector('main .skeleton[aria-busy=true]')").await;
        browser.sees("All keys of the organization, by expiry.").await;
        world.stack.faults().clear();
        browser.row("key").await;
        assert_eq!(browser.run("return stood", json!([])).await, json!([".waiting", ".skeleton", "tbody"]));

        world.stack.faults().add(hold("list-access-keys"));
        browser.click("Machines").await;
        until(browser, "document.querySelector('main table[aria-busy=true]')").await;
        assert_eq!(browser.row("key").await["Status"], "Active");
        assert_eq!(browser.run("return document.querySelector('.skeleton')", json!([])).await, Value::Null);
        world.stack.faults().clear();
        until(browser, "!document.querySelector('main [aria-busy]')").await;
        browser.row("key").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_list_that_cannot_be_read_says_so_with_its_request_and_hides_nothing_else() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.machine_key().await;
        browser.sign_in("alice", &page(&organization, "me/profile")).await;
        world.stack.faults().add(Fault::no_instance("list-access-keys"));
        browser.click("Access Keys").await;
        browser.sees("The service did not answer. Request ").await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "made").await;
        browser.click("Create key").await;
        token(browser).await;
        browser.click("Done").await;
        browser.click("Try again").await;
        browser.sees("The service did not answer. Request ").await;
        world.stack.faults().clear();
        browser.click("Try again").await;
        assert_eq!(browser.row("made").await["Status"], "Active");
        browser.sees_no("The service did not answer.").await;

        // What is throttled is asked again without a click.
        let users = "GET /v1/organizations/{organization_id}/users";
        world.stack.faults().add(Fault::throttled_route(users).when(When::First(1)));
        browser.click("Users").await;
        browser.sees("Too many requests. Trying again in 2 seconds.").await;
        browser.row("machine").await;
        browser.sees_no("Too many requests.").await;

        // The bell has the same way out, and the focus stays in what it opened.
        world.stack.faults().add(Fault::no_instance("manage-inbox").when(When::First(1)));
        browser.click("Inbox").await;
        browser.sees_on_top("The service did not answer.").await;
        browser.click("Try again").await;
        browser.sees_on_top("No messages.").await;
        browser.has_focus("Open inbox").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_policy_that_cannot_be_read_previewed_or_saved_says_so_and_keeps_what_was_typed() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        world.copy_key(key["key_id"].as_str().unwrap(), 150);
        let fail = |nth| {
            world.stack.faults().add(Fault::no_instance("manage-organization").when(When::Nth(nth)));
        };
        let unsure = "What you asked for may or may not have been done: look before you repeat it.";
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.sees("You have no access keys.").await;
        fail(1);
        browser.click("Policy").await;
        browser.sees("The service did not answer. Request ").await;
        assert!(!browser.text().await.contains("Preview"));
        browser.click("Try again").await;
        browser.fill("Longest, in days", "100").await;
        // The second page of the preview is lost: what the first one found is no preview.
        fail(2);
        browser.click("Preview").await;
        browser.sees(unsure).await;
        browser.sees("Preview exactly these values first.").await;
        browser.sees_no("keys looked at").await;
        assert_eq!(browser.value("Longest, in days").await, "100");
        browser.click("Preview").await;
        browser.sees("Every live key would be allowed. 151 keys looked at.").await;
        browser.sees_no(unsure).await;
        browser.click("Save").await;
        fail(1);
        browser.click("Save policy").await;
        browser.sees_on_top(unsure).await;
        let stored = async || organization.owner.get(&organization.path).await.expect(200)["policy"].clone();
        assert_eq!(stored().await["lifetime"]["max_seconds"], json!(3_650 * 86_400));
        browser.click("Save policy").await;
        browser.sees("Policy saved.").await;
        assert_eq!(stored().await["lifetime"]["max_seconds"], json!(100 * 86_400));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_page_whose_files_are_gone_is_loaded_anew_once_and_then_says_so() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.sees("You have no access keys.").await;
        browser.blocks(&["*/pages/users.js"]).await;
        browser.click("Users").await;
        browser.sees("This page could not be loaded").await;
        browser.sees("The service did not answer, or has a new version.").await;
        browser.is_at(&page(&organization, "users")).await;
        let how = "return [performance.getEntriesByType('navigation')[0].type, history.state, document.querySelectorAll('main button').length]";
        assert_eq!(browser.run(how, json!([])).await, json!(["reload", {"reloaded": true}, 1]));
        browser.blocks(&[]).await;
        browser.click("Load again").await;
        browser.row("alice").await;
        assert_eq!(browser.run("return history.state", json!([])).await, Value::Null);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn session_and_organizations_are_asked_together_then_who_one_is_then_the_page_and_nothing_waits_for_the_bell()
{
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        world.stack.faults().add(hold("manage-inbox"));
        browser.reload().await;
        browser.sees("You have no access keys.").await;
        let asked = "return performance.getEntriesByType('resource').filter((one) => one.initiatorType === 'fetch').map((one) => [new URL(one.name).pathname.split('/').at(-1), one.startTime, one.responseEnd])";
        let asked = browser.run(asked, json!([])).await;
        world.stack.faults().clear();
        let times = |name: &str| {
            let mut all = asked.as_array().unwrap().iter().filter(|one| one[0] == name);
            let one = all.next().unwrap_or_else(|| panic!("{name}: {asked}"));
            assert!(all.next().is_none(), "{name} is asked once: {asked}");
            (one[1].as_f64().unwrap(), one[2].as_f64().unwrap())
        };
        let (session, organizations) = (times("session"), times("organizations"));
        let (me, keys) = (times("whoami"), times("access-keys"));
        assert!(session.0 < organizations.1 && organizations.0 < session.1, "together: {asked}");
        assert!(session.1.max(organizations.1) <= me.0 && me.1 <= keys.0, "one after the other: {asked}");
        let bell = "return document.querySelector('.bell').getAttribute('aria-label')";
        assert_eq!(browser.run(bell, json!([])).await, "Inbox", "its count is on the way");
    });
}
