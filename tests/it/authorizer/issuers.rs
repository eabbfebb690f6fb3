//! Sign-ins with the access tokens of the issuers that companies have.

use kit::{Client, EmailVerified, Options, Switches, TokenShape, UserinfoBehavior, World, run_with};
use serde_json::{Value, json};

/// Signs a person in with the claims as the issuer's switches make them, and these changes. `null` removes a claim.
pub(crate) fn sign_in(world: &World, name: &str, changes: &Value) -> Client {
    let issuer = world.stack.issuer();
    let mut claims = issuer.claims(name, &format!("{name}@example.com"), name);
    for (claim, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            value => claims[claim] = value.clone(),
        }
    }
    let token = issuer.sign(&issuer.header(), &claims);
    world.anonymous().with_header("authorization", &format!("Bearer {token}"))
}

pub(crate) fn options(parameters: &[(&str, &str)]) -> Options {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Options { parameters: parameters.collect(), instance_cap: 1, ..Options::default() }
}

/// Creates an organization, and returns its owner as stored.
async fn owner_of_new(world: &World, person: &Client) -> Value {
    let made = person.post("/v1/organizations", json!({"name": "a"})).await;
    let organization = made.expect(201)["organization_id"].clone();
    let users = world.items_of("USER").into_iter();
    json!(users.filter(|user| user["organization_id"] == organization).collect::<Vec<_>>()[0])
}

#[test]
fn owners_and_invited_people_of_each_issuer_are_known_by_their_thin_tokens() {
    for (tokens, parameters, verified) in [
        (TokenShape::Thin, vec![], EmailVerified::True),
        (TokenShape::Cognito, vec![("OidcClientId", "access-keys")], EmailVerified::Text),
        (TokenShape::Auth0, vec![], EmailVerified::True),
        (TokenShape::Okta, vec![], EmailVerified::True),
        (
            TokenShape::Entra,
            vec![
                ("OidcEmailClaim", "preferred_username"),
                ("OidcTrustEmail", "absent"),
                ("OidcSubjectClaim", "oid"),
            ],
            EmailVerified::Absent,
        ),
    ] {
        run_with(options(&parameters), async |world| {
            let issuer = world.stack.issuer();
            issuer.switch(Switches { tokens, email_verified: verified, ..Switches::default() });
            let alice = sign_in(world, "alice", &json!({}));
            let owner = owner_of_new(world, &alice).await;
            let stated = (&owner["email"], &owner["proven_email"], &owner["name"]);
            assert_eq!(stated, (&json!("alice@example.com"), &json!("alice@example.com"), &json!("alice")));
            let users = format!("/v1/organizations/{}/users", owner["organization_id"].as_str().unwrap());
            let invitation = json!({"kind": "normal", "name": "Bob", "email": "bob@example.com"});
            let invited = alice.post(&users, invitation).await.expect(201)["user_id"].clone();
            let bob = sign_in(world, "bob", &json!({}));
            for _ in 0..2 {
                assert_eq!(bob.get(&format!("{users}/me")).await.expect(200)["user_id"], invited);
            }
            assert_eq!(world.audit("user.linked").len(), 1, "{tokens:?}");
            assert_eq!(world.audit("organization.created").len(), 1);
            let user = world.items_of("USER").into_iter().find(|user| user["user_id"] == invited).unwrap();
            assert_eq!(user["proven_email"], "bob@example.com", "{tokens:?}");
            sign_in(world, "eve", &json!({})).get(&format!("{users}/me")).await.expect_forbidden_by_gateway();
            // Alice, Bob and Eve: one call each. None for what needs no address.
            let calls = if tokens == TokenShape::Entra { 0 } else { 3 };
            alice.get(&users).await.expect(200);
            alice.get("/v1/whoami").await.expect(200);
            assert_eq!(issuer.userinfo_calls(), calls, "{tokens:?}");
        });
    }
}

#[test]
fn addresses_are_trusted_as_the_setting_says() {
    let absent = json!({"email_verified": null});
    let text = json!({"email_verified": "true"});
    let no = json!({"email_verified": false});
    for (trust, expected) in
        [("claim", [201, 403, 403, 403]), ("absent", [201, 201, 403, 403]), ("always", [201; 4])]
    {
        run_with(options(&[("OidcTrustEmail", trust)]), async |world| {
            let issuer = world.stack.issuer();
            let missing = UserinfoBehavior::Missing;
            issuer.switch(Switches { userinfo: missing, ..Switches::default() });
            let person = async |name, changes: &Value| {
                let person = sign_in(world, name, changes);
                person.post("/v1/organizations", json!({"name": "a"})).await.status
            };
            let statuses = [
                person("ann", &json!({})).await,
                person("ben", &absent).await,
                person("cai", &text).await,
                person("dee", &no).await,
            ];
            assert_eq!(statuses, expected, "{trust}");
        });
    }
}

#[test]
fn people_are_known_by_the_claim_of_the_setting() {
    run_with(options(&[("OidcSubjectClaim", "oid")]), async |world| {
        let pairwise = Switches { pairwise_subjects: true, ..Switches::default() };
        world.stack.issuer().switch(pairwise);
        let alice = sign_in(world, "alice", &json!({}));
        let owner = owner_of_new(world, &alice).await;
        let me = format!("/v1/organizations/{}/users/me", owner["organization_id"].as_str().unwrap());
        // Another application of the same issuer gives her another sub.
        let elsewhere = sign_in(world, "alice", &json!({"sub": "pairwise-other-alice", "email": null}));
        assert_eq!(elsewhere.get(&me).await.expect(200)["user_id"], owner["user_id"]);
        assert_eq!(elsewhere.get("/v1/whoami").await.expect(200)["subject"], "alice");
        let listed = elsewhere.get("/v1/organizations").await;
        assert_eq!(listed.expect(200)["items"][0]["organization_id"], owner["organization_id"]);
        for oid in [json!(null), json!(""), json!(7), json!(["alice"]), json!("bob")] {
            let somebody = sign_in(world, "alice", &json!({"oid": oid, "email": null}));
            somebody.get(&me).await.expect_forbidden_by_gateway();
        }
        sign_in(world, "alice", &json!({"oid": null})).get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn scopes_of_tokens_are_text_or_lists() {
    run_with(options(&[("OrganizationCreation", "organizations:create")]), async |world| {
        for (changes, status) in [
            (json!({"scope": "openid organizations:create"}), 201),
            (json!({"scp": "organizations:create"}), 201),
            (json!({"scp": ["openid", "organizations:create"]}), 201),
            (json!({"scope": ["organizations:*"]}), 201),
            (json!({"permissions": ["organizations:create"]}), 201),
            (json!({"scp": ["openid"]}), 403),
            (json!({"scp": {"organizations:create": true}}), 403),
            (json!({"scope": 7}), 403),
        ] {
            let person = sign_in(world, "alice", &changes);
            let answer = person.post("/v1/organizations", json!({"name": "a"})).await;
            assert_eq!(answer.status, status, "{changes}");
        }
    });
}
