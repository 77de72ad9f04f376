//! The guardrails by name, and what an override of one of them grants.
//!
//! An override is read once, where it enters: on the command line, from a saved plan, from the store. Nobody behind that
//! parses its text again.

use std::fmt;

use super::{BackupKey, Module, Service};

/// A named limit that blocks a plan until it is overridden by its own name (`design`: guardrails).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guardrail {
    Disable,
    Mail,
    Protect,
    Backup,
    Shrink,
    KeepFree,
}

impl Guardrail {
    /// All of them, in the order of the messages that list them.
    pub const ALL: [Guardrail; 6] = [
        Guardrail::Disable,
        Guardrail::Mail,
        Guardrail::Protect,
        Guardrail::Backup,
        Guardrail::Shrink,
        Guardrail::KeepFree,
    ];

    /// The name in `--allow NAME=VALUE`, in plans and in the journal; it never changes.
    pub const fn name(self) -> &'static str {
        match self {
            Guardrail::Disable => "disable",
            Guardrail::Mail => "mail",
            Guardrail::Protect => "protect",
            Guardrail::Backup => "backup",
            Guardrail::Shrink => "shrink",
            Guardrail::KeepFree => "keep-free",
        }
    }

    /// The guardrail of a name, to the letter; `None` where there is none.
    pub fn parse(name: &str) -> Option<Guardrail> {
        Guardrail::ALL.into_iter().find(|guardrail| guardrail.name() == name)
    }
}

impl fmt::Display for Guardrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an override grants, and nothing beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// So many accounts may lose a service in one plan.
    Disable(Losses),
    /// So many accounts may lose a service that carries mail.
    Mail(Losses),
    /// This account may lose what the plan takes from it. Invariant: not empty.
    Protect(String),
    /// This setting of the backup may become weaker.
    Backup(BackupKey),
    /// The selectors of this policy may match fewer accounts than they did, and not fewer than this many.
    Shrink { policy: String, accounts: u64 },
    /// The seats that are to be kept free in this module may be taken.
    KeepFree(Module),
}

/// `N` accounts of every service, or of one: `SERVICE:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Losses {
    pub service: Option<Service>,
    pub accounts: u64,
}

impl Losses {
    /// How many accounts may lose this service; `None` where it speaks of another one.
    pub fn of(self, service: Service) -> Option<u64> {
        self.service.is_none_or(|own| own == service).then_some(self.accounts)
    }

    fn parse(value: &str) -> Result<Losses, String> {
        let (service, number) = match value.split_once(':') {
            Some((name, number)) => {
                let service = Service::parse(name).ok_or_else(|| format!("there is no service `{name}`"))?;
                (Some(service), number)
            }
            None => (None, value),
        };
        let accounts = number.parse().map_err(|_| "say how many accounts: N, or SERVICE:N".to_owned())?;
        Ok(Losses { service, accounts })
    }
}

impl Allowed {
    /// Reads what stands after `NAME=`.
    ///
    /// # Errors
    /// What is wrong with it, as a lower-case fragment.
    pub fn parse(guardrail: Guardrail, value: &str) -> Result<Allowed, String> {
        if value.is_empty() {
            return Err("the value is missing".to_owned());
        }
        Ok(match guardrail {
            Guardrail::Disable => Allowed::Disable(Losses::parse(value)?),
            Guardrail::Mail => Allowed::Mail(Losses::parse(value)?),
            Guardrail::Protect => Allowed::Protect(value.to_owned()),
            Guardrail::Backup => {
                let key = BackupKey::ALL.iter().find(|key| key.path() == value);
                Allowed::Backup(*key.ok_or_else(|| format!("the backup has no setting `{value}`"))?)
            }
            Guardrail::Shrink => {
                let parts = value.rsplit_once(':').filter(|(policy, _)| !policy.is_empty());
                let read = parts.and_then(|(policy, number)| Some((policy, number.parse().ok()?)));
                let (policy, accounts) =
                    read.ok_or("say to how many accounts at least: shrink=POLICY:N".to_owned())?;
                Allowed::Shrink { policy: policy.to_owned(), accounts }
            }
            Guardrail::KeepFree => Allowed::KeepFree(Module::parse(value).ok_or("name a module".to_owned())?),
        })
    }

    /// The guardrail that it overrides.
    pub const fn guardrail(&self) -> Guardrail {
        match self {
            Allowed::Disable(_) => Guardrail::Disable,
            Allowed::Mail(_) => Guardrail::Mail,
            Allowed::Protect(_) => Guardrail::Protect,
            Allowed::Backup(_) => Guardrail::Backup,
            Allowed::Shrink { .. } => Guardrail::Shrink,
            Allowed::KeepFree(_) => Guardrail::KeepFree,
        }
    }

    /// What stands after `NAME=`, as a person would type it.
    pub fn value(&self) -> String {
        match self {
            Allowed::Disable(losses) | Allowed::Mail(losses) => match losses.service {
                Some(service) => format!("{service}:{}", losses.accounts),
                None => losses.accounts.to_string(),
            },
            Allowed::Protect(address) => address.clone(),
            Allowed::Backup(key) => key.path().to_owned(),
            Allowed::Shrink { policy, accounts } => format!("{policy}:{accounts}"),
            Allowed::KeepFree(module) => module.to_string(),
        }
    }

    /// Of `shrink` the policy, and how many accounts its selectors may shrink to.
    pub fn shrink(&self) -> Option<(&str, u64)> {
        match self {
            Allowed::Shrink { policy, accounts } => Some((policy, *accounts)),
            _ => None,
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.guardrail(), self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_read_as_it_is_told_and_nonsense_is_refused() {
        for text in [
            "disable=im:30",
            "disable=30",
            "mail=smtp:1",
            "protect=postmaster@example.com",
            "backup=databases.antispam.enabled",
            "shrink=sales: and more:7",
            "keep-free=activesync",
        ] {
            let (name, value) = text.split_once('=').expect("a name and a value");
            let guardrail = Guardrail::parse(name).expect("a guardrail");
            let allowed = Allowed::parse(guardrail, value).expect(text);
            assert_eq!((allowed.to_string().as_str(), allowed.guardrail()), (text, guardrail));
        }
        for (guardrail, value) in [
            (Guardrail::Disable, "phones:1"),
            (Guardrail::Disable, "im:"),
            (Guardrail::Disable, "im:-1"),
            (Guardrail::Mail, "all"),
            (Guardrail::Protect, ""),
            (Guardrail::Backup, "keepdays"),
            (Guardrail::Shrink, "sales"),
            (Guardrail::Shrink, ":3"),
            (Guardrail::KeepFree, "-"),
        ] {
            assert!(Allowed::parse(guardrail, value).is_err(), "{guardrail}={value}");
        }
        assert!(Guardrail::parse("Disable").is_none() && Guardrail::parse("everything").is_none());
    }

    #[test]
    fn a_number_for_one_service_says_nothing_of_another() {
        let losses = |value| Losses::parse(value).expect(value);
        assert_eq!(losses("im:3").of(Service::Im), Some(3));
        assert_eq!(losses("im:3").of(Service::Sip), None);
        assert_eq!(losses("3").of(Service::Sip), Some(3));
    }
}
