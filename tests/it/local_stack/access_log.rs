//! The lines of the access log, which are JSON whatever a request holds.

use kit::{Fault, Options, When, World, run, run_with};
use serde_json::Value;

/// Returns the lines since the last call.
fn lines(world: &World, seen: &mut usize) -> Vec<Value> {
    let all = world.stack.access_log();
    let new = all[*seen..].iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    *seen = all.len();
    new
}

#[test]
fn each_request_has_one_line_of_json() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let mut seen = world.stack.access_log().len();
        let mut one = async |path: &str, status: u16| {
            let answer = client.get(path).await;
            assert_eq!(answer.status, status, "{path}");
            let [line] = lines(world, &mut seen).try_into().unwrap();
            assert_eq!(line["requestId"], answer.header("apigw-requestid"), "{path}");
            assert_eq!(line["status"], status.to_string(), "{path}");
            assert!(line["latency"].as_str().unwrap().parse::<u64>().is_ok(), "{line}");
            line
        };
        let passed = one("/v1/whoami", 200).await;
        assert_eq!((&passed["routeKey"], &passed["error"]), (&"GET /v1/whoami".into(), &"-".into()));
        assert_eq!(passed["keyId"], key["key_id"]);
        assert_eq!(passed["userId"], key["user_id"]);
        assert_eq!(passed["organizationId"], organization.id.as_str());
        assert_eq!((&passed["sourceIp"], &passed["authorizerError"]), (&"127.0.0.1".into(), &"-".into()));
        assert_eq!((&passed["httpMethod"], &passed["authorizerStatus"]), (&"GET".into(), &"200".into()));
        assert!(passed["authorizerLatency"].as_str().unwrap().parse::<u64>().is_ok(), "{passed}");
        assert_ne!(passed["integrationRequestId"], passed["authorizerRequestId"]);

        let refused = one("/v1/organizations/0000000000000000", 403).await;
        assert_eq!((&refused["error"], &refused["keyId"]), (&"Forbidden".into(), &"-".into()));
        assert_eq!(
            (&refused["integrationLatency"], &refused["integrationRequestId"]),
            (&"-".into(), &"-".into())
        );
        let of_authorizer = world.stack.logs().by_function("authorize-request").pop().unwrap();
        let of_authorizer: Value = serde_json::from_str(&of_authorizer).unwrap();
        assert_eq!(of_authorizer["lambda_request_id"], refused["authorizerRequestId"]);
        let unknown = one("/v1/nowhere", 404).await;
        assert_eq!((&unknown["error"], &unknown["routeKey"]), (&"Not Found".into(), &"-".into()));

        world.stack.faults().add(Fault::no_instance("describe-caller").when(When::Nth(1)));
        let failed = one("/v1/whoami", 503).await;
        assert_eq!((&failed["error"], &failed["keyId"]), (&"Service Unavailable".into(), &key["key_id"]));
        assert_eq!(failed["integrationError"], "Rate Exceeded.");
        world.stack.faults().add(Fault::no_instance("authorize-request").when(When::Nth(1)));
        let failed = one("/v1/whoami", 500).await;
        assert_eq!((&failed["authorizerError"], &failed["keyId"]), (&"Rate Exceeded.".into(), &"-".into()));
        assert_eq!(failed["authorizerStatus"], "500");
        world.stack.faults().add(Fault::throttled_route("GET /v1/whoami").when(When::Nth(1)));
        assert_eq!(one("/v1/whoami", 429).await["error"], "Too Many Requests");
    });
}

#[test]
fn a_hostile_request_leaves_one_line_of_json_and_each_value_in_its_place() {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    assert!(!template.contains("context.path"));
    let more = r#"{"path":"$context.path","requestId""#;
    let template = template.replacen(r#"{"requestId""#, more, 1);
    run_with(Options { template: Some(template), ..Options::default() }, async |world| {
        let agents =
            [r#"","status":"200","x":""#, "\\\"}\t{\"", "$context.authorizer.user_id ${jndi:ldap://x}"];
        let paths =
            ["/v1/whoami", "/v1/whoami/%22%7D%0A\"marker\"", "/v1/$context.path/marker", "/v1/%00/'marker\\"];
        let mut seen = world.stack.access_log().len();
        for agent in agents {
            for path in paths {
                let client = world.anonymous().with_header("user-agent", agent);
                let client = client.with_header("authorization", "Bearer marker");
                let status = client.get(&format!("{path}?marker")).await.status;
                let [mut line] = lines(world, &mut seen).try_into().unwrap();
                let fields = line.as_object_mut().unwrap();
                assert_eq!(fields.remove("userAgent").unwrap(), agent);
                let logged = fields.remove("path").unwrap().as_str().unwrap().to_owned();
                assert_eq!(logged.contains("marker"), path.contains("marker"), "{logged}");
                assert_eq!(fields["status"], status.to_string(), "{agent} {path}");
                assert_eq!(fields.len(), 19);
                // Neither the path nor the query nor another header is anywhere else.
                assert!(!line.to_string().contains("marker"), "{line}");
            }
        }
    });
}
