//! Business numbers: connecting them, looking after them, and finding out what is wrong with them.

pub mod doctor;
pub mod facts;
pub mod probe;
