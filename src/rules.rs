//! Every rule there is: a stable id, a default level, why it matters, what to do next.
//!
//! `pastproof explain ID` and the guide read this table. An id never changes its meaning and is never reused.

use crate::finding::Level;

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable kebab-case name.
    pub id: &'static str,
    /// Default weight.
    pub level: Level,
    /// Why it matters, in one sentence.
    pub reason: &'static str,
    /// What to do next.
    pub next: &'static str,
}

/// Looks a rule up by its id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

macro_rules! rules {
    ($( $name:ident $id:literal $level:ident $reason:literal $next:literal; )+) => {
        $(
            #[doc = concat!("`", $id, "`: ", $reason)]
            pub static $name: Rule = Rule { id: $id, level: Level::$level, reason: $reason, next: $next };
        )+
        /// Every rule, in the order of the guide.
        pub static ALL: &[&Rule] = &[ $( &$name ),+ ];
    };
}

rules! {
    // Catalogue.
    SCHEMA_UNREADABLE "schema-unreadable" Deny
        "A schema file that is not JSON says nothing about the events written under it."
        "repair the file, or restore it from version control";
    SCHEMA_INVALID "schema-invalid" Deny
        "A file that is not a JSON Schema cannot check anything."
        "correct the keyword named in the message";
    SCHEMA_REFERENCE "schema-reference" Deny
        "A schema must stand on its own: a reference to the network or the file system would make yesterday's events depend on today's server."
        "copy what is referred to into the schema's `$defs`";
    VERSION_UNPARSABLE "version-unparsable" Deny
        "A file whose version cannot be read cannot be put in order with the others."
        "rename the file to `<version>.json` in the catalogue's version scheme, or move it out of the catalogue";
    VERSION_DUPLICATE "version-duplicate" Deny
        "Two files for one version leave open which of them history was written under."
        "keep the file that was released and remove the other";
    TYPE_CLASH "type-clash" Deny
        "Two types whose names differ by letter case only are one folder on some file systems."
        "rename one of the types";
    FROZEN_CHANGED "frozen-changed" Deny
        "A released version is a promise about stored events; changing its meaning does not change the events."
        "restore the file and add the change as a new version, or run `pastproof schema accept --rewrite-history REASON` if no event was ever stored under it";
    FROZEN_REWORDED "frozen-reworded" Warn
        "Titles and descriptions of a released version changed; its meaning did not."
        "run `pastproof schema accept` to record the new wording";
    FROZEN_MISSING "frozen-missing" Deny
        "A released version was removed while its events are still stored."
        "restore the file from version control";
    NOT_FROZEN "not-frozen" Deny
        "A schema file that is not in the lock can still change unseen."
        "run `pastproof schema accept` once the version is right";
    LOCK_DAMAGED "lock-damaged" Deny
        "Without the lock a changed version cannot be told from an untouched one."
        "restore `pastproof.lock` from version control";

    // Compatibility.
    BREAKING_STEP "breaking-step" Deny
        "There is an event that the old version's writers could store and the new version's readers refuse."
        "bridge the step with an upcaster, or make the new version accept what the old one wrote";
    UNPROVEN_STEP "unproven-step" Deny
        "Neither a proof nor a witness was found, and a gate must not guess."
        "simplify the subschema named in the message, bridge the step with an upcaster, or waive it with a reason";
    BREAKING_ROLLBACK "breaking-rollback" Note
        "There is an event that the new version's writers store and the old version's readers refuse, so the release cannot be rolled back without loss."
        "release readers before writers, or add a downcaster";
    UNPROVEN_ROLLBACK "unproven-rollback" Note
        "Neither a proof nor a witness was found for reading new events with the old code."
        "treat the release as one that cannot be rolled back";
    BREAKING_PAIR "breaking-pair" Deny
        "Each step holds by itself, and yet there is an event of an older version that the version which reads it now refuses: steps do not compose where readers accept something else than writers emit."
        "make the reading version accept what the old one wrote, or bridge the way with upcasters";
    UNPROVEN_PAIR "unproven-pair" Deny
        "Neither a proof nor a witness was found for versions that are not adjacent, and a gate must not guess."
        "simplify the subschema named in the message, bridge the way with upcasters, or waive it with a reason";
    BUMP_TOO_SMALL "bump-too-small" Warn
        "A version number that declares less than the change is misleads everybody who decides by it what can be read."
        "release the change under a number that declares it";
    OWN_VERSION "own-version" Note
        "A version that is named in the data makes every version refuse the events of every other, and hides whether anything else does."
        "name the member as `own-version` under [catalogue], and it is set aside";
    VERSION_ADDED "version-added" Note
        "A version that was not there before is what this change adds to history."
        "freeze it with `pastproof schema accept` before it is released";
    VERSION_INSERTED "version-inserted" Warn
        "A version that comes before one that is out already is read by code that was never held against it."
        "give it a number after the newest version, unless it was released on a branch of its own";
    VERSION_EDITED "version-edited" Deny
        "A version that was there before says something else now, and the events stored under it do not change with it."
        "restore the file and add the change as a new version";
    VERSION_REWORDED "version-reworded" Note
        "A version that was there before says the same in other words."
        "see that the new words mean what the old ones meant";
    VERSION_REMOVED "version-removed" Deny
        "A version that was there before is gone while its events are still stored."
        "restore the file, or name the version under `not-stored` if no event of it is stored";
    SETTING_UNUSED "setting-unused" Warn
        "A requirement for a type or version that does not exist is kept by nobody; the name may be misspelt."
        "correct the name in pastproof.toml, or remove the entry";
    OWN_UNREADABLE "own-unreadable" Deny
        "What a version writes is refused by its own readers, so every such event is lost as soon as it is stored."
        "make both contracts of the type agree: names, required members and formats";

    // Types in the code.
    TYPE_NOT_ACCEPTED "type-not-accepted" Deny
        "The code writes or reads this version in another way than the frozen schema says."
        "give the type a new version, or undo the change; `pastproof schema accept` freezes a new version";
    TYPE_NOT_FROZEN "type-not-frozen" Deny
        "The code writes a version that the catalogue does not have."
        "run `pastproof schema accept` to freeze it";
    TYPE_BEHIND "type-behind" Deny
        "The catalogue has a later version than the code writes, so events of it may be stored that this code cannot read."
        "release from the code that writes the newest version, or remove the version if it was never released";
    TYPE_DISAGREES "type-disagrees" Deny
        "The schema and the Rust type answer differently about one value, and the type decides in production."
        "describe the member so that schema and serde agree";
    TYPE_READS_MORE "type-reads-more" Note
        "The type reads values that its schema refuses, so that comparing schemas may call a change breaking that is none."
        "describe the member so that schema and serde agree; where the schema is meant to be narrower, nothing has to be done";
    TYPE_UNSATISFIABLE "type-unsatisfiable" Deny
        "A writer schema that no value satisfies makes every comparison pass."
        "report the type: its schema cannot be closed as written";

    // Upcasters.
    UPCASTER_MISSING "upcaster-missing" Deny
        "A stored version has no way to a version the code reads."
        "add an upcaster from this version";
    UPCASTER_DUPLICATE "upcaster-duplicate" Deny
        "Two upcasters from one version leave open which of them production takes."
        "remove one of them";
    UPCASTER_CYCLE "upcaster-cycle" Deny
        "A chain that comes back to where it was never ends."
        "make every upcaster lead to a later version or another type";
    UPCASTER_DEAD_END "upcaster-dead-end" Deny
        "A chain that ends at a version nobody reads loses its events."
        "add an upcaster from the version where the chain ends, or drop the event there";
    UPCASTER_FAILS "upcaster-fails" Deny
        "An upcaster that refuses a valid old event stops the replay of its stream."
        "handle the event shown, or drop it on purpose";
    UPCASTER_PANICS "upcaster-panics" Deny
        "An upcaster that panics takes its process with it."
        "return an error instead of panicking";
    UPCASTER_INVALID_OUTPUT "upcaster-invalid-output" Deny
        "What the upcaster made of an old event is not valid under the version it claims."
        "correct the upcaster; the pointer names the member";
    UPCASTER_UNDECLARED "upcaster-undeclared" Deny
        "An upcaster that makes what it does not declare leads where no check has looked."
        "add the type and version to the upcaster's targets, or do not make the event";
    UPCASTER_NOT_DETERMINISTIC "upcaster-not-deterministic" Deny
        "Two runs over one event gave two answers, so no two replays agree."
        "remove clocks, random numbers and hash order from the upcaster";
    UPCASTER_PATH_DEPENDENT "upcaster-path-dependent" Deny
        "Two ways from one version come to different events, so what history means depends on which one is taken."
        "make the direct upcaster and the steps agree on the event shown, or remove one way";
    UPCASTER_NOT_IDEMPOTENT "upcaster-not-idempotent" Warn
        "What it makes can be taken for an old event, and a second run over it changes it again without anybody noticing."
        "make the versions differ in a member that only one of them has, or make the upcaster leave new data as it is";
    UPCASTER_LOSES "upcaster-loses" Note
        "A member of the old event has no influence on what is made of it."
        "carry the member over, or see that nobody needs it";
    UPCASTER_INVENTS "upcaster-invents" Note
        "A member of what is made is the same for every event, so it says nothing that history knew."
        "see that readers do not take it for a recorded fact";
    UPCASTER_ROUND_TRIP "upcaster-round-trip" Deny
        "Up and back again is not what was stored, so a rollback changes facts."
        "make the way back the inverse of the way up, for the members that both versions have";
    UPCASTER_CHANGED "upcaster-changed" Deny
        "An upcaster makes something else of an example than when its result was accepted."
        "undo the change, or run `pastproof upcast verify --accept` if it is meant";
    UPCASTER_UNUSED "upcaster-unused" Note
        "An upcaster that no stored event takes is code without a purpose, unless the recording is a sample that misses them."
        "remove it once no store holds its version";
    UPCASTER_UNTRIED "upcaster-untried" Deny
        "No example and no recorded event took this upcaster, so nothing is known about it."
        "add an example under `examples/<version>.ndjson` beside the schema";
    UPCASTER_MALFORMED "upcaster-malformed" Deny
        "A declarative upcaster that cannot be read bridges nothing."
        "correct the member that the pointer names; `schemas/pastproof/upcast.json` is the format's schema for editors";
    UPCASTER_POINTLESS "upcaster-pointless" Warn
        "An operation on a member that the old version does not have does nothing, as after a typing error."
        "correct the pointer, or remove the operation";
    UPCASTER_UNPROVEN "upcaster-unproven" Warn
        "It could not be proved that what a declarative upcaster makes is valid, so what is known of it is what was tried."
        "see the message for where the proof got stuck; an upcaster that holds on every event tried is still verified";
    UPCASTER_TIMEOUT "upcaster-timeout" Deny
        "A jq program used more time than its fence allows."
        "make the program end for the event shown";
    UPCASTER_LIMIT "upcaster-limit" Deny
        "An upcaster used more memory, depth, steps or output than its bounds allow."
        "make what it does with the event shown smaller";
    UPCASTER_NEEDS_STREAM "upcaster-needs-stream" Deny
        "An upcaster that merges events, or that needs to know what came before, makes something else of an event that is read out of its stream or out of order."
        "read whole streams in their order through `Chains::upcast_in`, and keep the context beside the position between pages";
    UPCASTER_PAGE_DEPENDENT "upcaster-page-dependent" Deny
        "An upcaster that makes something else when a stream is read in pages, or when the stream goes on, keeps something that is no part of the stream."
        "keep nothing between events but the context that `Upcaster::with_context` hands over";
    UPCASTER_MUTANT_SURVIVES "upcaster-mutant-survives" Warn
        "A changed copy of the upcaster passes everything that the upcaster passes, so that the examples and schemas would not have told one from the other."
        "add an example with its result under `examples/<from>-to-<to>.ndjson`, or make the schema say what the change breaks";
    VERSION_UNWRITTEN "version-unwritten" Note
        "A version that no stored event has, or that nobody has written for long, costs upkeep and nothing else."
        "once no store holds it, name it under `not-stored` and remove its upcaster";
    JQ_INVALID "jq-invalid" Deny
        "A jq program that does not compile cannot bridge anything."
        "correct the program; an upcaster sees only the event, not the clock, the environment or other input";

    JQ_FENCE "jq-fence" Deny
        "jq programs run in a process of their own, and it could not be started."
        "see the message for what the system says";

    // Scenarios.
    SCENARIO_FAILED "scenario-failed" Deny
        "The code does not do what the scenario says."
        "run `cargo test` with the scenario's name to see the whole story";
    SCENARIO_FILE "scenario-file" Deny
        "A scenario file that cannot be used checks nothing."
        "correct the file at the place named; `schemas/pastproof/scenario.json` tells editors what it may hold";
    SCENARIO_ORPHANED "scenario-orphaned" Warn
        "A recorded scenario that no test records any more checks nothing."
        "delete the file, or record the scenario under its old name again";
    SCENARIO_COVERAGE "scenario-coverage" Deny
        "Scenarios that show less than was agreed leave commands, events and errors that nobody has looked at."
        "tell scenarios of what is named, or except it with a reason under [[scenarios.except]]; `pastproof scenario coverage` shows the whole matrix";
    SCENARIO_COVERAGE_UNKNOWN "scenario-coverage-unknown" Warn
        "Of a list that is not known nobody can tell what is missing, and a floor holds without it."
        "derive `JsonSchema` for the type, and name it with `Suite::inventory` or `FileReader::decider`";
    SCENARIO_DOCS_STALE "scenario-docs-stale" Deny
        "Documents of scenarios that are not as scenarios are today tell a story that nobody checks."
        "write them anew with `pastproof scenario docs`";

    // Recordings.
    RECORDING_UNREADABLE "recording-unreadable" Deny
        "A recording that cannot be opened proves nothing."
        "check the path in the configuration";
    RECORDING_EMPTY "recording-empty" Deny
        "A gate on zero events says nothing about history."
        "take the recording again, or remove it from the configuration";
    MANIFEST_DAMAGED "manifest-damaged" Deny
        "The manifest does not match its own seal or cannot be read, so nothing it says can be relied on."
        "restore recording and manifest from where they were taken";
    FRAME_DAMAGED "frame-damaged" Deny
        "A part of the recording differs from what was sealed."
        "restore the recording from where it was taken";
    RECORDING_MISMATCH "recording-mismatch" Deny
        "Counts or positions in the recording are not what its manifest says."
        "restore recording and manifest from where they were taken";
    ORDER_BROKEN "order-broken" Deny
        "Events stand in another order than the manifest promises."
        "take the recording again in the order stated";
    MANIFEST_MISSING "manifest-missing" Deny
        "Without its manifest nobody can tell whether a recording is what was taken."
        "restore the manifest from where the recording was taken, or take the recording again";
    ROOT_MISMATCH "root-mismatch" Deny
        "The configuration pins another recording than the one that is there: whoever can write the file can seal it anew, and cannot change the pin."
        "find out who replaced the recording; if it is meant, write its root into the configuration in a reviewed change";
    MASK_UNUSED "mask-unused" Warn
        "A masking rule that replaced nothing may be misspelt, and then what it should hide is in the recording."
        "correct the rule's pointer, part or type, or remove it";
    HISTORY_ALTERED "history-altered" Deny
        "An event of an older recording is absent from the newer one, or is not what it was."
        "find out who changed stored history; if the change is meant, compare with a recording taken after it";
    LINE_TOO_LONG "line-too-long" Deny
        "A line beyond the limit is not kept in memory, so nothing is known about it."
        "move large contents out of the event, or exclude it when the recording is taken";
    LINE_CUT_OFF "line-cut-off" Deny
        "The last line has no end: the file was cut off while it was written."
        "take the recording again, or remove the last line if it was never complete";

    // Recorded events.
    NOT_JSON "not-json" Deny
        "A line that is not JSON cannot be replayed."
        "correct the line, or exclude it when the recording is taken";
    NOT_AN_EVENT "not-an-event" Deny
        "The line is JSON but lacks what a recorded event must have."
        "name the members with --type, --version, --data and --stream, or convert the file";
    DUPLICATE_MEMBER "duplicate-member" Deny
        "Readers disagree about which of two members with one name counts."
        "find the writer that stores the member twice";
    NUMBER_PRECISION "number-precision" Warn
        "A whole number beyond 64 bits is rounded by most readers."
        "store it as a text, or read it with a type that is wide enough";
    UNKNOWN_TYPE "unknown-type" Deny
        "The catalogue has no schema for this event type."
        "add the type to the catalogue";
    UNKNOWN_VERSION "unknown-version" Deny
        "The catalogue knows the type but not this version."
        "add the version to the catalogue";
    REDACTED_EVENT "redacted-event" Note
        "A redacted event need not satisfy its schema, but the code must fold it."
        "see that a scenario or a recording shows the code a redacted event";
    INVALID_EVENT "invalid-event" Deny
        "A stored event does not satisfy the schema it was written under."
        "find the writer that stored it, then correct the schema or upcast the event";

    // Replay.
    EVENT_UNREADABLE "event-unreadable" Deny
        "The code cannot deserialize a stored event after upcasting."
        "correct the type or its upcaster; the pointer names the member";
    APPLY_PANICKED "apply-panicked" Deny
        "Folding a stored event panics."
        "make `apply` total over the events that exist";
    PROJECTOR_FAILED "projector-failed" Deny
        "A projector refuses a stored event."
        "make the projector total over the events that exist";
    STREAM_NOT_FOLDED "stream-not-folded" Warn
        "No aggregate looked at these streams, so nothing is known about their state."
        "register an aggregate for the category";
    NOT_CHECKED "not-checked" Warn
        "Something could not be checked with what the recording holds."
        "see the message for what is missing";
    REVISION_GAP "revision-gap" Deny
        "A stream misses an event between two of its revisions."
        "take the stream again; a fold over a gap is a guess";
    STATE_UNSERIALIZABLE "state-unserializable" Deny
        "A state that does not serialize cannot be compared."
        "make the state serializable, or register a view of it";
    STATE_DIFFERS "state-differs" Deny
        "The code folds a stored stream to another state than the baseline has."
        "undo the change in `apply`, or save a new baseline with `pastproof replay --save-baseline` if the change is meant";
    ROWS_DIFFER "rows-differ" Deny
        "A projector makes other rows of the same history than the baseline has."
        "undo the change in the projector, or save a new baseline with `pastproof replay --save-baseline` if the change is meant";
    BASELINE_MISSING "baseline-missing" Warn
        "Without a baseline a replay finds errors but no differences."
        "run `pastproof replay FILE --save-baseline`";
    BASELINE_DAMAGED "baseline-damaged" Deny
        "A baseline that cannot be read compares with nothing."
        "restore the baseline from version control";
    BASELINE_STALE "baseline-stale" Deny
        "The baseline was made from another recording or another set of streams."
        "save a new baseline with `pastproof replay FILE --save-baseline`";

    // Harness and gate.
    HARNESS_BUILD "harness-build" Deny
        "The harness does not compile, so nothing of the code was checked."
        "run the build command in the message and correct the errors";
    HARNESS_DIED "harness-died" Deny
        "The process that runs your code ended without a word, as after a stack overflow or an abort."
        "run the harness on the stream named here under a debugger";
    HARNESS_INCOMPATIBLE "harness-incompatible" Deny
        "The harness speaks another version of the protocol than this binary."
        "use the same version of pastproof for both";
    WAIVER_EXPIRED "waiver-expired" Deny
        "A waiver is a loan with a date."
        "mend what it covers, or renew it with a reason";
    WAIVER_EXCEEDED "waiver-exceeded" Deny
        "A waiver was given for fewer findings than there are now, so something new hides among them."
        "mend the new ones, or raise `at-most` with a reason";
    WAIVER_UNUSED "waiver-unused" Warn
        "A waiver that covers nothing hides the next thing that fits it."
        "remove it";
}
