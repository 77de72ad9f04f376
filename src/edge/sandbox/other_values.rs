//! The variables of the server, of a domain, and of the statistics.

use super::services::Module;
use super::switches::{
    DomainOn, ExcludeLicence, LicenceText, PasswordText, Release, ScheduleText, SeatFollows,
};
use super::values::{Value, bit};
use super::variables::{self, Meaning, Variable, VariableKind};
use super::world::World;

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
            "c_license" | "c_license_xml" if self.switches.licence_text == LicenceText::NoValue => {
                Value::Nothing
            }
            "c_license" => Value::Text(self.licence.exported()),
            "c_license_xml" => Value::Text(self.licence.decrypted(self.switches.product_names)),
            // Reading these back gives nothing useful (reference 4.3).
            "c_onlinelicense" | "c_obtaintriallicense" => Value::Text(String::new()),
            // A blob or a class this server does not hold.
            "c_backup" | "global_outlookpolicies" => Value::Nothing,
            name => {
                let stored = self.server.get(&variable.index).map(AsRef::as_ref);
                let stored = self.lags.server(variable.index).or(stored);
                let stored = stored.unwrap_or(self.default_of(variable));
                let secret = name.ends_with("password");
                match (self.switches.password, self.switches.schedule) {
                    (PasswordText::NoValue, _) if secret => Value::Nothing,
                    (PasswordText::Masked, _) if secret && !stored.is_empty() => Value::Text("*".repeat(8)),
                    (_, ScheduleText::NoValue) if variable.kind == VariableKind::Schedule => Value::Nothing,
                    _ => Value::Text(stored.to_owned()),
                }
            }
        }
    }

    /// What is stored, whatever a call would be shown of it.
    pub(super) fn server_stored(&self, variable: &Variable) -> Option<String> {
        let stored = self.server.get(&variable.index).map_or(self.default_of(variable), AsRef::as_ref);
        Some(stored.to_owned()).filter(|_| !variable.write_only)
    }

    /// Whether a backup would hold the licence (U-2).
    pub(super) fn licence_in_backup(&self) -> bool {
        let flag = variables::find("c_system_tools_excludelicense");
        let flag = flag.and_then(|variable| self.server_stored(variable)).is_some_and(|value| value == "1");
        flag == (self.switches.exclude_licence == ExcludeLicence::Included)
    }

    /// What a variable reads that nobody has set. The numbers of older releases are synthetic (U-19).
    fn default_of<'v>(&self, variable: &'v Variable) -> &'v str {
        match (variable.lower.as_str(), self.switches.release) {
            ("c_version", Release::V13) => "13.0.3",
            ("c_version", Release::V11) => "11.4.6",
            _ => &variable.default,
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

    /// Stores a domain's variable. What a switch that goes on does to the flags already stored on its accounts
    /// is U-26; whether seats move with it is U-36.
    pub(super) fn store_domain(&mut self, place: u32, variable: &Variable, value: &str) -> bool {
        if let Meaning::DomainSwitch(index) = variable.meaning {
            self.wake_or_not(place, index, value == "1");
        }
        let stored = self.store_in_domain(place, variable, value);
        if self.switches.seat_follows == SeatFollows::Effective {
            self.recount_all();
        }
        stored
    }

    /// Marks the flags that a domain's switch does not bring to life (U-26).
    fn wake_or_not(&mut self, place: u32, index: u8, on: bool) {
        let Some(domain) = self.domain(place) else { return };
        let goes_on = on && domain.switches >> index & 1 == 0;
        if !goes_on || self.switches.dormant == DomainOn::AtOnce {
            return;
        }
        for id in domain.order.clone() {
            if let Some(account) = self.account_mut(id).filter(|account| account.switches >> index & 1 == 1) {
                account.extra_mut().dormant |= 1 << index;
            }
        }
    }

    fn store_in_domain(&mut self, place: u32, variable: &Variable, value: &str) -> bool {
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

    /// User accounts that count (U-5).
    fn users(&self) -> usize {
        self.accounts.iter().flatten().filter(|account| self.counts(account)).count()
    }
}
