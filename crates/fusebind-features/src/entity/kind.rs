//! What a text is that stands where a structure or a sequence should: an id, a gene, a name, a nucleic acid.
//!
//! Comes in: the text of a cell. Goes out: its [`TextKind`], or nothing where it has no known shape. Only shapes are compared: nothing is
//! looked up. `EGFR` and `KIT` are made of letters that stand for residues as well, so that a sequence is told from a gene by its length.

use std::fmt;

/// Fewest residues of a sequence that is read; shorter texts are far more often the names of genes than peptides.
pub const MIN_RESIDUES: usize = 10;
/// Fewest letters of which all are bases that are taken for a nucleic acid.
const NUCLEIC_LETTERS: usize = 12;
/// Share of `O` and `U` from which a short text is taken for words: selenoprotein P, the richest, has 3 %.
const WORD_SHARE: f64 = 0.05;
/// Longest text that is taken for words, in letters.
const WORD_LETTERS: usize = 80;

/// Words of protein names, in lower case. Those of six letters hardly occur in a short sequence by chance; shorter ones count between spaces.
const WORDS: [&str; 24] = [
    "kinase",
    "receptor",
    "protein",
    "factor",
    "channel",
    "subunit",
    "synthase",
    "transferase",
    "reductase",
    "oxidase",
    "protease",
    "peptidase",
    "enzyme",
    "hydrolase",
    "domain",
    "binding",
    "integrin",
    "human",
    "alpha",
    "beta",
    "gamma",
    "delta",
    "chain",
    "growth",
];

/// A kind of text that is neither a sequence nor, but for [`TextKind::Smiles`], a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextKind {
    /// `EGFR`, `CDK4`.
    Gene,
    /// `P00533`, `Q9Y6K9-2`, `EGFR_HUMAN`.
    Uniprot,
    /// `CHEMBL25`.
    Chembl,
    /// `1M17`, `1m17_A`.
    Pdb,
    /// `NP_005219.2`, `ENSP00000275493`.
    Database,
    /// `DB00619`.
    DrugBank,
    /// `50-78-2`.
    Cas,
    /// `InChI=1S/..`.
    Inchi,
    /// `BSYNRYMUTXBXSQ-UHFFFAOYSA-N`.
    InchiKey,
    /// `CC(=O)O`.
    Smiles,
    /// Bases alone.
    Nucleic,
    /// Residues alone.
    Sequence,
    /// Digits alone.
    Number,
    /// Words.
    Name,
}

impl fmt::Display for TextKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gene => "a gene name",
            Self::Uniprot => "a UniProt accession",
            Self::Chembl => "a ChEMBL id",
            Self::Pdb => "a PDB id",
            Self::Database => "a database id",
            Self::DrugBank => "a DrugBank id",
            Self::Cas => "a CAS number",
            Self::Inchi => "an InChI",
            Self::InchiKey => "an InChIKey",
            Self::Smiles => "a SMILES",
            Self::Nucleic => "DNA or RNA",
            Self::Sequence => "an amino acid sequence",
            Self::Number => "a number",
            Self::Name => "a name",
        })
    }
}

impl TextKind {
    /// What `text` is where a SMILES was expected and could not be read.
    pub fn of_structure(text: &str) -> Option<Self> {
        let text = text.trim();
        identifier(text).or_else(|| {
            let letters = text.chars().all(|c| c.is_ascii_uppercase());
            if letters && text.len() >= MIN_RESIDUES {
                return Some(if nucleic(text) { Self::Nucleic } else { Self::Sequence });
            }
            let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\'' | ',' | '_');
            let other = |c: &char| c.is_alphabetic() && !"BCNOPSFIHbcnopslr".contains(*c);
            let worded = text.chars().filter(other).count() >= 2;
            (worded && text.chars().all(plain)).then_some(Self::Name)
        })
    }

    /// What `text` is where a sequence was expected and its letters are no residues or too few.
    pub fn of_sequence(text: &str) -> Option<Self> {
        let text = text.trim();
        identifier(text)
            .or_else(|| smiles(text).then_some(Self::Smiles))
            .or_else(|| gene(text).then_some(Self::Gene))
            .or_else(|| worded(text).then_some(Self::Name))
    }

    /// What a text is although each of its letters stands for a residue: `residues` in upper case, `text` as it was written.
    pub fn of_residues(residues: &str, text: &str) -> Option<Self> {
        if nucleic(residues) {
            return Some(Self::Nucleic);
        }
        let count = |letters: &str| residues.chars().filter(|c| letters.contains(*c)).count();
        let all = residues.len();
        if count("BCNOPSFI") == all && count("C") * 5 >= all * 2 {
            return Some(Self::Smiles);
        }
        let rare = count("OU") as f64 / all.max(1) as f64;
        let name = all <= WORD_LETTERS && (rare >= WORD_SHARE || named(text)) || capitalised(text);
        name.then_some(Self::Name)
    }
}

/// The text, or its first thirty letters.
pub(crate) fn shortened(text: &str) -> String {
    let mut letters = text.trim().chars();
    let mut shown: String = letters.by_ref().take(30).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Ids whose shape is their own.
fn identifier(text: &str) -> Option<TextKind> {
    let (upper, digits) = (text.to_ascii_uppercase(), |t: &str| {
        !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit())
    });
    let numbered = |prefix: &str| upper.strip_prefix(prefix).is_some_and(digits);
    Some(if upper.starts_with("INCHI=") {
        TextKind::Inchi
    } else if inchikey(text) {
        TextKind::InchiKey
    } else if digits(text.strip_suffix(".0").unwrap_or(text)) {
        TextKind::Number
    } else if numbered("CHEMBL") {
        TextKind::Chembl
    } else if numbered("DB") && upper.len() == 7 {
        TextKind::DrugBank
    } else if cas(text) {
        TextKind::Cas
    } else if uniprot(&upper) {
        TextKind::Uniprot
    } else if database(&upper) {
        TextKind::Database
    } else if pdb(&upper) {
        TextKind::Pdb
    } else {
        return None;
    })
}

/// Fourteen, ten and one upper-case letters.
fn inchikey(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let upper = |part: &str| part.bytes().all(|b| b.is_ascii_uppercase());
    parts.iter().map(|part| part.len()).eq([14, 10, 1]) && parts.into_iter().all(upper)
}

/// Two to seven digits, two digits, one digit.
fn cas(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts[..], [a, b, c] if (2..=7).contains(&a.len()) && b.len() == 2 && c.len() == 1)
        && parts.iter().all(digits)
}

/// The published pattern of accessions, with an isoform or not, and entry names such as `EGFR_HUMAN`.
fn uniprot(upper: &str) -> bool {
    let (body, isoform) = upper.split_once('-').unwrap_or((upper, "1"));
    if isoform.is_empty() || !isoform.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    if let Some((name, species)) = body.split_once('_') {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        return word(name) && word(species) && (3..=5).contains(&species.len()) && name.len() <= 10;
    }
    // A letter, a digit, then once or twice: a letter, two letters or digits, a digit. `O`, `P` and `Q` take any four in the middle.
    let b = body.as_bytes();
    let (letter, digit) = (
        |at: usize| b[at].is_ascii_uppercase(),
        |at: usize| b[at].is_ascii_digit(),
    );
    if !(matches!(b.len(), 6 | 10) && b.iter().all(u8::is_ascii_alphanumeric) && letter(0) && digit(1)) {
        return false;
    }
    let block = |at: usize| letter(at) && digit(at + 3);
    match b.len() {
        6 => digit(5) && (matches!(b[0], b'O' | b'P' | b'Q') || letter(2)),
        _ => block(2) && block(6),
    }
}

/// RefSeq and Ensembl.
fn database(upper: &str) -> bool {
    let unversioned = upper.split('.').next().unwrap_or(upper);
    let digits = |part: &str| part.len() >= 6 && part.bytes().all(|b| b.is_ascii_digit());
    let refseq = ["NP_", "XP_", "YP_", "WP_", "NM_", "XM_"]
        .iter()
        .any(|p| unversioned.strip_prefix(p).is_some_and(digits));
    let ensembl = unversioned
        .strip_prefix("ENS")
        .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_uppercase()));
    refseq || ensembl.is_some_and(digits)
}

/// A digit and three letters or digits, of which one is a letter; perhaps a chain.
fn pdb(upper: &str) -> bool {
    let (id, chain) = upper.split_once(['_', ':', '.']).unwrap_or((upper, "A"));
    let b = id.as_bytes();
    b.len() == 4
        && b[0].is_ascii_digit()
        && b.iter().all(u8::is_ascii_alphanumeric)
        && b.iter().any(u8::is_ascii_alphabetic)
        && matches!(chain.len(), 1 | 2)
}

/// Letters and signs of SMILES alone, with at least one sign that no name has or with ring digits between atoms.
fn smiles(text: &str) -> bool {
    let mut bracket = false;
    let known = text.chars().all(|c| {
        bracket = c == '[' || bracket && c != ']';
        bracket || c.is_ascii_digit() || "BCNOPSFIHbcnopslr()[]=#@+-/\\.%:*~$".contains(c)
    });
    let atoms = text.chars().filter(|c| "CNOSPcnosp".contains(*c)).count();
    let signs = text.chars().any(|c| "()[]=#@".contains(c));
    let ring = text.len() >= 6 && text.matches('1').count() >= 2;
    known && atoms >= 2 && (signs || ring)
}

/// Up to fifteen letters, digits and hyphens that begin with a letter, in the main upper case; perhaps with a variant, as in
/// `EGFR(L858R)` and `EGFR L858R`.
fn gene(text: &str) -> bool {
    if text.len() > 40 {
        return false;
    }
    if let Some((gene_name, _)) = text.split_once('(') {
        return gene_name.len() >= 2 && gene(gene_name.trim_end());
    }
    if let Some((gene_name, variant)) = text.split_once(' ') {
        let digit = variant.bytes().any(|b| b.is_ascii_digit());
        return gene_name.len() >= 3 && digit && gene(gene_name) && gene(variant);
    }
    let mut letters = text.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
    let upper = text.chars().filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    first
        && (2..=15).contains(&text.len())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/'))
        // Longer texts with hyphens alone are rows of an alignment.
        && (text.len() <= 8 || text.bytes().any(|b| b.is_ascii_digit()) || !text.contains('-'))
        && upper.count() * 2 >= text.len()
}

/// Words: letters in the main with what stands between words, and the letters or capitals that words have and sequences have not.
fn worded(text: &str) -> bool {
    let letters = || text.chars().filter(|c| c.is_alphabetic());
    let plain = |c: char| c.is_alphanumeric() || " -'(),/._+:".contains(c);
    let rare = letters().filter(|c| "OUou".contains(*c)).count() as f64;
    let wordy = capitalised(text) || named(text) || rare >= WORD_SHARE * letters().count() as f64;
    letters().count() >= 3 && text.chars().all(plain) && text.len() < 200 && wordy
}

/// A word of a protein name.
fn named(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphabetic());
    let enzyme =
        text.chars().any(|c| c.is_ascii_lowercase()) && words.clone().any(|w| w.len() >= 8 && w.ends_with("ase"));
    let joined: String = lower.split_whitespace().collect();
    let several = words.clone().count() > 1;
    enzyme
        || WORDS.iter().any(|word| word.len() >= 6 && joined.contains(word))
        || several && words.any(|w| WORDS.contains(&w))
}

/// A word that begins with one capital, as in `Epidermal growth factor receptor`.
fn capitalised(text: &str) -> bool {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(|c| c.is_ascii_uppercase())
            && word.len() >= 4
            && letters.all(|c| c.is_ascii_lowercase())
    };
    text.len() < 200 && text.split(|c: char| !c.is_ascii_alphabetic()).any(word)
}

/// Bases alone, and at least three of them: a run of one residue is a peptide.
fn nucleic(upper: &str) -> bool {
    let kinds = "ACGTU".chars().filter(|base| upper.contains(*base)).count();
    upper.len() >= NUCLEIC_LETTERS && kinds >= 3 && upper.bytes().all(|b| b"ACGTUN".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_sequence_is_named() {
        use TextKind::{Chembl, Database, Gene, Inchi, InchiKey, Name, Number, Pdb, Smiles, Uniprot};
        for (text, kind) in [
            ("EGFR", Gene),
            ("CDK4", Gene),
            ("HLA-DRB1", Gene),
            ("p53", Gene),
            ("ABL1(T315I)", Gene),
            ("JAK2(JH1domain-catalytic)", Gene),
            ("EGFR L858R", Gene),
            ("P00533", Uniprot),
            ("Q9Y6K9-2", Uniprot),
            ("A0A024R1R8", Uniprot),
            ("EGFR_HUMAN", Uniprot),
            ("CHEMBL203", Chembl),
            ("1M17", Pdb),
            ("1m17_A", Pdb),
            ("NP_005219.2", Database),
            ("ENSP00000275493", Database),
            ("1956", Number),
            ("InChI=1S/CH4/h1H4", Inchi),
            ("BSYNRYMUTXBXSQ-UHFFFAOYSA-N", InchiKey),
            ("CC(=O)Oc1ccccc1C(=O)O", Smiles),
            ("Tyrosine-protein kinase ABL1", Name),
            ("beta-lactamase", Name),
        ] {
            assert_eq!(TextKind::of_sequence(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn what_stands_for_a_structure_is_named() {
        use TextKind::{Cas, Chembl, DrugBank, Inchi, InchiKey, Name, Nucleic, Number, Sequence};
        for (text, kind) in [
            ("InChI=1S/CH4/h1H4", Inchi),
            ("BSYNRYMUTXBXSQ-UHFFFAOYSA-N", InchiKey),
            ("CHEMBL25", Chembl),
            ("DB00619", DrugBank),
            ("50-78-2", Cas),
            ("2244", Number),
            ("2244.0", Number),
            ("aspirin", Name),
            ("Acetylsalicylic acid", Name),
            ("MKTAYIAKQRQISFVKSHFSRQ", Sequence),
            ("ACGTACGTACGTACGTACGTACGT", Nucleic),
        ] {
            assert_eq!(TextKind::of_structure(text), Some(kind), "{text}");
        }
        assert_eq!(TextKind::of_structure("C1CC"), None);
        assert_eq!(TextKind::of_sequence(&"AB1 ".repeat(100_000)), None);
        assert_eq!(TextKind::of_structure("CC(=O"), None);
    }

    #[test]
    fn letters_that_are_residues_may_be_something_else() {
        let kind = |text: &str| {
            let residues: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            TextKind::of_residues(&residues.to_ascii_uppercase(), text)
        };
        assert_eq!(kind("ACGUACGUACGUACGUACGUACGU"), Some(TextKind::Nucleic));
        assert_eq!(kind("CCCCCCCCCCO"), Some(TextKind::Smiles));
        assert_eq!(kind("Epidermal growth factor receptor"), Some(TextKind::Name));
        for name in [
            "acetylcholinesterase",
            "integrin alpha",
            "beta lactamase",
            "TYRAMINE KINASE",
        ] {
            assert_eq!(kind(name), Some(TextKind::Name), "{name}");
        }
        for sequence in [
            "MKTAYIAKQR",
            "mkta yiak qr",
            "AAAAAAAAAAAAAAAAAAAAAAAA",
            "CSCSSLMDKECVYFCHLDIIW",
            "PPPPPPPPPP",
        ] {
            assert_eq!(kind(sequence), None, "{sequence}");
        }
    }
}
