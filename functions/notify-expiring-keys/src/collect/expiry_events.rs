//! Makes lifecycle events of expiry: an audit event for each key and stage, whoever is told of it, or nobody.

use std::collections::HashSet;

use domain::{
    Time,
    audit::{self, Action, Actor},
    id::KeyId,
    notice::{Announcement, due_event},
    organization,
    user::Status,
};
use serde_json::json;
use table::{DueKey, Error, MAX_CLAIMS, Table};

use crate::{
    directory::{Directory, Lookup},
    run::{Run, table_step},
};

/// The id and the name of the actor.
const ACTOR: &str = "notify-expiring-keys";

/// Records the due stages of keys as audit events, each once. Returns the keys for which that is not certain: they stay due.
pub(super) async fn record_expiry(
    run: &Run,
    table: &Table,
    directory: &Directory<'_>,
    keys: &[(Time, DueKey)],
) -> HashSet<KeyId> {
    let wanted: Vec<_> = keys.iter().filter_map(|(_, found)| event_of(run.now, directory, found)).collect();
    let mut unrecorded = HashSet::new();
    for batch in wanted.chunks(MAX_CLAIMS) {
        let recorded = if run.time_left().is_zero() {
            run.count(|summary| summary.left_over += batch.len());
            false
        } else {
            match table_step(record(table, batch)).await {
                Ok(()) => true,
                Err(error) => {
                    run.record_failure(batch.len(), "record that keys expire", &error);
                    false
                }
            }
        };
        unrecorded.extend(batch.iter().filter(|_| !recorded).map(|(announcement, _)| announcement.key_id));
    }
    unrecorded
}

/// Claims the events that are not recorded yet. A read costs a tenth of a claim that is refused.
async fn record(table: &Table, batch: &[(Announcement, audit::Event)]) -> Result<(), Error> {
    let announcements: Vec<_> = batch.iter().map(|(announcement, _)| *announcement).collect();
    let unclaimed = table.unclaimed_events(&announcements).await?;
    let new: Vec<_> =
        batch.iter().filter(|(announcement, _)| unclaimed.contains(announcement)).cloned().collect();
    if new.is_empty() { Ok(()) } else { table.claim_events(&new).await.map(drop) }
}

/// Returns the event of a key, if one is due. What goes with a deleted user or organization has none.
fn event_of(
    now: Time,
    directory: &Directory<'_>,
    DueKey { key, user, .. }: &DueKey,
) -> Option<(Announcement, audit::Event)> {
    user.as_ref().filter(|user| user.status != Status::Deleted)?;
    let Lookup::Found(organization) = directory.organization(key.organization_id) else { return None };
    if organization.status == organization::Status::Deleted {
        return None;
    }
    let stage = due_event(&organization.policy.notices, key, now)?;
    let announcement = Announcement { key_id: key.key_id, expires_at: key.expires_at?, stage };
    let origin = audit::Origin {
        at: now.into(),
        actor: Actor::system(ACTOR, ACTOR),
        source_ip: String::new(),
        request_id: String::new(),
    };
    let expires_at = announcement.expires_at;
    let (action, changes) = match stage {
        0 => (Action::AccessKeyExpired, json!({ "expires_at": expires_at.to_string() })),
        days => (Action::AccessKeyExpiring, json!({ "days": days, "expires_at": expires_at.to_string() })),
    };
    Some((announcement, audit::Event::new(origin, key.organization_id, action, key.key_id, changes)))
}
