//! What other rules would have made of the payments of the past: a report to read before they are put in force.

use entity::fraud::{Replay, RuleSet, replay};
use entity::{Bank, Error};
use std::fmt::Write;

/// The report.
///
/// # Errors
/// When the database can't be read.
pub async fn report(bank: &Bank, rules: &RuleSet, last: u64) -> Result<String, Error> {
    Ok(words(&replay(bank, rules, last).await?))
}

fn words(replay: &Replay) -> String {
    let mut text = format!("{} payments were judged twice.\n\n", replay.judged);
    let mut line = |name: &str, before: &str, after: &str| {
        let _text = writeln!(text, "{name:<44} {before:>9} {after:>9}");
    };
    line("rule", "in force", "replayed");
    for (rule, count) in &replay.rules {
        line(rule, &count.before.to_string(), &count.after.to_string());
    }
    line("", "", "");
    line("outcome", "in force", "replayed");
    for (outcome, count) in &replay.outcomes {
        line(&format!("{outcome:?}"), &count.before.to_string(), &count.after.to_string());
    }
    let _text = writeln!(text, "\n{} payments change their outcome; the newest:", replay.changes);
    for changed in &replay.changed {
        let _text = writeln!(text, "  {} {:?} -> {:?}", changed.transaction, changed.before, changed.after);
    }
    text
}
