//! Folded texts as keys of indexes.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::filter::fold;

/// Bytes of a text that is kept in place.
const ROOM: usize = 30;

/// A folded text, ordered by code points. Short texts lie in the key itself: every write copies nodes of the indexes, and
/// keys on the heap would be touched one by one.
#[derive(Debug, Clone)]
pub(crate) struct Folded(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Short(u8, [u8; ROOM]),
    Long(Arc<[u8]>),
}

impl Folded {
    /// Folds a text.
    pub(crate) fn of(text: &str) -> Self {
        Self::from_folded(&fold(text))
    }

    /// The key of a text that is folded already.
    pub(crate) fn from_folded(text: &str) -> Self {
        let bytes = text.as_bytes();
        match u8::try_from(bytes.len()) {
            Ok(length) if bytes.len() <= ROOM => {
                let mut room = [0; ROOM];
                room[..bytes.len()].copy_from_slice(bytes);
                Self(Repr::Short(length, room))
            }
            _ => Self(Repr::Long(bytes.into())),
        }
    }

    /// Whether it is the empty text.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Short(length, room) => &room[..usize::from(*length)],
            Repr::Long(bytes) => bytes,
        }
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Folded {}

impl PartialOrd for Folded {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Folded {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_are_ordered_as_their_texts(left in ".{0,40}", right in ".{0,40}") {
            let key = |text: &str| Folded::from_folded(text);
            prop_assert_eq!(key(&left).cmp(&key(&right)), left.cmp(&right));
            prop_assert_eq!(key(&left) == key(&right), left == right);
            prop_assert_eq!(key(&left).is_empty(), left.is_empty());
        }
    }
}
