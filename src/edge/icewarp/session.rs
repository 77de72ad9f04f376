//! A session: calling, logging in again once, logging out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use super::codec::{Body, Element, Sid};
use super::encode::{self, Params};
use super::error::{CallError, Refusal, Silence};
use super::excerpt::sanitised;
use super::login::{self, Credentials};
use super::options::{Limits, Options};
use super::spelling::Spellings;
use super::transport::{Sending, Transport};
use super::uids::{Bears, Uid};
use crate::edge::port::{Calls, Phase};
use crate::edge::secrets::Secret;
use crate::spec::meaning::Login;

/// A session on a server. Clones share it.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Transport,
    account: String,
    password: Secret,
    login: Option<Login>,
    limits: Limits,
    session: Mutex<Session>,
    /// Whether no call is sent again any more.
    winding_up: AtomicBool,
    /// Whom the server takes us for.
    info: OnceLock<String>,
    /// Whether it was logged out: whoever is still at work must not open a session that nobody closes.
    closed: AtomicBool,
    spellings: Spellings,
}

#[derive(Default)]
struct Session {
    sid: Option<Sid>,
    /// Counts logins, so that of several calls that lost one session only the first logs in again.
    generation: u64,
    /// Calls that were given this session.
    calls: u64,
    /// For each command, how often in a row a session was lost to it.
    losses: BTreeMap<&'static str, Losses>,
    /// A login that failed is never repeated: each failure makes the server slower (U-16).
    failed: Option<CallError>,
}

/// A server that forgets a session at every call of a command would be logged in to for ever.
#[derive(Default)]
struct Losses {
    /// The generation in which a call of the command was done last.
    done_in: Option<u64>,
    /// Logins for it since then.
    in_a_row: usize,
}

/// A session that was lost, and what it was lost to.
struct Lost {
    generation: u64,
    command: &'static str,
    error: CallError,
}

struct Ticket {
    sid: Sid,
    generation: u64,
}

impl Client {
    /// Logs in.
    pub async fn connect(options: Options) -> Result<Client, CallError> {
        let transport = Transport::new(&options).await?;
        let Options { account, password, login, limits, .. } = options;
        let (account, session) = (account.to_lowercase(), Mutex::default());
        let (winding_up, closed) = (AtomicBool::new(false), AtomicBool::new(false));
        let (info, spellings) = (OnceLock::new(), Spellings::default());
        let inner = Inner {
            transport,
            account,
            password,
            login,
            limits,
            session,
            winding_up,
            info,
            closed,
            spellings,
        };
        let client = Client(Arc::new(inner));
        client.ticket(None).await?;
        Ok(client)
    }

    /// How this server spells domains and addresses, as far as its lists were read (U-44).
    pub(super) fn spellings(&self) -> &Spellings {
        &self.0.spellings
    }

    /// Asks the session whether its password must be changed first; that is told at once, and not by whatever fails
    /// because of it later. Every field of the answer is optional (reference 1.3), so no answer decides nothing.
    pub async fn check_password(&self) -> Result<(), CallError> {
        let info = self.read(Phase::Login, "getsessioninfo", &Params::new()).await;
        if let Ok(info) = &info {
            let field = |name| info.field(name).map(sanitised).filter(|text| !text.is_empty());
            let who = field("email").unwrap_or_else(|| self.account().to_owned());
            // What the number means differs from version to version (reference 1.6), so it is shown as it came.
            let rights = field("admintype").unwrap_or_else(|| "unknown".to_owned());
            let _ = self.0.info.set(format!("{who}, admintype {rights}"));
        }
        match info.as_ref().ok().and_then(|info| info.field("passwordexpired")) {
            Some("1") => Err(CallError::Refused { command: "authenticate", why: Refusal::PasswordExpired }),
            _ => match info {
                Err(error) if error.bears() == Some(Bears::Licence) => Err(error),
                _ => Ok(()),
            },
        }
    }

    /// Logs in, does `work`, and logs out whatever came of it.
    pub async fn with<T>(options: Options, work: impl AsyncFnOnce(&Client) -> T) -> Result<T, CallError> {
        let client = Client::connect(options).await?;
        let done = work(&client).await;
        client.close().await;
        Ok(done)
    }

    /// From here on no read that went unanswered is sent again: somebody waits for the end.
    pub fn wind_up(&self) {
        self.0.winding_up.store(true, Ordering::Relaxed);
    }

    /// Logs out. Best effort, and never longer than its limit: a session that stays open ends by itself. A login that
    /// is under way is waited for, since its session would otherwise be nobody's; after this nobody logs in any more
    /// unless the client is opened again.
    pub async fn close(self) {
        self.0.closed.store(true, Ordering::Relaxed);
        let logout = async {
            let Some(sid) = self.0.session.lock().await.sid.take() else { return };
            for pause in self.0.limits.read_again {
                match self.exchange(Phase::Logout, "logout", &Params::new(), &sid).await {
                    Err(error)
                        if error.is_passing()
                            && !matches!(error, CallError::Unanswered { why: Silence::Late(_), .. }) =>
                    {
                        tokio::time::sleep(pause).await;
                    }
                    _ => return,
                }
            }
            let _ = self.exchange(Phase::Logout, "logout", &Params::new(), &sid).await;
        };
        let _ = tokio::time::timeout(self.0.limits.logout, logout).await;
    }

    /// Lets a client that was logged out log in again by itself.
    pub fn reopen(&self) {
        self.0.closed.store(false, Ordering::Relaxed);
    }

    /// The account we log in with, lower-cased.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// Whom the server takes us for, and what it says of that account's rights; `None` where it was not asked.
    pub fn session_info(&self) -> Option<&str> {
        self.0.info.get().map(String::as_str)
    }

    /// What is waited for, and how much is taken, for as long as the session lives.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The calls that were sent so far.
    pub fn calls(&self) -> Calls {
        self.0.transport.counter.calls()
    }

    /// Sends a command and gives its `result`. A session that was lost is renewed once and the command repeated
    /// once: an answer that speaks of the session means that the command was not done (reference 1.3, U-38).
    /// Only where calls share the renewed session can it be lost again because of the others, when sessions are
    /// so short that these used it up; then there is one more renewal for each of them.
    pub(super) async fn call(
        &self,
        phase: Phase,
        command: &'static str,
        params: &Params,
    ) -> Result<Element, CallError> {
        let mut ticket = self.ticket(None).await?;
        let mut answer = self.exchange(phase, command, params, &ticket.sid).await;
        for renewals in 0..=self.0.limits.in_flight {
            match answer {
                Err(error) if error.session_lost() && (renewals == 0 || self.shared(&ticket).await) => {
                    ticket =
                        self.ticket(Some(Lost { generation: ticket.generation, command, error })).await?;
                    answer = self.exchange(phase, command, params, &ticket.sid).await;
                }
                _ => break,
            }
        }
        if !matches!(&answer, Err(error) if error.session_lost()) {
            let mut session = self.0.session.lock().await;
            session.losses.insert(command, Losses { done_in: Some(ticket.generation), in_a_row: 0 });
        }
        answer
    }

    /// Sends a command that only reads. One that went unanswered, or whose answer was cut or came from something else,
    /// is sent again: a busy moment of the server need not end a long read. A login is never part of that (U-16).
    pub(super) async fn read(
        &self,
        phase: Phase,
        command: &'static str,
        params: &Params,
    ) -> Result<Element, CallError> {
        let winding_up = || self.0.winding_up.load(Ordering::Relaxed);
        for pause in self.0.limits.read_again {
            match self.call(phase, command, params).await {
                Err(error) if error.command() == command && error.is_passing() && !winding_up() => {
                    tokio::time::sleep(pause).await;
                }
                answer => return answer,
            }
        }
        self.call(phase, command, params).await
    }

    /// Whether other calls had the session of this ticket too.
    async fn shared(&self, ticket: &Ticket) -> bool {
        let session = self.0.session.lock().await;
        session.generation != ticket.generation || session.calls > 1
    }

    /// The session to use; `lost` is one that the server no longer knows.
    async fn ticket(&self, lost: Option<Lost>) -> Result<Ticket, CallError> {
        {
            let mut session = self.0.session.lock().await;
            if let (Some(sid), None, None) = (&session.sid, &session.failed, &lost) {
                let ticket = Ticket { sid: sid.clone(), generation: session.generation };
                session.calls += 1;
                return Ok(ticket);
            }
        }
        // A task of its own: a login that is given up half-way would leave a session that nobody knows of.
        let client = self.clone();
        let renewed = tokio::spawn(async move { client.renew(lost).await }).await;
        renewed.unwrap_or_else(|_| {
            Err(CallError::shape("authenticate", "the program broke off while logging in"))
        })
    }

    async fn renew(&self, lost: Option<Lost>) -> Result<Ticket, CallError> {
        // Held while logging in: whoever else lost the session waits for the new one.
        let mut session = self.0.session.lock().await;
        if let Some(error) = &session.failed {
            return Err(error.clone());
        }
        if let Some(Lost { generation, command, error }) = lost
            && generation == session.generation
        {
            let losses = session.losses.entry(command).or_default();
            if losses.done_in == Some(generation) {
                losses.in_a_row = 0;
            }
            let in_a_row = losses.in_a_row;
            let pauses = self.0.limits.log_in_again;
            if in_a_row > pauses.len() {
                return Err(error);
            }
            losses.in_a_row += 1;
            if let Some(pause) = in_a_row.checked_sub(1).and_then(|index| pauses.get(index)) {
                tokio::time::sleep(*pause).await;
            }
            session.sid = None;
        }
        let sid = match &session.sid {
            Some(sid) => sid.clone(),
            None if self.0.closed.load(Ordering::Relaxed) => {
                let why = Silence::Closed("we have logged out meanwhile".to_owned());
                return Err(CallError::Unanswered { command: "authenticate", why });
            }
            None => match self.log_in().await {
                Ok(sid) => {
                    session.generation += 1;
                    session.calls = 0;
                    session.sid.insert(sid).clone()
                }
                Err(error) => {
                    session.failed = Some(error.clone());
                    return Err(error);
                }
            },
        };
        session.calls += 1;
        Ok(Ticket { sid, generation: session.generation })
    }

    async fn log_in(&self) -> Result<Sid, CallError> {
        let inner = &self.0;
        let (account, password) = (inner.account.as_str(), &inner.password);
        // Without a word in the spec the password is plain only where nobody can listen.
        let hearable = if inner.transport.is_hearable() { Login::Rsa } else { Login::Plain };
        let credentials = Credentials { account, password, login: inner.login.unwrap_or(hearable) };
        login::log_in(&inner.transport, &credentials, inner.limits.login).await
    }

    async fn exchange(
        &self,
        phase: Phase,
        command: &'static str,
        params: &Params,
        sid: &Sid,
    ) -> Result<Element, CallError> {
        if let Some(character) = params.unsendable() {
            return Err(CallError::Refused { command, why: Refusal::NotSendable(character) });
        }
        let inner = &self.0;
        let within = if phase == Phase::Logout { inner.limits.logout } else { inner.limits.call };
        let answer = inner
            .transport
            .send(&Sending {
                command,
                phase,
                body: encode::request(command, params, Some(sid)),
                within,
                hide: [inner.password.reveal(), sid.as_str()],
            })
            .await;
        let answer = answer.and_then(|answer| match answer.body {
            Body::Result(result) => Ok(result),
            // Whoever answers may send back what it was given.
            Body::Error(uid) => {
                let why = Refusal::Uid(Uid::masked(&uid, &[inner.password.reveal(), sid.as_str()]));
                Err(CallError::Refused { command, why })
            }
        });
        if params.is_secret() { answer.map_err(CallError::unshown) } else { answer }
    }
}
