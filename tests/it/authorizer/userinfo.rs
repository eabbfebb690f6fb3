//! The issuer's userinfo endpoint, asked where a token states no address.

use futures_util::future::join_all;
use kit::{Client, EmailVerified, Switches, TokenShape, UserinfoBehavior, run, run_with};
use serde_json::json;

use super::issuers::{options, sign_in};

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
fn nobody_is_locked_out_by_an_issuer_that_cannot_be_asked_about_their_changed_address() {
    for userinfo in [UserinfoBehavior::Fails, UserinfoBehavior::Malformed, UserinfoBehavior::Claims] {
        run_with(options(&[]), async |world| {
            let organization = world.organization("alice", "strict").await;
            let issuer = world.stack.issuer();
            let user = organization.join_as(world, "bob", "normal").await;
            let me = organization.user_path("me");
            let changed = json!({"email": "robert@example.com"});
            organization.owner.patch(&organization.user_path(&user), changed).await.expect(200);
            issuer.switch(Switches { tokens: TokenShape::Thin, userinfo, ..Switches::default() });
            // A stranger uses up the calls of this second, and of the next ones.
            for number in 0..20 {
                let stranger = sign_in(world, "mallory", &json!({"jti": number}));
                stranger.get(&me).await;
            }
            for _ in 0..3 {
                let answer = sign_in(world, "bob", &json!({})).get(&me).await.expect(200);
                assert_eq!(answer["user_id"], json!(user), "{userinfo:?}");
            }
        });
    }
}

#[test]
fn no_organization_that_there_is_not_takes_a_call_to_the_issuer() {
    run_with(options(&[]), async |world| {
        let organization = world.organization("alice", "strict").await;
        let issuer = world.stack.issuer();
        issuer.switch(Switches { tokens: TokenShape::Thin, ..Switches::default() });
        let stranger = sign_in(world, "mallory", &json!({}));
        let me = "/v1/organizations/AAAAAAAAAAAAAAAA/users/me";
        stranger.get(me).await.expect_forbidden_by_gateway();
        assert_eq!(issuer.userinfo_calls(), 0);
        stranger.get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        assert_eq!(issuer.userinfo_calls(), 1);
    });
}

#[test]
fn an_answer_without_email_verified_proves_nothing_that_the_token_denies() {
    for claim in [json!(false), json!("false"), json!(1)] {
        run_with(options(&[("OidcTrustEmail", "absent")]), async |world| {
            let organization = world.organization("alice", "strict").await;
            organization.invite_as("bob", "owner").await;
            let absent = EmailVerified::Absent;
            let thin = TokenShape::Thin;
            world.stack.issuer().switch(Switches {
                tokens: thin,
                email_verified: absent,
                ..Switches::default()
            });
            let stranger = sign_in(world, "bob", &json!({"email_verified": claim}));
            stranger.get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
            assert_eq!(world.audit("user.linked").len(), 0, "{claim}");
            let bob = sign_in(world, "bob", &json!({}));
            bob.get(&organization.user_path("me")).await.expect(200);
        });
    }
}

#[test]
fn a_stranger_with_many_tokens_is_refused_and_uses_up_the_calls_of_nobody() {
    run_with(options(&[]), async |world| {
        let issuer = world.stack.issuer();
        issuer.switch(Switches { tokens: TokenShape::Thin, ..Switches::default() });
        let body = json!({"name": "b"});
        let mut statuses = Vec::new();
        for number in 0..8 {
            let stranger = sign_in(world, "mallory", &json!({"jti": number}));
            statuses.push(stranger.post("/v1/organizations", body.clone()).await.status);
        }
        // A second may have begun meanwhile.
        let refused = statuses.iter().filter(|status| **status == 403).count();
        assert!(refused > 0 && statuses.iter().all(|status| [201, 403].contains(status)), "{statuses:?}");
        assert_eq!(
            world.stack.logs().by_function("authorize-request").concat().matches("too_many_tokens").count(),
            refused
        );
        sign_in(world, "bob", &json!({})).post("/v1/organizations", body).await.expect(201);
    });
}

#[test]
fn strangers_who_use_up_the_calls_together_are_refused_and_others_pass_a_second_later() {
    run_with(options(&[]), async |world| {
        let issuer = world.stack.issuer();
        issuer.switch(Switches { tokens: TokenShape::Thin, ..Switches::default() });
        let body = json!({"name": "b"});
        // All come at once, so within a second.
        let strangers: Vec<_> =
            (0..18).map(|number| sign_in(world, &format!("mallory{number}"), &json!({}))).collect();
        let requests = strangers.iter().map(|stranger| stranger.post("/v1/organizations", body.clone()));
        let statuses: Vec<_> = join_all(requests).await.iter().map(|answer| answer.status).collect();
        let refused = statuses.iter().filter(|status| **status == 403).count();
        assert!(refused > 0 && statuses.iter().all(|status| [201, 403].contains(status)), "{statuses:?}");
        let lines = world.stack.logs().by_function("authorize-request").concat();
        assert_eq!(lines.matches("issuer_busy").count(), refused);
        world.travel(2);
        sign_in(world, "bob", &json!({})).post("/v1/organizations", body).await.expect(201);
    });
}

#[test]
fn whoever_may_not_create_an_organization_by_the_permissions_of_routes_takes_no_call_to_the_issuer() {
    let permissions = r#"{"POST /v1/organizations": "organizations:create"}"#;
    run_with(options(&[("RoutePermissions", permissions)]), async |world| {
        let issuer = world.stack.issuer();
        issuer.switch(Switches { tokens: TokenShape::Thin, ..Switches::default() });
        let body = json!({"name": "b"});
        let stranger = sign_in(world, "mallory", &json!({}));
        stranger.post("/v1/organizations", body.clone()).await.expect_forbidden_by_gateway();
        assert_eq!(issuer.userinfo_calls(), 0);
        let permitted = sign_in(world, "alice", &json!({"scope": "openid email organizations:create"}));
        permitted.post("/v1/organizations", body).await.expect(201);
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
