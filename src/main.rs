//! The `pastproof` command.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use pastproof::cli::{Surroundings, run};
use pastproof::gate::Day;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    if let Some(code) = pastproof::upcast::jq_worker_if_asked(env::args_os()) {
        return code;
    }
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    let surroundings = Surroundings {
        folder: env::current_dir().unwrap_or_default(),
        cargo: env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from),
        git: PathBuf::from("git"),
        executable: env::current_exe().unwrap_or_default(),
        today: Day::from_unix_days(seconds / 86_400),
        color: wants_color(),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    run(env::args_os(), &surroundings, &mut out, &mut err).into()
}

/// `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` as other tools read them.
fn wants_color() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
        && (io::stdout().is_terminal() || env::var_os("CLICOLOR_FORCE").is_some())
}
