//! Sessions of the console.

use domain::{
    Time,
    joined::Joined,
    permission::Permission,
    session::{Session, SessionHash},
    sign_in::{SignedIn, StatedEmail, SubjectClaim},
    text::{Email, Name},
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Table,
    batch::BATCH_SIZE,
    item::{Item, encode, indexed, key_of, number, primary, text},
    item_key::{self, ItemKey},
};

/// The attributes of a session.
#[derive(Debug, Serialize, Deserialize)]
struct StoredSession {
    issuer: String,
    subject_claim: String,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Name>,
    /// With spaces between them.
    permissions: String,
    created_at: Time,
    expires_at: Time,
    /// Cleans up; reads compare `expires_at`.
    ttl: Time,
}

impl Table {
    /// Starts a session. The same one again changes nothing.
    pub async fn start_session(&self, hash: &SessionHash, session: &Session) -> Result<(), Error> {
        let item = session_item(hash, session);
        let request = self.client.put_item().table_name(&self.name).set_item(Some(item));
        request.send().await.map(|_| ()).map_err(|error| Error::failed("PutItem", error))
    }

    /// Reads a session, strongly, whether or not it goes on. `None` if it has ended or never began.
    pub async fn session(&self, hash: &SessionHash) -> Result<Option<Session>, Error> {
        let stored: Option<StoredSession> = self.get("session", item_key::session(hash)).await?;
        Ok(stored.and_then(StoredSession::into_session))
    }

    /// Ends a session. Does nothing if there is none.
    pub async fn end_session(&self, hash: &SessionHash) -> Result<(), Error> {
        self.remove_session(item_key::session(hash)).await
    }

    /// Ends all sessions of a person, by the hash of the sign-in. Repeat it after an error.
    ///
    /// The index is read with eventual consistency: a session that began within the last moments may be left out.
    pub async fn end_sessions_of(&self, subject: &str) -> Result<(), Error> {
        let partition = item_key::sessions_of_subject_partition(subject);
        let mut after = None;
        loop {
            let page = self.index_page(partition.clone(), None, after, BATCH_SIZE).await?;
            after = page.entries.last().cloned();
            for (_, session) in page.entries {
                self.remove_session(session).await?;
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Scans the whole table, strongly, for the sessions that began until a second, also those that have expired.
    pub async fn scan_sessions(&self, last: Time) -> Result<Vec<SessionHash>, Error> {
        let mut items = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .projection_expression("PK, SK")
            .filter_expression("SK = :session AND created_at <= :last")
            .expression_attribute_values(":session", text(item_key::SESSION))
            .expression_attribute_values(":last", number(last.seconds()))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| Error::failed("Scan", error))?;
            found.extend(key_of(&item).and_then(|key| item_key::session_hash(&key)));
        }
        Ok(found)
    }

    async fn remove_session(&self, key: ItemKey) -> Result<(), Error> {
        let request = self.client.delete_item().table_name(&self.name).set_key(Some(primary(key)));
        request.send().await.map(|_| ()).map_err(|error| Error::failed("DeleteItem", error))
    }
}

fn session_item(hash: &SessionHash, session: &Session) -> Item {
    let Session { sign_in, created_at, expires_at } = session;
    let stored = StoredSession {
        issuer: sign_in.issuer.clone(),
        subject_claim: sign_in.subject_claim.as_str().to_owned(),
        subject: sign_in.subject.clone(),
        email: sign_in.email.as_ref().map(|email| email.address.clone()),
        email_verified: sign_in.email.as_ref().is_some_and(|email| email.verified),
        name: sign_in.name.clone(),
        permissions: sign_in.permissions.as_str().to_owned(),
        created_at: *created_at,
        expires_at: *expires_at,
        ttl: *expires_at,
    };
    let item = encode(item_key::session(hash), &stored);
    indexed(item, item_key::sessions_of_subject(&sign_in.hash(), hash))
}

impl StoredSession {
    /// Returns the session; `None` if this version does not know the claim of its subject, or a permission.
    fn into_session(self) -> Option<Session> {
        let subject_claim: SubjectClaim = self.subject_claim.parse().ok()?;
        let permissions = Joined::<Permission>::try_from(self.permissions).ok()?;
        let sign_in = SignedIn {
            issuer: self.issuer,
            subject_claim,
            subject: self.subject,
            email: self.email.map(|address| StatedEmail { address, verified: self.email_verified }),
            name: self.name,
            permissions,
        };
        Some(Session { sign_in, created_at: self.created_at, expires_at: self.expires_at })
    }
}

#[cfg(test)]
mod tests {
    use domain::session::SessionId;

    use super::*;
    use crate::item::{decode, tests::attributes};

    #[test]
    fn a_session_is_read_as_it_was_stored_and_its_id_is_not_stored() {
        let full = SignedIn {
            issuer: "https://id.example".to_owned(),
            subject_claim: SubjectClaim::Oid,
            subject: "ann".to_owned(),
            email: Some(StatedEmail {
                address: Email::try_from("ann@example.com".to_owned()).unwrap(),
                verified: true,
            }),
            name: Name::cleaned("Ann"),
            permissions: "a:b c:*".to_owned().try_into().unwrap(),
        };
        let bare = SignedIn { email: None, name: None, permissions: Joined::from_iter([]), ..full.clone() };
        for (sign_in, stored) in [(full, 14), (bare, 12)] {
            let (now, id) = (Time::from_seconds(1_790_000_000), SessionId::random());
            let session = Session { sign_in, created_at: now, expires_at: now.plus(60) };
            let item = session_item(&id.hash(), &session);
            assert_eq!(attributes(&item).len(), stored, "{:?}", attributes(&item));
            assert!(!format!("{item:?}").contains(id.expose()));
            let read: StoredSession = decode("session", item).unwrap();
            assert_eq!(read.ttl, session.expires_at);
            assert_eq!(read.into_session(), Some(session));
        }
    }
}
