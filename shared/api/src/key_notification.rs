use domain::{
    access_key::AccessKey,
    inbox::{Event, Message},
    news::News,
    token::KeyPrefix,
    user::User,
};

use crate::{Problem, Request};

/// What was done with a key of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was made.
    Created,
    /// Its name, expiry, networks, or whether it is on, changed.
    Changed,
    /// It got a new secret.
    Rotated,
    /// It was ended.
    Revoked,
    /// It was removed.
    Deleted,
    /// What it may do changed.
    AccessChanged,
}

impl Done {
    const fn verb(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Rotated => "made a new secret for",
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
            Self::AccessChanged => "changed the roles or groups of",
        }
    }

    const fn event(self) -> Event {
        match self {
            Self::AccessChanged => Event::AccessChanged,
            _ => Event::KeyChanged,
        }
    }
}

impl Request {
    /// Tells a key's user what the caller did with it; nothing where that is the caller.
    pub fn news_of_key(
        &self,
        user: &User,
        key: &AccessKey,
        prefix: &KeyPrefix,
        done: Done,
    ) -> Result<Option<News>, Problem> {
        let member = self.member()?;
        if member.user_id == user.user_id {
            return Ok(None);
        }
        let title = format!("{} {} your access key {}", member.name, done.verb(), key.name);
        let expiry =
            key.expires_at.map_or_else(|| "never expires".to_owned(), |at| format!("expires at {at}"));
        let text = format!(
            "Key {}, which {expiry}. Done by {} ({}) from {}. If you did not expect this, ask them, or an owner of your organization.",
            prefix.masked_key(key),
            member.name,
            member.user_id,
            self.source_ip,
        );
        Ok(News::to(user, Message::new(self.now, done.event(), title, text, Some(key.key_id))))
    }
}
