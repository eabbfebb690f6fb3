//! Who may do what, as one table.

use crate::{
    Error,
    id::{KeyId, UserId},
    permission::{Permission, covered},
    user::Kind,
};

/// Who makes a request, as far as rights go.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user.
    pub user_id: UserId,
    /// Its kind.
    pub kind: Kind,
    /// The permissions that the authorizer established.
    pub permissions: Vec<Permission>,
    /// The key that it comes with; `None` when it signed in.
    pub key_id: Option<KeyId>,
}

/// Whose thing a request is about.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// The user.
    pub user_id: UserId,
    /// Its kind.
    pub kind: Kind,
    /// The key that the request is about, where it is about one.
    pub key_id: Option<KeyId>,
}

impl Resource {
    /// Says that the request is about a key of the user.
    #[must_use]
    pub const fn with_key(self, key_id: KeyId) -> Self {
        Self { key_id: Some(key_id), ..self }
    }
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Reads the organization.
    ReadOrganization,
    /// Changes the organization: its name, policy and status.
    WriteOrganization,
    /// Reads roles and groups.
    ReadRoles,
    /// Sets and removes roles and groups.
    WriteRoles,
    /// Lists users.
    ListUsers,
    /// Reads a user.
    ReadUser,
    /// Changes a user's name and switches.
    WriteProfile,
    /// Creates or deletes a user, or changes its kind, status, roles, groups or e-mail.
    WriteUser,
    /// Makes somebody an owner: nobody grants what they do not hold, and owners hold everything.
    MakeOwner,
    /// Lists the keys of the whole organization.
    ListKeys,
    /// Reads a key, or lists the keys of one user.
    ReadKey,
    /// Makes a key and its secret.
    CreateKey,
    /// Makes a new secret for a key.
    RotateKey,
    /// Changes a key, except by switching it off.
    WriteKey,
    /// Ends a key, or switches it off: revokes, deletes or deactivates it.
    EndKey,
    /// Lists audit events.
    ReadAudit,
    /// Lists, marks or deletes the messages of an inbox.
    ReadInbox,
}

/// By which right a caller does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// It holds the permission.
    Held,
    /// The thing is its own. A key that is narrowed does not bring this right.
    Own,
    /// The thing is the key that it comes with.
    Itself,
}

/// Beyond the holders of the permission, or within them, whom the action is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Holders, for everything of the organization.
    Organization,
    /// Holders for everything; people for what is theirs.
    OrOwn,
    /// People for what is theirs; holders for machines' things only.
    OwnOrMachines,
    /// As [`Reach::OwnOrMachines`], and every key for itself.
    OwnOrMachinesOrItself,
    /// People for what is theirs, and nobody else whatever they hold.
    Own,
}

const TABLE: [(Action, &str, Reach); 17] = [
    (Action::ReadOrganization, "organization:read", Reach::Organization),
    (Action::WriteOrganization, "organization:write", Reach::Organization),
    (Action::ReadRoles, "roles:read", Reach::Organization),
    (Action::WriteRoles, "roles:write", Reach::Organization),
    (Action::ListUsers, "users:read", Reach::Organization),
    (Action::ReadUser, "users:read", Reach::OrOwn),
    (Action::WriteProfile, "users:write", Reach::OrOwn),
    (Action::WriteUser, "users:write", Reach::Organization),
    (Action::MakeOwner, "*", Reach::Organization),
    (Action::ListKeys, "access-keys:read", Reach::Organization),
    (Action::ReadKey, "access-keys:read", Reach::OrOwn),
    (Action::CreateKey, "access-keys:write", Reach::OwnOrMachines),
    (Action::RotateKey, "access-keys:write", Reach::OwnOrMachinesOrItself),
    (Action::WriteKey, "access-keys:write", Reach::OwnOrMachines),
    (Action::EndKey, "access-keys:write", Reach::OrOwn),
    (Action::ReadAudit, "audit:read", Reach::Organization),
    // No permission opens it, `*` included.
    (Action::ReadInbox, "", Reach::Own),
];

/// Lists who may do what: each action, the permission it takes, and how far that reaches.
pub fn rules() -> impl Iterator<Item = (Action, &'static str, Reach)> {
    TABLE.iter().copied()
}

impl Actor {
    /// Allows or refuses `action` on the organization as a whole.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        match rule(action) {
            (_, Reach::Own) => Err(theirs_alone()),
            (permission, _) => self.require(permission),
        }
    }

    /// Allows or refuses `action` on something that belongs to `subject`, and says by which right.
    pub fn may_for(&self, action: Action, resource: Resource) -> Result<Right, Error> {
        let (permission, reach) = rule(action);
        let own = self.user_id == subject.user_id && self.kind != Kind::Machine;
        let held = || self.require(permission).map(|()| Right::Held);
        let itself = self.key_id.is_some() && self.key_id == subject.key_id;
        match reach {
            Reach::OwnOrMachinesOrItself if itself => Ok(Right::Itself),
            Reach::Organization => held(),
            Reach::OrOwn => held().or_else(|refusal| if own { Ok(Right::Own) } else { Err(refusal) }),
            Reach::OwnOrMachines | Reach::OwnOrMachinesOrItself | Reach::Own if own => Ok(Right::Own),
            Reach::Own => Err(theirs_alone()),
            Reach::OwnOrMachines | Reach::OwnOrMachinesOrItself if subject.kind == Kind::Machine => held(),
            Reach::OwnOrMachines | Reach::OwnOrMachinesOrItself => {
                Err(Error::Forbidden { needs: "the user themselves: people keep their own keys".to_owned() })
            }
        }
    }

    /// Refuses to give what the caller does not hold.
    pub fn may_grant(&self, permissions: &[Permission]) -> Result<(), Error> {
        match permissions.iter().find(|permission| !covered(&self.permissions, permission.as_str())) {
            Some(missing) => Err(Error::Forbidden {
                needs: format!("the permission {missing}, which nobody grants who does not hold it"),
            }),
            None => Ok(()),
        }
    }

    fn require(&self, permission: &str) -> Result<(), Error> {
        if covered(&self.permissions, permission) {
            Ok(())
        } else {
            Err(Error::Forbidden { needs: format!("the permission {permission}") })
        }
    }
}

fn theirs_alone() -> Error {
    Error::Forbidden { needs: "the person themselves: this is nobody else's".to_owned() }
}

fn rule(action: Action) -> (&'static str, &'static Reach) {
    let (_, permission, reach) =
        TABLE.iter().find(|(listed, ..)| *listed == action).expect("the table lists every action");
    (permission, reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(kind: Kind, permissions: &[&str]) -> Actor {
        let permissions = permissions.iter().map(|p| (*p).to_owned().try_into().unwrap()).collect();
        Actor { user_id: UserId::random(), kind, permissions, key_id: None }
    }

    fn other(kind: Kind) -> Resource {
        Resource { user_id: UserId::random(), kind, key_id: None }
    }

    fn oneself(actor: &Actor) -> Resource {
        Resource { user_id: actor.user_id, kind: actor.kind, key_id: None }
    }

    #[test]
    fn people_make_their_own_keys_and_nobody_else_does() {
        let (owner, normal) = (actor(Kind::Owner, &["*"]), actor(Kind::Normal, &[]));
        assert!(owner.may_for(Action::CreateKey, oneself(&owner)).is_ok());
        assert!(normal.may_for(Action::CreateKey, oneself(&normal)).is_ok());
        assert!(owner.may_for(Action::CreateKey, other(Kind::Machine)).is_ok());
        assert!(owner.may_for(Action::CreateKey, other(Kind::Normal)).is_err());
        assert!(owner.may_for(Action::CreateKey, other(Kind::Owner)).is_err());
        assert!(normal.may_for(Action::CreateKey, other(Kind::Machine)).is_err());
    }

    #[test]
    fn machines_hold_what_their_roles_give() {
        let (bare, keyed) = (actor(Kind::Machine, &[]), actor(Kind::Machine, &["access-keys:*"]));
        assert!(bare.may_for(Action::ReadKey, oneself(&bare)).is_err());
        assert!(bare.may_for(Action::CreateKey, oneself(&bare)).is_err());
        assert!(keyed.may_for(Action::CreateKey, oneself(&keyed)).is_ok());
        assert!(keyed.may_for(Action::CreateKey, other(Kind::Normal)).is_err());
        assert!(keyed.may_for(Action::EndKey, other(Kind::Normal)).is_ok());
        assert!(keyed.may(Action::ListUsers).is_err());
    }

    #[test]
    fn any_key_rotates_itself_and_no_other() {
        let (itself, other_key) = (KeyId::random(), KeyId::random());
        for kind in [Kind::Machine, Kind::Normal] {
            let caller = Actor { key_id: Some(itself), ..actor(kind, &[]) };
            let rotate =
                |key_id, resource: Resource| caller.may_for(Action::RotateKey, subject.with_key(key_id)).ok();
            assert_eq!(rotate(itself, oneself(&caller)), Some(Right::Itself));
            let own = (kind == Kind::Normal).then_some(Right::Own);
            assert_eq!(rotate(other_key, oneself(&caller)), own);
            assert_eq!(rotate(other_key, other(Kind::Normal)), None);
            assert!(caller.may_for(Action::RotateKey, other(Kind::Machine)).is_err());
            assert!(
                caller.may_for(Action::WriteKey, oneself(&caller).with_key(itself)).is_ok() == own.is_some()
            );
        }
        let owner = actor(Kind::Owner, &["*"]);
        assert!(owner.may_for(Action::RotateKey, other(Kind::Machine)).is_ok());
        assert!(owner.may_for(Action::RotateKey, other(Kind::Normal)).is_err());
    }

    #[test]
    fn an_inbox_is_its_persons_alone() {
        let (owner, normal) = (actor(Kind::Owner, &["*"]), actor(Kind::Normal, &[]));
        assert!(owner.may_for(Action::ReadInbox, oneself(&owner)).is_ok());
        assert!(normal.may_for(Action::ReadInbox, oneself(&normal)).is_ok());
        assert!(owner.may_for(Action::ReadInbox, oneself(&normal)).is_err());
        assert!(owner.may_for(Action::ReadInbox, other(Kind::Machine)).is_err());
        assert!(owner.may(Action::ReadInbox).is_err());
        let machine = actor(Kind::Machine, &["*"]);
        assert!(machine.may_for(Action::ReadInbox, oneself(&machine)).is_err());
    }

    #[test]
    fn every_action_is_in_the_table_once() {
        for (action, ..) in &TABLE {
            assert_eq!(TABLE.iter().filter(|(listed, ..)| listed == action).count(), 1, "{action:?}");
        }
    }
}
