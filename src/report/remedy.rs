//! The next act, worded once.

use crate::model::Remedy;

/// The sentence of the next act, the same in every output.
pub fn text(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Allow(needed) => format!("if this is meant: --allow {needed} --reason TEXT"),
        Remedy::DidYouMean(word) => format!("did you mean `{word}`?"),
        Remedy::EditSpec(what) => what.clone(),
        Remedy::OnServer(what) => format!("on the server's console: {what}"),
        Remedy::Seats { module, more: 1 } => format!("get 1 more seat of {module}, or release one"),
        Remedy::Seats { module, more } => format!("get {more} more seats of {module}, or release as many"),
        Remedy::Rerun(how) => format!("run again: {how}"),
        Remedy::Check(what) => format!("check {what}"),
        Remedy::Wait(what) => format!("wait {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Allowed;

    #[test]
    fn every_remedy_reads_as_an_act() {
        for (remedy, expected) in [
            (
                Remedy::Allow(Allowed::Shrink { policy: "sales".into(), accounts: 3 }),
                "if this is meant: --allow shrink=sales:3 --reason TEXT",
            ),
            (Remedy::DidYouMean("im".into()), "did you mean `im`?"),
            (Remedy::EditSpec("keep one".into()), "keep one"),
            (Remedy::OnServer("open it".into()), "on the server's console: open it"),
            (Remedy::Seats { module: "sip".into(), more: 1 }, "get 1 more seat of sip, or release one"),
            (Remedy::Seats { module: "sip".into(), more: 3 }, "get 3 more seats of sip, or release as many"),
            (Remedy::Rerun("plan".into()), "run again: plan"),
            (Remedy::Check("the path".into()), "check the path"),
            (Remedy::Wait("until it ends".into()), "wait until it ends"),
        ] {
            assert_eq!(text(&remedy), expected);
        }
    }
}
