//! Tests of what a context says of a caller.

use proptest::{collection::vec, option, prelude::*};

use super::*;

prop_compose! {
    fn signed_in()(
        (issuer, subject) in ("https://[a-z]{1,9}\\.example", "[ -~]{1,20}"),
        email in option::of("[a-z]{1,9}@[a-z]{1,9}\\.co"),
        verified in any::<bool>(),
        name in option::of("[A-Z][a-z]{1,9}"),
        permissions in permitted(),
    ) -> SignedIn {
        SignedIn {
            issuer,
            subject_claim: SubjectClaim::default(),
            subject,
            email: email.map(|text| StatedEmail { address: Email::try_from(text).unwrap(), verified }),
            name: name.map(|text| Name::try_from(text).unwrap()),
            permissions,
        }
    }
}

fn permitted() -> impl Strategy<Value = Joined<Permission>> {
    vec("[a-z]{1,9}:([a-z]{1,9}|\\*)", 0..4)
        .prop_map(|texts| texts.into_iter().map(|text| Permission::try_from(text).unwrap()).collect())
}

prop_compose! {
    fn member()(
        (organization, user, suffix) in ("[0-9A-Za-z]{16}", "[0-9A-Za-z]{12}", "[0-9A-Za-z]{8}"),
        suspended in any::<bool>(),
        kind in prop::sample::select(vec![Kind::Owner, Kind::Normal, Kind::Machine]),
        (name, key_name) in ("[A-Z][a-z]{1,9}", "[ -~]{1,20}"),
        expiry in option::of((0..4_000_000_000_i64, 0..3_650_i64)),
        roles in vec("[a-z]{1,9}", 0..3),
        permissions in permitted(),
        sign_in in option::of(signed_in()),
    ) -> Member {
        let by_key = sign_in.is_none();
        let expiry = expiry.filter(|_| by_key);
        Member {
            organization_id: OrganizationId::parse(&organization).unwrap(),
            organization_status: if suspended { "suspended" } else { "active" }.to_owned(),
            user_id: UserId::parse(&user).unwrap(),
            kind,
            key_id: by_key.then(|| KeyId::parse(&format!("{user}{suffix}")).unwrap()),
            key_name: if by_key { key_name } else { String::new() },
            expires_at: expiry.map(|(at, _)| Time::from_seconds(at)),
            expires_in_days: expiry.map(|(_, days)| days),
            roles,
            sign_in: sign_in.map(|sign_in| SignedIn {
                name: Some(Name::try_from(name.clone()).unwrap()),
                permissions: permissions.clone(),
                ..sign_in
            }),
            name,
            permissions,
        }
    }
}

proptest! {
    #[test]
    fn a_backend_reads_the_caller_that_the_authorizer_wrote(
        caller in prop_oneof![
            signed_in().prop_map(Caller::SignIn),
            member().prop_map(|member| Caller::Member(Box::new(member))),
        ],
    ) {
        let written = serde_json::to_string(&AuthorizerContext::from(&caller)).unwrap();
        let carried = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(Caller::try_from(AuthorizerContext::from_fields(&carried).unwrap()).unwrap(), caller);
    }
}

#[test]
fn fuzzed_contexts_name_a_caller_that_is_written_and_read_as_the_same() {
    fuzz::documents("authorizer_context").play(|text| {
        let Ok(fields) = serde_json::from_str(text) else { return false };
        let context = AuthorizerContext::from_fields(&fields);
        let Ok(caller) = context.and_then(Caller::try_from) else { return false };
        assert_eq!(Caller::try_from(AuthorizerContext::from(&caller)).unwrap(), caller);
        true
    });
}

/// Returns the context of a machine with a key.
fn of_key() -> AuthorizerContext {
    AuthorizerContext {
        organization_id: "Zt4Kq8WvB2nXc6Mh".to_owned(),
        organization_status: "active".to_owned(),
        user_id: "7HcX2mPq9LwZ".to_owned(),
        user_kind: "machine".to_owned(),
        auth_method: "access_key".to_owned(),
        key_id: "7HcX2mPq9LwZtR4bK1nV".to_owned(),
        ..AuthorizerContext::default()
    }
}

/// Returns the context of a person on a route that names no organization.
fn of_sign_in() -> AuthorizerContext {
    AuthorizerContext {
        auth_method: "oidc".to_owned(),
        issuer: "https://id.example".to_owned(),
        subject: "ann".to_owned(),
        ..AuthorizerContext::default()
    }
}

#[test]
fn a_context_of_another_form_is_refused() {
    assert!(Caller::try_from(of_key()).is_ok() && Caller::try_from(of_sign_in()).is_ok());
    let with = |change: fn(&mut AuthorizerContext)| {
        let mut context = of_key();
        change(&mut context);
        Caller::try_from(context).unwrap_err().0
    };
    assert_eq!(with(|context| context.organization_id.clear()), "auth_method");
    assert_eq!(with(|context| context.organization_id.push('-')), "organization_id");
    assert_eq!(with(|context| context.organization_status.clear()), "organization_status");
    assert_eq!(with(|context| context.user_id.clear()), "user_id");
    assert_eq!(with(|context| context.user_kind = "root".to_owned()), "user_kind");
    assert_eq!(with(|context| context.auth_method = "none".to_owned()), "auth_method");
    assert_eq!(with(|context| context.auth_method = "oidc".to_owned()), "issuer");
    assert_eq!(with(|context| context.key_id.clear()), "key_id");
    assert_eq!(with(|context| context.permissions = "Not one".to_owned()), "permissions");
    assert_eq!(with(|context| context.expires_at = "soon".to_owned()), "expires_at");
    assert_eq!(with(|context| context.expires_in_days = "1.5".to_owned()), "expires_in_days");
}

#[test]
fn a_sign_in_says_of_an_address_and_of_nothing_else_whether_it_is_verified() {
    let signed_in = |email: &str, email_verified: &str| {
        let (email, email_verified) = (email.to_owned(), email_verified.to_owned());
        match Caller::try_from(AuthorizerContext { email, email_verified, ..of_sign_in() }) {
            Ok(Caller::SignIn(sign_in)) => Ok(sign_in.email),
            Ok(member) => panic!("{member:?}"),
            Err(BadContext(name)) => Err(name),
        }
    };
    assert_eq!(signed_in("ann", "true"), Err("email"));
    assert_eq!(signed_in("ann@example.com", "yes"), Err("email_verified"));
    assert_eq!(signed_in("ann@example.com", ""), Err("email_verified"));
    assert_eq!(signed_in("", "true"), Err("email_verified"));
    assert_eq!(signed_in("", "false"), Err("email_verified"));
    assert_eq!(signed_in("", ""), Ok(None));
    for verified in [true, false] {
        let address = Email::try_from("ann@example.com".to_owned()).unwrap();
        let stated = Some(StatedEmail { address, verified });
        assert_eq!(signed_in("ann@example.com", &verified.to_string()), Ok(stated));
    }
}
