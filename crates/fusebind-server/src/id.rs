//! Names of jobs and requests that nobody can guess.

/// 128 random bits in hexadecimal.
pub(crate) fn secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// The SHA-256 of `bytes`.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).into()
}
