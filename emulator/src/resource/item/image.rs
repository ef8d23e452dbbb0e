//! The image of an item. Its bytes are a record of their own, so that writing the item does not write them again.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Item;
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::{Call, File};
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The largest image, in bytes [?].
const MAX_IMAGE: usize = 5 * 1024 * 1024;

/// Content types that are taken, and the word that `image_type` shows.
const TYPES: [(&str, &str); 4] =
    [("image/png", "png"), ("image/jpeg", "jpeg"), ("image/gif", "gif"), ("image/bmp", "bmp")];

/// The resource. It has no calls of its own; the item's calls read and write it.
pub(crate) struct ItemImage;

static SPEC: Spec = Spec {
    kind: Kind::ItemImage,
    singular: "image",
    plural: "images",
    id: "image_document_id",
    label: "Image",
    report: "Images",
    fields: &[],
    computed: &[],
    required: &[],
    detail: &[],
    row: &[],
    number: None,
    unique: &[],
    references: &[],
    filters: Filters::NONE,
    sorts: &[],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "", updated: "", deleted: "" },
    entity: "",
};

impl Resource for ItemImage {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// `POST /items/{id}/image`, multipart with the field `image`: replaces an image that is there. Errors: code 2 for a
/// missing file, one that is no image by its name or content type, an empty one, or one above 5 MiB.
pub(super) fn add(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, "Item")?;
    // An unreadable multipart body has no files; its own error says more than "image".
    call.body.as_ref().map_err(Clone::clone)?;
    let file = call.files.iter().find(|file| file.field == "image");
    let file = file.filter(|file| (1..=MAX_IMAGE).contains(&file.bytes.len()));
    let file = file.ok_or_else(|| ApiError::invalid("image"))?;
    let word = word(file).ok_or_else(|| ApiError::invalid("image"))?;
    desk::write(context, call, |desk| {
        let item = desk.find(Kind::Item, id)?;
        forget(desk, &item);
        let mut image = desk.blank(Kind::ItemImage);
        image.set("content_type", format!("image/{word}"));
        image.set("content", STANDARD.encode(&file.bytes));
        let image = desk.put(image)?;
        desk.alter(Kind::Item, id, |item| {
            item.set("image_name", file.name.as_str());
            item.set("image_type", word);
            item.set("image_document_id", Json::id(image.id));
        })?;
        Ok(())
    })?;
    Ok(Reply::done("The image has been added to the item.", []))
}

fn word(file: &File) -> Option<&'static str> {
    let kind = file.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if let Some((_, word)) = TYPES.iter().find(|(known, _)| *known == kind) {
        return Some(*word);
    }
    // Some clients send every file as a stream of bytes.
    let ending = file.name.rsplit_once('.')?.1.to_ascii_lowercase();
    let ending = if ending == "jpg" { "jpeg" } else { ending.as_str() };
    let generic = kind.is_empty() || kind == "application/octet-stream";
    TYPES.iter().find(|(_, word)| generic && *word == ending).map(|(_, word)| *word)
}

/// `GET /items/{id}/image`: the file. Errors: code 1002 when the item or its image does not exist.
pub(super) fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let item = write::find(context, call, &Item)?;
    let books = context.state.books(&context.organization()?.organization_id);
    let image = item.reference("image_document_id").and_then(|id| books.record(Kind::ItemImage, id));
    let image = image.ok_or_else(|| ApiError::missing("Image"))?;
    let bytes = STANDARD.decode(image.text("content")).map_err(|_| ApiError::missing("Image"))?;
    Ok(Reply::file(Cow::Owned(image.text("content_type").to_owned()), bytes.into()))
}

/// `DELETE /items/{id}/image`.
pub(super) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, "Item")?;
    desk::write(context, call, |desk| {
        let item = desk.find(Kind::Item, id)?;
        if item.reference("image_document_id").is_none() {
            return Err(ApiError::missing("Image"));
        }
        forget(desk, &item);
        desk.alter(Kind::Item, id, |item| {
            for name in ["image_name", "image_type", "image_document_id"] {
                item.members.remove(name);
            }
        })?;
        Ok(())
    })?;
    Ok(Reply::done("The image of the item has been deleted.", []))
}

/// Removes the bytes of an item's image.
pub(super) fn forget(desk: &mut Desk<'_>, item: &Record) {
    if let Some(id) = item.reference("image_document_id") {
        desk.transaction.apply(Change::RecordDeleted {
            organization_id: desk.organization.organization_id.clone(),
            kind: Kind::ItemImage,
            id,
        });
    }
}
