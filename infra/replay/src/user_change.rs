//! One change of a user: deleted, copied from the old table, linked to its sign-in, or closed.

use std::io::Write;

use api::retry_on_conflict;
use domain::{
    audit::{self, Action, Effect, differences},
    id::UserId,
    user::{Kind, Status, User},
};
use serde_json::json;
use table::ChangeRecords;

use crate::{
    Error,
    events::{Events, because, concern},
    fields,
    history::Decision,
    organization_replay::{OrganizationReplay, StepResult, rest},
    report::{Outcome, Report},
};

/// A change of a user that is to be repeated.
pub(crate) struct UserChange<'e> {
    pub(crate) user_id: UserId,
    /// The events that the restored table does not hold.
    pub(crate) missed: Events<'e>,
    /// Those of them that no earlier run has repeated.
    pub(crate) open: Events<'e>,
    /// The last of the missed events, or the one that deleted the user.
    pub(crate) cause: &'e audit::Event,
    /// Whether one of the open events suspended, narrowed or deleted the user.
    pub(crate) restricts: bool,
    pub(crate) deletes: bool,
}

impl OrganizationReplay<'_> {
    /// Marks a user as deleted. The next runs of notify-expiring-keys remove its items.
    pub(crate) async fn delete_user(&self, user_id: UserId, cause: &audit::Event) -> StepResult {
        let Some(user) = self.living_user(user_id).await? else { return Ok(None) };
        let changes = json!({"kind": user.kind, "name": user.name});
        let events = [self.event(Action::UserDeleted, user_id, cause, changes)];
        if !self.replay.dry_run {
            self.restored().delete_user(&user, self.now(), ChangeRecords::of(&events)).await?;
        }
        Ok(Some((Outcome::Deleted, because(cause, cause.at))))
    }

    /// Returns a user of this organization in the restored table that is not deleted.
    pub(crate) async fn living_user(&self, user_id: UserId) -> Result<Option<User>, Error> {
        let user = self.restored().user(user_id).await?;
        Ok(user.filter(|user| self.owns(user.organization_id) && user.status != Status::Deleted))
    }

    /// Sets the fields that were changed as they are in the old table. The user's keys stay.
    pub(crate) async fn copy_user<W: Write>(
        &self,
        old: &User,
        change: &UserChange<'_>,
        report: &mut Report<W>,
    ) -> StepResult {
        let UserChange { user_id, missed, open, cause, .. } = change;
        let target = ("user", user_id);
        let decision = self.history.decision("user", user_id.as_str());
        let copy = |user: &mut User| repeat_fields(user, old, open, decision);
        if open.iter().any(|event| event.action != Action::UserLinked.as_str()) {
            let done = retry_on_conflict(|| self.change_user(*user_id, cause, copy)).await?;
            self.report(report, target, Ok(done))?;
        }
        if decision.is_none() {
            let linked = self.link_user(old, cause).await;
            self.report(report, target, linked)?;
        }
        let Some(mut user) = self.living_user(*user_id).await? else { return Ok(None) };
        copy(&mut user);
        Ok(rest(cause, (&fields::of_user(&user), &fields::of_user(old)), missed, decision))
    }

    /// Changes a user, or records that an event changes nothing of it. Does neither if an earlier run has done so.
    async fn change_user(
        &self,
        user_id: UserId,
        cause: &audit::Event,
        change: impl Fn(&mut User),
    ) -> StepResult {
        if self.history.has_repeated("user", user_id.as_str(), cause) {
            return Ok(None);
        }
        let Some(before) = self.living_user(user_id).await? else { return Ok(None) };
        let mut after = before.clone();
        change(&mut after);
        let changes = differences(&fields::of_user(&before), &fields::of_user(&after));
        if changes.is_empty() {
            self.mark(Action::UserUpdated(Effect::Other), user_id, cause).await?;
            return Ok(None);
        }
        after.version += 1;
        let effect = Effect::of_user(&before, &after);
        let outcome = if effect == Effect::Suspended { Outcome::Suspended } else { Outcome::Copied };
        let reason = because(cause, changes.keys().cloned().collect::<Vec<_>>().join(", "));
        let events = [self.event(Action::UserUpdated(effect), user_id, cause, changes)];
        if !self.replay.dry_run {
            let records = ChangeRecords::of(&events);
            self.restored().update_user(&before, &after, self.now(), records).await?;
        }
        Ok(Some((outcome, reason)))
    }

    /// Links a user to the sign-in to which it is linked in the old table.
    ///
    /// If the table refuses the link, the person's next sign-in makes it.
    async fn link_user(&self, old: &User, cause: &audit::Event) -> StepResult {
        let (Some(subject), Some(email)) = (&old.subject, old.proven_address()) else { return Ok(None) };
        let user = self.living_user(old.user_id).await?;
        let Some(user) = user.filter(|user| user.subject.is_none()) else { return Ok(None) };
        let event = self.event(Action::UserLinked, old.user_id, cause, json!({}));
        if self.replay.dry_run {
            return Ok(Some((Outcome::Linked, because(cause, "signed in"))));
        }
        match self.restored().link(&user, email, subject, &event).await {
            Ok(()) => Ok(Some((Outcome::Linked, because(cause, "signed in")))),
            Err(error @ (table::Error::Conflict | table::Error::Refused(_))) => {
                Ok(Some((Outcome::Left, format!("not linked: {error}"))))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Closes a user whose change cannot be repeated: switches its keys off, and suspends it if the change restricted it, or
    /// if the owner of a former address could sign in as this user. An earlier run may have done so.
    pub(crate) async fn close_user<W: Write>(
        &self,
        change: &UserChange<'_>,
        reason: &str,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let UserChange { user_id, ref open, cause, restricts, .. } = *change;
        let Some(user) = self.living_user(user_id).await? else { return Ok(()) };
        if !open.is_empty() {
            self.switch_keys_of_user_off(&user, cause, reason, report).await?;
            let may_be_linked = user.subject.is_none() && concern(open, "email");
            let suspend = |user: &mut User| {
                if restricts || may_be_linked {
                    user.status = Status::Suspended;
                }
            };
            let done = retry_on_conflict(|| self.change_user(user_id, cause, suspend)).await;
            self.report(report, ("user", user_id), done)?;
        }
        report.add(Outcome::Unresolved, self.organization_id, ("user", user_id), because(cause, reason))?;
        Ok(())
    }
}

/// Gives a user the values of the old table in the fields that `events` changed. Where others have changed it in the restored
/// table, it gets no field that they set, and is restricted but allowed nothing new.
fn repeat_fields(user: &mut User, old: &User, events: &[&audit::Event], decision: Option<&Decision>) {
    let is_free = |field| concern(events, field) && decision.is_none_or(|decision| !decision.names(field));
    if is_free("name") {
        user.name.clone_from(&old.name);
    }
    if is_free("notifications") {
        user.notifications = old.notifications;
    }
    if is_free("email") {
        user.set_email(old.email.clone());
        if user.subject == old.subject {
            user.proven_email.clone_from(&old.proven_email);
        }
    }
    let only_restricts = decision.is_some();
    if concern(events, "kind") && (!only_restricts || user.kind == Kind::Owner) {
        user.kind = old.kind;
    }
    if concern(events, "status") && (!only_restricts || old.status == Status::Suspended) {
        user.status = old.status;
    }
    for (field, now, old) in
        [("roles", &mut user.roles, &old.roles), ("groups", &mut user.groups, &old.groups)]
    {
        match (concern(events, field), only_restricts) {
            (true, true) => now.retain(|name| old.contains(name)),
            (true, false) => now.clone_from(old),
            (false, _) => {}
        }
    }
    user.version = user.version.max(old.version);
}
