//! Owners who were created after the restored instant, in organizations whose other owners have left since.

use std::{collections::BTreeMap, io::Write};

use domain::{
    audit::{self, Action},
    id::UserId,
    user::User,
};
use serde_json::json;
use table::ChangeRecords;

use crate::{
    Error,
    events::Events,
    old::OldItem,
    organization_replay::{OrganizationReplay, StepResult},
    report::{Outcome, Report},
};

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
