//! The `finbridge` program.

// An optimised build lays out the futures of every resolver here, and they nest deeper than the default allows.
#![recursion_limit = "256"]

use std::process::ExitCode;

/// Stack of each worker thread, in bytes. Resolvers are futures within futures, whose frames are large in builds that are not
/// optimised; only what is used of it takes memory.
const STACK: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(async { Box::pin(finbridge::cli::run()).await }),
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
