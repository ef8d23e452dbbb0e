//! Comparing texts without regard to letter case and surrounding blanks.
//!
//! What a server takes for the small form of a letter depends on the database and on the locale that it was set up with,
//! so no database is asked: both compare what [`fold`] makes of a text. Columns that lists are filtered by keep that form
//! beside the text. For the others a statement makes it as it reads, of just the letters that are looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use finbridge_domain::{fold, name_key};
use sea_orm::Condition;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func, LikeExpr};

/// After everything that begins with a text: no text has a character beyond this one.
const LAST: char = '\u{10FFFF}';

/// Most letters that a statement makes small. No language has so many; without an end, a text of all letters there are
/// would nest deeper than SQLite allows.
const MOST_LETTERS: usize = 400;

/// Letters beyond ASCII that a fold changes, by each letter of what it makes of them.
static LETTERS: LazyLock<BTreeMap<char, Vec<char>>> = LazyLock::new(|| {
    let mut letters: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for letter in ('\u{80}'..=char::MAX).filter(|letter| !fold(*letter).eq([*letter])) {
        for folded in fold(letter).collect::<BTreeSet<_>>() {
            letters.entry(folded).or_default().push(letter);
        }
    }
    letters
});

/// Which shape of a text a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextShape {
    /// Texts as [`name_key`] makes them, ordered by their bytes.
    Key,
    /// Text as written.
    Plain,
}

impl TextShape {
    /// The column holds one of these texts.
    pub fn is_in<'a>(self, column: Expr, texts: impl IntoIterator<Item = &'a str>) -> Expr {
        let forms: Vec<_> = texts.into_iter().filter_map(|text| self.form(text)).collect();
        self.value(column, &forms).is_in(forms)
    }

    /// The column begins with this text.
    pub fn starts_with(self, column: &Expr, text: &str) -> Condition {
        let Some(form) = self.form(text) else { return never() };
        match self {
            Self::Key => {
                // A range of an index, where a pattern would have the database look at every text.
                let end = format!("{form}{LAST}");
                Condition::all().add(column.clone().gte(form)).add(column.clone().lt(end))
            }
            Self::Plain => self.like(column, "", form),
        }
    }

    /// The column has this text somewhere.
    pub fn contains(self, column: &Expr, text: &str) -> Condition {
        self.form(text).map_or_else(never, |form| self.like(column, "%", form))
    }

    fn like(self, column: &Expr, before: &str, form: String) -> Condition {
        let pattern = format!("{before}{}%", escaped(&form));
        let value = self.value(column.clone(), &[form]);
        Condition::all().add(value.like(LikeExpr::new(pattern).escape('\\')))
    }

    /// What of the column is compared with these forms.
    fn value(self, column: Expr, forms: &[String]) -> Expr {
        match self {
            Self::Key => column,
            Self::Plain => folded(column, forms),
        }
    }

    /// The form that the text has in the column. None when no column can hold the text: U+0000, which PostgreSQL refuses
    /// even in a comparison.
    fn form(self, text: &str) -> Option<String> {
        match self {
            _ if text.contains('\0') => None,
            Self::Key => Some(name_key(text)),
            Self::Plain => Some(text.trim().chars().flat_map(fold).collect()),
        }
    }
}

/// The text with all letters folded that could make it equal to one of these forms, or to a part of one. What is left as it
/// was is in none of the forms, whether folded or not.
fn folded(column: Expr, forms: &[String]) -> Expr {
    let wanted: BTreeSet<char> = forms.iter().flat_map(|form| form.chars()).collect();
    let letters: BTreeSet<char> =
        wanted.iter().filter_map(|letter| LETTERS.get(letter)).flatten().copied().collect();
    // By the order of bytes, only ASCII letters have a small form.
    let ascii = Func::lower(column.binary(BinOper::Custom("COLLATE"), Expr::col("C")));
    letters.into_iter().take(MOST_LETTERS).fold(Expr::from(ascii), |text, letter| {
        let small: String = fold(letter).collect();
        let [letter, small] = [letter.to_string(), small].map(|text| Expr::Constant(text.into()));
        Func::cust("replace").args([text, letter, small]).into()
    })
}

fn never() -> Condition {
    Condition::all().add(Expr::Constant(false.into()))
}

/// `%`, `_` and the escape character stand for themselves.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{PostgresQueryBuilder, Query, SqliteQueryBuilder};

    use super::*;

    #[test]
    fn only_letters_that_are_looked_for_are_folded() {
        let value = folded(Expr::col("city"), &["öd".to_owned()]);
        let wanted = r#"SELECT replace(LOWER("city" COLLATE "C"), 'Ö', 'ö')"#;
        let select = Query::select().expr(value).take();
        assert_eq!(select.to_string(SqliteQueryBuilder), wanted);
        assert_eq!(select.to_string(PostgresQueryBuilder), wanted);
    }

    #[test]
    fn what_becomes_an_ascii_letter_is_folded_as_well() {
        assert_eq!(LETTERS[&'k'], ['\u{212A}']);
        assert!(LETTERS[&'s'].contains(&'ß') && LETTERS[&'s'].contains(&'ẞ'));
    }
}
