//! Users: those that were deleted are deleted again, and those that were changed get the changed fields from the old table.
//!
//! Over 300 lines: a change that is refused is attempted, copied, linked or closed, and each way needs the others.

use std::{
    collections::{BTreeMap, HashSet},
    io::Write,
};

use api::retry_on_conflict;
use domain::{
    audit::{self, Action, Effect, differences},
    id::UserId,
    user::{Kind, Status, User},
};
use serde_json::{Value, json};
use table::ChangeRecords;

use crate::{
    Error,
    events::{Events, FOREIGN, because, concern, last_of, last_open, restrict, was_created},
    history::Decision,
    old::OldItem,
    organization_replay::{OrganizationReplay, StepResult, rest},
    report::{Outcome, Report},
};

/// A change of a user that is to be repeated.
struct UserChange<'e> {
    user_id: UserId,
    /// The events that the restored table does not hold.
    missed: Events<'e>,
    /// Those of them that no earlier run has repeated.
    open: Events<'e>,
    /// The last of the missed events, or the one that deleted the user.
    cause: &'e audit::Event,
    /// Whether one of the open events suspended, narrowed or deleted the user.
    restricts: bool,
    deletes: bool,
}

/// Returns the users who were deleted.
pub(crate) fn ended_users(users: &BTreeMap<UserId, Events<'_>>) -> HashSet<UserId> {
    let ended = users.iter().filter(|(_, events)| last_of(events, &[Effect::Deleted]).is_some());
    ended.map(|(user_id, _)| *user_id).collect()
}

impl OrganizationReplay<'_> {
    /// Repeats the changes of users.
    ///
    /// The table can refuse a change until another one is made: the last owner cannot leave before another owner exists, and an
    /// address is taken until its user has another one. So refused changes are attempted again after all others, as long as one
    /// of them succeeds.
    pub(crate) async fn repeat_users<W: Write>(
        &self,
        users: &BTreeMap<UserId, Events<'_>>,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let mut open = Vec::new();
        for (user_id, events) in users {
            open.extend(self.missed_change(*user_id, events, report).await?);
        }
        let mut may_copy_owners = true;
        while !open.is_empty() {
            let (attempted, mut refused) = (open.len(), Vec::new());
            for change in open {
                if let Some(reason) = self.attempt(&change, report).await? {
                    refused.push((change, reason));
                }
            }
            if refused.len() == attempted {
                if !may_copy_owners || !self.copy_owners(users, refused[0].0.cause, report).await? {
                    for (change, reason) in refused {
                        let closed = UserChange { restricts: true, ..change };
                        self.close_user(&closed, &format!("refused: {reason}"), report).await?;
                    }
                    return Ok(());
                }
                may_copy_owners = false;
            }
            open = refused.into_iter().map(|(change, _)| change).collect();
        }
        Ok(())
    }

    /// Returns the change of a user that the restored table misses; `None` if there is none, or if the user is lost.
    async fn missed_change<'e, W: Write>(
        &self,
        user_id: UserId,
        events: &Events<'e>,
        report: &mut Report<W>,
    ) -> Result<Option<UserChange<'e>>, Error> {
        let deleted = last_of(events, &[Effect::Deleted]);
        let found = match self.restored().user(user_id).await {
            Ok(found) => found,
            Err(error) => {
                self.report(report, ("user", user_id), Err(error.into()))?;
                return Ok(None);
            }
        };
        match found {
            None if was_created(events) && deleted.is_none() => {
                let reason = "created after the restored instant";
                report.add(Outcome::Lost, self.organization_id, ("user", user_id), reason)?;
                return Ok(None);
            }
            Some(user) if !self.owns(user.organization_id) => {
                let reason = because(events[0], FOREIGN);
                report.add(Outcome::Unresolved, self.organization_id, ("user", user_id), reason)?;
                return Ok(None);
            }
            Some(user) if user.status != Status::Deleted => {}
            _ => return Ok(None),
        }
        let mut missed = events.clone();
        missed.retain(|event| !self.history.holds(event));
        let open = self.history.open(&missed);
        let Some(cause) = deleted.or(last_open(&open, &missed)) else { return Ok(None) };
        let restricts = deleted.is_some() || restrict(&open);
        Ok(Some(UserChange { user_id, missed, open, cause, restricts, deletes: deleted.is_some() }))
    }

    /// Attempts a change. Returns why it is refused, if it is.
    async fn attempt<W: Write>(
        &self,
        change: &UserChange<'_>,
        report: &mut Report<W>,
    ) -> Result<Option<String>, Error> {
        let UserChange { user_id, cause, deletes, .. } = *change;
        let done = if deletes {
            retry_on_conflict(|| self.delete_user(user_id, cause)).await
        } else {
            match self.old(|old| old.user(user_id)).await? {
                OldItem::Readable(old) if !self.owns(old.organization_id) => {
                    Ok(Some((Outcome::Unresolved, because(cause, FOREIGN))))
                }
                OldItem::Readable(old) if old.status == Status::Deleted => {
                    retry_on_conflict(|| self.delete_user(user_id, cause)).await
                }
                OldItem::Readable(old) => self.copy_user(&old, change, report).await,
                OldItem::Missing | OldItem::Unreadable if self.is_linked_alone(change) => {
                    Ok(Some((Outcome::Left, because(cause, "not linked: the next sign-in links it"))))
                }
                OldItem::Missing | OldItem::Unreadable => {
                    self.close_user(change, &format!("the user {}", self.unreadable()), report).await?;
                    Ok(None)
                }
            }
        };
        match done {
            Err(Error::Table(table::Error::Refused(reason))) => Ok(Some(reason.to_string())),
            done => self.report(report, ("user", user_id), done).map(|()| None),
        }
    }

    /// Tells whether there is no old table, and a user was linked to its sign-in and not changed otherwise.
    fn is_linked_alone(&self, change: &UserChange<'_>) -> bool {
        self.replay.old.is_none()
            && change.missed.iter().all(|event| event.action == Action::UserLinked.as_str())
    }

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
    async fn living_user(&self, user_id: UserId) -> Result<Option<User>, Error> {
        let user = self.restored().user(user_id).await?;
        Ok(user.filter(|user| self.owns(user.organization_id) && user.status != Status::Deleted))
    }

    /// Sets the fields that were changed as they are in the old table. The user's keys stay.
    async fn copy_user<W: Write>(
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
        Ok(rest(cause, (&shown(&user), &shown(old)), missed, decision))
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
        let changes = differences(&shown(&before), &shown(&after));
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
    async fn close_user<W: Write>(
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

fn shown(user: &User) -> Value {
    json!({
        "name": user.name, "kind": user.kind, "status": user.status, "email": user.email,
        "roles": user.roles, "groups": user.groups, "notifications": user.notifications,
    })
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
