//! Replays cases of Istio's own simulation: its configuration, a call, and the listener, virtual
//! host, route and cluster that must match, or the error. The folder of the cases is not part of
//! this repository.

mod call;
mod case;
mod expect;
mod proxy;
mod run;

use std::fs;
use std::path::Path;

/// What became of all cases.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One line a call, in the order of the cases.
    pub lines: Vec<String>,
    /// How many calls there were.
    pub calls: usize,
    /// How many of them had another result than expected.
    pub failed: usize,
}

/// Replays `cases.json` of a folder.
///
/// # Errors
/// Says why the file cannot be read or is none of its kind.
pub fn replay(folder: &Path) -> Result<Report, String> {
    let path = folder.join("cases.json");
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let cases = case::cases(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut report = Report::default();
    for case in &cases {
        let proxy = proxy::ProxyUnderTest::of(case);
        for (at, call) in case.calls.iter().enumerate() {
            let differences = match &proxy {
                Ok(proxy) => expect::differences(&call.expected, &run::run(&proxy.config, call)),
                Err(error) => vec![error.clone()],
            };
            let name = if call.name.is_empty() { at.to_string() } else { call.name.clone() };
            let title = format!("{} / {} / {name}", case.func, case.name);
            report.calls += 1;
            if differences.is_empty() {
                report.lines.push(format!("ok    {title}"));
            } else {
                report.failed += 1;
                report.lines.push(format!("FAIL  {title}: {}", differences.join("; ")));
            }
        }
    }
    Ok(report)
}
