//! Enters: a preset and how many seeds. Leaves: the cells of its comparison, the file of what
//! they came to, and one table. Next: the command line trains the cells that are missing.
//!
//! ```text
//! Plan ─▶ Cell ─▶ (a child process trains and tests it) ─▶ CellRow ─▶ Ledger ─▶ Summary
//! grid    grid     cli                                      ledger    ledger    summary
//! ```

pub mod grid;
pub mod ledger;
pub mod sizes;
pub mod stamp;
pub mod summary;
