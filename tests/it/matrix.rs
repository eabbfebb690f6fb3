//! Every route of the template and everybody who may come, with what each is answered.

use std::collections::BTreeSet;

use domain::access::{Action, Extent, rules};
use kit::{Answer, Client, Item, Options, Organization, World, run_with};
use reqwest::Method;
use serde_json::{Value, json};

/// Whom a route is open to.
#[derive(Clone, Copy)]
pub(crate) enum Open {
    /// Whoever signs in.
    ToSignIns,
    /// Whoever is known.
    ToAll,
    /// Whoever comes: what is sent is the proof.
    ToAnybody,
    /// Whom the table of rights names.
    To(Action),
}
use Open::{To, ToAll, ToAnybody, ToSignIns};

/// A request of a route, what it takes and the status of its success.
pub(crate) type Case = (&'static str, Open, Value, u16);

pub(crate) fn cases() -> Vec<Case> {
    let key = || json!({"name": "new", "expires_in_days": 1});
    let machine = json!({"kind": "machine", "name": "new"});
    let owner = json!({"kind": "owner", "name": "new", "email": "new-{unique}@example.com"});
    let role = json!({"permissions": []});
    let none = Value::Null;
    vec![
        ("POST /v1/organizations", ToSignIns, json!({"name": "new"}), 201),
        ("GET /v1/organizations", ToSignIns, none.clone(), 200),
        ("GET /v1/whoami", ToAll, none.clone(), 200),
        ("POST /v1/introspect", ToAnybody, json!({"token": "{unique}"}), 200),
        ("POST /v1/leaked-keys", ToAnybody, json!({"tokens": ["{unique}"]}), 202),
        ("GET …", To(Action::ReadOrganization), none.clone(), 200),
        ("PATCH …", To(Action::WriteOrganization), json!({"name": "{unique}"}), 200),
        ("POST …/policy-preview", To(Action::WriteOrganization), json!({"policy": "strict"}), 200),
        ("POST …/users", To(Action::WriteUser), machine, 201),
        ("POST …/users", To(Action::MakeOwner), owner, 201),
        ("GET …/users", To(Action::ListUsers), none.clone(), 200),
        ("GET …/users/{user_id}", To(Action::ReadUser), none.clone(), 200),
        ("PATCH …/users/{user_id}", To(Action::WriteProfile), json!({"name": "{unique}"}), 200),
        ("PATCH …/users/{user_id}", To(Action::WriteUser), json!({"status": "active"}), 200),
        ("DELETE …/users/{user_id}", To(Action::WriteUser), none.clone(), 204),
        ("PUT …/roles/{role}", To(Action::WriteRoles), role, 200),
        ("GET …/roles", To(Action::ReadRoles), none.clone(), 200),
        ("GET …/roles/{role}", To(Action::ReadRoles), none.clone(), 200),
        ("DELETE …/roles/{role}", To(Action::WriteRoles), none.clone(), 204),
        ("PUT …/groups/{group}", To(Action::WriteRoles), json!({"roles": []}), 200),
        ("GET …/groups", To(Action::ReadRoles), none.clone(), 200),
        ("GET …/groups/{group}", To(Action::ReadRoles), none.clone(), 200),
        ("DELETE …/groups/{group}", To(Action::WriteRoles), none.clone(), 204),
        ("POST …/users/{user_id}/access-keys", To(Action::CreateKey), key(), 201),
        ("GET …/users/{user_id}/access-keys", To(Action::ReadKey), none.clone(), 200),
        ("GET …/access-keys", To(Action::ListKeys), none.clone(), 200),
        ("GET …/access-keys/{key_id}", To(Action::ReadKey), none.clone(), 200),
        ("GET …/access-keys/{key_id}/permissions", To(Action::ReadKey), none.clone(), 200),
        ("PATCH …/access-keys/{key_id}", To(Action::WriteKey), json!({"name": "{unique}"}), 200),
        ("PATCH …/access-keys/{key_id}", To(Action::EndKey), json!({"active": false}), 200),
        ("POST …/access-keys/{key_id}/rotate", To(Action::RotateKey), json!({"overlap_seconds": 60}), 200),
        ("POST …/access-keys/{key_id}/revoke", To(Action::EndKey), none.clone(), 200),
        ("DELETE …/access-keys/{key_id}", To(Action::EndKey), none.clone(), 204),
        ("GET …/audit-events", To(Action::ReadAudit), none.clone(), 200),
        ("GET …/users/{user_id}/inbox", To(Action::ReadInbox), none.clone(), 200),
        ("PATCH …/users/{user_id}/inbox/{message_id}", To(Action::ReadInbox), json!({"state": "read"}), 200),
        ("DELETE …/users/{user_id}/inbox/{message_id}", To(Action::ReadInbox), none, 204),
    ]
}

/// Who comes, and whose thing the request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Nobody,
    /// A normal user, about what is theirs.
    Themselves,
    /// Another normal user, about what is a normal user's.
    AnotherNormalUser,
    OwnerAboutAPerson,
    OwnerAboutAMachine,
    KeyWithoutAboutAPerson,
    KeyWithoutAboutItself,
    KeyWithAboutAPerson,
    KeyWithAboutAMachine,
    OwnerOfAnotherOrganization,
    SuspendedPerson,
    SuspendedPersonsKey,
    OwnerOfTheSuspended,
    KeyOfTheSuspended,
}

const CALLERS: [Caller; 14] = [
    Caller::Nobody,
    Caller::Themselves,
    Caller::AnotherNormalUser,
    Caller::OwnerAboutAPerson,
    Caller::OwnerAboutAMachine,
    Caller::KeyWithoutAboutAPerson,
    Caller::KeyWithoutAboutItself,
    Caller::KeyWithAboutAPerson,
    Caller::KeyWithAboutAMachine,
    Caller::OwnerOfAnotherOrganization,
    Caller::SuspendedPerson,
    Caller::SuspendedPersonsKey,
    Caller::OwnerOfTheSuspended,
    Caller::KeyOfTheSuspended,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The gateway's `Forbidden`.
    Refused,
    /// The function's `forbidden`.
    Forbidden,
    Done,
}

impl Caller {
    const fn comes_with_a_key(self) -> bool {
        matches!(
            self,
            Self::KeyWithoutAboutAPerson
                | Self::KeyWithoutAboutItself
                | Self::KeyWithAboutAPerson
                | Self::KeyWithAboutAMachine
                | Self::SuspendedPersonsKey
                | Self::KeyOfTheSuspended
        )
    }

    const fn is_about_a_machine(self) -> bool {
        matches!(
            self,
            Self::OwnerAboutAMachine
                | Self::KeyWithoutAboutItself
                | Self::KeyWithAboutAMachine
                | Self::KeyOfTheSuspended
        )
    }

    fn expects(self, route: &str, open: Open) -> Expected {
        let reach = match open {
            To(action) => rules().find(|(listed, ..)| *listed == action).unwrap().2,
            ToAnybody => return Expected::Done,
            ToAll | ToSignIns => return self.expects_outside(open),
        };
        let done = match self {
            Self::OwnerOfTheSuspended if matches!(route, "GET …" | "PATCH …") => true,
            Self::Nobody
            | Self::OwnerOfAnotherOrganization
            | Self::SuspendedPerson
            | Self::SuspendedPersonsKey
            | Self::OwnerOfTheSuspended
            | Self::KeyOfTheSuspended => return Expected::Refused,
            Self::Themselves => reach != Extent::Organization,
            Self::KeyWithoutAboutItself => reach == Extent::OwnOrMachinesOrItself,
            Self::AnotherNormalUser | Self::KeyWithoutAboutAPerson => false,
            Self::OwnerAboutAPerson | Self::KeyWithAboutAPerson => {
                matches!(reach, Extent::Organization | Extent::OrOwn)
            }
            Self::OwnerAboutAMachine | Self::KeyWithAboutAMachine => reach != Extent::Own,
        };
        if done { Expected::Done } else { Expected::Forbidden }
    }

    /// Routes without an organization, where a sign-in passes whatever became of its users.
    fn expects_outside(self, open: Open) -> Expected {
        match self {
            Self::Nobody | Self::SuspendedPersonsKey | Self::KeyOfTheSuspended => Expected::Refused,
            _ if self.comes_with_a_key() && matches!(open, ToSignIns) => Expected::Forbidden,
            _ => Expected::Done,
        }
    }
}

/// Somebody of an organization, with one of everything that a route can be about.
#[derive(Clone)]
struct Subject {
    user_id: String,
    key_id: String,
    message_id: String,
    label: String,
    person: Client,
    key: Client,
}

/// The cast: an organization with its people and keys, one that is suspended, and a third.
struct Cast<'a> {
    world: &'a World,
    made: usize,
    organization: Organization,
    suspended: Organization,
    foreign: Organization,
}

impl Cast<'_> {
    fn unique(&mut self) -> String {
        self.made += 1;
        format!("n{}", self.made)
    }

    async fn subject(&mut self, organization: &Organization, is_machine: bool) -> Subject {
        let label = self.unique();
        let (owner, path) = (&organization.owner, &organization.path);
        owner.put(&format!("{path}/roles/{label}"), json!({"permissions": []})).await.expect(200);
        owner.put(&format!("{path}/groups/{label}"), json!({"roles": []})).await.expect(200);
        let person = self.world.person(&label);
        let (user_id, by) = if is_machine {
            (organization.machine(&label).await, owner)
        } else {
            (organization.invite(&label).await, &person)
        };
        let body = json!({"name": "key", "expires_in_days": 30});
        let key = by.post(&organization.keys_of(&user_id), body).await.expect(201);
        owner.patch(&organization.user_path(&user_id), json!({"roles": [label]})).await.expect(200);
        let message_id = message_of(self.world, &user_id);
        let (key_id, key) = (key["key_id"].as_str().unwrap().to_owned(), client(self.world, &key));
        Subject { user_id, key_id, message_id, label, person, key }
    }

    /// Makes a machine with a role of this permission, and comes with its key.
    async fn key_with(&mut self, permission: &str) -> Client {
        let name = self.unique();
        self.organization.role(&name, &[permission]).await;
        let machine = self.organization.machine_with(&name, &[&name]).await;
        client(self.world, &self.organization.key(&machine, 30).await)
    }
}

fn client(world: &World, key: &Value) -> Client {
    world.key(key["secret"]["token"].as_str().unwrap())
}

fn message_of(world: &World, user_id: &str) -> String {
    let key = format!("USER#{user_id}");
    let messages = world.items_of("INBOX#");
    // Machines are told nothing, and nobody reads their inbox: any name does.
    let message = messages.iter().find(|message| message["PK"] == key.as_str());
    let id = message.map_or("01K00000000000000000000000", |message| message["message_id"].as_str().unwrap());
    id.to_owned()
}

/// Reads all that is stored, except when keys were last used.
pub(crate) fn state(world: &World) -> Vec<Item> {
    let mut items = world.items();
    for item in &mut items {
        item.remove("last_used_at");
    }
    items.sort_by_key(|item| format!("{} {}", item["PK"], item["SK"]));
    items
}

async fn ask(
    client: &Client,
    organization: &Organization,
    subject: &Subject,
    case: &Case,
    unique: &str,
) -> Answer {
    let (method, path) = case.0.split_once(' ').unwrap();
    let path = path
        .replace('…', &organization.path)
        .replace("{user_id}", &subject.user_id)
        .replace("{key_id}", &subject.key_id)
        .replace("{message_id}", &subject.message_id)
        .replace("{role}", &subject.label)
        .replace("{group}", &subject.label);
    let body = serde_json::from_str(&case.2.to_string().replace("{unique}", unique)).unwrap();
    client.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, Some(body)).await
}

fn check(cell: &str, case: &Case, expected: Expected, answer: &Answer) {
    let code = answer.body["code"].as_str();
    let right = match expected {
        Expected::Refused => answer.status == 403 && answer.body == json!({"message": "Forbidden"}),
        Expected::Forbidden => answer.status == 403 && code == Some("forbidden"),
        Expected::Done => answer.status == case.3 && code.is_none(),
    };
    assert!(right, "{cell}: expected {expected:?}, not {} {}", answer.status, answer.body);
}

#[test]
fn everybody_is_answered_on_every_route_as_the_table_of_rights_says() {
    let options = Options { instance_cap: 1, ..Options::default() };
    run_with(options, async |world| {
        let mut cast = Cast {
            world,
            made: 0,
            organization: world.organization("alice", "flexible").await,
            suspended: world.organization("sam", "flexible").await,
            foreign: world.organization("bob", "flexible").await,
        };
        let (organization, suspended) = (cast.organization.clone(), cast.suspended.clone());
        let cases = cases();

        suspended.role("all", &["*"]).await;
        let mut shut = cast.subject(&suspended, true).await;
        let roles = json!({"roles": ["all", shut.label]});
        suspended.owner.patch(&suspended.user_path(&shut.user_id), roles).await.expect(200);
        shut.person = suspended.owner.clone();
        suspended.owner.patch(&suspended.path, json!({"status": "suspended"})).await.expect(200);

        let (bare, other) =
            (cast.subject(&organization, true).await, cast.subject(&organization, false).await);
        let stopped = cast.subject(&organization, false).await;
        let path = organization.user_path(&stopped.user_id);
        organization.owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
        let (person, machine) =
            (cast.subject(&organization, false).await, cast.subject(&organization, true).await);
        let mut keys = std::collections::BTreeMap::new();
        for (_, permission, _) in rules() {
            // What no permission opens is not open to the holder of all of them either.
            let permission = if permission.is_empty() { "*" } else { permission };
            if !keys.contains_key(permission) {
                keys.insert(permission, cast.key_with(permission).await);
            }
        }

        world.forget_organizations().await;
        for caller in CALLERS {
            let before = state(world);
            let (done, refused): (Vec<_>, Vec<_>) =
                cases.iter().partition(|case| caller.expects(case.0, case.1) == Expected::Done);
            let refusals = refused.len();
            for (asked, case) in refused.into_iter().chain(done).enumerate() {
                if asked == refusals {
                    assert!(state(world) == before, "{caller:?} was refused, and yet something changed");
                }
                let expected = caller.expects(case.0, case.1);
                let changes = expected == Expected::Done && !case.0.starts_with("GET");
                let (home, mut subject) = match caller {
                    Caller::OwnerOfTheSuspended | Caller::KeyOfTheSuspended => (&suspended, shut.clone()),
                    Caller::SuspendedPerson | Caller::SuspendedPersonsKey => (&organization, stopped.clone()),
                    Caller::KeyWithoutAboutItself => (&organization, bare.clone()),
                    _ if changes => {
                        (&organization, cast.subject(&organization, caller.is_about_a_machine()).await)
                    }
                    _ if caller.is_about_a_machine() => (&organization, machine.clone()),
                    _ => (&organization, person.clone()),
                };
                if case.0.starts_with("PUT") && expected == Expected::Done {
                    subject.label = cast.unique();
                }
                let permission = match case.1 {
                    To(action) => rules().find(|(listed, ..)| *listed == action).unwrap().1,
                    ToAll | ToAnybody | ToSignIns => "*",
                };
                let with = &keys[if permission.is_empty() { "*" } else { permission }];
                let anonymous = world.anonymous();
                let client = match caller {
                    Caller::Nobody => &anonymous,
                    Caller::Themselves | Caller::SuspendedPerson | Caller::OwnerOfTheSuspended => {
                        &subject.person
                    }
                    Caller::AnotherNormalUser => &other.person,
                    Caller::OwnerAboutAPerson | Caller::OwnerAboutAMachine => &organization.owner,
                    Caller::KeyWithoutAboutAPerson | Caller::KeyWithoutAboutItself => &bare.key,
                    Caller::KeyWithAboutAPerson | Caller::KeyWithAboutAMachine => with,
                    Caller::OwnerOfAnotherOrganization => &cast.foreign.owner,
                    Caller::SuspendedPersonsKey | Caller::KeyOfTheSuspended => &subject.key,
                };
                let unique = format!("u{}", cast.made);
                let answer = ask(client, home, &subject, case, &unique).await;
                let cell = format!("{caller:?}, {} {}", case.0, case.2);
                check(&cell, case, expected, &answer);
            }
            if refusals == cases.len() {
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
