//! What deals do to documents: evaluated from an outbox, exactly one document for each deal and kind (R122–R128).

pub mod assess;
mod carry_out;
mod claim;
mod code;
mod content;
mod handle;
mod hold;
mod log;
pub mod note;
pub mod setting;
mod unlink;
mod wait;

pub use assess::{Assessment, Verdict, simulate};
pub use code::Code;
pub(crate) use handle::{handle, is_making, wake_due};
pub use setting::Setting;
