//! Owners who were created after the restored instant, in organizations whose other owners have left since; and owners who stay,
//! because they are the last ones.

use std::{
    collections::{BTreeMap, HashSet},
    io::Write,
};

use domain::{
    audit::{self, Action, Effect},
    id::UserId,
    organization::Status,
    user::User,
};
use serde_json::json;
use table::ChangeRecords;

use crate::{
    Error, Replay,
    events::{Events, Targets, last_of, restrict},
    old::OldItem,
    organization_replay::{OrganizationReplay, StepResult},
    report::{Outcome, Report},
    source::Source,
};

/// Why an organization is reported before all steps, and what to do.
const STAYS: &str = "each of its owners was deleted, suspended or restricted since, and later owners cannot be copied without the \
    old table. The table keeps the last of them as an owner who can sign in: block these people at the identity provider \
    before the functions use the restored table";

impl Replay {
    /// Reports the organizations of which an owner stays whom the events end. Without an old table nobody can take their place.
    pub(crate) async fn report_owners_who_stay<W: Write>(
        &self,
        source: &Source,
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        if self.old.is_some() {
            return Ok(());
        }
        for (organization_id, events) in &source.events {
            let targets = Targets::of(events);
            let ends =
                |events: &Events<'_>| events.iter().any(|event| event.at >= self.since && restrict(&[event]));
            let ended: HashSet<_> = targets
                .users
                .iter()
                .filter(|(_, events)| ends(events))
                .map(|(user_id, _)| *user_id)
                .collect();
            if ended.is_empty() || last_of(&targets.organization, &[Effect::Deleted]).is_some() {
                continue;
            }
            let found = match self.restored.organization(*organization_id).await {
                Ok(found) => found.filter(|found| found.status != Status::Deleted),
                // Its steps report that it cannot be read.
                Err(table::Error::Corrupt { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            let owners = found.map(|found| found.entered_owner_ids).unwrap_or_default();
            if !owners.is_empty() && owners.iter().all(|owner| ended.contains(owner)) {
                let ids: Vec<_> = owners.iter().map(ToString::to_string).collect();
                let reason = format!("{STAYS}: {}", ids.join(", "));
                report.add(
                    Outcome::Unresolved,
                    *organization_id,
                    ("organization", organization_id),
                    reason,
                )?;
            }
        }
        Ok(())
    }
}

impl OrganizationReplay<'_> {
    /// Copies the owners that only the old table has, without their keys. Returns whether it copied one.
    ///
    /// An organization always has an owner. If all owners of the restored instant have left, another owner must exist before
    /// the last of them can be deleted.
    pub(crate) async fn copy_owners<W: Write>(
        &self,
        users: &BTreeMap<UserId, Events<'_>>,
        cause: &audit::Event,
        report: &mut Report<W>,
    ) -> Result<bool, Error> {
        let OldItem::Readable(old) = self.old(|old| old.organization(self.organization_id)).await? else {
            return Ok(false);
        };
        let mut any = false;
        for owner_id in old.entered_owner_ids {
            // An owner whom an earlier run created may have been deleted since.
            let missing = self.history.decision("user", owner_id.as_str()).is_none()
                && self.restored().user(owner_id).await?.is_none();
            let owner = self.old(|old| old.user(owner_id)).await?;
            if let OldItem::Readable(owner) = owner
                && missing
                && self.owns(owner.organization_id)
                && owner.is_entered_owner()
            {
                // The last event of the owner itself, so that no later run repeats it.
                let cause = users.get(&owner_id).and_then(|events| events.last()).copied().unwrap_or(cause);
                let done = self.create_owner(&owner, cause).await;
                any |= done.is_ok();
                self.report(report, ("user", owner_id), done)?;
            }
        }
        Ok(any)
    }

    async fn create_owner(&self, old: &User, cause: &audit::Event) -> StepResult {
        let owner = User { live_keys: BTreeMap::new(), version: old.version + 1, ..old.clone() };
        let changes = json!({"kind": owner.kind, "name": owner.name});
        let events = [self.event(Action::UserCreated, owner.user_id, cause, changes)];
        if !self.replay.dry_run {
            self.restored().create_user(&owner, &[], ChangeRecords::of(&events)).await?;
        }
        Ok(Some((Outcome::Created, "without its keys: the other owners have left".to_owned())))
    }
}
