//! Parameters that change which resources of the template the functions use.

use kit::{DAY, Options, World, run_with};
use serde_json::json;

const KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555";
const PEPPER: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:kept-pepper-AbCdEf";

/// Gives the template parameters, and replaces a text in it wherever it stands.
///
/// The template is given as text, so that the grants of these roles are not counted as the repository's.
fn with(parameters: &[(&str, &str)], (from, to): (&str, &str)) -> Options {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    assert!(template.contains(from), "{from}");
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Options {
        template: Some(template.replace(from, to)),
        parameters: parameters.collect(),
        ..Options::default()
    }
}

fn refused(world: &World, function: &str) -> Vec<String> {
    let calls = world.stack.calls().by_function(function).into_iter();
    calls
        .filter(|call| call.status.is_some_and(|status| !status.is_success()))
        .map(|call| call.operation)
        .collect()
}

#[test]
fn the_functions_use_an_existing_table_pepper_and_key_and_ses_of_another_region() {
    let parameters = [
        ("TableName", "access-keys-restored"),
        ("FormerTableName", "access-keys"),
        ("PepperArn", PEPPER),
        ("PepperAdminArn", "arn:aws:iam::000000000000:role/auditor"),
        ("KmsKeyArn", KEY),
        ("SesRegion", "eu-west-1"),
    ];
    run_with(with(&parameters, ("", "")), async |world| {
        for function in world.stack.functions().filter(|function| *function != "rotate-secret") {
            let variables = world.stack.variables(function).unwrap();
            assert_eq!(variables["TABLE_NAME"], "access-keys-restored", "{function}");
            assert!(variables.get("PEPPER_SECRET_ID").is_none_or(|id| id == PEPPER), "{function}");
        }
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        let key = organization.key(&machine, 31).await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect(200);
        let rotated =
            client.post(&format!("{}/access-keys/current/rotate", organization.path), json!(null)).await;
        let rotated = rotated.expect(200);
        let token = rotated["secret"]["token"].as_str().unwrap();
        world.key(token).get("/v1/whoami").await.expect(200);
        let asked = world.anonymous().post("/v1/introspect", json!({"token": token})).await.expect(200);
        assert_eq!(asked["active"], true);
        world.travel(2 * DAY);
        world.notify().await;
        assert!(!world.stack.emails().is_empty());
        for function in world.stack.functions() {
            assert_eq!(refused(world, function), [] as [String; 0], "{function}");
        }
    });
}

#[test]
fn a_role_names_the_region_of_ses() {
    let own = ("!If [HasSesRegion, !Ref SesRegion, !Ref AWS::Region]", "!Ref AWS::Region");
    run_with(with(&[("SesRegion", "eu-west-1")], own), async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 31).await;
        world.travel(2 * DAY);
        world.notify().await;
        assert!(refused(world, "notify-expiring-keys").contains(&"SendRawEmail".to_owned()));
        assert_eq!(world.stack.emails().len(), 0);
    });
}

#[test]
fn a_role_needs_the_key_of_the_table_and_of_the_pepper() {
    let policy = ("        - !If [HasKmsKey, !Ref UseKmsKey, !Ref AWS::NoValue]\n", "");
    run_with(with(&[("KmsKeyArn", KEY)], policy), async |world| {
        let created = world.person("alice").post("/v1/organizations", json!({"name": "a"})).await;
        assert_eq!(created.status, 500);
        assert!(!refused(world, "authorize-request").is_empty());
    });
}
