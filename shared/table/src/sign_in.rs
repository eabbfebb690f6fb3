//! Links from sign-ins to users, and claims of e-mail addresses.

use domain::{
    audit,
    id::{OrganizationId, UserId},
    text::Email,
    user::User,
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::{Item, encode, indexed, number, text},
    item_key,
};

/// Points from a sign-in or an address to its user.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pointer {
    pub(crate) organization_id: OrganizationId,
    pub(crate) user_id: UserId,
}

impl Table {
    /// Finds the user that a sign-in is linked to, strongly.
    pub async fn linked_user(
        &self,
        organization_id: OrganizationId,
        subject: &str,
    ) -> Result<Option<UserId>, Error> {
        let pointer: Option<Pointer> =
            self.get("sign-in link", item_key::subject(organization_id, subject)).await?;
        Ok(pointer.map(|pointer| pointer.user_id))
    }

    /// Finds the user that claims an address, strongly.
    pub async fn claimed_user(
        &self,
        organization_id: OrganizationId,
        email: &Email,
    ) -> Result<Option<UserId>, Error> {
        let pointer: Option<Pointer> =
            self.get("e-mail claim", item_key::email(organization_id, email)).await?;
        Ok(pointer.map(|pointer| pointer.user_id))
    }

    /// Links a sign-in to the user that claims its verified address, once.
    ///
    /// `email` is that address, and `user` was read after the claim: it must have the address. Refused if
    /// the person would own too many organizations. Fails with [`Error::Conflict`] if the user was linked or
    /// changed meanwhile, or does not claim the address any more: read the claim and the user again.
    pub async fn link(
        &self,
        user: &User,
        email: &Email,
        subject: &str,
        event: &audit::Event,
    ) -> Result<(), Error> {
        if user.email.as_ref().map(Email::key) != Some(email.key()) {
            return Err(Error::Conflict);
        }
        let mut transaction = Transaction::new(self);
        let claim = item_key::email(user.organization_id, email);
        transaction.check(claim, pointing_to(user), OnConditionFailed::Conflict);
        transaction.create(link_item(user, subject), OnConditionFailed::Conflict);
        let linked = Expression::new("SET subject = :subject ADD version :one")
            .value(":subject", text(subject))
            .value(":one", number(1));
        // The version covers the address too: it moves with each change of the user.
        let unlinked = Expression::version(user.version).and(" AND attribute_not_exists(subject)");
        transaction.update(item_key::user(user.user_id), linked, unlinked, OnConditionFailed::Conflict);
        let after = User { subject: Some(subject.to_owned()), ..user.clone() };
        transaction.change_owners(Some(user), Some(&after));
        transaction.record(event);
        transaction.commit().await
    }
}

pub(crate) fn link_item(user: &User, subject: &str) -> Item {
    let pointer = Pointer { organization_id: user.organization_id, user_id: user.user_id };
    let item = encode(item_key::subject(user.organization_id, subject), &pointer);
    indexed(item, item_key::links_of_subject(subject, user.organization_id))
}

pub(crate) fn claim_item(user: &User, email: &Email) -> Item {
    let pointer = Pointer { organization_id: user.organization_id, user_id: user.user_id };
    let item = encode(item_key::email(user.organization_id, email), &pointer);
    indexed(item, item_key::claims_of_email(email, user.organization_id))
}

/// Condition: the link or claim points to this user.
pub(crate) fn pointing_to(user: &User) -> Expression {
    Expression::new("user_id = :user").value(":user", text(user.user_id))
}
