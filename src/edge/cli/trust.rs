//! Where connections and secrets come from, and whether a spec's commands are run: decided outside the spec.

use std::path::Path;

use super::args::TrustArgs;
use super::exit::Exit;
use super::load;
use super::output::Output;
use super::session::Failure;
use crate::model::Finding;
use crate::report::remedy::text as words;
use crate::spec::meaning::ServerSpec;
use crate::spec::trust::{ExecRule, commands, trusted};
use crate::spec::{Source, Spec};

/// The variable that allows commands or refuses them, where `--allow-exec` does not.
const VARIABLE: &str = "ICEWARDEN_ALLOW_EXEC";

/// Whose word is taken.
pub struct Trust {
    spec: Option<Spec>,
    exec: ExecRule,
}

impl Trust {
    /// Reads the trusted spec, where there is one.
    ///
    /// # Errors
    /// The exit, after saying why.
    pub fn open(args: &TrustArgs, output: &Output) -> Result<Trust, Exit> {
        let variable = std::env::var(VARIABLE).unwrap_or_default();
        let path = args.trusted.as_deref();
        let exec = match (args.allow_exec, variable.as_str(), path) {
            (true, _, None) | (false, "1" | "", None) => ExecRule::Allowed,
            (true, _, Some(_)) | (false, "1", Some(_)) => ExecRule::Fixed,
            (false, "0", _) | (false, "", Some(_)) => ExecRule::Refused,
            (false, _, _) => {
                output.error(&format!("{VARIABLE} is {variable}"), Some("set it to 1 or 0, or not at all"));
                return Err(Exit::Usage);
            }
        };
        let Some(path) = path else { return Ok(Trust { spec: None, exec }) };
        match load::read(path) {
            Ok(loaded) => Ok(Trust { spec: Some(loaded.spec), exec }),
            Err((found, sources)) => Err(say_invalid(path, &found, &sources, output)),
        }
    }

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

fn say_invalid(path: &Path, found: &[Finding], sources: &[Source], output: &Output) -> Exit {
    let exit = load::say_invalid(found, sources, output);
    output.error(
        &format!("the trusted spec {} does not hold, so no secret is read", path.display()),
        Some("mend it where it is; what is planned cannot stand for it"),
    );
    exit
}

fn failure(finding: Finding) -> Failure {
    let place = finding.places.first().map(|(place, _)| format!(" ({place})")).unwrap_or_default();
    Failure {
        exit: Exit::Blocked,
        message: format!("{}{place}", finding.message),
        remedy: finding.remedy.as_ref().map(words),
        findings: vec![finding],
    }
}
