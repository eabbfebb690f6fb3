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

/// Verifies with ring, which TLS brings already. Signs nothing and knows no shared secrets.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes this the process's provider; a second call changes nothing.
pub(crate) fn install() {
    let _ = PROVIDER.install_default();
}

enum Means {
    Rsa(&'static RsaParameters),
    Other(&'static dyn VerificationAlgorithm),
}

struct RingVerifier {
    algorithm: Algorithm,
    means: Means,
    key: DecodingKey,
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let means = match algorithm {
        Algorithm::RS256 => Means::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Means::Rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Means::Rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Means::Rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Means::Rsa(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Means::Rsa(&RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Means::Other(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Means::Other(&ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Means::Other(&ED25519),
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    };
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(RingVerifier { algorithm, means, key: key.clone() }))
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let verified = match (&self.means, self.key.kind()) {
            (Means::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (Means::Other(algorithm), DecodingKeyKind::SecretOrDer(point)) => {
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
