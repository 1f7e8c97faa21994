//! Outlier detection, as Envoy's configuration writes it but with times in milliseconds.

use meshwalk_models::proxy::envoy::config::OutlierDetection;
use meshwalk_models::units::{Ppm, SimDuration};

use super::super::fields::{Fields, Read};
use super::{ORIGIN, given};

const SECOND: u64 = 1_000;

pub(super) fn detection(fields: &Fields<'_>) -> Read<OutlierDetection> {
    let ms = |name: &str, default: u64| {
        Ok::<_, String>(fields.ms(name)?.unwrap_or(SimDuration::from_ms(default)))
    };
    let whole = |name: &str, default: u32| Ok::<_, String>(fields.whole(name)?.unwrap_or(default));
    let base = ms("base_ejection_time_ms", 30 * SECOND)?;
    let most = fields.ms("max_ejection_time_ms")?;
    // Concerns active health checks, of which there are none here.
    fields.switch("successful_active_health_check_uneject_host")?;
    Ok(OutlierDetection {
        interval: given(ms("interval_ms", 10 * SECOND)?),
        base_ejection: given(base),
        max_ejection: given(most.unwrap_or(base.max(SimDuration::from_ms(300 * SECOND)))),
        max_ejection_jitter: ms("max_ejection_time_jitter_ms", 0)?,
        max_ejection_share: given(Ppm::from_percent(whole("max_ejection_percent", 10)?)),
        always_eject_one: fields.switch("always_eject_one_host")?,
        consecutive_5xx: given(whole("consecutive_5xx", 5)?),
        enforcing_consecutive_5xx: whole("enforcing_consecutive_5xx", 100)?,
        consecutive_gateway: given(whole("consecutive_gateway_failure", 5)?),
        enforcing_consecutive_gateway: whole("enforcing_consecutive_gateway_failure", 0)?,
        split_local_origin: fields.switch("split_external_local_origin_errors")?,
        consecutive_local: given(whole("consecutive_local_origin_failure", 5)?),
        enforcing_consecutive_local: whole("enforcing_consecutive_local_origin_failure", 100)?,
        enforcing_success_rate: whole("enforcing_success_rate", 100)?,
        enforcing_local_success_rate: whole("enforcing_local_origin_success_rate", 100)?,
        success_rate_min_hosts: whole("success_rate_minimum_hosts", 5)?,
        success_rate_request_volume: whole("success_rate_request_volume", 100)?,
        success_rate_stdev_factor: whole("success_rate_stdev_factor", 1900)?,
        failure_percentage_threshold: whole("failure_percentage_threshold", 85)?,
        enforcing_failure_percentage: whole("enforcing_failure_percentage", 0)?,
        enforcing_local_failure_percentage: whole("enforcing_failure_percentage_local_origin", 0)?,
        failure_percentage_min_hosts: whole("failure_percentage_minimum_hosts", 5)?,
        failure_percentage_request_volume: whole("failure_percentage_request_volume", 50)?,
        origin: ORIGIN,
    })
}
