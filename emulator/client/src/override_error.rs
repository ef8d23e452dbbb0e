//! The table of errors.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::error::ControlError;
use crate::http::Control;

/// One kind of error as the emulator answers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ErrorRow {
    /// The name by which it is overridden.
    pub kind: String,
    /// The number in the envelope.
    pub code: u32,
    /// HTTP status.
    pub status: u16,
    /// The sentence; `{}` in it stands for the subject of the error.
    pub message: String,
    /// Whether it is another one than that of the table.
    pub overridden: bool,
}

/// How one kind of error is answered instead; what is left out is as the table has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ErrorOverride {
    /// The number in the envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The sentence; `{}` in it stands for the subject of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Deserialize)]
struct Table {
    errors: Vec<ErrorRow>,
}

impl Control {
    /// The table of errors as the emulator answers it.
    pub async fn errors(&self) -> Result<Vec<ErrorRow>, ControlError> {
        self.get("errors").await.map(|table: Table| table.errors)
    }

    /// Answers kinds of errors in another way; `None` gives a kind back to the table, and kinds that are not named stay.
    /// Refused with 400 when there is no such kind or a number is out of range; then nothing changes.
    pub async fn override_errors(
        &self,
        wanted: &BTreeMap<String, Option<ErrorOverride>>,
    ) -> Result<Vec<ErrorRow>, ControlError> {
        self.send(Method::PUT, "errors", &[], Some(wanted)).await.map(|table: Table| table.errors)
    }

    /// Gives every kind back to the table.
    pub async fn clear_error_overrides(&self) -> Result<(), ControlError> {
        self.order(Method::DELETE, "errors").await
    }
}
