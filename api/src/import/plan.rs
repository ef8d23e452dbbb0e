//! The mapping, checked against itself and against the files' headers before the first row is written.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::format::{Item, StrftimeItems};
use finbridge_domain::name_key;
use finbridge_entity::types::StageKind;
use rust_decimal::Decimal;

use super::error::ImportError;
use super::fields::{Field, Kind, RecordType};
use super::mapping::{self, Key, Mapping, Spec};
use super::reader::Reader;
use super::template::Template;
use super::value::{self, Format};

/// A mapping that can be carried out.
#[derive(Debug)]
pub(super) struct Plan {
    /// Name under which the keys of the rows are remembered.
    pub source: String,
    /// The mapping's own file name, for the report.
    pub name: String,
    /// The stages.
    pub stages: Vec<StagePlan>,
    /// The files in order.
    pub files: Vec<FilePlan>,
}

/// A stage that deals can be in.
#[derive(Debug)]
pub(super) struct StagePlan {
    pub name: String,
    pub kind: StageKind,
    pub position: i32,
}

/// How one file is imported.
#[derive(Debug)]
pub(super) struct FilePlan {
    /// As the mapping names it.
    pub name: String,
    pub path: PathBuf,
    pub record: RecordType,
    pub delimiter: u8,
    /// The columns that are used; templates and sources refer to them by their place here.
    pub cells: Vec<Cell>,
    pub key: Template,
    /// Sorted by field.
    pub columns: Vec<ColumnPlan>,
}

/// A column of the file that is used.
#[derive(Debug)]
pub(super) struct Cell {
    pub name: String,
    /// Place in the row.
    pub index: usize,
    pub corrections: BTreeMap<String, String>,
}

/// How one field is filled.
#[derive(Debug)]
pub(super) struct ColumnPlan {
    pub field: &'static Field,
    pub source: Source,
    pub map: BTreeMap<String, String>,
    pub remove: Vec<String>,
    pub format: Format,
    pub required: bool,
    pub default: Option<String>,
    pub empty: Option<String>,
}

/// Where a field's text comes from.
#[derive(Debug)]
pub(super) enum Source {
    Cell(usize),
    Template(Template),
    Constant(String),
}

impl Plan {
    /// Reads and checks the mapping at `path` and the headers of its files.
    pub(super) fn load(path: &Path) -> Result<Self, ImportError> {
        let mapping = Mapping::load(path)?;
        let mut check = Check { folder: path.parent().unwrap_or(Path::new("")), problems: Vec::new() };
        let plan = check.plan(mapping, path);
        if check.problems.is_empty() {
            Ok(plan)
        } else {
            Err(ImportError::Mapping { path: path.to_owned(), problems: check.problems })
        }
    }
}

/// Collects every problem, so that a mapping is put right in one round.
struct Check<'a> {
    folder: &'a Path,
    problems: Vec<String>,
}

impl Check<'_> {
    fn plan(&mut self, mapping: Mapping, path: &Path) -> Plan {
        if mapping.source.trim().is_empty() || mapping.source.chars().count() > value::KEY_LENGTH {
            self.problems.push("source: give the source a name, such as source = \"old-crm\"".to_owned());
        }
        if mapping.files.is_empty() {
            self.problems.push("files: there is none; add one [[files]] section per CSV file".to_owned());
        }
        let stages = self.stages(mapping.stages);
        let kinds: Vec<RecordType> = mapping.files.iter().map(|file| file.record).collect();
        let mut files = Vec::new();
        for (position, file) in mapping.files.into_iter().enumerate() {
            self.order(&file, position, &kinds, stages.is_empty());
            files.extend(self.file(file));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Plan { source: mapping.source, name, stages, files }
    }

    fn stages(&mut self, stages: Vec<mapping::Stage>) -> Vec<StagePlan> {
        let mut seen: HashMap<String, String> = HashMap::new();
        let mut plans = Vec::new();
        for stage in stages {
            let key = name_key(&stage.name);
            if key.is_empty() || stage.name.chars().count() > value::KEY_LENGTH {
                self.problems.push("stages: every stage needs a name of at most 255 characters".to_owned());
            } else if let Some(other) = seen.insert(key, stage.name.clone()) {
                let name = &stage.name;
                self.problems.push(format!("stages: `{name}` and `{other}` are the same name; remove one"));
            }
            let kind = match stage.kind {
                mapping::StageKind::Open => StageKind::Open,
                mapping::StageKind::Won => StageKind::Won,
                mapping::StageKind::Lost => StageKind::Lost,
            };
            plans.push(StagePlan { name: stage.name, kind, position: stage.position });
        }
        plans
    }

    /// What a file refers to has to come from an earlier file, or from the file itself.
    fn order(&mut self, file: &mapping::File, position: usize, kinds: &[RecordType], no_stages: bool) {
        for field in file.record.fields() {
            let (Kind::Reference(record), Some(mapping::Column(spec))) =
                (field.kind, file.columns.get(field.name))
            else {
                continue;
            };
            let place = format!("{}: {}", file.path, field.name);
            if record == file.record {
                if spec.required && !kinds[..position].contains(&record) {
                    self.problems.push(format!(
                        "{place} refers to {record} records of the same file and cannot be required, because the first one \
                         could never be imported; remove required"
                    ));
                }
            } else if record == RecordType::Stage {
                if no_stages {
                    self.problems.push(format!(
                        "{place} needs stages; list them as [[stages]] sections with name, kind (OPEN, WON or LOST) and position"
                    ));
                }
            } else if kinds[position + 1..].contains(&record) && !kinds[..position].contains(&record) {
                self.problems.push(format!(
                    "{place} refers to {record} records, which are imported later; move their [[files]] section before this one"
                ));
            } else if !kinds[..position].contains(&record) {
                self.problems.push(format!(
                    "{place} refers to {record} records, which no file provides; add a file with record = \"{record}\" before \
                     this one or remove {}",
                    field.name
                ));
            }
        }
    }

    fn file(&mut self, file: mapping::File) -> Option<FilePlan> {
        let path = self.folder.join(&file.path);
        if file.record == RecordType::Stage {
            self.problems
                .push(format!("{}: stages come from no file; list them as [[stages]] sections", file.path));
            return None;
        }
        let Some(delimiter) = u8::try_from(file.delimiter).ok().filter(u8::is_ascii) else {
            self.problems
                .push(format!("{}: delimiter has to be a single ASCII character such as \";\"", file.path));
            return None;
        };
        if matches!(delimiter, b'"' | b'\n' | b'\r' | 0) {
            self.problems.push(format!("{}: delimiter cannot be a quotation mark or a line end", file.path));
            return None;
        }
        let header = match Reader::open(&path, delimiter) {
            Ok(reader) => reader.header().to_vec(),
            Err(problem) => {
                self.problems.push(format!("{}: {problem}", file.path));
                return None;
            }
        };
        let mut cells = Cells { file: &file.path, header: &header, cells: Vec::new() };
        let mut problems = Vec::new();

        for (name, corrections) in file.corrections {
            match cells.slot(&name) {
                Ok(slot) => cells.cells[slot].corrections = corrections,
                Err(problem) => problems.push(format!("{}: corrections.{problem}", file.path)),
            }
        }
        let key_columns = match file.key {
            Key::One(column) => vec![column],
            Key::Several(columns) => columns,
        };
        if key_columns.is_empty() {
            problems.push(format!("{}: key has to name at least one column", file.path));
        }
        let mut key_slots = Vec::new();
        for column in &key_columns {
            match cells.slot(column) {
                Ok(slot) => key_slots.push(slot),
                Err(problem) => problems.push(format!("{}: key: {problem}", file.path)),
            }
        }
        let key = match key_slots.as_slice() {
            [slot] => Template::of_slot(*slot),
            slots => Template::joined(slots),
        };
        let fields = file.record.fields();
        for field in fields {
            if field.required && !file.columns.contains_key(field.name) {
                problems.push(format!(
                    "{}: columns.{} is missing; every {} needs it, from a column, a template or a constant value",
                    file.path, field.name, file.record
                ));
            }
        }
        let mut columns = Vec::new();
        for (name, mapping::Column(spec)) in &file.columns {
            let place = format!("{}: columns.{name}", file.path);
            let Some(field) = fields.iter().find(|field| field.name == name) else {
                let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                problems.push(format!(
                    "{place} is not a field of {} records; the fields are {}",
                    file.record,
                    names.join(", ")
                ));
                continue;
            };
            if let Some(companion) = field.along_with.filter(|other| !file.columns.contains_key(*other)) {
                problems.push(format!("{place} needs columns.{companion} along with it"));
            }
            match column(field, spec, &mut cells) {
                Ok(plan) => columns.push(plan),
                Err(found) => problems.extend(found.into_iter().map(|problem| format!("{place}: {problem}"))),
            }
        }
        self.problems.append(&mut problems);
        let cells = cells.cells;
        Some(FilePlan { name: file.path, path, record: file.record, delimiter, cells, key, columns })
    }
}

/// The columns in use, filled as templates and fields name them.
struct Cells<'a> {
    file: &'a str,
    header: &'a [String],
    cells: Vec<Cell>,
}

impl Cells<'_> {
    fn slot(&mut self, name: &str) -> Result<usize, String> {
        if let Some(slot) = self.cells.iter().position(|cell| cell.name == name) {
            return Ok(slot);
        }
        let mut places = self.header.iter().enumerate().filter(|(_, column)| *column == name);
        let Some((index, _)) = places.next() else {
            let mut columns = String::new();
            for column in self.header {
                let _ = write!(columns, "{}{column}", if columns.is_empty() { "" } else { ", " });
            }
            return Err(format!("`{name}` is not a column of {}; its columns are {columns}", self.file));
        };
        if places.next().is_some() {
            return Err(format!("`{name}` is the name of two columns of {}; rename one of them", self.file));
        }
        self.cells.push(Cell { name: name.to_owned(), index, corrections: BTreeMap::new() });
        Ok(self.cells.len() - 1)
    }
}

/// Checks how one field is filled.
fn column(field: &'static Field, spec: &Spec, cells: &mut Cells<'_>) -> Result<ColumnPlan, Vec<String>> {
    let mut problems = Vec::new();
    let source = match (&spec.column, &spec.template, &spec.value) {
        (Some(name), None, None) => cells.slot(name).map(Source::Cell),
        (None, Some(text), None) => Template::parse(text, &mut |name| cells.slot(name))
            .map(Source::Template)
            .map_err(|problem| format!("template: {problem}")),
        (None, None, Some(text)) => Ok(Source::Constant(text.clone())),
        _ => Err("give exactly one of column, template and value".to_owned()),
    };
    let source = source.map_err(|problem| problems.push(problem)).ok();

    let mut format = Format::default();
    if let Some(scale) = &spec.scale {
        match Decimal::from_str_exact(scale) {
            Ok(scale) if field.kind.is_number() && !scale.is_zero() => format.scale = Some(scale),
            Ok(_) if field.kind.is_number() => problems.push("scale cannot be zero; remove it".to_owned()),
            Ok(_) => problems.push("scale is for numbers only; remove it".to_owned()),
            Err(_) => {
                problems.push(format!("scale: `{scale}` is not a number; write it as \"1000\" or \"0.01\""))
            }
        }
    }
    if let Some(mark) = spec.decimal_mark {
        if field.kind.is_number() && !mark.is_ascii_alphanumeric() {
            format.decimal_mark = mark;
        } else {
            problems.push("decimal_mark is for numbers only, and is a character such as \",\"".to_owned());
        }
    }
    if let Some(date) = &spec.format {
        if field.kind != Kind::Date {
            problems.push("format is for dates only; remove it".to_owned());
        } else if StrftimeItems::new(date).any(|item| item == Item::Error) {
            problems.push(format!("format: `{date}` is not a date format; write it as \"%d/%m/%Y\""));
        } else {
            format.date.clone_from(date);
        }
    }
    if let Some(named) = spec.reference {
        match field.kind {
            Kind::Reference(record) if record == named => {}
            Kind::Reference(record) => {
                problems.push(format!(
                    "reference: {} refers to {record} records; write reference = \"{record}\"",
                    field.name
                ));
            }
            _ => problems
                .push(format!("reference: {} does not refer to another record; remove it", field.name)),
        }
    }
    let texts = spec.value.iter().chain(&spec.default);
    for text in texts.filter(|text| !text.is_empty()) {
        if let Err(reason) = value::read(field.kind, text, &format) {
            problems.push(format!("`{text}`: {reason}"));
        }
    }
    match source {
        Some(source) if problems.is_empty() => Ok(ColumnPlan {
            field,
            source,
            map: spec.map.clone(),
            remove: spec.remove.iter().filter(|piece| !piece.is_empty()).cloned().collect(),
            format,
            required: spec.required || field.required,
            default: spec.default.clone(),
            empty: spec.empty.clone(),
        }),
        _ => Err(problems),
    }
}
