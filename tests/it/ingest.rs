//! From Meta's webhook to what a conversation shows: each rule of the projection, seen in the database.

mod conversations;
mod followers;
mod people;
mod replay;
