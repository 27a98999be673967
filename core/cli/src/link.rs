//! The desktop link (`spec/link.md`): TCP on loopback, where every frame is one BLE characteristic write.
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::Duration,
};

use rid_mdoc::chunk::{self, Assembler, STATE_END, STATE_START};
use rid_wire::{Code, cbor::Limits};

use crate::failure::Failure;

/// How often a waiting wallet polls for a reader.
const POLL: Duration = Duration::from_millis(10);

const STATE: u8 = 0x01;
const CLIENT_TO_SERVER: u8 = 0x02;
const SERVER_TO_CLIENT: u8 = 0x03;

/// The two ends: the mdoc is the GATT server (peripheral server mode), the reader its client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Mdoc,
    Reader,
}

/// An event on the link.
pub(crate) enum Event {
    /// The reader wrote "start".
    Started,
    /// One whole message.
    Message(Vec<u8>),
    /// "end" was written, the peer disconnected, or a frame broke the rules (then with the code).
    Ended(Option<Code>),
}

/// The number of bytes and writes on a link so far.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) sent_bytes: u64,
    pub(crate) sent_writes: u64,
    pub(crate) received_bytes: u64,
    pub(crate) received_writes: u64,
}

/// One end of a link. A thread reads, the caller writes.
pub(crate) struct Link {
    end: End,
    mtu: u16,
    stream: TcpStream,
    events: Receiver<Event>,
    traffic: std::sync::Arc<std::sync::Mutex<Traffic>>,
}

/// A wallet waiting for a reader.
pub(crate) struct Listener(TcpListener);

/// Checks an MTU before a link is opened.
pub(crate) fn check_mtu(mtu: u16) -> Result<(), String> {
    chunk::write_len(mtu).map(drop).map_err(|error| format!("{}: not an MTU of a BLE link", error.code()))
}

impl Listener {
    /// Listens on loopback. With port 0 the system chooses one.
    pub(crate) fn bind(port: u16) -> Result<Self, Failure> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(Self).map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse | std::io::ErrorKind::PermissionDenied => Failure::advised(
                "listen",
                Code::new("transport_port_in_use"),
                format!("port {port} cannot be used here; give another --port, or none and the system chooses"),
            ),
            _ => network("listen", error),
        })
    }

    /// The port. The reader needs it in addition to the QR code.
    pub(crate) fn port(&self) -> Result<u16, Failure> {
        self.0.local_addr().map(|address| address.port()).map_err(|error| network("listen", error))
    }

    /// Waits for one reader, at most this long.
    pub(crate) fn accept(&self, mtu: u16, longest: Duration) -> Result<Link, Failure> {
        let fail = |error| network("accept", error);
        self.0.set_nonblocking(true).map_err(fail)?;
        let mut waited = Duration::ZERO;
        loop {
            match self.0.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(fail)?;
                    return Link::new(End::Mdoc, stream, mtu);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if waited >= longest {
                        return Err(nobody_connected(longest));
                    }
                    std::thread::sleep(POLL);
                    waited += POLL;
                }
                Err(error) => return Err(fail(error)),
            }
        }
    }
}

impl Link {
    /// Connects to a wallet within this time and writes "start".
    pub(crate) fn connect(port: u16, mtu: u16, longest: Duration) -> Result<Self, Failure> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        // Connecting with no time left is an error of the call.
        let longest = longest.max(POLL);
        let stream = TcpStream::connect_timeout(&address, longest).map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => Failure::advised(
                "connect",
                Code::new("transport_refused"),
                format!("no wallet listens on port {port}; start `rid present` and give the port that it prints"),
            ),
            _ => network("connect", error),
        })?;
        let mut link = Self::new(End::Reader, stream, mtu)?;
        link.write(STATE, &[STATE_START])?;
        Ok(link)
    }

    fn new(end: End, stream: TcpStream, mtu: u16) -> Result<Self, Failure> {
        // Both directions use the same MTU.
        check_mtu(mtu).map_err(|error| Failure::usage(format!("--mtu {mtu}: {error}")))?;
        stream.set_nodelay(true).map_err(|error| network("connect", error))?;
        let reading = stream.try_clone().map_err(|error| network("connect", error))?;
        let (sender, events) = channel();
        let traffic = std::sync::Arc::new(std::sync::Mutex::new(Traffic::default()));
        let counted = traffic.clone();
        std::thread::spawn(move || {
            let ended = read_frames(end, mtu, reading, &sender, &counted);
            // This fails only if nobody listens any more.
            let _ = sender.send(Event::Ended(ended));
        });
        Ok(Self { end, mtu, stream, events, traffic })
    }

    /// The next event, or `None` when the time is up.
    pub(crate) fn wait(&self, longest: Option<Duration>) -> Option<Event> {
        match longest {
            None => Some(self.events.recv().unwrap_or(Event::Ended(None))),
            Some(longest) => match self.events.recv_timeout(longest) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Event::Ended(None)),
            },
        }
    }

    /// Sends one message in characteristic writes.
    pub(crate) fn send(&mut self, message: &[u8]) -> Result<(), Failure> {
        let characteristic = if self.end == End::Mdoc { SERVER_TO_CLIENT } else { CLIENT_TO_SERVER };
        let chunks = chunk::split(message, self.mtu).map_err(|error| Failure::core("link", error.code()))?;
        for piece in chunks {
            self.write(characteristic, &piece)?;
        }
        Ok(())
    }

    /// Writes "end". If the peer has already disconnected, that is fine.
    pub(crate) fn end(&mut self) {
        let _ = self.write(STATE, &[STATE_END]);
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// The MTU of both ends.
    pub(crate) const fn mtu(&self) -> u16 {
        self.mtu
    }

    /// The number of bytes and writes on the link.
    pub(crate) fn traffic(&self) -> Traffic {
        *self.traffic.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&mut self, characteristic: u8, value: &[u8]) -> Result<(), Failure> {
        let len = u16::try_from(value.len()).map_err(|_| Failure::core("link", Code::new("transport_limit")))?;
        let mut frame = Vec::with_capacity(value.len() + 3);
        frame.push(characteristic);
        frame.extend_from_slice(&len.to_be_bytes());
        frame.extend_from_slice(value);
        self.stream.write_all(&frame).map_err(|error| network("send", error))?;
        let mut traffic = self.traffic.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        traffic.sent_bytes += value.len() as u64;
        traffic.sent_writes += 1;
        Ok(())
    }
}

fn read_frames(
    end: End,
    mtu: u16,
    mut stream: TcpStream,
    events: &Sender<Event>,
    traffic: &std::sync::Mutex<Traffic>,
) -> Option<Code> {
    let limit = Some(Code::new("transport_limit"));
    let mut assembler = Assembler::new(Limits::PROXIMITY.max_bytes);
    let mut started = end == End::Reader;
    let Ok(longest) = chunk::write_len(mtu) else { return limit };
    loop {
        let mut head = [0; 3];
        if stream.read_exact(&mut head).is_err() {
            return None;
        }
        let [characteristic, high, low] = head;
        let len = u16::from_be_bytes([high, low]);
        if usize::from(len) > longest {
            return limit;
        }
        let mut value = vec![0; usize::from(len)];
        if stream.read_exact(&mut value).is_err() {
            return None;
        }
        {
            let mut traffic = traffic.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            traffic.received_bytes += u64::from(len);
            traffic.received_writes += 1;
        }
        let event = match (end, characteristic, value.as_slice()) {
            (_, STATE, [STATE_END]) => return None,
            (End::Mdoc, STATE, [STATE_START]) if !started => {
                started = true;
                Event::Started
            }
            (End::Mdoc, CLIENT_TO_SERVER, chunk) | (End::Reader, SERVER_TO_CLIENT, chunk) if started => {
                match assembler.push(chunk) {
                    Ok(Some(message)) => Event::Message(message),
                    Ok(None) => continue,
                    Err(error) => return Some(error.code()),
                }
            }
            _ => return limit,
        };
        if events.send(event).is_err() {
            return None;
        }
    }
}

fn nobody_connected(longest: Duration) -> Failure {
    let advice = format!(
        "no reader connected within {} s; start `rid read` with the QR code and the port printed here",
        longest.as_millis().div_ceil(1000)
    );
    Failure::advised("wait for a reader", Code::new("transport_timeout"), advice)
}

fn network(what: &'static str, error: std::io::Error) -> Failure {
    let code = match error.kind() {
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => "transport_timeout",
        _ => "transport_disconnected",
    };
    Failure::core(what, Code::new(code))
}
