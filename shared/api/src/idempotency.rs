use domain::{Error, access::Action, hex, id::UserId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use table::{KeyWithUser, IdempotencyRecord};

use crate::{Answer, KeyAnswer, Problem, Request, app::App, ok};

const HEADER: &str = "idempotency-key";

/// Tells that an answer repeats an earlier one.
const REPLAYED: &str = "idempotent-replayed";

/// The most characters of an `Idempotency-Key`.
const LONGEST: usize = 128;

/// What makes a request the same one: who asks, under which name, for what.
#[derive(Debug)]
struct Asked {
    actor: UserId,
    name: String,
    request: String,
}

impl Request {
    /// Does what is asked, once for each `Idempotency-Key` of the caller, where there is one.
    ///
    /// `make` does it; it must write the record that it is given, in the transaction of the change. It is
    /// the last thing asked: a repetition is recognized before anything else is judged, and also where a
    /// twin of the request was done meanwhile. `replay` then shows what was made, as it is now.
    pub async fn once<P>(
        &self,
        app: &App<P>,
        make: impl AsyncFnOnce(Option<IdempotencyRecord>) -> Answer,
        replay: impl AsyncFnOnce(&IdempotencyRecord) -> Answer,
    ) -> Answer {
        let Some(asked) = self.asked()? else { return make(None).await };
        if let Some(done) = self.done(app, &asked).await? {
            return replayed(&done, replay).await;
        }
        let refusal = match make(Some(self.record(&asked))).await {
            Err(problem) if problem.is_refusal() => problem,
            other => return other,
        };
        match self.done(app, &asked).await? {
            Some(done) => replayed(&done, replay).await,
            None => Err(refusal),
        }
    }

    fn asked(&self) -> Result<Option<Asked>, Problem> {
        let mut names = self.headers(HEADER);
        let Some(name) = names.next() else { return Ok(None) };
        let printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if names.next().is_some() || !(1..=LONGEST).contains(&name.len()) || !printable(name) {
            let rule = format!("must be 1 to {LONGEST} printable ASCII characters, given once");
            return Err(Error::invalid("Idempotency-Key", rule).into());
        }
        Ok(Some(Asked {
            actor: self.member()?.user_id,
            name: hash(&[name.as_bytes()]),
            request: hash(&[self.route.as_bytes(), self.raw_path().as_bytes(), &self.canonical_body()]),
        }))
    }

    /// Writes a JSON body in one way, whatever its spaces and the order of its members.
    fn canonical_body(&self) -> Vec<u8> {
        let body: Option<Value> = serde_json::from_slice(self.bytes()).ok();
        body.map_or_else(|| self.bytes().to_vec(), |body| body.to_string().into_bytes())
    }

    async fn done<P>(&self, app: &App<P>, asked: &Asked) -> Result<Option<IdempotencyRecord>, Problem> {
        let done = app.table.idempotency_record(asked.actor, &asked.name, self.now).await?;
        match done {
            Some(done) if done.request != asked.request => Err(Error::IdempotencyMismatch.into()),
            done => Ok(done),
        }
    }

    fn record(&self, asked: &Asked) -> IdempotencyRecord {
        IdempotencyRecord {
            actor: asked.actor,
            name: asked.name.clone(),
            request: asked.request.clone(),
            status: 200,
            user_id: None,
            key_ids: Vec::new(),
            at: self.now,
        }
    }
}

/// Shows again the one key that was made or changed, as it is now and without its secret.
pub async fn key_again<P>(app: &App<P>, request: &Request, done: &IdempotencyRecord, action: Action) -> Answer {
    let key_id = done.key_ids.first().ok_or(Error::NotFound { what: "access key" })?;
    let KeyWithUser { key, user } = app.access_key(request.member()?, key_id.as_str(), action).await?;
    let version = key.version;
    Ok(ok(&KeyAnswer::new(key, user.kind, &app.key_prefix, request.now), Some(version)))
}

async fn replayed(done: &IdempotencyRecord, replay: impl AsyncFnOnce(&IdempotencyRecord) -> Answer) -> Answer {
    let mut response = replay(done).await?;
    if let Ok(status) = done.status.try_into() {
        *response.status_mut() = status;
    }
    response.headers_mut().insert(REPLAYED, "true".parse().expect("a constant is a header's value"));
    Ok(response)
}

/// Hashes parts so that none can take over the end of the one before.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_between_parts_counts() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"a"]), hash(&[b"a", b""]));
        assert_eq!(hash(&[b"a"]).len(), 64);
    }
}
