//! An online presentation that is dropped at every await: nothing is fetched or sent twice, and the history is true.
use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use rid_crypto::{AgreementKey, Curve, SigningKey, x509::Certificate};
use rid_flow::ports::{Http, HttpError, HttpRequest, HttpResponse};
use rid_kit::agree;
use rid_openid::{
    dcql::Query,
    vp::{
        Method,
        build::{Draft, DraftChannel, link, x509_hash},
    },
};
use rid_sim::{NOW, SimRng, TestState};
use rid_wallet::{Arrival, OnlinePresentation, PresentationStep, Wallet, WalletError, view::OnlineDelivery};
use rid_wire::jose::{Alg, compact};

use crate::{
    HistoryOutcome,
    walk::{Folder, fill, open_online, outcomes, used},
};

const QUERY: &str = r#"{"credentials":[{"id":"a","format":"mso_mdoc","meta":{"doctype_value":"org.iso.18013.5.1.mDL"},
    "claims":[{"path":["org.iso.18013.5.1","family_name"]}]}]}"#;

/// A verifier's server that waits before and after each exchange.
struct Server {
    key: SigningKey,
    certificate: Certificate,
    requests: Mutex<Vec<String>>,
}

impl Server {
    fn request(&self) -> String {
        let public = AgreementKey::from_scalar(Curve::P256, &[7; 32]).unwrap().public();
        let response_uri = "https://apteka.example/response";
        let channel = DraftChannel::Post { response_uri, state: "EBESExQVFhcYGRobHB0eHw", wallet_nonce: None };
        let draft = Draft {
            channel,
            query: &Query::parse(QUERY).unwrap(),
            nonce: "AAECAwQFBgcICQoLDA0ODw",
            encryption: Some((&public, "k1")),
            verifier_info: &[],
            transaction_data: &[],
            times: Some((NOW, NOW.plus_seconds(300))),
        };
        let client_id = x509_hash(&self.certificate);
        let input = draft.signing_input(&client_id, Alg::Es256, std::slice::from_ref(&self.certificate));
        compact(&input, &self.key.sign(&[input.as_bytes()]))
    }

    fn sent(&self, method: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|sent| *sent == method).count()
    }
}

#[async_trait]
impl Http for Server {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        crate::slow::once().await;
        let body = if request.method == "GET" { self.request() } else { "{}".into() };
        self.requests.lock().unwrap().push(request.method);
        crate::slow::once().await;
        Ok(HttpResponse { status: 200, headers: Vec::new(), body: body.into_bytes() })
    }
}

/// Polls a future, and drops it when this many waits are over.
fn run<T>(future: impl Future<Output = T>, left: &mut Option<usize>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        if let Some(waits) = left {
            if *waits == 0 {
                *left = None;
                return None;
            }
            *waits -= 1;
        }
        std::thread::yield_now();
    }
}

/// Runs to the end, with one call dropped: the delivery or the closing code, and whether a call was dropped.
fn walk(presentation: &OnlinePresentation, waits: usize) -> (Result<OnlineDelivery, String>, bool) {
    let mut left = Some(waits);
    let mut delivery = None;
    loop {
        let Some(step) = run(presentation.next(), &mut left) else { continue };
        match step.unwrap() {
            PresentationStep::Ask { request } => presentation.answer(agree(&request)).unwrap(),
            PresentationStep::Receipt { receipt } => {
                delivery = receipt.delivery;
                presentation.proceed().unwrap();
                assert_eq!(presentation.proceed(), Err(WalletError::Misuse { code: rid_wire::Code::new("not_asked") }));
            }
            PresentationStep::Closed { code } => {
                return (delivery.ok_or_else(|| code.to_string()), left.is_none());
            }
            other => panic!("{other:?}"),
        }
    }
}

fn begin(wallet: &Arc<Wallet>, server: &Server) -> OnlinePresentation {
    let client_id = x509_hash(&server.certificate);
    let link = link("openid4vp://", &client_id, "https://apteka.example/request", Method::Get);
    wallet.present_link(&link, Arrival::Scan).unwrap()
}

fn world(name: &str) -> (Arc<Wallet>, Arc<Server>, Folder) {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new(name));
    let (key, certificate) = state.reader();
    let key = SigningKey::from_scalar(key.dangerous_scalar().expose()).unwrap();
    let server = Arc::new(Server { key, certificate: certificate.clone(), requests: Mutex::default() });
    (fill(open_online(&state, &folder, server.clone()), &state, 100), server, folder)
}

#[test]
fn neg_m06_an_online_presentation_cut_at_every_await_sends_nothing_twice() {
    let (wallet, server, _folder) = world("online-cut");
    let mut seen = Vec::new();
    for waits in 0.. {
        server.requests.lock().unwrap().clear();
        let rows = outcomes(&wallet).len();
        let (ended, was_cut) = walk(&begin(&wallet, &server), waits);
        let history = outcomes(&wallet);
        assert!(server.sent("GET") <= 1 && server.sent("POST") <= 1, "{waits}");
        let (copies, begun) = used(&wallet);
        assert_eq!(copies as usize, begun, "each copy that is used has its row");
        let outcome = history.get(rows).copied();
        match &ended {
            Ok(OnlineDelivery::Taken { .. }) => assert_eq!(outcome, Some(HistoryOutcome::Finished), "{waits}"),
            Ok(OnlineDelivery::Unknown) => assert_eq!(outcome, Some(HistoryOutcome::UnknownDelivery), "{waits}"),
            Ok(other) => panic!("{other:?}"),
            Err(code) => {
                assert_eq!(code, "interrupted", "{waits}");
                assert!(matches!(outcome, None | Some(HistoryOutcome::Failed)), "{waits}: {outcome:?}");
                assert_eq!(server.sent("POST"), 0, "{waits}");
            }
        }
        seen.push(ended);
        if !was_cut {
            break;
        }
    }
    assert!(seen.contains(&Ok(OnlineDelivery::Unknown)) && seen.contains(&Err("interrupted".into())), "{seen:?}");
    assert_eq!(seen.last(), Some(&Ok(OnlineDelivery::Taken { redirect: None })));
}

#[test]
fn a_cancelled_question_leaves_a_row_and_no_answer() {
    let (wallet, server, _folder) = world("online-cancel");
    let presentation = begin(&wallet, &server);
    let Some(Ok(PresentationStep::Ask { request })) = run(presentation.next(), &mut None) else { panic!("asked") };
    presentation.cancel();
    assert!(presentation.answer(agree(&request)).is_err());
    assert_eq!(run(presentation.next(), &mut None), Some(Err(WalletError::Cancelled)));
    assert_eq!(outcomes(&wallet), [HistoryOutcome::Refused]);
    assert_eq!((server.sent("POST"), used(&wallet).0), (0, 0));
}
