//! Links from sign-ins to users, and claims of e-mail addresses.

use std::collections::{HashMap, HashSet};

use domain::{
    audit,
    id::{OrganizationId, UserId},
    text::Email,
    user::User,
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, OnConditionFailed, Table, Transaction,
    batch::BATCH_SIZE,
    expression::Expression,
    item::{Item, decode, encode, indexed, number, primary, text},
    item_key,
    single_write::update_if,
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

    /// Finds the users that claim addresses in their organizations, strongly; addresses that nobody claims are
    /// absent from the result.
    pub async fn claimed_users(
        &self,
        addresses: &[(OrganizationId, Email)],
    ) -> Result<HashMap<(OrganizationId, String), UserId>, Error> {
        let place =
            |(organization_id, email): &(OrganizationId, Email)| item_key::email(*organization_id, email);
        let places: HashSet<_> = addresses.iter().map(place).collect();
        let mut found = HashMap::with_capacity(places.len());
        for places in places.into_iter().collect::<Vec<_>>().chunks(BATCH_SIZE) {
            found.extend(self.batch(places.iter().cloned()).await?);
        }
        let mut users = HashMap::with_capacity(found.len());
        for address in addresses {
            if let Some(item) = found.get(&place(address)) {
                let pointer: Pointer = decode("e-mail claim", item.clone())?;
                users.insert((address.0, address.1.key()), pointer.user_id);
            }
        }
        Ok(users)
    }

    /// Records that a sign-in has proven the address of a user.
    ///
    /// Does nothing if the user has another address by now. It is no change of the user's version: nobody set
    /// anything.
    ///
    /// Model: `sign_in::Action::Prove`.
    pub async fn prove_address(&self, user_id: UserId, email: &Email) -> Result<(), Error> {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(primary(item_key::user(user_id))))
            .update_expression("SET proven_email = :email")
            .condition_expression("email = :email")
            .expression_attribute_values(":email", text(email.as_str()));
        update_if(request).await.map(|_| ())
    }

    /// Links a sign-in to the user that claims its verified address, once. This proves the address.
    ///
    /// `email` is that address, and `user` was read after the claim: it must have the address. Refused if
    /// the person would own too many organizations. Fails with [`Error::Conflict`] if the user was linked or
    /// changed meanwhile, or does not claim the address any more: read the claim and the user again.
    ///
    /// Model: `sign_in::Action::Link`.
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
        let linked = Expression::new("SET subject = :subject, proven_email = :proven ADD version :one")
            .value(":subject", text(subject))
            .value(":proven", text(email.as_str()))
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
