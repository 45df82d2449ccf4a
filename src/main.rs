//! The `pesan` program.

fn main() {}
