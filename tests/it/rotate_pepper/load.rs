//! A rotation while keys are used and made.

use kit::{Effect, Fault, Options, Organization, Service, When, World, run_with};
use serde_json::{Value, json};

use super::{FUNCTION, reads, rotate};
use crate::tokens::token;

/// A machine with keys that are used all the time, while others are made.
struct Load<'w> {
    world: &'w World,
    organization: Organization,
    machine: String,
    keys: Vec<Value>,
}

impl<'w> Load<'w> {
    async fn begin(world: &'w World) -> Self {
        let organization = world.organization("alice", "flexible").await;
        let quota = json!({"policy": {"quota": {"machine": 100}}});
        organization.owner.patch(&organization.path, quota).await.expect(200);
        let machine = organization.machine("deployer").await;
        let mut keys = Vec::new();
        for _ in 0..3 {
            keys.push(organization.key(&machine, 90).await);
        }
        Self { world, organization, machine, keys }
    }

    async fn use_key(&self, key: &Value) {
        self.world.key(token(key)).get("/v1/whoami").await.expect(200);
    }

    /// Uses each key, and makes one and uses it, all at once.
    async fn round(&self) {
        let made = async {
            let key = self.organization.key(&self.machine, 90).await;
            self.use_key(&key).await;
        };
        let [one, two, three] = &self.keys[..] else { panic!("{}", self.keys.len()) };
        tokio::join!(self.use_key(one), self.use_key(two), self.use_key(three), made);
    }

    async fn rounds(&self, number: usize) {
        for _ in 0..number {
            self.round().await;
        }
    }

    /// Returns the number of stored verifiers that name a version, in base64.
    fn verifiers(&self, version: &str) -> usize {
        format!("{:?}", self.world.items()).matches(&format!("keyid={version}")).count()
    }
}

#[test]
fn keys_that_are_used_and_made_while_the_pepper_rotates_are_never_refused() {
    run_with(Options { instance_cap: 3, ..Options::default() }, async |world| {
        // Instances that started before there was a next version would read it at the first use.
        rotate(world, json!({})).await;
        let load = Load::begin(world).await;
        world.stack.warm_up("authorize-request", 3).await.unwrap();
        load.rounds(2).await;
        let started = reads(world, "authorize-request");

        let hold = Fault::on(Service::SecretsManager, Effect::Hold).function(FUNCTION);
        world.stack.faults().add(hold.operation("PutSecretValue").when(When::Nth(1)));
        let during = async {
            world.stack.faults().until_held().await;
            load.rounds(2).await;
            world.stack.faults().clear();
            load.rounds(4).await;
        };
        let (summary, ()) = tokio::join!(rotate(world, json!({})), during);
        assert_eq!(summary, json!({"outcome": "rotated", "current": "2", "next": "3"}));
        let (first, second) = ("MQ", "Mg");
        assert!(
            load.verifiers(first) >= 9 && load.verifiers(second) == 0,
            "warm functions make secrets as before"
        );

        // These functions start now and make secrets of the new version, which warm authorizers know.
        for key in &load.keys {
            let path = format!("{}/rotate", load.organization.key_path(key));
            let rotated =
                load.organization.owner.post(&path, json!({"overlap_seconds": 3600})).await.expect(200);
            load.use_key(&rotated).await;
        }
        load.rounds(2).await;
        assert_eq!(load.verifiers(second), load.keys.len());
        assert_eq!(reads(world, "authorize-request"), started, "a warm authorizer read the pepper again");
    });
}
