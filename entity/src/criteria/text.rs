//! Comparing texts without regard to letter case and surrounding blanks.

use finbridge_domain::name_key;
use sea_orm::Condition;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};

/// Which shape of a text a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextShape {
    /// Compared names.
    Key,
    /// Text as written.
    Plain,
}

impl TextShape {
    /// The column holds one of these texts.
    pub fn is_in<'a>(self, column: Expr, texts: impl IntoIterator<Item = &'a str>) -> Expr {
        self.value(column).is_in(texts.into_iter().flat_map(|text| self.forms(text)))
    }

    /// The column begins with this text.
    pub fn starts_with(self, column: &Expr, text: &str) -> Condition {
        self.like(column, "", text)
    }

    /// The column has this text somewhere.
    pub fn contains(self, column: &Expr, text: &str) -> Condition {
        self.like(column, "%", text)
    }

    fn value(self, column: Expr) -> Expr {
        match self {
            Self::Key => column,
            Self::Plain => Expr::expr(Func::lower(column)),
        }
    }

    fn like(self, column: &Expr, before: &str, text: &str) -> Condition {
        let value = || self.value(column.clone());
        let forms = self.forms(text);
        if forms.is_empty() {
            return Condition::any().add(value().is_in(forms));
        }
        forms.iter().fold(Condition::any(), |any, form| {
            let pattern = format!("{before}{}%", escaped(form));
            any.add(value().like(LikeExpr::new(pattern).escape('\\')))
        })
    }

    /// The forms that the text may have in the column. SQLite folds ASCII letters only, PostgreSQL all.
    /// None when no column can hold the text: U+0000, which PostgreSQL refuses even in a comparison.
    fn forms(self, text: &str) -> Vec<String> {
        match self {
            _ if text.contains('\0') => Vec::new(),
            Self::Key => vec![name_key(text)],
            Self::Plain => {
                let text = text.trim();
                let mut forms = vec![text.to_lowercase(), text.to_ascii_lowercase()];
                forms.dedup();
                forms
            }
        }
    }
}

/// `%`, `_` and the escape character stand for themselves.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
