//! Values in, text out. What a person or another program reads is worded here and nowhere else.
//!
//! [`view`] looks every number of a plan up and words every reason; the formats then show the same facts.

pub mod approval;
mod chain;
mod escape;
pub mod events;
pub mod findings;
pub mod groups;
pub mod harm;
pub mod history;
pub mod layout;
pub mod markdown;
mod mask;
pub mod paint;
pub mod remedy;
pub mod run;
pub mod schema;
pub mod servers;
pub mod table;
pub mod text;
pub mod time;
pub mod validation;
pub mod veil;
pub mod view;
pub mod visible;

pub use chain::chain;
pub use paint::Colour;
