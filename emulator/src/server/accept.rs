//! The connections that calls arrive on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};

use super::answer::{AsItIs, Withheld, response};
use super::line::Line;
use super::{App, handle};
use crate::error::{ApiError, Code};
use crate::tls::{self, Secure};

/// Accepts connections until `app.stop` is cancelled, then lets running calls finish. With `secure` they speak TLS.
pub(crate) async fn accept(app: Arc<App>, listener: TcpListener, secure: Option<Secure>, tasks: TaskTracker) {
    let panicked = |_: Box<dyn std::any::Any + Send>| response(ApiError::from(Code::Internal).into(), None);
    let compressed = DefaultPredicate::new().and(
        |_: axum::http::StatusCode,
         _: axum::http::Version,
         _: &axum::http::HeaderMap,
         extensions: &axum::http::Extensions| { extensions.get::<AsItIs>().is_none() },
    );
    let router = Router::new()
        .fallback(handle)
        .with_state(Arc::clone(&app))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(CatchPanicLayer::custom(panicked));
    loop {
        let accepted = tokio::select! {
            () = app.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of file descriptors is the usual cause; spinning would make it worse.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (router, stop, secure) = (router.clone(), app.stop.clone(), secure.clone());
        tasks.spawn(async move {
            // Without this, small answers wait for the client's delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            let (stream, reset) = Line::new(stream);
            let Some(stream) = tls::open(secure.as_ref(), stream, &stop).await else { return };
            let service =
                hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                    let (router, reset) = (router.clone(), reset.clone());
                    if let Some(secure) = &secure {
                        request.extensions_mut().insert(secure.clone());
                    }
                    async move {
                        let answer: Result<Response, Infallible> =
                            router.oneshot(request.map(Body::new)).await;
                        let response = answer.unwrap_or_else(|never| match never {});
                        // An error from the service makes hyper drop the connection without a byte.
                        match response.extensions().get::<Withheld>() {
                            Some(withheld) => {
                                reset.set(*withheld == Withheld::Reset);
                                Err(*withheld)
                            }
                            None => Ok(response),
                        }
                    }
                });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}
