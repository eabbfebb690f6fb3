//! The OpenAPI document, as clients get it.

use kit::{Options, run, run_with};
use serde_json::Value;

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
        let committed: Value =
            serde_json::from_str(include_str!("../../infra/openapi/openapi.json")).unwrap();
        assert_eq!(document["paths"], committed["paths"]);
    });
}

#[test]
fn a_client_that_has_the_document_gets_it_again_only_if_it_asks_so() {
    run(async |world| {
        let first = world.anonymous().get(PATH).await;
        let tag = first.header("etag").to_owned();
        assert_eq!(first.header("content-encoding"), "");
        let known = world.anonymous().with_header("if-none-match", &tag).get(PATH).await;
        assert_eq!(
            (known.header("etag"), known.header("cache-control")),
            (tag.as_str(), "public, max-age=300")
        );
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
    });
}
