//! Many items in one request: each is done in a transaction of its own, so each gets an answer of its own.

use std::future::Future;

use crate::graphql::error::top_level;
use crate::service::{ErrorCode, ServiceError, ServiceResult, UserError};

/// Failures on our side in a row after which the rest is not tried: it is not the items then, and each try may wait for a
/// database that is not there until the whole request runs out of time.
const MOST_FAILURES: usize = 3;

/// Items done one after another. One that fails on our side tells so itself and does not hide what came of the others.
#[derive(Debug, Default)]
pub struct Items {
    failures: usize,
}

impl Items {
    /// Does the next item, unless nothing works any more.
    ///
    /// # Errors
    /// User errors, and `Forbidden`: that is about who asks, so it is true of every item and ends the whole request.
    pub async fn attempt<T>(&mut self, item: impl Future<Output = ServiceResult<T>>) -> ServiceResult<T> {
        if self.failures >= MOST_FAILURES {
            let message =
                "This was not tried, because several before it failed on our side; send it again later";
            return Err(UserError::whole(ErrorCode::Failed, message).into());
        }
        match item.await {
            Err(error @ (ServiceError::Internal(_) | ServiceError::Unavailable(_))) => {
                self.failures += 1;
                Err(UserError::whole(ErrorCode::Failed, top_level(error).message).into())
            }
            Err(error @ ServiceError::BadInput(_)) => {
                self.failures = 0;
                Err(UserError::whole(ErrorCode::Invalid, error.to_string()).into())
            }
            other => {
                self.failures = 0;
                other
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Items, MOST_FAILURES};
    use crate::service::{ErrorCode, ServiceError, ServiceResult, UserError};

    fn internal() -> ServiceResult<()> {
        Err(ServiceError::Internal("the database is gone".into()))
    }

    async fn code(items: &mut Items, result: ServiceResult<()>) -> Option<ErrorCode> {
        match items.attempt(async { result }).await {
            Ok(()) => None,
            Err(ServiceError::Refused(errors)) => errors.first().map(|error| error.code),
            Err(error) => panic!("{error:?}"),
        }
    }

    #[tokio::test]
    async fn every_item_has_an_answer_and_the_rest_is_not_tried_when_nothing_works() {
        let mut items = Items::default();
        assert_eq!(code(&mut items, Ok(())).await, None);
        for _ in 1..MOST_FAILURES {
            assert_eq!(code(&mut items, internal()).await, Some(ErrorCode::Failed));
        }
        let refused = UserError::whole(ErrorCode::NotFound, "There is no such thing");
        assert_eq!(code(&mut items, Err(refused.into())).await, Some(ErrorCode::NotFound));
        for _ in 0..MOST_FAILURES {
            assert_eq!(code(&mut items, internal()).await, Some(ErrorCode::Failed));
        }
        assert_eq!(code(&mut items, Ok(())).await, Some(ErrorCode::Failed), "not tried");
    }

    #[tokio::test]
    async fn who_may_not_ask_hears_it_for_the_whole_request() {
        let mut items = Items::default();
        let forbidden = async { Err::<(), _>(ServiceError::Forbidden("ask an administrator".to_owned())) };
        let told = items.attempt(forbidden).await;
        assert!(matches!(told, Err(ServiceError::Forbidden(_))), "{told:?}");
        let wrong = Err(ServiceError::BadInput("not an id".to_owned()));
        assert_eq!(code(&mut items, wrong).await, Some(ErrorCode::Invalid), "of this item alone");
    }
}
