//! Users: those that were deleted are deleted again, and those that were changed get the changed fields from the old table.
//! This file decides in which order, and which way each goes; `user_change` carries a change out.

use std::{
    collections::{BTreeMap, HashSet},
    io::Write,
};

use api::retry_on_conflict;
use domain::{
    audit::{Action, Effect},
    id::UserId,
    user::{Kind, Status},
};

use crate::{
    Error,
    events::{Events, FOREIGN, are_harmless, because, effect_of, last_of, last_open, restrict, was_created},
    old::OldItem,
    organization_replay::OrganizationReplay,
    report::{Outcome, Report},
    user_change::UserChange,
};

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
        // An owner must stay. Of those whose changes an owner prevents, it is the one who was restricted least.
        open.sort_by_key(|change| change.missed.iter().map(|event| effect_of(event)).min());
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
                OldItem::Missing | OldItem::Unreadable if self.is_harmless(change).await? => {
                    let what = "another name, address or choice of notices";
                    Ok(Some((Outcome::Left, because(cause, what))))
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

    /// Tells whether there is no old table, and the events say that the user lost and gained nothing. The address of a user
    /// whom no sign-in is linked to may be another one, and the owner of the former one could sign in: that is not harmless.
    async fn is_harmless(&self, change: &UserChange<'_>) -> Result<bool, Error> {
        if self.replay.old.is_some() || !are_harmless(&change.missed) {
            return Ok(false);
        }
        let user = self.living_user(change.user_id).await?;
        Ok(user.is_some_and(|user| user.subject.is_some() || user.kind == Kind::Machine))
    }
}
