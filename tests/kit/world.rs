//! One running system, and what a test does with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use local::{Effect, Fault, HeldCall, LogLine, Options, Service, Stack, When, Writes};
use serde_json::Value;

use crate::{
    Client, Item, Organization, grants, log_lines, reached,
    secrets::{Secrets, check_for},
    share, times,
};

/// One running system with nobody in it yet.
#[derive(Debug)]
pub struct World {
    /// The stack, for faults, logs, mails and the clock.
    pub stack: Stack,
    pub(crate) http: reqwest::Client,
    pub(crate) secrets: Arc<Secrets>,
    replaced: AtomicBool,
}

/// Runs a test in a world of its own, then looks for its secrets in all that was written.
///
/// # Panics
/// When the test does, when the stack does not start, and when a secret got out.
pub fn run(test: impl AsyncFnOnce(&World)) {
    run_with(Options::default(), test);
}

/// Time limits of the calls to AWS that a busy machine keeps too: what tests prove does not hang on its speed.
const PATIENT: [(&str, &str); 6] = [
    ("AuthorizerConnectTimeoutMs", "5000"),
    ("AuthorizerAttemptTimeoutMs", "5000"),
    ("AuthorizerOperationTimeoutMs", "8000"),
    ("ConnectTimeoutMs", "10000"),
    ("AttemptTimeoutMs", "10000"),
    ("OperationTimeoutMs", "25000"),
];

/// Runs a test in a world with these options; it is always in memory, and patient unless they say otherwise.
///
/// # Panics
/// As [`run`] does.
pub fn run_with(mut options: Options, test: impl AsyncFnOnce(&World)) {
    for (parameter, milliseconds) in PATIENT {
        options.parameters.entry(parameter.to_owned()).or_insert_with(|| milliseconds.to_owned());
    }
    for parameter in ["ConsoleClientId", "ConsoleUrl"] {
        options.parameters.entry(parameter.to_owned()).or_default();
    }
    if options.writes == Writes::AsSent {
        options.writes = share::writes();
    }
    let of_repository = options.template.is_none();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let began = Instant::now();
    runtime.expect("a runtime can be built").block_on(async {
        let stack = Stack::start(Options { memory: true, ..options }).await.expect("the stack starts");
        let starting = began.elapsed();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.expect("a client can be built");
        let world = World { stack, http, secrets: Arc::default(), replaced: AtomicBool::new(false) };
        test(&world).await;
        for secret in world.stack.issuer().secrets() {
            world.secrets.note(&secret);
        }
        check_events(&world, of_repository).await;
        let (secrets, mails, items) = (Arc::clone(&world.secrets), world.stack.emails(), world.items());
        let never_shown = world.never_shown(&items);
        if of_repository {
            grants::add(&world.stack);
        }
        reached::add(&world.stack);
        for line in world.stack.access_log() {
            secrets.check("a line of the access log", &line);
        }
        let logs = world.stack.stop().await;
        for LogLine { function, bytes } in logs.lines() {
            let line = String::from_utf8_lossy(&bytes);
            log_lines::check(&function, &line);
            secrets.check("a log line", &line);
            check_for(&never_shown, "a log line", &line);
        }
        let mails = format!("{mails:?}");
        secrets.check("a mail", &mails);
        check_for(&never_shown, "a mail", &mails);
        secrets.check_answers(&never_shown);
        secrets.check_tokens("the table", &format!("{items:?}"));
        check_audit_items(&items);
        times::add(starting, began.elapsed());
    });
}

/// Returns options under which machines may be mailed at any address of `example.com`.
#[must_use]
pub fn mail_domains() -> Options {
    let parameters = [("MailDomains".to_owned(), "example.com".to_owned())].into();
    Options { parameters, ..Options::default() }
}

impl World {
    /// Notes that the test removes items or the table past the functions, so that audit events and lifecycle events differ.
    pub fn replace_items(&self) {
        self.replaced.store(true, Ordering::Relaxed);
    }

    /// Signs a person in; the address is theirs and verified.
    #[must_use]
    pub fn person(&self, name: &str) -> Client {
        let token = self.stack.issuer().token(name, &format!("{name}@example.com"), name);
        self.anonymous().with_header("authorization", &format!("Bearer {token}"))
    }

    /// Comes with an access key.
    #[must_use]
    pub fn key(&self, token: &str) -> Client {
        self.anonymous().with_header("x-access-key", token)
    }

    /// Comes with nothing.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(self)
    }

    /// Makes an organization, of the person of this name, with this policy.
    pub async fn organization(&self, owner: &str, policy: &str) -> Organization {
        Organization::create(self, owner, policy).await
    }

    /// Shifts the present, for the gateway and schedules, to this many seconds from now.
    pub fn travel(&self, seconds: i64) {
        self.stack.clock().shift(seconds);
    }

    /// Returns the lifecycle events on the bus; `None` where none are read.
    ///
    /// # Panics
    /// When the pipe may not read the stream.
    pub async fn lifecycle_events(&self) -> Option<Vec<Value>> {
        let has_pipe = self.stack.grants().iter().any(|grant| grant.starts_with("EventPipe\t"));
        if !has_pipe {
            return None;
        }
        Some(self.stack.events().await.expect("the pipe runs"))
    }

    /// Returns the tags of all stored keys and the peppers.
    pub(crate) fn never_shown(&self, items: &[Item]) -> Vec<String> {
        let tags = items.iter().flat_map(tags_of);
        let pepper = self.stack.environment().get("PEPPER_SECRET_ID").and_then(|id| self.stack.secret(id));
        let pepper: Value =
            serde_json::from_str(&pepper.expect("the stack has a pepper")).expect("the pepper is JSON");
        let versions = pepper.as_object().expect("the pepper is an object").iter();
        let peppers = versions.filter(|(version, _)| *version != "current");
        let all = tags.chain(peppers.filter_map(|(_, value)| value.as_str().map(str::to_owned)));
        // Copies of a key have the tag of the original: looking for each once is enough.
        all.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Sends a request, does something else while the n-th call of this operation that the function makes from now on is held,
    /// and returns both results. All faults end before the call goes on.
    ///
    /// # Panics
    /// When the request ends before that call.
    pub async fn while_held<A, B>(
        &self,
        (function, operation, nth): (&str, &str, u64),
        request: impl Future<Output = A>,
        meanwhile: impl Future<Output = B>,
    ) -> (A, B) {
        let hold = Fault::anywhere(Effect::Hold).function(function).operation(operation);
        self.stack.faults().add(hold.when(When::Nth(nth)));
        let is_there = |held: &[HeldCall], _| {
            held.iter().any(|call| call.function == function && call.operation == operation)
        };
        tokio::pin!(request);
        tokio::select! {
            () = self.stack.faults().until_calls(is_there) => {}
            _ = &mut request => panic!("the request ended without the call that was to be held"),
        }
        let between = async {
            let done = meanwhile.await;
            self.stack.faults().clear();
            done
        };
        tokio::join!(request, between)
    }

    /// Lets every authorizer start anew, without what it knew of organizations, as ten seconds would.
    ///
    /// # Panics
    /// Before any key was made, and when an instance outlives its end.
    pub async fn forget_organizations(&self) {
        let known = self.stack.instances("authorize-request");
        let client = self.key(&self.secrets.any_token().expect("a key was made"));
        let fault = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("BatchGetItem");
        self.stack.faults().add(fault.function("authorize-request"));
        for _ in 0..known.idle + known.busy {
            client.get("/v1/whoami").await.expect(500);
        }
        self.stack.faults().clear();
    }

    /// Runs the notice function as its schedule would.
    ///
    /// # Panics
    /// When it fails.
    pub async fn notify(&self) -> Value {
        self.try_notify().await.expect("the notice function answers")
    }

    /// Runs the notice function as its schedule would.
    ///
    /// # Errors
    /// When it fails.
    ///
    /// # Panics
    /// When the template has no such schedule.
    pub async fn try_notify(&self) -> Result<Value, local::FunctionError> {
        let event = serde_json::json!({"time": self.stack.clock().now_text()});
        self.stack.run_schedule("notify-expiring-keys", &event).await.expect("the schedule is declared")
    }
}

/// Checks that the events on the bus are the audit events of the table, with what they say of each.
///
/// An audit event that a test put into the table by an import is none of a change. One of an organization that was removed
/// meanwhile stays an event.
async fn check_events(world: &World, of_repository: bool) {
    if !of_repository || world.replaced.load(Ordering::Relaxed) {
        return;
    }
    let Some(events) = world.lifecycle_events().await else { return };
    assert_eq!(world.stack.undelivered_events().await.expect("the pipe runs"), [] as [Value; 0]);
    let secrets = &world.secrets;
    secrets.check("a lifecycle event", &format!("{events:?}"));
    let details: BTreeMap<_, _> =
        events.iter().map(|event| (event["detail"]["audit_id"].to_string(), event)).collect();
    let mut stored = 0;
    for item in world.items().iter().filter(|item| item.contains_key("audit_id")) {
        let Some(event) = details.get(&item["audit_id"].to_string()) else {
            assert!(item.contains_key("imported"), "no event of {item:?}");
            continue;
        };
        stored += 1;
        assert_eq!(**event, event_of(item, event), "{item:?}");
    }
    let removed = details.len() - stored;
    assert!(
        removed == 0 || world.stack.calls().count("DeleteItem") > 0,
        "{removed} events without an audit event"
    );
}

/// Returns the event of an audit item, with what the bus adds.
fn event_of(item: &Item, event: &Value) -> Value {
    let named = |name: &str| serde_json::json!({"type": item[name]["type"], "id": item[name]["id"]});
    serde_json::json!({
        "version": "0", "id": event["id"], "time": event["time"], "account": "000000000000", "region": "us-east-1",
        "resources": [], "source": "local", "detail-type": item["action"],
        "detail": {
            "version": "1", "audit_id": item["audit_id"], "organization_id": item["organization_id"],
            "at": item["at"].to_string(), "action": item["action"], "actor": named("actor"), "target": named("target"),
            "effect": item["effect"], "source_ip": item["source_ip"], "request_id": item["request_id"],
        },
    })
}

/// Checks that each audit event holds what a lifecycle event is made of, as a text even where there is none.
fn check_audit_items(items: &[Item]) {
    for event in items.iter().filter(|item| item.contains_key("audit_id")) {
        let members = ["organization_id", "action", "effect", "source_ip", "request_id"];
        let texts = members.iter().all(|name| event.get(*name).is_some_and(Value::is_string));
        let parts = [("actor", "type"), ("actor", "id"), ("target", "type"), ("target", "id")];
        let named =
            parts.iter().all(|(member, part)| event.get(*member).is_some_and(|one| one[part].is_string()));
        assert!(texts && named && event.get("at").is_some_and(Value::is_i64), "{event:?}");
    }
}

/// Returns the tags that a stored key holds: of its secrets, and of those that work no more.
fn tags_of(item: &Item) -> Vec<String> {
    let secret = item.get("secret").into_iter();
    let previous = item.get("previous").into_iter().map(|previous| &previous["secret"]);
    let retired = item.get("retired").and_then(Value::as_array).into_iter().flatten();
    let all = secret.chain(previous).chain(retired);
    all.filter_map(|secret| secret["tag"].as_str().map(str::to_owned)).collect()
}
