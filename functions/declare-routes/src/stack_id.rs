//! The id of a stack: an ARN that names its account and region.

use std::str::FromStr;

/// The id of a stack, `arn:<partition>:cloudformation:<region>:<account>:stack/<name>/<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StackId {
    text: String,
    /// How many bytes of the text name the partition, the region and the account.
    home: usize,
}

impl StackId {
    /// Tells whether another stack is of the same partition, region and account.
    pub(crate) fn shares_account_with(&self, other: &Self) -> bool {
        self.text[..self.home] == other.text[..other.home]
    }

    /// Returns the end of the names of AWS's hosts in this partition.
    pub(crate) fn url_suffix(&self) -> &'static str {
        if self.text.starts_with("arn:aws-cn:") { "amazonaws.com.cn" } else { "amazonaws.com" }
    }
}

impl FromStr for StackId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let wrong = Err("must be the id of a stack, `arn:…:cloudformation:<region>:<account>:stack/…`");
        let parts: Vec<&str> = text.split(':').collect();
        let &["arn", partition, "cloudformation", region, account, stack] = parts.as_slice() else {
            return wrong;
        };
        let named = [partition, region, account].into_iter().all(|part| !part.is_empty());
        let plain = text.bytes().all(|c| c.is_ascii_graphic());
        match stack.strip_prefix("stack/") {
            Some(name) if named && plain && !name.is_empty() => {
                Ok(Self { text: text.to_owned(), home: text.len() - stack.len() })
            }
            _ => wrong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/access-keys/1";

    #[test]
    fn a_stack_shares_an_account_in_the_same_partition_region_and_account() {
        let ours: StackId = OURS.parse().unwrap();
        for (other, shares) in [
            (OURS.replace("access-keys", "orders"), true),
            (OURS.replace("eu-west-1", "eu-west-2"), false),
            (OURS.replace("123456789012", "123456789013"), false),
            (OURS.replace("arn:aws:", "arn:aws-cn:"), false),
        ] {
            assert_eq!(ours.shares_account_with(&other.parse().unwrap()), shares, "{other}");
        }
        assert_eq!(ours.url_suffix(), "amazonaws.com");
        let text = OURS.replace("arn:aws:", "arn:aws-cn:");
        assert_eq!(text.parse::<StackId>().unwrap().url_suffix(), "amazonaws.com.cn");
    }

    #[test]
    fn other_texts_are_no_ids_of_stacks() {
        for text in
            ["", "orders", "arn:aws:cloudformation:eu-west-1:1", "arn:aws:lambda:eu-west-1:1:stack/a/b"]
        {
            assert!(text.parse::<StackId>().is_err(), "{text}");
        }
        for (part, by) in [
            ("eu-west-1", ""),
            ("123456789012", ""),
            ("stack/", ""),
            ("stack/access-keys/1", "stack/"),
            ("keys", "k s"),
        ] {
            assert!(OURS.replace(part, by).parse::<StackId>().is_err(), "{part}");
        }
    }

    #[test]
    fn fuzzed_ids_of_stacks_are_of_one_account() {
        let ours: StackId = OURS.parse().unwrap();
        let (our_home, _) = OURS.rsplit_once(":stack/").unwrap();
        fuzz::texts("stack_id").play(|text| {
            let (home, name) = text.rsplit_once(":stack/").unwrap_or_default();
            let parts: Vec<_> = home.split(':').collect();
            let is_home = parts.len() == 5
                && parts.iter().all(|part| !part.is_empty())
                && (parts[0], parts[2]) == ("arn", "cloudformation");
            let is_name = !name.is_empty() && !name.contains(':');
            let is_id = is_home && is_name && text.chars().all(|c| c.is_ascii_graphic());
            let id: Option<StackId> = text.parse().ok();
            assert_eq!(id.is_some(), is_id);
            let Some(id) = id else { return false };
            assert!(id.shares_account_with(&id));
            let is_ours = home == our_home;
            assert_eq!((id.shares_account_with(&ours), ours.shares_account_with(&id)), (is_ours, is_ours));
            let suffix = if parts[1] == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
            assert_eq!(id.url_suffix(), suffix);
            true
        });
    }
}
