//! The session's cookie as a credential.

use kit::{RestRequest, WebClient, World, run_with, with_console};
use serde_json::{Value, json};

use crate::{
    matrix::{api_cases, state},
    refusals::filled,
    tokens::token,
};

/// The authorizer's event of a page of the console, for `GET /v1/organizations`.
fn event(web: &WebClient<'_>, time: i64) -> Value {
    json!({
        "version": "2.0", "type": "REQUEST", "routeKey": "GET /v1/organizations",
        "rawPath": "/v1/organizations", "rawQueryString": "",
        "cookies": [format!("access-keys-session={}", web.cookie("access-keys-session"))],
        "headers": {"x-console-request": "1", "sec-fetch-site": "same-origin"},
        "stageVariables": {"sign_in_routes": "allow"},
        "requestContext": {
            "apiId": "a", "requestId": "r", "timeEpoch": time,
            "http": {"method": "GET", "path": "/v1/organizations", "sourceIp": "192.0.2.1"},
        },
    })
}

async fn is_authorized(world: &World, event: &Value) -> bool {
    let answer = world.stack.invoke("authorize-request", event).await.unwrap();
    answer["isAuthorized"].as_bool().unwrap()
}

#[test]
fn a_cookie_counts_with_the_mark_of_the_console_and_alone() {
    run_with(with_console(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let key = token(&key);
        let jwt = world.stack.issuer().token("alice", "alice@example.com", "alice");
        let web = world.web_client();
        web.sign_in("alice").await;
        let id = web.cookie("access-keys-session");
        let cookie = format!("access-keys-session={id}");
        let path = "/v1/organizations";
        let with = |headers: &[(&str, &str)]| {
            let with = |client: kit::Client, (name, value): &(&str, &str)| client.with_header(name, value);
            headers.iter().fold(world.anonymous(), with)
        };
        let (mark, good) = (("x-console-request", "1"), ("cookie", cookie.as_str()));
        with(&[mark, good]).get(path).await.expect(200);
        with(&[mark, good, ("sec-fetch-site", "same-origin")]).get(path).await.expect(200);
        let before = state(world);
        let two = format!("{cookie}; {cookie}");
        let another = format!("access-keys-session={}", "A".repeat(43));
        let (short, stray) = (&cookie[..cookie.len() - 1], format!("other={id}"));
        for (headers, why) in [
            (vec![good], "a cookie without the mark"),
            (vec![mark], "the mark without a cookie"),
            (vec![("x-console-request", "true"), good], "another value"),
            (vec![("x-console-request", ""), good], "an empty value"),
            (vec![mark, mark, good], "two marks"),
            (vec![mark, good, ("x-access-key", key)], "a cookie and a key"),
            (vec![mark, good, ("authorization", &format!("Bearer {jwt}"))], "a cookie and a JWT"),
            (vec![mark, good, ("authorization", "")], "a cookie and an empty credential"),
            (vec![mark, ("x-access-key", key)], "the mark and a key, without a cookie"),
            (vec![mark, good, ("sec-fetch-site", "cross-site")], "another site"),
            (vec![mark, good, ("sec-fetch-site", "same-site")], "another host of the site"),
            (vec![mark, good, ("sec-fetch-site", "none")], "a person's own doing"),
            (vec![mark, ("cookie", &two)], "two cookies"),
            (vec![mark, good, good], "two lines of cookies"),
            (vec![mark, ("cookie", short)], "a shorter id"),
            (vec![mark, ("cookie", &another)], "an id of nobody"),
            (vec![mark, ("cookie", &stray)], "another name"),
        ] {
            with(&headers).get(path).await.expect_forbidden_by_gateway();
            assert_eq!(with(&headers).get("/console/session").await.status, 401, "{why}");
            let out = with(&headers).post("/console/sign-out", json!(null)).await;
            let known = ["an id of nobody"].contains(&why);
            assert_eq!(out.status, if known { 200 } else { 403 }, "{why}");
        }
        let in_url = format!("{path}?t={key}");
        with(&[mark, good]).get(&in_url).await.expect_forbidden_by_gateway();
        // Without the mark, cookies do not exist: whoever also uses a key on this host is not disturbed.
        with(&[good, ("x-access-key", key)]).get("/v1/whoami").await.expect(200);
        with(&[good, ("authorization", &format!("Bearer {jwt}"))]).get(path).await.expect(200);
        assert!(state(world) == before, "something changed");
        web.session().await.expect(200);
    });
}

#[test]
fn a_session_counts_on_this_api_alone() {
    run_with(with_console(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let web = world.web_client();
        web.sign_in("alice").await;
        let now = world.stack.clock().now().as_millisecond();
        let mut good = event(&web, now);
        good["routeKey"] = json!("GET /v1/organizations/{organization_id}");
        good["rawPath"] = json!(organization.path);
        good["pathParameters"] = json!({"organization_id": organization.id});
        assert!(is_authorized(world, &good).await);
        let reads = || world.stack.calls().by_function("authorize-request").len();
        let before = reads();
        let mut other = good.clone();
        other.as_object_mut().unwrap().remove("stageVariables");
        assert!(!is_authorized(world, &other).await, "an API without the stage variable");
        other["stageVariables"] = json!({"sign_in_routes": "deny"});
        assert!(!is_authorized(world, &other).await);
        let mut as_header = good.clone();
        let cookies = as_header.as_object_mut().unwrap().remove("cookies").unwrap();
        as_header["headers"]["cookie"] = cookies[0].clone();
        assert!(!is_authorized(world, &as_header).await, "no gateway of payload 2.0 leaves it there");
        let rest = RestRequest::new("rest123", "GET", "/x", world.stack.clock().now());
        let cookie = cookies[0].as_str().unwrap();
        let rest = rest.header("x-console-request", "1").header("cookie", cookie);
        let refused = world.stack.invoke("authorize-request", &rest.authorizer_event()).await.unwrap_err();
        assert_eq!(refused.error_message, "Unauthorized");
        // Nor does payload 1.0 count with all that a request of the console has.
        let mut whole = rest.authorizer_event();
        whole["stageVariables"] = json!({"sign_in_routes": "allow"});
        whole["cookies"] = cookies.clone();
        let refused = world.stack.invoke("authorize-request", &whole).await.unwrap_err();
        assert_eq!(refused.error_message, "Unauthorized");
        assert_eq!(reads(), before, "nothing was read");
    });
}

#[test]
fn a_session_ends_at_its_second() {
    run_with(with_console(), async |world| {
        let web = world.web_client();
        web.sign_in("alice").await;
        let stored = world.items_of("SESSION");
        let expires_at = stored[0]["expires_at"].as_i64().unwrap();
        assert_eq!(expires_at - stored[0]["created_at"].as_i64().unwrap(), 8 * 3_600);
        for (milliseconds, authorized) in
            [(-1_001, true), (-1, true), (0, false), (1, false), (60_000, false)]
        {
            let event = event(&web, expires_at * 1_000 + milliseconds);
            assert_eq!(is_authorized(world, &event).await, authorized, "{milliseconds}");
            let mut shown = event.clone();
            shown["routeKey"] = json!("GET /console/session");
            shown["requestContext"]["routeKey"] = json!("GET /console/session");
            shown["requestContext"]["domainName"] = json!("localhost");
            let answer = world.stack.invoke("manage-session", &shown).await.unwrap();
            let status = if authorized { 200 } else { 401 };
            assert_eq!(answer["statusCode"], status, "{milliseconds}: {answer}");
        }
        world.travel(8 * 3_600);
        web.page().get("/v1/organizations").await.expect_forbidden_by_gateway();
        let late = web.sign_out(json!({"everywhere": true})).await;
        late.expect_problem(403, "forbidden");
    });
}

#[test]
fn a_session_of_an_issuer_or_claim_that_the_settings_name_no_more_counts_nowhere() {
    run_with(with_console(), async |world| {
        let web = world.web_client();
        web.sign_in("alice").await;
        let stored = world.items_of("SESSION").remove(0);
        let key = (stored["PK"].as_str().unwrap(), "SESSION");
        for (attribute, former) in [("issuer", "https://former.example"), ("subject_claim", "oid")] {
            let set = |value: &Value| world.set(key, attribute, &json!({"S": value}));
            set(&json!(former));
            web.page().get("/v1/organizations").await.expect_forbidden_by_gateway();
            web.session().await.expect(401);
            web.sign_out(json!({"everywhere": true})).await.expect_problem(403, "forbidden");
            set(&stored[attribute]);
            web.session().await.expect(200);
        }
    });
}

#[test]
fn a_session_may_do_what_a_sign_in_may_and_nothing_of_another_organization() {
    run_with(with_console(), async |world| {
        let (first, second) =
            (world.organization("alice", "flexible").await, world.organization("bob", "flexible").await);
        let web = world.web_client();
        web.sign_in("alice").await;
        let page = web.page();
        let machine =
            page.post(&format!("{}/users", first.path), json!({"kind": "machine", "name": "m"})).await;
        let machine = machine.expect(201)["user_id"].clone();
        let events = world.audit("user.created");
        assert_eq!(events.last().unwrap()["actor"]["name"], "alice", "{events:?}");
        let key = second.machine_key().await;
        let before = state(world);
        let mut asked = 0;
        // The rights of sign-ins have tests of their own, on every route.
        for (route, _, body, _) in api_cases().iter().filter(|case| case.0.contains('…')).step_by(3) {
            let (method, path) = filled(route, &second, &key);
            page.send(method, &path, Some(body.clone())).await.expect_forbidden_by_gateway();
            asked += 1;
        }
        assert!(asked > 10 && state(world) == before, "{asked}");
        let user = format!("{}/users/{}", first.path, machine.as_str().unwrap());
        page.get(&user).await.expect(200);
        // A person is suspended, removed and renamed as ever: the session holds no right of its own.
        let carol = first.join_as(world, "carol", "normal").await;
        let hers = world.web_client();
        hers.sign_in("carol").await;
        hers.page().get(&first.user_path("me")).await.expect(200);
        page.patch(&first.user_path(&carol), json!({"status": "suspended"})).await.expect(200);
        hers.page().get(&first.user_path("me")).await.expect_forbidden_by_gateway();
        hers.page().get("/v1/organizations").await.expect(200);
    });
}

#[test]
fn a_session_takes_one_read_more_than_its_sign_in_and_the_issuer_is_never_asked_again() {
    run_with(with_console(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let web = world.web_client();
        web.sign_in("alice").await;
        let path = organization.user_path("me");
        let counted = async |client: &kit::Client| {
            client.get(&path).await.expect(200);
            world.stack.calls().clear();
            client.get(&path).await.expect(200);
            let calls = world.stack.calls().by_function("authorize-request");
            calls.iter().map(|call| call.operation.clone()).collect::<Vec<_>>()
        };
        let by_jwt = counted(&organization.owner).await;
        let by_session = counted(&web.page()).await;
        assert_eq!(by_session, [&["GetItem".to_owned()], by_jwt.as_slice()].concat());
        assert_eq!((world.stack.issuer().userinfo_calls(), world.stack.issuer().token_calls()), (0, 1));
    });
}
