//! The mutations that change how a transaction stands.

use async_graphql::{Context, ID, InputObject, MergedObject, Object, Result};
use finbridge_domain::{DocumentAct, NodeKind};

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::transaction::job::TransactionJob;
use crate::service::document_act;

/// Declares a mutation that changes how a transaction stands.
macro_rules! change {
    ($act:ident, $name:ident { $method:ident, $input:ident, $payload:ident }, $what:literal) => {
        /// Which transaction shall stand otherwise.
        #[derive(InputObject)]
        pub struct $input {
            /// Which transaction.
            id: ID,
        }

        payload! {
            /// What came of asking for the change.
            $payload {
                /// The job that carries it out; null when there are user errors.
                job: TransactionJob
            }
        }

        /// The mutation.
        #[derive(Default)]
        pub struct $name;

        #[Object]
        impl $name {
            #[doc = concat!($what)]
            async fn $method(
                &self,
                ctx: &Context<'_>,
                #[graphql(desc = "Which transaction.")] input: $input,
            ) -> Result<Option<$payload>> {
                let id = uuid(NodeKind::Transaction, &input.id)?;
                let asked = document_act::change_status(ctx.services()?, id, DocumentAct::$act).await;
                $payload::of(asked, TransactionJob::from).map(Some)
            }
        }
    };
}

change!(
    MarkSent,
    TransactionMarkSent { transaction_mark_sent, TransactionMarkSentInput, TransactionMarkSentPayload },
    "Has an estimate or invoice count as given to the other side; nobody is mailed. User errors: ACT_NOT_ALLOWED as it stands, NOT_SUPPORTED for kinds that do not know this."
);
change!(
    Accept,
    TransactionAccept { transaction_accept, TransactionAcceptInput, TransactionAcceptPayload },
    "Notes that the customer agrees to an estimate. User errors: ACT_NOT_ALLOWED as it stands, NOT_SUPPORTED for other kinds."
);
change!(
    Decline,
    TransactionDecline { transaction_decline, TransactionDeclineInput, TransactionDeclinePayload },
    "Notes that the customer does not agree to an estimate. User errors: ACT_NOT_ALLOWED as it stands, NOT_SUPPORTED for other kinds."
);
change!(
    Void,
    TransactionVoid { transaction_void, TransactionVoidInput, TransactionVoidPayload },
    "Takes the effect of an invoice, sales order or credit note away. User errors: HAS_PAYMENTS where something was paid or credited, ACT_NOT_ALLOWED as it stands, NOT_SUPPORTED for other kinds."
);
change!(
    Reopen,
    TransactionReopen { transaction_reopen, TransactionReopenInput, TransactionReopenPayload },
    "Makes an invoice that is void a draft again, or an order that was called off open again. User errors: ACT_NOT_ALLOWED as it stands, NOT_SUPPORTED for other kinds."
);
change!(
    Open,
    TransactionOpen { transaction_open, TransactionOpenInput, TransactionOpenPayload },
    "Puts an order or a credit note in force. User errors: ACT_NOT_ALLOWED as it stands, NOT_SUPPORTED for other kinds."
);
change!(
    Cancel,
    TransactionCancel { transaction_cancel, TransactionCancelInput, TransactionCancelPayload },
    "Calls an order off that was placed with a vendor. User errors: ACT_NOT_ALLOWED as it stands, NOT_SUPPORTED for other kinds."
);

/// The mutations that change how a transaction stands.
#[derive(MergedObject, Default)]
pub struct TransactionStatusChanges(
    TransactionMarkSent,
    TransactionAccept,
    TransactionDecline,
    TransactionVoid,
    TransactionReopen,
    TransactionOpen,
    TransactionCancel,
);
