//! Sign-ins with the access tokens of the issuers that companies have.

use kit::{Client, EmailVerified, Options, Switches, TokenShape, UserinfoBehavior, World, run, run_with};
use serde_json::{Value, json};

/// Signs a person in with the claims as the issuer's switches make them, and these changes. `null` removes a claim.
fn sign_in(world: &World, name: &str, changes: &Value) -> Client {
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

fn options(parameters: &[(&str, &str)]) -> Options {
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
fn a_token_that_states_its_address_is_never_asked_about() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let me = organization.user_path("me");
        assert_eq!(world.person("carol").get(&me).await.expect(200)["user_id"], json!(carol));
        let denied = sign_in(world, "mallory", &json!({"email_verified": false}));
        denied.post("/v1/organizations", json!({"name": "a"})).await.expect(403);
        denied.get(&me).await.expect_forbidden_by_gateway();
        let key = organization.machine_key().await;
        let key = world.key(key["secret"]["token"].as_str().unwrap());
        key.get("/v1/whoami").await.expect(200);
        assert_eq!(world.stack.issuer().userinfo_calls(), 0);
    });
}

#[test]
fn an_answer_without_a_usable_address_lets_the_sign_in_pass_without_one() {
    for (switches, calls) in [
        (Switches { userinfo: UserinfoBehavior::Missing, ..Switches::default() }, 0),
        (Switches { userinfo: UserinfoBehavior::Refuses, ..Switches::default() }, 1),
        (Switches { userinfo: UserinfoBehavior::AnotherSubject, ..Switches::default() }, 1),
        (Switches { email_verified: EmailVerified::False, ..Switches::default() }, 1),
        (Switches { email_verified: EmailVerified::Absent, ..Switches::default() }, 1),
    ] {
        run_with(options(&[]), async |world| {
            let organization = world.organization("alice", "strict").await;
            organization.invite("bob").await;
            world.stack.issuer().switch(Switches { tokens: TokenShape::Thin, ..switches });
            let bob = sign_in(world, "bob", &json!({}));
            for _ in 0..2 {
                // The sign-in passes the authorizer. The function refuses it.
                let refused = bob.post("/v1/organizations", json!({"name": "b"})).await;
                assert_eq!(refused.expect(403)["code"], "forbidden", "{switches:?}");
                bob.get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
            }
            let whoami = bob.get("/v1/whoami").await;
            assert_eq!(whoami.expect(200)["email"], json!(null));
            assert_eq!(world.stack.issuer().userinfo_calls(), calls, "{switches:?}");
            assert_eq!((world.audit("user.linked").len(), world.audit("organization.created").len()), (0, 1));
        });
    }
}

#[test]
fn an_issuer_that_does_not_answer_is_a_failure_and_is_asked_again() {
    for userinfo in [
        UserinfoBehavior::Fails,
        UserinfoBehavior::Redirects,
        UserinfoBehavior::TooLarge,
        UserinfoBehavior::Malformed,
        UserinfoBehavior::Hangs,
    ] {
        run_with(options(&[]), async |world| {
            let organization = world.organization("alice", "strict").await;
            let invited = organization.invite("bob").await;
            let issuer = world.stack.issuer();
            let thin = Switches { tokens: TokenShape::Thin, ..Switches::default() };
            issuer.switch(Switches { userinfo, ..thin });
            let bob = sign_in(world, "bob", &json!({}));
            let me = organization.user_path("me");
            bob.get(&me).await.expect(500);
            bob.get("/v1/whoami").await.expect(200);
            assert_eq!((issuer.userinfo_calls(), world.audit("user.linked").len()), (1, 0), "{userinfo:?}");
            issuer.switch(thin);
            assert_eq!(bob.get(&me).await.expect(200)["user_id"], json!(invited), "{userinfo:?}");
            assert_eq!((issuer.userinfo_calls(), world.audit("user.linked").len()), (2, 1));
        });
    }
}

#[test]
fn an_unproven_address_of_ones_own_is_asked_about_on_this_api_alone() {
    run_with(options(&[]), async |world| {
        let organization = world.organization("alice", "strict").await;
        let issuer = world.stack.issuer();
        let user = organization.invite("bob").await;
        let me = organization.user_path("me");
        world.person("bob").get(&me).await.expect(200);
        let changed = json!({"email": "robert@example.com"});
        organization.owner.patch(&organization.user_path(&user), changed).await.expect(200);
        issuer.switch(Switches { tokens: TokenShape::Thin, ..Switches::default() });
        let claims = issuer.claims("bob", "robert@example.com", "bob");
        let token = issuer.sign(&issuer.header(), &claims);
        let event = json!({
            "version": "2.0", "type": "REQUEST", "routeKey": "GET /x/{organization_id}",
            "rawPath": format!("/x/{}", organization.id), "rawQueryString": "",
            "headers": {"authorization": format!("Bearer {token}")},
            "pathParameters": {"organization_id": organization.id},
            "requestContext": {
                "apiId": "other", "requestId": "r", "timeEpoch": world.stack.clock().now().as_millisecond(),
                "http": {"method": "GET", "path": "/x", "sourceIp": "192.0.2.1"},
            },
        });
        let answer = world.stack.invoke("authorize-request", &event).await.unwrap();
        assert_eq!((&answer["isAuthorized"], issuer.userinfo_calls()), (&json!(true), 0));
        let proven = || {
            let users = world.items_of("USER").into_iter();
            users
                .filter(|item| item["user_id"] == json!(user))
                .find_map(|user| user.get("proven_email").cloned())
        };
        assert_eq!(proven(), None);
        let bob = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        for _ in 0..2 {
            bob.get(&me).await.expect(200);
            assert_eq!(proven(), Some(json!("robert@example.com")));
        }
        assert_eq!(issuer.userinfo_calls(), 1);
    });
}

#[test]
fn an_answer_is_kept_for_its_token_for_a_minute() {
    run_with(options(&[]), async |world| {
        let issuer = world.stack.issuer();
        let thin = Switches { tokens: TokenShape::Thin, ..Switches::default() };
        issuer.switch(Switches { userinfo: UserinfoBehavior::Refuses, ..thin });
        let (bob, again) = (sign_in(world, "bob", &json!({})), sign_in(world, "bob", &json!({"jti": "2"})));
        let create =
            async |person: &Client| person.post("/v1/organizations", json!({"name": "b"})).await.status;
        assert_eq!((create(&bob).await, create(&bob).await, issuer.userinfo_calls()), (403, 403, 1));
        issuer.switch(thin);
        assert_eq!((create(&bob).await, issuer.userinfo_calls()), (403, 1), "none is kept too");
        assert_eq!((create(&again).await, issuer.userinfo_calls()), (201, 2), "another token");
        world.travel(61);
        assert_eq!((create(&bob).await, issuer.userinfo_calls()), (201, 3));
    });
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

#[test]
fn a_jwt_in_the_url_is_a_credential_if_it_is_of_the_configured_issuer() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let key = world.key(key["secret"]["token"].as_str().unwrap());
        let issuer = world.stack.issuer();
        let mut claims = issuer.claims("alice", "alice@example.com", "Alice");
        let ours = issuer.sign(&issuer.header(), &claims);
        claims["iss"] = json!("https://links.example");
        let theirs = issuer.sign(&issuer.header(), &claims);
        for (jwt, passes) in [(&ours, false), (&theirs, true)] {
            let encoded = jwt.replace('.', "%2E").replacen('e', "%65", 1);
            for query in [
                format!("invitation={jwt}"),
                format!("invitation={encoded}"),
                jwt.clone(),
                format!("link=https%3A%2F%2Flinks.example%2F%3Ft%3D{jwt}%26x"),
            ] {
                let answer = key.get(&format!("/v1/whoami?{query}")).await;
                // The function of this route takes no query. That the request reached it is what counts.
                assert_eq!(answer.status != 403, passes, "{query}: {}", answer.status);
            }
            let in_path = key.get(&format!("/v1/organizations/{jwt}")).await;
            in_path.expect_forbidden_by_gateway();
        }
        let reasons = world.stack.logs().by_function("authorize-request");
        let in_url = reasons.iter().filter(|line| line.contains("credential_in_url")).count();
        assert_eq!(in_url, 5, "four queries and one path");
    });
}
