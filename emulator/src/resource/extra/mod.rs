//! What many kinds of records carry besides their members: comments and attachments.

pub(crate) mod attachment;
pub(crate) mod comment;
