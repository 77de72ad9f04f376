//! What nobody knows of the real server, as switches: one for each row of the uncertainties that has several
//! positions and bears on what is simulated. The first position is what a server does that is told nothing.
//!
//! A position acts where its row is named in the code of this room; this file only says which positions there
//! are.

use std::fmt;

use super::services::SERVICES;
use super::variables::{Meaning, Variable};

/// One row of the table.
#[derive(Debug)]
pub struct SwitchRow {
    /// `U-15`.
    pub id: &'static str,
    /// What is not known.
    pub asks: &'static str,
    /// The first is the default.
    pub positions: &'static [SwitchPosition],
    set: fn(&mut Switches, usize),
    at: fn(&Switches) -> usize,
}

/// One position of a switch.
#[derive(Debug)]
pub struct SwitchPosition {
    /// How it is written: `two-reads`.
    pub name: &'static str,
    /// What the server then does.
    pub meaning: &'static str,
}

/// A position of a row, chosen by name. Made by [`Setting::parse`] only, so it always exists.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    row: &'static SwitchRow,
    index: usize,
}

/// Why a text is no setting; its display says what there is instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    #[error("`{0}` is not of the form U-n=POSITION, such as U-15=two-reads")]
    Form(String),
    #[error("there is no switch `{0}`; there are {ids}", ids = ids())]
    Row(String),
    #[error("{0} is no switch: {1}")]
    NotOffered(&'static str, &'static str),
    #[error("{row} has no position `{name}`; it has {positions}", positions = names(row))]
    Position { row: &'static str, name: String },
}

fn ids() -> String {
    SWITCHES.iter().map(|row| row.id).collect::<Vec<_>>().join(", ")
}

fn names(id: &str) -> String {
    let row = SWITCHES.iter().find(|row| row.id == id);
    let names = row.into_iter().flat_map(|row| row.positions).map(|position| position.name);
    names.collect::<Vec<_>>().join(", ")
}

impl Setting {
    /// Reads `U-n=position`, whatever its case.
    ///
    /// # Errors
    /// The text has another form, or there is no such row or position.
    pub fn parse(text: &str) -> Result<Setting, SwitchError> {
        let (id, name) = text.split_once('=').ok_or_else(|| SwitchError::Form(text.to_owned()))?;
        let (id, name) = (id.trim(), name.trim());
        let row = SWITCHES.iter().find(|row| row.id.eq_ignore_ascii_case(id));
        let Some(row) = row else {
            let known = NOT_OFFERED.iter().find(|(known, _)| known.eq_ignore_ascii_case(id));
            return Err(known.map_or_else(
                || SwitchError::Row(id.to_owned()),
                |(known, why)| SwitchError::NotOffered(known, why),
            ));
        };
        let index = row.positions.iter().position(|position| position.name.eq_ignore_ascii_case(name));
        match index {
            Some(index) => Ok(Setting { row, index }),
            None => Err(SwitchError::Position { row: row.id, name: name.to_owned() }),
        }
    }

    /// Every position of every row, in the order of the table.
    pub fn all() -> impl Iterator<Item = Setting> {
        SWITCHES.iter().flat_map(|row| (0..row.positions.len()).map(move |index| Setting { row, index }))
    }

    /// The row's id, `U-15`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.row.id
    }

    /// Whether this is what a server does anyway.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.index == 0
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.row.id, self.row.positions[self.index].name)
    }
}

/// Services that older releases do not have: those that came with 14.3, and those that came after 11. What else
/// they lack is not known (U-19).
const SINCE_14: [&str; 5] = ["aiagent", "booking", "conferencefollowup", "conferencewebinar", "extproviders"];
const SINCE_12: [&str; 3] = ["teamchat", "webdocuments", "recording"];

impl Switches {
    /// Puts one switch in a position.
    pub(super) fn put(&mut self, setting: Setting) {
        (setting.row.set)(self, setting.index);
    }

    /// The rows that are not in their first position, with the position they are in.
    pub(super) fn moved(self) -> impl Iterator<Item = Setting> {
        let setting = move |row: &'static SwitchRow| Setting { row, index: (row.at)(&self) };
        SWITCHES.iter().map(setting).filter(|setting| !setting.is_default())
    }

    /// Whether the release has this variable (U-19).
    pub(super) fn offers(&self, variable: &Variable) -> bool {
        let service = match variable.meaning {
            Meaning::Switch(index)
            | Meaning::Support(index)
            | Meaning::Editable(index)
            | Meaning::DomainSwitch(index)
            | Meaning::DomainSupport(index) => SERVICES.get(usize::from(index)).map_or("", |row| row.name),
            Meaning::Plain | Meaning::Mode => "",
        };
        match self.release {
            Release::V14 => true,
            Release::V13 => !SINCE_14.contains(&service),
            Release::V11 => {
                let since = SINCE_14.contains(&service) || SINCE_12.contains(&service);
                !since && variable.lower != "u_isguestaccount"
            }
        }
    }
}

/// Rows of the paper that are no switch here, and why.
pub const NOT_OFFERED: [(&str, &str); 14] = [
    ("U-3", "writing a licence is not simulated"),
    ("U-4", "the paper knows one position: the inferred order of the numbers"),
    ("U-10", "the mask is not used"),
    ("U-13", "the paper knows one position: boxes locked, every account counts"),
    ("U-14", "the paper knows one position: such a variable is absent"),
    ("U-21", "the trial has no clock here"),
    ("U-22", "Emergency Mode is not simulated"),
    ("U-23", "Emergency Mode is not simulated"),
    ("U-24", "re-validation is not simulated"),
    ("U-25", "a reference mismatch locks nothing here"),
    ("U-27", "the first access of a user is not simulated"),
    ("U-28", "activation is not simulated"),
    ("U-29", "the server's own report is not simulated"),
    ("U-40", "activation is not simulated"),
];

macro_rules! switches {
    ($($field:ident: $kind:ident = $id:literal, $asks:literal {
        $first:ident $first_name:literal $first_meaning:literal
        $(, $rest:ident $rest_name:literal $rest_meaning:literal)+ $(,)?
    })+) => {
        $(
            #[doc = $asks]
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub(super) enum $kind {
                #[doc = $first_meaning]
                #[default]
                $first,
                $(
                    #[doc = $rest_meaning]
                    $rest,
                )+
            }
        )+

        /// The position of every switch.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(super) struct Switches {
            $(pub $field: $kind,)+
        }

        /// All switches, by their number.
        pub static SWITCHES: &[SwitchRow] = &[$(
            SwitchRow {
                id: $id,
                asks: $asks,
                positions: &[
                    SwitchPosition { name: $first_name, meaning: $first_meaning },
                    $(SwitchPosition { name: $rest_name, meaning: $rest_meaning },)+
                ],
                set: |switches, index| {
                    let all = [$kind::$first, $($kind::$rest),+];
                    switches.$field = all.get(index).copied().unwrap_or_default();
                },
                at: |switches| switches.$field as usize,
            },
        )+];
    };
}

switches! {
    licence_text: LicenceText = "U-1", "Does the interface give the licence's texts to an administrator?" {
        Given "given" "both texts are given",
        NoValue "no-value" "both read as no value"
    }
    exclude_licence: ExcludeLicence = "U-2", "What does C_System_Tools_ExcludeLicense 1 mean?" {
        Included "manual" "the licence is in the backup; `licenceInBackup` of the state report says so",
        Excluded "variable-list" "the licence is left out of the backup"
    }
    who_counts: WhoCounts = "U-5", "Do disabled and guest accounts take seats?" {
        Everyone "all" "every user account counts",
        NoDisabled "no-disabled" "disabled accounts do not count",
        NoGuests "no-guests" "guest accounts do not count"
    }
    not_editable: NotEditable = "U-6", "What becomes of a write to a switch whose Editable is 0?" {
        Refused "refused" "answered 0, nothing stored",
        Ignored "ignored" "answered 1, nothing stored",
        Stored "stored" "answered 1 and stored, without effect until the choice is free"
    }
    bad_item: BadItem = "U-7", "What becomes of a written list that has one bad item?" {
        AllOrNothing "all-or-nothing" "answered 0, nothing is written",
        UpToBad "up-to-bad" "answered 0, what stands before the bad item is written",
        WithoutBad "without-bad" "answered 0, all but the bad item is written"
    }
    page: PageCap = "U-8", "How many rows does a page have at most?" {
        AsAsked "as-asked" "as many as were asked for; 0 is all",
        Hundred "capped-100" "100, also where 0 or more were asked for",
        Three "capped-3" "3, also where 0 or more were asked for"
    }
    order: ListOrder = "U-9", "Do lists hold still while they are paged?" {
        Stable "stable" "sorted by name, the same on every page",
        Shuffled "shuffled" "in another order at every call",
        Added "rows-added" "from the second page on there is one row more in front",
        Removed "rows-removed" "from the second page on the first row is gone"
    }
    schedule: ScheduleText = "U-11", "How does a Schedule variable read?" {
        Opaque "opaque" "as the text that was stored",
        NoValue "no-value" "as no value"
    }
    password: PasswordText = "U-12", "How does a password variable read?" {
        Clear "clear" "in clear",
        Masked "masked" "as eight asterisks where there is one",
        NoValue "no-value" "as no value"
    }
    lag: Lag = "U-15", "When does a write show?" {
        None "none" "at once",
        TwoReads "two-reads" "two reads of what was written still show the value before, in lists too",
        TwentyReads "twenty-reads" "twenty reads of it still show the value before"
    }
    session: SessionLife = "U-16", "How long does a session live, and how long does a refused login wait?" {
        Endless "endless" "sessions stay; a refusal comes at once",
        TwentyCalls "twenty-calls" "a session is lost after 20 calls",
        Tarpit "tarpit" "a refused login is answered after 24 s, each further one 3 s later"
    }
    second_writer: SecondWriter = "U-17", "Does a second administrator write at the same time?" {
        Absent "alone" "no",
        BeforeReads "before-reads" "three times, before every 13th read of an account's properties, he flips the first \
            switch that is read; he never takes a seat that is not free",
        BeforeWrites "before-writes" "three times, before every second write of an account, he writes the same first"
    }
    product_names: ProductNames = "U-18", "How are modules named in the licence's text?" {
        Upper "upper-case" "as in releases 10 and 11",
        Lower "lower-case" "likewise, all elements in lower case",
        Unknown "unknown-names" "in lower case, and products have names that nobody has listed"
    }
    release: Release = "U-19", "Which variables does the release have?" {
        V14 "14.3" "all of the list",
        V13 "13.0" "without AI agents, booking, conference follow-up and webinar, external providers (synthetic)",
        V11 "11.x" "also without TeamChat, WebDocuments, recording and guest accounts; lists of accounts are shorter \
            (synthetic)"
    }
    seat_basis: SeatBasis = "U-20", "What is a used seat?" {
        Policy "policy" "an account whose switch is on",
        Connected "connected" "an account that has connected, whatever its switch says now",
        Both "both" "an account whose switch is on and that has connected"
    }
    dormant: DomainOn = "U-26", "Does a domain's switch bring flags to life that its accounts have already?" {
        AtOnce "at-once" "they are effective at once",
        Dormant "not" "each is without effect until it is written again"
    }
    no_seat: NoSeat = "U-30", "What is answered when a switch is written on and no seat is free?" {
        Trial "trial" "1: it is on, on trial",
        Zero "zero" "0, nothing is written",
        Error "error" "account_disabled_13, nothing is written"
    }
    authtype: AuthType = "U-31", "How is `authtype` written?" {
        Both "both" "as 0 and 1, or as the words `plain` and `rsa`",
        Numbers "numbers" "as 0 and 1 only"
    }
    support: SupportSense = "U-32", "What does an account's Support variable say?" {
        Effective "effective" "the service is effectively on",
        Available "available" "the account may have it, whatever its switch says"
    }
    unknown: UnknownName = "U-33", "What is answered for a property that does not exist?" {
        NoValue "no-value" "no value",
        LeftOut "left-out" "nothing: the answer has an item less",
        Error "error" "the whole answer is the error id property_invalid (synthetic)"
    }
    alias_list: AliasList = "U-34", "What does the list of accounts of an alias domain hold?" {
        Empty "empty" "nothing",
        Targets "targets" "the accounts of the domain it stands for"
    }
    mode_values: ModeValues = "U-35", "What do switch, Editable and Support read under the modes all, group and domains?" {
        Stored "stored" "the switch as stored, Editable 0",
        One "one" "all three read 1"
    }
    seat_follows: SeatFollows = "U-36", "Does a seat follow the stored or the effective switch?" {
        Stored "stored" "the stored one",
        Effective "effective" "the effective one"
    }
    antispam_seats: AntispamSeats = "U-37", "How many seats take antispam and quarantine of one account?" {
        One "one" "one",
        Two "two" "two"
    }
    error_order: ErrorOrder = "U-38", "Which error comes first, and which word says that a session is lost?" {
        CommandFirst "command-first" "namespace, command, session; session_invalid",
        SessionFirst "session-first" "session, namespace, command; session_invalid",
        Expired "session-expired" "namespace, command, session; session_expired",
        Mismatch "session-mismatch" "namespace, command, session; session_mismatch"
    }
    no_rights: NoRights = "U-39", "What does a caller get who may not read?" {
        NoValue "no-value" "properties without a value, lists without rows",
        Error "error" "account_permission",
        Empty "empty" "an empty answer"
    }
    nested: Nested = "U-41", "Does the server expand groups in groups?" {
        AsStored "as-stored" "no: a group is a member like another",
        Expanded "expanded" "yes: its accounts are listed in its place, cycles cut"
    }
    internal_guests: InternalGuests = "U-43", "Do guests, accounts of the internal domain, take seats?" {
        Counted "counted" "by their switches, like others",
        NotCounted "not-counted" "no, nor are they counted as users"
    }
    domain_form: DomainForm = "U-44", "In which form are international domains on the wire?" {
        Ascii "ascii" "in ASCII (`xn--`); no other is known",
        Unicode "unicode" "in Unicode; no other is known"
    }
    alias_names: AliasNames = "U-45", "Is an alias, or an address in an alias domain, taken for its account?" {
        Shown "not" "it is shown as it was given, and no account is found by it",
        Resolved "resolved" "an account is found by it; in groups it is shown as the account"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::sandbox::World;

    #[test]
    fn every_position_is_found_by_what_it_is_called_and_is_then_the_one_it_is_in() {
        for setting in Setting::all() {
            let again = Setting::parse(&setting.to_string().to_uppercase()).expect("it was printed");
            let mut world = World::bare();
            world.set_switch(again);
            let moved: Vec<String> = world.switches.moved().map(|moved| moved.to_string()).collect();
            let expected = if setting.is_default() { vec![] } else { vec![setting.to_string()] };
            assert_eq!(moved, expected);
        }
    }

    #[test]
    fn names_are_short_and_no_row_or_position_is_there_twice() {
        let mut all: Vec<String> = Setting::all().map(|setting| setting.to_string()).collect();
        let rows = SWITCHES.iter().map(|row| row.id).chain(NOT_OFFERED.iter().map(|(id, _)| *id));
        all.extend(rows.map(str::to_owned));
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        for name in SWITCHES.iter().flat_map(|row| row.positions).map(|position| position.name) {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
            assert!(name.len() < 18 && name.chars().all(plain), "{name}");
        }
    }

    #[test]
    fn what_is_no_setting_is_told_with_what_there_is() {
        for (text, told) in [
            ("U-15", "is not of the form"),
            ("U-99=on", "there are U-1, U-2, U-5"),
            ("U-15=later", "it has none, two-reads, twenty-reads"),
            ("U-4=other", "U-4 is no switch: the paper knows one position"),
            ("", "is not of the form"),
            ("=none", "there is no switch ``"),
        ] {
            let error = Setting::parse(text).expect_err(text);
            assert!(error.to_string().contains(told), "{text}: {error}");
        }
    }
}
