//! Users, roles, groups and organizations in a browser, and who may not change what.

use kit::browse;
use serde_json::json;

use super::{keys_page, page};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_user_is_suspended_and_the_suspension_is_lifted() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let client = world.key(crate::tokens::token(&key));
        browser.sign_in("alice", &page(&organization, "users")).await;
        browser.choose("machine", "Suspend").await;
        browser.sees_on_top("Its 1 key is refused from its next request, until you lift it.").await;
        browser.click("Suspend").await;
        browser.sees("machine suspended.").await;
        assert_eq!(browser.row("machine").await["Status"], "Suspended");
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        browser.choose("machine", "Lift suspension").await;
        browser.sees("Suspension of machine lifted.").await;
        client.get("/v1/whoami").await.expect(200);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_last_owner_is_refused_in_words() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("Menu of alice").await;
        browser.click("Leave alice's").await;
        browser.sees_on_top("You lose access.").await;
        browser.click("Leave alice's").await;
        browser.sees_on_top("An organization needs at least one active owner.").await;
        browser.click("Cancel").await;
        assert_eq!(world.audit("user.deleted").len(), 0);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn roles_and_groups_are_made_and_another_persons_change_is_noticed() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &page(&organization, "roles")).await;
        browser.click("Add the first role").await;
        browser.fill("Name", "readers").await;
        browser.fill("Permissions", "users:read").await;
        browser.click("Save").await;
        browser.sees("readers saved.").await;
        organization.role("readers", &["users:read", "audit:read"]).await;
        browser.choose("readers", "Edit").await;
        browser.fill("Permissions", "roles:read").await;
        browser.click("Save").await;
        browser.sees_on_top("Somebody changed this meanwhile. Your input is kept;").await;
        browser.click("Cancel").await;
        browser.click("Groups").await;
        browser.click("Add group").await;
        browser.fill("Name", "support").await;
        browser.click("readers").await;
        browser.click("Save").await;
        browser.sees("support saved.").await;
        let groups = organization.owner.get(&format!("{}/groups", organization.path)).await.expect(200);
        assert_eq!(groups["items"][0]["roles"], json!(["readers"]));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_person_without_permissions_sees_reasons_instead_of_dead_ends() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        organization.join_as(world, "carol", "normal").await;
        browser.sign_in("carol", &keys_page(&organization)).await;
        browser.sees("Policy").await;
        let text = browser.text().await;
        assert!(!text.contains("Audit"), "{text}");
        browser.open(&page(&organization, "users")).await;
        browser.sees("It needs the permission users:read; an owner of alice's can grant it.").await;
        browser.open(&page(&organization, "policy")).await;
        browser.sees("This needs the permission organization:write.").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn an_organization_is_created_and_switched_to() {
    browse(async |world, browser| {
        let first = world.organization("alice", "strict").await;
        browser.sign_in("alice", "/console/new").await;
        browser.fill("Name", "Acme").await;
        browser.click("Flexible").await;
        browser.click("Create organization").await;
        browser.sees("You have no access keys.").await;
        browser.click("Organization: Acme").await;
        browser.click("alice's").await;
        browser.is_at(&keys_page(&first)).await;
        assert_eq!(world.audit("organization.created").len(), 2);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn one_of_ten_organizations_is_found_by_a_part_of_its_name_and_the_kind_of_page_stays() {
    browse(async |world, browser| {
        let first = world.organization("alice", "strict").await;
        for number in 2..=9 {
            let other = world.organization("alice", "strict").await;
            let name = json!({"name": format!("Team {number}")});
            other.owner.patch(&other.path, name).await.expect(200);
        }
        browser.sign_in("alice", &page(&first, "roles")).await;
        browser.click("Organization: alice's").await;
        browser.sees("Team 9").await;
        let boxes = "return document.querySelectorAll('.switcher input').length";
        assert_eq!(browser.run(boxes, json!([])).await, 0, "nine are seen at once");
        let last = world.organization("alice", "strict").await;
        last.owner.patch(&last.path, json!({"name": "Tenth"})).await.expect(200);
        browser.reload().await;
        browser.click("Organization: alice's").await;
        browser.fill("Find an organization", "nth").await;
        browser.sees_no("Team 9").await;
        browser.fill("Find an organization", "nowhere").await;
        browser.sees("No organization has this in its name.").await;
        browser.fill("Find an organization", "TENTH").await;
        browser.click("Tenth").await;
        browser.is_at(&page(&last, "roles")).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn an_organization_is_suspended_by_typing_its_name() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &page(&organization, "settings")).await;
        browser.click("Suspend organization").await;
        browser.click("Suspend alice's").await;
        browser.sees_on_top("Type the name first.").await;
        browser.fill("Type alice's to confirm", "alice's").await;
        browser.click("Suspend alice's").await;
        browser.sees("is suspended: nobody's keys work.").await;
        browser.click_in("main", "Lift suspension").await;
        browser.sees("Suspension lifted.").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn in_a_suspended_organization_others_are_told_so_and_owners_are_led_to_lifting_it() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        organization.join_as(world, "carol", "normal").await;
        browser.sign_in("carol", &keys_page(&organization)).await;
        browser.sees("0 of 1 in use").await;
        browser.sees_no("nobody's keys work.").await;
        organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        world.travel(11);
        browser.reload().await;
        browser.sees("alice's is suspended, or you are not a member.").await;
        let text = browser.text().await;
        assert!(!text.contains("Create New Key") && !text.contains("Lift suspension"), "{text}");
        browser.click("Try again").await;
        browser.sees("alice's is suspended, or you are not a member.").await;
        organization.owner.patch(&organization.path, json!({"status": "active"})).await.expect(200);
        world.travel(22);
        browser.click("Try again").await;
        browser.sees("0 of 1 in use").await;
        browser.sees_no("nobody's keys work.").await;
        organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        world.travel(33);
        browser.click("Menu of carol").await;
        browser.click("Sign out").await;
        browser.sees("You are signed out.").await;
        browser.visit(&format!("{}/_local/oidc/logout", world.stack.url())).await;

        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.sees("alice's is suspended: nobody's keys work.").await;
        browser.click("Lift suspension").await;
        browser.is_at(&page(&organization, "settings")).await;
        browser.sees("A suspended organization keeps everything").await;
        browser.click_in("main", "Lift suspension").await;
        browser.sees("Suspension lifted.").await;
    });
}
