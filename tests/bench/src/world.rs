//! The AWS endpoints, and an organization to measure with.

use local::{Options, Quota, Stack, dynoxide::AttributeValue};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::{
    binaries::{AUTHORIZER, Binaries},
    copies::items_of,
    event::{self, Named},
    failure::Failure,
    instance::{Instance, Start},
    report::progress,
};

/// The AWS endpoints with an organization in the table, whose machines have keys.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) binaries: &'a Binaries,
    pub(crate) stack: Stack,
    pub(crate) organization: String,
    pub(crate) owner: String,
    /// Tokens of keys, each of a machine of its own.
    pub(crate) tokens: Vec<String>,
    /// A machine with two keys, to be copied.
    pub(crate) original: String,
    _runtime: Runtime,
}

/// The functions that make the organization and its keys.
pub(crate) const MADE_BY: [&str; 2] = [MANAGE_ORGANIZATION, MANAGE_USERS];
const MANAGE_ORGANIZATION: &str = "manage-organization";
const MANAGE_USERS: &str = "manage-users";

/// Days: the lifetime of a machine's keys.
const LIVES_FOR_DAYS: i64 = 90;

impl<'a> World<'a> {
    /// Starts the endpoints and lets the functions make what is measured with.
    pub(crate) fn start(binaries: &'a Binaries, tokens: usize) -> Result<Self, Failure> {
        progress("making an organization with keys");
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(Failure::system("cannot start threads"))?;
        let options = Options { memory: true, aws_only: true, ..Options::default() };
        let stack = runtime.block_on(Stack::start(options))?;
        stack.set_quota(Quota { max_24_hour_send: 1e9, max_send_rate: 1e6, sent_last_24_hours: 0.0 });
        let mut world = Self {
            binaries,
            stack,
            organization: String::new(),
            owner: String::new(),
            tokens: Vec::new(),
            original: String::new(),
            _runtime: runtime,
        };
        world.found()?;
        let users = Instance::start(&world.of(MANAGE_USERS)?)?;
        for _ in 0..tokens {
            let machine = world.machine(&users, 1, LIVES_FOR_DAYS)?;
            let token = machine["access_keys"][0]["secret"]["token"].as_str();
            world.tokens.push(token.ok_or_else(|| users.failed("answered no token"))?.to_owned());
        }
        world.original = text(&world.machine(&users, 2, LIVES_FOR_DAYS)?["user_id"]);
        Ok(world)
    }

    /// Returns how a function is started.
    pub(crate) fn of(&self, function: &str) -> Result<Start, Failure> {
        self.start_as(function, function)
    }

    /// Returns how a floor is started: in the authorizer's place.
    pub(crate) fn floor(&self, floor: &str) -> Result<Start, Failure> {
        self.start_as(floor, AUTHORIZER)
    }

    fn start_as(&self, binary: &str, function: &str) -> Result<Start, Failure> {
        let variables = self.stack.variables(function);
        Ok(Start {
            function: binary.to_owned(),
            binary: self.binaries.file(binary)?,
            variables: variables.ok_or_else(|| Failure::NoBinary(function.to_owned()))?,
            log: self.binaries.logs.join(format!("{binary}.log")),
        })
    }

    /// Returns a deadline far away, in milliseconds since 1970.
    pub(crate) fn deadline(&self) -> i64 {
        self.stack.clock().now().as_millisecond() + 240_000
    }

    fn found(&mut self) -> Result<(), Failure> {
        let instance = Instance::start(&self.of(MANAGE_ORGANIZATION)?)?;
        let nobody_else =
            json!({"owners_for_machines": false, "owners": false, "creator": false, "modifier": false});
        let body = json!({"name": "Example", "policy": {"preset": "flexible", "quota": {"machine": 100},
            "notices": {"tell": nobody_else}}});
        let issuer = self.stack.issuer().url().to_owned();
        let made = self.create(&instance, &body, |event| {
            event["requestContext"]["authorizer"]["lambda"]["issuer"] = json!(issuer);
            // Alice's token is measured later.
            event["requestContext"]["authorizer"]["lambda"]["subject"] = json!("alice");
        })?;
        self.organization = text(&made["organization_id"]);
        let items = items_of(&self.stack, &format!("ORG#{}", self.organization))?;
        let owner = items.iter().find_map(|item| match item.get("owner_ids") {
            Some(AttributeValue::SS(owners)) => owners.first().cloned(),
            _ => None,
        });
        self.owner = owner.ok_or_else(|| instance.failed("made no owner"))?;
        Ok(())
    }

    /// Makes a machine user with keys.
    pub(crate) fn machine(&self, users: &Instance, keys: usize, days: i64) -> Result<Value, Failure> {
        let keys = vec![json!({"name": "deploy", "expires_in_days": days}); keys];
        let email = format!("ci-{}@example.com", event::another());
        let body = json!({"kind": "machine", "name": "CI", "email": email, "access_keys": keys});
        self.create(users, &body, |_| {})
    }

    fn create(
        &self,
        instance: &Instance,
        body: &Value,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Failure> {
        let nobody = Named { user: String::new(), suffix: String::new() };
        let mut event = event::sample(self, instance.function(), &nobody)?;
        event["body"] = json!(body.to_string());
        change(&mut event);
        let answer = instance.invoke(event.to_string().as_bytes(), self.deadline())?;
        let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer["statusCode"] != 201 {
            return Err(instance.failed(answer.to_string()));
        }
        Ok(serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
