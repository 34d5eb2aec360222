//! Teaching: the score learns from two towns, of one of which devices and sessions are known and of the other not.

use crate::habits::TAUGHT;
use crate::live;
use crate::town::Town;
use entity::fraud::Score;
use std::error::Error;
use std::path::Path;

/// What chance begins with, and whether devices are known: none of them is judged.
const TOWNS: [(u64, bool); 3] = [(1, true), (2, false), (3, true)];

/// Learns, and keeps what was learned.
pub(crate) fn teach(people: u32, days: u32, file: &Path) -> Result<(), Box<dyn Error>> {
    let mut labelled = Vec::new();
    for (seed, devices) in TOWNS {
        live(&mut Town::new(seed, people, &TAUGHT, devices), days, |paid| {
            labelled.push((paid.signals, paid.crime.is_some()));
        });
    }
    let score = Score::learn(&labelled)?;
    std::fs::write(file, score.to_text()?)?;
    println!("learned from {} payments", labelled.len());
    Ok(())
}
