//! Rows of the table that one emulator answers in its own way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ApiError, Code};
use crate::sync::locked;

/// The largest code, which is far above those of the service.
const LARGEST_CODE: u32 = 999_999_999;

/// How one kind of refusal is answered instead of as the table of errors has it. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorOverride {
    /// The number in the envelope, not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// HTTP status, 200 to 599: some refusals of the service have been seen with 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The sentence; `{}` in it stands for the subject of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Overrides by the kind's name, such as `duplicate_name`.
pub type ErrorOverrides = BTreeMap<String, ErrorOverride>;

/// Why an error cannot be overridden.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// The table has no such kind.
    #[error("There is no kind of error called \"{0}\". GET /_emulator/errors lists all.")]
    UnknownKind(String),
    /// A success has the code 0, and larger numbers than this are nobody's.
    #[error("The code of {0} is a number from 1 to {LARGEST_CODE}.")]
    Code(String),
    /// Clients cannot read other statuses.
    #[error("The status of {0} is a number from 200 to 599.")]
    Status(String),
    /// An answer says something.
    #[error("The message of {0} is a sentence.")]
    Message(String),
}

/// What a refusal is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wording {
    pub(crate) code: u32,
    pub(crate) status: u16,
    pub(crate) message: String,
}

/// The kinds that are answered in another way than the table has it.
#[derive(Debug, Default)]
pub(crate) struct Overrides(Mutex<Arc<BTreeMap<Code, ErrorOverride>>>);

impl Overrides {
    /// Errors: an unknown kind, a number out of range or an empty sentence.
    pub(crate) fn of(wanted: &ErrorOverrides) -> Result<Self, OverrideError> {
        let overrides = Self::default();
        overrides.put(wanted.iter().map(|(kind, wanted)| (kind.as_str(), Some(wanted.clone()))))?;
        Ok(overrides)
    }

    /// The same overrides for an emulator of its own.
    pub(crate) fn fork(&self) -> Self {
        Self(Mutex::new(self.present()))
    }

    fn present(&self) -> Arc<BTreeMap<Code, ErrorOverride>> {
        Arc::clone(&locked(&self.0))
    }

    /// Overrides the kinds that are named, or gives back to the table those that are named without anything. Errors as of
    /// [`Overrides::of`]; then nothing changes.
    pub(crate) fn put<'a>(
        &self,
        wanted: impl IntoIterator<Item = (&'a str, Option<ErrorOverride>)>,
    ) -> Result<(), OverrideError> {
        let mut present = locked(&self.0);
        let mut next = (**present).clone();
        for (name, wanted) in wanted {
            let kind = Code::named(name).ok_or_else(|| OverrideError::UnknownKind(name.to_owned()))?;
            match wanted.filter(|wanted| *wanted != ErrorOverride::default()) {
                Some(wanted) => {
                    wanted.check(name)?;
                    next.insert(kind, wanted);
                }
                None => {
                    next.remove(&kind);
                }
            }
        }
        *present = Arc::new(next);
        Ok(())
    }

    /// Gives every kind back to the table.
    pub(crate) fn clear(&self) {
        *locked(&self.0) = Arc::default();
    }

    /// The overrides by name.
    pub(crate) fn list(&self) -> ErrorOverrides {
        self.present().iter().map(|(kind, it)| (kind.name(), it.clone())).collect()
    }

    /// The whole table as it is answered: `{kind, code, status, message, overridden}`, the message with its `{}`.
    pub(crate) fn table(&self) -> Vec<Value> {
        let present = self.present();
        let row = |kind: Code| {
            let (code, status, message) = kind.entry();
            let own = present.get(&kind).cloned().unwrap_or_default();
            serde_json::json!({
                "kind": kind.name(),
                "code": own.code.unwrap_or(code),
                "status": own.status.unwrap_or(status),
                "message": own.message.as_deref().unwrap_or(message),
                "overridden": present.contains_key(&kind),
            })
        };
        Code::ALL.iter().copied().map(row).collect()
    }

    /// What a refusal is answered with here.
    pub(crate) fn wording(&self, error: &ApiError) -> Wording {
        let mut wording = error.wording();
        if let Some(own) = self.present().get(&error.kind) {
            wording.code = own.code.unwrap_or(wording.code);
            wording.status = own.status.unwrap_or(wording.status);
            if let Some(message) = &own.message {
                wording.message = message.replace("{}", &error.subject);
            }
        }
        wording
    }

    /// The same, unless it is what the table has anyway.
    pub(crate) fn own_wording(&self, error: &ApiError) -> Option<Wording> {
        self.present().contains_key(&error.kind).then(|| self.wording(error))
    }
}

impl ErrorOverride {
    fn check(&self, name: &str) -> Result<(), OverrideError> {
        if self.code.is_some_and(|code| !(1..=LARGEST_CODE).contains(&code)) {
            return Err(OverrideError::Code(name.to_owned()));
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err(OverrideError::Status(name.to_owned()));
        }
        if self.message.as_ref().is_some_and(|message| message.trim().is_empty()) {
            return Err(OverrideError::Message(name.to_owned()));
        }
        Ok(())
    }
}
