//! A network that answers from a script.
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::ports::{Http, HttpError, HttpRequest, HttpResponse};

/// A network that gives the answers it was told to, in order; then it is offline.
#[derive(Default)]
pub struct FakeHttp(Mutex<Exchanges>);

#[derive(Default)]
struct Exchanges {
    answers: VecDeque<Result<HttpResponse, HttpError>>,
    requests: Vec<HttpRequest>,
}

impl FakeHttp {
    /// With these answers.
    #[must_use]
    pub fn new(answers: impl IntoIterator<Item = Result<HttpResponse, HttpError>>) -> Self {
        Self(Mutex::new(Exchanges { answers: answers.into_iter().collect(), requests: Vec::new() }))
    }

    /// One more answer.
    pub fn then(&self, answer: Result<HttpResponse, HttpError>) {
        self.exchanges().answers.push_back(answer);
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.exchanges().requests.clone()
    }

    fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Http for FakeHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut exchanges = self.exchanges();
        let answer = exchanges.answers.pop_front().unwrap_or(Err(HttpError::Offline));
        let largest = request.max_response_bytes;
        exchanges.requests.push(request);
        match answer {
            Ok(response) if u64::try_from(response.body.len()).unwrap_or(u64::MAX) > largest => Err(HttpError::Limit),
            answer => answer,
        }
    }
}
