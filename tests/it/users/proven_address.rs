//! Which sign-in proves an address while the address is changed.
//!
//! The model of sign-in found the first schedule: `tests/models/src/sign_in.rs`.

use kit::{Client, Organization, World, run};
use serde_json::{Value, json};

const FIRST: &str = "carol@example.com";
const SECOND: &str = "carol@example.org";

/// Signs carol in with an address that the issuer vouches for.
fn signed_in_with(world: &World, email: &str) -> Client {
    let token = world.stack.issuer().token("carol", email, "carol");
    world.anonymous().with_header("authorization", &format!("Bearer {token}"))
}

async fn set_email(organization: &Organization, user_id: &str, email: &str) {
    let path = organization.user_path(user_id);
    organization.owner.patch(&path, json!({"email": email})).await.expect(200);
}

fn proven_email(world: &World, user_id: &str) -> Option<Value> {
    world.item(&format!("USER#{user_id}"), "USER").unwrap().get("proven_email").cloned()
}

#[test]
fn an_address_that_was_changed_and_set_back_is_unproven_until_a_sign_in_with_it() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        assert_eq!(proven_email(world, &carol), Some(json!(FIRST)));
        set_email(&organization, &carol, SECOND).await;

        // A sign-in with the first address while that address is on its way back.
        let write = ("manage-users", "TransactWriteItems", 1);
        let (person, me) = (signed_in_with(world, FIRST), organization.user_path("me"));
        let ((), signed_in) =
            world.while_held(write, set_email(&organization, &carol, FIRST), person.get(&me)).await;
        assert_eq!(signed_in.expect(200)["email"], SECOND);
        assert_eq!(proven_email(world, &carol), None, "no sign-in has proven it since it was set");

        assert_eq!(person.get(&me).await.expect(200)["email"], FIRST);
        assert_eq!(proven_email(world, &carol), Some(json!(FIRST)));
    });
}

#[test]
fn a_proof_that_arrives_after_its_address_was_changed_is_not_recorded() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        set_email(&organization, &carol, SECOND).await;

        let record = ("authorize-request", "UpdateItem", 1);
        let (person, me) = (signed_in_with(world, SECOND), organization.user_path("me"));
        let (signed_in, ()) =
            world.while_held(record, person.get(&me), set_email(&organization, &carol, FIRST)).await;
        assert_eq!(signed_in.expect(200)["email"], FIRST);
        assert_eq!(proven_email(world, &carol), None);
    });
}
