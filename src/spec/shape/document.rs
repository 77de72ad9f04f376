//! What every document has, and the four kinds.

use schemars::JsonSchema;
use serde::Deserialize;

use super::backup::BackupPolicyBody;
use super::license::LicenseBody;
use super::policy::ServicePolicyBody;
use super::server::ServerBody;
use super::values::{Name, Text, TextMap};

/// The version that this program reads.
pub const API_VERSION: &str = "icewarden.dev/v1";

/// The version of the file's shape. Always `icewarden.dev/v1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ApiVersion {
    #[serde(rename = "icewarden.dev/v1")]
    V1,
}

/// What the document is called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The name of this document, unique among those of its kind. Plans and other documents use it. Example: `eu`.
    pub name: Name,
    /// Free words to find documents by. Absent: none. Example: `{env: prod}`.
    pub labels: Option<TextMap<Text>>,
}

macro_rules! documents {
    ($($(#[doc = $doc:literal])+ $kind:ident $word:ident $body:ty;)*) => {
        /// The kinds of documents.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($kind,)* }

        impl Kind {
            /// Every kind, in the order in which they are listed to authors.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The word behind `kind:`.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$kind => stringify!($kind),)* }
            }

            /// The kind of a word, to the letter; `None` where there is none.
            pub fn parse(name: &str) -> Option<Kind> {
                Kind::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }

        $(
            /// What the document is.
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
            pub enum $word { $kind }

            $(#[doc = $doc])+
            #[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
            #[serde(deny_unknown_fields, rename_all = "camelCase")]
            pub struct $kind {
                /// The version of the file's shape. Always `icewarden.dev/v1`.
                pub api_version: ApiVersion,
                /// What the document is: `Server`, `License`, `BackupPolicy` or `ServicePolicy`.
                pub kind: $word,
                /// What the document is called.
                pub metadata: Metadata,
                /// What is wanted.
                pub spec: $body,
            }
        )*
    };
}

documents! {
    /// A mail server: how to reach it, how to be sure that it is the right one, and the limits for every plan.
    Server ServerWord ServerBody;
    /// What the licence of a server must be. It is compared; nothing is activated yet.
    License LicenseWord LicenseBody;
    /// How the server backs itself up. A key that is absent is not managed and never touched.
    BackupPolicy BackupPolicyWord BackupPolicyBody;
    /// Which accounts may use which services. What no policy speaks of is left alone.
    ServicePolicy ServicePolicyWord ServicePolicyBody;
}
