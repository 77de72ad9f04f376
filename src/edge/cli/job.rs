//! One command's work on one server, and the work on several side by side.

use futures_util::{StreamExt as _, stream};
use jiff::civil::Date;

use super::output::Output;
use super::signals::Ear;
use super::trust::Trust;
use crate::diff::{Narrowing, SecretsMet};
use crate::model::Observed;
use crate::plan::{Allow, Inputs};
use crate::policy::Memory;
use crate::spec::meaning::ServerSpec;

/// How many servers are worked on at once. Each is read over connections of its own, and held whole meanwhile.
const AT_ONCE: usize = 8;

/// A server while a command works on it.
pub struct Job<'a> {
    pub server: &'a ServerSpec,
    pub allows: &'a [Allow],
    pub narrowing: &'a Narrowing,
    pub trust: &'a Trust,
    pub output: &'a Output,
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
}

/// Works on every server, some side by side; what came of each is given in the order of the spec. One that is
/// down or slow holds up no other.
pub async fn side_by_side<T, R, F: Future<Output = R>>(
    items: impl IntoIterator<Item = T>,
    work: impl FnMut(T) -> F,
) -> Vec<R> {
    stream::iter(items).map(work).buffered(AT_ONCE).collect().await
}
