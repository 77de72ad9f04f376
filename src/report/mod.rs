//! Value in, text out. Nothing here decides or reads anything; colour and width are arguments.
//!
//! [`findings`] shows what is wrong, with the author's line; [`remedy`] words each next act, once for all outputs.

pub mod findings;
mod mask;
pub mod remedy;
