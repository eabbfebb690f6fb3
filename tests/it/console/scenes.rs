//! Every page, dialog and menu of the console, with something in each. [`super::looks`] judges them, and [`super::tree`]
//! writes down what a screen reader meets.

mod dialogs;
mod states;

use kit::{Browser, Organization, World};
use serde_json::{Value, json};

pub(super) use self::{
    dialogs::every_dialog,
    states::{every_state, not_configured},
};
use super::page;

/// What people called things.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) organization: &'static str,
    pub(super) key: &'static str,
    pub(super) machine: &'static str,
    pub(super) person: &'static str,
    pub(super) role: &'static str,
    pub(super) permission: &'static str,
}

/// Names as most are.
pub(super) const PLAIN: Names = Names {
    organization: "Acme",
    key: "nightly",
    machine: "deployer",
    person: "Carol Carter",
    role: "readers",
    permission: "users:read",
};

/// Names that are as long as names can be, and do not break.
pub(super) const LONG: Names = Names {
    organization: "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    key: "a-key-with-a-name-that-is-as-long-as-a-name-of-a-key-can-be-here",
    machine: "本番環境のデプロイ用の機械本番環境のデプロイ用の機械本番環境のデプロイ用の機械本番環境のデプロイ用の機械本番環境のデプロイ用",
    person: "مستخدم-باسم-طويل-جدا-لا-ينقطع-في-أي-مكان-على-الإطلاق-في-الصفحة",
    role: "a-role-whose-name-is-exactly-as-long-as-the-name-of-a-role-may-b",
    permission: "users:a-permission-of-a-name-without-any-space-that-goes-on-and-on-and-on-and-on-and-on",
};

/// An organization that has something on every page.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) organization: Organization,
    /// The first key of the machine, as it was answered.
    pub(super) key: Value,
    pub(super) carol: String,
}

impl Scene {
    /// Fills an organization. Alice owns it, Bob does too, Carol has joined, and Dora is invited.
    pub(super) async fn fill(world: &World, names: &Names) -> Self {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let path = &organization.path;
        owner.patch(path, json!({"name": names.organization})).await.expect(200);
        let role = json!({"permissions": [names.permission, "access-keys:read"], "description": "Looks, and changes nothing."});
        owner.put(&format!("{path}/roles/{}", names.role), role).await.expect(200);
        owner.put(&format!("{path}/groups/support"), json!({"roles": [names.role]})).await.expect(200);
        let carol = organization.join_as(world, "carol", "normal").await;
        let change = json!({"name": names.person, "groups": ["support"]});
        owner.patch(&organization.user_path(&carol), change).await.expect(200);
        organization.invite("dora").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let machine = organization.machine_with(names.machine, &[names.role]).await;
        let make =
            async |user: &str, body: Value| owner.post(&organization.keys_of(user), body).await.expect(201);
        let body = json!({"name": names.key, "expires_in_days": 90, "description": "Used by the pipeline.", "allowed_cidrs": ["192.0.2.0/24"]});
        let key = make(&machine, body).await;
        make("me", json!({"name": "laptop", "never_expires": true})).await;
        let old = make("me", json!({"name": names.key, "expires_in_days": 12})).await;
        let off = json!({"active": false});
        world.person("bob").patch(&organization.key_path(&old), off).await.expect(200);
        let leaked = make("me", json!({"name": "leaked", "expires_in_days": 30})).await;
        owner.post(&format!("{}/revoke", organization.key_path(&leaked)), json!(null)).await.expect(200);
        assert_ne!(bob, carol);
        Self { organization, key, carol }
    }

    pub(super) fn machine(&self) -> &str {
        self.key["user_id"].as_str().unwrap()
    }

    pub(super) fn key_id(&self) -> &str {
        self.key["key_id"].as_str().unwrap()
    }

    /// Returns the path of a page of the organization.
    pub(super) fn page(&self, rest: &str) -> String {
        page(&self.organization, rest)
    }
}

/// Shows every page of the organization to Alice, and lets `look` see it under a name.
pub(super) async fn every_page(browser: &Browser<'_>, scene: &Scene, mut look: impl AsyncFnMut(&str)) {
    let (machine, key, carol) = (scene.machine(), scene.key_id(), &scene.carol);
    browser.sign_in("alice", &scene.page("me/access-keys")).await;
    for (name, rest) in [
        ("my-keys", "me/access-keys".to_owned()),
        ("my-profile", "me/profile".to_owned()),
        ("my-access", "me/access".to_owned()),
        ("my-notifications", "me/notifications".to_owned()),
        ("my-inbox", "me/inbox".to_owned()),
        ("keys", "access-keys?status=all".to_owned()),
        ("key", format!("access-keys/{key}")),
        ("users", "users".to_owned()),
        ("user", format!("users/{carol}")),
        ("user-machine-keys", format!("users/{machine}/access-keys")),
        ("user-person-keys", format!("users/{carol}/access-keys")),
        ("user-access", format!("users/{carol}/access")),
        ("roles", "roles".to_owned()),
        ("groups", "groups".to_owned()),
        ("policy", "policy".to_owned()),
        ("audit", "audit".to_owned()),
        ("settings", "settings".to_owned()),
        ("not-found", "nothing".to_owned()),
    ] {
        browser.open(&scene.page(&rest)).await;
        browser.ready().await;
        if name == "key" {
            // Events come after the rest.
            browser.sees("All events of this key").await;
        }
        look(name).await;
    }
    browser.open("/console/new").await;
    browser.ready().await;
    look("new-organization").await;
}
