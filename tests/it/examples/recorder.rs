//! Keeps requests and answers as examples: with ids, times and secrets that are the same in each run.

use jiff::{SignedDuration, Timestamp, fmt::strtime, tz::TimeZone};
use kit::{Answer, Client, DAY, World, operation_id};
use reqwest::Method;
use serde_json::{Map, Value, json};
use ulid::Ulid;

/// The day of the examples.
const TODAY: &str = "2026-01-05T09:00:00Z";
/// The token of the first published test vector, which stands for every secret. No key has it.
pub(super) const TOKEN: &str = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
/// A cursor of 16 hexadecimal digits and a position.
const CURSOR: &str = "NGUxZjBhN2M5ZDNiMjY4ZTdIY1gybVBxOUx3Wg";
/// How times are written: in members, and in texts for people.
const FORMS: [(&str, usize); 2] = [("%Y-%m-%dT%H:%M:%SZ", 20), ("%Y-%m-%d %H:%M:%S UTC", 23)];

/// Collects the examples of one story.
pub(crate) struct Recorder {
    operations: Map<String, Value>,
    problems: Map<String, Value>,
    /// What stands for what in the examples.
    aliases: Vec<(String, String)>,
    began: Timestamp,
}

impl Recorder {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            operations: Map::new(),
            problems: Map::new(),
            aliases: vec![
                (world.stack.issuer().url().to_owned(), "https://login.example.com".to_owned()),
                ("127.0.0.1".to_owned(), "203.0.113.7".to_owned()),
            ],
            began: world.stack.clock().now(),
        }
    }

    /// Sends a request. It and its answer are the example of the operation.
    pub(crate) async fn show(
        &mut self,
        client: &Client,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Value {
        let answer = client.send(method.clone(), path, body.clone()).await;
        self.keep(&method, path, body, answer)
    }

    /// Keeps a request and its answer as the example of the operation.
    pub(crate) fn keep(&mut self, method: &Method, path: &str, body: Option<Value>, answer: Answer) -> Value {
        assert!(answer.status < 300, "{method} {path}: {}", answer.body);
        let members = [("request", body.unwrap_or_default()), ("answer", answer.body.clone())];
        let example: Map<_, _> = members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let before = self.operations.insert(operation_id(method, path), example.into());
        assert!(before.is_none(), "{method} {path} has an example already");
        answer.body
    }

    /// Keeps an answer as the example of its problem.
    pub(crate) fn problem(&mut self, answer: Answer, status: u16, code: &str) {
        let problem = answer.expect_problem(status, code);
        let before = self.problems.insert(code.to_owned(), problem);
        assert!(before.is_none(), "{code} has an example already");
    }

    /// Lets an id of the examples stand for a real one.
    pub(crate) fn alias(&mut self, real: &Value, id: &str) {
        self.aliases.insert(0, (real.as_str().unwrap().to_owned(), id.to_owned()));
    }

    /// Lets the published secret stand for that of a key, and ids of the examples for its own.
    pub(crate) fn alias_key(&mut self, key: &Value, id: &str) {
        self.alias(&key["key_id"], id);
        let secret_key = key["secret"]["secret_key"].as_str().unwrap();
        let (_, published) = TOKEN.rsplit_once('_').unwrap();
        let (last, published_last) = (&secret_key[45..], &published[45..]);
        self.aliases.insert(0, (format!("_…{last}"), format!("_…{published_last}")));
        self.aliases.insert(0, (secret_key.to_owned(), published.to_owned()));
        self.alias(&key["secret"]["token"], TOKEN);
    }

    /// Returns all examples, the same in each run.
    pub(crate) fn into_examples(self) -> Value {
        let mut examples = json!({ "operations": self.operations, "problems": self.problems });
        self.settle(&mut examples, &mut 0);
        examples
    }

    fn settle(&self, value: &mut Value, ids: &mut u32) {
        match value {
            Value::String(text) => *text = self.settled(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.settle(item, ids)),
            Value::Object(members) => {
                for (name, member) in members {
                    match (name.as_str(), &*member) {
                        ("audit_id" | "message_id", Value::String(_)) => {
                            *ids += 1;
                            let today: Timestamp = TODAY.parse().unwrap();
                            let milliseconds = today.as_millisecond().unsigned_abs();
                            *member = Ulid::from_parts(milliseconds, (*ids).into()).to_string().into();
                        }
                        ("request_id", _) => *member = "JKJaXmPLvHcESHA=".into(),
                        ("next_cursor", Value::String(_)) => *member = CURSOR.into(),
                        ("iat" | "exp", Value::Number(seconds)) => {
                            let time = Timestamp::from_second(seconds.as_i64().unwrap()).unwrap();
                            *member = self.day_of(time).as_second().into();
                        }
                        _ => self.settle(member, ids),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn settled(&self, text: &str) -> String {
        let mut text = self.aliases.iter().fold(text.to_owned(), |text, (real, id)| text.replace(real, id));
        for (form, length) in FORMS {
            for start in 0..text.len().saturating_sub(length - 1) {
                let found = text.get(start..start + length).and_then(|part| {
                    let written = strtime::parse(form, part).ok()?.to_datetime().ok()?;
                    TimeZone::UTC.to_timestamp(written).ok()
                });
                if let Some(time) = found {
                    let settled = self.day_of(time).strftime(form).to_string();
                    text.replace_range(start..start + length, &settled);
                }
            }
        }
        text
    }

    /// Moves a time to the days of the examples: as many whole days after the first as it is after the story began.
    fn day_of(&self, time: Timestamp) -> Timestamp {
        let days = (time.duration_since(self.began).as_secs_f64() / 86_400.0).round();
        let today: Timestamp = TODAY.parse().unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "a story lasts some years at most")]
        let seconds = DAY * days as i64;
        today + SignedDuration::from_secs(seconds)
    }
}
