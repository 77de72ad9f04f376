//! A session: calling, logging in again once, logging out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Mutex;

use super::codec::{Body, Element, Sid};
use super::encode::{self, Params};
use super::error::{CallError, Refusal};
use super::login::{self, Credentials};
use super::options::{Limits, Options};
use super::transport::{Sending, Transport};
use super::uids::Uid;
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
}

#[derive(Default)]
struct Session {
    sid: Option<Sid>,
    /// Counts logins, so that of several calls that lost one session only the first logs in again.
    generation: u64,
    /// Calls that were given this session.
    calls: u64,
    /// A login that failed is never repeated: each failure makes the server slower (U-16).
    failed: Option<CallError>,
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
        let winding_up = AtomicBool::new(false);
        let inner = Inner { transport, account, password, login, limits, session, winding_up };
        let client = Client(Arc::new(inner));
        client.ticket(None).await?;
        Ok(client)
    }

    /// Asks the session whether its password must be changed first; that is told at once, and not by whatever fails
    /// because of it later. Every field of the answer is optional (reference 1.3), so no answer decides nothing.
    pub async fn check_password(&self) -> Result<(), CallError> {
        let info = self.call(Phase::Login, "getsessioninfo", &Params::new()).await;
        match info.as_ref().ok().and_then(|info| info.field("passwordexpired")) {
            Some("1") => Err(CallError::Refused { command: "authenticate", why: Refusal::PasswordExpired }),
            _ => Ok(()),
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

    /// Logs out. Best effort, and never longer than its limit: a session that stays open ends by itself.
    pub async fn close(self) {
        let Some(sid) = self.0.session.lock().await.sid.take() else { return };
        let _ = self.exchange(Phase::Logout, "logout", &Params::new(), &sid).await;
    }

    /// The account we log in with, lower-cased.
    pub fn account(&self) -> &str {
        &self.0.account
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
        for renewals in 0..=self.0.limits.in_flight {
            match self.exchange(phase, command, params, &ticket.sid).await {
                Err(error) if error.session_lost() && (renewals == 0 || self.shared(&ticket).await) => {
                    ticket = self.ticket(Some(ticket.generation)).await?;
                }
                answer => return answer,
            }
        }
        self.exchange(phase, command, params, &ticket.sid).await
    }

    /// Sends a command that only reads. One that went unanswered is sent again: a busy moment of the server need
    /// not end a long read. A login is never part of that (U-16).
    pub(super) async fn read(
        &self,
        phase: Phase,
        command: &'static str,
        params: &Params,
    ) -> Result<Element, CallError> {
        let winding_up = || self.0.winding_up.load(Ordering::Relaxed);
        for pause in self.0.limits.read_again {
            match self.call(phase, command, params).await {
                Err(CallError::Unanswered { command: silent, .. }) if silent == command && !winding_up() => {
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

    /// The session to use; `lost` is the generation of one that the server no longer knows.
    async fn ticket(&self, lost: Option<u64>) -> Result<Ticket, CallError> {
        // Held while logging in: whoever else lost the session waits for the new one.
        let mut session = self.0.session.lock().await;
        if let Some(error) = &session.failed {
            return Err(error.clone());
        }
        if lost == Some(session.generation) {
            session.sid = None;
        }
        let sid = match &session.sid {
            Some(sid) => sid.clone(),
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
            Body::Error(uid) => Err(CallError::Refused { command, why: Refusal::Uid(Uid::new(uid)) }),
        });
        if params.is_secret() { answer.map_err(CallError::unshown) } else { answer }
    }
}
