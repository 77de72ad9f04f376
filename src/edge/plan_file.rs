//! Plans on disk: written all at once with a seal, and read back only with it.

use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::saved;
use crate::plan::file::{FORMAT_VERSION, PlanFile};

/// The largest saved plan that is read: a million steps are some 700 MB of JSON, which nobody reviews.
const PLAN_BYTES: u64 = 1 << 30;

/// Whether a text begins as a plan of ours does.
pub fn begins_as_plan(head: &str) -> bool {
    head.trim_start().starts_with('{')
        && head.contains("\"format_version\"")
        && head.contains("\"icewarden_version\"")
}

/// Whether a saved plan lies there.
pub fn is_plan(path: &Path) -> bool {
    path.is_file() && saved::head(path).is_ok_and(|head| begins_as_plan(&head))
}

/// Reads a saved plan.
///
/// # Errors
/// Why it cannot be applied, and the next act.
pub fn read(path: &Path) -> Result<PlanFile, (String, String)> {
    let again = || "make a new one with `icewarden plan DIR --out FILE`".to_owned();
    let text = saved::read(path, PLAN_BYTES).map_err(|error| {
        let next = match error.kind() {
            io::ErrorKind::PermissionDenied => "let whoever runs this read the file".to_owned(),
            _ => again(),
        };
        (error.to_string(), next)
    })?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| (format!("this is no saved plan: {error}"), again()))?;
    let Some(version) = value.get("format_version").and_then(serde_json::Value::as_str) else {
        return Err(("this is no saved plan: it has no format_version".into(), again()));
    };
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    if major(version) != major(FORMAT_VERSION) {
        let problem = format!("this plan has the format {version}, and this program reads {FORMAT_VERSION}");
        return Err((problem, "use the version of icewarden that wrote it, or plan again".into()));
    }
    let sum = seal(&value);
    let file: PlanFile = serde_json::from_value(value)
        .map_err(|error| (format!("this is no saved plan: {error}"), again()))?;
    if file.sources.is_none() {
        let next = "save one with `--out`; the output of `--format json` does not hold the spec".to_owned();
        return Err(("this plan was shown, not saved".into(), next));
    }
    if file.seal.as_deref() != Some(sum.as_str()) {
        return Err(("the plan was changed after it was saved".into(), again()));
    }
    Ok(file)
}

/// Seals a plan and writes it all at once or not at all.
///
/// # Errors
/// Then what stood there before is as it was.
pub fn write(mut file: PlanFile, path: &Path) -> io::Result<()> {
    file.seal = Some(seal(&serde_json::to_value(&file)?));
    saved::write(path, (serde_json::to_string_pretty(&file)? + "\n").as_bytes())
}

/// A sum over the whole plan but itself: one that was edited by hand no longer has it. Whoever reviewed the plan
/// went by its seats and findings as much as by its steps.
fn seal(plan: &serde_json::Value) -> String {
    let mut plan = plan.clone();
    if let Some(fields) = plan.as_object_mut() {
        fields.shift_remove("seal");
    }
    let mut hash = Sha256::new_with_prefix("icewarden plan 1\n");
    hash.update(plan.to_string());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
