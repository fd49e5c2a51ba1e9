//! Tasks about upcasters: try them, count what recordings hold, take a recording to current versions.

use std::path::Path;

use serde_json::json;

use super::serve::{Done, Notes, Replies, Stop, read_with_types};
use super::suite::World;
use crate::gate::protocol::{Reply, Request, Task};
use crate::gate::upcasters::{TryOptions, try_upcasters};
use crate::upcast::{self, Census, RewriteOptions};

pub(super) fn upcasters(
    world: &World,
    what: &Task,
    request: &Request,
    reply: &Path,
    replies: &mut Replies,
) -> Done {
    let Task::Upcasters {
        recordings,
        mutate,
        accept,
    } = what
    else {
        return Err(Stop::Failed("not about upcasters".to_owned()));
    };
    let located = crate::gate::config::load(Path::new(&request.config))
        .map_err(|error| Stop::Failed(error.to_string()))?;
    let recordings: Vec<_> = located
        .config
        .recording
        .into_iter()
        .filter(|recording| recordings.contains(&recording.path))
        .collect();
    let mut notes = Notes::new(request.careful, reply)?;
    let tried = try_upcasters(
        &world.ground,
        &world.chains,
        Some(&|upcast| read_with_types(world, upcast)),
        &recordings,
        TryOptions {
            show_values: request.show_values,
            mutate: *mutate,
            accept: *accept,
        },
        &mut notes,
    )
    .map_err(|error| Stop::Failed(error.to_string()))?;
    for finding in tried.findings {
        replies.finding(finding)?;
    }
    let count = tried.steps.len() as u64;
    replies.send(&Reply::Upcasters { steps: tried.steps })?;
    Ok((
        count,
        format!("{count} upcasters tried on {} events", tried.events),
        json!({ "events": tried.events, "accepted": tried.accepted }),
    ))
}

pub(super) fn census(world: &World, what: &Task, replies: &mut Replies) -> Done {
    let Task::Census {
        file,
        default_version,
    } = what
    else {
        return Err(Stop::Failed("not a census".to_owned()));
    };
    let ground = &world.ground;
    let census = Census::take(
        &ground.path(file),
        &world.chains,
        &ground.validators,
        default_version.as_ref(),
    );
    let mut census = census.map_err(|error| Stop::Failed(error.to_string()))?;
    ground.localize(&mut census);
    let events = census.events;
    replies.send(&Reply::Census {
        census: Box::new(census),
    })?;
    Ok((events, format!("{events} events"), json!({ "events": events })))
}

pub(super) fn rewrite(world: &World, what: &Task, request: &Request, replies: &mut Replies) -> Done {
    let Task::Rewrite {
        file,
        to,
        default_version,
        memory,
    } = what
    else {
        return Err(Stop::Failed("not a rewrite".to_owned()));
    };
    let ground = &world.ground;
    let mut options = RewriteOptions::default();
    options.default_version.clone_from(default_version);
    options.memory = memory.and_then(|bytes| usize::try_from(bytes).ok());
    options.show_values = request.show_values;
    let rewritten = upcast::rewrite(
        &ground.path(file),
        &ground.path(to),
        &world.chains,
        &ground.validators,
        &options,
    );
    let rewritten = rewritten.map_err(|error| Stop::Failed(error.to_string()))?;
    for finding in &rewritten.findings {
        replies.finding(finding.clone())?;
    }
    let report = rewritten.report();
    Ok((rewritten.counts.events(), String::new(), json!(report)))
}
