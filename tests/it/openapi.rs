//! The OpenAPI document, as clients get it.

use kit::{Answer, Options, contract_faults, run, run_with};
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

const PATH: &str = "/v1/openapi.json";

#[test]
fn anybody_reads_the_document_with_the_url_and_prefix_of_this_deployment() {
    let parameters = [("KeyPrefix".to_owned(), "acme".to_owned())].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let answer = world.anonymous().get(PATH).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert_eq!(answer.header("vary"), "accept-encoding");
        let document = answer.expect(200);
        assert_eq!(document["servers"][0]["url"], world.stack.url());
        let text = document.to_string();
        assert!(text.contains("`acme_<key id>") && !text.contains("`ak_") && text.contains("leak_reported"));
    });
}

#[test]
fn a_client_that_has_the_document_gets_it_again_only_if_it_asks_so() {
    run(async |world| {
        let first = world.anonymous().get(PATH).await;
        let tag = first.header("etag").to_owned();
        assert_eq!(first.header("content-encoding"), "");
        let committed: Value =
            serde_json::from_str(include_str!("../../infra/openapi/openapi.json")).unwrap();
        assert!(first.expect(200)["paths"] == committed["paths"], "the served document is another one");
        let known = world.anonymous().with_header("if-none-match", &tag).get(PATH).await;
        assert_eq!(
            (known.header("etag"), known.header("cache-control")),
            (tag.as_str(), "public, max-age=300")
        );
        // Without a media type API Gateway would add `text/plain`.
        assert_eq!(known.header("content-type"), "application/json");
        known.expect(304);
        world.anonymous().with_header("if-none-match", "\"1\"").get(PATH).await.expect(200);
        world.anonymous().get("/v1/openapi.json?a=b").await.expect_invalid("a", "is not a parameter");
    });
}

#[test]
fn the_document_is_compressed_for_clients_that_take_it() {
    run(async |world| {
        let plain = world.anonymous().get(PATH).await;
        let gzip = world.anonymous().with_header("accept-encoding", "br, gzip;q=0.5").get(PATH).await;
        assert_eq!(gzip.header("content-encoding"), "gzip");
        assert_ne!(gzip.header("etag"), plain.header("etag"));
        assert_eq!(gzip.expect(200), plain.expect(200));
    });
}

#[test]
fn the_url_of_a_deployment_has_its_stage_unless_that_is_the_default() {
    run(async |world| {
        let mut event: Value = serde_json::from_str(include_str!("../events/describe-api.json")).unwrap();
        for (stage, end) in [("$default", ""), ("prod", "/prod")] {
            event["requestContext"]["stage"] = stage.into();
            let answer = world.stack.invoke("describe-api", &event).await.unwrap();
            let document: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            let url = format!("https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com{end}");
            assert_eq!(document["servers"][0]["url"], url);
        }
        event["requestContext"]["domainName"] = "API.example.com".into();
        let answer = world.stack.invoke("describe-api", &event).await.unwrap();
        let document: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(document["servers"][0]["url"], "https://api.example.com/prod");
        for (member, odd, status) in [
            ("domainName", "", 400),
            ("domainName", "a\", \"x\": \"", 400),
            ("stage", "a/b", 500),
            ("stage", "\"", 500),
        ] {
            let mut event = event.clone();
            event["requestContext"][member] = odd.into();
            let answer = world.stack.invoke("describe-api", &event).await.unwrap();
            assert_eq!(answer["statusCode"], status, "{member} {odd}");
        }
    });
}

#[test]
#[should_panic(
    expected = "the OpenAPI document does not describe an answer to GET /v1/who, 500: no such operation"
)]
fn an_answer_that_the_document_does_not_describe_fails_the_test_that_gets_it() {
    let template = include_str!("../../template.yaml").replace("\"/v1/whoami\"", "\"/v1/who\"");
    run_with(Options { template: Some(template), ..Options::default() }, async |world| {
        world.person("alice").get("/v1/who").await;
    });
}

/// Makes an answer as a function would give it.
fn answer(status: u16, media_type: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let usual = [("content-type", media_type), ("cache-control", "no-store")];
    let given = headers.iter().copied().chain(usual);
    let headers: HeaderMap = given
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
        .collect();
    Answer { status, headers, body }
}

#[test]
fn an_answer_that_the_document_does_not_describe_is_found_with_all_its_faults() {
    const JSON: &str = "application/json";
    const PROBLEM: &str = "application/problem+json";
    let recorded: Value = serde_json::from_str(include_str!("../../infra/openapi/examples.json")).unwrap();
    let good = |operation: &str| recorded["operations"][operation]["answer"].clone();
    let role = "/v1/organizations/5kTq8ZrW1bXc7NvM/roles/deployer";
    let permissions = "/v1/organizations/5kTq8ZrW1bXc7NvM/access-keys/7HcX2mPq9LwZtR4bK1nV/permissions";
    let with = |mut value: Value, pointer: &str, name: &str| {
        value.pointer_mut(pointer).unwrap()[name] = "hushed".into();
        value
    };
    let tag = ("etag", "\"1\"");
    let problem = recorded["problems"]["not_found"].clone();
    let mut unavailable = problem.clone();
    for (name, value) in [("status", json!(503)), ("code", json!("unavailable"))] {
        unavailable[name] = value;
    }
    for (path, answer, faults) in [
        (role, answer(200, JSON, &[tag], good("get_role")), 0),
        (role, answer(200, JSON, &[], good("get_role")), 1),
        (role, answer(200, JSON, &[tag, ("cache-control", "public")], good("get_role")), 1),
        (role, answer(200, JSON, &[("etag", "1")], with(good("get_role"), "", "more")), 2),
        (role, answer(200, JSON, &[tag, ("retry-after", "1")], good("get_role")), 1),
        (role, answer(200, "text/plain", &[tag], good("get_role")), 1),
        (role, answer(202, JSON, &[tag], good("get_role")), 1),
        (role, answer(404, PROBLEM, &[], problem.clone()), 0),
        (role, answer(404, PROBLEM, &[], with(problem.clone(), "", "more")), 1),
        (role, answer(404, PROBLEM, &[], with(problem.clone(), "", "code")), 1),
        (role, answer(404, JSON, &[], json!({ "message": "Not Found" })), 0),
        (role, answer(404, JSON, &[], json!({ "message": "Not Found", "more": 1 })), 2),
        (role, answer(404, PROBLEM, &[], json!({ "message": "Not Found" })), 7),
        (role, answer(503, PROBLEM, &[("retry-after", "1")], unavailable.clone()), 0),
        (role, answer(503, PROBLEM, &[], unavailable), 1),
        (role, answer(503, JSON, &[], json!({ "message": "Service Unavailable" })), 0),
        ("/v1/nothing", answer(404, JSON, &[], json!({ "message": "Not Found" })), 0),
        ("/v1/nothing", answer(404, PROBLEM, &[], problem), 1),
        (permissions, answer(200, JSON, &[], good("explain_access_key")), 0),
        (permissions, answer(200, JSON, &[], with(good("explain_access_key"), "/items/0", "more")), 1),
        (
            permissions,
            answer(200, JSON, &[], with(good("explain_access_key"), "/items/0/sources/0", "more")),
            1,
        ),
        ("/v1/whoami", answer(200, JSON, &[], with(good("describe_caller"), "", "more")), 1),
        ("/v1/openapi.json", answer(200, JSON, &[tag], json!({})), 2),
    ] {
        let found = contract_faults(&Method::GET, path, &answer);
        assert_eq!(found.len(), faults, "{path} {answer:?}: {found:?}");
        assert!(!found.iter().any(|fault| fault.contains("hushed")), "{found:?}");
    }
}
