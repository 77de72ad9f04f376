//! What a plan does, one write at a time.

use crate::diff::{Direction, SettingChange};
use crate::model::{Service, ServiceSet};
use crate::policy::profile::RuleId;

/// One write with what must be so before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Switch(SwitchStep),
    Setting(Box<SettingStep>),
}

/// One switch of one account. No single write mixes releases and claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchStep {
    pub row: u32,
    pub service: Service,
    pub direction: Direction,
    /// The rule that decided it.
    pub rule: RuleId,
    /// Index of the module whose seat it takes or frees.
    pub module: Option<u8>,
    /// By how much *used* of that module changes for certain: 1, 0 or -1.
    pub delta: i8,
    pub expect: Expectation,
    /// The step, by index, that must have been confirmed before: what `delta` says rests on it.
    pub needs: Option<u32>,
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
    pub needs: Vec<u32>,
}
