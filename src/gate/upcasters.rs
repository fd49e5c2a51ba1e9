//! Trying upcasters on everything that is at hand: the catalogue's examples and the configured recordings.

use crate::finding::{Finding, Place};
use crate::gate::config::RecordingConfig;
use crate::gate::ground::{Ground, GroundError};
use crate::gate::protocol::StepReport;
use crate::json;
use crate::model::{Payload, Version};
use crate::recording::{Line, Reader};
use crate::replay::Progress;
use crate::upcast::{Chains, Decoder, Trial, Verifier};

/// What came of trying.
#[derive(Debug)]
pub struct Tried {
    /// What is wrong: the graph's gaps, cycles and duplicates, and every step that did not hold.
    pub findings: Vec<Finding>,
    /// Each step and how it fared.
    pub steps: Vec<StepReport>,
    /// How many events the steps were tried on.
    pub events: u64,
    /// Files of accepted results that were written.
    pub accepted: Vec<String>,
}

/// What is done beside trying.
#[derive(Clone, Copy, Debug, Default)]
pub struct TryOptions {
    /// Findings show recorded values.
    pub show_values: bool,
    /// Changed copies are tried, too.
    pub mutate: bool,
    /// What upcasters make of the catalogue's examples is accepted.
    pub accept: bool,
}

/// Tries every upcaster of `chains` on the catalogue's examples and on the old events of `recordings`.
///
/// `decoder` is the code's own word on an event at its current version, where there is code.
///
/// # Errors
///
/// When examples or recordings cannot be read. What is wrong inside recordings is found by other checks.
pub fn try_upcasters(
    ground: &Ground,
    chains: &Chains,
    decoder: Option<Decoder<'_>>,
    recordings: &[RecordingConfig],
    options: TryOptions,
    progress: &mut dyn Progress,
) -> Result<Tried, GroundError> {
    let stored: Vec<(String, Version)> = ground
        .catalogue
        .types()
        .iter()
        .flat_map(|history| {
            let versions = history.versions.iter();
            versions.map(|version| (history.event_type.clone(), version.version.clone()))
        })
        .collect();
    let mut findings = ground.findings.clone();
    findings.extend(chains.check(&stored));
    let mut verifier = Verifier::new(chains, &ground.validators, decoder).show_values(options.show_values);
    verifier.prove();
    verifier.try_examples().map_err(GroundError::new)?;
    for recording in recordings.iter().filter(|recording| !recording.is_foreign()) {
        try_recording(ground, chains, recording, &mut verifier, progress)?;
    }
    verifier.try_pages();
    verifier.try_generated();
    let mut accepted = Vec::new();
    if options.accept {
        accepted = verifier.accept_results().map_err(GroundError::new)?;
    }
    verifier.try_goldens().map_err(GroundError::new)?;
    if options.mutate {
        verifier.mutate();
    }
    let verified = verifier.finish();
    findings.extend(verified.findings);
    for finding in &mut findings {
        if let Some(file) = &finding.place.file {
            finding.place.file = Some(ground.shown(std::path::Path::new(file)));
        }
    }
    Ok(Tried {
        findings,
        steps: verified
            .steps
            .into_iter()
            .map(|step| StepReport {
                event_type: step.event_type,
                from: step.from,
                to: step
                    .targets
                    .iter()
                    .map(|(event_type, version)| format!("{event_type}@{version}"))
                    .collect(),
                origin: ground.shown(std::path::Path::new(&step.origin)),
                tried: step.tried,
                examples: step.examples,
                generated: step.generated,
                recorded: step.recorded,
                proved: step.proved,
                verified: step.verified,
                mutants_killed: step.mutants.map(|mutants| mutants.killed),
                mutants_survived: step.mutants.map(|mutants| mutants.survived),
                mutants_same: step.mutants.map(|mutants| mutants.same),
            })
            .collect(),
        events: verified.events,
        accepted: accepted.iter().map(|path| ground.shown(path)).collect(),
    })
}

fn try_recording(
    ground: &Ground,
    chains: &Chains,
    recording: &RecordingConfig,
    verifier: &mut Verifier<'_>,
    progress: &mut dyn Progress,
) -> Result<(), GroundError> {
    let mut reader = Reader::open(ground.path(&recording.path)).map_err(GroundError::new)?;
    let default_version = recording
        .default_version
        .clone()
        .unwrap_or_else(|| reader.default_version());
    while let Some(next) = reader.next_event() {
        // What cannot be read is a finding of the recording's own checks.
        let Ok((line, Line::Event(event))) = next else {
            continue;
        };
        let version = event.version.as_ref().unwrap_or(&default_version);
        if chains.is_current(&event.event_type, version) && !chains.needs_context() {
            continue;
        }
        let Payload::Json(data) = &event.payload else {
            continue;
        };
        let Ok(parsed) = json::parse(data.get().as_bytes()) else {
            continue;
        };
        progress.begin(
            event.stream.as_deref().unwrap_or_default(),
            event.revision,
            &event.event_type,
        );
        let place = Place::kind(&event.event_type, version)
            .in_file(recording.path.clone())
            .at_line(line);
        verifier.try_event(&Trial::recorded(&event, version, &parsed.value, place));
    }
    Ok(())
}
