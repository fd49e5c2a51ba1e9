//! The same command under the name that `cargo pastproof` looks for.

#[path = "../main.rs"]
mod command;

fn main() -> std::process::ExitCode {
    command::main()
}
