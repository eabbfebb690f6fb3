//! Finds the users and keys that a request names, in the caller's own organization and nowhere else.

use domain::{
    Error,
    access::{Action, Resource, Right},
    access_key::AccessKey,
    id::{KeyId, UserId},
    organization::{self, Organization},
    user::{Status, User},
};
use table::{KeyWithUser, Snapshot};

use crate::{HandlerError, Member, Request, app::App};

impl<P> App<P> {
    /// Reads the caller's organization with its roles and groups.
    pub async fn snapshot(&self, member: &Member) -> Result<Snapshot, HandlerError> {
        let snapshot = self.table.snapshot(member.organization_id).await?;
        let exists = |snapshot: &Snapshot| snapshot.organization.status != organization::Status::Deleted;
        Ok(snapshot.filter(exists).ok_or_else(organization_not_found)?)
    }

    /// Reads the caller's organization.
    pub async fn organization(&self, member: &Member) -> Result<Organization, HandlerError> {
        let organization = self.table.organization(member.organization_id).await?;
        let exists = |organization: &Organization| organization.status != organization::Status::Deleted;
        Ok(organization.filter(exists).ok_or_else(organization_not_found)?)
    }

    /// Reads the user that the path names; `me` is the caller.
    ///
    /// A user of another organization is not found, as if it did not exist.
    pub async fn user(&self, member: &Member, named: &str) -> Result<User, HandlerError> {
        let user = self.user_even_if_deleted(member, named).await?;
        if user.status == Status::Deleted { Err(user_not_found().into()) } else { Ok(user) }
    }

    /// Reads the user that the path names, even a deleted user whose clean-up has not finished.
    pub async fn user_even_if_deleted(&self, member: &Member, named: &str) -> Result<User, HandlerError> {
        let user = self.table.user(user_id(member, named)?).await?;
        let here = user.filter(|user| user.organization_id == member.organization_id);
        Ok(here.ok_or_else(user_not_found)?)
    }

    /// Allows or refuses `action` on something that belongs to the user of `resource`.
    ///
    /// A key that is narrowed to roles or groups does not bring its user's rights over their own things:
    /// it could create a key that is not narrowed.
    pub async fn permit(
        &self,
        member: &Member,
        action: Action,
        resource: Resource,
    ) -> Result<Right, HandlerError> {
        let right = member.actor().may_for(action, resource)?;
        if let (Right::Own, Some(key_id)) = (right, member.key_id) {
            let key = self.table.access_key(key_id).await?;
            if key.is_none_or(|key| key.is_narrowed()) {
                let needs = "a key that is not narrowed to roles or groups".to_owned();
                return Err(Error::Forbidden { needs }.into());
            }
        }
        Ok(right)
    }

    /// Reads the key that the caller came with, if it is a key of `user`.
    ///
    /// Such a key bounds what its caller creates and rotates for that user. One that was deleted since the
    /// request was authorized is refused.
    pub async fn own_key(&self, member: &Member, user: &User) -> Result<Option<AccessKey>, HandlerError> {
        let Some(key_id) = member.key_id.filter(|key_id| key_id.user_id() == user.user_id) else {
            return Ok(None);
        };
        let key = self.table.access_key(key_id).await?;
        let gone = || Error::Forbidden { needs: "a key that was not deleted meanwhile".to_owned() };
        Ok(Some(key.ok_or_else(gone)?))
    }

    /// Reads the key that the path names, with its user; `current` is the key that the caller came with.
    ///
    /// A key of another organization is not found, as if it did not exist. A key of this organization with which the
    /// caller may not do this is forbidden.
    pub async fn access_key(
        &self,
        request: &Request<Member>,
        named: &str,
        action: Action,
    ) -> Result<KeyWithUser, HandlerError> {
        let (member, missing) = (&request.caller, || Error::NotFound { what: "access key" });
        let key_id = key_id(member, named).ok_or_else(missing)?;
        let found = self.table.access_key_and_user(key_id).await?.ok_or_else(missing)?;
        let is_gone =
            found.user.status == Status::Deleted || self.table.is_forgotten(&found.key, request.now);
        if found.key.organization_id != member.organization_id || is_gone {
            return Err(missing().into());
        }
        self.permit(member, action, found.user.as_resource().with_key(key_id)).await?;
        Ok(found)
    }
}

/// Reads the id of the user that a path names; `me` is the caller.
fn user_id(member: &Member, named: &str) -> Result<UserId, Error> {
    if named == "me" { Ok(member.user_id) } else { UserId::parse(named).map_err(|_| user_not_found()) }
}

/// Reads the id of the key that a path names; `current` is the key that the caller came with, if there is one.
fn key_id(member: &Member, named: &str) -> Option<KeyId> {
    if named == "current" { member.key_id } else { KeyId::parse(named).ok() }
}

fn organization_not_found() -> Error {
    Error::NotFound { what: "organization" }
}

fn user_not_found() -> Error {
    Error::NotFound { what: "user" }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::gateway_event::{GatewayEvent, to_request};

    const ORGANIZATION: &str = "Zt4Kq8WvB2nXc6Mh";
    const USER: &str = "5nQx8RbW2kLt";
    const KEY: &str = "5nQx8RbW2kLtR4bK1nV7";

    /// Finds what the path of a request with these parameters names: the organization, the user and the key, each by itself.
    /// `None` for an event that cannot be read.
    fn named(parameters: &Value, key_id: &str) -> Option<[Option<String>; 3]> {
        let sample = include_str!("../../../tests/events/create-access-key.json");
        let mut event: Value = serde_json::from_str(sample).unwrap();
        event["pathParameters"] = parameters.clone();
        let caller = &mut event["requestContext"]["authorizer"]["lambda"];
        let method = if key_id.is_empty() { "oidc" } else { "access_key" };
        (caller["key_id"], caller["auth_method"]) = (json!(key_id), json!(method));
        let event: GatewayEvent = serde_json::from_str(&event.to_string()).unwrap();
        let request = || Request::read(to_request(*event.parse().ok()?.ok()?).ok()?).ok();
        let member = request()?.into_member().ok();
        let organization_id = member.map(|request| request.caller.organization_id.to_string());
        // The other two are found in whichever organization the path names.
        let request = request()?;
        let crate::Caller::Member(member) = &request.caller else { panic!("the caller is a member") };
        let user_id = request.path("user_id").ok().and_then(|named| user_id(member, &named).ok());
        let key_id = request.path("key_id").ok().and_then(|named| super::key_id(member, &named));
        Some([organization_id, user_id.map(|id| id.to_string()), key_id.map(|id| id.to_string())])
    }

    /// Finds the same by the rules: an id of so many letters and digits, as it is written, or a word for the caller's own.
    fn expected(parameters: &Value, key_id: &str) -> [Option<String>; 3] {
        let id = |name: &str, length: usize, (word, own): (&str, &str)| match parameters[name].as_str()? {
            text if text == word => Some(own.to_owned()).filter(|own| !own.is_empty()),
            text if text.len() == length && text.bytes().all(|c| c.is_ascii_alphanumeric()) => {
                Some(text.to_owned())
            }
            _ => None,
        };
        let organization_id = id("organization_id", 16, ("", ""));
        [
            organization_id.filter(|id| id == ORGANIZATION),
            id("user_id", 12, ("me", USER)),
            id("key_id", 20, ("current", key_id)),
        ]
    }

    /// Checks that another form of one of three ids names nothing: the gateway has decoded the path.
    fn check_other_forms(parameters: &Value) {
        for (name, value) in parameters.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            let encoded = format!("%{:02X}{}", value.as_bytes()[0], &value[1..]);
            for other in [encoded, format!("{value} "), format!("{value}/"), format!("{value}\0")] {
                let mut parameters = parameters.clone();
                parameters[name] = json!(other);
                let found = named(&parameters, KEY).unwrap();
                assert_eq!(found.iter().flatten().count(), 2, "{name}: {other:?}");
            }
        }
    }

    #[test]
    fn fuzzed_paths_name_exact_ids_or_the_callers_own() {
        fuzz::documents("path_parameters").play(|text| {
            let Ok(parameters) = serde_json::from_str::<Value>(text) else { return false };
            let Some(by_key) = named(&parameters, KEY) else { return false };
            assert_eq!(by_key, expected(&parameters, KEY));
            assert_eq!(named(&parameters, ""), Some(expected(&parameters, "")), "a sign-in has no key");
            let is_taken = by_key.iter().all(Option::is_some);
            if is_taken && parameters.as_object().is_some_and(|members| members.len() == 3) {
                check_other_forms(&parameters);
            }
            is_taken
        });
    }
}
