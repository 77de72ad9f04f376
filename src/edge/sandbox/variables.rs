//! The API variables of release 14.3: what there is, of which type, and with which default.
//!
//! `variables.csv` beside this file is the reference's list with two columns more: `default`, and `source` –
//! where the default comes from, or `synthetic` where nobody knows what a fresh server has.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::services::SERVICES;

/// How a value is written (reference 1.4, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VariableKind {
    Bool,
    Int,
    Enum,
    Text,
    LongText,
    /// Opaque text (U-11, first position).
    Schedule,
}

impl VariableKind {
    /// `TPropertyValueType` (reference 1.4): 0 number, 1 string, 2 enum, 3 bool, 4 long string. How a
    /// schedule is typed there is unknown; string is synthetic.
    pub(super) fn value_type(self) -> &'static str {
        match self {
            VariableKind::Int => "0",
            VariableKind::Text | VariableKind::Schedule => "1",
            VariableKind::Enum => "2",
            VariableKind::Bool => "3",
            VariableKind::LongText => "4",
        }
    }
}

/// What a variable belongs to; told by the prefix of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Server,
    Domain,
    Account,
    Statistics,
    /// Schedules, devices, members, remote accounts, administrator rights: parts of other objects, never
    /// asked by name.
    Part,
}

/// What a variable of a service says; the number is the service's place in [`SERVICES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Plain,
    Switch(u8),
    Support(u8),
    Editable(u8),
    DomainSwitch(u8),
    DomainSupport(u8),
    Mode,
}

#[derive(Debug)]
pub(super) struct Variable {
    pub index: u16,
    /// Lower case: what the console shows, and what names are compared by.
    pub lower: String,
    pub kind: VariableKind,
    pub scope: Scope,
    pub meaning: Meaning,
    /// Flags of the reference, section 2: R, W, D.
    pub read_only: bool,
    pub write_only: bool,
    pub on_demand: bool,
    /// What a domain administrator may do by default: `r`, `w`, or nothing.
    pub domain_right: &'static str,
    pub group: &'static str,
    pub enum_text: String,
    /// The numbers of the enumeration; empty where none are known.
    pub enum_numbers: Vec<i64>,
    pub default: String,
}

impl Variable {
    /// Whether this text is a value of the variable's type. Enumerations whose numbers are not known take any
    /// number.
    pub(super) fn accepts(&self, value: &str) -> bool {
        match self.kind {
            VariableKind::Bool => value == "0" || value == "1",
            VariableKind::Int => value.parse::<i64>().is_ok(),
            VariableKind::Enum => {
                let number = value.parse::<i64>();
                number.is_ok_and(|n| self.enum_numbers.is_empty() || self.enum_numbers.contains(&n))
            }
            VariableKind::Text | VariableKind::LongText | VariableKind::Schedule => true,
        }
    }
}

/// Names whose flags in the list contradict their comment; they are read only in truth (reference 11).
const READ_ONLY_IN_TRUTH: [&str; 7] = [
    "c_licensestatus",
    "c_license_expired_for_upgrade",
    "u_groups",
    "u_groupslist",
    "u_syncmlsupport",
    "u_syncmleditable",
    "d_syncmlsupport",
];

#[derive(Debug)]
pub(super) struct Variables {
    all: Vec<Variable>,
    by_name: HashMap<String, u16>,
}

static VARIABLES: LazyLock<Variables> = LazyLock::new(|| Variables::parse(include_str!("variables.csv")));

/// The variable of this name, whatever its case (reference 2).
pub(super) fn find(name: &str) -> Option<&'static Variable> {
    let table = &*VARIABLES;
    let index = table.by_name.get(name).or_else(|| table.by_name.get(&name.to_ascii_lowercase()))?;
    table.all.get(usize::from(*index))
}

/// The variable of a number, as this process gives them.
pub(super) fn at(index: u16) -> Option<&'static Variable> {
    VARIABLES.all.get(usize::from(index))
}

/// All variables of a scope, by lower-case name.
pub(super) fn of_scope(scope: Scope) -> impl Iterator<Item = &'static Variable> {
    VARIABLES.all.iter().filter(move |variable| variable.scope == scope)
}

impl Variables {
    fn parse(csv: &'static str) -> Variables {
        let mut all: Vec<Variable> = csv.lines().skip(1).filter_map(parse_row).collect();
        all.sort_by(|a, b| a.lower.cmp(&b.lower));
        let mut by_name = HashMap::with_capacity(all.len());
        for (index, variable) in (0u16..).zip(all.iter_mut()) {
            variable.index = index;
            by_name.insert(variable.lower.clone(), index);
        }
        Variables { all, by_name }
    }
}

/// One row: `name,id,type,flags,domain_admin_right,enum_values,group,default,source`.
fn parse_row(line: &'static str) -> Option<Variable> {
    let cells = split_cells(line);
    let &[name, _id, kind, flags, domain_right, enum_text, group, default, _source] = cells.as_slice() else {
        return None;
    };
    let lower = name.to_ascii_lowercase();
    let scope = scope_of(&lower);
    let read_only =
        flags.contains('R') || scope == Scope::Statistics || READ_ONLY_IN_TRUTH.contains(&lower.as_str());
    Some(Variable {
        index: 0,
        kind: kind_of(kind),
        scope,
        meaning: meaning_of(&lower),
        read_only,
        write_only: flags.contains('W')
            || lower.ends_with("_refreshnow")
            || lower == "c_refreshextralicenses",
        on_demand: flags.contains('D'),
        domain_right,
        group,
        enum_text: enum_text.to_owned(),
        enum_numbers: enum_text.split(',').filter_map(leading_number).collect(),
        default: default.to_owned(),
        lower,
    })
}

/// Cells are quoted only where they hold a comma; no cell of the list holds a quote.
fn split_cells(line: &'static str) -> Vec<&'static str> {
    let mut cells = Vec::with_capacity(9);
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (cell, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            cells.push(cell);
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None => return cells,
            }
            continue;
        }
        match rest.split_once(',') {
            Some((cell, next)) => {
                cells.push(cell);
                rest = next;
            }
            None => {
                cells.push(rest);
                return cells;
            }
        }
    }
}

fn leading_number(label: &str) -> Option<i64> {
    let label = label.trim_start();
    let end = label.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(label.len());
    label[..end].parse().ok()
}

fn kind_of(kind: &str) -> VariableKind {
    match kind {
        "bool" => VariableKind::Bool,
        "int" => VariableKind::Int,
        "enum" => VariableKind::Enum,
        "longstring" => VariableKind::LongText,
        "schedule" => VariableKind::Schedule,
        _ => VariableKind::Text,
    }
}

/// Prefixes of the reference, 2 and 3. `S_` is the resource's own and a schedule's; only the former carry the
/// account types' pattern, so both are kept with the account's: a schedule is never asked by name.
fn scope_of(lower: &str) -> Scope {
    match lower.split_once('_').map_or("", |(prefix, _)| prefix) {
        "c" | "global" => Scope::Server,
        "d" => Scope::Domain,
        "u" | "a" | "g" | "m" | "l" | "r" | "n" | "t" | "s" => Scope::Account,
        "st" | "statistics" => Scope::Statistics,
        _ => Scope::Part,
    }
}

fn meaning_of(lower: &str) -> Meaning {
    for (index, service) in (0u8..).zip(SERVICES.iter()) {
        let meanings = [
            (service.switch, Meaning::Switch(index)),
            (service.support, Meaning::Support(index)),
            (service.editable, Meaning::Editable(index)),
            (service.domain_switch, Meaning::DomainSwitch(index)),
            (service.domain_support, Meaning::DomainSupport(index)),
            (service.mode, Meaning::Mode),
        ];
        if let Some((_, meaning)) = meanings.into_iter().find(|(name, _)| *name == lower) {
            return meaning;
        }
    }
    Meaning::Plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_a_service_is_in_the_list_and_knows_its_service() {
        for (index, service) in (0u8..).zip(SERVICES.iter()) {
            let rows = [
                (service.switch, Meaning::Switch(index)),
                (service.support, Meaning::Support(index)),
                (service.editable, Meaning::Editable(index)),
                (service.domain_switch, Meaning::DomainSwitch(index)),
                (service.domain_support, Meaning::DomainSupport(index)),
                (service.mode, Meaning::Mode),
            ];
            for (name, meaning) in rows.into_iter().filter(|(name, _)| !name.is_empty()) {
                let variable = find(name);
                assert_eq!(variable.map(|variable| variable.meaning), Some(meaning), "{name}");
                let read_only =
                    matches!(meaning, Meaning::Support(_) | Meaning::Editable(_) | Meaning::DomainSupport(_));
                assert_eq!(variable.map(|variable| variable.read_only), Some(read_only), "{name}");
            }
        }
    }

    #[test]
    fn the_whole_list_is_read_and_every_default_is_a_value() {
        assert_eq!(VARIABLES.all.len(), include_str!("variables.csv").lines().count() - 1);
        assert_eq!(VARIABLES.by_name.len(), VARIABLES.all.len());
        for variable in &VARIABLES.all {
            assert!(variable.accepts(&variable.default), "{} = {:?}", variable.lower, variable.default);
        }
    }

    #[test]
    fn a_name_is_found_in_any_case_and_a_wrong_one_is_not() {
        assert!(
            find("U_ActiveSync").is_some()
                && find("u_activesync").is_some()
                && find("U_ACTIVESYNC").is_some()
        );
        for wrong in ["", "U_ActiveSync ", "U_ASActive", "C_ReferenceKey", "u_äctivesync"] {
            assert!(find(wrong).is_none(), "{wrong}");
        }
    }
}
