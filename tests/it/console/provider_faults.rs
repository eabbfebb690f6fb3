//! Sign-ins while the issuer or DynamoDB fails.

use kit::{
    Effect, EmailVerified, Fault, IdTokenShape, Item, Options, Service, Switches, TokenEndpointBehavior,
    UserinfoBehavior, When, described, run_with, with_console,
};

const FAILED: &str = "/console/sign-in-failed?reason=issuer";

#[test]
fn an_issuer_that_fails_at_any_step_signs_nobody_in_and_the_next_attempt_works() {
    run_with(with_console(), async |world| {
        let issuer = world.stack.issuer();
        issuer.switch(Switches { down: true, ..Switches::default() });
        let begun = world.web_client().open("/console/sign-in").await;
        assert_eq!((begun.header("location"), begun.header("set-cookie")), (FAILED, ""));
        for token_endpoint in [
            TokenEndpointBehavior::Fails,
            TokenEndpointBehavior::LosesRequest,
            TokenEndpointBehavior::LosesReply,
            TokenEndpointBehavior::Malformed,
            TokenEndpointBehavior::TooLarge,
            TokenEndpointBehavior::NoIdToken,
            TokenEndpointBehavior::NoJwt,
            TokenEndpointBehavior::RefusesClient,
            TokenEndpointBehavior::Hangs,
        ] {
            issuer.switch(Switches { token_endpoint, ..Switches::default() });
            let calls = issuer.token_calls();
            let answer = world.web_client().try_sign_in("alice").await;
            assert_eq!(answer.header("location"), FAILED, "{token_endpoint:?}");
            assert_eq!(issuer.token_calls(), calls + 1, "a code goes to the issuer once: {token_endpoint:?}");
        }
        let web = world.web_client();
        issuer.switch(Switches::default());
        let page = web.begin("/console").await;
        let callback = web.authorize(&page, &described("alice", "alice@example.com")).await;
        issuer.switch(Switches { down: true, ..Switches::default() });
        assert_eq!(web.come_back(&callback).await.header("location"), FAILED);
        assert_eq!(world.items(), [] as [Item; 0]);
        issuer.switch(Switches::default());
        world.web_client().sign_in("alice").await;
        assert_eq!(world.items().len(), 1);
    });
}

#[test]
fn a_refusal_of_the_console_itself_is_a_failure_and_one_of_a_code_is_not() {
    run_with(with_console(), async |world| {
        let lines_of = async |code_prefix: &str| {
            let web = world.web_client();
            let page = web.begin("/console").await;
            let own = web.authorize(&page, &described("alice", "alice@example.com")).await;
            let callback = own.replace("?code=", &format!("?code={code_prefix}"));
            let before = world.stack.logs().by_function("manage-session").len();
            assert_eq!(web.come_back(&callback).await.header("location"), FAILED);
            world.stack.logs().by_function("manage-session").split_off(before).concat()
        };
        let refused = lines_of("other").await;
        assert!(refused.contains("the token endpoint refuses the code"), "{refused}");
        assert!(refused.contains("invalid_grant") && !refused.contains("ERROR"), "{refused}");
        let token_endpoint = TokenEndpointBehavior::RefusesClient;
        world.stack.issuer().switch(Switches { token_endpoint, ..Switches::default() });
        let failed = lines_of("").await;
        assert!(failed.contains("refuses the client: check ConsoleClientId"), "{failed}");
        assert!(failed.contains("could not finish a sign-in") && failed.contains("ERROR"), "{failed}");
    });
}

#[test]
fn a_userinfo_endpoint_that_hangs_ends_the_sign_in_in_time_and_with_a_word() {
    run_with(with_console(), async |world| {
        let issuer = world.stack.issuer();
        let userinfo = UserinfoBehavior::Hangs;
        // Without an address nobody is known. With one that nobody vouches for, the person is.
        let thin = Switches { id_token: IdTokenShape::Thin, userinfo, ..Switches::default() };
        let unproven = Switches { email_verified: EmailVerified::Absent, userinfo, ..Switches::default() };
        for (switches, location, sessions) in [(thin, FAILED, 0), (unproven, "/console", 1)] {
            issuer.switch(switches);
            let calls = issuer.userinfo_calls();
            let answer = world.web_client().try_sign_in("alice").await;
            assert_eq!((answer.status, answer.header("location")), (303, location), "{switches:?}");
            assert_eq!(issuer.userinfo_calls(), calls + 1, "it is asked once: {switches:?}");
            assert_eq!(world.items().len(), sessions, "{switches:?}");
        }
        issuer.switch(Switches { id_token: IdTokenShape::Thin, ..Switches::default() });
        world.web_client().sign_in("alice").await;
    });
}

#[test]
fn an_issuer_that_is_not_there_is_told_by_a_word() {
    let elsewhere = ("OidcIssuer".to_owned(), "http://127.0.0.1:9/_local/oidc".to_owned());
    let mut options = with_console();
    options.parameters.extend([elsewhere]);
    run_with(Options { instance_cap: 1, ..options }, async |world| {
        let begun = world.web_client().open("/console/sign-in?return_to=/console").await;
        assert_eq!((begun.status, begun.header("location")), (303, FAILED));
        assert_eq!(begun.header("set-cookie"), "");
    });
}

fn put_item(effect: Effect, when: When) -> Fault {
    Fault::on(Service::DynamoDb, effect).function("manage-session").operation("PutItem").when(when)
}

#[test]
fn a_lost_reply_of_the_table_makes_one_session() {
    run_with(with_console(), async |world| {
        world.stack.faults().add(put_item(Effect::LoseReply, When::Nth(1)));
        let web = world.web_client();
        web.sign_in("alice").await;
        web.session().await.expect(200);
        let puts = world.stack.calls().by_function("manage-session");
        assert_eq!(puts.iter().filter(|call| call.operation == "PutItem").count(), 2);
        assert_eq!(world.items().len(), 1);
    });
}

#[test]
fn a_table_that_fails_starts_no_session() {
    run_with(with_console(), async |world| {
        world.stack.faults().add(put_item(Effect::ServerError, When::Always));
        let web = world.web_client();
        let answer = web.try_sign_in("alice").await;
        assert_eq!(answer.header("location"), "/console/sign-in-failed?reason=unavailable");
        assert_eq!((web.cookie("access-keys-session"), world.items().len()), (String::new(), 0));
        world.stack.faults().clear();

        web.sign_in("alice").await;
        let delete = Fault::on(Service::DynamoDb, Effect::ServerError).function("manage-session");
        world.stack.faults().add(delete.operation("DeleteItem"));
        let answer = web.try_sign_in("bob").await;
        assert_eq!(answer.header("location"), "/console/sign-in-failed?reason=unavailable");
        assert_eq!(world.items().len(), 1, "the earlier session could not be ended, so no other one began");
        assert_eq!(web.session().await.expect(200)["name"], "alice");

        let read = Fault::on(Service::DynamoDb, Effect::ServerError).function("manage-session");
        world.stack.faults().add(read.operation("GetItem"));
        web.session().await.expect_problem(503, "unavailable");
        let read = Fault::on(Service::DynamoDb, Effect::ServerError).function("authorize-request");
        world.stack.faults().add(read.operation("GetItem"));
        assert_eq!(web.page().get("/v1/organizations").await.status, 500, "a failure allows nothing");
        world.stack.faults().clear();
        web.page().get("/v1/organizations").await.expect(200);
    });
}
