//! Re-arms: makes keys due again, and releases held items, after a suspension was lifted or a policy gained stages.

mod due_at;

use std::{collections::HashMap, time::Duration};

use api::app::App;
use domain::{
    Time,
    id::{OrganizationId, UserId},
    organization::{Organization, Status},
    policy::NoticeRecipients,
    user::{Kind, User},
};
use table::{Error, MAX_ATTEMPTS, Owed, RearmedKeys, Rearming, Table, backoff, item_key::RearmingCause};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    batches::Batches,
    due_keys::{BATCH_SIZE, read},
    entries::MAX_OF_ORGANIZATION,
    held::{hold, suspended},
};
use crate::{
    directory::{Directory, Lookup},
    run::{Run, table_step},
};
use due_at::due_at;

/// The number of re-armings that are read together.
const READ_TOGETHER: usize = 100;

/// Keys that are looked at in a second. A run reads shards of its own, so that each shard has no more.
const KEYS_IN_A_SECOND: u64 = 100;

/// The least time between two pages of keys.
const TIME_OF_PAGE: Duration = Duration::from_millis(1_000 * BATCH_SIZE as u64 / KEYS_IN_A_SECOND);

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The part of a run's time in which it re-arms.
const PART_OF_TIME: u32 = 4;

/// Re-arms, while time allows. An organization has its part of the keys, so that a large one delays no other for long. Returns whether anything may have become due.
pub(super) async fn rearm(
    run: &Run,
    app: &App,
    directory: &mut Directory<'_>,
    due: &[(OrganizationId, RearmingCause)],
) -> bool {
    if due.is_empty() {
        return false;
    }
    let time = run.time_left();
    let ends_at = time.saturating_sub(time / PART_OF_TIME);
    let mut pace = interval(TIME_OF_PAGE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shares = Shares::default();
    let mut batches = Batches::<Rearming>::new(run, &app.table, due, READ_TOGETHER);
    while let Some(readable) = batches.next().await {
        directory.load_organizations(readable.iter().map(|rearming| rearming.organization_id)).await;
        let users = readable.iter().filter_map(|rearming| match rearming.cause() {
            RearmingCause::User(user_id) => Some(user_id),
            RearmingCause::Stages | RearmingCause::Organization => None,
        });
        directory.load_users(users).await;
        for mut rearming in readable {
            let mut pass = Pass { run, table: &app.table, pace: &mut pace, shares: &mut shares, ends_at };
            match pass.go_on(directory, &mut rearming).await {
                Ok(()) => {}
                Err(Error::Conflict) => {
                    let organization_id = rearming.organization_id;
                    tracing::info!(organization_id = %organization_id, "another run re-arms an organization, or another change caused it anew");
                }
                Err(error) => run.record_failure(1, "re-arm an organization", &error),
            }
        }
    }
    true
}

/// What a re-arming uses of a run.
struct Pass<'a> {
    run: &'a Run,
    table: &'a Table,
    pace: &'a mut Interval,
    shares: &'a mut Shares,
    /// It stops when so much of the run's time is left.
    ends_at: Duration,
}

/// The pages that the organizations have had in a run.
#[derive(Debug, Default)]
struct Shares(HashMap<OrganizationId, usize>);

impl Shares {
    /// Counts a page of an organization. Returns whether the organization may have it.
    fn count_page(&mut self, organization_id: OrganizationId) -> bool {
        let pages = self.0.entry(organization_id).or_default();
        *pages += 1;
        *pages <= MAX_OF_ORGANIZATION / BATCH_SIZE
    }
}

impl Pass<'_> {
    async fn go_on(&mut self, directory: &mut Directory<'_>, rearming: &mut Rearming) -> Result<(), Error> {
        let Self { run, table, .. } = *self;
        let (organization_id, cause) = (rearming.organization_id, rearming.cause());
        let organization = match directory.organization(organization_id) {
            Lookup::Found(organization) if organization.status != Status::Deleted => organization.clone(),
            // It is removed with its organization.
            Lookup::Found(_) | Lookup::Missing => return Ok(()),
            Lookup::Unavailable => {
                run.count(|summary| summary.failed += 1);
                return Ok(());
            }
        };
        let lifted = match cause {
            RearmingCause::User(user_id) => Some(user_id),
            RearmingCause::Stages | RearmingCause::Organization => None,
        };
        // Suspended again: it goes on when that suspension is lifted.
        if let Some(suspended) = suspended(directory, organization_id, lifted) {
            hold(run, table, &[(suspended, Owed::Rearming(rearming))]).await;
            return Ok(());
        }
        if rearming.is_new()
            && cause != RearmingCause::Stages
            && !self.release(organization_id, lifted).await?
        {
            return Ok(());
        }
        let keys = match (cause, lifted.map(|user_id| directory.user(user_id))) {
            (RearmingCause::Stages, _) => RearmedKeys::UpTo(None),
            (_, Some(Lookup::Found(user))) if !hears_of_others(user, &organization) => {
                RearmedKeys::OfUser(user.user_id)
            }
            _ => RearmedKeys::UpTo(Some(last_expiry(&organization, run.now))),
        };
        while self.has_room(organization_id) {
            self.pace.tick().await;
            if table_step(self.page(directory, rearming, &organization, keys)).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Counts a page of an organization, if it may have one more in this run.
    fn has_room(&mut self, organization_id: OrganizationId) -> bool {
        if !self.shares.count_page(organization_id) {
            self.run.count(|summary| summary.beyond_share += 1);
            return false;
        }
        if !self.run.has_more_time_than(self.ends_at) {
            self.run.count(|summary| summary.left_over += 1);
            return false;
        }
        true
    }

    /// Releases what was held, page by page. Returns whether all is released: if not, the next run goes on with what is
    /// still held, before it re-arms a key.
    async fn release(
        &mut self,
        organization_id: OrganizationId,
        lifted: Option<UserId>,
    ) -> Result<bool, Error> {
        let Self { run, table, .. } = *self;
        let mut after = None;
        while self.has_room(organization_id) {
            after = table_step(table.release_held(organization_id, lifted, after, run.now)).await?;
            if after.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes the keys of the next page due that are concerned. Returns whether it was the last page.
    async fn page(
        &self,
        directory: &mut Directory<'_>,
        rearming: &mut Rearming,
        organization: &Organization,
        keys: RearmedKeys,
    ) -> Result<bool, Error> {
        let Self { run, table, .. } = *self;
        let page = table.rearming_page(rearming, keys, run.now, BATCH_SIZE).await?;
        let places: Vec<_> = page.key_ids.iter().map(|key_id| (*key_id, run.now)).collect();
        for attempt in 0..MAX_ATTEMPTS {
            backoff(attempt).await;
            let batch = read(table, directory, &places).await?;
            if let Some(error) = batch.damaged.into_iter().next() {
                // The others do not wait for a key that cannot be read.
                run.record_failure(1, "read a key to re-arm", &error);
            }
            let due = batch.keys.iter().filter_map(|(_, found)| {
                Some((found, due_at(directory, rearming, organization, found, run.now)?))
            });
            if table.rearm(rearming, &due.collect::<Vec<_>>(), &page).await? {
                return Ok(page.is_last());
            }
        }
        Err(Error::Contended { operation: "TransactWriteItems" })
    }
}

/// Tells whether a user may be notified of keys of others.
fn hears_of_others(user: &User, organization: &Organization) -> bool {
    let NoticeRecipients { creator, modifier, .. } = organization.policy.notices.recipients;
    user.kind == Kind::Owner || creator || modifier
}

/// Returns the last expiry of a key that has a stage due at `now`.
fn last_expiry(organization: &Organization, now: Time) -> Time {
    let widest = organization.policy.notices.days_before.iter().max().copied().unwrap_or(0);
    now.plus(DAY * i64::from(widest))
}

#[cfg(test)]
mod tests {
    use domain::{
        policy::{Policy, Preset},
        text::Name,
    };

    use super::*;

    #[test]
    fn a_user_hears_of_others_as_an_owner_or_by_the_policy() {
        let name = || Name::try_from("name".to_owned()).unwrap();
        let user = |kind| User::new(OrganizationId::random(), kind, name(), None, Time::from_seconds(0));
        let recipients = |recipients: &str| {
            let policy = serde_json::from_str(&format!(r#"{{"notices": {{"tell": {recipients}}}}}"#));
            let policy = Policy::preset(Preset::Strict).changed(&policy.unwrap()).unwrap();
            Organization::new(name(), policy, &user(Kind::Owner), Time::from_seconds(0))
        };
        let nobody = recipients(r#"{"creator": false, "modifier": false}"#);
        assert!(hears_of_others(&user(Kind::Owner), &nobody));
        for kind in [Kind::Normal, Kind::Machine] {
            assert!(!hears_of_others(&user(kind), &nobody));
            for one in [r#"{"creator": true, "modifier": false}"#, r#"{"creator": false, "modifier": true}"#]
            {
                assert!(hears_of_others(&user(kind), &recipients(one)), "{one}");
            }
        }
    }

    #[test]
    fn a_page_of_fifty_keys_takes_half_a_second() {
        assert_eq!((BATCH_SIZE, TIME_OF_PAGE), (50, Duration::from_millis(500)));
    }

    #[test]
    fn an_organization_has_its_pages_and_others_have_theirs() {
        let [large, small] = [(); 2].map(|()| OrganizationId::random());
        let mut shares = Shares::default();
        assert_eq!((0..1_000).filter(|_| shares.count_page(large)).count() * BATCH_SIZE, MAX_OF_ORGANIZATION);
        assert!(shares.count_page(small) && !shares.count_page(large));
    }
}
