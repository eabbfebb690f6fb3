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
        let user_id = if named == "me" {
            member.user_id
        } else {
            UserId::parse(named).map_err(|_| user_not_found())?
        };
        let user = self.table.user(user_id).await?;
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
        let key_id = match named {
            "current" => member.key_id.ok_or_else(missing)?,
            _ => KeyId::parse(named).map_err(|_| missing())?,
        };
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

fn organization_not_found() -> Error {
    Error::NotFound { what: "organization" }
}

fn user_not_found() -> Error {
    Error::NotFound { what: "user" }
}
