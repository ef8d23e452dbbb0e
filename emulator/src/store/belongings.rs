//! What goes with a record: its comments and its attached files.

use std::sync::Arc;

use super::State;
use super::books::Books;
use super::files;
use super::kind::Kind;

impl State {
    /// Removes the attached files and comments of a record that is gone. A document's history stays with its contact.
    pub(super) fn drop_belongings(&mut self, organization_id: &str, id: u64) {
        let Some(books) = self.books.get_mut(organization_id).map(Arc::make_mut) else { return };
        let attached: Vec<u64> = books.naming_as(id, Kind::Attachment).collect();
        for attachment in attached {
            release(books, &mut self.files, attachment);
            books.remove_record(Kind::Attachment, attachment);
        }
        let comments: Vec<u64> = books.naming_as(id, Kind::Comment).collect();
        for comment in comments {
            let contact = books.record(Kind::Comment, comment).and_then(|it| it.reference("contact_id"));
            if contact.is_none_or(|contact| contact == id) {
                books.remove_record(Kind::Comment, comment);
            }
        }
    }

    /// Gives up the file of an attachment that is about to go.
    pub(super) fn release_file(&mut self, organization_id: &str, id: u64) {
        if let Some(books) = self.books.get(organization_id) {
            release(books, &mut self.files, id);
        }
    }
}

fn release(books: &Books, files: &mut files::Files, attachment: u64) {
    let record = books.record(Kind::Attachment, attachment);
    if let Some(sha256) = record.and_then(|record| files::held_by(record)) {
        files.release(sha256, attachment);
    }
}
