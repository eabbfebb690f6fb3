//! How the dialog with a secret ends: by a reload, by leaving the page, by a lost connection; and what a copied half is worth.

use kit::{Browser, browse};
use serde_json::json;

use super::{keys_page, page, token};

/// Asks whether the page would ask before it is left.
async fn asks(browser: &Browser<'_>) -> bool {
    let script = "return !dispatchEvent(new Event('beforeunload', { cancelable: true }))";
    browser.run(script, json!([])).await == true
}

async fn create(browser: &Browser<'_>, name: &str) {
    browser.click("Create New Key").await;
    browser.fill("Access Key Name", name).await;
    browser.click("Create key").await;
    browser.sees_on_top(&format!("Save the secret of “{name}” now")).await;
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_reload_asks_while_nothing_was_copied_and_a_secret_does_not_outlive_the_page() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        create(browser, "deploy").await;
        assert!(asks(browser).await);
        // What is no secret is not what must be saved.
        for button in ["Copy access key", "Copy tenant id"] {
            browser.click(button).await;
            browser.sees_on_top("copied.").await;
            assert!(asks(browser).await, "{button}");
        }
        browser.click("Done").await;
        browser.sees_on_top("Close without copying?").await;
        browser.click("Go back").await;
        let token = token(browser).await;
        assert!(!asks(browser).await);
        browser.click("Show token").await;
        browser.sees_on_top(&token).await;
        // As a page that the browser keeps for the way back.
        browser.run("dispatchEvent(new Event('pagehide'))", json!([])).await;
        browser.sees_no("Save the secret of").await;
        assert!(!browser.document().await.contains(token.rsplit('_').next().unwrap()));

        create(browser, "second").await;
        browser.reload().await;
        browser.sees("Your access keys").await;
        browser.row("second").await;
        browser.sees_no("Save the secret of").await;
        browser.choose("second", "Generate new secret").await;
        browser.click("Generate new secret").await;
        let new = super::token(browser).await;
        browser.click("Done").await;
        browser.sees_no("Save the secret of").await;
        assert!(!browser.document().await.contains(new.rsplit('_').next().unwrap()));
        world.key(&new).get("/v1/whoami").await.expect(200);
        browser.click("Profile").await;
        browser.sees("User id").await;
        browser.back().await;
        browser.row("second").await;
        assert!(!browser.document().await.contains(new.rsplit('_').next().unwrap()));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_page_that_the_browser_kept_for_the_way_back_holds_no_secret() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        create(browser, "deploy").await;
        let token = token(browser).await;
        let secret = token.rsplit('_').next().unwrap();
        browser.click("Show token").await;
        browser.sees_on_top(&token).await;
        let note = "addEventListener('pageshow', (event) => { window.kept = event.persisted; })";
        browser.run(note, json!([])).await;
        browser.visit(&format!("{}/v1/openapi.json", world.stack.url())).await;
        browser.back().await;
        browser.row("deploy").await;
        assert_eq!(
            browser.run("return window.kept", json!([])).await,
            json!(true),
            "the browser kept the page"
        );
        assert!(!browser.document().await.contains(secret));
        browser.sees_no("Save the secret of").await;
        let left = "return document.querySelectorAll('dialog').length";
        assert_eq!(browser.run(left, json!([])).await, json!(0));
        // Nothing is left of the question that the dialog asks before the page is left.
        assert!(!asks(browser).await);
        browser.choose("deploy", "Revoke").await;
        browser.click("Revoke key").await;
        browser.sees("Key deploy revoked.").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn where_the_browser_refuses_to_copy_the_text_is_selected_for_the_keyboard() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        create(browser, "deploy").await;
        let refuse =
            "navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'))";
        browser.run(refuse, json!([])).await;
        browser.click("Copy token").await;
        browser.sees_on_top("Press Ctrl+C to copy the selected text.").await;
        browser.press(&["Control+c"]).await;
        let token = browser.clipboard().await;
        browser.note(&token);
        world.key(&token).get("/v1/whoami").await.expect(200);
        browser.click("Done").await;
        browser.sees_no("Save the secret of").await;
        assert!(!browser.document().await.contains(token.rsplit('_').next().unwrap()));
        // What is no secret is selected where it stands.
        browser.click("Copy access key of deploy").await;
        browser.sees("Press Ctrl+C to copy the selected text.").await;
        let selected = browser.run("return getSelection().toString()", json!([])).await;
        let shown = browser.row("deploy").await["Access key"].clone();
        assert_eq!(selected, shown);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_create_whose_answer_the_network_loses_is_repeated_under_its_name() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        // The request arrives, and its answer does not.
        let lose = "const real = fetch; window.names = [];
            window.fetch = async (url, options) => {
                const answer = await real(url, options);
                if (options?.method !== 'POST') return answer;
                names.push(options.headers['idempotency-key']);
                if (names.length === 1) throw new TypeError('lost');
                return answer;
            };";
        browser.run(lose, json!([])).await;
        browser.click("Create New Key").await;
        browser.fill("Access Key Name", "deploy").await;
        browser.click("Create key").await;
        browser.sees_on_top("The key was created, but its secret was lost on the way.").await;
        let names = browser.run("return names", json!([])).await;
        assert_eq!((names.as_array().unwrap().len(), &names[0]), (2, &names[1]), "one name for both");
        browser.click("Close").await;
        browser.row("deploy").await;
        assert_eq!(world.audit("access_key.created").len(), 1);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn view_permissions_tells_where_each_comes_from_and_when_a_key_permits_nothing() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("readers", &["users:read"]).await;
        organization.role("auditors", &["audit:read"]).await;
        let group = format!("{}/groups/support", organization.path);
        organization.owner.put(&group, json!({"roles": ["auditors"]})).await.expect(200);
        let key = organization.machine_key().await;
        let user = organization.user_path(key["user_id"].as_str().unwrap());
        let given = json!({"roles": ["readers"], "groups": ["support"]});
        organization.owner.patch(&user, given).await.expect(200);
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        browser.choose("key", "View permissions").await;
        assert_eq!(browser.row("users:read").await["From"], "role readers");
        assert_eq!(browser.row("audit:read").await["From"], "group support → role auditors");
        browser.click("Close").await;

        organization
            .owner
            .patch(&organization.key_path(&key), json!({"roles": ["readers"]}))
            .await
            .expect(200);
        browser.choose("key", "View permissions").await;
        let row = browser.row("users:read").await;
        assert!(row["From"].as_str().unwrap().contains("Narrowed to role readers"), "{row}");
        assert!(!browser.text().await.contains("audit:read"));
        browser.click("Close").await;
        organization.owner.delete(&format!("{}/roles/readers", organization.path)).await.expect(204);
        browser.reload().await;
        browser.choose("key", "View permissions").await;
        browser.sees_on_top("This key permits nothing: the roles it was narrowed to are gone.").await;
        browser.click("Close").await;

        let made = json!({"name": "own", "expires_in_days": 30});
        organization.owner.post(&organization.keys_of("me"), made).await.expect(201);
        browser.reload().await;
        browser.choose("own", "View permissions").await;
        assert_eq!(browser.row("*").await["From"], "Owner");
        browser.click("Close").await;
    });
}
