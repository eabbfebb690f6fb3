//! Random changes before and after the copy: nobody may do more after the replay than at the end of the old table.

use kit::{Client, Organization, Random, World, run};
use serde_json::{Value, json};

use super::{
    callers::{Callers, check_nothing_ended_works},
    invariants,
};

const ROLES: [&str; 3] = ["one", "two", "three"];

struct RandomRun<'w> {
    world: &'w World,
    organization: Organization,
    random: Random,
    callers: Callers,
    users: Vec<String>,
    keys: Vec<String>,
    people: usize,
}

impl RandomRun<'_> {
    /// Changes something. A refusal is fine, and a failure is not.
    async fn step(&mut self) {
        let owner = self.organization.owner.clone();
        let (user_id, key_id) = (self.pick_user(), self.pick_key());
        let user = self.organization.user_path(&user_id);
        let key = format!("{}/access-keys/{key_id}", self.organization.path);
        let role = self.random.pick(&ROLES);
        let names: Vec<_> = ROLES.iter().filter(|_| self.random.one_in(2)).collect();
        match self.random.below(17) {
            0 => self.create_key().await,
            1 => self.join().await,
            2 | 3 => {
                let overlap = self.random.pick(&[0, 3_600]);
                let answer = owner.post(&format!("{key}/rotate"), json!({"overlap_seconds": overlap})).await;
                if answer.status == 200 {
                    self.callers.add_key(&answer.body);
                }
            }
            4 => self.send(owner.post(&format!("{key}/revoke"), json!(null)).await.status),
            5 => self.send(owner.delete(&key).await.status),
            6 | 7 => {
                let active = self.random.one_in(2);
                self.change(&owner, &key, json!({"active": active})).await;
            }
            8 => self.change(&owner, &key, json!({"roles": names})).await,
            9 => {
                let days = 1 + self.random.below(90);
                self.change(&owner, &key, json!({"expires_in_days": days})).await;
            }
            10 | 11 => self.change(&owner, &user, json!({"roles": names})).await,
            12 => {
                let status = self.random.pick(&["active", "suspended"]);
                self.change(&owner, &user, json!({"status": status})).await;
            }
            13 => {
                let kind = self.random.pick(&["owner", "normal"]);
                self.change(&owner, &user, json!({"kind": kind})).await;
            }
            14 => self.send(owner.delete(&user).await.status),
            15 => {
                let path = format!("{}/groups/all", self.organization.path);
                self.send(owner.put(&path, json!({"roles": names})).await.status);
            }
            _ => {
                let path = format!("{}/roles/{role}", self.organization.path);
                let status = if self.random.one_in(3) {
                    owner.delete(&path).await.status
                } else {
                    let letter = self.random.pick(&["a:*", "a:b", "c", "d"]);
                    owner.put(&path, json!({"permissions": [letter]})).await.status
                };
                self.send(status);
            }
        }
    }

    async fn change(&self, client: &Client, path: &str, body: Value) {
        self.send(client.patch(path, body).await.status);
    }

    fn send(&self, status: u16) {
        assert!(status < 500, "{status} {}", self.organization.path);
    }

    fn pick_user(&mut self) -> String {
        let position = self.random.below(self.users.len());
        self.users[position].clone()
    }

    fn pick_key(&mut self) -> String {
        let position = self.random.below(self.keys.len());
        self.keys[position].clone()
    }

    async fn create_key(&mut self) {
        let user = self.pick_user();
        let body = json!({"name": "k", "expires_in_days": 30});
        let answer = self.organization.owner.post(&self.organization.keys_of(&user), body).await;
        if answer.status == 201 {
            self.keys.push(answer.body["key_id"].as_str().unwrap().to_owned());
            self.callers.add_key(&answer.body);
        }
    }

    async fn join(&mut self) {
        self.people += 1;
        let name = format!("p{}", self.people);
        let kind = self.random.pick(&["owner", "normal"]);
        let id = self.organization.join_as(self.world, &name, kind).await;
        self.callers.add_person(&name, &self.organization);
        self.users.push(id);
    }
}

#[expect(clippy::print_stderr, reason = "the message of a failure names no seed")]
fn play(seed: u64) {
    eprintln!("RESTORE_SEED={seed}");
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let quota = json!({"policy": {"quota": {"machine": 50}}});
        organization.owner.patch(&organization.path, quota).await.expect(200);
        for role in ROLES {
            organization.role(role, &["a:*"]).await;
        }
        let group = format!("{}/groups/all", organization.path);
        organization.owner.put(&group, json!({"roles": ["one"]})).await.expect(200);
        let (users, keys, callers) = (vec![], vec![], Callers::default());
        let mut run =
            RandomRun { world, organization, random: Random::new(seed), callers, users, keys, people: 0 };
        let safe = run.organization.machine_key().await;
        run.callers.add_key(&safe);
        for name in ["m", "n"] {
            let machine = run.organization.machine_with(name, &["two"]).await;
            let path = run.organization.user_path(&machine);
            run.organization.owner.patch(&path, json!({"groups": ["all"]})).await.expect(200);
            run.users = vec![machine.clone()];
            run.create_key().await;
            run.create_key().await;
            run.users.push(machine);
        }
        run.join().await;
        for _ in 0..6 {
            run.step().await;
        }
        let copy = world.copy_table();
        for _ in 0..12 {
            run.step().await;
        }
        let rights = run.callers.rights(world).await;
        world.restore(&copy);
        let replayed = world.replay(&copy, &[]).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (0, ""), "{replayed:?}");
        invariants::check(world);
        check_nothing_ended_works(&rights, &run.callers.rights(world).await);
    });
}

#[test]
fn after_random_changes_nobody_may_do_more_than_before_the_restore() {
    let first = kit::share::seed("RESTORE_SEED").unwrap_or(1);
    (first..first + kit::share::restore_runs()).for_each(play);
}
