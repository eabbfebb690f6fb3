//! The authorizer of a REST API.

use kit::{Options, RestRequest, World, run, run_with};
use serde_json::{Value, json};

fn request(world: &World) -> RestRequest {
    RestRequest::new("rest123", "GET", "/clusters/7", world.stack.clock().now())
}

async fn authorize(world: &World, request: &RestRequest) -> Result<Value, String> {
    let answer = world.stack.invoke("authorize-request", &request.authorizer_event()).await;
    answer.map_err(|error| error.error_message)
}

#[test]
fn a_principal_is_no_text_of_a_tokens_choice() {
    run(async |world| {
        let issuer = world.stack.issuer();
        let mut claims = issuer.claims("x", "x@example.com", "x");
        claims["sub"] = json!("odd\n\0 subject");
        let token = issuer.sign(&issuer.header(), &claims);
        let (header, now) = (format!("Bearer {token}"), world.stack.clock().now());
        let request = RestRequest::new("rest123", "GET", "/v1/whoami", now).header("Authorization", &header);
        let mut event = request.authorizer_event();
        event["stageVariables"] = json!({"sign_in_routes": "allow"});
        let answer = world.stack.invoke("authorize-request", &event).await.unwrap();
        let principal = answer["principalId"].as_str().unwrap();
        assert!(principal.len() == 64 && principal.bytes().all(|c| c.is_ascii_hexdigit()), "{principal:?}");
    });
}

#[test]
fn a_rest_api_gets_a_policy_for_the_whole_api_and_stage() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let request = request(world).header("X-Access-Key", key["secret"]["token"].as_str().unwrap());
        let answer = authorize(world, &request).await.unwrap();
        let stage: Vec<_> = request.method_arn().split('/').take(2).map(str::to_owned).collect();
        assert_eq!(
            answer["policyDocument"],
            json!({
                "Version": "2012-10-17",
                "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": format!("{}/*", stage.join("/"))}],
            })
        );
        assert_eq!(answer["principalId"], key["user_id"]);
        assert_eq!(answer["context"]["organization_id"], json!(organization.id));
        assert!(answer["context"].as_object().unwrap().values().all(Value::is_string));
    });
}

#[test]
fn a_policy_names_its_method_alone_where_a_route_of_the_api_needs_a_permission() {
    let setting = r#"{"rest123 DELETE /clusters/7": "clusters:delete", "rest123 GET /secrets": "*"}"#;
    let parameters = [("RoutePermissions".to_owned(), setting.to_owned())].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let token = key["secret"]["token"].as_str().unwrap();
        let authorize = async |api: &str, method: &str, path: &str| {
            let request = RestRequest::new(api, method, path, world.stack.clock().now());
            let request = request.header("x-access-key", token);
            (request.method_arn(), authorize(world, &request).await)
        };
        for (method, path, effect) in [
            ("GET", "/clusters/7", "Allow"),
            ("DELETE", "/clusters/7", "Deny"),
            ("GET", "/secrets", "Deny"),
            ("HEAD", "/secrets", "Deny"),
            ("POST", "/secrets", "Allow"),
        ] {
            let (arn, answer) = authorize("rest123", method, path).await;
            let statement = &answer.unwrap()["policyDocument"]["Statement"];
            let expected = json!([{"Action": "execute-api:Invoke", "Effect": effect, "Resource": arn}]);
            assert_eq!(*statement, expected, "{method} {path}");
        }
        // As the resource of a policy, such a path would cover other methods.
        for path in ["/*", "/cluster?/7", "/${x}"] {
            assert_eq!(authorize("rest123", "GET", path).await.1.unwrap_err(), "Unauthorized", "{path}");
        }
        let (_, answer) = authorize("rest456", "GET", "/*").await;
        let resource = answer.unwrap()["policyDocument"]["Statement"][0]["Resource"].clone();
        assert_eq!(resource, "arn:aws:execute-api:us-east-1:000000000000:rest456/prod/*");
    });
}

#[test]
fn a_rest_api_distinguishes_bad_credentials_from_missing_rights() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 30).await;
        let token = key["secret"]["token"].as_str().unwrap();
        for bad in [
            request(world),
            request(world).header("x-access-key", "ak_x"),
            request(world).header("X-ACCESS-KEY", &token[..70]),
        ] {
            assert_eq!(authorize(world, &bad).await.unwrap_err(), "Unauthorized");
        }
        let doubled =
            request(world).header("x-access-key", token).header("Authorization", &format!("Bearer {token}"));
        assert_eq!(authorize(world, &doubled).await.unwrap_err(), "Unauthorized");
        let path = organization.user_path(&machine);
        organization.owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
        let denied = authorize(world, &request(world).header("x-access-key", token)).await.unwrap();
        assert_eq!(denied["policyDocument"]["Statement"][0]["Effect"], "Deny");
        assert_eq!(denied.get("context"), None);
    });
}

#[test]
fn an_odd_event_is_an_error() {
    run(async |world| {
        for event in [
            json!({}),
            json!({"version": "2.0"}),
            json!({"version": "2.0", "requestContext": {}}),
            json!([]),
            json!(null),
        ] {
            assert!(world.stack.invoke("authorize-request", &event).await.is_err(), "{event}");
        }
        let mut event = request(world).authorizer_event();
        event["requestContext"]["requestTimeEpoch"] = json!(0);
        assert!(world.stack.invoke("authorize-request", &event).await.is_err());
    });
}
