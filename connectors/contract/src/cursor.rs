//! Reading what changed, page by page.

use serde::{Deserialize, Serialize};

/// A position in a finance app's records. Opaque: only the connector that made it reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One page of changes, oldest first.
#[derive(Debug, Clone)]
pub struct ChangePage<T> {
    /// The changed records. A record may come more than once over several pages; none is left out.
    pub records: Vec<T>,
    /// Where to read on. After the last page it lies a little before the newest change seen, so that the next read
    /// overlaps this one and changes stamped in the same instant are not lost.
    pub next: Cursor,
    /// Whether more pages follow now.
    pub more: bool,
}

/// One page of the ids of all records.
#[derive(Debug, Clone)]
pub struct IdPage {
    /// The ids. One that was made or removed while pages are read may be missing or come twice; every other comes.
    pub ids: Vec<String>,
    /// Where to read on; none after the last page.
    pub next: Option<Cursor>,
}
