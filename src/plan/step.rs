//! What a plan does, one write at a time.

use crate::diff::{Direction, SettingChange};
use crate::model::{ModuleIndex, Row, RuleIndex, Service, ServiceSet, StepIndex};

/// One write with what must be so before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Switch(SwitchStep),
    Setting(Box<SettingStep>),
}

/// One switch of one account. No single write mixes releases and claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchStep {
    pub row: Row,
    pub service: Service,
    pub direction: Direction,
    /// The rule that decided it.
    pub rule: RuleIndex,
    /// Index of the module whose seat it takes or frees.
    pub module: Option<ModuleIndex>,
    /// By how much *used* of that module changes for certain: 1, 0 or -1.
    pub delta: i8,
    /// Another module of which it may take or free a seat as well (`seats::moved_from`).
    pub also: Option<Booked>,
    pub expect: Expectation,
    /// The step, by index, that must have been confirmed before: what `delta` says rests on it.
    pub needs: Option<StepIndex>,
}

/// What a step does to the seats of one module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    pub module: ModuleIndex,
    /// By how much *used* changes for certain: 1, 0 or -1.
    pub delta: i8,
}

impl SwitchStep {
    /// Every module that it is booked on, the declared one first.
    pub fn booked(&self) -> impl Iterator<Item = Booked> {
        let first = self.module.map(|module| Booked { module, delta: self.delta });
        first.into_iter().chain(self.also)
    }

    /// Books it on these modules; the declared one comes first, and there are never more than two.
    pub fn book(&mut self, mut booked: impl Iterator<Item = Booked>) {
        let first = booked.next();
        self.module = first.map(|first| first.module);
        self.delta = first.map_or(0, |first| first.delta);
        self.also = booked.next();
    }
}

/// What must be found before the write: the switch itself, and the others that share its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expectation {
    pub of: ServiceSet,
    pub on: ServiceSet,
}

/// One setting of the backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingStep {
    pub change: SettingChange,
    /// The steps, by index, that must have been confirmed before.
    pub needs: Vec<StepIndex>,
}
