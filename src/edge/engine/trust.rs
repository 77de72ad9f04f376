//! Where connections and secrets come from, and whether a spec's commands are run: decided outside the spec.

use super::failure::{Failure, FailureKind};
use crate::edge::port::Calls;
use crate::model::Finding;
use crate::spec::Spec;
use crate::spec::meaning::ServerSpec;
use crate::spec::trust::{ExecRule, commands, trusted};

/// Whose word is taken.
#[derive(Debug)]
pub struct Trust {
    /// The spec that connections and secrets are taken from, where it is not the planned one.
    pub spec: Option<Spec>,
    pub exec: ExecRule,
}

impl Trust {
    /// The server whose connection and secrets are used for this one.
    ///
    /// # Errors
    /// It differs from the trusted one, or needs a command that may not be run. Nothing was resolved then.
    pub fn access<'s>(&'s self, server: &'s ServerSpec) -> Result<&'s ServerSpec, Failure> {
        let access = match &self.spec {
            Some(spec) => trusted(server, spec).map_err(|finding| failure(*finding))?,
            None => server,
        };
        commands(access, self.exec).map_err(|finding| failure(*finding))?;
        Ok(access)
    }
}

fn failure(finding: Finding) -> Failure {
    let place = finding.places.first().map(|(place, _)| format!(" ({place})")).unwrap_or_default();
    Failure {
        kind: FailureKind::NotTrusted,
        message: format!("{}{place}", finding.message),
        remedy: finding.remedy.clone(),
        findings: vec![finding],
        calls: Calls::default(),
    }
}
