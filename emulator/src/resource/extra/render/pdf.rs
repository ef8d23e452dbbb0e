//! Sheets as PDF: A4 pages in Helvetica, which every reader brings along. The same sheets give the same bytes.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

use super::sheet::{Sheet, WIDTH};

const PAGE: (i16, i16) = (595, 842);
const LEFT: i16 = 50;
const TOP: i16 = 792;
const BOTTOM: i16 = 60;
/// The most characters of one text that are printed.
const MAX_TEXT: usize = 20_000;
const REGULAR: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");

/// Writes sheets one after the other, each on pages of its own.
pub(crate) fn write(sheets: &[Sheet]) -> Vec<u8> {
    let mut pages = Vec::new();
    for sheet in sheets {
        pages.extend(draw(sheet));
    }
    let refs = |first: i32, count: usize| (first..).map(Ref::new).take(count);
    let (catalog, tree, regular, bold) = (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4));
    let count = pages.len();
    let page_refs: Vec<Ref> = refs(5, count).collect();
    let content_refs: Vec<Ref> = refs(5 + i32::try_from(count).unwrap_or(0), count).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids(page_refs.iter().copied()).count(i32::try_from(count).unwrap_or(0));
    for (page_ref, content) in page_refs.iter().zip(&content_refs) {
        let mut page = pdf.page(*page_ref);
        page.media_box(Rect::new(0.0, 0.0, PAGE.0.into(), PAGE.1.into())).parent(tree).contents(*content);
        page.resources().fonts().pair(REGULAR, regular).pair(BOLD, bold);
        page.finish();
    }
    for (font, name) in [(regular, Name(b"Helvetica")), (bold, Name(b"Helvetica-Bold"))] {
        pdf.type1_font(font).base_font(name).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for (content_ref, content) in content_refs.iter().zip(pages) {
        pdf.stream(*content_ref, &content.finish());
    }
    pdf.finish()
}

/// Where the next line goes.
struct Pen {
    pages: Vec<Content>,
    page: Content,
    y: i16,
}

impl Pen {
    /// Makes room for `height` points, on a new page if need be.
    fn room(&mut self, height: i16) -> bool {
        if self.y - height >= BOTTOM {
            return false;
        }
        self.pages.push(std::mem::replace(&mut self.page, Content::new()));
        self.y = TOP;
        true
    }

    fn text(&mut self, font: Name<'static>, size: i16, x: i16, text: &str) {
        let text = encoded(text);
        if text.is_empty() {
            return;
        }
        self.page.begin_text();
        self.page.set_font(font, size.into());
        self.page.next_line(x.into(), self.y.into());
        self.page.show(Str(&text));
        self.page.end_text();
    }

    /// Text that ends at `x`.
    fn text_right(&mut self, font: Name<'static>, size: i16, x: i16, text: &str) {
        self.text(font, size, x - width(text, size), text);
    }

    fn rule(&mut self) {
        let y = f32::from(self.y);
        self.page.move_to(LEFT.into(), y).line_to((LEFT + WIDTH).into(), y).stroke();
    }
}

fn draw(sheet: &Sheet) -> Vec<Content> {
    let mut pen = Pen { pages: Vec::new(), page: Content::new(), y: TOP };
    let right = LEFT + WIDTH;
    let number = clipped(&sheet.number, 10, 240);
    pen.text_right(BOLD, 20, right, &sheet.title);
    for (at, line) in sheet.sender.iter().enumerate() {
        pen.text(if at == 0 { BOLD } else { REGULAR }, 10, LEFT, line);
        if at == 1 {
            pen.text_right(REGULAR, 10, right, &number);
        }
        pen.y -= 14;
    }
    if sheet.sender.len() < 2 {
        pen.text_right(REGULAR, 10, right, &number);
    }
    pen.y -= 16;
    let top = pen.y;
    for (label, value) in &sheet.facts {
        pen.text(REGULAR, 9, 330, label);
        pen.text_right(REGULAR, 9, right, &clipped(value, 9, 120));
        pen.y -= 13;
    }
    let below = pen.y;
    pen.y = top;
    pen.text(REGULAR, 9, LEFT, sheet.party_label);
    pen.y -= 13;
    for (at, line) in sheet.party.iter().enumerate() {
        pen.text(if at == 0 { BOLD } else { REGULAR }, 9, LEFT, &clipped(line, 9, 250));
        pen.y -= 13;
    }
    pen.y = pen.y.min(below) - 12;
    table(&mut pen, sheet);
    pen.y -= 6;
    for (label, value) in &sheet.totals {
        pen.room(14);
        let font = if ["Total", "Balance Due"].contains(&label.as_str()) { BOLD } else { REGULAR };
        pen.text(font, 9, 330, &clipped(label, 9, 110));
        pen.text_right(font, 9, right, value);
        pen.y -= 14;
    }
    for (label, text) in &sheet.remarks {
        pen.y -= 10;
        pen.room(28);
        pen.text(BOLD, 9, LEFT, label);
        pen.y -= 13;
        for line in paragraphs(text, 9, WIDTH) {
            pen.room(13);
            pen.text(REGULAR, 9, LEFT, &line);
            pen.y -= 13;
        }
    }
    pen.pages.push(pen.page);
    pen.pages
}

fn table(pen: &mut Pen, sheet: &Sheet) {
    let head = |pen: &mut Pen| {
        row(pen, sheet, BOLD, &sheet.columns.iter().map(|it| vec![it.title.to_owned()]).collect::<Vec<_>>());
        pen.y += 9;
        pen.rule();
        pen.y -= 14;
    };
    head(pen);
    for cells in &sheet.rows {
        let cells: Vec<Vec<String>> = cells
            .iter()
            .zip(&sheet.columns)
            .map(|(text, column)| paragraphs(text, 9, column.width - 10))
            .collect();
        // A line taller than a page is cut into parts that fit.
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for from in (0..height).step_by(40) {
            let part: Vec<Vec<String>> =
                cells.iter().map(|lines| lines.iter().skip(from).take(40).cloned().collect()).collect();
            let lines = i16::try_from(part.iter().map(Vec::len).max().unwrap_or(1)).unwrap_or(40);
            if pen.room(lines * 12 + 4) {
                head(pen);
            }
            row(pen, sheet, REGULAR, &part);
        }
    }
    pen.y += 9;
    pen.rule();
    pen.y -= 14;
}

fn row(pen: &mut Pen, sheet: &Sheet, font: Name<'static>, cells: &[Vec<String>]) {
    let (top, mut lowest, mut x) = (pen.y, pen.y, LEFT);
    for (lines, column) in cells.iter().zip(&sheet.columns) {
        pen.y = top;
        for line in lines {
            if column.right {
                pen.text_right(font, 9, x + column.width - 5, line);
            } else {
                pen.text(font, 9, x, line);
            }
            pen.y -= 12;
        }
        lowest = lowest.min(pen.y);
        x += column.width;
    }
    pen.y = lowest - 4;
}

/// The lines of a text, each broken where it is too wide. What lies beyond [`MAX_TEXT`] is left out.
fn paragraphs(text: &str, size: i16, limit: i16) -> Vec<String> {
    let text = text.char_indices().nth(MAX_TEXT).map_or(text, |(end, _)| &text[..end]);
    text.lines().flat_map(|line| wrapped(line, size, limit)).collect()
}

/// Breaks a text between words, and within words that are wider than `width` points.
fn wrapped(text: &str, size: i16, limit: i16) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let spaced = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&spaced, size) <= limit {
            line = spaced;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if width(&line, size) > limit && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The beginning of a text that fits into `limit` points.
fn clipped(text: &str, size: i16, limit: i16) -> String {
    paragraphs(text, size, limit).into_iter().next().unwrap_or_default()
}

/// Letters that cp1252 has above Latin 1, with their bytes.
const ABOVE_LATIN: [(char, u8); 16] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('„', 0x84),
    ('…', 0x85),
    ('Š', 0x8a),
    ('Œ', 0x8c),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('š', 0x9a),
    ('œ', 0x9c),
];

/// The text in WinAnsi. Helvetica has no other letters, so they become question marks; the rupee sign its abbreviation.
fn encoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            ' '..='~' | '\u{a0}'..='\u{ff}' => bytes.push(u8::try_from(u32::from(letter)).unwrap_or(b'?')),
            '₹' => bytes.extend_from_slice(b"Rs."),
            '\t' => bytes.push(b' '),
            _ => bytes.push(ABOVE_LATIN.iter().find(|(known, _)| *known == letter).map_or(b'?', |it| it.1)),
        }
    }
    bytes
}

/// Widths of Helvetica's letters from the space to the tilde, in thousandths of the size.
const WIDTHS: [i64; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// The width of a text in points, rounded up. Letters beyond ASCII count as wide as a digit.
fn width(text: &str, size: i16) -> i16 {
    let bytes = encoded(text);
    let units: i64 =
        bytes.iter().map(|byte| WIDTHS.get(usize::from(byte.wrapping_sub(32))).copied().unwrap_or(556)).sum();
    i16::try_from((units * i64::from(size) + 999) / 1000).unwrap_or(i16::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Column;
    use super::*;

    fn sheet(rows: usize) -> Sheet {
        Sheet {
            title: "INVOICE".to_owned(),
            number: "INV-(1)".to_owned(),
            sender: vec!["Acme".to_owned()],
            columns: vec![
                Column { title: "Item", width: 400, right: false },
                Column { title: "Amount", width: 95, right: true },
            ],
            rows: (0..rows).map(|it| vec![format!("row {it}"), "1.00".to_owned()]).collect(),
            ..Sheet::default()
        }
    }

    #[test]
    fn pages_follow_when_a_table_is_long() {
        let count = |rows: usize| {
            let bytes = write(&[sheet(rows)]);
            assert!(bytes.starts_with(b"%PDF-1.") && bytes.ends_with(b"%%EOF"));
            bytes.windows(10).filter(|it| it == b"/MediaBox ").count()
        };
        assert_eq!((count(0), count(10), count(200)), (1, 1, 5));
    }

    #[test]
    fn the_same_sheet_gives_the_same_bytes_and_brackets_do_not_end_a_text() {
        let bytes = write(&[sheet(3), sheet(1)]);
        assert_eq!(bytes, write(&[sheet(3), sheet(1)]));
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("(INV-\\(1\\))") || text.contains("(INV-(1))"), "{text}");
    }

    #[test]
    fn text_is_encoded_measured_and_wrapped() {
        assert_eq!(encoded("a€é₹株"), b"a\x80\xe9Rs.?");
        assert_eq!(width("0000000000", 10), 56);
        assert_eq!(wrapped("one two  three", 10, 40), ["one two", "three"]);
        assert_eq!(wrapped("00000", 10, 12), ["00", "00", "0"]);
        assert_eq!(wrapped("", 10, 12), Vec::<String>::new());
    }

    #[test]
    fn a_line_taller_than_a_page_ends() {
        let mut tall = sheet(1);
        tall.rows = vec![vec!["word ".repeat(20_000), "1.00".to_owned()]];
        assert!(draw(&tall).len() > 5);
        tall.remarks =
            vec![("Notes".to_owned(), "x\n".repeat(1_000_000)), ("Terms".to_owned(), "y".repeat(1_000_000))];
        assert!(draw(&tall).len() < 300);
    }
}
