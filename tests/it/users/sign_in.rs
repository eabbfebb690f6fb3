//! The first sign-in of an invited person.

use kit::run;
use serde_json::json;

#[test]
fn an_invited_person_is_linked_at_the_first_sign_in_and_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let path = organization.user_path("me");
        let people: Vec<_> = (0..8).map(|_| world.person("carol")).collect();
        let answers = futures_util::future::join_all(people.iter().map(|person| person.get(&path))).await;
        for answer in answers {
            assert_eq!(answer.expect(200)["user_id"], json!(carol));
        }
        assert_eq!(world.audit("user.linked").len(), 1);
        assert_eq!(world.items_of("SUBJECT#").len(), 2);

        let issuer = world.stack.issuer();
        let token = issuer.token("another-subject", "carol@example.com", "carol");
        let other = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        other.get(&path).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn an_unverified_address_links_nobody() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let issuer = world.stack.issuer();
        let mut claims = issuer.claims("mallory", "carol@example.com", "carol");
        claims["email_verified"] = json!(false);
        let token = issuer.sign(&issuer.header(), &claims);
        let mallory = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        mallory.get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        assert_eq!(world.audit("user.linked").len(), 0);
    });
}

/// Holds a call of the first sign-in of carol, lets an owner change her user meanwhile, and lets the call go on.
async fn change_meanwhile(
    world: &kit::World,
    organization: &kit::Organization,
    (operation, nth): (&str, u64),
    body: serde_json::Value,
) -> u16 {
    let carol = organization.invite("carol").await;
    let (person, me) = (world.person("carol"), organization.user_path("me"));
    let change = async {
        organization.owner.patch(&organization.user_path(&carol), body).await.expect(200);
    };
    world.while_held(("authorize-request", operation, nth), person.get(&me), change).await.0.status
}

#[test]
fn an_address_that_is_corrected_during_the_first_sign_in_links_nobody() {
    // The read of the user after the read of the claim, the read of the claim, and the write of the link.
    for held in [("GetItem", 3), ("GetItem", 2), ("TransactWriteItems", 1)] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let corrected = json!({"email": "caroline@example.com"});
            assert_eq!(change_meanwhile(world, &organization, held, corrected).await, 403, "{held:?}");
            assert_eq!(
                (world.audit("user.linked").len(), world.items_of("SUBJECT#").len()),
                (0, 1),
                "{held:?}"
            );
            let user = world.items_of("USER").into_iter().find(|user| user["kind"] == "normal").unwrap();
            assert_eq!((&user["email"], user.get("subject")), (&json!("caroline@example.com"), None));
            let me = organization.user_path("me");
            world.person("carol").get(&me).await.expect_forbidden_by_gateway();
            let right = world.person("caroline").get(&me).await.expect(200);
            assert_eq!(right["user_id"], user["user_id"]);
        });
    }
}

#[test]
fn another_change_during_the_first_sign_in_is_seen_before_the_link() {
    for (body, status, links) in [
        (json!({"status": "suspended"}), 403, 0),
        (json!({"name": "Carol C."}), 200, 1),
        (json!({"email": "CAROL@example.com"}), 200, 1),
    ] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let held = ("TransactWriteItems", 1);
            assert_eq!(change_meanwhile(world, &organization, held, body.clone()).await, status, "{body}");
            assert_eq!(world.audit("user.linked").len(), links, "{body}");
        });
    }
}

#[test]
fn a_person_who_signs_in_with_two_addresses_at_once_is_linked_to_one_user() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let caroline = organization.invite("caroline").await;
        let me = organization.user_path("me");
        let token = world.stack.issuer().token("carol", "caroline@example.com", "carol");
        let with_other_address = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        let other = with_other_address.get(&me);
        let held = ("authorize-request", "TransactWriteItems", 1);
        let (first, other) = world.while_held(held, world.person("carol").get(&me), other).await;
        assert_eq!(other.expect(200)["user_id"], json!(caroline));
        // It is seen that another sign-in linked them meanwhile.
        assert_eq!(first.expect(200)["user_id"], json!(caroline));
        assert_eq!(world.audit("user.linked").len(), 1);
        let linked = world.items_of("USER").into_iter().filter(|user| user.get("subject").is_some());
        assert_eq!(linked.count(), 2, "alice and caroline");
    });
}

#[test]
fn what_claims_say_becomes_a_visible_name() {
    run(async |world| {
        let issuer = world.stack.issuer();
        let sign_in = |subject: &str, name: serde_json::Value, verified: bool| {
            let mut claims = issuer.claims(subject, "eve@example.com", "");
            claims["name"] = name;
            claims["email_verified"] = json!(verified);
            let token = issuer.sign(&issuer.header(), &claims);
            world.anonymous().with_header("authorization", &format!("Bearer {token}"))
        };
        let odd = "eve\r\nactor: root\0\u{1b}[31m";
        for (name, shown) in [
            (json!(null), "eve@example.com"),
            (json!(odd), "eve actor: root [31m"),
            (json!("\0"), "eve@example.com"),
            (json!(7), "eve@example.com"),
            (json!("E".repeat(500)), &*"E".repeat(64)),
        ] {
            let made = sign_in(odd, name.clone(), true).post("/v1/organizations", json!({"name": "a"})).await;
            let organization = made.expect(201)["organization_id"].clone();
            let created = world.audit("organization.created");
            let event = created.iter().find(|event| event["organization_id"] == organization).unwrap();
            assert_eq!(event["actor"]["name"], shown, "{name}");
            let owner =
                world.items_of("USER").into_iter().find(|user| user["organization_id"] == organization);
            assert_eq!(owner.unwrap()["name"], shown, "{name}");
        }
        assert_eq!(sign_in(odd, json!(null), false).get("/v1/whoami").await.expect(200)["subject"], odd);
    });
}

#[test]
fn both_spellings_of_an_internationalized_domain_name_the_same_person() {
    let (unicode, ascii) = ("carol@bücher.example", "Carol@XN--bcher-kva.example");
    for (invited, stated) in [(unicode, ascii), (ascii, unicode)] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let users = format!("{}/users", organization.path);
            let body = json!({"kind": "normal", "name": "Carol", "email": invited});
            let carol = organization.owner.post(&users, body).await.expect(201)["user_id"].clone();
            let again = json!({"kind": "normal", "name": "Carol", "email": stated});
            organization.owner.post(&users, again).await.expect_problem(409, "email_taken");
            let token = world.stack.issuer().token("carol", stated, "Carol");
            let person = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
            let me = person.get(&organization.user_path("me")).await;
            assert_eq!(me.expect(200)["user_id"], carol);
            let user = world.items_of("USER").into_iter().find(|user| user["user_id"] == carol).unwrap();
            assert!(user["email"].as_str().unwrap().is_ascii() && user.get("proven_email").is_some());
            let listed = person.get("/v1/organizations").await.expect(200);
            assert_eq!(listed["items"][0]["user_id"], carol);
        });
    }
}
