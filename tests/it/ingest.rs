//! From Meta's webhook to what a conversation shows: each rule of the projection, seen in the database.

mod again;
mod conversations;
mod followers;
mod names;
mod news;
mod people;
mod poison;
mod rebuild;
mod replay;
mod routing;
pub mod samples;
mod shapes;
mod shuffle;
mod upkeep;
