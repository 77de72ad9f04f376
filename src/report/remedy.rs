//! The next act, worded once.

use crate::model::Remedy;

pub fn text(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Allow(guardrail, value) => {
            format!("if this is meant: --allow {guardrail}={value} --reason TEXT")
        }
        Remedy::DidYouMean(word) => format!("did you mean `{word}`?"),
        Remedy::EditSpec(what) => what.clone(),
        Remedy::OnServer(what) => format!("on the server's console: {what}"),
        Remedy::Seats { module, more: 1 } => format!("get 1 more seat of {module}, or release one"),
        Remedy::Seats { module, more } => format!("get {more} more seats of {module}, or release as many"),
        Remedy::Rerun(how) => format!("run again: {how}"),
        Remedy::Check(what) => format!("check {what}"),
    }
}
