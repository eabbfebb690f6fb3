//! What there is before the requests: people, keys and a policy, the same for each order.

use kit::{DAY, Organization, TableCopy, World};
use serde_json::{Value, json};

/// What a fixture holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setup {
    /// Carol has a key and an expired one, and place for two. Dave is invited.
    Keys,
    /// A machine's key is due to be announced to Alice.
    DueKey,
    /// The same, after a run that wrote the mail and could not tell whether it was sent.
    UnmarkedMail,
}

/// The people and keys that the requests name.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) setup: Setup,
    pub(super) organization: Organization,
    /// The person who acts on the key.
    pub(super) holder: &'static str,
    pub(super) carol: String,
    pub(super) dave: String,
    pub(super) key: Value,
    pub(super) expired: Value,
    /// When the requests are sent, in seconds since 1970.
    pub(super) began: i64,
    /// The table before the requests.
    pub(super) start: TableCopy,
}

/// How long after the creation of a machine's key it is due.
const DUE: i64 = 60 * DAY + 60;

impl Setup {
    /// Builds it.
    pub(super) async fn build(self, world: &World) -> Fixture {
        let mut fixture = match self {
            Self::Keys => keys(world).await,
            Self::DueKey | Self::UnmarkedMail => due_key(world, self).await,
        };
        // Nobody's sign-in of before is valid any more.
        fixture.organization.owner = world.person("alice");
        fixture.start = world.copy_table();
        fixture
    }
}

async fn keys(world: &World) -> Fixture {
    let organization = world.organization("alice", "flexible").await;
    let policy = json!({"policy": {"quota": {"owner": 1, "normal": 2}}});
    organization.owner.patch(&organization.path, policy).await.expect(200);
    let carol = organization.join_as(world, "carol", "normal").await;
    let dave = organization.invite("dave").await;
    let create = async |name: &str, days: i64| {
        let body = json!({"name": name, "expires_in_days": days});
        world.person("carol").post(&organization.keys_of("me"), body).await.expect(201)
    };
    let (key, expired) = (create("key", 90).await, create("expired", 1).await);
    world.travel(DAY + 60);
    let (began, start) = (now(world), world.copy_table());
    Fixture { setup: Setup::Keys, organization, holder: "carol", carol, dave, key, expired, began, start }
}

async fn due_key(world: &World, setup: Setup) -> Fixture {
    let organization = world.organization("alice", "strict").await;
    let policy = json!({"extension": "any_time", "notices": {"days_before": [30]}});
    organization.owner.patch(&organization.path, json!({"policy": policy})).await.expect(200);
    let key = organization.machine_key().await;
    world.travel(DUE);
    if setup == Setup::UnmarkedMail {
        let lost = kit::Fault::on(kit::Service::Ses, kit::Effect::LoseReply).operation("SendRawEmail");
        world.stack.faults().add(lost);
        world.notify().await;
        world.stack.faults().clear();
        world.end_leases();
        world.travel(DUE + DAY / 4);
    }
    let nobody = String::new();
    Fixture {
        setup,
        organization,
        holder: "alice",
        carol: nobody.clone(),
        dave: nobody,
        expired: key.clone(),
        key,
        began: now(world),
        start: world.copy_table(),
    }
}

fn now(world: &World) -> i64 {
    world.stack.clock().now().as_second()
}

impl Fixture {
    /// Moves the time to so many seconds after the start. An order that is played an hour later finds the same times.
    pub(super) fn travel(&self, world: &World, seconds: i64) {
        let clock = world.stack.clock();
        clock.shift(clock.offset_seconds() + self.began + seconds - now(world));
    }

    /// Lets all runs of the notice function end that are still needed, as ticks of a day would.
    pub(super) async fn settle(&self, world: &World) {
        if self.setup == Setup::Keys {
            return;
        }
        for _ in 0..2 {
            world.end_leases();
            self.travel(world, DAY / 4);
            world.notify().await;
            self.travel(world, 0);
        }
    }
}
