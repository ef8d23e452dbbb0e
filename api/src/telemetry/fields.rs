//! Spans of the fields that a GraphQL operation asks for: the root fields, and the others where the traces are to have
//! that detail. The schema gets this extension only where spans are exported, as it slows every field down.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{ServerResult, Value};
use async_trait::async_trait;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span, error_span};

/// Makes the extension of each request.
pub struct FieldSpans;

struct OfRequest;

impl ExtensionFactory for FieldSpans {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OfRequest)
    }
}

#[async_trait]
impl Extension for OfRequest {
    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let span = span_of(&info);
        if span.is_disabled() {
            return next.run(context, info).await;
        }
        let resolved = next.run(context, info).instrument(span.clone()).await;
        if let Err(error) = &resolved {
            span.record("otel.status_code", "ERROR");
            let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
            if let Some(Value::String(code)) = code {
                span.record("error.type", code.as_str());
            }
        }
        resolved
    }
}

/// Names of fields are the schema's, never the client's: aliases stay out.
fn span_of(info: &ResolveInfo<'_>) -> Span {
    if info.is_for_introspection {
        Span::none()
    } else if info.path_node.parent.is_none() {
        error_span!(
            target: "otel", "field", otel.name = format!("{}.{}", info.parent_type, info.name),
            otel.status_code = Empty, "error.type" = Empty,
        )
    } else if info.field.selection_set.node.items.is_empty() {
        Span::none()
    } else {
        debug_span!(
            target: "otel", "field", otel.name = format!("{}.{}", info.parent_type, info.name),
            otel.status_code = Empty, "error.type" = Empty,
        )
    }
}
