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
    user::{Status, User},
};

use crate::{
    leak::Leak,
    outcome::{self, Check},
    report::Report,
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
    for leak in report.leaks.iter().filter(|leak| !check.is_known_wrong(leak)) {
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
                Some(Ok(user)) => known.push((user, leaks)),
                None => leaks.iter().for_each(|leak| self.remember_wrong(leak, None, None)),
                Some(Err(error)) => failures.push(error.into()),
            }
        }
        let leaks = known.iter().flat_map(|(_, leaks)| leaks.iter());
        let key_ids: BTreeSet<KeyId> = leaks.map(|leak| leak.token().key_id()).collect();
        let keys = table.access_keys_eventually(&key_ids.into_iter().collect::<Vec<_>>()).await?;
        for (user, leaks) in &known {
            for leak in *leaks {
                let done = match keys.get(&leak.token().key_id()) {
                    Some(Ok(key)) => self.token(leak, user, key).await,
                    // The strong read fails with the error, which cannot be copied.
                    Some(Err(_)) => outcome::act(self, leak).await,
                    None => {
                        self.remember_wrong(leak, Some(user), None);
                        Ok(())
                    }
                };
                failures.extend(done.err());
            }
        }
        Ok(())
    }

    async fn token(self, leak: &Leak, user: &User, key: &AccessKey) -> Result<(), HandlerError> {
        if key.revoked_at.is_some() || user.status == Status::Deleted {
            return Ok(());
        }
        match self.app.pepper.find(key, leak.token(), self.request.moment).await? {
            SecretMatch::Active(_) | SecretMatch::Retired => {
                retry_on_conflict(|| outcome::act(self, leak)).await
            }
            SecretMatch::None => {
                self.remember_wrong(leak, Some(user), Some(key));
                Ok(())
            }
        }
    }

    /// Tells whether a token needs no read. GitHub's signed messages are no flood.
    fn is_known_wrong(self, leak: &Leak) -> bool {
        let known = || self.app.pepper.known_wrong(leak.token(), self.request.moment);
        !self.report.is_signed && known().is_some()
    }

    fn remember_wrong(self, leak: &Leak, user: Option<&User>, key: Option<&AccessKey>) {
        if !self.report.is_signed {
            self.app.pepper.remember_wrong(leak.token(), self.request.moment, user, key);
        }
    }
}
