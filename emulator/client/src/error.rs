//! What can go wrong, and what to do then.

/// Why a control call failed. Every message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nothing answers at the address.
    #[error(
        "No emulator answers at {url}: {source}. Start one (`cargo run -p finbridge-emulator`), or correct the address."
    )]
    Unreachable {
        /// The address that was called.
        url: String,
        /// What the HTTP client said.
        source: reqwest::Error,
    },
    /// The emulator refused the call.
    #[error("The emulator refused {call} with status {status}: {sentence}")]
    Refused {
        /// Method and path.
        call: String,
        /// HTTP status.
        status: u16,
        /// The emulator's sentence, which says what is allowed.
        sentence: String,
    },
    /// The answer is none of an emulator of this version.
    #[error(
        "The answer to {call} (status {status}) is not understood: {source}. Something else may answer there, or the \
         emulator has another version; use an emulator and a client of one version."
    )]
    NotUnderstood {
        /// Method and path.
        call: String,
        /// HTTP status.
        status: u16,
        /// What is wrong with the answer.
        source: serde_json::Error,
    },
    /// The journal holds another number of calls than expected.
    #[error(
        "{expected} calls were expected, but {count} were made. `Control::journal` with the same query shows them."
    )]
    UnexpectedCount {
        /// The number that was expected.
        expected: u64,
        /// The number of calls in the journal.
        count: u64,
    },
}
