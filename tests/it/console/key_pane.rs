//! Key details beside their list in a wide window, and the order of lists, in a browser.

use kit::{Browser, browse};
use serde_json::{Value, json};

use super::{keys_page, page};

/// Returns the names of the rows, from above.
async fn names(browser: &Browser<'_>) -> Value {
    browser.run("return [...document.querySelectorAll('main tbody th')].map((one) => one.querySelector('bdi').innerText)", json!([])).await
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn key_details_stand_beside_the_list_and_alone_on_a_phone() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let path = page(&organization, &format!("access-keys/{}", key["key_id"].as_str().unwrap()));
        browser.sign_in("alice", &page(&organization, "access-keys?status=all")).await;
        browser.click("key").await;
        browser.is_at(&format!("{path}?status=all")).await;
        browser.has_focus("key").await;
        browser
            .sees("Secrets are stored nowhere. Generate a new one; the key keeps its id and expiry.")
            .await;
        browser.sees("All keys of the organization, by expiry.").await;
        // What is done in the details is seen in the list, and the other way round.
        browser.run("const button = [...document.querySelectorAll('.pane button')].find((one) => one.innerText === 'Switch off'); button.click(); button.click();", json!([])).await;
        browser.sees_on_top("Requests with it are refused until it is switched on again.").await;
        let open = browser.run("return document.querySelectorAll('dialog').length", json!([])).await;
        assert_eq!(open, json!(1), "a button that is pressed twice asks once");
        browser.click("Switch off").await;
        browser.sees("Key key switched off.").await;
        assert_eq!(browser.row("key").await["Status"], "Inactive");
        browser.choose("key", "Switch on").await;
        browser.sees("Key key switched on.").await;
        browser.attribute("Switch off", "type").await;
        // Loaded anew it stands there as before; on a phone it stands alone.
        browser.reload().await;
        browser.sees("All keys of the organization, by expiry.").await;
        browser.resize(360, 800).await;
        browser.sees_no("All keys of the organization, by expiry.").await;
        browser.sees("Generate new secret").await;
        browser.resize(1280, 900).await;
        browser.sees("All keys of the organization, by expiry.").await;
        browser.click("Close key details").await;
        browser.is_at(&page(&organization, "access-keys?status=all")).await;
        browser.has_focus("key").await;
        browser.sees_no("Secrets are stored nowhere.").await;
        browser.back().await;
        browser.sees("Secrets are stored nowhere.").await;
        browser.click("Delete").await;
        browser.click("Delete key").await;
        browser.sees("Key key deleted.").await;
        browser.is_at(&page(&organization, "access-keys?status=all")).await;
        assert_eq!(world.audit("access_key.deleted").len(), 1);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_list_is_sorted_where_all_its_rows_are_here_and_says_its_order_where_not() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        for (name, days) in [("b", 30), ("a10", 90), ("a9", 7)] {
            let made = json!({"name": name, "expires_in_days": days});
            organization.owner.post(&organization.keys_of("me"), made).await.expect(201);
        }
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.row("b").await;
        for (column, order) in [("Name", ["a9", "a10", "b"]), ("Expires", ["a9", "b", "a10"])] {
            browser.click(column).await;
            browser.sees(&format!("{column} ↑")).await;
            assert_eq!(names(browser).await, json!(order), "{column}");
            browser.click(column).await;
            browser.sees(&format!("{column} ↓")).await;
            let turned: Vec<_> = order.iter().rev().collect();
            assert_eq!(names(browser).await, json!(turned), "{column}");
        }
        let machine = organization.machine("ci").await;
        world.copy_user(&machine, 60);
        browser.open(&page(&organization, "users")).await;
        browser.sees("50 shown, there are more. By user id.").await;
        let buttons = "return document.querySelectorAll('thead button').length";
        assert_eq!(browser.run(buttons, json!([])).await, json!(0));
        browser.click("Load more").await;
        browser.click("Name").await;
        browser.sees("Name ↑").await;
        assert_eq!(names(browser).await[0], "alice");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_name_and_the_description_of_a_key_are_edited_where_they_stand() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        let rest = format!("access-keys/{}", key["key_id"].as_str().unwrap());
        browser.sign_in("alice", &page(&organization, &rest)).await;
        browser.click("Edit name").await;
        browser.has_focus("Access Key Name").await;
        browser.write("never kept").await;
        browser.press(&["Escape"]).await;
        browser.has_focus("Edit name").await;
        browser.sees_no("Access Key Name").await;

        browser.click("Edit name").await;
        browser.fill("Access Key Name", "").await;
        browser.press(&["Enter"]).await;
        browser.sees("Must be 1 to 64 characters.").await;
        assert_eq!(browser.attribute("Cancel", "type").await, "button", "nothing but this field is asked");
        browser.fill("Access Key Name", "deploy").await;
        browser.press(&["Enter"]).await;
        browser.sees("Key deploy changed.").await;
        browser.has_focus("Edit name").await;
        // The list beside it shows the new name too.
        browser.row("deploy").await;

        browser.click("Edit description").await;
        browser.has_focus("Description").await;
        browser.write("Used by the pipeline.").await;
        browser.click("Save").await;
        browser.has_focus("Edit description").await;
        browser.sees("Used by the pipeline.").await;
        browser.click("Edit description").await;
        browser.click("Cancel").await;
        browser.click("Edit name").await;
        browser.has_focus("Access Key Name").await;
        world.stack.calls().clear();
        browser.press(&["Enter"]).await;
        browser.has_focus("Edit name").await;
        let asked = world.stack.calls().by_function("update-access-key").len();
        assert_eq!(asked, 0, "a name that is the same is not sent");
        let now = organization.owner.get(&path).await.expect(200);
        let kept = (&now["name"], &now["description"], &now["allowed_cidrs"]);
        assert_eq!(kept, (&json!("deploy"), &json!("Used by the pipeline."), &json!(null)));
        assert_eq!(world.audit("access_key.updated").len(), 2, "what was left alone changed nothing");

        browser.click("Edit description").await;
        browser.fill("Description", "").await;
        browser.click("Save").await;
        browser.sees_no("Used by the pipeline.").await;
        browser.click("Revoke").await;
        browser.click("Revoke key").await;
        browser.sees("Key deploy revoked.").await;
        assert_eq!(browser.attribute("Edit name", "aria-disabled").await, "true");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn another_persons_change_of_a_key_is_noticed_and_what_was_typed_is_kept() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        browser
            .sign_in(
                "alice",
                &page(&organization, &format!("access-keys/{}", key["key_id"].as_str().unwrap())),
            )
            .await;
        browser.click("Edit name").await;
        browser.fill("Access Key Name", "mine").await;
        organization.owner.patch(&path, json!({"description": "theirs"})).await.expect(200);
        browser.click("Save").await;
        browser.sees_on_top("Somebody changed this meanwhile. Your input is kept;").await;
        assert_eq!(organization.owner.get(&path).await.expect(200)["name"], "key");
        browser.click("Show the current state").await;
        browser.sees("Now: key").await;
        browser.sees("theirs").await;
        assert_eq!(browser.value("Access Key Name").await, "mine");
        browser.click("Save").await;
        browser.sees("Key mine changed.").await;
        let key = organization.owner.get(&path).await.expect(200);
        assert_eq!((&key["name"], &key["description"]), (&json!("mine"), &json!("theirs")));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_second_pencil_keeps_what_was_typed_with_the_first() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let rest = format!("access-keys/{}", key["key_id"].as_str().unwrap());
        browser.sign_in("alice", &page(&organization, &rest)).await;
        browser.click("Edit name").await;
        browser.fill("Access Key Name", "deploy").await;
        browser.click("Edit description").await;
        browser.has_focus("Description").await;
        browser.write("Used by the pipeline.").await;
        assert_eq!(browser.value("Access Key Name").await, "deploy");
        browser.click_in("dd .in-place", "Save").await;
        browser.has_focus("Edit description").await;
        assert_eq!(browser.value("Access Key Name").await, "deploy");
        // One's own change is nobody else's.
        browser.click("Save").await;
        browser.sees("Key deploy changed.").await;
        browser.sees_no("Somebody changed this meanwhile.").await;
        let now = organization.owner.get(&organization.key_path(&key)).await.expect(200);
        assert_eq!((&now["name"], &now["description"]), (&json!("deploy"), &json!("Used by the pipeline.")));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_row_of_open_details_is_marked_and_the_list_stays_where_it_was() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        world.copy_key(key["key_id"].as_str().unwrap(), 40);
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        browser.row("key").await;
        let open = "scrollTo(0, 1200); document.querySelectorAll('main th a')[given].click(); return scrollY";
        let seen = "const marked = [...document.querySelectorAll('main tbody tr')].map((row, i) => [i, getComputedStyle(row).backgroundColor]).filter(([, color]) => !/, 0\\)$/.test(color)).map(([i]) => i);
            const pane = document.querySelector('.pane'); const box = pane.getBoundingClientRect(); const name = document.querySelector('#pane-title').getBoundingClientRect();
            return [marked, scrollY, pane.scrollTop, box.top >= 0 && box.bottom <= innerHeight, name.top >= box.top && name.bottom <= box.bottom]";
        for row in [24, 22] {
            let before = browser.with_module("time.js", open, json!(row)).await;
            browser.sees("Secrets are stored nowhere.").await;
            browser.has_focus("key").await;
            let now = browser.run(seen, json!([])).await;
            assert!(before.as_f64().unwrap() > 1000.0, "{before}");
            assert_eq!(now, json!([[row], before, 0, true, true]));
            browser.run("document.querySelector('.pane').scrollTo(0, 9999)", json!([])).await;
        }
    });
}
