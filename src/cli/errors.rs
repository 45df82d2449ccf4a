//! `pesan errors`: the table of error codes.

use super::{Exit, Failure};
use crate::error;

#[expect(clippy::unnecessary_wraps, reason = "every command has this form")]
pub(super) fn run() -> Result<Exit, Failure> {
    print!("{}", error::document());
    Ok(Exit::Done)
}
