//! A licensed product, and how its name is compared.

use std::fmt;

/// A module of the licence. The set is open: releases name modules that nobody has listed (U-18).
///
/// Invariant: lower-case letters and digits only, not empty. `Outlook-Connector` and `Outlook Connector` are
/// one module, `outlookconnector`; the editions of the mail server are one module, `mailserver`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Module(Box<str>);

impl Module {
    /// The module of the account itself (reference 4.4, first row).
    pub const MAIL_SERVER: &str = "mailserver";

    /// Reads a product name as the licence writes it, or a module name as the spec does; `None` where it
    /// holds no letter or digit.
    pub fn parse(name: &str) -> Option<Module> {
        let slug: String =
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        match slug.as_str() {
            "" => None,
            "mailserverlite" | "mailserverprofessional" | "mailserverstandard" => {
                Some(Module(Module::MAIL_SERVER.into()))
            }
            _ => Some(Module(slug.into())),
        }
    }

    /// The name in the form that the spec and all outputs use.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
