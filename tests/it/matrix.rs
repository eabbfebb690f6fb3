//! Every route of the template and every kind of caller, with the answer that each must get.
//!
//! `MATRIX_CELLS` says how many of the cells are tried: a number, or `all` as in `.ci/run`.

mod callers;
mod escalation;
mod fixtures;
mod routes;

use std::collections::BTreeSet;

use domain::access::rules;
use kit::{Answer, Client, Options, Organization, run_with};
use reqwest::Method;
use serde_json::json;

use callers::{CALLERS, Caller, Expected};
pub(crate) use fixtures::state;
use fixtures::{Fixtures, Resources};
use routes::{Case, To, ToAll, ToAnybody, ToGithub, ToMembers, ToSessions, ToSignIns};
pub(crate) use routes::{api_cases, cases};

/// A public key of GitHub, whose private key nobody has here.
const GITHUB_KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\nHzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n-----END PUBLIC KEY-----\n";

async fn send(
    client: &Client,
    organization: &Organization,
    resources: &Resources,
    case: &Case,
    unique: &str,
) -> Answer {
    let (method, path) = case.0.split_once(' ').unwrap();
    let path = path
        .replace('…', &organization.path)
        .replace("{user_id}", &resources.user_id)
        .replace("{key_id}", &resources.key_id)
        .replace("{message_id}", &resources.message_id)
        .replace("{role}", &resources.label)
        .replace("{group}", &resources.label);
    let body = serde_json::from_str(&case.2.to_string().replace("{unique}", unique)).unwrap();
    client.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, Some(body)).await
}

/// Returns the cases to try with the caller at a position, so that a share has every caller and every route.
fn share_of(cases: &[Case], caller: usize) -> impl Iterator<Item = &Case> {
    let all = cases.len() * CALLERS.len();
    let step = all.div_ceil(kit::share::matrix_cells().max(1));
    cases
        .iter()
        .enumerate()
        .filter(move |(case, _)| (case + caller).is_multiple_of(step))
        .map(|(_, case)| case)
}

fn check(cell: &str, case: &Case, expected: Expected, answer: &Answer) {
    let code = answer.body["code"].as_str();
    let right = match expected {
        Expected::Refused => answer.status == 403 && answer.body == json!({"message": "Forbidden"}),
        Expected::Forbidden => answer.status == 403 && code == Some("forbidden"),
        Expected::Conflict => answer.status == 409 && code == Some("conflict"),
        Expected::Done => answer.status == case.3 && code.is_none(),
    };
    assert!(right, "{cell}: expected {expected:?}, not {} {}", answer.status, answer.body);
}

#[test]
fn every_caller_is_answered_on_every_route_as_the_table_of_rights_says() {
    let github = ("GithubPublicKeys".to_owned(), json!({"k1": GITHUB_KEY}).to_string());
    let options = Options { instance_cap: 1, parameters: [github].into(), ..Options::default() };
    run_with(options, async |world| {
        let mut fixtures = Fixtures {
            world,
            made: 0,
            organization: world.organization("alice", "flexible").await,
            suspended: world.organization("sam", "flexible").await,
            foreign: world.organization("bob", "flexible").await,
        };
        let (organization, suspended) = (fixtures.organization.clone(), fixtures.suspended.clone());
        let cases = cases();

        suspended.role("all", &["*"]).await;
        let mut shut = fixtures.resources(&suspended, true).await;
        let roles = json!({"roles": ["all", shut.label]});
        suspended.owner.patch(&suspended.user_path(&shut.user_id), roles).await.expect(200);
        shut.person = suspended.owner.clone();
        suspended.owner.patch(&suspended.path, json!({"status": "suspended"})).await.expect(200);

        let (bare, other) =
            (fixtures.resources(&organization, true).await, fixtures.resources(&organization, false).await);
        let stopped = fixtures.resources(&organization, false).await;
        let path = organization.user_path(&stopped.user_id);
        organization.owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
        let (person, machine) =
            (fixtures.resources(&organization, false).await, fixtures.resources(&organization, true).await);
        let mut keys = std::collections::BTreeMap::new();
        for (_, permission, _) in rules() {
            // A route without a permission is closed to holders of all permissions too.
            let permission = if permission.is_empty() { "*" } else { permission };
            if !keys.contains_key(permission) {
                keys.insert(permission, fixtures.key_with(permission).await);
            }
        }

        world.forget_organizations().await;
        for (position, caller) in CALLERS.into_iter().enumerate() {
            let before = state(world);
            let (done, refused): (Vec<_>, Vec<_>) =
                share_of(&cases, position).partition(|case| caller.expects(case.0, case.1) == Expected::Done);
            let (refusals, nothing_is_done) = (refused.len(), done.is_empty());
            for (asked, case) in refused.into_iter().chain(done).enumerate() {
                if asked == refusals {
                    assert!(state(world) == before, "{caller:?} was refused, and yet something changed");
                }
                let expected = caller.expects(case.0, case.1);
                let changes = expected == Expected::Done && !case.0.starts_with("GET");
                let mut made = Vec::new();
                let (home, mut resources) = match caller {
                    Caller::OwnerOfTheSuspended | Caller::KeyOfTheSuspended => (&suspended, shut.clone()),
                    Caller::SuspendedPerson | Caller::SuspendedPersonsKey => (&organization, stopped.clone()),
                    Caller::KeyWithoutAboutItself => (&organization, bare.clone()),
                    _ if changes => {
                        let about_machine = caller.is_about_a_machine();
                        let resources = fixtures.resources(&organization, about_machine).await;
                        made.push(resources.label.clone());
                        (&organization, resources)
                    }
                    _ if caller.is_about_a_machine() => (&organization, machine.clone()),
                    _ => (&organization, person.clone()),
                };
                if case.0.starts_with("PUT") && expected == Expected::Done {
                    resources.label = fixtures.unique();
                    made.push(resources.label.clone());
                }
                let permission = match case.1 {
                    To(action) => rules().find(|(listed, ..)| *listed == action).unwrap().1,
                    ToAll | ToMembers | ToAnybody | ToGithub | ToSessions | ToSignIns => "*",
                };
                let with = &keys[if permission.is_empty() { "*" } else { permission }];
                let anonymous = world.anonymous();
                let client = match caller {
                    Caller::Nobody => &anonymous,
                    Caller::Themselves | Caller::SuspendedPerson | Caller::OwnerOfTheSuspended => {
                        &resources.person
                    }
                    Caller::AnotherNormalUser => &other.person,
                    Caller::OwnerAboutAPerson | Caller::OwnerAboutAMachine => &organization.owner,
                    Caller::KeyWithoutAboutAPerson | Caller::KeyWithoutAboutItself => &bare.key,
                    Caller::KeyWithAboutAPerson | Caller::KeyWithAboutAMachine => with,
                    Caller::OwnerOfAnotherOrganization => &fixtures.foreign.owner,
                    Caller::SuspendedPersonsKey | Caller::KeyOfTheSuspended => &resources.key,
                };
                let unique = format!("u{}", fixtures.made);
                let answer = send(client, home, &resources, case, &unique).await;
                let cell = format!("{caller:?}, {} {}", case.0, case.2);
                check(&cell, case, expected, &answer);
                // An organization has at most 100 roles and 100 groups.
                for label in made {
                    for kind in ["roles", "groups"] {
                        organization.owner.delete(&format!("{}/{kind}/{label}", organization.path)).await;
                    }
                }
            }
            if nothing_is_done {
                assert!(state(world) == before, "{caller:?} was refused, and yet something changed");
            }
        }
    });
}

#[test]
fn the_matrix_has_every_route_of_the_template_and_every_action_of_the_table() {
    let template = include_str!("../../template.yaml");
    let routes = template.lines().filter_map(|line| {
        let (_, rest) = line.split_once("Method: ")?;
        let (method, rest) = rest.split_once(", Path: \"")?;
        Some(format!(
            "{method} {}",
            rest.split('"').next()?.replace("/v1/organizations/{organization_id}", "…")
        ))
    });
    let routes: BTreeSet<String> = routes.collect();
    assert_eq!(routes.len(), template.matches("Type: HttpApi\n").count());
    let cases = cases();
    assert_eq!(routes, cases.iter().map(|case| case.0.to_owned()).collect());
    for (action, ..) in rules() {
        let open = |case: &Case| matches!(case.1, To(listed) if listed == action);
        assert!(cases.iter().any(open), "no route is open to {action:?}");
    }
}
