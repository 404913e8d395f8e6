//! Splits by source and by time: trained on what some sources reported, or on what was known early, tested on the rest.
//!
//! Comes in: a data set with [`Origin`] columns. Goes out: one optional part per interaction. A pair of compound and protein that an
//! earlier part holds is left out of the later ones, so that nothing is tested that was seen in training. Rows without a
//! source or a date are in no part.

use std::collections::{BTreeMap, HashMap};

use rand_chacha::ChaCha8Rng;

use super::{Part, assign::assign, identity::Identity};
use crate::{
    Error, ErrorKind,
    table::{Dataset, Origin, day},
};

/// Whole sources per part; `test` names those that test, or the shares decide where it is empty.
pub(super) fn by_source(
    dataset: &Dataset,
    test: &[String],
    shares: [f64; 3],
    random: &mut ChaCha8Rng,
) -> Result<Vec<Option<Part>>, Error> {
    let texts = column(dataset, Origin::Source)?;
    let mut classes: BTreeMap<&str, u32> = texts.iter().flatten().map(|text| (text.as_str(), 0)).collect();
    (0..)
        .zip(classes.values_mut())
        .for_each(|(number, class)| *class = number);
    let stated: Vec<usize> = (0..texts.len()).filter(|row| texts[*row].is_some()).collect();
    let class = |row: usize| texts[row].as_deref().map_or(0, |text| classes[text]);
    let mut parts = vec![None; texts.len()];
    if test.is_empty() {
        let of_rows: Vec<u32> = stated.iter().map(|row| class(*row)).collect();
        let assigned = assign(&of_rows, shares, random);
        stated.iter().zip(assigned).for_each(|(row, part)| parts[*row] = part);
        return first_part_only(dataset, parts);
    }
    if let Some(unknown) = test.iter().find(|name| !classes.contains_key(name.as_str())) {
        let known: Vec<&str> = classes.keys().copied().collect();
        return Err(
            Error::new(ErrorKind::Config, format!("no row has the source `{unknown}`"))
                .hint(format!("the sources are: {}", known.join(", "))),
        );
    }
    let is_test = |row: &usize| texts[*row].as_ref().is_some_and(|text| test.contains(text));
    let (tested, others): (Vec<usize>, Vec<usize>) = stated.into_iter().partition(is_test);
    tested.iter().for_each(|row| parts[*row] = Some(Part::Test));
    // The rest is divided by pairs in the ratio of the other two shares.
    let pairs = Identity::of(dataset)?.pairs();
    let of_rows: Vec<u32> = others.iter().map(|row| pairs[*row]).collect();
    let rest = (shares[0] + shares[1]).max(f64::MIN_POSITIVE);
    let assigned = assign(&of_rows, [shares[0] / rest, shares[1] / rest, 0.0], random);
    others.iter().zip(assigned).for_each(|(row, part)| parts[*row] = part);
    first_part_only(dataset, parts)
}

/// The earliest rows train, the latest test; rows of one day are in one part.
pub(super) fn by_time(dataset: &Dataset, shares: [f64; 3]) -> Result<Vec<Option<Part>>, Error> {
    let texts = column(dataset, Origin::Date)?;
    let days: Vec<Option<u32>> = texts.iter().map(|text| day(text.as_deref()?)).collect();
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    days.iter()
        .flatten()
        .for_each(|day| *counts.entry(*day).or_default() += 1);
    let dated: usize = counts.values().sum();
    if dated == 0 {
        return Err(Error::new(ErrorKind::Infeasible, "no row has a date that can be read")
            .hint("write dates as 2019, 2019-03 or 2019-03-07 in a column `date` or `year`"));
    }
    let mut before = 0;
    let part_of_day = |count: &usize| {
        // The middle of the rows of the day decides.
        let at = (before as f64 + *count as f64 / 2.0) / dated as f64;
        before += count;
        match () {
            () if at < shares[0] => Part::Train,
            () if at < shares[0] + shares[1] => Part::Valid,
            () => Part::Test,
        }
    };
    let of_counts: Vec<Part> = counts.values().map(part_of_day).collect();
    let of_days: BTreeMap<u32, Part> = counts.keys().copied().zip(of_counts).collect();
    let parts = days.iter().map(|day| Some(of_days[day.as_ref()?])).collect();
    first_part_only(dataset, parts)
}

/// Takes a pair out of every part after the first that holds it.
fn first_part_only(dataset: &Dataset, mut parts: Vec<Option<Part>>) -> Result<Vec<Option<Part>>, Error> {
    let pairs = Identity::of(dataset)?.pairs();
    let mut first: HashMap<u32, Part> = HashMap::new();
    for (pair, part) in pairs.iter().zip(&parts) {
        if let Some(part) = part {
            let known = first.entry(*pair).or_insert(*part);
            *known = (*known).min(*part);
        }
    }
    for (pair, part) in pairs.iter().zip(&mut parts) {
        if part.is_some_and(|part| part != first[pair]) {
            *part = None;
        }
    }
    Ok(parts)
}

fn column(dataset: &Dataset, origin: Origin) -> Result<&[Option<String>], Error> {
    dataset.origins.get(&origin).map(Vec::as_slice).ok_or_else(|| {
        Error::new(
            ErrorKind::MissingColumn,
            format!("the pair table has no column `{}`", origin.column()),
        )
        .hint(format!("add one; read are the names {}", origin.spellings().join(", ")))
    })
}
