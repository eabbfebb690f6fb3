//! Rules over `template.yaml`, and over the template of the rotation in a consumer's account.

use std::collections::{BTreeMap, BTreeSet};

use local::template::{FunctionDeclaration, declared_functions};

use super::{functions, read};

/// The document with one row for each route.
const ROUTES: &str = "functions/README.md";

fn declared() -> Vec<FunctionDeclaration> {
    declared_functions(&read("template.yaml")).unwrap()
}

fn declared_for_consumers() -> Vec<FunctionDeclaration> {
    declared_functions(&read("infra/rotation/template.yaml")).unwrap()
}

fn all_declared() -> impl Iterator<Item = FunctionDeclaration> {
    declared().into_iter().chain(declared_for_consumers())
}

#[test]
fn every_function_is_a_resource_of_exactly_one_template_and_the_reverse() {
    let folders = functions();
    let mut resources: Vec<_> = all_declared().map(|function| function.resource).collect();
    resources.sort();
    let mut expected: Vec<_> = folders.iter().map(|name| pascal_case(name) + "Function").collect();
    expected.sort();
    assert_eq!(resources, expected);
    assert_eq!(all_declared().map(|function| function.name).collect::<BTreeSet<_>>(), folders);
    let of_consumers: Vec<_> = declared_for_consumers().into_iter().map(|function| function.name).collect();
    assert_eq!(of_consumers, ["rotate-secret"]);
}

fn pascal_case(name: &str) -> String {
    name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

#[test]
fn each_function_may_do_what_it_needs_and_a_change_is_seen() {
    let permissions = |function: FunctionDeclaration| {
        let actions: BTreeSet<String> =
            function.permissions.into_iter().map(|permission| permission.action).collect();
        assert!(actions.iter().all(|action| !action.contains('*')), "{}: {actions:?}", function.name);
        (function.name, actions)
    };
    insta::assert_json_snapshot!(all_declared().map(permissions).collect::<BTreeMap<_, _>>());
}

#[test]
fn the_boundary_allows_what_functions_may_do_and_writing_logs_alone() {
    let functions = declared();
    for function in &functions {
        for permission in &function.permissions {
            let included = function.boundary.iter().any(|limit| limit.includes(permission));
            assert!(included, "{} may not {permission:?} by its boundary", function.name);
        }
    }
    let of_boundary = functions.iter().flat_map(|function| &function.boundary);
    let of_boundary: BTreeSet<&str> = of_boundary.map(|permission| permission.action.as_str()).collect();
    let of_functions = functions.iter().flat_map(|function| &function.permissions);
    let of_functions: BTreeSet<&str> = of_functions.map(|permission| permission.action.as_str()).collect();
    let more: Vec<_> = of_boundary.difference(&of_functions).copied().collect();
    assert_eq!(more, ["logs:CreateLogStream", "logs:PutLogEvents"]);
}

#[test]
fn every_route_of_the_template_has_a_row_in_the_readme_and_the_reverse() {
    let routes: BTreeSet<String> = declared()
        .into_iter()
        .flat_map(|function| function.routes)
        .map(|route| route.replace("/v1/organizations/{organization_id}", "…"))
        .collect();
    let readme = read(ROUTES);
    let rows = readme.lines().filter(|line| line.starts_with("| `"));
    let documented: BTreeSet<String> = rows
        .flat_map(|row| row.split(" | ").next().unwrap_or_default().split('`').skip(1).step_by(2))
        .filter(|code| {
            ["GET ", "POST ", "PUT ", "PATCH ", "DELETE "].iter().any(|method| code.starts_with(method))
        })
        .map(|code| code.split('?').next().unwrap_or_default().to_owned())
        .collect();
    assert!(routes.len() > 20);
    assert_eq!(routes.difference(&documented).collect::<Vec<_>>(), [] as [&String; 0], "have no row");
    assert_eq!(documented.difference(&routes).collect::<Vec<_>>(), [] as [&String; 0], "have a row alone");
}

/// An environment variable that a function takes from a parameter has the parameter's name.
#[test]
fn an_environment_variable_is_named_after_its_parameter() {
    let template = read("template.yaml");
    let (parameters, resources) = template.split_once("\nConditions:\n").unwrap();
    let mut checked = 0;
    for line in resources.lines() {
        let Some((variable, parameter)) = line.trim().split_once(": !Ref ") else { continue };
        let is_variable = variable
            .chars()
            .all(|character| character.is_ascii_uppercase() || "_0123456789".contains(character));
        if is_variable && parameters.contains(&format!("\n  {parameter}:\n")) {
            // The settings of the authorizer's calls have the names of everybody's.
            let of_authorizer = parameter.strip_prefix("Authorizer").map(screaming_snake_case);
            let named =
                variable == screaming_snake_case(parameter) || of_authorizer.as_deref() == Some(variable);
            assert!(named, "{variable} of {parameter}");
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

/// Returns the throttles of the routes.
fn route_settings(template: &str) -> &str {
    let settings = template.split("\n      RouteSettings:\n").nth(1).unwrap();
    settings.split("\n      AccessLogSettings:\n").next().unwrap()
}

/// Returns the lines of the throttles, without comments.
fn limits_of_routes(template: &str) -> String {
    let lines = route_settings(template).lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let both = |line: &str| {
        line.replace("ThrottlingRateLimit: !Ref", "rate").replace("ThrottlingBurstLimit: !Ref", "burst")
    };
    lines.map(both).collect::<Vec<_>>().join("\n")
}

/// Returns the lines of each function by its resource, and under `Function` those of `Globals`, which all functions
/// share. Declarations hold no conditions and no environment, so the text is read.
fn functions_in(template: &str) -> BTreeMap<&str, Vec<&str>> {
    let (mut of_function, mut resource) = (BTreeMap::<_, Vec<_>>::new(), "");
    for line in template.lines() {
        if line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':') {
            resource = line.trim().trim_end_matches(':');
        }
        of_function.entry(resource).or_default().push(line.trim());
    }
    of_function.retain(|resource, _| resource.ends_with("Function"));
    of_function
}

#[test]
fn each_function_reaches_its_partitions_and_has_its_settings_and_a_change_is_seen() {
    let template = read("template.yaml");
    let is_setting = |line: &&&str| {
        let is_name =
            |name: &str| name.bytes().all(|c| c.is_ascii_uppercase() || b"_0123456789".contains(&c));
        line.split_once(": ").is_some_and(|(name, _)| is_name(name))
    };
    // Without partitions a function reaches all of the table, or nothing of it.
    let shown = functions_in(&template).into_iter().map(|(resource, lines)| {
        let settings: Vec<_> = lines.iter().filter(is_setting).collect();
        let mut partitions: Vec<_> = lines.iter().filter(|line| line.contains("LeadingKeys")).collect();
        partitions.sort_unstable();
        (resource, serde_json::json!({"settings": settings, "partitions": partitions}))
    });
    insta::assert_json_snapshot!(shown.collect::<BTreeMap<_, _>>());
}

#[test]
fn items_end_by_their_ttl() {
    let line = "\n      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }\n";
    assert!(read("template.yaml").contains(line));
}

#[test]
fn a_failed_run_of_notices_is_not_started_again_before_the_next_tick() {
    let template = read("template.yaml");
    let function = &functions_in(&template)["NotifyExpiringKeysFunction"];
    for line in ["MaximumRetryAttempts: 0", "RetryPolicy: { MaximumRetryAttempts: 0 }"] {
        assert!(function.contains(&line), "{line}");
    }
}

#[test]
fn each_parameter_has_its_bounds_and_a_change_is_seen() {
    let template = read("template.yaml");
    let parameters = template.split("\nParameters:\n").nth(1).unwrap();
    let parameters = parameters.split("\nConditions:\n").next().unwrap();
    let is_shown = |line: &&str| {
        let is_name = !line.starts_with("   ") && line.ends_with(':');
        is_name || ["Default:", "Min", "Max", "Allowed"].iter().any(|start| line.trim().starts_with(start))
    };
    insta::assert_snapshot!(parameters.lines().filter(is_shown).collect::<Vec<_>>().join("\n"));
}

fn screaming_snake_case(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_uppercase());
    }
    text
}

#[test]
fn each_route_without_an_authorizer_has_a_throttle_of_its_own() {
    let template = read("template.yaml");
    let open = |line: &&str| line.contains("Auth: { Authorizer: NONE }");
    let part = |line: &str, begin: &str| {
        line.split(begin).nth(1).unwrap().split(['"', ',']).next().unwrap().to_owned()
    };
    let routes: BTreeSet<String> = template
        .lines()
        .filter(open)
        .map(|line| format!("{} {}", part(line, "Method: "), part(line, "Path: \"")))
        .collect();
    let throttle = |line: &str| {
        let (route, limits) = line.trim().split_once(": {")?;
        let both = ["ThrottlingRateLimit: !Ref ", "ThrottlingBurstLimit: !Ref "];
        both.iter().all(|limit| limits.contains(limit)).then(|| route.to_owned())
    };
    let is_list = |line: &&str| {
        ["!Ref ListThrottlingLimit", "!Ref InboxThrottlingLimit"].iter().any(|limit| line.contains(limit))
    };
    let (lists, settings): (Vec<_>, Vec<_>) = route_settings(&template).lines().partition(is_list);
    let throttled: BTreeSet<String> = settings.into_iter().filter_map(throttle).collect();
    assert_eq!(routes.len(), 10);
    // Revoking is the one other route but lists: a flood never keeps anybody from it.
    let others: Vec<_> = throttled.difference(&routes).map(String::as_str).collect();
    assert_eq!(others, ["POST /v1/organizations/{organization_id}/access-keys/{key_id}/revoke"]);
    let lists: BTreeSet<String> = lists.into_iter().filter_map(throttle).collect();
    let declared_routes: BTreeSet<String> =
        declared().into_iter().flat_map(|function| function.routes).collect();
    assert_eq!((lists.len(), lists.difference(&declared_routes).count()), (8, 0));
    assert!(throttled.is_superset(&routes));
    insta::assert_snapshot!("limits_of_routes", limits_of_routes(&template));
}
