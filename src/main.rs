//! The `pesan` program: arguments, runtime, exit code.

use std::process::ExitCode;

use clap::Parser;
use pesan::cli::{Cli, Exit};

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            pesan::cli::complain(&format!("the runtime cannot be started: {error}"));
            return Exit::Failed.into();
        }
    };
    let exit = runtime.block_on(cli.run());
    // What is still blocked in a system call must not hold the process.
    runtime.shutdown_background();
    exit.into()
}
