//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = pastproof::upcast::jq_worker_if_asked(std::env::args_os()) {
        return code;
    }
    ExitCode::SUCCESS
}
