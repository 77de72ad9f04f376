//! Connections that end when they are told to: what a fault needs of the transport.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

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
        (Cuttable { stream, scissors: Scissors::new() }, address)
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

pub(super) struct Cuttable {
    stream: TcpStream,
    scissors: Scissors,
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
        Pin::new(&mut self.stream).poll_read(context, buffer)
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
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
