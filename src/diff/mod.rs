//! What differs between what is wanted and what was read.
//!
//! [`handsoff`] clears from *managed* all that is not ours to change, and where a plan is
//! narrowed ([`narrowing`]) all that is left out; nothing is excepted after it. [`compare`] then needs one line of bit arithmetic for each account. [`settings`] compares the backup's settings in
//! their [`canon`]ical form, because a server may write one value in several ways.

pub mod canon;
pub mod compare;
pub mod handsoff;
pub mod narrowing;
pub mod settings;

pub use compare::{Direction, SwitchChange, compare, unheeded};
pub use handsoff::{Managed, Unfit, narrow};
pub use narrowing::{Narrowing, Strictness};
pub use settings::{
    SecretMatch, SecretsMet, SettingChange, Uncompared, compare_settings, remarks_on_secrets,
};
