//! Tests of the outcomes that errors of SES mean.

use aws_sdk_ses::config::BehaviorVersion;

use super::*;

fn mailer() -> Mailer {
    let config = Config::builder().behavior_version(BehaviorVersion::latest()).build();
    Mailer {
        client: Client::from_conf(config),
        from: "keys@example.com".to_owned(),
        configuration_set: None,
        sender_accepted: AtomicBool::new(true),
    }
}

#[test]
fn only_a_fault_of_the_address_itself_rejects_a_mail() {
    let mailer = mailer();
    for (code, message, expected) in [
        (
            "InvalidParameterValue",
            "Missing final '@domain'",
            Some(SendOutcome::Rejected("InvalidParameterValue".to_owned())),
        ),
        (
            "MessageRejected",
            "Address blacklisted.",
            Some(SendOutcome::Rejected("MessageRejected".to_owned())),
        ),
        ("Throttling", "Daily message quota exceeded.", Some(SendOutcome::QuotaUsedUp)),
        ("Throttling", "Maximum sending rate exceeded.", None),
        (
            "MessageRejected",
            "Email address is not verified. The following identities failed the check: a@b.c",
            None,
        ),
        ("MessageRejected", "Sending suspended for this account.", None),
        ("MailFromDomainNotVerifiedException", "", None),
        ("ConfigurationSetDoesNotExist", "Configuration set <x> does not exist.", None),
        ("InvalidParameterValue", "Message length is more than 10485760 bytes long", None),
        ("InternalFailure", "", None),
    ] {
        assert_eq!(mailer.final_outcome(Some(code), Some(message)), expected, "{code}: {message}");
    }
    assert_eq!(mailer.final_outcome(None, None), None);
}

#[test]
fn no_address_is_rejected_before_the_sender_was_accepted() {
    let mailer = mailer();
    mailer.sender_accepted.store(false, Ordering::Relaxed);
    let outcome = || mailer.final_outcome(Some("InvalidParameterValue"), Some("Illegal address"));
    for not_accepted in [SendOutcome::Unknown("timeout".to_owned()), SendOutcome::QuotaUsedUp] {
        mailer.remember_acceptance(&not_accepted);
        assert_eq!(outcome(), None, "{not_accepted:?}");
    }
    mailer.remember_acceptance(&SendOutcome::Accepted);
    assert!(matches!(outcome(), Some(SendOutcome::Rejected(_))));
}

#[test]
fn a_negative_limit_means_unlimited_and_zero_means_no_mail() {
    for (limit, sent, left) in [(-1.0, 5.0, f64::INFINITY), (0.0, 0.0, 0.0), (200.0, 5.0, 195.0)] {
        assert_eq!(left_of_day(limit, sent).to_bits(), f64::to_bits(left), "{limit}");
    }
}
