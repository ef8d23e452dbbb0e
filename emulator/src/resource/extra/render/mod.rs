//! Documents on paper and in files: `accept=pdf|html|csv|xls` on a detail, and many documents in one PDF.

pub(crate) mod pdf;
pub(crate) mod sheet;
pub(crate) mod text;

use axum::body::Bytes;

use super::subject::flag;
use super::{kinds, upload};
use crate::auth::Context;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::resource::{estimate, invoice, salesorder};
use crate::routes::Handler::Of;
use crate::routes::{BOOKS, BOOKS_AND_INVOICE, Operation, op};
use crate::store::record::Record;
use sheet::Sheet;

/// The most documents in one PDF.
const MAX_MERGED: usize = 25;
const PDF: &str = "application/pdf;charset=UTF-8";

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "estimates/pdf",
        ("estimates", "read"),
        "Export estimates as one PDF",
        Of(&estimate::Estimate, export),
    ),
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "estimates/print",
        ("estimates", "read"),
        "Print estimates",
        Of(&estimate::Estimate, print),
    ),
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "invoices/pdf",
        ("invoices", "read"),
        "Export invoices as one PDF",
        Of(&invoice::Invoice, export),
    ),
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "invoices/print",
        ("invoices", "read"),
        "Print invoices",
        Of(&invoice::Invoice, print),
    ),
    op(
        BOOKS,
        "GET",
        "salesorders/pdf",
        ("salesorders", "read"),
        "Export sales orders as one PDF",
        Of(&salesorder::SalesOrder, export),
    ),
    op(
        BOOKS,
        "GET",
        "salesorders/print",
        ("salesorders", "read"),
        "Print sales orders",
        Of(&salesorder::SalesOrder, print),
    ),
];

/// The rendering that `accept` or `print=true` asks for; `None` for JSON and for kinds that are no documents. Errors:
/// code 2 for a rendering that is not known.
pub(crate) fn of_detail(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    record: &Record,
) -> Result<Option<Reply>, ApiError> {
    if kinds::of(record.kind).is_none() {
        return Ok(None);
    }
    let print = flag(call, "print")? == Some(true);
    let wish = call.query.get("accept").map(str::to_ascii_lowercase);
    let wish = match wish.as_deref() {
        None if print => "pdf",
        None | Some("json") => return Ok(None),
        Some(wish) => wish,
    };
    let reader = Reader::new(context)?;
    let sheet = Sheet::of(resource, record, &reader);
    let (ending, content_type, bytes) = match wish {
        "pdf" => ("pdf", PDF, pdf::write(std::slice::from_ref(&sheet))),
        "html" => ("html", "text/html;charset=UTF-8", text::html(&sheet).into_bytes()),
        "csv" => ("csv", "text/csv;charset=UTF-8", text::csv(&sheet).into_bytes()),
        "xls" => ("xls", "application/vnd.ms-excel;charset=UTF-8", text::spreadsheet(&sheet).into_bytes()),
        _ => return Err(ApiError::invalid("accept")),
    };
    let name = format!("{}.{ending}", sheet.file_name());
    Ok(Some(upload::download(&name, content_type, Bytes::from(bytes), print || wish == "html")))
}

fn export(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    merged(context, call, resource, false)
}

fn print(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    merged(context, call, resource, true)
}

/// `GET /x/pdf?<id>s=a,b` and `/x/print`. Errors: code 2 for no ids or more than [`MAX_MERGED`], 1002 for an unknown one.
fn merged(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    inline: bool,
) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let name = format!("{}s", spec.id);
    let ids = write::ids(call, &name)?;
    if ids.len() > MAX_MERGED {
        return Err(ApiError::invalid(&name));
    }
    let reader = Reader::new(context)?;
    let sheets = ids.into_iter().map(|id| {
        let record = id.parse().ok().and_then(|id| reader.books.record(spec.kind, id));
        let record = record.ok_or_else(|| ApiError::missing(spec.label))?;
        Ok(Sheet::of(resource, record, &reader))
    });
    let sheets = sheets.collect::<Result<Vec<_>, ApiError>>()?;
    let file = format!("{}.pdf", spec.plural);
    Ok(upload::download(&file, PDF, Bytes::from(pdf::write(&sheets)), inline))
}
