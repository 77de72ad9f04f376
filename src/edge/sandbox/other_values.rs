//! The variables of the server, of a domain, and of the statistics.

use super::services::Module;
use super::values::{Value, bit};
use super::variables::{Meaning, Variable};
use super::world::{USER, World};

/// Writing these asks a licence server or restores a backup. There is neither behind this sandbox yet, so a
/// write is refused (answer 0: U-28, first position) rather than pretended.
const NEEDS_WHAT_IS_NOT_HERE: [&str; 4] =
    ["c_license", "c_onlinelicense", "c_obtaintriallicense", "c_backup"];

impl World {
    pub(super) fn server_value(&self, variable: &Variable) -> Value {
        if variable.write_only {
            return Value::Nothing;
        }
        match variable.lower.as_str() {
            // U-1, first position: an administrator gets both texts.
            "c_license" => Value::Text(self.licence.exported()),
            "c_license_xml" => Value::Text(self.licence.decrypted()),
            // Reading these back gives nothing useful (reference 4.3).
            "c_onlinelicense" | "c_obtaintriallicense" => Value::Text(String::new()),
            // A blob or a class this server does not hold.
            "c_backup" | "global_outlookpolicies" => Value::Nothing,
            // A backup password reads in clear: U-12, first position. A schedule is opaque text: U-11, first
            // position.
            _ => {
                let stored = self.server.get(&variable.index).map(AsRef::as_ref);
                Value::Text(stored.unwrap_or(&variable.default).to_owned())
            }
        }
    }

    pub(super) fn may_store_server(&self, variable: &Variable, value: &Value) -> bool {
        let refused = variable.read_only || NEEDS_WHAT_IS_NOT_HERE.contains(&variable.lower.as_str());
        !refused
            && variable.lower != "global_outlookpolicies"
            && matches!(value, Value::Text(text) if variable.accepts(text))
    }

    pub(super) fn domain_value(&self, place: u32, variable: &Variable) -> Value {
        let Some(domain) = self.domain(place) else { return Value::Nothing };
        if variable.write_only {
            return Value::Nothing;
        }
        let flag = |index: u8| Value::Text(bit(domain.switches >> index & 1 == 1).to_owned());
        match (variable.meaning, variable.lower.as_str()) {
            // A domain supports what it has switched on: synthetic, no source says more.
            (Meaning::DomainSwitch(index) | Meaning::DomainSupport(index), _) => flag(index),
            (_, "d_type") => Value::Text(domain.kind.to_string()),
            (_, "d_backup" | "d_outlookpolicies" | "d_dumpsmtpaccountcache") => Value::Nothing,
            _ => {
                let stored = domain.values.get(&variable.index).map(AsRef::as_ref);
                Value::Text(stored.unwrap_or(&variable.default).to_owned())
            }
        }
    }

    pub(super) fn may_store_domain(&self, variable: &Variable, value: &Value) -> bool {
        let held =
            !matches!(variable.lower.as_str(), "d_backup" | "d_outlookpolicies" | "d_dumpsmtpaccountcache");
        held && !variable.read_only && matches!(value, Value::Text(text) if variable.accepts(text))
    }

    /// Stores a domain's variable. A switch that goes on makes the flags already stored on its accounts
    /// effective at once (U-26, first position); seats follow the stored flags and do not move (U-36).
    pub(super) fn store_domain(&mut self, place: u32, variable: &Variable, value: &str) -> bool {
        let Some(domain) = self.domain_mut(place) else { return false };
        match (variable.meaning, variable.lower.as_str()) {
            (Meaning::DomainSwitch(index), _) => {
                domain.switches = domain.switches & !(1 << index) | u32::from(value == "1") << index;
            }
            (Meaning::DomainSupport(_), _) => return false,
            (_, "d_type") => domain.kind = value.parse().unwrap_or(domain.kind),
            _ => {
                domain.values.insert(variable.index, value.into());
            }
        }
        true
    }

    /// `Statistics_ActiveUsers` counts user accounts of all domains, `Statistics_LicensedUsers` is the seats
    /// of the mail server (reference 2.1). Traffic counters had no value in every recording (reference 11).
    pub(super) fn statistics_value(&self, variable: &Variable) -> Value {
        match variable.lower.as_str() {
            "statistics_activeusers" => Value::Text(self.users().to_string()),
            "statistics_licensedusers" => match self.licence.product(Module::MailServer) {
                Some(product) => Value::Text(product.accounts.to_string()),
                None => Value::Nothing,
            },
            name if name.starts_with("statistics_") => Value::Text(variable.default.clone()),
            _ => Value::Nothing,
        }
    }

    fn users(&self) -> usize {
        self.domains.iter().flatten().map(|domain| domain.order_by_kind[usize::from(USER)].len()).sum()
    }
}
