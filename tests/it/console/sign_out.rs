//! Signing out, here and everywhere.

use kit::{Effect, Fault, Service, Switches, WebClient, World, run_with, with_console};
use serde_json::json;

async fn signed_in<'w>(world: &'w World, person: &str) -> WebClient<'w> {
    let web = world.web_client();
    web.sign_in(person).await;
    web
}

#[test]
fn signing_out_ends_this_session_at_the_next_request_and_leads_to_the_issuer() {
    run_with(with_console(), async |world| {
        let (web, other) = (signed_in(world, "alice").await, signed_in(world, "alice").await);
        let copy = web.page();
        copy.get("/v1/organizations").await.expect(200);
        let out = web.sign_out(json!(null)).await;
        assert_eq!(
            out.header("set-cookie"),
            "access-keys-session=; Max-Age=0; HttpOnly; SameSite=Strict; Path=/"
        );
        let back =
            format!("{}/console/signed-out", world.stack.url()).replace(':', "%3A").replace('/', "%2F");
        let location = format!(
            "{}/logout?client_id=access-keys-console&post_logout_redirect_uri={back}",
            world.stack.issuer().url()
        );
        assert_eq!(out.expect(200), json!({"location": location}));
        let path = location.strip_prefix(&world.stack.url()).unwrap();
        let left = world.anonymous().get(path).await;
        assert_eq!(left.header("location"), format!("{}/console/signed-out", world.stack.url()));

        copy.get("/v1/organizations").await.expect_forbidden_by_gateway();
        copy.get("/console/session").await.expect(401);
        other.page().get("/v1/organizations").await.expect(200);
        assert_eq!(copy.post("/console/sign-out", json!({})).await.status, 200, "once more is no error");
        let late = copy.post("/console/sign-out", json!({"everywhere": true})).await;
        late.expect_problem(403, "forbidden");
        other.session().await.expect(200);
    });
}

#[test]
fn signing_out_everywhere_ends_all_sessions_of_the_person_and_of_nobody_else() {
    run_with(with_console(), async |world| {
        let mut hers = Vec::new();
        for _ in 0..3 {
            hers.push(signed_in(world, "alice").await);
        }
        let his = signed_in(world, "bob").await;
        assert_eq!(world.items_of("SESSION").len(), 4);
        let pages: Vec<_> = hers.iter().map(WebClient::page).collect();
        hers[1].sign_out(json!({"everywhere": true})).await.expect(200);
        for page in &pages {
            page.get("/v1/organizations").await.expect_forbidden_by_gateway();
            page.get("/console/session").await.expect(401);
        }
        assert_eq!(his.session().await.expect(200)["name"], "bob");
        assert_eq!(world.items_of("SESSION").len(), 1);
        signed_in(world, "alice").await.session().await.expect(200);
    });
}

#[test]
fn signing_out_everywhere_ends_more_sessions_than_a_page_of_the_index_has() {
    run_with(with_console(), async |world| {
        let web = signed_in(world, "alice").await;
        let session = world.items_of("SESSION")[0]["PK"].as_str().unwrap().to_owned();
        world.copy_session(session.strip_prefix("SESSION#").unwrap(), 250);
        assert_eq!(world.items_of("SESSION").len(), 251);
        web.sign_out(json!({"everywhere": true})).await.expect(200);
        assert_eq!(world.items_of("SESSION").len(), 0);
    });
}

#[test]
fn only_a_page_of_the_console_signs_out() {
    run_with(with_console(), async |world| {
        let web = signed_in(world, "alice").await;
        let cookie = format!("access-keys-session={}", web.cookie("access-keys-session"));
        let with_cookie = || world.anonymous().with_header("cookie", &cookie);
        let marked = || with_cookie().with_header("x-console-request", "1");
        let jwt = world.stack.issuer().token("alice", "alice@example.com", "alice");
        for (client, why) in [
            (with_cookie(), "a form of another site sends the cookie at most"),
            (marked().with_header("sec-fetch-site", "cross-site"), "another site"),
            (marked().with_header("sec-fetch-site", "same-site"), "another host"),
            (marked().with_header("authorization", &format!("Bearer {jwt}")), "two credentials"),
            (world.anonymous().with_header("x-console-request", "1"), "no cookie"),
            (world.person("alice"), "a JWT"),
        ] {
            for body in [json!(null), json!({"everywhere": true})] {
                let refused = client.post("/console/sign-out", body).await;
                let detail = refused.expect_problem(403, "forbidden")["detail"].to_string();
                assert!(detail.contains("console"), "{why}: {detail}");
            }
        }
        for (body, field) in [
            (json!({"everywhere": "yes"}), "everywhere"),
            (json!({"everywhere": null}), "everywhere"),
            (json!({"elsewhere": true}), "elsewhere"),
            (json!([true]), "body"),
        ] {
            let refused = marked().post("/console/sign-out", body).await;
            assert_eq!(refused.expect_problem(400, "invalid_request")["field"], field);
        }
        marked()
            .post("/console/sign-out?everywhere=true", json!(null))
            .await
            .expect_invalid("everywhere", "takes none");
        web.session().await.expect(200);
    });
}

#[test]
fn the_next_page_is_the_settings_or_the_issuers_or_our_own() {
    let mut options = with_console();
    let elsewhere = "https://id.example/logout?client_id=x&returnTo=https://keys.example/console";
    options.parameters.insert("ConsoleSignOutUrl".to_owned(), elsewhere.to_owned());
    run_with(options, async |world| {
        let web = signed_in(world, "alice").await;
        assert_eq!(web.sign_out(json!({})).await.expect(200), json!({"location": elsewhere}));
    });
    run_with(with_console(), async |world| {
        let web = signed_in(world, "alice").await;
        let page = web.page();
        world.stack.issuer().switch(Switches { down: true, ..Switches::default() });
        world.travel(3_601);
        assert_eq!(web.sign_out(json!({})).await.expect(200), json!({"location": "/console/signed-out"}));
        page.get("/v1/organizations").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn a_new_sign_in_ends_the_earlier_session_of_the_browser() {
    run_with(with_console(), async |world| {
        let web = signed_in(world, "alice").await;
        let (earlier, first) = (web.page(), web.cookie("access-keys-session"));
        web.sign_in("bob").await;
        assert_ne!(web.cookie("access-keys-session"), first);
        earlier.get("/v1/organizations").await.expect_forbidden_by_gateway();
        assert_eq!(web.session().await.expect(200)["name"], "bob");
        assert_eq!(world.items_of("SESSION").len(), 1);
        // An id that somebody else put there is not taken over.
        let planted = "A".repeat(43);
        let fixed = world.web_client();
        fixed.set_cookie("access-keys-session", &planted);
        fixed.sign_in("carol").await;
        assert_ne!(fixed.cookie("access-keys-session"), planted);
        let other = world.anonymous().with_header("x-console-request", "1");
        let other = other.with_header("cookie", &format!("access-keys-session={planted}"));
        other.get("/console/session").await.expect(401);
        other.get("/v1/organizations").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn signing_out_that_fails_says_so_and_can_be_repeated() {
    run_with(with_console(), async |world| {
        let web = signed_in(world, "alice").await;
        let other = signed_in(world, "alice").await;
        for body in [json!({}), json!({"everywhere": true})] {
            let fault = Fault::on(Service::DynamoDb, Effect::ServerError).function("manage-session");
            world.stack.faults().add(fault.operation("DeleteItem"));
            let failed = web.sign_out(body.clone()).await;
            assert_eq!(failed.header("set-cookie"), "", "the browser keeps what still works");
            failed.expect_problem(503, "unavailable");
            world.stack.faults().clear();
            web.session().await.expect(200);
        }
        let fault = Fault::on(Service::DynamoDb, Effect::LoseReply).function("manage-session");
        world.stack.faults().add(fault.operation("DeleteItem").when(kit::When::Nth(1)));
        web.sign_out(json!({"everywhere": true})).await.expect(200);
        other.page().get("/v1/organizations").await.expect_forbidden_by_gateway();
        assert_eq!(world.items_of("SESSION").len(), 0);
    });
}
