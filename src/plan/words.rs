//! The words of the plan's form outside: each set is open, so that a later version may add one.
//!
//! A word that this version does not know is kept as it is: a plan that is read and written again must not lose it,
//! since its seal is over all of it.

use super::licence::Verdict;
use crate::model::{Guardrail, Severity};

/// An enum of words with an open `Other`. It crosses the border as a string, and its schema names the words.
macro_rules! words {
    ($(#[doc = $all:literal])* $name:ident { $($(#[doc = $one:literal])* $variant:ident $word:literal,)* }) => {
        $(#[doc = $all])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[doc = $one])* $variant,)*
            /// A word of a later version, as it was read.
            Other(String),
        }

        impl $name {
            /// The word as it crosses the border; it never changes.
            pub fn text(&self) -> &str {
                match self {
                    $($name::$variant => $word,)*
                    $name::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> $name {
                match word.as_str() {
                    $($word => $name::$variant,)*
                    _ => $name::Other(word),
                }
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> String {
                word.text().to_owned()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.text())
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({
                    "description": concat!($($all),*).trim(),
                    "type": "string",
                    "anyOf": [
                        $({"const": $word, "description": concat!($($one),*).trim()},)*
                        {"description": "A word of a later version."},
                    ],
                })
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What came of planning one server.
    PlanOutcomeFile {
        /// All is as declared.
        NothingToDo "nothing-to-do",
        /// Steps can be performed.
        Changes "changes",
        /// Some of it is blocked; `holds` says whether all of it is.
        Blocked "blocked",
        /// The server takes no changes now.
        Closed "closed",
        /// The spec does not hold on this server.
        Invalid "invalid",
        /// It could not be read: `error` says why.
        Failed "failed",
    }
}

words! {
    /// How the licence stands against the spec and the calendar.
    LicenceOutcomeFile {
        /// As declared, or nothing is declared of it.
        Ok "ok",
        /// A module has ended, or ends within 14 days.
        Due "due",
        /// It is not as the spec says.
        Differs "differs",
        /// The server takes no changes because of it.
        Closed "closed",
    }
}

impl From<Verdict> for LicenceOutcomeFile {
    fn from(verdict: Verdict) -> LicenceOutcomeFile {
        match verdict {
            Verdict::Ok => LicenceOutcomeFile::Ok,
            Verdict::Due => LicenceOutcomeFile::Due,
            Verdict::Differs => LicenceOutcomeFile::Differs,
            Verdict::Closed => LicenceOutcomeFile::Closed,
        }
    }
}

words! {
    /// What a step does.
    ActionFile {
        /// It switches a service on, which takes a seat.
        Claim "claim",
        /// It switches a service off, which frees one.
        Release "release",
        /// It writes a setting.
        Change "change",
    }
}

words! {
    /// Which rule of the spec a step comes from.
    RuleFile {
        /// `SERVICE: enabled` or `SERVICE: disabled` for all that the selector matches.
        Everyone "everyone",
        /// The policy enables a service for those it names.
        Enable "enable",
        /// `others: disabled`, for everybody in scope whom the policy does not name.
        Others "others",
        /// An exception of the policy.
        Exception "exception",
        /// The policy is held: it decides nothing this time.
        Held "held",
        /// A setting of the backup.
        Setting "setting",
    }
}

words! {
    /// How bad a finding is.
    SeverityFile {
        /// It keeps the spec, or a part of it, from being used.
        Error "error",
        /// Somebody should look at it before applying.
        Warning "warning",
        /// It only explains.
        Info "info",
    }
}

impl From<Severity> for SeverityFile {
    fn from(severity: Severity) -> SeverityFile {
        match severity {
            Severity::Error => SeverityFile::Error,
            Severity::Warning => SeverityFile::Warning,
            Severity::Info => SeverityFile::Info,
        }
    }
}

words! {
    /// What a row of "whom it hits" is, the worst first.
    HarmKindFile {
        /// People lose their mail, or its archive.
        Mail "mail",
        /// Somebody loses something who is to lose nothing.
        Protected "protected",
        /// A setting of the backup is made weaker.
        Backup "backup",
        /// People lose something else.
        Loss "loss",
        /// Nobody loses anything.
        Gain "gain",
    }
}

words! {
    /// Where the number of a module's seats comes from.
    SeatsSourceFile {
        /// The licence that the server told.
        Licence "licence",
        /// The spec says so.
        Expect "expect",
        /// The counts of the server's statistics.
        Statistics "statistics",
        /// It is not known.
        Unknown "unknown",
    }
}

words! {
    /// How addresses are shown where they are not shown in full.
    AddressesFile {
        /// A short name for each.
        Hash "hash",
        /// Only numbers.
        Count "count",
    }
}

words! {
    /// What holds a whole plan back.
    HoldKindFile {
        /// The server is not the pinned one, or none is pinned.
        Identity "identity",
        /// The server takes no changes.
        Standing "standing",
        /// More people would lose a service than one plan may take it from.
        Disable "disable",
        /// People would lose their mail, or its archive.
        Mail "mail",
        /// Somebody would lose something who is to lose nothing.
        Protect "protect",
        /// The backup would become weaker.
        Backup "backup",
        /// A selector matches far fewer accounts than it did.
        Shrink "shrink",
        /// Seats that are to be kept free would be taken.
        KeepFree "keep-free",
    }
}

impl From<Guardrail> for HoldKindFile {
    fn from(guardrail: Guardrail) -> HoldKindFile {
        match guardrail {
            Guardrail::Disable => HoldKindFile::Disable,
            Guardrail::Mail => HoldKindFile::Mail,
            Guardrail::Protect => HoldKindFile::Protect,
            Guardrail::Backup => HoldKindFile::Backup,
            Guardrail::Shrink => HoldKindFile::Shrink,
            Guardrail::KeepFree => HoldKindFile::KeepFree,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_later_version_is_kept() {
        for word in ["claim", "release", "change", "later"] {
            let read: ActionFile = serde_json::from_value(word.into()).expect("a string");
            assert_eq!(serde_json::to_value(&read).expect("JSON"), word);
            assert_eq!(matches!(read, ActionFile::Other(_)), word == "later");
        }
        assert!(serde_json::from_str::<ActionFile>("7").is_err(), "a word is a string");
    }

    #[test]
    fn every_guardrail_holds_under_its_own_name() {
        for guardrail in Guardrail::ALL {
            assert_eq!(HoldKindFile::from(guardrail).text(), guardrail.name());
        }
    }
}
