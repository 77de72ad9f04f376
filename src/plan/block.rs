//! Differences that must not be acted on, each with its reason and the next act.

use crate::diff::{Direction, SwitchChange};
use crate::model::observed::ServiceBits;
use crate::model::{
    AccessMode, Allowed, Module, ModuleIndex, Observed, Reading, Remedy, RuleIndex, Service, ServiceSet,
};

/// A difference that the plan leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    pub change: SwitchChange,
    pub rule: RuleIndex,
    pub reason: BlockReason,
}

/// Why a difference is left. The seats come last: they are asked only of what could be done otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockReason {
    /// A list was not read to its end, so nothing is disabled because of it (U-9).
    ListIncomplete,
    /// The access mode does not heed the account's own switch (U-13, U-35).
    Mode(AccessMode),
    /// The service is off for the whole domain (U-26).
    DomainOff,
    /// `U_xEditable` is 0: a higher level does not let this account choose (U-6).
    NotEditable,
    /// Whether the account may choose was not read (reference 2.2).
    EditableUnread,
    /// How many seats the module has is not known (U-1).
    SeatsUnknown { module: ModuleIndex },
    /// The licence was read and names no such module: another name may cover the service (U-18).
    NotInLicence { module: ModuleIndex },
    /// No seat is left for it.
    NoSeat { module: ModuleIndex },
    /// Only seats that are to be kept free are left.
    KeepFree { module: ModuleIndex },
}

impl BlockReason {
    /// A stable name for machines.
    pub const fn code(self) -> &'static str {
        match self {
            BlockReason::ListIncomplete => "list-incomplete",
            BlockReason::Mode(_) => "access-mode",
            BlockReason::DomainOff => "domain-switch",
            BlockReason::NotEditable => "not-editable",
            BlockReason::EditableUnread => "editable-unread",
            BlockReason::SeatsUnknown { .. } => "seats-unknown",
            BlockReason::NotInLicence { .. } => "not-in-licence",
            BlockReason::NoSeat { .. } => "no-seat",
            BlockReason::KeepFree { .. } => "keep-free",
        }
    }

    /// Whether seats alone stand in the way.
    pub const fn is_seats(self) -> bool {
        matches!(
            self,
            BlockReason::SeatsUnknown { .. }
                | BlockReason::NotInLicence { .. }
                | BlockReason::NoSeat { .. }
                | BlockReason::KeepFree { .. }
        )
    }

    /// The module whose seats stand in the way, by index.
    pub const fn module(self) -> Option<ModuleIndex> {
        match self {
            BlockReason::SeatsUnknown { module }
            | BlockReason::NotInLicence { module }
            | BlockReason::NoSeat { module }
            | BlockReason::KeepFree { module } => Some(module),
            BlockReason::ListIncomplete
            | BlockReason::Mode(_)
            | BlockReason::DomainOff
            | BlockReason::NotEditable
            | BlockReason::EditableUnread => None,
        }
    }
}

/// Why a change must not be planned, seats apart; `None` where nothing stands in its way.
pub fn reason(change: SwitchChange, observed: &Observed, domain: &str) -> Option<BlockReason> {
    let service = ServiceSet::single(change.service);
    let bits: ServiceBits = observed.columns.bits[change.row.index()];
    // U-35, reference 2.3: under such a mode no write to the switch has an effect, whatever else is read of it.
    if let Some(Reading::Read(mode)) = observed.modes.get(&change.service)
        && !mode.heeds_accounts()
    {
        return Some(BlockReason::Mode(*mode));
    }
    // U-9: whoever is missing from a list may be missing from the group that keeps the service too.
    if change.direction == Direction::Release && !observed.directory.incomplete.is_empty() {
        return Some(BlockReason::ListIncomplete);
    }
    // U-26: the switch of the domain comes before that of the account, and it is only read. A release needs no grant.
    if change.direction == Direction::Claim
        && let Some(switches) = observed.domain_switches.get(domain)
        && switches.known.contains(change.service)
        && !switches.on.contains(change.service)
    {
        return Some(BlockReason::DomainOff);
    }
    // U-6, reference 2.2: what becomes of a write to a locked switch is not known, so only one that was read to be
    // free is written.
    if bits.editable_known.intersection(service).is_empty() {
        return Some(BlockReason::EditableUnread);
    }
    bits.editable.intersection(service).is_empty().then_some(BlockReason::NotEditable)
}

/// What a blocked change has to do with, by name.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The account's domain.
    pub domain: &'a str,
    /// The module whose seats are missing; `None` for other reasons.
    pub module: Option<&'a Module>,
    /// As the table of seats has it.
    pub title: &'a str,
    /// The service of that module whose access mode makes every account count, if there is one.
    pub unheeded: Option<(Service, AccessMode)>,
}

/// The next act for a blocked change. `short` is how many seats the module lacks for all that is wished of it.
pub fn remedy(reason: BlockReason, service: Service, names: Names<'_>, short: u64) -> Remedy {
    let Names { domain, module, title, unheeded } = names;
    match reason {
        BlockReason::ListIncomplete => Remedy::Rerun("`icewarden plan`, when nobody changes accounts".into()),
        BlockReason::Mode(mode) => mode_remedy(service, mode),
        BlockReason::DomainOff => {
            Remedy::OnServer(format!("switch {service} on for the domain {domain} first"))
        }
        BlockReason::NotEditable => Remedy::OnServer(format!(
            "let accounts choose {service}: its access mode or the domain's own switch forbids it"
        )),
        BlockReason::EditableUnread => Remedy::Check(format!(
            "whether the account we log in with may read the accounts' {service} settings"
        )),
        BlockReason::SeatsUnknown { .. } => Remedy::EditSpec(format!(
            "say in the License document how many seats there are: expect.{}.seats",
            module.map_or("MODULE", Module::as_str)
        )),
        BlockReason::NotInLicence { .. } => Remedy::EditSpec(format!(
            "if another module of the licence covers {service}, name it in the License document: moduleOf: \
             {{{service}: MODULE}}"
        )),
        // U-13: more seats would be bought for accounts that may not need any.
        BlockReason::NoSeat { .. } if let Some((service, mode)) = unheeded => mode_remedy(service, mode),
        BlockReason::NoSeat { .. } => Remedy::Seats { module: title.to_owned(), more: short },
        BlockReason::KeepFree { .. } => match module {
            Some(module) => Remedy::Allow(Allowed::KeepFree(module.clone())),
            None => {
                Remedy::Check("how many seats are to be kept free: License, expect.MODULE.keepFree".into())
            }
        },
    }
}

/// What to do first about a mode that does not heed the accounts' own switches (reference 2.3, the seat trap).
pub fn mode_remedy(service: Service, mode: AccessMode) -> Remedy {
    Remedy::OnServer(match mode {
        AccessMode::All => format!(
            "set the access mode of {service} to `selected accounts` first; that leaves the service on for \
             everybody, and then a plan can switch it off where it is not wanted"
        ),
        AccessMode::Group => format!(
            "the members of the service's policy group have {service}: change that group, or the access mode; \
             look first at whom another mode would switch it on for"
        ),
        AccessMode::SelectedDomains => format!(
            "the selected domains have {service}: change which they are, or the access mode; look first at whom \
             another mode would switch it on for"
        ),
        AccessMode::AllExceptSelected | AccessMode::SelectedAccounts | AccessMode::Other(_) => {
            format!("look at the access mode of {service}; what it means is not known here")
        }
    })
}

/// The service among these whose access mode makes every account count, and that mode: what is counted of their module
/// is then no number of users (U-13, U-35).
pub fn unheeded_among(services: ServiceSet, observed: &Observed) -> Option<(Service, AccessMode)> {
    let read = |service: Service| match observed.modes.get(&service) {
        Some(Reading::Read(mode)) if !mode.heeds_accounts() => Some((service, *mode)),
        _ => None,
    };
    services.iter().find_map(read)
}

/// That every account counts because of a mode. Under `all accounts` that is so; under others it is not known who has
/// the service, and so each is counted.
pub fn unheeded_words((service, mode): (Service, AccessMode)) -> String {
    let counts = if mode == AccessMode::All { "counts" } else { "is counted" };
    format!("every account {counts}, because the access mode of {service} is {}", mode_words(mode))
}

/// An access mode in the console's sense.
pub fn mode_words(mode: AccessMode) -> String {
    match mode {
        AccessMode::All => "`all accounts`".into(),
        AccessMode::AllExceptSelected => "`all except selected`".into(),
        AccessMode::Group => "`group`".into(),
        AccessMode::SelectedDomains => "`selected domains`".into(),
        AccessMode::SelectedAccounts => "`selected accounts`".into(),
        AccessMode::Other(number) => format!("an unlisted mode, {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observed::DomainSwitches;
    use crate::model::{Seats, Tri};
    use crate::plan::tests::{planned, told};
    use crate::policy::tests::{World, unread};

    /// What one switch of one account's plan is: a step, or why it is blocked.
    fn check(account: &str, change: fn(&mut Observed), expected: &[&str]) {
        let mut world = World::of("instantmessaging=9", &[account]);
        change(&mut world.observed);
        assert_eq!(told(&planned(&world)), expected, "{account}");
    }

    fn mode(observed: &mut Observed, mode: AccessMode) {
        observed.modes.insert(Service::Im, Reading::Read(mode));
    }

    /// What is read of the domain's own switch: `on`, `off` or `unread`.
    fn domain(observed: &mut Observed, read: &str) {
        let set = |is: bool| if is { ServiceSet::single(Service::Im) } else { ServiceSet::EMPTY };
        let switches = DomainSwitches { known: set(read != "unread"), on: set(read == "on") };
        observed.domain_switches.insert("example.com".into(), switches);
    }

    /// An account, what else is read, and what comes of it.
    type Case = (&'static str, fn(&mut Observed), &'static [&'static str]);

    #[test]
    fn each_obstacle_blocks_claims_and_releases_as_far_as_it_stands_in_their_way() {
        use AccessMode::{All, AllExceptSelected, Group, Other, SelectedAccounts, SelectedDomains};
        const CLAIM: &str = "a im:off->on";
        const RELEASE: &str = "a im:on->off";
        let cases: &[Case] = &[
            (CLAIM, |_| {}, &["claim a im 1"]),
            (RELEASE, |_| {}, &["release a im -1"]),
            ("a im:off->on!", |_| {}, &["not-editable a im"]),
            ("a im:on->off!", |_| {}, &["not-editable a im"]),
            ("a im:off->on?", |_| {}, &["editable-unread a im"]),
            ("a im:on->off?", |_| {}, &["editable-unread a im"]),
            ("a im:unread->on", |_| {}, &[]),
            ("a im:unread->off", |_| {}, &[]),
            // A list that is not whole: nothing is switched off, and no seat is taken (U-9).
            (CLAIM, |o| o.directory.incomplete.push("cut".into()), &["list-incomplete a im"]),
            (RELEASE, |o| o.directory.incomplete.push("cut".into()), &["list-incomplete a im"]),
            // Under `all` everybody has it anyway: nothing differs for a claim.
            (CLAIM, |o| mode(o, All), &[]),
            (RELEASE, |o| mode(o, All), &["access-mode a im"]),
            (CLAIM, |o| mode(o, Group), &["access-mode a im"]),
            (RELEASE, |o| mode(o, Group), &["access-mode a im"]),
            (CLAIM, |o| mode(o, SelectedDomains), &["access-mode a im"]),
            (RELEASE, |o| mode(o, SelectedDomains), &["access-mode a im"]),
            (CLAIM, |o| mode(o, Other(2)), &["access-mode a im"]),
            (RELEASE, |o| mode(o, Other(2)), &["access-mode a im"]),
            (CLAIM, |o| mode(o, SelectedAccounts), &["claim a im 1"]),
            (RELEASE, |o| mode(o, AllExceptSelected), &["release a im -1"]),
            (CLAIM, |o| drop(o.modes.insert(Service::Im, unread())), &["claim a im 1"]),
            (RELEASE, |o| drop(o.modes.insert(Service::Im, unread())), &["release a im -1"]),
            // What reads as declared there is no more known to be so: stored, a plain 1, or not read at all (U-35).
            ("a im:off->off", |o| mode(o, All), &["access-mode a im"]),
            ("a im:unread->off", |o| mode(o, All), &["access-mode a im"]),
            ("a im:on->on", |o| mode(o, All), &[]),
            ("a im:off->off", |o| mode(o, Group), &["access-mode a im"]),
            ("a im:on->on", |o| mode(o, Group), &["access-mode a im"]),
            ("a im:off->off", |o| mode(o, SelectedDomains), &["access-mode a im"]),
            ("a im:on->on", |o| mode(o, Other(2)), &["access-mode a im"]),
            ("a im:off->off", |o| mode(o, SelectedAccounts), &[]),
            ("a im:on->on", |o| mode(o, AllExceptSelected), &[]),
            // Without a mode to read, `Editable` and `Support` show that a level above decides (U-14); where the
            // account may choose, its switch counts (U-32).
            ("a im:off/on->off!", |_| {}, &["not-editable a im"]),
            ("a im:on/off->on!", |_| {}, &["not-editable a im"]),
            ("a im:off/off->off!", |_| {}, &[]),
            ("a im:on/on->on!", |_| {}, &[]),
            ("a im:off/unread->off!", |_| {}, &[]),
            ("a im:off/on->off?", |_| {}, &[]),
            ("a im:off/on->off", |_| {}, &[]),
            ("a im:on/off->on", |_| {}, &[]),
            // The domain's switch forbids what it is read to be off for, and no release (U-26).
            (CLAIM, |o| domain(o, "off"), &["domain-switch a im"]),
            (RELEASE, |o| domain(o, "off"), &["release a im -1"]),
            (CLAIM, |o| domain(o, "on"), &["claim a im 1"]),
            (CLAIM, |o| domain(o, "unread"), &["claim a im 1"]),
            // Seats.
            (CLAIM, |o| o.licence.modules = unread(), &["seats-unknown a im"]),
            (RELEASE, |o| o.licence.modules = unread(), &["release a im -1"]),
            (CLAIM, |o| o.licence.modules = Reading::Read(Vec::new()), &["not-in-licence a im"]),
            (CLAIM, |o| seats(o, Seats::Unknown), &["seats-unknown a im"]),
            (CLAIM, |o| seats(o, Seats::Limited(0)), &["no-seat a im"]),
            // An account that only speaks POP3 may have IM.
            (CLAIM, |o| o.columns.facts[0].pop3_only = Tri::Yes, &["claim a im 1"]),
        ];
        for (account, change, expected) in cases {
            check(account, *change, expected);
        }
    }

    fn seats(observed: &mut Observed, seats: Seats) {
        if let Reading::Read(offers) = &mut observed.licence.modules {
            offers[0].seats = seats;
        }
    }

    #[test]
    fn only_reasons_of_seats_name_a_module() {
        use BlockReason::{
            DomainOff, EditableUnread, KeepFree, ListIncomplete, Mode, NoSeat, NotEditable, NotInLicence,
            SeatsUnknown,
        };
        for (reason, seats) in [
            (ListIncomplete, false),
            (Mode(AccessMode::All), false),
            (DomainOff, false),
            (NotEditable, false),
            (EditableUnread, false),
            (SeatsUnknown { module: ModuleIndex::FIRST }, true),
            (NotInLicence { module: ModuleIndex::FIRST }, true),
            (NoSeat { module: ModuleIndex::FIRST }, true),
            (KeepFree { module: ModuleIndex::FIRST }, true),
        ] {
            assert_eq!(reason.is_seats(), seats, "{reason:?}");
            assert_eq!(reason.module(), seats.then_some(ModuleIndex::FIRST), "{reason:?}");
        }
    }
}
