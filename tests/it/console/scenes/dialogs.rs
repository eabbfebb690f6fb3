//! Every dialog and menu.

use kit::{Browser, Effect, Fault, Service, When, World};
use serde_json::json;

use super::{Names, Scene};

/// Opens every dialog and menu as Alice, and lets `look` see it under a name.
pub(in super::super) async fn every_dialog(
    world: &World,
    browser: &Browser<'_>,
    (scene, names): (&Scene, &Names),
    mut look: impl AsyncFnMut(&str),
) {
    browser.sign_in("alice", &scene.page(&format!("access-keys/{}", scene.key_id()))).await;
    of_a_key(browser, scene, &mut look).await;
    of_a_new_key(world, browser, scene, &mut look).await;
    of_several_keys(browser, scene, &mut look).await;
    of_users(browser, scene, names, &mut look).await;
    of_roles_and_groups(browser, scene, names, &mut look).await;
    of_the_organization(browser, scene, names, &mut look).await;
    menus(browser, scene, names, &mut look).await;
}

/// Presses buttons one after the other; each opens a dialog with this text. `Cancel` or `Close` ends it.
async fn each(browser: &Browser<'_>, dialogs: &[(&str, &str, &str)], look: &mut impl AsyncFnMut(&str)) {
    for (name, button, text) in dialogs {
        browser.click(button).await;
        browser.sees_on_top(text).await;
        browser.ready().await;
        look(name).await;
        browser.press(&["Escape"]).await;
        browser.sees_no(text).await;
    }
}

async fn of_a_key(browser: &Browser<'_>, scene: &Scene, look: &mut impl AsyncFnMut(&str)) {
    // From above: what lies below the name, which stays, cannot be clicked.
    let above = [("dialog-generate-secret", "Generate new secret", "The key keeps its id, its expiry")];
    each(browser, &above, look).await;
    // Somebody else changes the key while it is edited.
    browser.click("Edit description").await;
    browser.has_focus("Description").await;
    look("key-edit-description").await;
    browser.press(&["Escape"]).await;
    browser.has_focus("Edit description").await;
    browser.click("Edit name").await;
    browser.fill("Access Key Name", "mine").await;
    look("key-edit-name").await;
    let path = scene.organization.key_path(&scene.key);
    scene.organization.owner.patch(&path, json!({"description": "Theirs."})).await.expect(200);
    browser.click("Save").await;
    browser.sees_on_top("Somebody changed this meanwhile. Your input is kept;").await;
    look("key-edit-name-conflict").await;
    browser.click("Cancel").await;
    browser.sees_no("Somebody changed this meanwhile.").await;
    let dialogs = [
        ("dialog-networks", "Change networks", "One address or network in a line"),
        ("dialog-change-expiry", "Change expiry", "New expiry"),
        ("dialog-assign-key", "Select", "Once narrowed, a key stays narrowed."),
        ("dialog-view-permissions", "View permissions", "Permissions of"),
        ("dialog-switch-off", "Switch off", "It still counts against the quota"),
        ("dialog-revoke", "Revoke", "This cannot be undone; its record stays."),
        ("dialog-delete-key", "Delete", "To keep the record, revoke it instead."),
    ];
    each(browser, &dialogs, look).await;
}

async fn of_a_new_key(world: &World, browser: &Browser<'_>, scene: &Scene, look: &mut impl AsyncFnMut(&str)) {
    browser.open(&scene.page("me/access-keys")).await;
    browser.click("Create New Key").await;
    browser.sees_on_top("A label to recognize it by").await;
    look("dialog-create-key").await;
    browser.click("Restrict what this key may do").await;
    browser.click("Only these roles and groups").await;
    browser.sees_on_top("Together they permit nothing.").await;
    browser.click("On a date").await;
    browser.fill("Allowed networks", "nowhere").await;
    browser.click("7 days").await;
    browser.click("Create key").await;
    browser.sees_on_top("Must be an IP address or a network").await;
    look("dialog-create-key-refused").await;
    browser.fill("Allowed networks", "192.0.2.0/24").await;
    browser.fill("Access Key Name", "deploy").await;
    browser.click("Everything you may do").await;
    browser.click("Never").await;
    browser.click("Create key").await;
    browser.sees_on_top("Create a key that never expires?").await;
    look("dialog-never-expires").await;
    browser.click("Create anyway").await;
    browser.sees_on_top("Save the secret of “deploy” now").await;
    look("dialog-secret").await;
    browser.click("Done").await;
    browser.sees_on_top("You have not copied this secret").await;
    look("dialog-close-without-copying").await;
    browser.click("Close anyway").await;
    let fault = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("TransactWriteItems");
    world.stack.faults().add(fault.function("create-access-key").when(When::Nth(1)));
    browser.click("Create New Key").await;
    browser.fill("Access Key Name", "lost").await;
    browser.click("Create key").await;
    browser.sees_on_top("Something went wrong on our side").await;
    look("dialog-create-key-failed").await;
    browser.click("Create key").await;
    browser.sees_on_top("The key was created, but its secret was lost on the way.").await;
    look("dialog-secret-lost").await;
    browser.click("Close").await;
}

async fn of_several_keys(browser: &Browser<'_>, scene: &Scene, look: &mut impl AsyncFnMut(&str)) {
    browser.open(&scene.page("access-keys")).await;
    browser.click("Select deploy").await;
    browser.click("Select lost").await;
    browser.sees("2 selected").await;
    look("keys-selected").await;
    each(
        browser,
        &[
            ("dialog-revoke-several", "Revoke", "The next request with each is refused."),
            ("dialog-switch-off-several", "Switch off", "Requests with each are refused"),
        ],
        look,
    )
    .await;
    // One of them is gone before it is revoked.
    let keys = scene.organization.owner.get(&scene.organization.keys_of("me")).await.expect(200);
    let lost = keys["items"].as_array().unwrap().iter().find(|key| key["name"] == "lost").unwrap();
    scene.organization.owner.delete(&scene.organization.key_path(lost)).await.expect(204);
    browser.click("Revoke").await;
    browser.click("Revoke 2 keys").await;
    browser.sees_on_top("1 key could not be revoked:").await;
    look("dialog-revoke-several-failed").await;
    browser.click("Close").await;
    browser.sees_no("1 key could not be revoked:").await;
}

async fn of_users(browser: &Browser<'_>, scene: &Scene, names: &Names, look: &mut impl AsyncFnMut(&str)) {
    browser.open(&scene.page("users")).await;
    browser.click("Add user").await;
    browser.sees_on_top("A job or service.").await;
    browser.click("Add a key").await;
    browser.click("Roles and groups").await;
    browser.sees_on_top("Together they permit nothing.").await;
    look("dialog-add-user").await;
    browser.click_in("dialog .buttons", "Add user").await;
    browser.sees_on_top("Must be 1 to 64 characters.").await;
    look("dialog-add-user-refused").await;
    browser.fill("Name", "builder").await;
    browser.fill("Access Key Name", "first").await;
    browser.click("Add a key").await;
    browser.write("second").await;
    browser.click_in("dialog .buttons", "Add user").await;
    browser.sees_on_top("Save the secrets of 2 keys now").await;
    look("dialog-secrets").await;
    browser.click("Copy token of first").await;
    browser.click("Copy token of second").await;
    browser.click("Done").await;
    browser.sees_no("Save the secrets of").await;
    browser.open(&scene.page(&format!("users/{}", scene.carol))).await;
    each(
        browser,
        &[
            ("dialog-edit-user", "Edit", "A changed address gets no mail"),
            ("dialog-suspend-user", "Suspend", "can no longer sign in here"),
            ("dialog-delete-user", "Delete", "they lose access"),
        ],
        look,
    )
    .await;
    browser.open(&scene.page(&format!("users/{}/access", scene.carol))).await;
    each(browser, &[("dialog-assign-user", "Select", "Together they permit")], look).await;
    browser.click("Menu of alice").await;
    each(browser, &[("dialog-leave", &format!("Leave {}", names.organization), "and you lose access")], look)
        .await;
}

async fn of_roles_and_groups(
    browser: &Browser<'_>,
    scene: &Scene,
    names: &Names,
    look: &mut impl AsyncFnMut(&str),
) {
    browser.open(&scene.page("roles")).await;
    each(browser, &[("dialog-add-role", "Add role", "Of a-z, 0-9 and -.")], look).await;
    for (name, entry, text) in [
        ("dialog-edit-role", "Edit", "A name stays."),
        ("dialog-delete-role", "Delete", "Within ten seconds nobody holds"),
    ] {
        browser.click(&format!("Actions for {}", names.role)).await;
        each(browser, &[(name, entry, text)], look).await;
    }
    browser.open(&scene.page("groups")).await;
    each(browser, &[("dialog-add-group", "Add group", "Together they permit")], look).await;
    for (name, entry, text) in [
        ("dialog-edit-group", "Edit", "Together they permit: "),
        ("dialog-delete-group", "Delete", "Within ten seconds nobody holds"),
    ] {
        browser.click("Actions for support").await;
        each(browser, &[(name, entry, text)], look).await;
    }
}

async fn of_the_organization(
    browser: &Browser<'_>,
    scene: &Scene,
    names: &Names,
    look: &mut impl AsyncFnMut(&str),
) {
    browser.open(&scene.page("settings")).await;
    each(
        browser,
        &[
            ("dialog-rename", "Rename", "Save"),
            ("dialog-suspend-organization", "Suspend organization", "Type the name first."),
        ],
        look,
    )
    .await;
    browser.open(&scene.page("policy")).await;
    browser.fill("Longest, in days", "30").await;
    browser.click("Preview").await;
    browser.sees("would not be allowed:").await;
    look("policy-previewed").await;
    each(browser, &[("dialog-save-policy", "Save", "It holds for keys created or changed")], look).await;
    let mut theirs =
        scene.organization.owner.get(&scene.organization.path).await.expect(200)["policy"].clone();
    theirs["lifetime"]["max_seconds"] = json!(100 * 86_400);
    theirs["notices"]["tell"]["owners"] = json!(false);
    scene.organization.owner.patch(&scene.organization.path, json!({"policy": theirs})).await.expect(200);
    browser.click("Save").await;
    browser.click("Save policy").await;
    browser.click("Show the current state").await;
    browser.sees("Somebody changed this policy meanwhile").await;
    look("policy-changed-meanwhile").await;
    browser.open(&scene.page("audit?action=user.linked")).await;
    browser.sees(names.organization).await;
}

async fn menus(browser: &Browser<'_>, scene: &Scene, names: &Names, look: &mut impl AsyncFnMut(&str)) {
    for (page, menus) in [
        (
            "audit?action=organization.created",
            &[("dialog-event", "Details of Organization created", "Request")][..],
        ),
        (
            "me/access-keys",
            &[
                ("menu-key", "Actions for laptop", "View permissions"),
                ("menu-key-revoked", "Actions for leaked", "This key was revoked already."),
                ("menu-person", "Menu of alice", "Sign out everywhere"),
                ("menu-organizations", "Organization: ", "Create organization"),
                ("menu-inbox", "Inbox, ", "Open inbox"),
            ],
        ),
        ("users", &[("menu-user", "Actions for dora", "Access keys Suspend")]),
        ("roles", &[("menu-role", &format!("Actions for {}", names.role), "Edit")]),
    ] {
        browser.open(&scene.page(page)).await;
        each(browser, menus, look).await;
    }
    browser.open(&scene.page("me/inbox")).await;
    browser.ready().await;
}
