//! Writes e-mails.
//!
//! The two parts of an e-mail are the templates `templates/digest.html` and `templates/digest.txt`. The
//! messages in it are worded in `shared/domain/src/message.rs`.

use askama::Template;
use domain::{Time, text};
use mail_builder::{
    MessageBuilder,
    headers::{raw::Raw, url::URL},
};

pub(crate) mod contents;
mod header_text;
#[cfg(test)]
mod round_trip;
pub(crate) mod sender;
#[cfg(test)]
mod tests;

use contents::Contents;
use sender::Sender;

/// The HTML part: one column.
#[derive(Debug, Template)]
#[template(path = "digest.html")]
struct HtmlPart<'a> {
    contents: &'a Contents<'a>,
}

/// The text part.
#[derive(Debug, Template)]
#[template(path = "digest.txt")]
struct TextPart<'a> {
    contents: &'a Contents<'a>,
}

/// An e-mail before it is encoded.
#[derive(Debug)]
pub(crate) struct Email {
    subject: String,
    text: String,
    html: String,
}

impl Email {
    /// Writes an e-mail.
    pub(crate) fn new(contents: Contents<'_>) -> Self {
        let text = TextPart { contents: &contents }.render().expect("writing to memory does not fail");
        let html = HtmlPart { contents: &contents }.render().expect("writing to memory does not fail");
        Self { subject: contents.subject, text, html }
    }

    /// Encodes the e-mail.
    ///
    /// `id` is the same each time the same contents are sent, so that repetitions can be recognized. A mail
    /// that claimed more in the meantime has another id, so that no program drops it as a repetition.
    pub(crate) fn encode(self, sender: &Sender, to: &text::Email, id: &str, now: Time) -> Vec<u8> {
        let domain = sender.from.rsplit('@').next().unwrap_or_default();
        let mut message = MessageBuilder::new()
            .header("From", Raw::new(header_text::mailbox(sender.from_name.as_ref(), &sender.from)))
            .to(to.as_str())
            .header("Subject", Raw::new(header_text::encoded(&self.subject)))
            .date(now.seconds())
            .message_id(format!("{id}@{domain}"))
            .header("Auto-Submitted", Raw::new("auto-generated"));
        if let Some(url) = &sender.console_url {
            message = message.header("List-Unsubscribe", URL::new(url.as_str()));
        }
        if let Some(reply_to) = &sender.reply_to {
            message = message.reply_to(reply_to.as_str());
        }
        let message = message.text_body(self.text).html_body(self.html);
        message.write_to_vec().expect("writing to memory does not fail")
    }
}
