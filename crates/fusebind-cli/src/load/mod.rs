//! What the flags name, read: data sets, side modalities, splits, devices. Rejected rows are summed up on stderr and written beside
//! the output, as `<output>.rejected.csv`.

mod device;
mod modalities;
mod model;
mod rates;
mod rejected;
mod split;
mod table;

pub use device::device;
pub use modalities::{Unmatched, modalities, notes, side_data, switched_off, text_fields};
pub use model::{ModelFlags, model, trained};
pub use rates::{RatesFile, mismatch_rates};
pub use rejected::{rejected_beside, report_rejections};
pub use split::{split, split_of_run};
pub use table::{chemistry, columns, counted, dataset, named_dataset, nothing_left};
