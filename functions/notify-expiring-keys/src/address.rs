//! The addresses to which mail may go.

use std::{collections::BTreeSet, str::FromStr};

use domain::text::Email;

/// An address to which mail may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailAddress<'a> {
    /// A sign-in proved it.
    Proven(&'a Email),
    /// The address of a machine, in a domain of [`MailDomains`]. No sign-in proved it.
    OfDomain(&'a Email),
}

impl<'a> MailAddress<'a> {
    /// Returns the address.
    pub(crate) const fn email(self) -> &'a Email {
        match self {
            Self::Proven(email) | Self::OfDomain(email) => email,
        }
    }
}

/// The domains in which machines may have any address, as the template's `MailDomains` names them: lower case,
/// separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MailDomains(BTreeSet<String>);

impl MailDomains {
    /// Tells whether an address is in one of the domains: exactly, not in a domain below it.
    pub(crate) fn contain(&self, email: &Email) -> bool {
        self.0.contains(&email.domain().to_ascii_lowercase())
    }
}

impl FromStr for MailDomains {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let domain = |domain: &str| {
            let address = Email::try_from(format!("a@{domain}")).ok();
            address
                .filter(|_| !domain.chars().any(char::is_uppercase))
                .map(|address| address.domain().to_owned())
                .ok_or_else(|| format!("{domain:?} must be a domain in lower case, without blanks"))
        };
        Ok(Self(text.split(',').map(domain).collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_exactly_the_domains_that_are_named() {
        let domains: MailDomains = "example.com,mail.example.org,bücher.example".parse().unwrap();
        let contained = |address: &str| domains.contain(&address.to_owned().try_into().unwrap());
        for address in [
            "ci@example.com",
            "CI@Example.COM",
            "ci@mail.example.org",
            "ci@bücher.example",
            "ci@XN--Bcher-kva.example",
        ] {
            assert!(contained(address), "{address}");
        }
        for address in ["ci@sub.example.com", "ci@example.org", "ci@notexample.com", "example.com@evil.test"]
        {
            assert!(!contained(address), "{address}");
        }
        assert!(!MailDomains::default().contain(&"ci@example.com".to_owned().try_into().unwrap()));
    }

    #[test]
    fn domains_in_another_form_are_refused() {
        for text in [
            "Example.com",
            "example.com, example.org",
            "example",
            "@example.com",
            "a.test,,b.test",
            "*.a.test",
            "Bücher.example",
            "BÜCHER.example",
        ] {
            assert!(text.parse::<MailDomains>().is_err(), "{text}");
        }
    }
}
