//! Rules for the data of an import: `quality.toml` read, rows checked as they pass by, and what
//! came of it. Its rules for live events are read here, and held against them by the views.
//!
//! ```text
//! Rules::parse(file, text)                       once; errors name file and line
//!   .of_table(table)                             the rules of one import
//! Binding::new(rules, columns, references)       once an import: columns exist, types fit
//!   .checks() -> RowChecks                       one for each worker
//!     .value(column, Option<&[u8]>)              for each of RowChecks::columns
//!     .end_row(key) -> Verdict                   keep the row, or set it aside
//!   .outcomes(Vec<RowChecks>, facts)             the manifest's results
//! ```
//!
//! Memory is bounded: rules over many values ([`Check::Unique`], [`Check::Reference`]) keep 16
//! bytes of hash for each, up to a limit; beyond it the result is
//! [`comptoir_model::quality::RuleResult::Undecided`], which a rule that fails does not let pass.

mod binding;
mod events;
mod file;
mod meaning;
mod number;
mod parse;
mod raw;
mod references;
mod row_checks;
mod rules;
mod seen;
#[cfg(test)]
mod tests;
mod whole;

pub use binding::{BindError, Binding};
pub use events::{EventCheck, EventRule};
pub use file::RulesError;
pub use parse::ParseError;
pub use references::{References, load_references};
pub use row_checks::{RowChecks, Verdict};
pub use rules::{Bound, Check, Reference, Rule, Rules, Share};
pub use whole::Facts;
