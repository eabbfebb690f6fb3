//! Takes the steps in the system and in the model, and compares the two after each.

use std::collections::{BTreeSet, HashMap};

use kit::{Answer, Client, Effect, Fault, Organization, Random, Service, When, World};

use super::{
    model::{Kind, Policy, Standing, Time, User},
    steps::Step,
};

/// The state of the model.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The first is the owner who administers the others.
    pub(crate) users: Vec<User>,
    pub(crate) policy: Policy,
}

impl State {
    /// Returns the times at which a key of a user expires or an overlap ends.
    pub(crate) fn ends(&self, user: usize) -> Vec<Time> {
        let ends = self.users[user].keys.iter().flat_map(|key| {
            let overlap = key.previous.as_ref().map(|(_, until)| *until);
            key.expires_at.into_iter().chain(overlap)
        });
        ends.collect()
    }
}

/// One sequence of steps in an organization of its own.
pub(crate) struct ModelRun<'w> {
    pub(crate) world: &'w World,
    pub(crate) organization: Organization,
    pub(crate) state: State,
    pub(crate) random: Random,
    pub(crate) number: usize,
    /// The audit events that the step must write: action, effect and target.
    pub(crate) events: Vec<[String; 3]>,
    /// Those of `events` that a narrower stage may have replaced.
    pub(crate) superseded: Vec<[String; 3]>,
    seed: u64,
    /// The step that is taken, or two at once.
    steps: Vec<Step>,
    /// How often two steps were sent at once and met in the table.
    pub(crate) met: usize,
    clients: HashMap<String, (Client, Time)>,
    seen_events: BTreeSet<String>,
    /// The audit ids of the events that came over the bus.
    arrived: BTreeSet<String>,
    pub(crate) seen_mails: usize,
}

/// Seconds: no key expires and no overlap ends while a step is taken.
const WINDOW: i64 = 90;

/// Seconds after which a person signs in again; a sign-in lasts 12 hours.
const SIGNED_IN: i64 = 11 * 3_600;

impl Drop for ModelRun<'_> {
    #[expect(clippy::print_stderr, reason = "the message of a failure names neither seed nor step")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "seed {}, step {}: {:?}; replay it with MODEL_SEED={}",
                self.seed, self.number, self.steps, self.seed
            );
        }
    }
}

impl<'w> ModelRun<'w> {
    pub(crate) async fn begin(world: &'w World, flexible: bool, seed: u64) -> Self {
        let organization = world.organization("alice", if flexible { "flexible" } else { "strict" }).await;
        organization.role("reader", &["clusters:read"]).await;
        // A new instance of the authorizer reads the new role.
        let end = Fault::anywhere(Effect::KillBefore).function("authorize-request").when(When::First(1));
        world.stack.faults().add(end);
        organization.owner.get(&organization.path).await.expect(500);
        world.stack.faults().clear();
        let owner = organization.owner.get(&organization.user_path("me")).await.expect(200);
        let quota = if flexible { [50, 2, 2] } else { [1, 1, 2] };
        let policy = Policy {
            flexible,
            quota,
            min_seconds: if flexible { 3_600 } else { kit::DAY },
            max_seconds: kit::DAY * if flexible { 3_650 } else { 365 },
            allow_never: flexible,
            extension: if flexible { "any_time" } else { "none" },
            max_overlap: 7 * kit::DAY,
        };
        let state = State { users: vec![], policy };
        let mut run = Self {
            world,
            organization,
            state,
            random: Random::new(seed),
            number: 0,
            events: vec![],
            superseded: vec![],
            seed,
            steps: vec![],
            met: 0,
            clients: HashMap::new(),
            seen_events: BTreeSet::new(),
            arrived: BTreeSet::new(),
            seen_mails: 0,
        };
        run.state.users.push(User {
            id: owner["user_id"].as_str().unwrap().to_owned(),
            name: "alice".to_owned(),
            kind: Kind::Owner,
            standing: Standing::Active,
            rearmed_at: None,
            email: Some("alice@example.com".to_owned()),
            keys: vec![],
        });
        run.create_user(Kind::Owner, &[], true).await;
        run.new_events(run.now() - WINDOW);
        run.new_on_bus().await;
        run.events.clear();
        run
    }

    pub(crate) async fn take_steps(&mut self, steps: usize) {
        for _ in 0..steps {
            self.number += 1;
            self.avoid_ends();
            let began = self.now();
            let taken = self.draw(began);
            self.steps.clone_from(&taken);
            match taken.as_slice() {
                [one, other] => self.send_both([one, other]).await,
                taken => self.take(&taken[0]).await,
            }
            // An instance may refuse from memory what it read within the second before a secret was made.
            self.travel_to(self.now() + 2);
            let took = self.now() - began;
            let waits = matches!(taken[0], Step::Wait { .. } | Step::SeeEnd { .. } | Step::RunNotices);
            assert!(took < WINDOW || waits, "{took} seconds");
            for step in &taken {
                self.compare(step).await;
            }
            let mut left = self.new_events(began);
            left.sort();
            self.drop_superseded(&left);
            self.events.sort();
            assert_eq!(left, self.events);
            self.compare_bus(left).await;
            self.events.clear();
        }
        // About 6 of 100 steps meet another one.
        assert!(steps < 200 || self.met > steps / 100, "{} of {steps} met another one", self.met);
    }

    /// Draws a step, sometimes with another one that is taken at once.
    fn draw(&mut self, now: Time) -> Vec<Step> {
        let step = Step::choose(&self.state, &mut self.random, now);
        let other =
            if self.random.one_in(3) { step.choose_other(&self.state, &mut self.random, now) } else { None };
        [Some(step), other].into_iter().flatten().collect()
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Wait { seconds } => self.travel_to(self.now() + seconds),
            Step::SeeEnd { user, at } => {
                self.travel_to(at - 2);
                let keys = 0..self.state.users[*user].keys.len();
                self.check_tokens(*user, keys.clone(), at * 1_000 - 1).await;
                self.check_tokens(*user, keys, at * 1_000).await;
                self.travel_to(at + 1);
            }
            Step::RunNotices => self.run_notices().await,
            Step::CreateUser { kind, keys, has_email } => self.create_user(*kind, keys, *has_email).await,
            step => self.send(step).await,
        }
    }

    /// Returns the gateway's time.
    pub(crate) fn now(&self) -> Time {
        self.world.stack.clock().now().as_second()
    }

    pub(crate) fn travel_to(&self, time: Time) {
        let clock = self.world.stack.clock();
        clock.shift(clock.offset_seconds() + time - self.now());
    }

    /// Moves past every end within the next seconds, so that the result of the next step is certain.
    fn avoid_ends(&self) {
        loop {
            let now = self.now();
            let users = 0..self.state.users.len();
            let reuse =
                self.state.users.iter().flat_map(|user| &user.keys).filter_map(|key| key.reuse_reported_at);
            let ends = users.flat_map(|user| self.state.ends(user)).chain(reuse.map(|at| at + 3_600));
            let Some(last) = ends.filter(|at| (now..now + WINDOW).contains(at)).max() else { return };
            self.travel_to(last + 1);
        }
    }

    /// Returns a client of a person whose sign-in is valid.
    pub(crate) fn person(&mut self, name: &str) -> Client {
        let now = self.now();
        if let Some((client, since)) = self.clients.get(name)
            && now - since < SIGNED_IN
        {
            return client.clone();
        }
        let client = self.world.person(name);
        self.clients.insert(name.to_owned(), (client.clone(), now));
        client
    }

    pub(crate) fn admin(&mut self) -> Client {
        self.person("alice")
    }

    /// Returns the audit events since a time that were not read before: action, effect and target.
    fn new_events(&mut self, since: Time) -> Vec<[String; 3]> {
        let from = ulid::Ulid::from_parts(u64::try_from(since - 1).unwrap() * 1_000, 0).to_string();
        let partition = format!("ORG#{}#AUDIT", self.organization.id);
        let mut new = vec![];
        for event in self.world.partition(&partition, (&from, "~")) {
            if self.seen_events.insert(event["SK"].as_str().unwrap().to_owned()) {
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                new.push([&event["action"], &event["effect"], &event["target"]["id"]].map(text));
            }
        }
        new
    }

    /// Compares the events that came over the bus with the audit events of a step. A lost reply of the bus brings one twice.
    async fn compare_bus(&mut self, left: Vec<[String; 3]>) {
        if self.random.one_in(4) {
            let lost = Fault::on(Service::EventBridge, Effect::LoseReply).when(When::First(1));
            self.world.stack.faults().add(lost);
        }
        let mut arrived = self.new_on_bus().await;
        self.world.stack.faults().clear();
        arrived.sort();
        assert_eq!(arrived, left, "events on the bus");
    }

    /// Returns what came over the bus since the last call, each once: action, effect and target.
    async fn new_on_bus(&mut self) -> Vec<[String; 3]> {
        let events = self.world.lifecycle_events().await.expect("the template has a pipe");
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let ours =
            events.iter().filter(|event| event["detail"]["organization_id"] == self.organization.id.as_str());
        let mut new = vec![];
        for event in ours {
            let detail = &event["detail"];
            if self.arrived.insert(text(&detail["audit_id"])) {
                new.push([&event["detail-type"], &detail["effect"], &detail["target"]["id"]].map(text));
            }
        }
        new
    }

    /// Tells whether an answer came from the gateway and not from a function.
    pub(crate) fn is_gateways(answer: &Answer) -> bool {
        answer.body.get("message").is_some()
    }
}
