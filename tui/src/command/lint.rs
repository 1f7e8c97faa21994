//! `lint`: reads manifests and scenarios and prints what was read, what has no effect, and what
//! is wrong. It runs nothing.

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::manifest::{self, Diagnostic, Severity, SourceId};
use meshwalk_models::profile::Profile;
use meshwalk_models::world::{self, ClusterManifests, Topology};
use meshwalk_sim::run::DEFAULT_CLUSTER;
use meshwalk_sim::scenario;

use crate::Exit;
use crate::cli::{FailOn, LintArgs, LintFormat};
use crate::failure::Failure;
use crate::input::{self, Limits, SourceKind, Sources};
use crate::report::diagnostics;
use crate::report::lint::{self, Lint};
use crate::report::sarif;
use crate::terminal::Look;

use super::Streams;

/// The namespace of objects that name none, as `kubectl apply` has it.
const DEFAULT_NAMESPACE: &str = "default";

/// Carries out `meshwalk lint`.
pub(super) fn lint(
    args: &LintArgs,
    look: &Look,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let paths = [&args.paths[..], &args.files].concat();
    let found = input::collect(&paths, &Limits::DEFAULT);
    let ids = input::read_all(found, streams.input, &Limits::DEFAULT, &mut sources);
    let files = ids.len();
    let (mut manifests, mut findings) = (Vec::new(), std::mem::take(&mut sources.findings));
    for id in ids {
        match input::kind_of(&sources.set, id) {
            SourceKind::Manifest => manifests.push(id),
            SourceKind::Scenario => findings.extend(of_scenario(&mut sources, id)),
            SourceKind::Checks => {
                findings
                    .extend(super::why::checks::read(&sources.set, id).err().unwrap_or_default());
            }
        }
    }
    let manifests = manifest::load(&sources.set, manifests);
    let cluster = ClusterManifests {
        name: DEFAULT_CLUSTER,
        default_namespace: DEFAULT_NAMESPACE,
        resources: &manifests.resources,
    };
    // Selectors and ports can be checked only when everything stands together, and so can what
    // the control planes make of routes and policies.
    let built = world::build(&[cluster], &Topology::default(), &[]);
    let (_, rejected) = ControlPlanes::new(&built.world, &[cluster], Profile::built_in());
    findings.extend(manifests.diagnostics);
    findings.extend(built.findings);
    findings.extend(rejected);
    diagnostics::sort(&mut findings, &sources.set);
    let lint = Lint {
        sources: &sources.set,
        files,
        skipped: &sources.skipped,
        findings: &findings,
        report: &manifests.report,
        digest: &manifests.digest,
    };
    match args.output {
        LintFormat::Table => lint::print(streams.out, &lint, look)?,
        LintFormat::Json => lint::print_json(streams.out, &lint)?,
        LintFormat::Sarif => sarif::print(streams.out, &findings, &sources.set)?,
    }
    Ok(verdict(&findings, args.fail_on))
}

/// Names are resolved only when a scenario runs; what stands in the file is checked here.
fn of_scenario(sources: &mut Sources, id: SourceId) -> Vec<Diagnostic> {
    match scenario::read(&mut sources.set, id, &[]) {
        Ok(scenario) => scenario.warnings,
        Err(findings) => findings,
    }
}

fn verdict(findings: &[Diagnostic], fail_on: FailOn) -> Exit {
    let fails = |finding: &Diagnostic| match fail_on {
        FailOn::Error => finding.severity == Severity::Error,
        FailOn::Warning => matches!(finding.severity, Severity::Error | Severity::Warning),
        FailOn::Note => true,
        FailOn::Never => false,
    };
    if findings.iter().any(fails) { Exit::Failed } else { Exit::Fine }
}
