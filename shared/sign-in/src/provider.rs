//! Verifies signatures of JWTs with ring, which TLS brings already.
//!
//! Delete it when `jsonwebtoken` can do so without its other cryptography.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{Error, Verifier},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// Verifies with ring. It signs nothing, and it supports no shared secrets.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes this the process's provider. A second call changes nothing.
pub(crate) fn install() {
    let _ = PROVIDER.install_default();
}

/// How ring verifies with a public key.
enum VerifyingKey {
    Rsa(&'static RsaParameters),
    Other(&'static dyn VerificationAlgorithm),
}

struct RingVerifier {
    algorithm: Algorithm,
    verifying_key: VerifyingKey,
    key: DecodingKey,
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let verifying_key = match algorithm {
        Algorithm::RS256 => VerifyingKey::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => VerifyingKey::Rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => VerifyingKey::Rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => VerifyingKey::Rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => VerifyingKey::Rsa(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => VerifyingKey::Rsa(&RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => VerifyingKey::Other(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => VerifyingKey::Other(&ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => VerifyingKey::Other(&ED25519),
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    };
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(RingVerifier { algorithm, verifying_key, key: key.clone() }))
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let verified = match (&self.verifying_key, self.key.kind()) {
            (VerifyingKey::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (VerifyingKey::Other(algorithm), DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(*algorithm, point).verify(message, signature)
            }
            _ => return Err(Error::new()),
        };
        verified.map_err(|_| Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
