use domain::{
    access_key::AccessKey, inbox::Message, message::Author, notification::Notification, token::KeyPrefix, user::User,
};

use crate::{Problem, Request};

pub use domain::message::AccessKeyChange as Done;

impl Request {
    /// Tells a key's user what the caller did with it; nothing where that is the caller.
    pub fn news_of_key(
        &self,
        user: &User,
        key: &AccessKey,
        prefix: &KeyPrefix,
        done: Done,
    ) -> Result<Option<Notification>, Problem> {
        let member = self.member()?;
        if member.user_id == user.user_id {
            return Ok(None);
        }
        let author = Author { name: &member.name, user_id: member.user_id, source_ip: &self.source_ip };
        let message = Message::key_changed(self.now, done, key, prefix, &author);
        Ok(Notification::to(user, message))
    }
}
