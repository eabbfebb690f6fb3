use api::causes;
use domain::{
    audit::{self, Actor, Target},
    inbox::Message,
    notification::Notification,
    user::{Status, User},
};
use serde_json::json;
use table::{ChangeRecords, Error, KeyWithUser};

use crate::{Authorizer, event::Presented};

/// The use of retired secrets of one key is told at most this often, seconds.
const TELL_EVERY: i64 = 3_600;

/// Tells the key's user that a retired secret was used: by an audit event, the inbox and a mail.
///
/// The request is refused either way, so what fails here is logged and told by the next use.
pub(crate) async fn tell(authorizer: &Authorizer, presented: &Presented, found: &KeyWithUser) {
    let told = found.key.reuse_told_at.is_some_and(|at| at.plus(TELL_EVERY) > presented.now);
    if told || found.user.status == Status::Deleted {
        return;
    }
    if let Err(error) = write(authorizer, presented, found).await {
        let (key_id, causes) = (found.key.key_id, causes(&error));
        tracing::error!(key.id = %key_id, error.causes = causes, "could not tell of the use of a retired secret");
    }
}

async fn write(authorizer: &Authorizer, presented: &Presented, found: &KeyWithUser) -> Result<(), Error> {
    let table = &authorizer.app.table;
    let message = message(authorizer, presented, found);
    let mut news: Vec<Notification> = Notification::to(&found.user, message.clone()).into_iter().collect();
    if news.is_empty() {
        let owners = owners(authorizer, &found.user).await?;
        news.extend(owners.iter().filter_map(|owner| Notification::to(owner, message.clone())));
    }
    let events = [event(presented, found)];
    let records = ChangeRecords::of(&events).notifying(&news);
    table.record_secret_reuse(found.key.key_id, presented.now, TELL_EVERY, records).await
}

/// Reads the owners, who stand in for a user whom no message reaches.
async fn owners(authorizer: &Authorizer, user: &User) -> Result<Vec<User>, Error> {
    let table = &authorizer.app.table;
    let Some(snapshot) = authorizer.snapshots.get(table, user.organization_id).await? else {
        return Ok(Vec::new());
    };
    table.owners(&snapshot.organization).await
}

fn message(authorizer: &Authorizer, presented: &Presented, found: &KeyWithUser) -> Message {
    let (key, user) = (&found.key, &found.user);
    let prefix = &authorizer.app.key_prefix;
    Message::retired_secret_used(presented.now, key, user, prefix, &presented.source_ip)
}

fn event(presented: &Presented, found: &KeyWithUser) -> audit::Event {
    let key = &found.key;
    let id = key.key_id.to_string();
    audit::Event {
        audit_id: audit::new_id(presented.now),
        organization_id: key.organization_id,
        at: presented.now,
        actor: Actor { kind: "access_key".to_owned(), id: id.clone(), name: key.name.to_string() },
        action: "access_key.retired_secret_used".to_owned(),
        target: Target { kind: "access_key".to_owned(), id },
        source_ip: presented.source_ip.clone(),
        request_id: presented.request_id.clone(),
        changes: json!({"refused": true}).as_object().cloned().unwrap_or_default(),
    }
}
