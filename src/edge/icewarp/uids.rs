//! The error ids that a server is known to answer (reference 1.7), each with its plain meaning.

use std::fmt;

use super::excerpt::excerpt;

/// What an error id bears on, which decides what the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bears {
    /// The request itself: our bug, or not the server that we take it for.
    Protocol,
    /// The session: log in again once, whichever of them it is (U-38).
    Session,
    /// The login: never tried again by itself (U-16).
    Login,
    /// The account is not there, or no longer.
    AccountGone,
    /// The domain is not there, or no longer.
    DomainGone,
    /// The caller may not do this (U-39).
    Rights,
    /// A value or a state that the server does not take.
    Value,
    /// The licence lets the server do nothing more for us, whatever is asked (U-22).
    Licence,
    /// An id that nobody has listed.
    Unknown,
}

/// An error id as the server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uid(String);

impl Uid {
    /// An id as it came, known or not; nothing is cut or lower-cased.
    pub fn new(text: impl Into<String>) -> Uid {
        Uid(text.into())
    }

    /// As it came, so not yet safe to show.
    /// One that is not in the table is shown as it came, and so without anything of `hide` in it.
    pub(super) fn masked(text: &str, hide: &[&str]) -> Uid {
        let uid = Uid::new(text);
        if uid.row().is_some() { uid } else { Uid::new(excerpt(text.as_bytes(), hide)) }
    }

    /// As it came, for whoever searches for it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the caller has to do with; `Unknown` where nobody has listed the id.
    pub fn bears(&self) -> Bears {
        match self.row() {
            Some(row) => row.1,
            // The names are taken from a table of texts, so there may be more of the family (reference 1.7).
            None if self.0.to_ascii_lowercase().starts_with("license_") => Bears::Licence,
            None => Bears::Unknown,
        }
    }

    /// The plain meaning; `None` for an id that is not in the table.
    pub fn meaning(&self) -> Option<&'static str> {
        self.row().map(|row| row.2)
    }

    /// Whether it says that a login's challenge ran out before its answer came (reference 1.3: after 5 minutes).
    pub fn is_expired_challenge(&self) -> bool {
        self.0.eq_ignore_ascii_case("auth_digest_expired")
    }

    fn row(&self) -> Option<&'static (&'static str, Bears, &'static str)> {
        UIDS.iter().find(|(uid, ..)| uid.eq_ignore_ascii_case(&self.0))
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            Some(meaning) => write!(f, "{meaning} ({})", self.0),
            None if self.0.is_empty() => f.write_str("it gave no reason"),
            // It comes from the other side, so it is shown only after its control characters are gone.
            None => {
                write!(f, "it answered `{}`, which is not in our list", super::excerpt::sanitised(&self.0))
            }
        }
    }
}

/// Every id of reference 1.7.
pub const UIDS: &[(&str, Bears, &str)] = &[
    ("iq_root_tag_invalid", Bears::Protocol, "it could not parse the request"),
    ("iq_query_xmlns_invalid", Bears::Protocol, "it does not know the namespace of the request"),
    ("invoker_commandname_invalid", Bears::Protocol, "it does not know the command"),
    ("session_invalid", Bears::Session, "the session is not valid"),
    ("session_invalid_id", Bears::Session, "the session id is not valid"),
    ("session_expired", Bears::Session, "the session has expired"),
    ("session_no_user", Bears::Session, "the session belongs to nobody"),
    ("session_ip_mismatch", Bears::Session, "the session was opened from another address"),
    ("session_mismatch", Bears::Session, "the session is not this one"),
    ("session_cookie_mismatch", Bears::Session, "the session's cookie is another"),
    ("auth_login_invalid", Bears::Login, "the account or its password is wrong"),
    ("auth_type_invalid", Bears::Login, "it does not offer this kind of login"),
    ("auth_email_missing", Bears::Login, "the login named no account"),
    ("auth_password_missing", Bears::Login, "the login gave no password"),
    ("auth_digest_missing", Bears::Login, "the login gave no digest"),
    ("auth_digest_expired", Bears::Login, "the login's challenge has expired"),
    ("auth_two_factor_required", Bears::Login, "the account needs a second factor"),
    ("auth_two_factor_invalid", Bears::Login, "the second factor is wrong"),
    ("login_invalid_keypair", Bears::Login, "the login's key pair is not valid"),
    ("login_ip_invalid", Bears::Login, "logging in from this address is not allowed"),
    ("account_invalid", Bears::AccountGone, "there is no such account"),
    ("account_does_not_exist", Bears::AccountGone, "there is no such account"),
    ("account_already_exists", Bears::Value, "the account exists already"),
    ("account_email_parameter_missing", Bears::Value, "the account's address is missing"),
    ("account_mailbox_property_missing", Bears::Value, "the account's mailbox is missing"),
    ("account_type_property_missing", Bears::Value, "the account's type is missing"),
    ("account_missing_required_property", Bears::Value, "a required property of the account is missing"),
    ("account_password_policy", Bears::Value, "the password breaks the server's policy"),
    ("account_domain_limit_exceeded", Bears::Value, "the domain's number of accounts is used up"),
    ("account_permission", Bears::Rights, "the account we log in with may not do this"),
    ("account_no_password", Bears::Value, "the account has no password"),
    ("account_no_username", Bears::Value, "the account has no user name"),
    ("account_no_domain", Bears::Value, "the account has no domain"),
    ("migration_in_progress", Bears::Value, "a migration is in progress"),
    ("domain_invalid", Bears::DomainGone, "there is no such domain"),
    ("domain_parameter_empty", Bears::Value, "the domain's name is missing"),
    ("account_disabled_1", Bears::Login, "the account may not log in from this address"),
    ("account_disabled_2", Bears::Login, "the account is disabled"),
    ("account_disabled_3", Bears::Login, "the account's password has expired"),
    ("account_disabled_4", Bears::Login, "the account has expired"),
    ("account_disabled_5", Bears::Login, "SMTP's access mode keeps the account out"),
    ("account_disabled_6", Bears::Login, "the access mode of POP3 and IMAP keeps the account out"),
    ("account_disabled_7", Bears::Login, "the account may use IMAP only"),
    ("account_disabled_8", Bears::Login, "the account may use POP3 only"),
    ("account_disabled_9", Bears::Login, "the account may not use WebClient"),
    ("account_disabled_10", Bears::Login, "an access mode keeps the account out"),
    ("account_disabled_11", Bears::Login, "logging in to the account's domain is disabled"),
    ("account_disabled_12", Bears::Login, "the account's domain has expired"),
    ("account_disabled_13", Bears::Login, "the licence keeps the account out"),
    ("license_evaluation", Bears::Licence, "the licence is an evaluation, or in Emergency Mode"),
    ("license_reference_mismatch", Bears::Licence, "the licence is for another machine"),
    ("license_revalidation", Bears::Licence, "the licence could not be re-validated"),
    ("license_expired", Bears::Licence, "the licence has expired"),
    ("license_none", Bears::Licence, "there is no licence"),
    ("license_build", Bears::Licence, "the licence does not cover this build"),
    ("license_version", Bears::Licence, "the licence is for another version"),
];
