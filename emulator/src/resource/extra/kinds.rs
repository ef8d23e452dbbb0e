//! Which kind carries what, and the sentences of its calls (sections 10.1 to 10.10 and the field lists).

use crate::store::kind::Kind;

/// What one kind carries.
#[derive(Debug)]
pub(crate) struct Extra {
    pub(crate) kind: Kind,
    /// `transaction_type` in comments.
    pub(crate) word: &'static str,
    pub(crate) comments: Comments,
    pub(crate) files: Option<Files>,
    pub(crate) letter: Option<Letter>,
}

/// Sentences of the calls on comments.
#[derive(Debug)]
pub(crate) struct Comments {
    /// HTTP status of a new comment.
    pub(crate) status: u16,
    pub(crate) listed: &'static str,
    pub(crate) added: &'static str,
    pub(crate) updated: &'static str,
    /// Whether an answer carries `comment` as a list with one entry.
    pub(crate) as_list: bool,
}

/// Sentences of the calls on attached files.
#[derive(Debug)]
pub(crate) struct Files {
    /// HTTP status of a new attachment.
    pub(crate) status: u16,
    pub(crate) attached: &'static str,
    pub(crate) changed: &'static str,
    pub(crate) detached: &'static str,
}

/// The mail of a document.
#[derive(Debug)]
pub(crate) struct Letter {
    /// HTTP status of a sent mail.
    pub(crate) status: u16,
    pub(crate) sent: &'static str,
    /// Members that a client must send besides `to_mail_ids`.
    pub(crate) required: &'static [&'static str],
    pub(crate) shape: Shape,
}

/// Where the content of a mail stands in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Beside code and message.
    Flat,
    /// In the object `data`.
    Data,
    /// In `data`, a list with one entry.
    DataList,
}

/// What `kind` carries.
pub(crate) fn of(kind: Kind) -> Option<&'static Extra> {
    KINDS.iter().find(|extra| extra.kind == kind)
}

/// Comments as most kinds speak of them.
const COMMENTS: Comments = Comments {
    status: 200,
    listed: "success",
    added: "Comments added.",
    updated: "Comment has been updated.",
    as_list: false,
};

const PURCHASE_COMMENTS: Comments = Comments { status: 201, ..COMMENTS };

/// Files as the purchase side speaks of them.
const fn purchase_files(changed: &'static str) -> Option<Files> {
    Some(Files {
        status: 201,
        attached: "The document has been attached.",
        changed,
        detached: "The attachment has been deleted.",
    })
}

/// Every kind that carries anything.
pub(crate) static KINDS: &[Extra] = &[
    Extra { kind: Kind::Contact, word: "contact", comments: COMMENTS, files: None, letter: None },
    Extra {
        kind: Kind::Estimate,
        word: "estimate",
        comments: Comments {
            added: "Comments added",
            updated: "Comment has been updated successfully.",
            ..COMMENTS
        },
        files: Some(Files {
            status: 200,
            attached: "Your file has been successfully attached to the estimate.",
            changed: "Estimate information has been updated.",
            detached: "Your file is no longer attached to the estimate.",
        }),
        letter: Some(Letter {
            status: 200,
            sent: "Your estimate has been sent.",
            required: &[],
            shape: Shape::Flat,
        }),
    },
    Extra {
        kind: Kind::SalesOrder,
        word: "salesorder",
        comments: Comments { as_list: true, ..COMMENTS },
        files: Some(Files {
            status: 201,
            attached: "Your file has been successfully attached to the sales order.",
            // The slip is in the original.
            changed: "Sales Oder Updated Successfully.",
            detached: "Your file is no longer attached to the sales order.",
        }),
        letter: Some(Letter {
            status: 201,
            sent: "Your Sales Order has been sent.",
            required: &["subject", "body"],
            shape: Shape::DataList,
        }),
    },
    Extra {
        kind: Kind::Invoice,
        word: "invoice",
        comments: COMMENTS,
        files: Some(Files {
            status: 200,
            attached: "Your file has been successfully attached to the invoice.",
            changed: "Invoice information has been updated.",
            detached: "Your file is no longer attached to the invoice.",
        }),
        letter: Some(Letter {
            status: 200,
            sent: "Your invoice has been sent.",
            required: &[],
            shape: Shape::Data,
        }),
    },
    Extra {
        kind: Kind::CreditNote,
        word: "creditnote",
        comments: Comments { listed: "Comments of the credit note are displayed successfully.", ..COMMENTS },
        files: Some(Files {
            status: 200,
            attached: "Your file has been successfully attached to the credit note.",
            changed: "The credit note has been updated.",
            detached: "Your file is no longer attached to the credit note.",
        }),
        letter: Some(Letter {
            status: 200,
            sent: "Your creditnote has been sent.",
            required: &["subject", "body"],
            shape: Shape::DataList,
        }),
    },
    Extra {
        kind: Kind::CustomerPayment,
        word: "customer_payment",
        comments: COMMENTS,
        files: Some(Files {
            status: 200,
            attached: "Your file has been successfully attached to the payment.",
            changed: "The payment details have been updated.",
            detached: "Your file is no longer attached to the payment.",
        }),
        letter: None,
    },
    Extra {
        kind: Kind::PurchaseOrder,
        word: "purchaseorder",
        comments: PURCHASE_COMMENTS,
        files: purchase_files("Purchase Order has been updated."),
        letter: Some(Letter {
            status: 201,
            sent: "Your purchase order has been sent.",
            required: &["body"],
            shape: Shape::Data,
        }),
    },
    Extra {
        kind: Kind::Bill,
        word: "bill",
        comments: PURCHASE_COMMENTS,
        files: purchase_files("The bill has been updated."),
        letter: None,
    },
    Extra {
        kind: Kind::VendorPayment,
        word: "vendor_payment",
        comments: PURCHASE_COMMENTS,
        files: purchase_files("The payment details have been updated."),
        letter: Some(Letter {
            status: 200,
            sent: "Your vendor payment receipt has been sent.",
            required: &["subject", "body"],
            shape: Shape::Flat,
        }),
    },
    Extra {
        kind: Kind::Expense,
        word: "expense",
        comments: COMMENTS,
        files: Some(Files {
            status: 200,
            attached: "The expense attachment has been attached.",
            changed: "Expense information has been updated.",
            detached: "The attachment has been deleted.",
        }),
        letter: None,
    },
];

/// Hands every kind of document to the macro `$each`, which makes the operations of one part of them: path, roots, scope
/// module, resource, and its name in sentences.
macro_rules! documents {
    ($each:ident) => {
        $each! {
            "estimates", BOOKS_AND_INVOICE, "estimates", estimate::Estimate, "an estimate";
            "salesorders", BOOKS, "salesorders", salesorder::SalesOrder, "a sales order";
            "invoices", BOOKS_AND_INVOICE, "invoices", invoice::Invoice, "an invoice";
            "creditnotes", BOOKS_AND_INVOICE, "creditnotes", creditnote::CreditNote, "a credit note";
            "customerpayments", BOOKS_AND_INVOICE, "customerpayments", customerpayment::CustomerPayment, "a payment";
            "purchaseorders", BOOKS, "purchaseorders", purchaseorder::PurchaseOrder, "a purchase order";
            "bills", BOOKS, "bills", bill::Bill, "a bill";
            "vendorpayments", BOOKS, "vendorpayments", vendorpayment::VendorPayment, "a vendor payment";
            "expenses", BOOKS_AND_INVOICE, "expenses", expense::Expense, "an expense";
        }
    };
}
pub(crate) use documents;
