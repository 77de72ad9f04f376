//! What a person does next about a call that failed.

use super::codec::CodecError;
use super::error::{CallError, Garble, NoConnection, Refusal, Silence};
use super::uids::{Bears, Uid};
use crate::model::Remedy;

impl CallError {
    /// What to do next.
    pub fn remedy(&self) -> Remedy {
        match self {
            CallError::Refused { why, .. } => why.remedy(),
            // A login and a read leave nothing behind.
            CallError::Unanswered { command, why: Silence::Late(_) | Silence::Closed(_) }
                if is_login(command) || command.starts_with("get") =>
            {
                Remedy::Rerun("the same, later; nothing was changed by this call".to_owned())
            }
            CallError::Unanswered { why, .. } => why.remedy(),
            CallError::Unreadable { command, why } if !is_login(command) && why.is_foreign() => Remedy::Check(
                "what stands between here and the server: the login was answered by IceWarp, and this was not"
                    .to_owned(),
            ),
            CallError::Unreadable { why, .. } => why.remedy(),
        }
    }
}

fn is_login(command: &str) -> bool {
    ["authenticate", "getauthchallenge"].contains(&command)
}

/// Each wrong login makes the server slower to answer the next one, for everybody (U-16).
const LOGIN: &str = "connection.rpc.account and its password; we do not try again, because servers slow down after \
     each failed login";

const LOG: &str = "the server's log logs/api for this call";

impl Refusal {
    fn remedy(&self) -> Remedy {
        match self {
            Refusal::Login(uid) => login(uid),
            Refusal::Uid(uid) => answered(uid),
            Refusal::LoginZero => Remedy::Check(LOGIN.to_owned()),
            Refusal::NoRsa(_) => Remedy::EditSpec(
                "let connection.rpc.url begin with https:// and set connection.rpc.login to plain; over http:// that \
                 would show the password to whoever listens"
                    .to_owned(),
            ),
            Refusal::TooLong { .. } => Remedy::OnServer(
                "give the account of connection.rpc.account a shorter password, or reach the server by https:// with \
                 connection.rpc.login plain"
                    .to_owned(),
            ),
            Refusal::PasswordExpired => Remedy::OnServer(
                "give the account of connection.rpc.account a new password, and put it where connection.rpc.password \
                 points"
                    .to_owned(),
            ),
            Refusal::NoRights(_) => rights(),
            Refusal::Zero | Refusal::Unshown => Remedy::Check(LOG.to_owned()),
            Refusal::Http(_) => Remedy::Check(
                "what stands in front of the server: IceWarp itself answers 200 to everything, so another web server, \
                 a proxy or a firewall refused the call"
                    .to_owned(),
            ),
            Refusal::NotSendable(_) => {
                Remedy::EditSpec("take the control character out of the value".to_owned())
            }
        }
    }
}

fn rights() -> Remedy {
    Remedy::OnServer(
        "use an account with administrator rights for connection.rpc.account, or give it those rights"
            .to_owned(),
    )
}

fn login(uid: &Uid) -> Remedy {
    let on_server = |what: &str| Remedy::OnServer(what.to_owned());
    match uid.as_str().to_ascii_lowercase().as_str() {
        "auth_two_factor_required" | "auth_two_factor_invalid" => {
            on_server("use an administrator account without two-factor login for connection.rpc.account")
        }
        "login_ip_invalid" | "account_disabled_1" => {
            on_server("allow the account to log in from this machine's address")
        }
        "auth_type_invalid" | "auth_digest_missing" | "login_invalid_keypair" => Remedy::EditSpec(
            "set connection.rpc.login to the other kind: rsa, or plain over https://".to_owned(),
        ),
        "auth_digest_expired" => Remedy::Check(
            "why the login takes longer than the 5 minutes that its challenge holds: a slow way there, or a server \
             behind a balancer that forgets it; plain over https:// needs no challenge"
                .to_owned(),
        ),
        "account_disabled_2" => on_server("enable the account of connection.rpc.account, or use another"),
        "account_disabled_3" => Refusal::PasswordExpired.remedy(),
        "account_disabled_4" => {
            on_server("let the account of connection.rpc.account be valid for longer, or use another")
        }
        "account_disabled_11" => {
            on_server("allow logins to the domain of connection.rpc.account, or use an account of another domain")
        }
        "account_disabled_12" => {
            on_server("let the domain of connection.rpc.account be valid for longer, or use another's account")
        }
        "account_disabled_13" => {
            on_server("look at the licence: it leaves no seat for the account of connection.rpc.account")
        }
        // The rest of them are access modes, listed or not.
        other if other.starts_with("account_disabled_") => on_server(
            "allow the account of connection.rpc.account its services, or use another: an access mode keeps it out",
        ),
        _ => match uid.bears() {
            Bears::Login | Bears::AccountGone | Bears::DomainGone => Remedy::Check(LOGIN.to_owned()),
            Bears::Unknown => {
                Remedy::Check(format!("{LOG}, then connection.rpc.account; we do not try again by ourselves"))
            }
            Bears::Protocol | Bears::Session | Bears::Rights | Bears::Value | Bears::Licence => answered(uid),
        },
    }
}

/// What an error id asks for where it did not answer a login.
fn answered(uid: &Uid) -> Remedy {
    match uid.bears() {
        Bears::Rights => rights(),
        Bears::Protocol => protocol(uid),
        Bears::Session => session(uid),
        Bears::AccountGone | Bears::DomainGone => {
            Remedy::Rerun("`icewarden plan`: what exists has changed".to_owned())
        }
        Bears::Login => login(uid),
        Bears::Value => value(uid),
        Bears::Licence => licence(uid),
        Bears::Unknown => Remedy::Check(LOG.to_owned()),
    }
}

/// Nothing here can help: the licence is looked at where the vendor's own programs show it.
fn licence(uid: &Uid) -> Remedy {
    Remedy::OnServer(match uid.as_str().to_ascii_lowercase().as_str() {
        "license_reference_mismatch" => {
            "retrieve a licence for this machine's Reference ID, or services stop after 7 days".to_owned()
        }
        "license_revalidation" | "license_evaluation" => {
            "open the way to the licence server (HTTP, port 80) and wait for an hour, or enter the order id or \
             license.xml by hand; then plan again"
                .to_owned()
        }
        "license_expired" | "license_none" => "enter a licence that holds; then plan again".to_owned(),
        _ => "look at the licence; plan again once its status is OK".to_owned(),
    })
}

fn protocol(uid: &Uid) -> Remedy {
    Remedy::Check(match uid.as_str().to_ascii_lowercase().as_str() {
        "invoker_commandname_invalid" => {
            "the server's version: it lacks a command of the versions that are known".to_owned()
        }
        _ => "that connection.rpc.url is the administration interface of an IceWarp server, and that nothing in \
              between changes what is sent"
            .to_owned(),
    })
}

fn session(uid: &Uid) -> Remedy {
    Remedy::Check(match uid.as_str().to_ascii_lowercase().as_str() {
        "session_ip_mismatch" => {
            "whether a proxy between here and the server changes our address from call to call".to_owned()
        }
        _ => "whether connection.rpc.url leads to one server and not to several in turn, and how long that one keeps \
              a session"
            .to_owned(),
    })
}

fn value(uid: &Uid) -> Remedy {
    match uid.as_str().to_ascii_lowercase().as_str() {
        "migration_in_progress" => {
            Remedy::Rerun("the same, once the migration on the server has ended".to_owned())
        }
        "account_password_policy" => {
            Remedy::EditSpec("choose a password that the server's policy accepts".to_owned())
        }
        "account_domain_limit_exceeded" => {
            Remedy::OnServer("raise the number of accounts that the domain may have".to_owned())
        }
        "account_no_password" | "account_no_username" | "account_no_domain" => {
            Remedy::OnServer("complete the account".to_owned())
        }
        // These answer commands that make accounts and domains, which we never send.
        _ => Remedy::Check(LOG.to_owned()),
    }
}

/// What the TLS library says, by the words it uses: it has no types for all of it.
fn tls(why: &str) -> Remedy {
    if why.contains("CA:TRUE") {
        Remedy::EditSpec(
            "name the server's certificate itself, or its issuer's, in connection.rpc.caFile".to_owned(),
        )
    } else if why.contains("has expired") || why.contains("not valid yet") {
        Remedy::OnServer("renew its certificate, and see that the clocks here and there are right".to_owned())
    } else if why.contains("not valid for name") {
        Remedy::EditSpec("give connection.rpc.url a name that the server's certificate carries".to_owned())
    } else if why.contains("does not speak TLS") {
        Remedy::EditSpec(
            "let connection.rpc.url name a port that speaks TLS, or begin with http:// on a network that you trust"
                .to_owned(),
        )
    } else {
        Remedy::EditSpec(
            "name the issuer's certificate, or the server's own, in connection.rpc.caFile, once you have made sure \
             that it is the right one"
                .to_owned(),
        )
    }
}

impl Silence {
    fn remedy(&self) -> Remedy {
        match self {
            Silence::NoConnection { kind: NoConnection::Tls, why, .. } => tls(why),
            Silence::NoConnection { kind: NoConnection::Setup, why, .. } => {
                if let Some((_, rest)) = why.split_once("the proxy in ") {
                    let variable = rest.split(' ').next().unwrap_or_default();
                    return Remedy::Check(format!(
                        "the environment variable {variable}: it must hold an address such as \
                         http://proxy.example.com:3128, or be unset"
                    ));
                }
                Remedy::EditSpec(if why.contains("caFile") {
                    "name a file of certificates in PEM form in connection.rpc.caFile, or leave the key out".to_owned()
                } else {
                    "write the whole address in connection.rpc.url, such as https://mail.example.com/icewarpapi/"
                        .to_owned()
                })
            }
            Silence::NoConnection { proxy: Some(variable), .. } => Remedy::Check(format!(
                "the host and port in connection.rpc.url, and the proxy: {variable} is set, so calls go through it \
                 unless NO_PROXY names the host"
            )),
            Silence::NoConnection { kind: NoConnection::Name, .. } => Remedy::Check(
                "the spelling of the host in connection.rpc.url, and the DNS of this machine".to_owned(),
            ),
            Silence::NoConnection { proxy: None, .. } => Remedy::Check(
                "the host and port in connection.rpc.url, and that the server's control service runs".to_owned(),
            ),
            Silence::Late(_) | Silence::Closed(_) => {
                Remedy::Rerun("the same, later; what may have been done is read back first, and never sent twice by itself".to_owned())
            }
            Silence::Http(429) => Remedy::Rerun("the same, later: it wants fewer calls at a time".to_owned()),
            Silence::Http(_) => Remedy::Rerun(
                "the same, later; if it stays so, check that the server's control service runs, and what stands in \
                 front of it"
                    .to_owned(),
            ),
        }
    }
}

impl Garble {
    /// Whether something answered that is no IceWarp server at all.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(
            self,
            Garble::NotHttp
                | Garble::Status { .. }
                | Garble::Redirect { .. }
                | Garble::Codec { why: CodecError::Html | CodecError::Text | CodecError::Root(_), .. }
        )
    }

    fn remedy(&self) -> Remedy {
        match self {
            Garble::Status { status: 407, .. } => Remedy::Check(
                "the user and password of the proxy in HTTP_PROXY or HTTPS_PROXY, or name the host in NO_PROXY"
                    .to_owned(),
            ),
            Garble::Redirect { to } => {
                Remedy::EditSpec(format!("set connection.rpc.url to the address that answers, perhaps {to}"))
            }
            Garble::Status { status: 404, .. }
            | Garble::Codec { why: CodecError::Html | CodecError::Text | CodecError::Root(_), .. } => {
                Remedy::EditSpec(
                    "let connection.rpc.url lead to IceWarp's own web or control port; it ends in /icewarpapi/"
                        .to_owned(),
                )
            }
            Garble::NotHttp => Remedy::EditSpec(
                "let connection.rpc.url begin with https://, or name the port that speaks plain HTTP".to_owned(),
            ),
            Garble::TooLarge { .. } | Garble::Shape(_) | Garble::Codec { .. } | Garble::Status { .. } => {
                Remedy::Check("what connection.rpc.url answers, and the server's log logs/api".to_owned())
            }
            Garble::Half { .. } => Remedy::Rerun("the same, later; the answer was cut off".to_owned()),
        }
    }
}
