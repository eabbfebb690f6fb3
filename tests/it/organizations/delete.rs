//! `DELETE` of an organization, finished or cut off.

mod races;

use kit::{Client, DAY, Effect, Fault, Item, Options, Organization, Service, When, World, run, run_with};
use serde_json::{Value, json};

/// An organization of an owner with a machine, its key and an invited person, suspended now.
struct Doomed {
    name: String,
    organization: Organization,
    users: Vec<String>,
    token: String,
}

async fn doomed(world: &World, name: &str) -> Doomed {
    let organization = world.organization(name, "strict").await;
    organization.role("reader", &["clusters:read"]).await;
    let machine = organization.machine("ci").await;
    let key = organization.key(&machine, 365).await;
    let me = organization.owner.get(&organization.user_path("me")).await.expect(200);
    let users = vec![machine, organization.invite(&format!("{name}-friend")).await, id(&me["user_id"])];
    suspend(&organization.owner, &organization).await;
    Doomed { name: name.to_owned(), organization, users, token: id(&key["secret"]["token"]) }
}

fn id(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn suspend(owner: &Client, organization: &Organization) {
    owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
}

impl Doomed {
    /// Returns all that is stored of it, but for its audit events.
    fn items(&self, world: &World) -> Vec<Item> {
        let of = |item: &Item| {
            let partition = item["PK"].as_str().unwrap();
            let named = item.values().any(|value| value.to_string().contains(&self.organization.id));
            let of_user = self.users.iter().any(|user| partition.ends_with(user.as_str()));
            (named || of_user) && !partition.ends_with("#AUDIT")
        };
        world.items().into_iter().filter(of).collect()
    }

    fn events(&self, world: &World) -> usize {
        let deleted = world.audit("organization.deleted");
        deleted.iter().filter(|event| event["organization_id"] == self.organization.id.as_str()).count()
    }

    /// Signs the owner in anew: a token lives for 12 hours.
    fn owner(&self, world: &World) -> Client {
        world.person(&self.name)
    }
}

#[test]
fn an_organization_is_deleted_by_its_sole_owner_after_seven_days_of_suspension() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let (doomed, other) = (doomed(world, "alice").await, world.organization("bob", "strict").await);
        let path = &doomed.organization.path;
        world.travel(7 * DAY - 600);
        doomed.owner(world).delete(path).await.expect_problem(409, "conflict");
        // A suspension that was lifted starts anew. One that is repeated does not.
        let owner = doomed.owner(world);
        owner.patch(path, json!({"status": "active"})).await.expect(200);
        world.travel(7 * DAY + 5);
        owner.delete(path).await.expect_problem(409, "conflict");
        suspend(&owner, &doomed.organization).await;
        world.travel(10 * DAY);
        suspend(&doomed.owner(world), &doomed.organization).await;
        doomed.owner(world).delete(path).await.expect_problem(409, "conflict");
        assert_eq!((doomed.events(world), world.audit("organization.updated").len()), (0, 3));

        world.travel(14 * DAY + 10);
        let owner = doomed.owner(world);
        let stale = owner.clone().with_header("if-match", "\"1\"");
        stale.delete(path).await.expect_problem(412, "precondition_failed");
        owner.patch(path, json!({"status": "deleted"})).await.expect_invalid("status", "active or suspended");
        let kept = world.items().len() - doomed.items(world).len();
        assert_eq!(owner.delete(path).await.expect(204), Value::Null);
        assert_eq!(doomed.items(world), Vec::<Item>::new());
        // The event is new, and the item of what the person owns stays, without the organization.
        assert_eq!((world.items().len(), doomed.events(world)), (kept + 2, 1));
        let event = &world.audit("organization.deleted")[0];
        assert_eq!(
            (&event["target"]["type"], &event["changes"]),
            (&json!("organization"), &json!({"name": "alice's"}))
        );
        for client in [&owner, &world.person("alice-friend"), &world.key(&doomed.token)] {
            client.get(path).await.expect_forbidden_by_gateway();
        }
        assert_eq!(owner.get("/v1/organizations").await.expect(200)["items"], json!([]));
        let introspected = world.anonymous().post("/v1/introspect", json!({"token": doomed.token})).await;
        assert_eq!(introspected.expect(200), json!({"active": false}));
        world.person("bob").get(&other.path).await.expect(200);
        world.travel(400 * DAY);
        assert_eq!(world.notify().await["failed"], 0);
        assert!(world.stack.emails().is_empty());
    });
}

#[test]
fn an_organization_is_not_deleted_while_another_owner_has_signed_in_nor_by_others() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite_as("bob", "owner").await;
        organization.invite_as("carol", "owner").await;
        let dave = organization.invite("dave").await;
        for person in ["bob", "dave"] {
            world.person(person).get(&organization.path).await.expect(200);
        }
        organization.role("all", &["*"]).await;
        let raise = json!({"roles": ["all"]});
        organization.owner.patch(&organization.user_path(&dave), raise).await.expect(200);
        let key = organization.key("me", 30).await;
        let key = world.key(key["secret"]["token"].as_str().unwrap());
        world.forget_organizations().await;
        for client in [&key, &world.person("dave")] {
            client.delete(&organization.path).await.expect_problem(403, "forbidden");
        }
        suspend(&organization.owner, &organization).await;
        world.forget_organizations().await;
        for client in [&key, &world.person("dave")] {
            client.delete(&organization.path).await.expect_forbidden_by_gateway();
        }
        world.travel(8 * DAY);
        for person in ["alice", "bob"] {
            world.person(person).delete(&organization.path).await.expect_problem(409, "conflict");
        }
        assert_eq!(world.audit("organization.deleted").len(), 0);
        // Bob leaves, although the organization is suspended. Carol never came.
        world.person("bob").delete(&organization.user_path("me")).await.expect(204);
        world.person("alice").delete(&organization.path).await.expect(204);
        assert_eq!(world.audit("organization.deleted").len(), 1);
        world.person("carol").get(&organization.path).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn a_deletion_that_is_cut_off_anywhere_hides_the_organization_and_is_finished() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let original = doomed(world, "alice").await;
        let user_ids: Vec<_> = original.users.iter().map(String::as_str).collect();
        let mut all = vec![];
        for mut ids in world.copy_organization(&original.organization.id, &user_ids, 27) {
            let users = ids.split_off(1);
            let (id, owner) = (ids.remove(0), original.organization.owner.clone());
            let organization = Organization { path: format!("/v1/organizations/{id}"), id, owner };
            all.push(Doomed { organization, users, name: "alice".to_owned(), token: String::new() });
        }
        // The third call is the mark. Copies of the key have other secrets.
        all.insert(2, original);
        world.travel(7 * DAY + 60);
        world.forget_organizations().await;
        let (owner, friend) = (world.person("alice"), world.person("alice-friend"));
        let mut cut_off = 0;
        for (number, doomed) in (1..).zip(&all) {
            let path = &doomed.organization.path;
            let fault = Fault::anywhere(Effect::KillAfter).function("manage-organization");
            world.stack.faults().add(fault.when(When::Nth(number)));
            let status = owner.delete(path).await.status;
            let struck = world.stack.faults().struck();
            world.stack.faults().clear();
            let marked = doomed.events(world) == 1;
            assert!((struck == 1) == (status == 500) && (marked || status == 500), "{number}: {status}");
            cut_off += struck;
            if marked {
                let shown = owner.get(path).await.status;
                assert!(matches!(shown, 403 | 404), "{number}: {shown}");
                let lift = owner.patch(path, json!({"status": "active"})).await.status;
                assert!(matches!(lift, 403 | 404), "{number}: {lift}");
                for person in [&owner, &friend].into_iter().filter(|_| number % 4 == 3) {
                    let listed = person.get("/v1/organizations").await.expect(200).to_string();
                    assert!(!listed.contains(&doomed.organization.id), "{number}: {listed}");
                }
            } else {
                assert_eq!(owner.get(path).await.expect(200)["status"], "suspended");
            }
            if number == 3 {
                assert!(marked);
                world.key(&doomed.token).get("/v1/whoami").await.expect_forbidden_by_gateway();
                let body = json!({"token": doomed.token});
                let introspected = world.anonymous().post("/v1/introspect", body).await.expect(200);
                assert_eq!(introspected, json!({"active": false}));
            }
            if number % 2 == 0 || !marked {
                // The owner and their link go last, so that the owner can repeat the deletion.
                let left = doomed.items(world);
                let of_users = left.iter().any(|item| item["PK"].as_str().unwrap().starts_with("USER#"));
                let again = owner.delete(path).await.status;
                assert!(again == 204 || again == 403 && !of_users, "{number}: {again} {left:?}");
            }
        }
        assert!((20..28).contains(&cut_off), "{cut_off}");
        world.travel(7 * DAY + 200);
        let summary = world.notify().await;
        assert_eq!((&summary["failed"], &summary["left_over"]), (&json!(0), &json!(0)), "{summary}");
        for doomed in &all {
            assert_eq!((doomed.items(world), doomed.events(world)), (vec![], 1));
        }
        assert!(world.stack.emails().is_empty());
    });
}

#[test]
fn an_organization_of_more_users_than_a_page_of_the_index_has_is_removed_whole() {
    run(async |world| {
        let doomed = doomed(world, "alice").await;
        world.copy_user(&doomed.users[0], 250);
        world.travel(7 * DAY + 10);
        doomed.owner(world).delete(&doomed.organization.path).await.expect(204);
        let of_users = |item: &Item| item["PK"].as_str().unwrap().starts_with("USER#");
        let left = || world.items().iter().filter(|item| of_users(item)).count();
        for _ in 0..20 {
            if left() == 0 {
                break;
            }
            world.notify().await;
        }
        assert_eq!((left(), doomed.items(world).len()), (0, 0));
    });
}

#[test]
fn an_organization_whose_deletion_takes_long_delays_that_of_no_other_and_is_no_failure() {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    // A run has some seconds in which it may begin something.
    let template = Some(template.replace("Timeout: 240", "Timeout: 38"));
    run_with(Options { template, ..Options::default() }, async |world| {
        let all = [doomed(world, "alice").await, doomed(world, "bob").await];
        world.travel(7 * DAY + 10);
        let refused = Effect::Error { status: 400, code: "ValidationException".to_owned() };
        let fault =
            Fault::on(Service::DynamoDb, refused).operation("DeleteItem").function("manage-organization");
        world.stack.faults().add(fault);
        for doomed in &all {
            doomed.owner(world).delete(&doomed.organization.path).await.expect(500);
        }
        world.stack.faults().clear();
        world.travel(7 * DAY + 200);
        let slow = Fault::on(Service::DynamoDb, Effect::Latency { milliseconds: 6_000 });
        let slow = slow.operation("DeleteItem").function("notify-expiring-keys").when(When::First(1));
        world.stack.faults().add(slow);
        let left = || all.iter().filter(|doomed| !doomed.items(world).is_empty()).count();
        let counts =
            |summary: &Value| ["failed", "left_over", "beyond_share"].map(|count| summary[count].clone());
        let summary = world.notify().await;
        assert_eq!((counts(&summary), left()), ([json!(0), json!(0), json!(1)], 1), "{summary}");
        world.stack.faults().clear();
        let summary = world.notify().await;
        assert_eq!((counts(&summary), left()), ([json!(0), json!(0), json!(0)], 0), "{summary}");
    });
}
