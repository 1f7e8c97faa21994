//! The Time screen in sentences, for those who do not see pictures.

use meshwalk_models::units::SimTime;
use meshwalk_sim::waterfall::Waterfall;

use crate::explore::scene::Scene;
use crate::report::format::counted;

use super::accounting::Accounts;
use super::decisions::decisions;
use super::figures::{ms, percent, times, together};
use super::naming::{self, Naming};
use super::rows::Row;
use super::settings::settings;

/// What the screen shows.
pub(super) fn sentences(
    scene: &Scene<'_>,
    name: &str,
    waterfall: &Waterfall,
    rows: &[Row],
    now: SimTime,
) -> Vec<String> {
    let naming = Naming::of(scene);
    let mut sentences = vec![beginning(&naming, name, waterfall, now)];
    for row in rows {
        let Some(first) = row.stretches.first() else { continue };
        let when = if first.from > now { " It lies after the cursor." } else { "" };
        sentences.push(format!(
            "{}{} begins after {}: {}.{when}",
            "  ".repeat(row.depth),
            naming.label(waterfall, row).trim_start_matches("-> "),
            first.from.max(waterfall.begun) - waterfall.begun,
            naming.note(waterfall, row)
        ));
    }
    let accounts = Accounts::of(scene, waterfall, now);
    sentences.extend(time(&accounts));
    for service in &accounts.whole.services {
        let parts = together(&[service.busy.useful, service.busy.vain, service.busy.wasted]);
        let sum: u64 = parts.iter().sum();
        let mut text = format!(
            "{}: {} wanted, {} made, amplification {}.",
            naming.service(service.service),
            counted(service.wanted, "call"),
            counted(service.made, "attempt"),
            times(service.made, service.wanted)
        );
        if sum > 0 {
            text.push_str(&format!(
                " Its workers were held for {}: {} useful, {} of no use, {} when nobody waited ({}).",
                ms(sum),
                ms(parts[0]),
                ms(parts[1]),
                ms(parts[2]),
                percent(parts[2], sum)
            ));
        }
        sentences.push(text);
    }
    for decision in decisions(scene, waterfall) {
        sentences.push(format!(
            "After {}, {}. {}.",
            decision.after,
            decision.headline,
            decision.grounds.join("; ")
        ));
    }
    for setting in settings(scene, waterfall) {
        sentences.push(format!("Settings of {}: {}.", setting.call, setting.lines.join("; ")));
    }
    sentences
}

fn beginning(naming: &Naming<'_>, name: &str, waterfall: &Waterfall, now: SimTime) -> String {
    let call = naming.call(waterfall, 0);
    let end = match (waterfall.calls[0].ending, waterfall.latency()) {
        (Some(ending), Some(latency)) => {
            format!("ends after {latency}: {}", naming::ending(ending))
        }
        _ => "has not ended as far as the run is recorded".to_owned(),
    };
    let here = if now >= waterfall.begun {
        format!("The cursor is {} after its beginning.", now - waterfall.begun)
    } else {
        "The cursor is before its beginning.".to_owned()
    };
    format!("Request {name}, {call}, {end}. {here}")
}

fn time(accounts: &Accounts) -> Vec<String> {
    let whole = &accounts.whole;
    let totals: Vec<_> = whole.parts.iter().map(|part| part.total).collect();
    let totals = together(&totals);
    let sum: u64 = totals.iter().sum();
    let parts: Vec<String> = whole
        .parts
        .iter()
        .zip(&totals)
        .map(|(part, total)| {
            format!("{} {} ({})", part.spent.words(), ms(*total), percent(*total, sum))
        })
        .collect();
    vec![format!("Its {} went into: {}.", ms(sum), parts.join(", "))]
}
