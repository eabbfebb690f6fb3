//! The rule of who needs an e-mail address.

use crate::{
    Error,
    user::{Kind, User},
};

/// Checks that a person has an address. A machine needs none.
pub fn check_address(user: &User) -> Result<(), Error> {
    if user.kind != Kind::Machine && user.email.is_none() {
        let rule = "must be given for people: it is how they sign in and are warned";
        return Err(Error::invalid("email", rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Time, id::OrganizationId};

    #[test]
    fn people_have_an_address_and_machines_may() {
        for (kind, email, is_right) in [
            (Kind::Normal, None, false),
            (Kind::Owner, None, false),
            (Kind::Machine, None, true),
            (Kind::Normal, Some("a@example.com"), true),
            (Kind::Machine, Some("a@example.com"), true),
        ] {
            let (name, now) = ("Anna".to_owned().try_into().unwrap(), Time::from_seconds(0));
            let address = email.map(|email| email.to_owned().try_into().unwrap());
            let user = User::new(OrganizationId::random(), kind, name, address, now);
            assert_eq!(check_address(&user).is_ok(), is_right, "{kind:?} {email:?}");
        }
    }
}
