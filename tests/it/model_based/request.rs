//! The request of each step.

use kit::Client;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    model::Kind,
    run::ModelRun,
    steps::{By, PolicyChange, Step},
};

/// A request and the function that answers it.
pub(crate) struct Request {
    pub(crate) function: &'static str,
    pub(crate) client: Client,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl ModelRun<'_> {
    pub(crate) fn request(&mut self, step: &Step) -> Request {
        let user = &self.state.users[step.user().unwrap_or_default()];
        let machine = user.kind == Kind::Machine;
        let (keys, user_path) = (self.organization.keys_of(&user.id), self.organization.user_path(&user.id));
        let by = match step {
            Step::Rotate { by, .. } | Step::Switch { by, .. } | Step::Revoke { by, .. } => by.clone(),
            Step::CreateKey { .. } | Step::MoveExpiry { .. } | Step::Narrow { .. } | Step::Rename { .. }
                if !machine =>
            {
                By::Themselves
            }
            _ => By::Admin,
        };
        let name = user.name.clone();
        let key = |key: &usize| {
            let key = &user.keys[*key];
            (key, format!("{}/access-keys/{}", self.organization.path, key.id))
        };
        let (method, path, body) = match step {
            Step::CreateKey { days, .. } => {
                let mut body = json!({"name": "k"});
                match days {
                    Some(days) => body["expires_in_days"] = json!(days),
                    None => body["never_expires"] = json!(true),
                }
                (Method::POST, keys, body)
            }
            Step::Rotate { key: position, overlap, .. } => {
                let path = match by {
                    By::Admin | By::Themselves => key(position).1,
                    By::Current | By::Previous => format!("{}/access-keys/current", self.organization.path),
                };
                let body = overlap.map_or(Value::Null, |seconds| json!({"overlap_seconds": seconds}));
                (Method::POST, format!("{path}/rotate"), body)
            }
            Step::MoveExpiry { key: position, to, .. } => {
                let body = match to {
                    Some(to) => json!({"expires_at": domain::Time::from_seconds(*to).to_string()}),
                    None => json!({"never_expires": true}),
                };
                (Method::PATCH, key(position).1, body)
            }
            Step::Switch { key: position, on, .. } => (Method::PATCH, key(position).1, json!({"active": on})),
            Step::Narrow { key: position, to_role, .. } => {
                let roles: &[&str] = if *to_role { &["reader"] } else { &[] };
                (Method::PATCH, key(position).1, json!({"roles": roles}))
            }
            Step::Rename { key: position, .. } => {
                let body = json!({"name": format!("k{}", self.number)});
                (Method::PATCH, key(position).1, body)
            }
            Step::Revoke { key: position, .. } => {
                let path = format!("{}/revoke", key(position).1);
                (Method::POST, path, Value::Null)
            }
            Step::DeleteKey { key: position, .. } => (Method::DELETE, key(position).1, Value::Null),
            Step::Suspend { .. } => (Method::PATCH, user_path, json!({"status": "suspended"})),
            Step::Lift { .. } => (Method::PATCH, user_path, json!({"status": "active"})),
            Step::DeleteUser { .. } => (Method::DELETE, user_path, Value::Null),
            Step::SetPolicy { change } => {
                let body = json!({"policy": change.body()});
                (Method::PATCH, self.organization.path.clone(), body)
            }
            Step::CreateUser { .. } | Step::Wait { .. } | Step::SeeEnd { .. } | Step::RunNotices => {
                unreachable!("it has a method of its own")
            }
        };
        let token = match (step, &by) {
            (Step::Rotate { key: position, .. }, By::Current) => key(position).0.current.clone(),
            (Step::Rotate { key: position, .. }, By::Previous) => {
                key(position).0.previous.as_ref().and_then(|(token, _)| token.clone())
            }
            _ => None,
        };
        let client = match (token, by) {
            (Some(token), _) => self.world.key(&token),
            (None, By::Themselves) => self.person(&name),
            (None, _) => self.admin(),
        };
        Request { function: step.function(), client, method, path, body }
    }
}

impl PolicyChange {
    fn body(&self) -> Value {
        match self {
            Self::Quota(name, _, quota) => json!({"quota": {*name: quota}}),
            Self::Extension(extension) => json!({"extension": extension}),
            Self::MaxSeconds(seconds) => json!({"lifetime": {"max_seconds": seconds}}),
            Self::AllowNever(allowed) => json!({"lifetime": {"allow_never": allowed}}),
            Self::MaxOverlap(seconds) => json!({"rotation": {"max_overlap_seconds": seconds}}),
        }
    }

    /// Tells whether a stored policy holds the value.
    pub(crate) fn is_in(&self, policy: &Value) -> bool {
        fn holds(policy: &Value, part: &Value) -> bool {
            match part {
                Value::Object(members) => members.iter().all(|(name, value)| holds(&policy[name], value)),
                part => policy == part,
            }
        }
        holds(policy, &self.body())
    }
}
