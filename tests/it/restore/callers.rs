//! Callers with keys and sign-ins, and what each may do before and after a restore.

use std::collections::BTreeMap;

use domain::permission::{Permission, covered};
use kit::{Organization, World};
use serde_json::Value;

/// Everybody who may come.
#[derive(Debug, Default)]
pub(super) struct Callers {
    tokens: Vec<String>,
    /// A person, and the path of an organization.
    people: Vec<(String, String)>,
}

/// The permissions of each caller; `None` for one who is refused.
pub(super) type Rights = BTreeMap<String, Option<Vec<String>>>;

impl Callers {
    /// Adds the token of a new or rotated key, and returns the name of this caller.
    pub(super) fn add_key(&mut self, key: &Value) -> String {
        self.tokens.push(key["secret"]["token"].as_str().unwrap().to_owned());
        self.tokens[self.tokens.len() - 1].clone()
    }

    /// Adds a person in an organization, and returns the name of this caller.
    pub(super) fn add_person(&mut self, name: &str, organization: &Organization) -> String {
        self.people.push((name.to_owned(), organization.path.clone()));
        format!("{name} {}", organization.path)
    }

    /// Lists the tokens, in the order in which they were added.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(String::as_str)
    }

    /// Asks what each caller may do. The authorizer starts anew, so that it knows the roles of this moment.
    pub(super) async fn rights(&self, world: &World) -> Rights {
        world.forget_organizations().await;
        let mut rights = Rights::new();
        for token in &self.tokens {
            let answer = world.key(token).get("/v1/whoami").await;
            rights.insert(token.clone(), permissions(answer.status, &answer.body));
        }
        for (name, path) in &self.people {
            let answer = world.person(name).get(&format!("{path}/whoami")).await;
            rights.insert(format!("{name} {path}"), permissions(answer.status, &answer.body));
        }
        rights
    }
}

fn permissions(status: u16, body: &Value) -> Option<Vec<String>> {
    let listed = body["permissions"].as_array().filter(|_| status == 200)?;
    Some(listed.iter().map(|one| one.as_str().unwrap().to_owned()).collect())
}

/// Checks that nobody may do what they could not do at the end of the old table.
pub(super) fn check_nothing_ended_works(before: &Rights, after: &Rights) {
    for (caller, permitted) in after {
        let Some(permitted) = permitted else { continue };
        let ended = || panic!("{caller} works again: {before:#?} {after:#?}");
        let held = before[caller].as_ref().unwrap_or_else(ended);
        let held: Vec<Permission> = held.iter().map(|one| one.clone().try_into().unwrap()).collect();
        let gained = permitted.iter().find(|one| !covered(&held, one));
        assert_eq!(gained, None, "{caller} may do more than {held:?}");
    }
}
