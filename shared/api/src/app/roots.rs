//! The certificate authorities that a function trusts.

use rustls::{RootCertStore, pki_types::CertificateDer};

use super::environment::{BadSetting, Environment};

/// Amazon's own authorities, as Amazon Trust Services publishes them.
const AMAZON: [&[u8]; 5] = [
    include_bytes!("amazon_roots/amazon_root_ca_1.der"),
    include_bytes!("amazon_roots/amazon_root_ca_2.der"),
    include_bytes!("amazon_roots/amazon_root_ca_3.der"),
    include_bytes!("amazon_roots/amazon_root_ca_4.der"),
    include_bytes!("amazon_roots/starfield_services_root_g2.der"),
];

/// Returns the trusted authorities: Amazon's own, or with `TLS_ROOTS=system` those of the machine.
pub(super) fn roots(environment: &Environment) -> Result<RootCertStore, BadSetting> {
    match environment.optional("TLS_ROOTS").as_deref() {
        None | Some("amazon") => Ok(amazon()),
        Some("system") => system(),
        Some(_) => Err(wrong("must be `amazon` or `system`")),
    }
}

fn amazon() -> RootCertStore {
    let mut store = RootCertStore::empty();
    for certificate in AMAZON {
        let certificate = CertificateDer::from_slice(certificate);
        store.add(certificate).expect("the committed certificates are well-formed");
    }
    store
}

fn system() -> Result<RootCertStore, BadSetting> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() { Err(wrong("is `system`, and the machine has no certificates")) } else { Ok(store) }
}

fn wrong(rule: &str) -> BadSetting {
    BadSetting::Wrong { name: "TLS_ROOTS", rule: rule.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_authorities_are_all_read() {
        assert_eq!(amazon().len(), AMAZON.len());
    }
}
