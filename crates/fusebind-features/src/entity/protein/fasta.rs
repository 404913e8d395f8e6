//! FASTA records as text; each sequence is checked by [`Protein::parse`](super::Protein::parse) later, so that a bad record
//! rejects itself only.

use needletail::parse_fastx_reader;

use crate::{Error, ErrorKind};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastaRecord {
    /// First word of the header.
    pub id: String,
    /// Rest of the header.
    pub description: String,
    /// Residues as written, line breaks removed.
    pub sequence: String,
}

/// Reads all records of `text`. A record that cannot be read ends the file, because what follows it cannot be trusted.
pub fn read_fasta(text: &[u8]) -> Result<Vec<FastaRecord>, Error> {
    let refuse = |reason: String| Error::new(ErrorKind::Protein, reason);
    let mut reader = parse_fastx_reader(text).map_err(|e| refuse(format!("no FASTA file: {e}")))?;
    let mut records = Vec::new();
    while let Some(record) = reader.next() {
        let number = records.len() + 1;
        let record = record.map_err(|e| refuse(format!("record {number}: {e}")))?;
        let text = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).map_err(|_| refuse(format!("record {number} is not UTF-8 text")))
        };
        let header = text(record.id())?;
        let (id, description) = header.split_once(char::is_whitespace).unwrap_or((&header, ""));
        records.push(FastaRecord { id: id.into(), description: description.trim().into(), sequence: text(&record.seq())? });
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::read_fasta;

    #[test]
    fn reads_ids_descriptions_and_wrapped_lines() {
        let records = read_fasta(b">P1 kinase one\nMKT\nAYI\n>P2\nMK\n").unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!((records[0].id.as_str(), records[0].description.as_str()), ("P1", "kinase one"));
        assert_eq!(records[0].sequence, "MKTAYI");
        assert!(read_fasta(b"").is_err() && read_fasta(b"hello").is_err());
    }
}
