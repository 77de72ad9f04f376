//! Where connections and secrets come from, as the command line and the environment say.

use super::args::TrustArgs;
use super::error::CliError;
use crate::edge::engine::Trust;
use crate::edge::engine::load::read;
use crate::spec::trust::ExecRule;

/// The variable that allows commands or refuses them, where `--allow-exec` does not.
const VARIABLE: &str = "ICEWARDEN_ALLOW_EXEC";

/// Reads the trusted spec, where there is one.
///
/// # Errors
/// It does not hold, or the variable says nothing that is understood.
pub fn open(args: &TrustArgs) -> Result<Trust, CliError> {
    let variable = std::env::var(VARIABLE).unwrap_or_default();
    let path = args.trusted.as_deref();
    let exec = match (args.allow_exec, variable.as_str(), path) {
        (true, _, None) | (false, "1" | "", None) => ExecRule::Allowed,
        (true, _, Some(_)) | (false, "1", Some(_)) => ExecRule::Fixed,
        (false, "0", _) | (false, "", Some(_)) => ExecRule::Refused,
        (false, _, _) => {
            return Err(CliError::usage(
                format!("{VARIABLE} is {variable}"),
                "set it to 1 or 0, or not at all",
            ));
        }
    };
    let Some(path) = path else { return Ok(Trust { spec: None, exec }) };
    match read(path) {
        Ok(loaded) => Ok(Trust { spec: Some(loaded.spec), exec }),
        Err((found, sources)) => {
            let mut error = CliError::invalid(found, sources);
            error.message =
                format!("the trusted spec {} does not hold, so no secret is read", path.display());
            Err(error.next("mend it where it is; what is planned cannot stand for it"))
        }
    }
}
