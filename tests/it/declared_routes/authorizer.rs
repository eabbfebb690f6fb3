//! What the authorizer makes of a declaration, on each kind of API.

use kit::{Effect, Fault, Options, RestRequest, Service, World, authorizer_event, run_with};
use serde_json::{Value, json};

use super::{API, Deployment, properties};
use crate::tokens::token;

const AUTHORIZER: &str = "authorize-request";

fn one_instance() -> Options {
    Options { instance_cap: 1, ..Options::default() }
}

/// Two keys: one of a machine that holds `clusters:read`, one of a machine that holds nothing.
async fn keys(world: &World) -> [Value; 2] {
    let organization = world.organization("alice", "flexible").await;
    organization.role("reader", &["clusters:read"]).await;
    let reader = organization.machine_with("reader", &["reader"]).await;
    let other = organization.machine("other").await;
    let keys = [organization.key(&reader, 9).await, organization.key(&other, 9).await];
    world.forget_organizations().await;
    keys
}

fn http_event(key: &Value, method: &str, route: &str, seconds: i64) -> Value {
    let mut event = authorizer_event(token(key), seconds);
    event["routeKey"] = json!(route);
    event["requestContext"]["http"]["method"] = json!(method);
    event
}

async fn passes(world: &World, event: &Value) -> bool {
    world.stack.invoke(AUTHORIZER, event).await.unwrap()["isAuthorized"].as_bool().unwrap()
}

fn now(world: &World) -> i64 {
    world.stack.clock().now().as_second()
}

fn reads(world: &World) -> usize {
    let calls = world.stack.calls().by_function(AUTHORIZER);
    calls.iter().filter(|call| call.operation == "GetItem").count()
}

#[test]
fn a_declared_http_api_refuses_allows_and_closes() {
    run_with(one_instance(), async |world| {
        let [reader, other] = &keys(world).await;
        let routes = json!({"GET /clusters": "clusters:read", "ANY /health": "caller"});
        let deployment = Deployment::new(world, "orders", API);
        let closed = properties(API, "deny", &routes);
        let id = deployment.create("1", "Routes", &closed).await.succeeded();
        let check = async |seconds: i64, undeclared: bool| {
            for (method, route, by_reader, by_other) in [
                ("GET", "GET /clusters", true, false),
                ("GET", "ANY /clusters", true, false),
                ("HEAD", "HEAD /clusters", true, false),
                ("HEAD", "ANY /clusters", true, false),
                ("POST", "ANY /health", true, true),
                ("POST", "POST /clusters", undeclared, undeclared),
                ("GET", "GET /other", undeclared, undeclared),
                ("GET", "$default", undeclared, undeclared),
            ] {
                for (key, expected) in [(reader, by_reader), (other, by_other)] {
                    let passes = passes(world, &http_event(key, method, route, seconds)).await;
                    assert_eq!(passes, expected, "{method} {route} {undeclared}");
                }
            }
        };
        let now = now(world);
        check(now, false).await;
        let open = properties(API, "caller", &routes);
        deployment.update("2", "Routes", &id, &open).await.succeeded();
        check(now + 10, true).await;
        deployment.delete("3", "Routes", &id, &open).await.succeeded();
        let request = http_event(other, "GET", "GET /clusters", now + 20);
        assert!(passes(world, &request).await, "nothing is declared any more");
    });
}

#[test]
fn a_change_takes_effect_within_ten_seconds_and_is_read_once_in_them() {
    run_with(one_instance(), async |world| {
        let [reader, other] = &keys(world).await;
        let now = now(world);
        let request = |key, after| http_event(key, "GET", "GET /clusters", now + after);
        world.stack.calls().clear();
        for after in [0, 1, 9] {
            assert!(passes(world, &request(other, after)).await, "nothing is declared");
        }
        assert_eq!(reads(world), 1, "that nothing is declared is kept too");
        let deployment = Deployment::new(world, "orders", API);
        let closed = properties(API, "deny", &json!({"GET /clusters": "clusters:read"}));
        let id = deployment.create("1", "Routes", &closed).await.succeeded();
        for (after, by_reader, by_other, read) in
            [(9, true, true, 1), (10, true, false, 2), (19, true, false, 2)]
        {
            assert_eq!(passes(world, &request(reader, after)).await, by_reader, "{after}");
            assert_eq!(passes(world, &request(other, after)).await, by_other, "{after}");
            assert_eq!(reads(world), read, "{after}");
        }
        deployment.delete("2", "Routes", &id, &closed).await.succeeded();
        assert!(!passes(world, &request(other, 19)).await);
        assert!(passes(world, &request(other, 20)).await);
        assert_eq!(reads(world), 3);
    });
}

#[test]
fn nothing_is_read_for_this_api_and_for_strangers() {
    run_with(one_instance(), async |world| {
        let [reader, _] = &keys(world).await;
        let client = world.key(token(reader));
        world.stack.calls().clear();
        client.get("/v1/whoami").await.expect(200);
        let wrong = http_event(reader, "GET", "GET /clusters", now(world));
        let mut stranger = wrong.clone();
        stranger["headers"] = json!({"x-access-key": "ak_7HcX2mPq9LwZtR4bK1nV_0000000000000000000000000000000000000000004MWDTL"});
        assert!(!passes(world, &stranger).await);
        assert_eq!(reads(world), 0);
        assert!(passes(world, &wrong).await);
        assert_eq!(reads(world), 1);
    });
}

#[test]
fn a_declaration_and_the_setting_must_both_be_satisfied() {
    let setting = r#"{"GET /clusters": "clusters:read", "GET /open": "*"}"#;
    let parameters = [("RoutePermissions".to_owned(), setting.to_owned())].into();
    run_with(Options { parameters, ..one_instance() }, async |world| {
        let [reader, other] = &keys(world).await;
        let routes = json!({"GET /clusters": "caller", "GET /open": "caller", "GET /b": "*"});
        let deployment = Deployment::new(world, "orders", API);
        deployment.create("1", "Routes", &properties(API, "deny", &routes)).await.succeeded();
        for (key, route, expected) in [
            (reader, "GET /clusters", true),
            (other, "GET /clusters", false),
            (reader, "GET /open", false),
            (reader, "GET /b", false),
            (reader, "GET /c", false),
        ] {
            assert_eq!(passes(world, &http_event(key, "GET", route, now(world))).await, expected, "{route}");
        }
    });
}

#[test]
fn what_cannot_be_read_is_an_error_and_never_open() {
    run_with(one_instance(), async |world| {
        let [reader, _] = &keys(world).await;
        let now = now(world);
        let request = |after| http_event(reader, "GET", "GET /clusters", now + after);
        assert!(passes(world, &request(0)).await);
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("GetItem");
        world.stack.faults().add(fault.function(AUTHORIZER));
        let mut rest = RestRequest::new(API, "GET", "/clusters", world.stack.clock().now());
        rest = rest.header("x-access-key", token(reader));
        let mut rest = rest.authorizer_event();
        rest["requestContext"]["requestTimeEpoch"] = json!((now + 10) * 1_000);
        for event in [&request(10), &rest] {
            let error = world.stack.invoke(AUTHORIZER, event).await.unwrap_err();
            assert_eq!(error.error_message, "could not decide");
        }
        world.stack.faults().clear();
        for odd in [json!({"L": []}), json!({"S": "x"}), json!({"L": [{"M": {"default": {"S": "open"}}}]})] {
            world.put(&json!({
                "PK": {"S": format!("ROUTES#{API}")}, "SK": {"S": "ROUTES"}, "stack_id": {"S": "s"},
                "requests": {"L": []}, "version": {"N": "1"}, "declarations": odd,
            }));
            let error = world.stack.invoke(AUTHORIZER, &request(20)).await.unwrap_err();
            assert_eq!(error.error_message, "could not decide");
        }
    });
}

#[test]
fn a_rest_apis_policy_names_its_method_alone_once_anything_is_declared() {
    run_with(one_instance(), async |world| {
        let [reader, other] = &keys(world).await;
        let start = now(world);
        let authorize = async |key: &Value, method: &str, path: &str, after: i64| {
            let request = RestRequest::new(API, method, path, world.stack.clock().now());
            let request = request.header("x-access-key", token(key));
            let (arn, mut event) = (request.method_arn(), request.authorizer_event());
            event["requestContext"]["requestTimeEpoch"] = json!((start + after) * 1_000);
            let answer = world.stack.invoke(AUTHORIZER, &event).await;
            (arn, answer.map(|answer| answer["policyDocument"]["Statement"][0].clone()))
        };
        let (arn, before) = authorize(other, "GET", "/clusters", 0).await;
        assert_ne!(before.unwrap()["Resource"], arn, "the whole stage");
        let routes = json!({"GET /clusters": "clusters:read"});
        let deployment = Deployment::new(world, "orders", API);
        deployment.set("OrdersApi", Some(API), "AWS::ApiGateway::RestApi", "CREATE_COMPLETE");
        deployment.create("1", "Routes", &properties(API, "deny", &routes)).await.succeeded();
        for (key, method, path, effect) in [
            (reader, "GET", "/clusters", "Allow"),
            (other, "GET", "/clusters", "Deny"),
            (reader, "HEAD", "/clusters", "Allow"),
            (other, "HEAD", "/clusters", "Deny"),
            (reader, "POST", "/clusters", "Deny"),
            (reader, "GET", "/other", "Deny"),
        ] {
            let (arn, answer) = authorize(key, method, path, 10).await;
            let statement = answer.unwrap();
            assert_eq!(
                (&statement["Effect"], &statement["Resource"]),
                (&json!(effect), &json!(arn)),
                "{method} {path}"
            );
        }
        let open = properties(API, "caller", &routes);
        let id =
            world.item(&format!("ROUTES#{API}"), "ROUTES").unwrap()["declarations"][0]["physical_id"].clone();
        deployment.update("2", "Routes", id.as_str().unwrap(), &open).await.succeeded();
        let (_, wildcard) = authorize(reader, "GET", "/*", 20).await;
        assert_eq!(wildcard.unwrap_err().error_message, "Unauthorized");
        for (path, effect, after) in [
            ("/other", "Allow", 20),
            ("/clusters", "Deny", 20),
            ("/clusters", "Deny", 29),
            ("/clusters", "Allow", 30),
        ] {
            if after == 29 {
                deployment.delete("3", "Routes", id.as_str().unwrap(), &open).await.succeeded();
            }
            let (_, answer) = authorize(other, "GET", path, after).await;
            assert_eq!(answer.unwrap()["Effect"], effect, "{path} after {after} seconds");
        }
    });
}

#[test]
fn a_websocket_api_declares_its_connect_route() {
    run_with(one_instance(), async |world| {
        const CHAT: &str = "w1x2y3z4a5";
        let [reader, other] = &keys(world).await;
        let start = now(world);
        let connect = async |key: &Value, after: i64| {
            let sample = include_str!("../../events/authorize-request-websocket.json");
            let mut event: Value = serde_json::from_str(sample).unwrap();
            event["requestContext"]["requestTimeEpoch"] = json!((start + after) * 1_000);
            event["headers"] = json!({"x-access-key": token(key)});
            event["multiValueHeaders"] = json!({"x-access-key": [token(key)]});
            let answer = world.stack.invoke(AUTHORIZER, &event).await.unwrap();
            let statement = &answer["policyDocument"]["Statement"][0];
            (statement["Effect"].clone(), statement["Resource"].as_str().unwrap().ends_with("/$connect"))
        };
        assert_eq!(connect(other, 0).await, (json!("Allow"), false));
        let deployment = Deployment::new(world, "chat", CHAT);
        let routes = json!({"$connect": "clusters:read"});
        let id = deployment.create("1", "Routes", &properties(CHAT, "deny", &routes)).await.succeeded();
        assert_eq!(connect(reader, 10).await, (json!("Allow"), true));
        assert_eq!(connect(other, 10).await, (json!("Deny"), true));
        deployment.update("2", "Routes", &id, &properties(CHAT, "deny", &json!({}))).await.succeeded();
        assert_eq!(connect(reader, 20).await, (json!("Deny"), true));
        deployment.delete("3", "Routes", &id, &properties(CHAT, "deny", &json!({}))).await.succeeded();
        assert_eq!(connect(other, 29).await, (json!("Deny"), true));
        assert_eq!(connect(other, 30).await, (json!("Allow"), false));
    });
}
