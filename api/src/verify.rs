//! What an auditor reads first: the trial balance, whether every law of the ledger holds, and whether every log
//! is whole. Needs the database only: it can be run on a copy of it, by somebody without any role.

use entity::ledger::audit;
use entity::{Bank, chain};
use std::fmt::Write;

/// The report; and whether all is well.
///
/// # Errors
/// When the database can't be read.
pub async fn report(bank: &Bank) -> Result<(String, bool), entity::Error> {
    let mut text = "Trial balance\n".to_owned();
    for line in audit::trial_balance(&bank.db).await? {
        let (amount, currency) = (line.balance.decimal(), line.balance.currency);
        let _text = writeln!(text, "  {:<22} {amount:>12} {currency}", line.purpose.name());
    }
    let breaches = audit::run(bank).await?;
    for breach in &breaches {
        let _text = writeln!(text, "BREACH: {} ({} rows)", breach.law, breach.count);
    }
    if breaches.is_empty() {
        text.push_str("The audit is clean: every law of the ledger holds.\n");
    }
    let chains = chain::verify(&bank.db).await?;
    for broken in &chains.broken {
        let _text = writeln!(text, "BROKEN: {} of {}, entry {}", broken.log, broken.owner, broken.seq);
    }
    if chains.broken.is_empty() {
        let _text = writeln!(text, "The logs are whole: {} entries in their chains.", chains.entries);
    }
    Ok((text, breaches.is_empty() && chains.broken.is_empty()))
}

/// Prints the report.
///
/// # Errors
/// When the database can't be read, or not all is well.
pub async fn print(bank: &Bank) -> Result<(), String> {
    let (text, is_well) = report(bank).await.map_err(|error| error.to_string())?;
    print!("{text}");
    if is_well { Ok(()) } else { Err("the books or the logs are not whole".to_owned()) }
}
