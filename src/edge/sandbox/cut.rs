//! Connections that end when they are told to: what a fault needs of the transport.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};

/// Ends one connection.
#[derive(Clone, Debug)]
pub(super) struct Scissors(Arc<State>);

#[derive(Debug)]
struct State {
    /// How many bytes may still be written.
    room: AtomicUsize,
    /// Nothing more is read, as if the peer had ended.
    deaf: AtomicBool,
}

impl Scissors {
    fn new() -> Scissors {
        Scissors(Arc::new(State { room: AtomicUsize::new(usize::MAX), deaf: AtomicBool::new(false) }))
    }

    /// Lets so many bytes more be written, and no other.
    pub(super) fn after_bytes(&self, bytes: usize) {
        self.0.room.store(bytes, Ordering::SeqCst);
    }

    /// Ends the connection when the answer that is under way has been written.
    pub(super) fn after_answer(&self) {
        self.0.deaf.store(true, Ordering::SeqCst);
    }
}

/// Accepts connections that can be cut.
pub(super) struct Cutting(pub TcpListener);

impl Listener for Cutting {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cuttable, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // An answer goes out at once: a client that waits for it before it sends more would else wait for a
        // timer too.
        drop(stream.set_nodelay(true));
        (Cuttable::new(stream, IDLE_MAX), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Cutting>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Cutting>) -> Scissors {
        stream.io().scissors.clone()
    }
}

/// How long a connection may stay without a byte in either direction. Longer than any delay a fault asks for in
/// practice, and short enough that clients that went away do not pile up. Synthetic.
const IDLE_MAX: Duration = Duration::from_secs(120);

pub(super) struct Cuttable {
    stream: TcpStream,
    idle: Pin<Box<Sleep>>,
    idle_max: Duration,
    scissors: Scissors,
}

impl Cuttable {
    fn new(stream: TcpStream, idle_max: Duration) -> Cuttable {
        let idle = Box::pin(tokio::time::sleep(idle_max));
        Cuttable { stream, idle, idle_max, scissors: Scissors::new() }
    }

    /// A byte was moved: the time begins anew.
    fn moved(&mut self) {
        let until = Instant::now() + self.idle_max;
        self.idle.as_mut().reset(until);
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.scissors.0.deaf.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() && self.idle.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if buffer.filled().len() > before {
            self.moved();
        }
        read
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let room = self.scissors.0.room.load(Ordering::SeqCst);
        if room == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..bytes.len().min(room)]);
        if let (Poll::Ready(Ok(count)), true) = (&written, room != usize::MAX) {
            self.scissors.0.room.store(room - count, Ordering::SeqCst);
        }
        if written.is_ready() {
            self.moved();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_connection_on_which_nothing_comes_is_ended() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client =
            TcpStream::connect(listener.local_addr().expect("an address")).await.expect("it listens");
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut served = Cuttable::new(stream, Duration::from_millis(20));
        client.write_all(b"POST").await.expect("half a request");
        let mut got = [0; 4];
        served.read_exact(&mut got).await.expect("what came is read");
        let error = served.read(&mut got).await.expect_err("the rest never comes");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
