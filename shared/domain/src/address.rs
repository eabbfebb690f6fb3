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
