//! Keys: those that were deleted or revoked are deleted or revoked again. Those that were switched off, narrowed, shortened or
//! rotated are switched off: their retired secrets work again, and their new secrets cannot be restored.

use std::{
    collections::{BTreeMap, HashSet},
    io::Write,
};

use api::retry_on_conflict;
use domain::{
    access_key::AccessKey,
    audit::{self, Action, Effect},
    id::{KeyId, UserId},
    user::User,
};
use serde_json::json;
use table::{AccessKeyFilter, ChangeRecords, KeyWithUser, StoredAccessKey};

use crate::{
    Error,
    events::{Events, FOREIGN, because, effect_of, last_of, was_created},
    organization_replay::{OrganizationReplay, StepResult},
    pages,
    report::{Outcome, Report},
};

/// The effects after which a key is switched off.
const SWITCHING_OFF: [Effect; 4] =
    [Effect::SwitchedOff, Effect::Narrowed, Effect::Shortened, Effect::Rotated];

/// The most keys of one read.
const PAGE_SIZE: usize = 100;

/// Returns an id that no user has, for the `deactivated_by` of a key that a replay switches off. So a person cannot switch on
/// their own key again: somebody with `users:write` must.
fn nobody() -> UserId {
    UserId::parse("000000000000").expect("12 zeros are base62")
}

impl OrganizationReplay<'_> {
    /// Repeats the changes that end keys. Skips the keys of `ended` users, which end with them.
    pub(crate) async fn repeat_keys<W: Write>(
        &self,
        keys: &BTreeMap<KeyId, Events<'_>>,
        ended: &HashSet<UserId>,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        for (key_id, events) in keys {
            if !ended.contains(&key_id.user_id()) {
                let done = self.repeat_key(*key_id, events).await;
                self.report(report, ("access_key", key_id), done)?;
            }
        }
        Ok(())
    }

    async fn repeat_key(&self, key_id: KeyId, events: &Events<'_>) -> StepResult {
        let (deleted, revoked) = (last_of(events, &[Effect::Deleted]), last_of(events, &[Effect::Revoked]));
        let Some(key) = self.restored().access_key(key_id).await? else {
            let lost = was_created(events) && deleted.is_none() && revoked.is_none();
            return Ok(lost.then(|| (Outcome::Lost, "its secret cannot be restored".to_owned())));
        };
        if !self.owns(key.organization_id) {
            return Ok(Some((Outcome::Unresolved, because(events[0], FOREIGN))));
        }
        if let Some(cause) = deleted {
            return retry_on_conflict(|| self.delete_key(key_id, cause)).await;
        }
        if let Some(cause) = revoked {
            return retry_on_conflict(|| self.revoke_key(key_id, cause)).await;
        }
        let mut missed = events.clone();
        // A change also sets `updated_at`. If that is older than the event, the event was restored without its change.
        missed.retain(|event| !self.history.holds(event) || key.updated_at < event.at);
        if let Some(cause) = last_of(&self.history.open(&missed), &SWITCHING_OFF) {
            let reason = effect_of(cause).as_str();
            return retry_on_conflict(|| self.switch_key_off(key_id, cause, reason)).await;
        }
        if last_of(&missed, &SWITCHING_OFF).is_some() {
            return Ok(None);
        }
        let changes = |event: &audit::Event| event.action.ends_with(".updated") && !event.changes.is_empty();
        missed.retain(|event| effect_of(event) == Effect::Other && changes(event));
        Ok(missed.last().map(|event| (Outcome::Left, because(event, &event.effect))))
    }

    async fn delete_key(&self, key_id: KeyId, cause: &audit::Event) -> StepResult {
        let Some(key) = self.restored().access_key(key_id).await? else { return Ok(None) };
        let events = [self.event(Action::AccessKeyDeleted, key_id, cause, json!({"name": key.name}))];
        if !self.replay.dry_run {
            self.restored().delete_access_key(&key, ChangeRecords::of(&events)).await?;
        }
        Ok(Some((Outcome::Deleted, because(cause, cause.at))))
    }

    async fn revoke_key(&self, key_id: KeyId, cause: &audit::Event) -> StepResult {
        let key = self.restored().access_key(key_id).await?;
        let Some(key) = key.filter(|key| key.revoked_at.is_none()) else { return Ok(None) };
        let events = [self.event(Action::AccessKeyRevoked, key_id, cause, json!({"status": "revoked"}))];
        if !self.replay.dry_run {
            // `updated_by` must name a user. A replay is none, so the last one stays.
            let (by, records) = (key.updated_by, ChangeRecords::of(&events));
            self.restored().revoke_access_key(&key, by, self.now(), records).await?;
        }
        Ok(Some((Outcome::Revoked, because(cause, cause.at))))
    }

    /// Switches a key off, unless an earlier run did so for the same event: somebody may have switched it on since.
    async fn switch_key_off(&self, key_id: KeyId, cause: &audit::Event, reason: &str) -> StepResult {
        let Some(before) = self.restored().access_key(key_id).await? else { return Ok(None) };
        let mut after = before.clone();
        after.switch_off(nobody());
        let is_done = self.history.has_repeated("access_key", key_id.as_str(), cause);
        if is_done || before.revoked_at.is_some() {
            return Ok(None);
        }
        if before.deactivated_by == after.deactivated_by {
            self.mark(Action::AccessKeyUpdated(Effect::Other), key_id, cause).await?;
            return Ok(None);
        }
        after.version += 1;
        after.updated_at = self.now();
        let action = Action::AccessKeyUpdated(Effect::of_access_key(&before, &after));
        let events = [self.event(action, key_id, cause, json!({"active": false}))];
        if !self.replay.dry_run {
            let stored = StoredAccessKey { key: &after, due_at: None };
            let records = ChangeRecords::of(&events);
            self.restored().update_access_key(&before, stored, None, records).await?;
        }
        Ok(Some((Outcome::SwitchedOff, because(cause, reason))))
    }

    /// Switches off the keys of a user.
    pub(crate) async fn switch_keys_of_user_off<W: Write>(
        &self,
        user: &User,
        cause: &audit::Event,
        reason: &str,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let (filter, now, mut keys) = (AccessKeyFilter::default(), self.now(), Vec::new());
        let read = |after| self.restored().access_keys_of(user, &filter, now, after, PAGE_SIZE);
        pages::each(read, |key| keys.push(key.key_id)).await?;
        self.switch_off_and_report(&keys, cause, reason, report).await
    }

    /// Switches off those keys of the organization that are `concerned`.
    pub(crate) async fn switch_keys_off<W: Write>(
        &self,
        concerned: impl Fn(&AccessKey, &User) -> bool,
        cause: &audit::Event,
        reason: &str,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let (filter, now, mut keys) = (AccessKeyFilter::default(), self.now(), Vec::new());
        let read = |after| self.restored().access_keys(self.organization_id, &filter, now, after, PAGE_SIZE);
        let visit = |found: KeyWithUser| {
            if concerned(&found.key, &found.user) {
                keys.push(found.key.key_id);
            }
        };
        pages::each(read, visit).await?;
        self.switch_off_and_report(&keys, cause, reason, report).await
    }

    async fn switch_off_and_report<W: Write>(
        &self,
        keys: &[KeyId],
        cause: &audit::Event,
        reason: &str,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        for key_id in keys {
            let done = retry_on_conflict(|| self.switch_key_off(*key_id, cause, reason)).await;
            self.report(report, ("access_key", key_id), done)?;
        }
        Ok(())
    }
}
