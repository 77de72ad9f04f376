//! One server while it is worked on.

use jiff::civil::Date;

use super::stop::Ear;
use super::tell::{Tell, Told};
use super::trust::Trust;
use crate::diff::{Narrowing, SecretsMet};
use crate::model::Observed;
use crate::plan::{Allow, Inputs};
use crate::policy::Memory;
use crate::spec::meaning::ServerSpec;

/// A server, what is wished for it, and who is told.
pub struct Job<'a> {
    pub server: &'a ServerSpec,
    pub allows: &'a [Allow],
    pub narrowing: &'a Narrowing,
    pub trust: &'a Trust,
    pub tell: &'a dyn Tell,
    pub ear: Ear,
}

impl<'a> Job<'a> {
    /// What a plan is made of, once the server was read.
    pub fn inputs<'r>(
        &self,
        observed: &'r Observed,
        today: Date,
        secrets: &'r SecretsMet,
        memory: &'r Memory,
    ) -> Inputs<'r>
    where
        'a: 'r,
    {
        let Job { server, allows, narrowing, .. } = *self;
        Inputs { server, observed, today, allows, secrets, memory, narrowing }
    }

    /// Tells of this server.
    pub fn told(&self, told: Told<'_>) {
        self.tell.tell(self.server, told);
    }
}
