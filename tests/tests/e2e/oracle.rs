//! Recordings of a real Envoy; they lie beside the checkout or the test skips.

use meshwalk_tests::oracle::replay;
use meshwalk_tests::shared;

#[test]
fn the_model_does_what_a_real_envoy_was_recorded_doing() {
    let Some(folder) = shared("oracle") else { return };
    let report = replay(&folder).expect("the folder can be read");
    let failed: Vec<&String> = report.lines.iter().filter(|it| !it.starts_with("ok ")).collect();
    assert!(failed.is_empty() && report.cases > 0, "{}\n{failed:#?}", report.total());
}
