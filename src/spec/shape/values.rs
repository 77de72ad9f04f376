//! The kinds of text and number that fields take.
//!
//! Each is a definition of the schema with a `format` that `check` tests (see `formats`) and a `pattern` that
//! says the same to editors. Free text and identifiers also admit what an untyped reader takes for a number or
//! a boolean: `0012` is an order id, whatever it looks like (design 3).

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The largest integer that every JSON reader keeps exactly, JavaScript's included.
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;

macro_rules! texts {
    ($($(#[doc = $doc:literal])+ $name:ident $schema:tt)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let mut schema = json_schema!($schema);
                schema.insert("description".into(), concat!($($doc, "\n",)+).trim().into());
                schema
            }
        }
    )*};
}

texts! {
    /// Any text. It needs no quotes, also where it looks like a number or a boolean.
    Text {"type": ["string", "number", "boolean"]}

    /// The name of a document: no white space and none of `/`, `=`, `,`; at most 253 characters.
    Name {
        "type": ["string", "number", "boolean"],
        "format": "icewarden-name",
        "minLength": 1,
        "maxLength": 253,
        "pattern": "^[^\\s/=,\\u0000-\\u001f\\u007f]+$",
    }

    /// An identifier of the vendor: not empty, no white space. It is text, whatever it looks like: `0012` is not 12.
    Token {
        "type": ["string", "number", "boolean"],
        "format": "icewarden-token",
        "minLength": 1,
        "pattern": "^[^\\s\\u0000-\\u001f\\u007f]+$",
    }

    /// An absolute `http` or `https` URL with a host, and without a user name or password.
    Url {
        "type": "string",
        "format": "icewarden-url",
        "pattern": "^[hH][tT][tT][pP][sS]?://[^\\s/?#@\\u0000-\\u001f\\u007f]+([/?#][^\\s\\u0000-\\u001f\\u007f]*)?$",
    }

    /// The address of the administrator to log in as, or `globaladmin`, which is in no domain.
    Caller {
        "type": "string",
        "format": "icewarden-caller",
        "pattern": "^([^\\s*?\\u0000-\\u001f\\u007f]+@[^\\s*?@\\u0000-\\u001f\\u007f]+|[gG][lL][oO][bB][aA][lL][aA][dD][mM][iI][nN])$",
    }

    /// The address of one account, such as `bob@example.com`. Case does not matter.
    AccountAddress {
        "type": "string",
        "format": "icewarden-account",
        "pattern": "^[^\\s*?\\u0000-\\u001f\\u007f]+@[^\\s*?@\\u0000-\\u001f\\u007f]+$",
    }

    /// The address of a group, such as `sales@example.com`. Case does not matter; `*` and `?` are not taken here.
    GroupAddress {
        "type": "string",
        "format": "icewarden-group",
        "pattern": "^[^\\s*?\\u0000-\\u001f\\u007f]+@[^\\s*?@\\u0000-\\u001f\\u007f]+$",
    }

    /// The address of an account, or a glob over whole addresses: `*` stands for any text, `?` for one character.
    /// Example: `svc-*@example.com`. Case does not matter.
    AccountGlob {
        "type": "string",
        "format": "icewarden-account-glob",
        "pattern": "^([^\\s\\[\\]{}\\\\\\u0000-\\u001f\\u007f]*\\*[^\\s\\[\\]{}\\\\\\u0000-\\u001f\\u007f]*|[^\\s\\[\\]{}\\\\\\u0000-\\u001f\\u007f]+[@?][^\\s\\[\\]{}\\\\\\u0000-\\u001f\\u007f]+)$",
    }

    /// The name of a mail domain, such as `example.com`. Case does not matter, nor whether a name such as
    /// `bücher.example` is written so or as `xn--bcher-kva.example`.
    DomainName {
        "type": ["string", "number", "boolean"],
        "format": "icewarden-domain",
        "minLength": 1,
        "pattern": "^[^\\s@/*?\\[\\]{}\\\\\\u0000-\\u001f\\u007f]+$",
    }

    /// The name of a mail domain, or a glob over whole names: `*` stands for any text, `?` for one character.
    /// Example: `*.example.com`. Case does not matter.
    DomainGlob {
        "type": ["string", "number", "boolean"],
        "format": "icewarden-domain-glob",
        "minLength": 1,
        "pattern": "^[^\\s@/\\[\\]{}\\\\\\u0000-\\u001f\\u007f]+$",
    }

    /// A day, written `YYYY-MM-DD`.
    Day {
        "type": "string",
        "format": "icewarden-day",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    }

    /// The name of an environment variable: letters, digits and `_`, no digit first.
    EnvName {
        "type": ["string", "boolean"],
        "format": "icewarden-env",
        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
    }

    /// The path of a file or folder, not empty, and without a space at either end.
    FilePath {
        "type": ["string", "number", "boolean"],
        "format": "icewarden-path",
        "minLength": 1,
    }

    /// The name of a module of the licence. Only letters and digits count, and case does not matter:
    /// `Outlook-Connector` and `outlookconnector` are one module.
    ModuleName {
        "type": ["string", "number", "boolean"],
        "format": "icewarden-module",
        "pattern": "[0-9A-Za-z\\u0080-\\uffff]",
    }
}

/// A whole number that is not negative, in decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Count(pub u64);

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A whole number that is not negative, in decimal digits.",
            "type": "integer",
            "minimum": 0,
            "maximum": INTEGER_MAX,
        })
    }
}

/// Where a secret is kept: exactly one of `env`, `file`, `exec`. The secret itself never stands in a spec.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct SecretReference {
    /// The environment variable that holds the secret. Example: `ICEWARP_PASSWORD`.
    pub env: Option<EnvName>,
    /// A file whose content, less one line end, is the secret; relative to the folder of this file.
    /// Example: `/run/secrets/icewarp`.
    pub file: Option<FilePath>,
    /// A command (program and arguments, no shell) that writes the secret, and at most one line end after it, within
    /// 30 seconds or what the environment variable `ICEWARDEN_EXEC_SECONDS` says. It gets our environment without the variables that any `env` of the spec names.
    /// Example: `[pass, show, mail/icewarp]`.
    #[schemars(length(min = 1))]
    pub exec: Option<Vec<Text>>,
}

/// Which accounts are meant: at least one of `domains`, `groups`, `accounts`. The keys that are given intersect,
/// the entries of one key unite, and `except` subtracts. An empty list is an error: it would match nobody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{"required": ["domains"]}, {"required": ["groups"]}, {"required": ["accounts"]}]))]
pub struct Selector {
    /// Accounts of these mail domains, in either form of an international name; of an alias domain, the accounts of
    /// the domain that it stands for. Globs are allowed. Example: `[example.com]`.
    #[schemars(length(min = 1))]
    pub domains: Option<Vec<DomainGlob>>,
    /// Members of these groups, groups in groups included. Example: `[sales@example.com]`.
    #[schemars(length(min = 1))]
    pub groups: Option<Vec<GroupAddress>>,
    /// These accounts, by their addresses or their aliases. Globs are allowed, and match addresses.
    /// Example: `[bob@example.com, "svc-*@example.com"]`.
    #[schemars(length(min = 1))]
    pub accounts: Option<Vec<AccountGlob>>,
    /// Only accounts in one of these states. `disabled`: the server's variable `U_AccountDisabled` is not 0. `guest`:
    /// `U_IsGuestAccount` is 1. `expired`: `U_AccountValid` is 1, and the day of `U_AccountValidTill` has been over for
    /// more than a day. `active`: none of the others. Nothing is decided of an account whose state was not read. Absent:
    /// accounts in any state. Example: `[active]`.
    #[schemars(length(min = 1))]
    pub states: Option<Vec<StateWord>>,
    /// Not these accounts. Globs are allowed. Absent: nobody is left out. Example: `["svc-*@example.com"]`.
    #[schemars(length(min = 1))]
    pub except: Option<Vec<AccountGlob>>,
}

/// A state of an account, as the server's variables say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StateWord {
    /// Neither disabled, nor a guest, nor expired.
    Active,
    /// `U_AccountDisabled` is not 0.
    Disabled,
    /// `U_IsGuestAccount` is 1.
    Guest,
    /// `U_AccountValid` is 1, and the day of `U_AccountValidTill` is over for more than a day.
    Expired,
}

/// A map that is keyed by free text, such as the names of labels.
pub type TextMap<T> = BTreeMap<String, T>;
