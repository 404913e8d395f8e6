//! `fusebind screen status`: how far the units of a screening are.

use super::work::Work;
use crate::{args::StatusArgs, command::output::say};

pub fn run(args: &StatusArgs) -> anyhow::Result<()> {
    for folder in &args.folders {
        let work = Work::open(folder)?;
        let units = work.units()?;
        let of = match work.end()? {
            Some(end) => format!("of {} ({} rows)", end.units, end.rows),
            None => "of a library that was not read to its end yet".to_string(),
        };
        let (mut rows, mut scored, mut rejected, mut best) = (0, 0, 0, None::<f64>);
        for unit in &units {
            let unit = work.unit(*unit)?;
            rows += unit.rows;
            scored += unit.scored;
            rejected += unit.rejected;
            best = unit
                .hits
                .iter()
                .map(|hit| hit.score())
                .chain(best)
                .max_by(f64::total_cmp);
        }
        let best = best.map_or(String::new(), |best| format!(", best score {best:.3}"));
        say(format_args!(
            "{}: {} units {of}; {rows} rows done, {scored} compounds scored, {rejected} rejected{best}",
            folder.display(),
            units.len()
        ))?;
    }
    Ok(())
}
