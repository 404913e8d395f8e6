//! Molecules from SMILES and SD records, behind the [`Chemistry`] trait.
//!
//! Comes in: one SMILES or mol block. Goes out: a [`Molecule`], or the reason why there is none, in words that a chemist can
//! act on. A molecule passes a syntax check, loses counter-ions and solvents by a list and by rule (`salt.rs`) and charges where that is
//! unambiguous (`charge.rs`), and is known from then on by the canonical SMILES of its parent; with [`Standardise::None`] it stays as it is
//! written. Its arrays are a function of that SMILES alone: two spellings of one drug give bit-identical features. Its scaffold, which only a split by scaffold
//! needs, is computed on request: it costs two fifths of everything else.
//!
//! ```
//! use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry};
//! let aspirin = ChematicToolkit.molecule("[Na+].[O-]C(=O)c1ccccc1OC(C)=O")?;
//! assert_eq!(aspirin.smiles, "CC(=O)Oc1ccccc1C(=O)O");
//! assert_eq!(aspirin.scaffold()?, "c1ccccc1");
//! # Ok::<(), fusebind_features::Error>(())
//! ```

mod alert;
mod charge;
mod chematic;
mod chemistry;
mod circular;
mod counter_ion;
mod draw;
mod fields;
mod gate;
mod inert;
mod property;
mod salt;
mod sd;

pub use alert::Alerts;
pub use chematic::{ChematicToolkit, is_counter_ion};
pub use chemistry::{Chemistry, MAX_HEAVY_ATOMS, MAX_SMILES, Molecule, Standardise};
pub use draw::draw;
pub use inert::FRAGMENT_ATOMS;
pub use property::Property;
pub use sd::split_sd_record;
