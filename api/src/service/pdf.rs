//! Documents as the finance app prints them.

use finbridge_contract::{DocumentAbilities, FailureKind};
use finbridge_domain::{DocumentKind, NodeId, NodeKind};
use finbridge_entity::{document, integration};
use finbridge_sync::engine::Engine;
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::document_act::Through;
use super::error::{ServiceError, ServiceResult};
use super::permit::{Act, Object};
use super::{Services, document as documents, remote};

/// Bytes of the largest document that is passed on: 20 MiB.
const LARGEST: usize = 20 << 20;

/// Characters of a number that are taken into the name of a file.
const NAME_LENGTH: usize = 80;

/// A printed document.
#[derive(Debug, Clone)]
pub struct Pdf {
    /// Under which name it is saved: of letters, digits and signs that every system takes.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Where a document can be had as a PDF.
pub fn path(document_id: Uuid) -> String {
    format!("/transactions/{}/pdf", NodeId::new(NodeKind::Transaction, document_id))
}

/// Whether documents of this kind can be had as a PDF through this integration.
pub fn is_printed(engine: &Engine, integration: &integration::Model, kind: DocumentKind) -> bool {
    let connector = engine.connectors.get(&integration.app_key);
    let adapter = connector.and_then(|connector| connector.documents(kind));
    adapter.is_some_and(|adapter| adapter.abilities().prints)
}

/// The document as a PDF, asked of the finance app now: somebody waits for it, for five seconds at most. None when there is no such
/// document in this organization, or it is gone.
///
/// # Errors
/// `FORBIDDEN`; kinds that the app does not print; integrations that are not active, or do not answer.
pub async fn print(services: &Services, document_id: Uuid) -> ServiceResult<Option<Pdf>> {
    let row = documents::living(services.organization_id())
        .filter(document::Column::Id.eq(document_id))
        .one(services.db())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let kind = DocumentKind::by_name(&row.kind)
        .ok_or_else(|| ServiceError::Internal("a document of an unknown kind".into()))?;
    services.permit(Act::View, Object::Transactions(kind))?;
    let prints = |abilities: &DocumentAbilities, _: &_| abilities.prints;
    let through = Through::of(services, services.db(), &row, kind, prints).await?;
    let not_printed = || {
        let message = format!("The finance app prints no {}s: `pdfPath` is null for them", kind.noun());
        ServiceError::BadInput(message)
    };
    let integration_id = through.ok_or_else(not_printed)?.integration.id;
    let remote = services.engine.remote(services.db(), services.organization_id(), integration_id).await?;
    let adapter = remote.connector.documents(kind).ok_or_else(not_printed)?;
    let printing = adapter.pdf(&remote.connection, &row.remote_id);
    match remote::answer(remote::deadline(), printing).await {
        Ok(bytes) if bytes.len() > LARGEST || !bytes.starts_with(b"%PDF-") => {
            let message =
                "The finance app sent something that is no PDF of 20 MiB at most; open the document there";
            Err(ServiceError::Unavailable(message.to_owned()))
        }
        Ok(bytes) => Ok(Some(Pdf { file_name: file_name(kind, row.number.as_deref()), bytes })),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
        Err(failure) => Err(remote::unread(&failure)),
    }
}

fn file_name(kind: DocumentKind, number: Option<&str>) -> String {
    let plain = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => letter,
        _ => '-',
    };
    let number = number.filter(|number| number.chars().any(|letter| letter.is_ascii_alphanumeric()));
    let name: String = number.unwrap_or(kind.noun()).chars().take(NAME_LENGTH).map(plain).collect();
    format!("{name}.pdf")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x09_files_are_named_by_the_number_without_signs_that_systems_read_something_into() {
        let invoice = |number| file_name(DocumentKind::Invoice, number);
        assert_eq!(invoice(Some("INV-000012")), "INV-000012.pdf");
        assert_eq!(invoice(Some("../\"2026\"\r\n/7")), "----2026----7.pdf");
        assert_eq!(invoice(Some("№")), "invoice.pdf");
        assert_eq!(file_name(DocumentKind::SalesOrder, None), "sales-order.pdf");
    }
}
