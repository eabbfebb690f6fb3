//! Hostile events, sent straight to the runtime API of every function.
//!
//! No event ends a process. What a client can choose is refused with a 4xx or answered rightly. A 5xx or an error is
//! the answer only to an event that the gateway, the authorizer or the schedule never writes.

mod events;

use kit::{Options, Random, World, run_with, share};
use serde_json::Value;

use events::{Change, Writer};

/// From so many drawn events a function on, it gets every large event too, not its part of them alone.
const DRAWN_WITH_ALL_LARGE: usize = 1_000;

/// Returns the function that a sample is for. The authorizer has a sample for each kind of API.
fn function_of(sample: &str) -> &str {
    if sample.starts_with("authorize-request") { "authorize-request" } else { sample }
}

fn is_http(function: &str) -> bool {
    !matches!(
        function,
        "authorize-request" | "declare-routes" | "notify-expiring-keys" | "rotate-pepper" | "rotate-secret"
    )
}

/// One sample, the function that it is for, and the number of events sent.
struct Victim<'w> {
    world: &'w World,
    function: &'w str,
    sample: &'w Value,
    sent: usize,
}

impl Victim<'_> {
    /// Sends an event and checks that the process lives and the answer fits. `what` names the event in a failure.
    async fn send(&mut self, event: Vec<u8>, writer: Writer, what: impl Fn() -> String) -> Option<Value> {
        self.sent += 1;
        let function = self.function;
        let answer = self.world.stack.invoke_bytes(function, event).await;
        let answer = answer.map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
        match &answer {
            Ok(answer) if is_http(function) => {
                let status = answer["statusCode"].as_u64().unwrap();
                let allowed = writer == Writer::Aws || status < 500;
                assert!(allowed, "{function}: {status} to {}: {answer}", what());
            }
            Ok(answer) if function == "authorize-request" => {
                let text = answer.to_string();
                let allows = text.contains("Allow") || answer["isAuthorized"] == true;
                assert!(!allows, "{text} to {}", what());
            }
            Ok(_) => {}
            Err(error) => {
                let (kind, message) = (&error.error_type, &error.error_message);
                let lives =
                    !kind.starts_with("Runtime.") && !kind.starts_with("Sandbox.") && !kind.contains("Panic");
                assert!(lives, "{function}: {kind}: {message} after {}", what());
                // REST and WebSocket APIs take this one error for a refusal.
                let refused = function == "authorize-request" && message == "Unauthorized";
                assert!(writer == Writer::Aws || refused, "{function}: {kind}: {message} to {}", what());
            }
        }
        answer.ok()
    }

    /// Sends the sample with these changes.
    async fn send_changed(&mut self, changes: &[Change], writer: Writer) {
        let what = || {
            let shown = changes.iter().map(|(pointer, value)| {
                let value =
                    value.as_ref().map(|value| value.to_string().chars().take(40).collect::<String>());
                format!("{pointer} = {value:?}")
            });
            shown.collect::<Vec<_>>().join(" and ")
        };
        self.send(events::changed(self.sample, changes), writer, what).await;
    }

    /// Sends its part of each kind of event, then `drawn` single changes and pairs of them.
    async fn attack(&mut self, part: Part, cases: &Cases, random: &mut Random) {
        let http = is_http(self.function);
        let whole = !http || part.drawn >= cases.chosen.len();
        for (at, (event, writer, what)) in events::raw(self.sample, http).into_iter().enumerate() {
            if part.has(at, whole) {
                self.send(event, writer, || what.to_owned()).await;
            }
        }
        if self.function == "authorize-request" {
            for changes in events::chosen_for_authorizer(self.sample) {
                self.send_changed(&changes, Writer::Client).await;
            }
        }
        if http {
            let every_large = part.drawn >= DRAWN_WITH_ALL_LARGE;
            for (of_kind, all) in [(&cases.chosen, whole), (&cases.large, every_large)] {
                for (at, changes) in of_kind.iter().enumerate() {
                    if part.has(at, all) {
                        self.send_changed(changes, Writer::Client).await;
                    }
                }
            }
        }
        let (members, replacements) = (events::pointers(self.sample), events::replacements());
        let singles = events::singles(&members, &replacements);
        // Functions behind the gateway have one way to read events, so they share the single changes.
        let (first, count) = if http {
            (part.number * part.drawn / 2, part.drawn / 2)
        } else {
            (0, members.len().max(part.drawn / 2))
        };
        for single in singles.iter().cycle().skip(first).take(count.min(singles.len())) {
            self.send_single_or_pair(std::slice::from_ref(single)).await;
        }
        for _ in 0..part.drawn / 2 {
            let pair = [(); 2].map(|()| (random.pick(&members), random.pick(&replacements)));
            self.send_single_or_pair(&pair).await;
        }
    }

    async fn send_single_or_pair(&mut self, changes: &[Change]) {
        let by_client =
            is_http(self.function) && changes.iter().all(|one| events::writer(one) == Writer::Client);
        let writer = if by_client { Writer::Client } else { Writer::Aws };
        self.send_changed(changes, writer).await;
    }
}

/// What clients can send to each function behind the gateway.
struct Cases {
    chosen: Vec<Vec<Change>>,
    large: Vec<Vec<Change>>,
}

/// One function's part of the events.
#[derive(Clone, Copy)]
struct Part {
    number: usize,
    of: usize,
    /// Counts the single changes and pairs.
    drawn: usize,
}

impl Part {
    fn has(self, at: usize, all: bool) -> bool {
        all || at % self.of == self.number
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the message of a failure names no seed")]
fn no_event_ends_a_process_and_each_is_refused_or_answered() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let samples = events::samples();
        let functions: Vec<_> = world.stack.functions().map(str::to_owned).collect();
        for function in &functions {
            assert!(samples.keys().any(|sample| function_of(sample) == function), "{function} has no sample");
        }
        let (behind_gateway, others): (Vec<_>, Vec<_>) =
            samples.iter().partition(|(name, _)| is_http(function_of(name)));
        let cases = Cases { chosen: events::chosen(), large: events::large() };
        let drawn = share::hostile_events() / samples.len();
        let seed = share::seed("HOSTILE_SEED").unwrap_or(1);
        eprintln!("HOSTILE_SEED={seed}");
        let mut random = Random::new(seed);
        for group in [behind_gateway, others] {
            for (number, (name, sample)) in group.iter().enumerate() {
                let function = function_of(name);
                let mut victim = Victim { world, function, sample, sent: 0 };
                let good = || (sample.to_string().into_bytes(), Writer::Aws, || "the sample".to_owned());
                let (event, writer, what) = good();
                let before = victim.send(event, writer, what).await;
                victim.attack(Part { number, of: group.len(), drawn }, &cases, &mut random).await;
                let (event, writer, what) = good();
                let after = victim.send(event, writer, what).await;
                // The sample made another organization each time, up to the limit of a person.
                let status = |answer: Option<Value>| answer.map(|answer| answer["statusCode"].clone());
                let (before, after) = (status(before), status(after));
                let same = before == after || *name == "manage-organization";
                assert!(same, "{name}: {before:?} and then {after:?}");
                assert!(victim.sent > drawn / 2, "{name}: {}", victim.sent);
            }
        }
        for function in &functions {
            let lines = world.stack.logs().by_function(function);
            let panic = lines.iter().find(|line| line.contains("panicked") || line.contains("overflow"));
            assert_eq!(panic, None, "{function}");
        }
    });
}
