//! Finds the reported secrets that are right, with as few read units as possible.
//!
//! Each user is read once. Their keys are read with eventual consistency, and again, strongly, where a secret
//! matches.

use std::collections::{BTreeMap, BTreeSet};

use api::{
    HandlerError, Request,
    app::{App, Pepper, SecretMatch},
    retry_on_conflict,
};
use domain::{
    access_key::AccessKey,
    id::{KeyId, UserId},
    user::Status,
};

use crate::{
    outcome::{self, Check},
    report::{Leak, Report},
};

/// The number of users that are read together.
const BATCH_SIZE: usize = 100;

/// The reported tokens of one user.
type Reported<'a> = (UserId, Vec<&'a Leak>);

/// Checks every token of a report. Returns the first failure, after all tokens.
pub(crate) async fn check_all(
    app: &App<Pepper>,
    request: &Request<()>,
    report: &Report,
) -> Result<(), HandlerError> {
    let check = Check { app, request, report };
    let mut by_user: BTreeMap<UserId, Vec<&Leak>> = BTreeMap::new();
    for leak in &report.leaks {
        by_user.entry(leak.token().key_id().user_id()).or_default().push(leak);
    }
    let by_user: Vec<Reported<'_>> = by_user.into_iter().collect();
    let mut failures = Vec::new();
    for batch in by_user.chunks(BATCH_SIZE) {
        if check.users(batch, &mut failures).await.is_ok() {
            continue;
        }
        // One user whose partition is throttled must not keep the keys of others from being revoked.
        for one in batch {
            if let Err(error) = check.users(std::slice::from_ref(one), &mut failures).await {
                failures.push(error);
            }
        }
    }
    failures.into_iter().next().map_or(Ok(()), Err)
}

impl Check<'_> {
    /// Checks the tokens of several users. Fails where their items cannot be read, before it changed anything.
    async fn users(
        self,
        reported: &[Reported<'_>],
        failures: &mut Vec<HandlerError>,
    ) -> Result<(), HandlerError> {
        let table = &self.app.table;
        let ids: Vec<_> = reported.iter().map(|(user_id, _)| *user_id).collect();
        let mut users = table.users_eventually(&ids).await?;
        let mut known = Vec::with_capacity(reported.len());
        for (user_id, leaks) in reported {
            match users.remove(user_id) {
                Some(Ok(user)) if user.status != Status::Deleted => known.push(leaks),
                Some(Ok(_)) | None => {}
                Some(Err(error)) => failures.push(error.into()),
            }
        }
        let leaks = known.iter().copied().flatten();
        let key_ids: BTreeSet<KeyId> = leaks.map(|leak| leak.token().key_id()).collect();
        let keys = table.access_keys_eventually(&key_ids.into_iter().collect::<Vec<_>>()).await?;
        for leak in known.into_iter().flatten() {
            let done = match keys.get(&leak.token().key_id()) {
                Some(Ok(key)) => self.token(leak, key).await,
                // The strong read fails with the error, which cannot be copied.
                Some(Err(_)) => outcome::act(self, leak).await,
                None => Ok(()),
            };
            failures.extend(done.err());
        }
        Ok(())
    }

    async fn token(self, leak: &Leak, key: &AccessKey) -> Result<(), HandlerError> {
        if key.revoked_at.is_some() {
            return Ok(());
        }
        match self.app.pepper.find(key, leak.token(), self.request.now).await? {
            SecretMatch::Active(_) | SecretMatch::Retired => {
                retry_on_conflict(|| outcome::act(self, leak)).await
            }
            SecretMatch::None => Ok(()),
        }
    }
}
