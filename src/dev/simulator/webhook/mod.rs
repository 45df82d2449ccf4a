//! Webhooks as Meta sends them: what is in them (`field`), how updates become POST bodies (`envelope`), how the
//! bodies are written (`bytes`) and signed (`sign`), and how they reach the receiver (`deliver`).
//!
//! Knows nothing of the simulated world: whoever calls says which business and which customer it is about. All
//! chance comes from `dice`, so a seed makes every byte repeatable.

pub mod dice;
pub mod bytes;
pub mod sign;
pub mod envelope;
pub mod field;
pub mod deliver;
