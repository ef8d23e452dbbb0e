//! How fields are compared.

use serde::{Deserialize, Serialize};

/// How many values an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// None.
    None,
    /// One.
    One,
    /// Two, the smaller one first.
    Two,
    /// One or more.
    Many,
    /// A number of days.
    Days,
}

macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $arity:ident;)+) => {
        /// How a field is compared.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Operator { $($(#[$doc])* #[serde(rename = $text)] $name,)+ }

        impl Operator {
            /// The stored and spoken name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// How many values it takes.
            pub const fn arity(self) -> Arity {
                match self { $(Self::$name => Arity::$arity,)+ }
            }
        }
    };
}

operators! {
    /// Is this.
    Eq = "EQ", One;
    /// Is not this, or is empty.
    Ne = "NE", One;
    /// Is one of these.
    In = "IN", Many;
    /// Is none of these, or is empty.
    NotIn = "NOT_IN", Many;
    /// Is more or later than this.
    Gt = "GT", One;
    /// Is this or more or later.
    Gte = "GTE", One;
    /// Is less or earlier than this.
    Lt = "LT", One;
    /// Is this or less or earlier.
    Lte = "LTE", One;
    /// Is the first, the second, or between them.
    Between = "BETWEEN", Two;
    /// Has this somewhere.
    Contains = "CONTAINS", One;
    /// Begins with this.
    StartsWith = "STARTS_WITH", One;
    /// Holds nothing.
    IsEmpty = "IS_EMPTY", None;
    /// Holds something.
    IsNotEmpty = "IS_NOT_EMPTY", None;
    /// Is on this day.
    Today = "TODAY", None;
    /// Is on the day before this one.
    Yesterday = "YESTERDAY", None;
    /// Is on the day after this one.
    Tomorrow = "TOMORROW", None;
    /// Is in this week, which begins on Monday.
    ThisWeek = "THIS_WEEK", None;
    /// Is in this calendar month.
    ThisMonth = "THIS_MONTH", None;
    /// Is in this calendar year.
    ThisYear = "THIS_YEAR", None;
    /// Is in so many days that end with this one.
    LastNDays = "LAST_N_DAYS", Days;
    /// Is in so many days that begin with this one.
    NextNDays = "NEXT_N_DAYS", Days;
}

impl Operator {
    /// Those that ask by the calendar.
    pub const RELATIVE: [Self; 8] = [
        Self::Today,
        Self::Yesterday,
        Self::Tomorrow,
        Self::ThisWeek,
        Self::ThisMonth,
        Self::ThisYear,
        Self::LastNDays,
        Self::NextNDays,
    ];

    /// The operator without its "not", and whether it had one.
    pub(super) const fn positive(self) -> (Self, bool) {
        match self {
            Self::Ne => (Self::Eq, true),
            Self::NotIn => (Self::In, true),
            Self::IsEmpty => (Self::IsNotEmpty, true),
            other => (other, false),
        }
    }
}
