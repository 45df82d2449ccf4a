//! `pesan schema`: the GraphQL schema as front ends generate code from it.

use super::{Exit, Failure};
use crate::graphql;

#[expect(clippy::unnecessary_wraps, reason = "every command has this form")]
pub(super) fn run() -> Result<Exit, Failure> {
    print!("{}", graphql::sdl());
    Ok(Exit::Done)
}
