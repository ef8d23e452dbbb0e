//! Sheets as HTML, as comma-separated values and as a spreadsheet.

use std::fmt::Write;

use super::sheet::Sheet;

/// Text that is safe between tags and in quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

// Writing into a string cannot fail, so the results of `write!` are dropped here and below.

/// A page for a browser.
pub(crate) fn html(sheet: &Sheet) -> String {
    let lines = |lines: &[String]| lines.iter().map(|it| escaped(it)).collect::<Vec<_>>().join("<br>");
    let pairs = |pairs: &[(String, String)]| {
        let row = |(label, text): &(String, String)| {
            format!("<tr><th>{}</th><td>{}</td></tr>", escaped(label), escaped(text))
        };
        pairs.iter().map(row).collect::<String>()
    };
    let cells = |tag: &str, cells: &[String]| {
        let cell = |text: &String| format!("<{tag}>{}</{tag}>", escaped(text));
        format!("<tr>{}</tr>", cells.iter().map(cell).collect::<String>())
    };
    let titles: Vec<String> = sheet.columns.iter().map(|it| it.title.to_owned()).collect();
    let mut page = String::new();
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} {number}</title></head><body>\
         <p>{sender}</p><h1>{title}</h1><h2>{number}</h2><h3>{label}</h3><p>{party}</p><table>{facts}</table>\
         <table><thead>{head}</thead><tbody>{rows}</tbody></table><table>{totals}</table>",
        title = escaped(&sheet.title),
        number = escaped(&sheet.number),
        sender = lines(&sheet.sender),
        label = sheet.party_label,
        party = lines(&sheet.party),
        facts = pairs(&sheet.facts),
        head = cells("th", &titles),
        rows = sheet.rows.iter().map(|row| cells("td", row)).collect::<String>(),
        totals = pairs(&sheet.totals),
    );
    for (label, text) in &sheet.remarks {
        let _ = write!(page, "<h3>{}</h3><p>{}</p>", escaped(label), escaped(text).replace('\n', "<br>"));
    }
    page.push_str("</body></html>");
    page
}

/// The table with the document's head repeated on each row: how rows of a file are told apart.
fn rows(sheet: &Sheet) -> (Vec<String>, Vec<Vec<String>>) {
    let mut titles =
        vec![format!("{} Number", sheet.title), sheet.party_label.to_owned(), "Currency".to_owned()];
    titles.extend(sheet.facts.iter().map(|(label, _)| label.clone()));
    let mut head =
        vec![sheet.number.clone(), sheet.party.first().cloned().unwrap_or_default(), sheet.currency.clone()];
    head.extend(sheet.facts.iter().map(|(_, text)| text.clone()));
    titles.extend(sheet.columns.iter().map(|it| it.title.to_owned()));
    titles.extend(sheet.totals.iter().map(|(label, _)| label.clone()));
    let row = |cells: &Vec<String>| {
        let totals = sheet.totals.iter().map(|(_, text)| text);
        head.iter().chain(cells).chain(totals).cloned().collect()
    };
    let blank = vec![vec![String::new(); sheet.columns.len()]];
    let lines = if sheet.rows.is_empty() { &blank } else { &sheet.rows };
    (titles, lines.iter().map(row).collect())
}

/// Comma-separated values, one row for each line. Lines end with CR LF, as RFC 4180 says.
pub(crate) fn csv(sheet: &Sheet) -> String {
    let (titles, rows) = rows(sheet);
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(&rows) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn quoted(cell: &str) -> String {
    // A spreadsheet would run such a text as a formula.
    let number = cell.starts_with('-') && cell[1..].starts_with(|it: char| it.is_ascii_digit());
    let guarded = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// A spreadsheet in the XML that Excel has read since 2003.
pub(crate) fn spreadsheet(sheet: &Sheet) -> String {
    let (titles, rows) = rows(sheet);
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><?mso-application progid=\"Excel.Sheet\"?>\
         <Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
         xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"Sheet1\"><Table>",
    );
    for row in std::iter::once(&titles).chain(&rows) {
        text.push_str("<Row>");
        for cell in row {
            // XML 1.0 has no way to write most control characters.
            let cell: String = cell.chars().filter(|it| !it.is_control()).collect();
            let _ = write!(text, "<Cell><Data ss:Type=\"String\">{}</Data></Cell>", escaped(&cell));
        }
        text.push_str("</Row>");
    }
    text.push_str("</Table></Worksheet></Workbook>");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("-@x"), "'-@x");
        assert_eq!(quoted("-1,000.00"), "\"-1,000.00\"");
    }

    #[test]
    fn markup_in_any_text_is_escaped() {
        let evil = "<script>alert('1')</script>&\"";
        let pair = || vec![(evil.to_owned(), evil.to_owned())];
        let sheet = Sheet {
            title: evil.to_owned(),
            number: evil.to_owned(),
            sender: vec![evil.to_owned()],
            party: vec![evil.to_owned()],
            facts: pair(),
            rows: vec![vec![evil.to_owned()]],
            totals: pair(),
            remarks: pair(),
            ..Sheet::default()
        };
        for text in [html(&sheet), spreadsheet(&sheet)] {
            assert!(!text.contains("<script") && !text.contains("('1')"), "{text}");
            assert!(text.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"));
        }
    }
}
