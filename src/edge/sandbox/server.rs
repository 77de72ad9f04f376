//! The interface over HTTP (reference 1.1).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{self, ConnectInfo, DefaultBodyLimit, Query, State as Extracted};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::Notify;

use super::call::Cut;
use super::cut::{Cutting, Scissors};
use super::state::State;
use super::world::World;

/// Where to listen, and where to say so.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Gets the interface's URL and a line end, in one step: who sees the file sees all of it.
    pub addr_file: Option<PathBuf>,
}

/// The largest request that is read, bytes. Synthetic; the largest known to be sent is a member list.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long requests that are under way may take to their end once the sandbox is to stop. Synthetic.
const END_MAX: Duration = Duration::from_secs(2);

/// Why a world is not served.
#[derive(Debug)]
pub enum ServeError {
    Listen(io::Error),
    AddressFile(io::Error),
    Serve(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Listen(error) => write!(f, "it could not listen: {error}"),
            ServeError::AddressFile(error) => write!(f, "the address file could not be written: {error}"),
            ServeError::Serve(error) => write!(f, "it could not serve on: {error}"),
        }
    }
}

impl std::error::Error for ServeError {}

type Shared = Arc<Mutex<World>>;

/// Serves a world until `stop` is done. `ready` is called with the address once requests are accepted.
///
/// # Errors
/// The address cannot be listened on, or the address file cannot be written.
pub async fn serve(
    world: World,
    options: ServeOptions,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    serve_shared(Arc::new(Mutex::new(world)), options, ready, stop).await
}

/// Likewise, with a world that somebody else looks at too.
///
/// # Errors
/// As for [`serve`].
pub async fn serve_shared(
    world: Arc<Mutex<World>>,
    options: ServeOptions,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(ServeError::Listen)?;
    let address = listener.local_addr().map_err(ServeError::Listen)?;
    if let Some(file) = &options.addr_file {
        let url = format!("http://{address}/icewarpapi/\n");
        write_whole(file, &url).map_err(ServeError::AddressFile)?;
    }
    ready(address);
    let service = router(world).into_make_service_with_connect_info::<Scissors>();
    let stopping = Arc::new(Notify::new());
    let stopped = Arc::clone(&stopping);
    let stop = async move {
        stop.await;
        stopped.notify_one();
    };
    let serving = axum::serve(Cutting(listener), service).with_graceful_shutdown(stop).into_future();
    // A client that sends half a request and then nothing would hold the end up for ever.
    let over = async {
        stopping.notified().await;
        tokio::time::sleep(END_MAX).await;
    };
    tokio::select! {
        served = serving => served.map_err(ServeError::Serve),
        () = over => Ok(()),
    }
}

/// Writes beside the file and renames, so that no reader sees half of it.
fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that is not there is told as such, not by the name of the file beside.
    std::fs::metadata(folder)?;
    let beside = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::write(beside.path(), text)?;
    beside.persist(file).map(drop).map_err(|error| error.error)
}

/// The bare path is what clients use; the command as a path segment is what the Python client uses (reference
/// 1.1).
fn router(world: Shared) -> Router {
    Router::new()
        .route("/icewarpapi", post(exchange))
        .route("/icewarpapi/", post(exchange))
        .route("/icewarpapi/{command}", post(exchange_of))
        .route("/sandbox/state", get(state))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(world)
}

async fn exchange(
    Extracted(world): Extracted<Shared>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    body: Bytes,
) -> Response {
    answer(&world, &scissors, &body, None).await
}

async fn exchange_of(
    Extracted(world): Extracted<Shared>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    extract::Path(command): extract::Path<String>,
    body: Bytes,
) -> Response {
    answer(&world, &scissors, &body, Some(&command)).await
}

/// About the length of the head of an answer, bytes: what is cut inside is cut inside the body.
const HEAD_BYTES: usize = 160;

async fn answer(world: &Shared, scissors: &Scissors, body: &[u8], command: Option<&str>) -> Response {
    let (exchange, stored) = {
        let mut world = held(world);
        (world.exchange(body, command), world.stored())
    };
    // What is not on disk is not answered, whatever else would become of the answer.
    if !stored.await {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the sandbox's state could not be stored")
            .into_response();
    }
    if exchange.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(exchange.delay_ms)).await;
    }
    match exchange.cut {
        Cut::Not => {}
        Cut::Unanswered => scissors.after_bytes(0),
        Cut::Inside => scissors.after_bytes(HEAD_BYTES + exchange.answer.body.len() / 2),
        Cut::After => scissors.after_answer(),
    }
    let status = StatusCode::from_u16(exchange.answer.status).unwrap_or(StatusCode::OK);
    marked(status, exchange.answer.kind, exchange.answer.body)
}

/// What `GET /sandbox/state` understands.
#[derive(serde::Deserialize)]
struct StateQuery {
    /// `none` leaves the accounts out.
    accounts: Option<String>,
}

async fn state(Extracted(world): Extracted<Shared>, Query(query): Query<StateQuery>) -> Response {
    let with_accounts = query.accounts.as_deref() != Some("none");
    let text = tokio::task::spawn_blocking(move || {
        let world = held(&world);
        serde_json::to_string(&State { world: &world, with_accounts })
    });
    match text.await {
        Ok(Ok(text)) => marked(StatusCode::OK, "application/json", text),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whoever looks at an answer can tell that it is not from a mail server.
fn marked(status: StatusCode, kind: &'static str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::HeaderName::from_static("x-icewarden-sandbox"), HeaderValue::from_static("1")),
    ];
    (status, headers, body).into_response()
}

/// A handler that panicked leaves the world as it was between two single writes; the next may go on.
fn held(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}
