//! What ends for others too: roles, groups, users and organizations that are deleted, and people who leave.

use kit::{DAY, browse};
use serde_json::json;

use super::{keys_page, page};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_role_and_a_group_are_deleted_and_another_persons_change_of_them_is_noticed_first() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        organization.role("readers", &["users:read"]).await;
        let group = format!("{}/groups/support", organization.path);
        organization.owner.put(&group, json!({"roles": ["readers"]})).await.expect(200);
        browser.sign_in("alice", &page(&organization, "groups")).await;
        browser.choose("support", "Delete").await;
        browser.sees_on_top("Delete the group “support”?").await;
        browser.sees_on_top("Within ten seconds nobody holds what only this group gave them.").await;
        browser.has_focus("Cancel").await;
        browser.click("Delete group").await;
        browser.sees("support deleted.").await;
        browser.sees("There are no groups yet.").await;
        assert_eq!(world.audit("group.deleted").len(), 1);

        browser.click("Roles").await;
        browser.row("readers").await;
        organization.role("readers", &["users:read", "audit:read"]).await;
        browser.choose("readers", "Delete").await;
        browser.sees_on_top("Within ten seconds nobody holds what only this role gave them. Keys narrowed to it permit nothing more by it.").await;
        browser.click("Delete role").await;
        browser.sees_on_top("Somebody changed this meanwhile.").await;
        assert_eq!(world.audit("role.deleted").len(), 0);
        browser.click("Show the current state").await;
        browser.sees_no("Somebody changed this meanwhile.").await;
        browser.click("Delete role").await;
        browser.sees("readers deleted.").await;
        browser.sees("There are no roles yet.").await;
        assert_eq!(world.audit("role.deleted").len(), 1);
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_user_is_suspended_instead_of_deleted_and_then_deleted() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(crate::tokens::token(&key));
        browser.sign_in("alice", &page(&organization, "users")).await;
        browser.choose("machine", "Delete").await;
        browser.sees_on_top("Delete “machine”?").await;
        browser.sees_on_top("Its 1 key is refused from its next request, and it disappears. This cannot be undone. To stop it for a while, suspend it.").await;
        browser.click("Suspend instead").await;
        browser.sees_on_top("Suspend “machine”?").await;
        browser.click("Suspend").await;
        browser.sees("machine suspended.").await;
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(world.audit("user.deleted").len(), 0);
        browser.choose("machine", "Delete").await;
        browser.click("Delete user").await;
        browser.sees("machine deleted.").await;
        browser.sees_no("Actions for machine").await;
        let user = organization.user_path(key["user_id"].as_str().unwrap());
        organization.owner.get(&user).await.expect_problem(404, "not_found");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn whoever_leaves_loses_access_and_their_key_with_the_next_request() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        let made = json!({"name": "hers", "expires_in_days": 30});
        let key = world.person("carol").post(&organization.keys_of("me"), made).await.expect(201);
        browser.sign_in("carol", &keys_page(&organization)).await;
        browser.click("Menu of carol").await;
        browser.click("Leave alice's").await;
        browser.sees_on_top("Leave alice's?").await;
        browser.sees_on_top("Your 1 key is refused from its next request, and you lose access.").await;
        browser.has_focus("Cancel").await;
        browser.click("Leave alice's").await;
        browser.is_at("/console/new").await;
        browser.sees("You are signed in as carol@example.com, and not a member of any organization yet. Ask an owner to add this address, or create an organization.").await;
        world.key(crate::tokens::token(&key)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        organization.owner.get(&organization.user_path(&carol)).await.expect_problem(404, "not_found");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn an_organization_is_deleted_a_week_after_it_was_suspended() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        organization.owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        world.travel(DAY);
        browser.sign_in("alice", &page(&organization, "settings")).await;
        browser.sees("Suspended").await;
        browser.click("Delete organization").await;
        browser.sees_on_top("All its users and keys disappear. This cannot be undone.").await;
        browser.click("Delete alice's").await;
        browser.sees_on_top("Suspend this organization, and delete it 7 days later.").await;
        browser.click("Cancel").await;
        assert_eq!(world.audit("organization.deleted").len(), 0);

        world.travel(7 * DAY);
        browser.open(&page(&organization, "settings")).await;
        // The session is over, and the issuer remembers who signs in.
        browser.click("Delete organization").await;
        browser.click("Delete alice's").await;
        browser.is_at("/console/new").await;
        browser.sees("and not a member of any organization yet.").await;
        organization.owner.get(&organization.path).await.expect_forbidden_by_gateway();
    });
}
