use domain::{
    Time, access_key::AccessKey, organization::Organization, text::Email, token::KeyPrefix, user::User,
};
use mail_builder::MessageBuilder;
use table::Mail;

use crate::settings::Sender;

mod html;
mod plain;

/// What a mail says of one key. It holds no secret.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) key_name: String,
    pub(crate) masked_key: String,
    pub(crate) user_name: String,
    pub(crate) organization_name: String,
    pub(crate) expires_at: Time,
}

/// A mail before it is encoded.
#[derive(Debug)]
pub(crate) struct Letter {
    subject: String,
    text: String,
    html: String,
}

impl Line {
    /// Says of a key what its recipients need.
    pub(crate) fn new(
        key: &AccessKey,
        expires_at: Time,
        user: &User,
        organization: &Organization,
        prefix: &KeyPrefix,
    ) -> Self {
        Self {
            key_name: key.name.to_string(),
            masked_key: prefix.masked_key(key),
            user_name: user.name.to_string(),
            organization_name: organization.name.to_string(),
            expires_at,
        }
    }
}

impl Letter {
    /// Writes a mail of the keys, which come in order of urgency: never none.
    pub(crate) fn new(recipient: &str, lines: &[&Line], console_url: Option<&str>, now: Time) -> Self {
        let subject = subject(lines, now);
        Self {
            text: plain::text(recipient, lines, console_url, now),
            html: html::html(&subject, recipient, lines, console_url, now),
            subject,
        }
    }

    /// Encodes the mail.
    ///
    /// Its id is the same each time the same is sent, so that repeats can be told; a mail that more was
    /// claimed for meanwhile has another, so that nobody drops it as a repeat.
    pub(crate) fn into_message(self, sender: &Sender, to: &Email, mail: &Mail, now: Time) -> Vec<u8> {
        let domain = sender.from.rsplit('@').next().unwrap_or_default();
        let mut message = MessageBuilder::new()
            .from(sender.from.as_str())
            .to(to.as_str())
            .subject(self.subject)
            .date(now.seconds())
            .message_id(format!("{}.{}@{domain}", mail.mail_id, mail.announcements.len()))
            .header("Auto-Submitted", mail_builder::headers::raw::Raw::new("auto-generated"));
        if let Some(reply_to) = &sender.reply_to {
            message = message.reply_to(reply_to.as_str());
        }
        let message = message.text_body(self.text).html_body(self.html);
        message.write_to_vec().expect("writing to memory does not fail")
    }
}

fn subject(lines: &[&Line], now: Time) -> String {
    let first = lines[0];
    let fact = format!("Access key \"{}\" {}", first.key_name, urgency(first.expires_at, now));
    match lines.len() - 1 {
        0 => fact,
        1 => format!("{fact}, and 1 more needs attention"),
        more => format!("{fact}, and {more} more need attention"),
    }
}

/// Says how long a key still works, to the nearest hour or day.
fn urgency(expires_at: Time, now: Time) -> String {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    match expires_at.since(now) {
        ..=0 => "has expired".to_owned(),
        seconds if seconds < DAY - HOUR / 2 => {
            format!("expires in {}", count((seconds + HOUR / 2) / HOUR, "hour"))
        }
        seconds => format!("expires in {}", count((seconds + DAY / 2) / DAY, "day")),
    }
}

fn count(number: i64, unit: &str) -> String {
    match number {
        0 => format!("less than an {unit}"),
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    }
}

/// Writes an instant for people, as `2027-01-31 12:00:00 UTC`.
fn shown(at: Time) -> String {
    at.to_string().replace('T', " ").replace('Z', " UTC")
}

/// Says what all the keys are of, as far as they are of one organization.
fn introduction(lines: &[&Line]) -> String {
    let name = &lines[0].organization_name;
    match lines.len() {
        1 => format!("This access key of {name} needs your attention:"),
        number => format!("These {number} access keys of {name} need your attention, the most urgent first:"),
    }
}

const WHAT_TO_DO: &str = "An expired key is refused from that second on. Create a new key, put it where \
    the old one is used, and revoke the old one; or move the expiry, where your organization allows it.";

#[cfg(test)]
mod tests {
    use domain::id::{OrganizationId, UserId};
    use ulid::Ulid;

    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn line(name: &str, seconds: i64) -> Line {
        Line {
            key_name: name.to_owned(),
            masked_key: "ak_7HcX2mPq9LwZtR4bK1nV_…1cDe".to_owned(),
            user_name: "ci <runner> & co".to_owned(),
            organization_name: "Zürich Works".to_owned(),
            expires_at: Time::from_seconds(NOW + seconds),
        }
    }

    fn letter(lines: &[Line], console_url: Option<&str>) -> Letter {
        let lines: Vec<_> = lines.iter().collect();
        Letter::new("Ann", &lines, console_url, Time::from_seconds(NOW))
    }

    #[test]
    fn one_key_is_named_in_every_part() {
        let letter = letter(&[line("deploy", 2 * 86_400 - 120)], None);
        insta::assert_snapshot!("one_key_subject", letter.subject);
        insta::assert_snapshot!("one_key_text", letter.text);
        insta::assert_snapshot!("one_key_html", letter.html);
    }

    #[test]
    fn several_keys_are_named_in_their_order_with_a_link() {
        let lines = [line("old", -5), line("soon", 5_000), line("later", 30 * 86_400)];
        let letter = letter(&lines, Some("https://console.example.com/keys?a=1&b=2"));
        insta::assert_snapshot!("several_keys_subject", letter.subject);
        insta::assert_snapshot!("several_keys_text", letter.text);
        insta::assert_snapshot!("several_keys_html", letter.html);
    }

    #[test]
    fn the_message_has_the_headers_that_mail_needs() {
        let sender = Sender {
            endpoint: None,
            from: "keys@example.com".to_owned(),
            reply_to: Some("help@example.com".to_owned()),
            configuration_set: None,
            console_url: None,
        };
        let to = Email::try_from("ann@example.com".to_owned()).unwrap();
        let letter = letter(&[line("déploy", 60)], None);
        let now = Time::from_seconds(NOW);
        let mut mail = Mail::new(UserId::random(), OrganizationId::random(), now, now);
        mail.mail_id = Ulid::nil();
        let message = letter.into_message(&sender, &to, &mail, now);
        let message = String::from_utf8(message).unwrap();
        assert!(message.is_ascii());
        let headers: Vec<_> =
            message.lines().take_while(|line| !line.starts_with("Content-Type: multipart")).collect();
        insta::assert_snapshot!("headers", headers.join("\n"));
        assert!(message.lines().all(|line| line.len() < 998));
    }

    #[test]
    fn the_time_left_is_told_to_the_nearest_hour_or_day() {
        for (seconds, told) in [
            (-1, "has expired"),
            (0, "has expired"),
            (1, "expires in less than an hour"),
            (3_600, "expires in 1 hour"),
            (23 * 3_600, "expires in 23 hours"),
            (86_400 - 300, "expires in 1 day"),
            (2 * 86_400 - 300, "expires in 2 days"),
            (30 * 86_400, "expires in 30 days"),
        ] {
            let now = Time::from_seconds(NOW);
            assert_eq!(urgency(now.plus(seconds), now), told);
        }
    }
}
