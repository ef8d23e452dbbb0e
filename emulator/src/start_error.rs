//! Why an emulator cannot start, or cannot keep its state.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::store::log::LogError;

/// Why an emulator could not start. Every message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens on the address.
    #[error(
        "The address {address} is already in use. Stop the program that listens there, or choose another port."
    )]
    PortInUse {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on for another reason.
    #[error("The emulator cannot listen on {address}: {source}. Choose another host or port.")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The state file or its directory cannot be read or written.
    #[error(
        "The state file {} cannot be read or written: {source}. Check that its directory exists and that you may write \
         there.", path.display()
    )]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The state file is not one, or is damaged before its last line.
    #[error(
        "The state file {} cannot be used: {reason}. Restore it from a copy, or move it away to start afresh.",
        path.display()
    )]
    StateCorrupt {
        /// The file.
        path: PathBuf,
        /// Where and how it is damaged.
        reason: String,
    },
    /// Another process uses the state file.
    #[error(
        "The state file {} is in use by another emulator. Stop that one, or choose another state file.", path.display()
    )]
    StateLocked {
        /// The file.
        path: PathBuf,
    },
    /// The TLS port cannot be set up.
    #[error(
        "TLS cannot be set up: {reason}. Check the TLS directory, or move it away to start with a new authority."
    )]
    Tls {
        /// What is wrong.
        reason: String,
    },
    /// A limit is out of range.
    #[error("The limits cannot be used. {reason}")]
    Limits {
        /// What is allowed.
        reason: &'static str,
    },
    /// The seed contradicts itself.
    #[error("The seed cannot be used: {reason}. Correct the seed and start again.")]
    Seed {
        /// What is wrong.
        reason: String,
    },
}

/// A problem of a running emulator's state file.
#[derive(Debug, thiserror::Error)]
#[error("The state file could not be written: {0}. Free space on its disk and restart the emulator.")]
pub struct StateError(String);

impl StateError {
    pub(crate) fn new(what: String) -> Self {
        Self(what)
    }
}

pub(crate) fn listen_error(address: SocketAddr, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { address },
        _ => StartError::Listen { address, source },
    }
}

pub(crate) fn state_error(path: Option<&Path>, error: LogError) -> StartError {
    let path = path.map(Path::to_owned).unwrap_or_default();
    match error {
        LogError::Io(source) => StartError::StateFile { path, source },
        LogError::Locked => StartError::StateLocked { path },
        error @ (LogError::Corrupt { .. } | LogError::Broken) => {
            StartError::StateCorrupt { path, reason: error.to_string() }
        }
    }
}
