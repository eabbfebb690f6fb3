//! The policy of an organization in a browser.

use kit::browse;
use serde_json::json;

use super::page;

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_policy_is_previewed_before_it_is_saved() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.machine_key().await;
        browser.sign_in("alice", &page(&organization, "policy")).await;
        browser.sees("Nothing is changed.").await;
        browser.fill("Longest, in days", "30").await;
        browser.sees("Preview exactly these values first.").await;
        browser.click("Preview").await;
        browser.sees("1 of 1 live keys would not be allowed:").await;
        browser.sees("the longest lifetime of a key: 30 days").await;
        browser.click("Save").await;
        browser.sees_on_top("1 existing key would not be allowed; it stays as it is.").await;
        browser.click("Save policy").await;
        browser.sees("Policy saved.").await;
        let policy = organization.owner.get(&organization.path).await.expect(200)["policy"].clone();
        assert_eq!(policy["lifetime"]["max_seconds"], json!(30 * 86_400));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn what_is_typed_into_a_policy_stays_as_it_is_and_an_empty_field_is_no_zero() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &page(&organization, "policy")).await;
        browser.fill("Days before expiry", "30, 14, ").await;
        browser.fill("Longest, in days", "").await;
        // This draws the page anew.
        browser.click("Say when a key has expired").await;
        assert!(!browser.checked("Say when a key has expired").await);
        assert_eq!(browser.value("Days before expiry").await, "30, 14, ");
        assert_eq!(browser.value("Longest, in days").await, "");
        browser.sees("Must be a number.").await;
        browser.sees("Correct this first: longest lifetime.").await;
        for button in ["Preview", "Save"] {
            assert_eq!(browser.attribute(button, "aria-disabled").await, "true");
        }
        browser.fill("Longest, in days", "400").await;
        browser.click("Preview").await;
        browser.sees("Every live key would be allowed. 0 keys looked at.").await;
        browser.click("Save").await;
        browser.click("Save policy").await;
        browser.sees("Policy saved.").await;
        assert_eq!(browser.value("Days before expiry").await, "30, 14");
        let policy = organization.owner.get(&organization.path).await.expect(200)["policy"].clone();
        assert_eq!(policy["lifetime"]["max_seconds"], json!(400 * 86_400));
        assert_eq!(policy["notices"]["days_before"], json!([30, 14]));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_text_that_is_no_number_is_named_with_its_rule_and_nothing_is_dropped() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &page(&organization, "policy")).await;
        browser.fill("Days before expiry", "30, soon, 7").await;
        browser.sees("Must be whole numbers with commas between them: “soon” is none.").await;
        browser.sees("Correct this first: days before expiry.").await;
        assert_eq!(browser.attribute("Preview", "aria-disabled").await, "true");
        browser.fill("Days before expiry", "30, 7").await;
        browser.fill("Machine", "2.5").await;
        browser.sees("Must be a whole number.").await;
        browser.sees("Correct this first: keys for each machine.").await;
        browser.fill("Machine", "3").await;
        // A number out of its bounds is sent, and the API says which one it is.
        browser.fill("Days before expiry", "30, 0").await;
        browser.click("Preview").await;
        browser.sees("Must be at most 10 different numbers from 1 to 365.").await;
        browser.fill("Days before expiry", "30, 7").await;
        browser.sees_no("Must be at most 10 different numbers from 1 to 365.").await;
        browser.click("Preview").await;
        browser.sees("Every live key would be allowed.").await;
        browser.click("Save").await;
        browser.click("Save policy").await;
        browser.sees("Policy saved.").await;
        let policy = organization.owner.get(&organization.path).await.expect(200)["policy"].clone();
        assert_eq!(
            (&policy["quota"]["machine"], &policy["notices"]["days_before"]),
            (&json!(3), &json!([30, 7]))
        );
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn what_somebody_else_changed_in_a_policy_is_shown_and_only_what_was_typed_is_kept() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let policy = async || organization.owner.get(&organization.path).await.expect(200)["policy"].clone();
        browser.sign_in("alice", &page(&organization, "policy")).await;
        browser.fill("Owner", "20").await;
        browser.fill("Longest, in days", "100").await;
        browser.click("Preview").await;
        browser.sees("Every live key would be allowed.").await;
        let mut theirs = policy().await;
        theirs["quota"]["owner"] = json!(40);
        theirs["quota"]["normal"] = json!(5);
        organization.owner.patch(&organization.path, json!({"policy": theirs})).await.expect(200);
        browser.click("Save").await;
        browser.click("Save policy").await;
        browser.sees_on_top("Somebody changed this meanwhile. Your input is kept;").await;
        assert_eq!(policy().await, theirs);
        browser.click("Show the current state").await;
        browser.sees("Somebody changed this policy meanwhile").await;
        browser.sees_no("Save this policy?").await;
        let row = async |name: &str| {
            let row = browser.row(name).await;
            [row["Was"].clone(), row["Now"].clone(), row["Yours"].clone()]
        };
        assert_eq!(row("Keys for each owner").await, ["50", "40", "20"]);
        assert_eq!(row("Keys for each normal user").await, ["2", "5", "the same"]);
        let focus = browser.run("return document.activeElement.id", json!([])).await;
        assert_eq!(focus, "meanwhile");
        assert_eq!(
            (browser.value("Owner").await, browser.value("Normal user").await),
            ("20".into(), "5".into())
        );
        assert_eq!(browser.value("Longest, in days").await, "100");
        browser.sees("Preview exactly these values first.").await;
        browser.click("Preview").await;
        browser.sees("Every live key would be allowed.").await;
        browser.click("Save").await;
        browser.click("Save policy").await;
        browser.sees("Policy saved.").await;
        browser.sees_no("Somebody changed this policy meanwhile").await;
        let now = policy().await;
        assert_eq!((&now["quota"]["owner"], &now["quota"]["normal"]), (&json!(20), &json!(5)));
        assert_eq!(now["lifetime"]["max_seconds"], json!(100 * 86_400));

        // What is about something else is no difference here.
        browser.fill("Owner", "10").await;
        browser.click("Preview").await;
        browser.sees("Every live key would be allowed.").await;
        organization.owner.patch(&organization.path, json!({"name": "Acme"})).await.expect(200);
        browser.click("Save").await;
        browser.click("Save policy").await;
        browser.click("Show the current state").await;
        browser.sees_no("Somebody changed this meanwhile.").await;
        browser.click("Save policy").await;
        browser.sees("Policy saved.").await;
        assert_eq!(policy().await["quota"]["owner"], json!(10));
    });
}
