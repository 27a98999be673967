//! What every HTTP client must do, against a server on this machine that misbehaves by request.
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    sync::Arc,
    vec,
    vec::Vec,
};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::ports::{Clock, Http, HttpError, HttpRequest, HttpResponse};

/// Milliseconds within which an answer of this machine is due.
const SOON: u32 = 10_000;
/// Milliseconds of an exchange that is to time out.
const SHORT: u32 = 300;

/// What the server received, one request each.
type Log = Arc<Mutex<Vec<String>>>;

/// A client, in its profile for tests (http to 127.0.0.1), sends a request as it is, gives back whatever came, follows
/// no redirect, repeats nothing, keeps no cookie, and holds to the limits of size and time.
pub async fn http(client: Arc<dyn Http>, clock: &Arc<dyn Clock>) {
    let (base, log) = serve();
    let of = |path: &str| request("GET", &format!("{base}{path}"));

    let post = HttpRequest {
        headers: vec![("content-type".into(), "text/plain".into()), ("accept".into(), "application/x".into())],
        body: b"body of the request".to_vec(),
        ..request("POST", &format!("{base}/status/404"))
    };
    let response = client.send(post).await.expect("any status is an answer");
    assert_eq!((response.status, response.body.as_slice()), (404, b"answer".as_slice()));
    assert_eq!(header(&response, "x-answer"), ["Yes"], "names are in lower case, values as received");
    let sent = last(&log);
    assert!(sent.starts_with("POST /status/404 HTTP/1.1\r\n"), "{sent}");
    assert!(sent.ends_with("\r\n\r\nbody of the request"), "{sent}");
    for line in ["content-type: text/plain", "accept: application/x"] {
        assert!(sent.to_ascii_lowercase().contains(&format!("\r\n{line}\r\n")), "{line} is in {sent}");
    }

    for status in [301, 302, 303, 307, 308] {
        let before = count(&log);
        let response = client.send(of(&format!("/redirect/{status}"))).await.expect("a redirect is an answer");
        assert_eq!((response.status, count(&log)), (status, before.saturating_add(1)), "no redirect is followed");
    }

    client.send(of("/cookie")).await.expect("an answer");
    client.send(of("/status/200")).await.expect("an answer");
    assert!(!last(&log).to_ascii_lowercase().contains("cookie:"), "no cookie is kept");

    for path in ["/declared", "/endless"] {
        assert_eq!(client.send(of(path)).await.err(), Some(HttpError::Limit), "{path}");
    }
    let exact = HttpRequest { max_response_bytes: 6, ..of("/status/200") };
    assert_eq!(client.send(exact.clone()).await.expect("exactly as long").body, b"answer");
    let short = HttpRequest { max_response_bytes: 5, ..exact };
    assert_eq!(client.send(short).await.err(), Some(HttpError::Limit));
    let compressed = client.send(of("/gzip")).await.expect("an answer");
    assert_eq!(compressed.body, [0x1f, 0x8b, 0x08], "nothing is unpacked");

    for path in ["/hang", "/drip"] {
        let begun = clock.uptime().millis();
        let hang = HttpRequest { timeout_millis: SHORT, ..of(path) };
        assert_eq!(client.send(hang).await.err(), Some(HttpError::Timeout), "{path}");
        let took = clock.uptime().millis().saturating_sub(begun);
        assert!(took >= u64::from(SHORT) && took < 5_000, "{path}: {took}");
    }

    for path in ["/close", "/cut"] {
        let before = count(&log);
        let post = HttpRequest { method: "POST".into(), body: b"once".to_vec(), ..of(path) };
        assert_eq!(client.send(post).await.err(), Some(HttpError::Offline), "{path}");
        assert_eq!(count(&log), before.saturating_add(1), "nothing is sent twice: {path}");
    }
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    assert_eq!(client.send(request("GET", &format!("http://{free}/"))).await.err(), Some(HttpError::Offline));
    // And it goes on working.
    assert_eq!(client.send(of("/status/200")).await.map(|response| response.status), Ok(200));
}

/// A client in its profile of the product refuses every address that is not https with a public name, before anything
/// is sent (neg-G06).
pub async fn http_refusals(client: Arc<dyn Http>) {
    let (base, log) = serve();
    let port = base.rsplit(':').next().unwrap_or_default().to_owned();
    let own = [base.clone(), format!("https://127.0.0.1:{port}"), format!("https://localhost:{port}")];
    let elsewhere = [
        "http://rid.example/",
        "file:///etc/hosts",
        "data:text/plain,a",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://localhost./",
        "https://a.localhost/",
        "https://router.local/",
        "https://router/",
        "https://user@rid.example/",
        "https:///path",
        "not a url",
        "",
    ];
    for url in own.into_iter().chain(elsewhere.map(ToString::to_string)) {
        assert_eq!(client.send(request("GET", &url)).await.err(), Some(HttpError::Forbidden), "{url}");
    }
    assert_eq!(count(&log), 0, "nothing was sent");
}

fn request(method: &str, url: &str) -> HttpRequest {
    HttpRequest {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
        max_response_bytes: 1_000,
        timeout_millis: SOON,
    }
}

fn header<'r>(response: &'r HttpResponse, name: &str) -> Vec<&'r str> {
    response.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
}

fn count(log: &Log) -> usize {
    lock(log).len()
}

fn last(log: &Log) -> String {
    lock(log).last().cloned().unwrap_or_default()
}

fn lock(log: &Log) -> MutexGuard<'_, Vec<String>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server for the rest of the process: its address, and what it received.
fn serve() -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let log = Log::default();
    let seen = log.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = seen.clone();
            thread::spawn(move || answer(stream, &seen));
        }
    });
    (base, log)
}

/// Answers one request. That a client is gone is no fault of the server.
fn answer(mut stream: TcpStream, log: &Log) {
    let received = receive(&mut stream);
    let path = received.split(' ').nth(1).unwrap_or_default().to_owned();
    lock(log).push(received);
    let wait = || thread::sleep(Duration::from_millis(SHORT.into()).saturating_mul(4));
    let head = |status: &str, more: &str| format!("HTTP/1.1 {status} Text\r\nX-Answer: Yes\r\n{more}\r\n");
    let mut write = |text: &[u8]| stream.write_all(text).and_then(|()| stream.flush());
    match path.trim_start_matches('/').split_once('/') {
        Some(("status", status)) => drop(write((head(status, "Content-Length: 6\r\n") + "answer").as_bytes())),
        Some(("redirect", status)) => {
            drop(write(head(status, "Location: /status/200\r\nContent-Length: 0\r\n").as_bytes()));
        }
        _ => match path.as_str() {
            "/cookie" => drop(write(head("200", "Set-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n").as_bytes())),
            "/declared" => drop(write(head("200", "Content-Length: 1000000\r\n").as_bytes())),
            "/endless" if write(head("200", "Transfer-Encoding: chunked\r\n").as_bytes()).is_ok() => {
                while write(&[b"400\r\n".as_slice(), &[b'x'; 0x400], b"\r\n"].concat()).is_ok() {}
            }
            "/gzip" => {
                let text = head("200", "Content-Encoding: gzip\r\nContent-Length: 3\r\n");
                drop(write(&[text.as_bytes(), &[0x1f, 0x8b, 0x08]].concat()));
            }
            "/hang" => wait(),
            "/drip" if write(head("200", "Content-Length: 100\r\n").as_bytes()).is_ok() => {
                while write(b"x").is_ok() {
                    thread::sleep(Duration::from_millis(50));
                }
            }
            "/cut" => drop(write((head("200", "Content-Length: 100\r\n") + "half").as_bytes())),
            _ => {}
        },
    }
}

/// One request with its body, as far as `Content-Length` says.
fn receive(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lines = head.lines().filter_map(|line| line.split_once(':'));
            let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length = lengths.next().and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => bytes.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            _ => return text,
        }
    }
}
