//! Requests of a session while it ends, and while its person loses what they may do.

use kit::{run_with, with_console};
use reqwest::Method;
use serde_json::json;

const PATH: &str = "/v1/organizations";

/// The read of the session by the authorizer.
const SESSION_READ: (&str, &str, u64) = ("authorize-request", "GetItem", 1);

#[test]
fn a_request_that_is_decided_after_an_answered_sign_out_is_refused() {
    run_with(with_console(), async |world| {
        for body in [json!({}), json!({"everywhere": true})] {
            let (web, other) = (world.web_client(), world.web_client());
            web.sign_in("alice").await;
            other.sign_in("alice").await;
            let page = web.page();
            page.get(PATH).await.expect(200);
            // The authorizer has the request before the sign-out, and reads the session after its answer.
            let sign_out = async { web.sign_out(body.clone()).await.expect(200) };
            let (raced, _) = world.while_held(SESSION_READ, page.get(PATH), sign_out).await;
            raced.expect_forbidden_by_gateway();
            let left = if body["everywhere"] == true { 403 } else { 200 };
            assert_eq!(other.page().get(PATH).await.status, left);
        }
    });
}

#[test]
fn sessions_end_one_by_one_while_a_person_signs_out_everywhere_and_all_by_its_answer() {
    run_with(with_console(), async |world| {
        let mut hers = Vec::new();
        for _ in 0..4 {
            let web = world.web_client();
            web.sign_in("alice").await;
            hers.push(web);
        }
        let pages: Vec<_> = hers.iter().map(kit::WebClient::page).collect();
        let working = async || {
            let mut working = 0;
            for page in &pages {
                working += usize::from(page.get(PATH).await.status == 200);
            }
            working
        };
        let third = ("manage-session", "DeleteItem", 3);
        let meanwhile = async {
            let late = world.web_client();
            late.sign_in("bob").await;
            (working().await, late)
        };
        let sign_out = hers[0].sign_out(json!({"everywhere": true}));
        let (_, (still_working, late)) = world.while_held(third, sign_out, meanwhile).await;
        assert_eq!((still_working, working().await), (2, 0));
        late.session().await.expect(200);
        assert_eq!(world.items_of("SESSION").len(), 1, "nobody else is signed out");

        // A session that begins before the others are looked for ends with them.
        let (first, second) = (world.web_client(), world.web_client());
        first.sign_in("alice").await;
        let search = ("manage-session", "Query", 1);
        let sign_out = first.sign_out(json!({"everywhere": true}));
        let (out, _) = world.while_held(search, sign_out, second.sign_in("alice")).await;
        out.expect(200);
        second.session().await.expect(401);
    });
}

#[test]
fn a_session_may_do_no_more_than_its_person_at_this_request() {
    run_with(with_console(), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let me = organization.user_path("me");
        let (removed, leaving, owner) = (world.web_client(), world.web_client(), world.web_client());
        let carol = organization.join_as(world, "carol", "normal").await;
        organization.join_as(world, "dave", "normal").await;
        for (web, person) in [(&removed, "carol"), (&leaving, "dave"), (&owner, "alice")] {
            web.sign_in(person).await;
            web.page().get(&me).await.expect(200);
        }
        // Removed while the authorizer is about to read the session. Only this call is held, and none of the removal.
        let removal = async { organization.owner.delete(&organization.user_path(&carol)).await.expect(204) };
        let page = removed.page();
        let (raced, _) = world.while_held(SESSION_READ, page.get(&me), removal).await;
        raced.expect_forbidden_by_gateway();
        removed.session().await.expect(200);
        assert_eq!(removed.page().get(PATH).await.expect(200)["items"], json!([]));

        // People leave with their session, as with a JWT, and it shows nothing of the organization then.
        leaving.page().delete(&me).await.expect(204);
        leaving.page().get(&me).await.expect_forbidden_by_gateway();
        assert_eq!(leaving.page().get(PATH).await.expect(200)["items"], json!([]));

        // In a suspended organization an owner's session reads and lifts alone.
        let page = owner.page();
        page.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        // The authorizer keeps organizations for ten seconds.
        world.travel(11);
        page.get(&organization.path).await.expect(200);
        page.patch(&me, json!({"name": "Alice"})).await.expect_forbidden_by_gateway();
        page.patch(&organization.path, json!({"status": "active"})).await.expect(200);
        world.travel(22);
        page.get(&me).await.expect(200);
    });
}

#[test]
fn no_answer_lets_another_origin_send_or_read() {
    assert!(!include_str!("../../../template.yaml").contains("Cors"), "the gateway answers preflights");
    run_with(with_console(), async |world| {
        let web = world.web_client();
        web.sign_in("alice").await;
        let page = web.page().with_header("origin", "https://evil.example");
        let asks = page.with_header("access-control-request-method", "POST");
        let asks = asks.with_header("access-control-request-headers", "x-console-request");
        for path in [PATH, "/console/session", "/console/sign-out", "/console/sign-in"] {
            for method in [Method::OPTIONS, Method::GET, Method::POST] {
                let answer = asks.send(method.clone(), path, Some(json!({"name": ""}))).await;
                let cors = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(cors, None, "{method} {path}");
                let refused = method != Method::OPTIONS || answer.status == 404;
                assert!(refused, "{method} {path}: {}", answer.status);
            }
        }
        web.session().await.expect(200);
    });
}
