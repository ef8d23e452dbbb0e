//! Secrets at rest: XChaCha20-Poly1305 under a key from the environment, or from a file beside the embedded database.

use std::fs;
use std::io::Write;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use finbridge_sync::{SyncError, Vault};
use rand::RngCore;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::service::{Sealer, ServiceError, ServiceResult};

/// Bytes of a key.
const KEY_LENGTH: usize = 32;
/// Bytes of a nonce; long enough to be random without ever meeting itself.
const NONCE_LENGTH: usize = 24;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The configured key is not one.
    #[error("`secrets.key` must be 32 bytes in base64; make one with `openssl rand -base64 32`")]
    Malformed,
    /// The key file cannot be used.
    #[error(
        "the key file {path} cannot be used: {source}; it must hold 32 bytes in base64, readable by you alone"
    )]
    File {
        /// Where it is.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Seals and opens secrets. A sealed secret is `v1.<key id>.<base64>`: the id tells which key it needs.
pub struct SecretBox {
    cipher: XChaCha20Poly1305,
    key_id: String,
}

impl SecretBox {
    /// A box with this key, in base64.
    ///
    /// # Errors
    /// When it is not 32 bytes in base64.
    pub fn new(key: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(key.trim()).map_err(|_| KeyError::Malformed)?;
        let bytes: [u8; KEY_LENGTH] = bytes.try_into().map_err(|_| KeyError::Malformed)?;
        let key_id = Sha256::digest(bytes).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { cipher: XChaCha20Poly1305::new(&Key::from(bytes)), key_id })
    }

    /// A box with the key in this file, which is made when it is not there.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let told = |source| KeyError::File { path: path.display().to_string(), source };
        match fs::read_to_string(path) {
            Ok(key) => Self::new(&key),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0; KEY_LENGTH];
                rand::rng().fill_bytes(&mut bytes);
                let key = STANDARD.encode(bytes);
                write_private(path, &key).map_err(told)?;
                Self::new(&key)
            }
            Err(error) => Err(told(error)),
        }
    }
}

/// Writes a file that only its owner can read, whole or not at all.
///
/// # Errors
/// The system's.
pub fn write_private(path: &Path, content: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(beside, path)
}

impl Sealer for SecretBox {
    fn seal(&self, secret: &str) -> ServiceResult<String> {
        self.sealed(secret).ok_or_else(|| ServiceError::Internal("the cipher failed".into()))
    }
}

impl SecretBox {
    /// The sealed secret; none when the cipher fails, which it does for no input of ours.
    fn sealed(&self, secret: &str) -> Option<String> {
        let mut nonce = [0; NONCE_LENGTH];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), secret.as_bytes()).ok()?;
        Some(format!("v1.{}.{}", self.key_id, STANDARD.encode([nonce.as_slice(), &sealed].concat())))
    }
}

impl Vault for SecretBox {
    fn open(&self, sealed: &str) -> Result<SecretString, SyncError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some("v1"), Some(key_id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SyncError::Credential);
        };
        if key_id != self.key_id {
            return Err(SyncError::Credential);
        }
        let bytes = STANDARD.decode(text).map_err(|_| SyncError::Credential)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH).ok_or(SyncError::Credential)?;
        let nonce: [u8; NONCE_LENGTH] = nonce.try_into().map_err(|_| SyncError::Credential)?;
        let plain = self.cipher.decrypt(&XNonce::from(nonce), sealed).map_err(|_| SyncError::Credential)?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| SyncError::Credential)
    }

    fn seal(&self, secret: &str) -> Result<String, SyncError> {
        self.sealed(secret).ok_or(SyncError::Credential)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn key(byte: u8) -> String {
        STANDARD.encode([byte; KEY_LENGTH])
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_only() {
        let ours = SecretBox::new(&key(1)).unwrap();
        let sealed = ours.sealed("refresh token").unwrap();
        assert!(!sealed.contains("refresh"));
        assert_ne!(sealed, ours.sealed("refresh token").unwrap(), "each sealing is different");
        assert_eq!(ours.open(&sealed).unwrap().expose_secret(), "refresh token");
        assert!(SecretBox::new(&key(2)).unwrap().open(&sealed).is_err());
        let mut tampered = sealed.clone();
        tampered.replace_range(
            sealed.len() - 3..sealed.len() - 2,
            if sealed.contains("AA=") { "B" } else { "A" },
        );
        assert!(ours.open(&tampered).is_err() || tampered == sealed);
        assert!(ours.open("nonsense").is_err());
    }
}
