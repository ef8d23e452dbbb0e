//! Mails with a document attached, which the app sends (R135).

use finbridge_contract::{Connection, Failure, FailureKind, Mail, RemoteDocument};

use super::adapter::Documents;
use crate::client::Call;
use crate::envelope::Answer;
use crate::wire::body::{Member, Members};
use crate::wire::row::Row;

impl Documents {
    /// Has the document mailed. Nothing is repeated here: a mail cannot be taken back.
    pub(super) async fn send(
        &self,
        connection: &Connection,
        remote_id: &str,
        mail: &Mail,
    ) -> Result<(), Failure> {
        if mail.to.is_empty() {
            let message = "a mail needs somebody to go to: name an e-mail address";
            return Err(Failure::new(FailureKind::Refused, message));
        }
        let path = format!("{}/email", self.table.one(remote_id)?);
        let (subject, body) = match (&mail.subject, &mail.body) {
            (Some(subject), Some(body)) => (subject.clone(), body.clone()),
            (subject, body) => {
                let usual = self.usual_letter(connection, remote_id, &path).await?;
                (subject.clone().unwrap_or(usual.0), body.clone().unwrap_or(usual.1))
            }
        };
        let members = Members::from([
            ("to_mail_ids".to_owned(), Member::Texts(mail.to.clone())),
            ("cc_mail_ids".to_owned(), Member::Texts(mail.cc.clone())),
            ("subject".to_owned(), Member::Text(subject)),
            ("body".to_owned(), Member::Text(body)),
        ]);
        let call = Call::post(path).with("send_attachment", true).with_body(members);
        self.table.write(connection, call).await
    }

    /// Subject and text that the app itself would write. Where it does not tell them, plain ones take their place: it
    /// takes no mail without.
    async fn usual_letter(
        &self,
        connection: &Connection,
        remote_id: &str,
        path: &str,
    ) -> Result<(String, String), Failure> {
        if self.words.has_letter {
            let answer: Answer<Row> = self.table.client.call(connection, Call::get(path.to_owned())).await?;
            // Beside the code, in an object, or in a list of one, depending on the kind.
            let letter = answer.body.record("data").unwrap_or(answer.body);
            if let (Some(subject), Some(body)) = (letter.some_text("subject"), letter.some_text("body")) {
                return Ok((subject, body));
            }
        }
        let name = title(self.words.kind.noun(), &self.whole(connection, remote_id).await?);
        Ok((name.clone(), format!("{name} is attached.")))
    }
}

/// Such as `Credit note CN-00001`.
fn title(noun: &str, document: &RemoteDocument) -> String {
    let mut letters = noun.chars();
    let noun: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    match &document.number {
        Some(number) => format!("{noun} {number}"),
        None => noun,
    }
}
