//! Suspensions, changes of addresses, and stages that the policy gains.

use serde_json::json;

use super::{
    fixtures::{ALICE, PEOPLE, PersonIndex, client},
    history::History,
};

impl History<'_> {
    /// Suspends a person or the organization (`None`), or lifts the suspension.
    pub(super) async fn suspend(&mut self, of: Option<PersonIndex>, suspended: bool) -> Result<(), String> {
        let path = match of {
            Some(person) => format!("{}/users/{}", self.copy.path, self.copy.user_ids[person]),
            None => self.copy.path.clone(),
        };
        let status = if suspended { "suspended" } else { "active" };
        let answer = client(self.world, ALICE).patch(&path, json!({"status": status})).await;
        self.now = self.now.max(self.world.stack.clock().now().as_second());
        match answer.status {
            200 => self.model.set_suspended(self.number, of, suspended),
            // The organization is suspended.
            400..=499 if of.is_some() && self.model.is_suspended(None) => {}
            status => return Err(format!("{status} for {of:?}, {suspended}: {}", answer.body)),
        }
        if of.is_none() && !suspended {
            // The authorizer may know the organization as suspended for ten seconds.
            self.pass(11);
        }
        self.read(self.now);
        Ok(())
    }

    /// Lifts all suspensions, that of the organization first.
    pub(super) async fn lift_all(&mut self) -> Result<(), String> {
        self.begin();
        // The authorizer may know the organization as suspended for ten seconds.
        self.pass(60);
        for of in [None].into_iter().chain((0..PEOPLE.len()).map(Some)) {
            if self.model.is_suspended(of) {
                self.suspend(of, false).await?;
                self.pass(60);
            }
        }
        Ok(())
    }

    /// Changes somebody's address to the other one of two. A person signs in with it, which proves it.
    pub(super) async fn change_address(&mut self, person: PersonIndex) -> Result<(), String> {
        if self.model.is_suspended(None) || self.model.is_suspended(Some(person)) {
            return Ok(());
        }
        let (name, user_id) = (PEOPLE[person].name, &self.copy.user_ids[person]);
        let suffix = if self.has_other_address.contains(&person) { "" } else { "2" };
        let email = format!("{name}{suffix}@example.com");
        let path = format!("{}/users/{user_id}", self.copy.path);
        let answer = client(self.world, ALICE).patch(&path, json!({"email": email})).await;
        if (400..500).contains(&answer.status) {
            return Ok(());
        }
        if answer.status != 200 {
            return Err(format!("the address was not changed: {}", answer.body));
        }
        if PEOPLE[person].kind != "machine" {
            let token = self.world.stack.issuer().token(name, &email, name);
            let client = self.world.anonymous().with_header("authorization", &format!("Bearer {token}"));
            let answer = client.get(&format!("{}/users/me", self.copy.path)).await;
            if answer.status != 200 {
                return Err(format!("the address was not proven: {}", answer.body));
            }
        }
        if !self.has_other_address.remove(&person) {
            self.has_other_address.insert(person);
        }
        Ok(())
    }

    /// Lets the policy gain a stage of so many days.
    pub(super) async fn gain(&mut self, days: i64) -> Result<(), String> {
        let mut stages = vec![30, 7, 2, days];
        stages.extend(self.model.gained.iter().map(|(_, days)| *days));
        stages.sort_unstable();
        stages.dedup();
        stages.reverse();
        let body = json!({"policy": {"notices": {"days_before": stages}}});
        let answer = client(self.world, ALICE).patch(&self.copy.path, body).await;
        match answer.status {
            200 => self.model.gained.push((self.number, days)),
            400..=499 if self.model.is_suspended(None) => {}
            status => return Err(format!("{status} for {stages:?}: {}", answer.body)),
        }
        Ok(())
    }
}
