//! Texts that lie in one piece of memory.
//!
//! A record has many texts and is looked at as a whole. Gathered into one allocation they cost no room between them, and a
//! row of a list touches one place of the memory instead of one for each text.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text of its own, or a part of one that others share.
#[derive(Clone)]
pub(crate) enum Text {
    #[expect(clippy::box_collection, reason = "so that both forms have the size of a `String`")]
    Own(Box<String>),
    Part {
        whole: Arc<str>,
        from: u32,
        to: u32,
    },
}

impl Text {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        self
    }

    /// The text to be changed.
    pub(crate) fn own(&mut self) -> &mut String {
        if let Self::Part { .. } = self {
            *self = Self::from((**self).to_owned());
        }
        match self {
            Self::Own(text) => text,
            // It was made its own above.
            Self::Part { .. } => unreachable!(),
        }
    }

    /// Puts the texts into one piece of memory, in the order given. Texts beyond the 4 GB that a part can tell stay as they
    /// are.
    pub(crate) fn gather(mut texts: Vec<&mut Self>) {
        let mut all = String::with_capacity(texts.iter().map(|text| text.len()).sum());
        texts.iter().for_each(|text| all.push_str(text));
        if u32::try_from(all.len()).is_err() {
            return;
        }
        let whole: Arc<str> = all.into();
        let mut from = 0u32;
        for text in &mut texts {
            let to = u32::try_from(text.len()).map_or(from, |length| from.saturating_add(length));
            **text = Self::Part { whole: Arc::clone(&whole), from, to };
            from = to;
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Own(text) => text,
            // The ends are those of whole texts, so they never cut a character.
            Self::Part { whole, from, to } => whole.get(*from as usize..*to as usize).unwrap_or_default(),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::from(String::new())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Own(Box::new(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, formatter)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_have_the_size_of_a_string() {
        assert_eq!(size_of::<Text>(), size_of::<String>());
    }

    proptest! {
        #[test]
        fn gathered_texts_say_what_they_said(texts in proptest::collection::vec(".{0,9}", 0..6), more in ".{0,3}") {
            let mut gathered: Vec<Text> = texts.iter().map(|text| Text::from(text.as_str())).collect();
            for _ in 0..2 {
                Text::gather(gathered.iter_mut().collect());
                prop_assert!(gathered.iter().zip(&texts).all(|(text, known)| **text == **known));
            }
            if let Some(text) = gathered.first_mut() {
                text.own().push_str(&more);
                prop_assert_eq!(&**text, format!("{}{more}", texts[0]));
            }
            prop_assert!(gathered.iter().zip(&texts).skip(1).all(|(text, known)| **text == **known));
        }
    }
}
