//! Goes through the worlds, and through every course a run of each can take.

use icewarden::diff::{Direction, Narrowing, SecretsMet};
use icewarden::edge::sandbox::World as Sandbox;
use icewarden::flow::{Next, Outcome, Run};
use icewarden::model::Directory;
use icewarden::plan::{BlockReason, Inputs, Plan, Step, SwitchStep, build};
use icewarden::policy::Memory;
use icewarden::spec::meaning::ServerSpec;
use jiff::civil::date;

use super::brute::claims_most;
use super::world::{Account, Layout, Odd, Want, directory, observe, sandbox, set_up, spec, variable};

/// Which courses are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishaps {
    /// Every step with every outcome.
    AllCombined,
    /// Every course with at most one step that is not simply applied, with every outcome that a driver knows.
    OneOfAnyKind,
    /// Every course with at most two such steps, and with every outcome that a driver knows.
    TwoOfAnyKind,
}

impl Mishaps {
    fn outcomes(self) -> &'static [Course] {
        match self {
            Mishaps::AllCombined => &Course::ALL[..4],
            Mishaps::OneOfAnyKind | Mishaps::TwoOfAnyKind => &Course::ALL,
        }
    }

    fn most(self) -> usize {
        match self {
            Mishaps::AllCombined => usize::MAX,
            Mishaps::OneOfAnyKind => 1,
            Mishaps::TwoOfAnyKind => 2,
        }
    }
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Tallied {
    pub worlds: usize,
    pub runs: usize,
    pub writes: usize,
    pub whole: usize,
    pub blocked: usize,
}

/// Seats of a module: none known, or a number. On the wire 0 would mean "unlimited", so 0 seats are tried by the
/// planner against a sandbox whose licence lacks the product, which its own count takes for 0.
pub const SEATS: [Option<u32>; 5] = [None, Some(0), Some(1), Some(2), Some(3)];

/// Plans and performs every world of up to `accounts_most` accounts.
pub fn all_worlds(layout: &Layout, accounts_most: usize, mishaps: Mishaps) -> Tallied {
    let mut tallied = Tallied::default();
    for seats in SEATS {
        worlds_with(layout, accounts_most, mishaps, seats, &mut tallied);
    }
    tallied
}

/// The worlds in which the first module has just these seats: a share of them, so that shares run side by side.
pub fn worlds_with(
    layout: &Layout,
    accounts_most: usize,
    mishaps: Mishaps,
    first: Option<u32>,
    tallied: &mut Tallied,
) {
    for count in 1..=accounts_most {
        let mut trying =
            Trying { layout, mishaps, sandbox: sandbox(count), directory: directory(count), tallied };
        for accounts in multisets(&Account::all(), count) {
            for seats in seats_of(layout.products.len()).into_iter().filter(|seats| seats[0] == first) {
                trying.world(&accounts, &seats);
            }
        }
    }
}

/// Plans and performs every world of an ordinary account and one that is odd, in either order.
pub fn odd_pairs(layout: &Layout, mishaps: Mishaps) -> Tallied {
    let ordinary: Vec<Account> = Account::all().into_iter().filter(|account| !account.disabled).collect();
    let mut pairs = Vec::new();
    for one in &ordinary {
        for other in &ordinary {
            for odd in Odd::ALL {
                let odd = Account { odd, ..*other };
                pairs.extend([vec![*one, odd], vec![odd, *one]]);
            }
        }
    }
    worlds_of(layout, mishaps, &pairs, 1)
}

/// Plans and performs every world of three accounts, each ordinary or odd, that have only the first service. Two
/// claims and a release of one module take three.
pub fn odd_triples(layout: &Layout, mishaps: Mishaps) -> Tallied {
    let odd = [Odd::Nothing, Odd::Guest, Odd::Unread(0), Odd::Otherwise(0)];
    let wanted = Want::ALL.into_iter().flat_map(|want| odd.map(|odd| (want, odd)));
    let kinds: Vec<Account> =
        wanted.map(|(want, odd)| Account { wants: [want, Want::StaysOff], disabled: false, odd }).collect();
    worlds_of(layout, mishaps, &multisets(&kinds, 3), 2)
}

/// Plans and performs these worlds with every number of seats up to `seats_most`.
fn worlds_of(layout: &Layout, mishaps: Mishaps, worlds: &[Vec<Account>], seats_most: u32) -> Tallied {
    let mut tallied = Tallied::default();
    let count = worlds.first().map_or(0, Vec::len);
    let mut trying = Trying {
        layout,
        mishaps,
        sandbox: sandbox(count),
        directory: directory(count),
        tallied: &mut tallied,
    };
    for accounts in worlds {
        for seats in seats_of(layout.products.len()) {
            if seats.iter().all(|seats| seats.is_some_and(|seats| seats <= seats_most)) {
                trying.world(accounts, &seats);
            }
        }
    }
    tallied
}

/// Every choice of `count` accounts. Accounts differ only by address, so an order of the same ones is no new world.
pub fn multisets(all: &[Account], count: usize) -> Vec<Vec<Account>> {
    let mut sets: Vec<Vec<Account>> = vec![Vec::new()];
    for _ in 0..count {
        sets = sets
            .into_iter()
            .flat_map(|set| {
                let from = set.last().copied();
                all.iter()
                    .filter(move |account| from.is_none_or(|from| from <= **account))
                    .map(move |account| [set.clone(), vec![*account]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    sets
}

fn seats_of(modules: usize) -> Vec<Vec<Option<u32>>> {
    let mut all = vec![Vec::new()];
    for _ in 0..modules {
        all = all
            .into_iter()
            .flat_map(|seats| SEATS.into_iter().map(move |more| [seats.clone(), vec![more]].concat()))
            .collect();
    }
    all
}

/// What can become of a step, as the driver would report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Applied,
    Refused,
    AnswerLost,
    LostBefore,
    /// Something else than the plan expects was found: another switch of the account, say.
    Differs,
    /// What was found is that somebody else did it.
    DiffersDone,
    /// The server said it was done, and did nothing.
    Ineffective,
    /// The server said it was done, and it was, but it did not show yet (U-15).
    Late,
}

impl Course {
    const ALL: [Course; 8] = [
        Course::Applied,
        Course::Refused,
        Course::AnswerLost,
        Course::LostBefore,
        Course::Differs,
        Course::DiffersDone,
        Course::Ineffective,
        Course::Late,
    ];

    /// Whether the server has it afterwards.
    fn is_there(self) -> bool {
        matches!(self, Course::Applied | Course::AnswerLost | Course::DiffersDone | Course::Late)
    }
}

struct Trying<'a> {
    layout: &'a Layout,
    mishaps: Mishaps,
    sandbox: Sandbox,
    directory: Directory,
    tallied: &'a mut Tallied,
}

impl Trying<'_> {
    fn world(&mut self, accounts: &[Account], seats: &[Option<u32>]) {
        let wire: Vec<Option<u32>> = seats.iter().map(|seats| seats.filter(|seats| *seats > 0)).collect();
        set_up(&mut self.sandbox, self.layout, accounts, &wire);
        self.count_is_right(accounts, seats);
        let spec = spec(self.layout, accounts);
        let observed = observe(&self.sandbox, self.layout, &self.directory, accounts, seats);
        let met = SecretsMet::new();
        let plan = plan(&spec, &observed, &met);
        let what = || format!("{accounts:?} with seats {seats:?}");

        let claims = plan.steps.iter().filter(|step| is_claim(step)).count();
        let most = claims_most(self.layout, accounts, seats);
        let wished =
            accounts.iter().flat_map(|account| account.wants).filter(|want| *want == Want::Claim).count();
        // Claims that compete go by address, so where services share a seat fewer may fit than another choice
        // would let through; but whatever fits as a whole is planned as a whole.
        // A service that the spec moves needs a seat of both modules, and the sandbox takes one of one.
        let as_read = self.layout.moved.is_none()
            && accounts.iter().all(|account| matches!(account.odd, Odd::Nothing | Odd::Guest));
        if !as_read {
            assert!(claims <= most, "an order reaches {most} claims, the plan has {claims}: {}", what());
        } else if most == wished || self.layout.products.len() > 1 {
            assert_eq!(claims, most, "an order reaches {most} claims, the plan has {claims}: {}", what());
        }
        for blocked in &plan.blocked {
            let known = seats.iter().all(Option::is_some);
            let fits = match blocked.reason {
                BlockReason::NoSeat { .. } => true,
                BlockReason::SeatsUnknown { .. } => !known,
                _ => false,
            };
            assert!(fits, "{:?} is no reason here: {}", blocked.reason, what());
        }
        self.tallied.worlds += 1;
        if plan.blocked.is_empty() {
            self.tallied.whole += 1;
        } else {
            self.tallied.blocked += 1;
        }
        let limits: Vec<u64> =
            self.layout.products.iter().map(|product| self.sandbox.over(product)).collect();
        let mut course = Vec::new();
        self.run(&plan, Run::new(&plan), &limits, &mut course, &what);
        if self.tallied.worlds.is_multiple_of(7) {
            self.again(&plan, &spec, accounts, seats, &what);
        }
    }

    /// The judge is judged: the sandbox's count of a world is what one sees by looking at it.
    fn count_is_right(&self, accounts: &[Account], seats: &[Option<u32>]) {
        for (index, (product, seats)) in self.layout.products.iter().zip(seats).enumerate() {
            let shared = self.layout.products.len() == 1;
            let uses = |account: &&Account| {
                account.wants[index].on() || (shared && account.wants.iter().any(|want| want.on()))
            };
            let used = accounts.iter().filter(uses).count() as u64;
            let over = used.saturating_sub(u64::from(seats.unwrap_or(0)));
            let counted = (self.sandbox.used(product), self.sandbox.over(product));
            assert_eq!(
                counted,
                (used, over),
                "the sandbox counts {product} of {accounts:?} with {seats:?} wrongly"
            );
        }
    }

    /// Tries every course from here on, and takes each write back afterwards.
    fn run(
        &mut self,
        plan: &Plan<'_>,
        mut run: Run<'_>,
        limits: &[u64],
        course: &mut Vec<Course>,
        what: &dyn Fn() -> String,
    ) {
        let index = loop {
            match run.next() {
                Next::Perform(index) => break index,
                Next::AskStanding => run.standing(Ok(())),
                Next::LookAgain => run.looked(Ok(Default::default())),
                Next::Finished => {
                    self.tallied.runs += 1;
                    return;
                }
                Next::Wait => panic!("a run waits for nothing: {} {course:?}", what()),
            }
        };
        let Step::Switch(step) = &plan.steps[index.index()] else { panic!("a world has no settings") };
        let mishaps = course.iter().filter(|course| **course != Course::Applied).count();
        for next in self.mishaps.outcomes().iter().copied() {
            if next != Course::Applied && mishaps >= self.mishaps.most() {
                continue;
            }
            course.push(next);
            let written = next.is_there();
            if written {
                self.write(plan, step, step.direction == Direction::Claim);
                for (product, limit) in self.layout.products.iter().zip(limits) {
                    let over = self.sandbox.over(product);
                    assert!(
                        over <= *limit,
                        "{product} went from {limit} over to {over}: {} {course:?}",
                        what()
                    );
                }
            }
            let mut after = run.clone();
            after.record(index, outcome(next, step));
            self.run(plan, after, limits, course, what);
            if written {
                self.write(plan, step, step.direction == Direction::Release);
            }
            course.pop();
        }
    }

    fn write(&mut self, plan: &Plan<'_>, step: &SwitchStep, on: bool) {
        let address = plan.observed.directory.address(step.row);
        let value = if on { "1" } else { "0" };
        assert!(self.sandbox.set_account_variable(address, variable(step.service), value));
        self.tallied.writes += 1;
    }

    /// After a run whose first step was refused, plans and runs again until nothing is left to do: then what is
    /// wished is reached, or blocked with a reason. Twice may be needed: a disabled account's release frees no
    /// seat for certain, and only the next count shows that it did.
    fn again(
        &mut self,
        plan: &Plan<'_>,
        spec: &ServerSpec,
        accounts: &[Account],
        seats: &[Option<u32>],
        what: &dyn Fn() -> String,
    ) {
        let mut first = true;
        self.perform(plan, |_| !std::mem::replace(&mut first, false));
        // A service that the spec moves may hold its seat elsewhere, so that an account which has it is booked for one
        // more, and the next count shows that it took one only.
        let plans = if self.layout.moved.is_some() { 4 } else { 3 };
        for _ in 0..plans {
            let observed = observe(&self.sandbox, self.layout, &self.directory, accounts, seats);
            let met = SecretsMet::new();
            let next = self::plan(spec, &observed, &met);
            if next.steps.is_empty() {
                let differs = icewarden::diff::compare(&next.assignment, &observed).changes.len();
                assert_eq!(differs, next.blocked.len(), "a difference has no reason: {}", what());
                return;
            }
            self.perform(&next, |_| true);
        }
        panic!("after {plans} plans there is still something to do: {}", what());
    }

    /// Performs a plan in the sandbox; `applies` says whether a step is applied or refused.
    fn perform(&mut self, plan: &Plan<'_>, mut applies: impl FnMut(usize) -> bool) {
        let mut run = Run::new(plan);
        loop {
            match run.next() {
                Next::Perform(index) => {
                    let Step::Switch(step) = &plan.steps[index.index()] else {
                        panic!("a world has no settings")
                    };
                    let applied = applies(index.index());
                    if applied {
                        self.write(plan, step, step.direction == Direction::Claim);
                    }
                    let course = if applied { Course::Applied } else { Course::Refused };
                    run.record(index, outcome(course, step));
                }
                Next::AskStanding => run.standing(Ok(())),
                Next::LookAgain => run.looked(Ok(Default::default())),
                Next::Finished => return,
                Next::Wait => panic!("a run waits for nothing"),
            }
        }
    }
}

fn is_claim(step: &Step) -> bool {
    matches!(step, Step::Switch(step) if step.direction == Direction::Claim)
}

fn outcome(course: Course, step: &SwitchStep) -> Outcome {
    match course {
        Course::Applied => Outcome::Done { effective: Some(step.direction == Direction::Claim) },
        Course::Refused => Outcome::Refused("result 0".to_owned()),
        Course::AnswerLost | Course::LostBefore => Outcome::Doubt("no answer".to_owned()),
        Course::Differs | Course::DiffersDone => Outcome::Differs("something else is there".to_owned()),
        Course::Ineffective | Course::Late => Outcome::Ineffective("it reads back unchanged".to_owned()),
    }
}

/// Nothing was applied yet.
static MEMORY: Memory = Memory::new();

/// The plan of a world.
pub fn plan<'a>(
    spec: &'a ServerSpec,
    observed: &'a icewarden::model::Observed,
    met: &'a SecretsMet,
) -> Plan<'a> {
    let (today, memory, narrowing) = (date(2026, 11, 24), &MEMORY, Narrowing::none());
    let inputs = Inputs { server: spec, observed, today, allows: &[], secrets: met, memory, narrowing };
    match build(inputs) {
        Ok(plan) => {
            assert!(plan.holds.is_empty(), "a world is held back: {:?}", plan.holds);
            plan
        }
        Err(findings) => panic!("a world cannot be planned: {findings:?}"),
    }
}
