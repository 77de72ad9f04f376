//! The password policy of the server (variables `C_Accounts_Policies_Pass_…`), which is off by default.
//!
//! How the real server counts is not documented; that each of these variables is the least number of letters
//! of its kind is read from its name. Synthetic.

use super::super::variables;
use super::super::world::World;

type Counts = fn(char) -> bool;

/// The variable, and which letters it counts.
const LEAST: [(&str, Counts); 5] = [
    ("c_accounts_policies_pass_minlength", |_| true),
    ("c_accounts_policies_pass_digits", |letter| letter.is_numeric()),
    ("c_accounts_policies_pass_alpha", char::is_alphabetic),
    ("c_accounts_policies_pass_upperalpha", char::is_uppercase),
    ("c_accounts_policies_pass_nonalphanum", |letter| !letter.is_alphanumeric()),
];

/// The error id of reference 1.7 for a password that the policy forbids.
pub(super) fn allowed(world: &World, password: &str) -> Result<(), &'static str> {
    let number = |name: &str| -> usize {
        let value = variables::find(name).and_then(|variable| world.server_value(variable).into_text());
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    let is_weak = LEAST
        .iter()
        .any(|(name, counts)| password.chars().filter(|letter| counts(*letter)).count() < number(name));
    if number("c_accounts_policies_pass_enable") == 1 && is_weak {
        return Err("account_password_policy");
    }
    Ok(())
}
