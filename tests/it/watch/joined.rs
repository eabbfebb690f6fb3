//! The lines of a request are joined by `request_id`: the gateway's, the authorizer's and the handler's.

use std::collections::BTreeSet;

use kit::{Answer, Effect, Fault, RestRequest, Service, World, log_lines::OF_REQUEST, run};
use serde_json::{Value, json};

use super::{filters, lines, lines_of, log_group, values};

fn sample_event(function: &str) -> Value {
    let path = format!("{}/events/{function}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns the line of a request in the gateway's access log.
fn access_log_line(world: &World, request_id: &str) -> Value {
    let lines = world.stack.access_log();
    let parsed = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let [line] =
        parsed.filter(|line| line["requestId"] == request_id).collect::<Vec<_>>().try_into().unwrap();
    line
}

/// Returns the id in the gateway's answer, after its line in the access log is seen to have it.
fn request_id(world: &World, answer: &Answer) -> String {
    let id = answer.header("apigw-requestid").to_owned();
    assert_eq!(access_log_line(world, &id)["status"], answer.status.to_string());
    id
}

/// Returns the one line of a request, which is this function's and has all ids.
fn the_line(world: &World, request_id: &str, function: &str) -> Value {
    let lines = lines_of(&world.stack, request_id);
    let [(of, line)] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(of, function, "{line}");
    for name in OF_REQUEST {
        assert!(line[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {line}");
    }
    assert_eq!((&line["api_id"], &line["source_ip"]), (&json!("local"), &json!("127.0.0.1")), "{line}");
    // The gateway names the invocation too.
    let of_gateway = access_log_line(world, request_id);
    let invocation =
        if function == "authorize-request" { "authorizerRequestId" } else { "integrationRequestId" };
    assert_eq!(line["lambda_request_id"], of_gateway[invocation], "{of_gateway}");
    assert_eq!(line["trace_id"].as_str().map(|id| (&id[..2], id.len())), Some(("1-", 35)), "{line}");
    line.clone()
}

#[test]
fn a_refused_a_failing_and_an_allowed_request_are_joined_by_their_ids() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let token = key["secret"]["token"].as_str().unwrap();
        let client = world.key(token);
        let caller = |line: &Value| {
            let expected = (organization.id.as_str(), key["user_id"].as_str(), key["key_id"].as_str());
            let ids = ["organization_id", "user_id", "key_id"].map(|name| line[name].as_str());
            assert_eq!((ids[0], ids[1], ids[2]), (Some(expected.0), expected.1, expected.2), "{line}");
        };

        // An allowed request writes no line, in the authorizer as in the handler.
        let allowed = client.get("/v1/whoami").await;
        assert_eq!(allowed.status, 200);
        assert_eq!(lines_of(&world.stack, &request_id(world, &allowed)), []);

        let refused = client.get("/v1/organizations/0000000000000000").await;
        assert_eq!(refused.status, 403);
        let line = the_line(world, &request_id(world, &refused), "authorize-request");
        assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("refused a request")));
        assert_eq!((&line["reason"], &line["Refusals"]), (&json!("not_a_member"), &json!(1)));
        assert_eq!(line["route"], "GET /v1/organizations/{organization_id}");
        caller(&line);

        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("BatchGetItem");
        world.stack.faults().add(fault.function("authorize-request"));
        let failing = client.get("/v1/whoami").await;
        world.stack.faults().clear();
        assert_eq!(failing.status, 500);
        let line = the_line(world, &request_id(world, &failing), "authorize-request");
        assert_eq!((&line["level"], &line["Failures"]), (&json!("ERROR"), &json!(1)));
        assert_eq!(line["message"], "could not decide on a request");
        assert_eq!((&line["route"], &line["key_id"]), (&json!("GET /v1/whoami"), &key["key_id"]));

        // The handler's own refusals and failures.
        let owner = &organization.owner;
        let refused = owner.patch(&organization.path, json!({"name": 7})).await;
        assert_eq!(refused.status, 400);
        let line = the_line(world, &request_id(world, &refused), "manage-organization");
        assert_eq!((&line["level"], &line["code"]), (&json!("INFO"), &json!("invalid_request")));
        assert_eq!(line["organization_id"], organization.id.as_str());
        assert_eq!((line.get("key_id"), line["user_id"].as_str().map(str::len)), (None, Some(12)));

        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).function("get-access-key");
        world.stack.faults().add(fault);
        let path = format!("{}/access-keys/current", organization.path);
        let failing = client.get(&path).await;
        assert_eq!(failing.status, 503);
        let line = the_line(world, &request_id(world, &failing), "get-access-key");
        assert_eq!((&line["level"], &line["Failures"]), (&json!("ERROR"), &json!(1)));
        caller(&line);

        let points = super::datapoints(&world.stack);
        assert_eq!(values(&points, "Refusals", &[("reason", "not_a_member")]), [1.0]);
        assert_eq!(values(&points, "Failures", &[]), [1.0, 1.0]);
        assert_eq!(values(&points, "Failures", &[("function", "get-access-key")]), [1.0]);
        // No metric is by tenant, user or key.
        assert!(points.iter().all(|point| point.namespace == "local"), "the stack's name");
        let split_by: BTreeSet<_> = points.iter().flat_map(|point| point.dimensions.keys()).collect();
        assert_eq!(split_by.into_iter().collect::<Vec<_>>(), ["function", "reason"]);

        // Each metric filter selects a line of a failure, and none of a refusal.
        for filter in filters() {
            let of_group = lines(&world.stack).into_iter();
            let of_group = of_group.filter(|(function, _)| log_group(function) == filter.log_group);
            let selected = of_group.filter(|(_, line)| filter.pattern.selects(line));
            let levels: Vec<_> = selected.map(|(_, line)| line.contains(r#""level":"ERROR""#)).collect();
            assert_eq!(levels, [true], "{filter:?}");
        }
    });
}

#[test]
fn requests_without_a_caller_and_of_other_kinds_of_apis_have_their_ids() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let token = key["secret"]["token"].as_str().unwrap().to_owned();
        let nobody = world.anonymous().get("/v1/whoami").await;
        let line = the_line(world, &request_id(world, &nobody), "authorize-request");
        assert_eq!(line["reason"], "no_credential");
        assert_eq!(
            (line.get("organization_id"), line.get("user_id"), line.get("key_id")),
            (None, None, None)
        );

        // An open route has no caller and no authorizer.
        let refused = world.anonymous().post("/v1/introspect", json!({"tokens": 7})).await;
        assert_eq!(refused.status, 400);
        let line = the_line(world, &request_id(world, &refused), "introspect-token");
        assert_eq!((&line["route"], line.get("user_id")), (&json!("POST /v1/introspect"), None));

        let request = RestRequest::new("rest123", "GET", "/clusters/7", world.stack.clock().now());
        let request = request.header("x-access-key", &format!("{token}x"));
        let mut event = request.authorizer_event();
        event["requestContext"]["requestId"] = json!("of a REST API");
        let error = world.stack.invoke("authorize-request", &event).await.unwrap_err();
        assert_eq!(error.error_message, "Unauthorized");
        let [(_, line)] = &lines_of(&world.stack, "of a REST API")[..] else { panic!() };
        assert_eq!((&line["level"], &line["api_id"]), (&json!("INFO"), &json!("rest123")));
        assert_eq!(line["reason"], "malformed");
        assert_eq!(line["source_ip"], event["requestContext"]["identity"]["sourceIp"]);
        assert!(line["route"].as_str().unwrap().starts_with("GET /clusters/"), "{line}");

        // The bench compares a refusal with a function that writes a line as long.
        let mut event = sample_event("authorize-request");
        event["headers"] = json!({"x-access-key": "ak_malformed"});
        event["requestContext"]["requestId"] = json!("another request=");
        event["requestContext"]["timeEpoch"] = json!(world.stack.clock().now().as_millisecond());
        world.stack.invoke("authorize-request", &event).await.unwrap();
        let written = lines(&world.stack).pop().unwrap().1;
        let floor = include_str!("../../bench/floors/logging/src/main.rs");
        let parts = floor.split("r#\"").skip(1).map(|rest| rest.split("\"#").next().unwrap());
        let floor: String = parts.collect();
        assert_eq!(floor.len(), written.len(), "{floor}\n{written}");

        // An event that lacks something is a failure, and still has what it holds.
        let mut event = sample_event("authorize-request");
        event["requestContext"].as_object_mut().unwrap().remove("timeEpoch");
        world.stack.invoke("authorize-request", &event).await.unwrap_err();
        let context = &event["requestContext"];
        let [(_, line)] = &lines_of(&world.stack, context["requestId"].as_str().unwrap())[..] else {
            panic!()
        };
        assert_eq!((&line["level"], &line["api_id"]), (&json!("ERROR"), &context["apiId"]));
        assert_eq!(line["causes"], "the event has no requestContext.timeEpoch");
        assert_eq!((&line["route"], &line["source_ip"]), (&event["routeKey"], &context["http"]["sourceIp"]));
    });
}

#[test]
fn events_that_are_not_as_the_gateway_writes_them_are_joined_to_the_lines_that_say_so() {
    run(async |world| {
        let stack = &world.stack;
        let mut event = sample_event("get-access-key");
        event["requestContext"]["authorizer"]["lambda"]["user_kind"] = json!("root");
        let answer = stack.invoke("get-access-key", &event).await.unwrap();
        assert_eq!(answer["statusCode"], 500);
        let [(_, line)] = &lines_of(stack, event["requestContext"]["requestId"].as_str().unwrap())[..] else {
            panic!()
        };
        assert!(line["level"] == "ERROR" && line["lambda_request_id"].is_string(), "{line}");

        for payload in [json!(null), json!([]), json!({"time": "2026-01-01T00:00:00Z"})] {
            let error = stack.invoke("describe-caller", &payload).await.unwrap_err();
            assert_eq!(error.error_type, "NotAnEvent");
        }
        let mut hostile = sample_event("describe-caller");
        hostile["headers"]["host"] = json!("no host");
        assert_eq!(stack.invoke("describe-caller", &hostile).await.unwrap()["statusCode"], 200);
        hostile["rawQueryString"] = json!("a=\"<b> c");
        assert_eq!(stack.invoke("describe-caller", &hostile).await.unwrap()["statusCode"], 400);
        hostile["body"] = json!("no base64");
        hostile["isBase64Encoded"] = json!(true);
        assert_eq!(stack.invoke("describe-caller", &hostile).await.unwrap()["statusCode"], 400);
        let lines = stack.logs().by_function("describe-caller");
        let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let lines: Vec<_> = lines.iter().filter(|line| line["message"] != "started an instance").collect();
        assert_eq!(lines.len(), 5, "no instance ended: {lines:?}");
        assert!(lines.iter().all(|line| line["lambda_request_id"].is_string()), "{lines:?}");
        assert!(lines[3..].iter().all(|line| line["request_id"].is_string()), "{lines:?}");
    });
}
