//! Finds what a caller names, in the caller's own organization and nowhere else.

use domain::{
    Error,
    access::{Action, Subject},
    id::{KeyId, UserId},
    user::{Status, User},
};
use table::KeyWithUser;

use super::App;
use crate::{Member, Problem};

impl<P> App<P> {
    /// Reads the user that the path names; `me` is the caller.
    ///
    /// A user of another organization is not found, as if it did not exist.
    pub async fn user(&self, member: &Member, named: &str) -> Result<User, Problem> {
        let missing = || Error::NotFound { what: "user" };
        let user_id =
            if named == "me" { member.user_id } else { UserId::parse(named).map_err(|_| missing())? };
        let user = self.table.user(user_id).await?;
        let here =
            |user: &User| user.organization_id == member.organization_id && user.status != Status::Deleted;
        Ok(user.filter(here).ok_or_else(missing)?)
    }

    /// Reads the key that the path names, with its user; `current` is the key the caller came with.
    ///
    /// A key of another organization is not found, as if it did not exist. Neither is one that the
    /// caller may not even read.
    pub async fn access_key(
        &self,
        member: &Member,
        named: &str,
        action: Action,
    ) -> Result<KeyWithUser, Problem> {
        let missing = || Error::NotFound { what: "access key" };
        let key_id = match named {
            "current" => member.key_id.ok_or_else(missing)?,
            _ => KeyId::parse(named).map_err(|_| missing())?,
        };
        let found = self.table.access_key_and_user(key_id).await?.ok_or_else(missing)?;
        if found.key.organization_id != member.organization_id {
            return Err(missing().into());
        }
        let subject = Subject { user_id: found.user.user_id, kind: found.user.kind };
        member.actor().may_for(action, subject)?;
        Ok(found)
    }
}
